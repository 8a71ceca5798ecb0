import type { Grid, GridRow } from '../grid.ts'
import { reported, SOURCE } from './reported.ts'

const small = (name: string, dataset: 'deap' | 'amigos', of: Parameters<typeof reported>[0]): GridRow[] => {
  const same = { dataset, music: false, settings: { model: { unit_sca: false } } } as const
  return [
    { ...same, cells: [name, 'random'] },
    { ...same, cells: [name, 'PMEmo'], from: 'PMEmo random', reported: reported(of) },
  ]
}

/** Section 5.1: DEAP and AMIGOS start from weights that were trained on PMEmo. */
export const transfer: Grid = {
  name: 'transfer',
  title: 'Weights that start from PMEmo, skin conductance alone',
  heads: ['Dataset', 'Starts from'],
  scores: ['accuracy', 'f1'],
  dimensions: ['valence', 'arousal'],
  source: `${SOURCE}, section 5.1 and Table 4`,
  notes: [
    'Fold k of DEAP and AMIGOS starts from the model of fold k of PMEmo, counted round; of it every parameter of equal name and shape is taken.',
  ],
  rows: [
    {
      cells: ['PMEmo', 'random'],
      dataset: 'pmemo',
      music: false,
      reported: reported({ valence: [63.61, 62.47], arousal: [64.05, 64.82] }),
    },
    ...small('DEAP', 'deap', { valence: [73.21, 77.37], arousal: [81.05, 83.1] }),
    ...small('AMIGOS', 'amigos', { valence: [74.13, 72.29], arousal: [77.36, 76.46] }),
  ],
}

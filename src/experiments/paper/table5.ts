import type { Grid } from '../grid.ts'
import { reported, SOURCE } from './reported.ts'

/** Table 5: which signals the network reads. */
export const table5: Grid = {
  name: 'table5',
  title: 'Input signals, with music',
  heads: ['Input'],
  scores: ['accuracy', 'f1', 'precision', 'recall'],
  dimensions: ['valence', 'arousal'],
  source: `${SOURCE}, Table 5`,
  rows: [
    {
      cells: ['origin'],
      settings: { signals: ['origin'] },
      reported: reported({ valence: [67.75, 70.14, 74.26, 66.45], arousal: [75.49, 77.6, 80.86, 74.59] }),
    },
    {
      cells: ['tonic'],
      settings: { signals: ['tonic'] },
      reported: reported({ valence: [70.42, 76.58, 79.28, 74.05], arousal: [78.58, 82.35, 81.35, 82.78] }),
    },
    {
      cells: ['phasic'],
      settings: { signals: ['phasic'] },
      reported: reported({ valence: [72.35, 74.87, 81.17, 69.48], arousal: [79.17, 81.13, 81.95, 80.33] }),
    },
    {
      cells: ['mixed'],
      settings: { signals: ['origin', 'phasic', 'tonic'] },
      reported: reported({ valence: [77.3, 80.94, 83.54, 78.49], arousal: [82.51, 85.62, 88.56, 82.86] }),
    },
  ].map((row) => ({ ...row, dataset: 'pmemo', music: true }) as Grid['rows'][number]),
}

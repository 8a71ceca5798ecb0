import type { Grid } from '../grid.ts'
import { reported, SOURCE } from './reported.ts'

/** Table 3: what a linear SVM makes of the signals alone. Three data sets, so three different runs of one configuration. */
export const table3: Grid = {
  name: 'table3',
  title: 'Linear SVM (C = 0.25) on origin, phasic and tonic signals',
  heads: ['Dataset'],
  scores: ['accuracy', 'f1'],
  dimensions: ['valence', 'arousal'],
  source: `${SOURCE}, Table 3`,
  rows: [
    {
      cells: ['AMIGOS'],
      dataset: 'amigos',
      method: 'svm',
      music: false,
      reported: reported({ valence: [54.1, 57.28], arousal: [55.54, 57.2] }),
    },
    {
      cells: ['DEAP'],
      dataset: 'deap',
      method: 'svm',
      music: false,
      reported: reported({ valence: [53.63, 55.21], arousal: [55.68, 56.75] }),
    },
    {
      cells: ['PMEmo'],
      dataset: 'pmemo',
      method: 'svm',
      music: false,
      reported: reported({ valence: [51.9, 54.42], arousal: [52.37, 54.88] }),
    },
  ],
}

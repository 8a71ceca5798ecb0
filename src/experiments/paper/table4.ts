import type { Grid, GridRow } from '../grid.ts'
import { reported, SOURCE } from './reported.ts'
import { pmemoShares } from './shares.ts'

const shares = pmemoShares.map(({ share, subjects, ...row }): GridRow => ({
  ...row,
  cells: ['RTCAG', `PMEmo, ${100 * share} %`, String(subjects), 'EDA'],
}))

/** Table 4: inputs, and growing numbers of subjects. Small data sets have no channel attention inside the residual units (section 3.3.3). */
export const table4: Grid = {
  name: 'table4',
  title: 'Inputs and growing numbers of subjects',
  heads: ['Method', 'Dataset', 'Subjects', 'Input'],
  scores: ['accuracy', 'f1'],
  dimensions: ['valence', 'arousal'],
  source: `${SOURCE}, Table 4`,
  notes: ["Subjects are the paper's numbers; those of the data at hand stand in the caption."],
  rows: [
    {
      cells: ['RTCAG', 'DEAP', '32', 'EDA'],
      dataset: 'deap',
      music: false,
      settings: { model: { unit_sca: false } },
      reported: reported({ valence: [73.21, 77.37], arousal: [81.05, 83.1] }),
    },
    {
      cells: ['RTCAG', 'AMIGOS', '40', 'EDA'],
      dataset: 'amigos',
      music: false,
      settings: { model: { unit_sca: false } },
      reported: reported({ valence: [74.13, 72.29], arousal: [77.36, 76.46] }),
    },
    ...shares,
    {
      cells: ['SVM', 'PMEmo', '457', 'music'],
      dataset: 'pmemo',
      method: 'svm',
      music: true,
      settings: { model: { network: 'music' } },
      note: "quoted by the paper from its authors' earlier work",
      reported: reported({ valence: [70.43, 75.32], arousal: [71.49, 76.36] }),
    },
    {
      cells: ['RTCAN-1D, classifier alone', 'PMEmo', '457', 'music'],
      dataset: 'pmemo',
      music: true,
      settings: { model: { network: 'music' } },
      note: 'not in the paper: its classifier, trained on the music alone',
    },
    {
      cells: ['RTCAN-1D', 'PMEmo', '457', 'EDA + music'],
      dataset: 'pmemo',
      music: true,
      reported: reported({ valence: [77.3, 80.94], arousal: [82.51, 85.62] }),
    },
  ],
}

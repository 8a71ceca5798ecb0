import type { Grid, GridDataset, GridRow } from '../grid.ts'
import { reported, SOURCE } from './reported.ts'

type Percents = Parameters<typeof reported>[0]

const ALL_SIGNALS = 'EEG, EOG, EMG, GSR, TMP, BVP, RSP'
const SUBJECTS = { amigos: ['AMIGOS', '40'], deap: ['DEAP', '32'], pmemo: ['PMEmo', '457'] } as const
type Named = Exclude<GridDataset, 'any'>

const quoted = (authors: string, dataset: Named, signals: string, model: string, of: Percents): GridRow => ({
  cells: [authors, ...SUBJECTS[dataset], signals, model],
  dataset,
  method: 'quoted',
  reported: reported(of),
})

const ours = (dataset: Named, signals: string, of: Percents, note?: string): GridRow => ({
  cells: ['the paper', ...SUBJECTS[dataset], signals, 'RTCAN-1D'],
  dataset,
  music: signals !== 'EDA',
  // Small data sets (section 3.3.3).
  ...(dataset !== 'pmemo' && { settings: { model: { unit_sca: false } } }),
  reported: reported(of),
  ...(note !== undefined && { note }),
})

/** Table 9: beside earlier work. The lines of others are quoted, and nothing of them is computed. */
export const table9: Grid = {
  name: 'table9',
  title: 'Beside earlier work',
  heads: ['Authors', 'Dataset', 'Subjects', 'Signals', 'Model'],
  scores: ['accuracy', 'f1'],
  dimensions: ['valence', 'arousal'],
  source: `${SOURCE}, Table 9`,
  rows: [
    quoted('Correa et al.', 'amigos', 'EDA', 'SVM', { valence: [null, 52.8], arousal: [null, 54.1] }),
    quoted('Santamaria-Granados et al.', 'amigos', 'EDA', 'DCNN', { valence: [75, 71], arousal: [71, 67] }),
    quoted('Santamaria-Granados et al.', 'amigos', 'ECG + EDA', 'DCNN', { valence: [75, null], arousal: [76, null] }),
    ours('amigos', 'EDA', { valence: [74.13, 72.29], arousal: [77.36, 76.46] }),
    quoted('Koelstra et al.', 'deap', ALL_SIGNALS, 'SVM', { valence: [62.7, null], arousal: [57, null] }),
    quoted('Sharma et al.', 'deap', 'EDA', 'MLP', { valence: [69.8, null], arousal: [79, null] }),
    quoted('Ganapathy et al.', 'deap', 'EDA', 'CNN', { valence: [72, 71.41], arousal: [75, 79.3] }),
    ours('deap', 'EDA', { valence: [73.21, 77.37], arousal: [81.05, 83.01] }, 'Table 4 has F1 83.10 of arousal'),
    quoted('Lin et al.', 'deap', ALL_SIGNALS, 'AlexNet 2-D', { valence: [87.3, 78.24], arousal: [85.5, 80.06] }),
    quoted('Yin et al.', 'pmemo', 'EDA', 'Res-SIN', { valence: [55.92, 58.83], arousal: [57.24, 60.12] }),
    ours(
      'pmemo',
      'EDA',
      { valence: [57.83, 60.79], arousal: [60.37, 63.15] },
      'Table 4 has 63.61 / 62.47 and 64.05 / 64.82 for the same',
    ),
    quoted('Yin et al.', 'pmemo', 'EDA + music', 'Res-SIN', { valence: [73.43, 77.54], arousal: [73.65, 78.56] }),
    ours(
      'pmemo',
      'EDA + music',
      { valence: [76.28, 80.09], arousal: [82.05, 85.14] },
      'Tables 4 to 8 have 77.30 / 80.94 and 82.51 / 85.62 for the same',
    ),
  ],
}

import type { GridRow } from '../grid.ts'
import { reported } from './reported.ts'

/** Skin conductance alone of growing numbers of PMEmo's subjects: rows of Table 4, and all of Figure 4. */
export const pmemoShares: readonly (GridRow & { share: number; subjects: number })[] = [
  {
    share: 0.1,
    subjects: 46,
    cells: [],
    reported: reported({ valence: [71.22, 70.4], arousal: [72.61, 71.53] }),
  },
  {
    share: 0.4,
    subjects: 128,
    cells: [],
    note: '40 % of 457 subjects is 183; 128 is what the paper prints',
    reported: reported({ valence: [65.43, 64.52], arousal: [65.6, 64.37] }),
  },
  {
    share: 0.7,
    subjects: 319,
    cells: [],
    reported: reported({ valence: [63.82, 63.07], arousal: [64.79, 65.22] }),
  },
  {
    share: 1,
    subjects: 457,
    cells: [],
    reported: reported({ valence: [63.61, 62.47], arousal: [64.05, 64.82] }),
  },
].map(({ share, ...row }) => ({
  ...row,
  share,
  dataset: 'pmemo' as const,
  music: false,
  ...(share < 1 && { settings: { share } }),
}))

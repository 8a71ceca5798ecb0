import type { Grid, GridRow } from '../grid.ts'
import { SOURCE } from './reported.ts'
import { pmemoShares } from './shares.ts'

/** Figure 4: Table 4's rows of PMEmo over the share of its subjects. */
export const figure4: Grid = {
  name: 'figure4',
  title: "Accuracy and F1 against the share of PMEmo's subjects",
  heads: ['Share of subjects', 'Subjects'],
  scores: ['accuracy', 'f1'],
  dimensions: ['valence', 'arousal'],
  source: `${SOURCE}, Figure 4 and Table 4`,
  notes: ["Subjects are the paper's numbers; those of the data at hand stand in the caption."],
  rows: pmemoShares.map(({ share, subjects, ...row }): GridRow => ({
    ...row,
    cells: [`${100 * share} %`, String(subjects)],
  })),
}

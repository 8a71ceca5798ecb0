import type { FactRow, FactTable } from '../facts.ts'
import { SOURCE } from './reported.ts'

const NAMES = { pmemo: 'PMEmo', deap: 'DEAP', amigos: 'AMIGOS' } as const
type Named = keyof typeof NAMES

const balance = (dataset: Named, dimension: 'arousal' | 'valence', high: number, low: number): FactRow => ({
  cells: [NAMES[dataset], dimension],
  dataset,
  dimension,
  reported: { high, low },
})

/** Table 1: trials of each class after relabelling (section 4.2). */
export const table1: FactTable = {
  name: 'table1',
  title: 'Trials of each class after relabelling by 2-means of each subject',
  heads: ['Dataset', 'Dimension'],
  fact: 'class-balance',
  source: `${SOURCE}, Table 1`,
  rows: [
    balance('pmemo', 'arousal', 4520, 3170),
    balance('pmemo', 'valence', 4436, 3254),
    balance('deap', 'arousal', 680, 600),
    balance('deap', 'valence', 647, 633),
    balance('amigos', 'arousal', 443, 345),
    balance('amigos', 'valence', 394, 394),
  ],
}

const correlation = (dataset: Named, r: number, note?: string): FactRow => ({
  cells: [NAMES[dataset]],
  dataset,
  reported: { r, p: 0.001 },
  ...(note !== undefined && { note }),
})

/** Table 2: whether valence and arousal say the same. Of p the paper gives the bound that it is under. */
export const table2: FactTable = {
  name: 'table2',
  title: "Pearson's correlation of valence and arousal ratings",
  heads: ['Dataset'],
  fact: 'correlation',
  source: `${SOURCE}, Table 2`,
  rows: [
    correlation('amigos', 0.56, 'quoted by the paper from Shukla et al. 2019'),
    correlation('deap', 0.15),
    correlation('pmemo', 0.52),
  ],
}

/** Figure 3: how one subject's ratings part. The paper draws 10031; another dataset shows its first subject whose ratings differ. */
export const figure3: FactTable = {
  name: 'figure3',
  title: 'Relabelling of one subject',
  heads: ['Dataset', 'Subject of the paper'],
  fact: 'relabelling',
  source: `${SOURCE}, Figure 3`,
  rows: [{ cells: ['PMEmo', '10031'], dataset: 'pmemo' }],
}

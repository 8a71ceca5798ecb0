// Tables and figures of the data themselves: nothing is trained. What the paper says beside what the ratings at hand say.
import type { Dimension } from '../datasets/trial.ts'
import type { RatedTrial } from '../evaluation/labels.ts'
import { twoMeansLabels } from '../evaluation/class_balance.ts'
import { ratedOnce } from '../evaluation/rating_facts.ts'
import { pearson } from '../evaluation/statistics.ts'
import type { GridDataset } from './grid.ts'

/** Trials of each class, a correlation with the least bound of its p that was reported, or neither. */
export interface FactValues {
  high?: number
  low?: number
  r?: number
  p?: number
}

/** One line: a dataset, in one dimension where the fact is of one. */
export interface FactRow {
  cells: string[]
  dataset: Exclude<GridDataset, 'any'>
  dimension?: Dimension
  reported?: FactValues
  note?: string
}

/** A table or figure that says what data are like. */
export interface FactTable {
  name: string
  title: string
  heads: string[]
  /** Trials of each class after relabelling; correlation of the two ratings; the ratings of one subject and their thresholds. */
  fact: 'class-balance' | 'correlation' | 'relabelling'
  rows: FactRow[]
  source?: string
}

/** A line with what the data at hand say. */
export interface CollectedFact extends FactRow {
  /** Absent where `missing` says why. */
  ours?: FactValues
  /** Of a figure, as SVG. */
  picture?: string
  missing?: string
}

/** Of rated trials. `correlation` counts a rating once, however often the song was heard. */
export function factOf({ fact }: FactTable, { dimension }: FactRow, trials: readonly RatedTrial[]): FactValues {
  if (fact === 'correlation') {
    const ratings = ratedOnce(trials).map((trial) => trial.ratings)
    if (ratings.length < 3) return {}
    const { r, p } = pearson(
      ratings.map(({ valence }) => valence),
      ratings.map(({ arousal }) => arousal),
    )
    return { r, p }
  }
  const labelled = dimension && twoMeansLabels(trials, dimension)
  if (!labelled) return {}
  const high = labelled.labels.reduce((sum, label) => sum + label, 0)
  return { high, low: labelled.labels.length - high }
}

// How many trials would be high and low, and whose labels are doubtful: what to know of a study before a run.
import type { Dimension } from '../datasets/trial.ts'
import { FormatError } from '../runtime/errors.ts'
import { labelTrials, type LabelledTrials, type RatedTrial, type SubjectLabels } from './labels.ts'

/** How a dimension's labels part the trials. */
export interface Balance {
  trials: number
  high: number
  weak: string[]
  subjects: SubjectLabels[]
}

/** Class balance under the paper's labels; null where there are no usable ratings. */
export function classBalance(all: readonly RatedTrial[], dimension: Dimension): Balance | null {
  const labelled = twoMeansLabels(all, dimension)
  return labelled && balanceOf(labelled)
}

/** Labels as the paper makes them; null where there are no usable ratings. */
export function twoMeansLabels<T extends RatedTrial>(
  all: readonly T[],
  dimension: Dimension,
): LabelledTrials<T> | null {
  try {
    return labelTrials(all, dimension, { kind: 'two-means' })
  } catch (error) {
    if (error instanceof FormatError) return null
    throw error
  }
}

/** How labels part the trials. */
export const balanceOf = ({ labels, subjects }: Pick<LabelledTrials, 'labels' | 'subjects'>): Balance => ({
  trials: labels.length,
  high: labels.reduce((sum, label) => sum + label, 0),
  weak: subjects.filter(({ weak }) => weak).map(({ subject }) => subject),
  subjects,
})

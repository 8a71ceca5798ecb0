// How many trials would be high and low, and whose labels are doubtful: what to know of a study before a run.
import type { Dimension, Trial } from '../datasets/trial.ts'
import { FormatError } from '../runtime/errors.ts'
import { labelTrials, type SubjectLabels } from './labels.ts'

/** How a dimension's labels part the trials. */
export interface Balance {
  trials: number
  high: number
  weak: string[]
  subjects: SubjectLabels[]
}

/** Class balance under the paper's labels; null where there are no usable ratings. */
export function classBalance(all: readonly Trial[], dimension: Dimension): Balance | null {
  try {
    const { labels, subjects } = labelTrials(all, dimension, { kind: 'two-means' })
    const high = labels.reduce((sum, label) => sum + label, 0)
    return {
      trials: labels.length,
      high,
      weak: subjects.filter(({ weak }) => weak).map(({ subject }) => subject),
      subjects,
    }
  } catch (error) {
    if (error instanceof FormatError) return null
    throw error
  }
}

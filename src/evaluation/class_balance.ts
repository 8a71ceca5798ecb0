// How many trials would be high and low, and whose labels are doubtful: what to know of a study before a run.
import { DIMENSIONS, ofPass, type Dimension } from '../datasets/trial.ts'
import { FormatError } from '../runtime/errors.ts'
import { schemeName, type LabelScheme } from './label_scheme.ts'
import { labelTrials, type LabelledTrials, type RatedTrial, type SubjectLabels } from './labels.ts'
import type { SongLabels } from './song_labels.ts'
import { FURTHER_DIMENSIONS, type RatedDimension } from './targets.ts'

/** How a dimension's labels part the trials. */
export interface Balance {
  trials: number
  high: number
  /** Whose centres are close together in this dimension. */
  weak: string[]
  subjects: SubjectLabels[]
  /** Under the scheme `song`. */
  songs?: SongLabels
}

/**
 * Class balance over the trials of the dimension's own pass.
 * @throws FormatError where the scheme labels no trial
 */
export const balanceUnder = (all: readonly RatedTrial[], dimension: Dimension, scheme: LabelScheme): Balance =>
  balanceOf(labelTrials(ofPass(all, dimension), dimension, scheme))

/** Labels as the paper makes them, of the trials of the dimension's own pass; null where there are no usable ratings. */
export function twoMeansLabels<T extends RatedTrial>(
  all: readonly T[],
  dimension: Dimension,
): LabelledTrials<T> | null {
  try {
    return labelTrials(ofPass(all, dimension), dimension, { kind: 'two-means' })
  } catch (error) {
    if (error instanceof FormatError) return null
    throw error
  }
}

/** How labels part the trials. */
export const balanceOf = ({ labels, subjects, songs }: Omit<LabelledTrials<RatedTrial>, 'trials'>): Balance => ({
  trials: labels.length,
  high: labels.reduce((sum, label) => sum + label, 0),
  weak: subjects.filter(({ weak }) => weak).map(({ subject }) => subject),
  subjects,
  ...(songs && { songs }),
})

/** Labels of one dimension under one scheme, or why it gives none. */
export interface SchemeBalance extends Partial<Balance> {
  /** As on the command line. */
  scheme: string
  dimension: RatedDimension
  reason?: string
}

/**
 * Both dimensions under every scheme; under one threshold for all, at the middle of the scale, and under a column, where there are any.
 * Ratings that not every dataset has, by themselves alone (`per-dimension`).
 */
export function schemeBalances(
  trials: readonly RatedTrial[],
  scale: readonly [number, number] | null,
): SchemeBalance[] {
  if (trials.length === 0) return []
  const hasColumn = trials.some(({ columns }) => DIMENSIONS.some((dimension) => `${dimension}_high` in columns))
  const schemes: LabelScheme[] = [
    ...(['two-means', 'per-dimension', 'median', 'song'] as const).map((kind) => ({ kind })),
    ...(scale ? [{ kind: 'fixed' as const, threshold: (scale[0] + scale[1]) / 2 }] : []),
    ...(hasColumn ? [{ kind: 'column' as const }] : []),
  ]
  const alone: LabelScheme = { kind: 'per-dimension' }
  const further = FURTHER_DIMENSIONS.filter((dimension) => trials.some(({ columns }) => columns[dimension]?.trim()))
  return [
    ...schemes.flatMap((scheme) =>
      DIMENSIONS.map((dimension) => orReason(scheme, dimension, () => balanceUnder(trials, dimension, scheme))),
    ),
    ...further.map((dimension) => orReason(alone, dimension, () => balanceOf(labelTrials(trials, dimension, alone)))),
  ]
}

function orReason(scheme: LabelScheme, dimension: RatedDimension, balance: () => Balance): SchemeBalance {
  const of = { scheme: schemeName(scheme), dimension }
  try {
    return { ...of, ...balance() }
  } catch (error) {
    if (error instanceof FormatError) return { ...of, reason: error.message }
    throw error
  }
}

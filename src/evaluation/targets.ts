// What can be learnt of a person's ratings, and into how many classes they part.
import { DIMENSIONS, type Dimension, type Trial } from '../datasets/trial.ts'
import { FormatError, UsageError } from '../runtime/errors.ts'

/** Ratings that some datasets have beside arousal and valence: a column of that name, as DEAP and AMIGOS have them. */
export const FURTHER_DIMENSIONS = ['dominance', 'liking'] as const
/** Anything that people rate. */
export type RatedDimension = Dimension | (typeof FURTHER_DIMENSIONS)[number]

export const TARGETS = [...DIMENSIONS, ...FURTHER_DIMENSIONS, 'quadrant'] as const
/** What a run predicts: one rating, or `quadrant`, arousal and valence together. */
export type Target = (typeof TARGETS)[number]

/** How a run predicts it: as a class, or as the rating itself. */
export const ANSWERS = ['class', 'rating'] as const

/** Of each trial the number of its class, or its rating. */
export type Labels = Uint8Array | Float64Array

export const LEVELS = [2, 3] as const
/** Into how many classes one rating parts: low and high, or with a middle. */
export type Levels = (typeof LEVELS)[number]

/** @throws UsageError for what no run predicts */
export function parseTarget(text: string): Target {
  const found = TARGETS.find((target) => target === text)
  if (!found) throw new UsageError(`dimension '${text}' is unknown; use ${TARGETS.join(', ')}`)
  return found
}

/** Whether every rated trial has it. */
export const isDimension = (target: Target): target is Dimension => DIMENSIONS.some((dimension) => dimension === target)

/** The one rating that a run can predict as it is. @throws UsageError for quadrants */
export function ratedDimension(target: Target): RatedDimension {
  if (target !== 'quadrant') return target
  throw new UsageError(
    '--target rating predicts one rating, and --dimension quadrant is of two; use arousal or valence',
  )
}

/** Names of the classes, in the order of their numbers: of quadrants 1 is for high valence, 2 for high arousal, and LAHV is low arousal, high valence. */
export function classNames(target: Target, levels: Levels = 2): string[] {
  if (target === 'quadrant') return ['LALV', 'LAHV', 'HALV', 'HAHV']
  return levels === 3 ? ['low', 'middle', 'high'] : ['low', 'high']
}

/** Whether a scheme can make these classes. @throws UsageError that says which can */
export function requireScheme(target: Target, { kind }: { kind: string }, levels: Levels = 2): void {
  if (levels === 3) {
    if (target === 'quadrant')
      throw new UsageError('--levels 3 is for one rating; leave it out for the four classes of --dimension quadrant')
    if (kind !== 'per-dimension')
      throw new UsageError(
        `labels '${kind}' part ratings in two; for --levels 3 use --labels per-dimension (3-means of each subject's ratings)`,
      )
  }
  if (target === 'quadrant' || isDimension(target)) return
  if (kind === 'two-means' || kind === 'song')
    throw new UsageError(
      `labels '${kind}' are made of valence and arousal together; for --dimension ${target} use --labels per-dimension, median, fixed:T or column`,
    )
}

/** What ratings are read of. */
export type Rating = Pick<Trial, 'ratings' | 'ratingScale' | 'columns' | 'source'>

/** Undefined for a trial that is not rated in it. @throws FormatError for a column that holds something else, or a rating off the scale */
export function ratingFor(
  { ratings, ratingScale, columns, source }: Rating,
  dimension: RatedDimension,
): number | undefined {
  if (isDimension(dimension)) return ratings?.[dimension]
  const cell = columns[dimension]?.trim() ?? ''
  if (cell === '') return undefined
  const rating = Number(cell)
  if (!Number.isFinite(rating))
    throw new FormatError(
      `${source}: column '${dimension}' is '${cell}', expected a number, or nothing for a trial without a rating`,
    )
  const [least, most] = ratingScale ?? [-Infinity, Infinity]
  if (rating < least || rating > most)
    throw new FormatError(`${source}: ${dimension} is ${rating}, expected a rating from ${least} to ${most}`)
  return rating
}

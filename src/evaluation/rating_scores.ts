// The scores of predicted ratings, and the sums over trials that they follow from.
import { NumericError, ShapeError } from '../runtime/errors.ts'

/** In the order in which they are written: mean absolute error, root mean square error, R², Pearson's r, Lin's concordance. */
export const RATING_SCORES = ['mae', 'rmse', 'r2', 'r', 'ccc'] as const
export type RatingScoreName = (typeof RATING_SCORES)[number]

/** `mae` and `rmse` are in the unit of the ratings, and less is better; of the others 1 is best. NaN as `ratingScoresOf` says. */
export type RatingScores = Record<RatingScoreName, number>

/**
 * Sums over trials; those of several lists of trials add up. Ratings count from an origin, so that little is lost where they are far from 0.
 * The last four are the least and the most that occurs, which tell exactly whether something varies.
 */
export type RatingSums = Float64Array

const [TRIALS, RATING, SAID, RATING_SQUARES, SAID_SQUARES, PRODUCTS] = [0, 1, 2, 3, 4, 5] as const
/** Of |said - rating|, (said - rating)² and (rating - reference)². */
const [ABSOLUTE, SQUARES, REFERENCE] = [6, 7, 8] as const
const ADDED = 9
const [LEAST_RATING, LEAST_SAID, MOST_RATING, MOST_SAID] = [9, 10, 11, 12] as const

export const noRatingSums = (): RatingSums => {
  const sums = new Float64Array(13)
  sums.fill(Infinity, LEAST_RATING, MOST_RATING)
  sums.fill(-Infinity, MOST_RATING)
  return sums
}

/** Adds a trial. */
export function addRating(sums: RatingSums, rating: number, said: number, reference: number, origin: number): void {
  const [y, x, error] = [rating - origin, said - origin, said - rating]
  const own = [1, y, x, y * y, x * x, x * y, Math.abs(error), error * error, (rating - reference) ** 2]
  addSums(sums, [...own, rating, said, rating, said], 1)
}

function addSums(total: RatingSums, of: ArrayLike<number>, weight: number): void {
  for (let k = 0; k < ADDED; k++) total[k]! += weight * of[k]!
  for (let k = LEAST_RATING; k < MOST_RATING; k++) total[k] = Math.min(total[k]!, of[k]!)
  for (let k: number = MOST_RATING; k <= MOST_SAID; k++) total[k] = Math.max(total[k]!, of[k]!)
}

/** The sum of all, each as often as its weight says. */
export function weightedRatingSums(sums: readonly RatingSums[], weights: ArrayLike<number>): RatingSums {
  const total = noRatingSums()
  for (let s = 0; s < sums.length; s++) if (weights[s] !== 0) addSums(total, sums[s]!, weights[s]!)
  return total
}

/**
 * All scores. R² is 1 - (sum of squared errors) / (sum of squared distances from the reference). Concordance is that of Lin (Biometrics 45,
 * 1989), with moments over n. NaN: everything without trials; R² where the reference is not known or is every rating; r where ratings
 * or predictions do not vary; concordance where all ratings and predictions are one number.
 */
export function ratingScoresOf(sums: RatingSums): RatingScores {
  const [n, squares, reference] = [sums[TRIALS]!, sums[SQUARES]!, sums[REFERENCE]!]
  const [meanRating, meanSaid] = [sums[RATING]! / n, sums[SAID]! / n]
  const ratingVariance = sums[MOST_RATING]! > sums[LEAST_RATING]! ? sums[RATING_SQUARES]! / n - meanRating ** 2 : 0
  const saidVariance = sums[MOST_SAID]! > sums[LEAST_SAID]! ? sums[SAID_SQUARES]! / n - meanSaid ** 2 : 0
  const bothVary = ratingVariance > 0 && saidVariance > 0
  const covariance = bothVary ? sums[PRODUCTS]! / n - meanRating * meanSaid : 0
  const apart = ratingVariance + saidVariance + (meanRating - meanSaid) ** 2
  const r = bothVary ? covariance / Math.sqrt(ratingVariance * saidVariance) : NaN
  return {
    mae: sums[ABSOLUTE]! / n,
    rmse: Math.sqrt(squares / n),
    r2: reference > 0 ? 1 - squares / reference : NaN,
    r: Math.max(-1, Math.min(1, r)),
    ccc: squares > 0 || bothVary ? (2 * covariance) / apart : NaN,
  }
}

/**
 * Scores of what is said of ratings. `references` are what R² is measured against, trial by trial; without them it is NaN.
 * @throws ShapeError for lists that are not as long, NumericError for a number that is not finite
 */
export function ratingScores(
  ratings: ArrayLike<number>,
  said: ArrayLike<number>,
  references?: ArrayLike<number>,
): RatingScores {
  if (ratings.length !== said.length || (references && references.length !== said.length))
    throw new ShapeError(`ratingScores: ${ratings.length} ratings and ${said.length} predictions; they must be as many`)
  const sums = noRatingSums()
  for (let i = 0; i < ratings.length; i++) {
    const reference = references ? references[i]! : NaN
    for (const value of [ratings[i]!, said[i]!])
      if (!Number.isFinite(value)) throw new NumericError(`ratingScores: trial ${i} has ${value}, expected a number`)
    addRating(sums, ratings[i]!, said[i]!, reference, ratings[0]!)
  }
  return ratingScoresOf(sums)
}

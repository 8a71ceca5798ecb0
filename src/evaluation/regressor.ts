// What learns ratings from rows of features at once, without a network: one interface for all of them.
import { ShapeError } from '../runtime/errors.ts'
import type { LearnOptions } from './learner.ts'

/** What was learnt. */
export interface LearnedRatings {
  /** The rating of a row of as many features as those it learned from. @throws ShapeError */
  predict(row: ArrayLike<number>): number
}

/**
 * Learns from `rows` of features, all of one length, and as many `ratings`. The same rows, ratings and seed give the same predictions, bit by
 * bit. Other tasks have their turn meanwhile.
 * @throws ShapeError for rows and ratings that do not fit, FormatError for a feature that is not finite
 */
export type Regressor = (
  rows: readonly Float32Array[],
  ratings: ArrayLike<number>,
  options: LearnOptions,
) => Promise<LearnedRatings>

/** @throws ShapeError for rows and ratings that do not fit */
export function checkRatedRows(where: string, rows: readonly Float32Array[], ratings: ArrayLike<number>): void {
  if (rows.length === 0 || ratings.length !== rows.length)
    throw new ShapeError(`${where}: ${rows.length} rows and ${ratings.length} ratings; need as many, at least 1`)
  const { length } = rows[0]!
  for (const [i, row] of rows.entries()) {
    if (row.length !== length)
      throw new ShapeError(
        `${where}: row ${i} has ${row.length} features and row 0 has ${length}; they must be as many`,
      )
    if (!Number.isFinite(ratings[i]))
      throw new ShapeError(`${where}: row ${i} has the rating ${ratings[i]}, expected a number`)
  }
}

/** Predictions that refuse rows of another length, where sums would be NaN. */
export const predicting = (
  where: string,
  length: number,
  predict: (row: ArrayLike<number>) => number,
): LearnedRatings => ({
  predict(row) {
    if (row.length === length) return predict(row)
    throw new ShapeError(`${where}: a row has ${row.length} features, but it learned from ${length}`)
  },
})

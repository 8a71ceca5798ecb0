// Scores of predicted ratings, beside NumPy, SciPy and scikit-learn.
import { describe, expect, it } from 'vitest'
import { ratingScores, type RatingScores } from '../../src/evaluation/rating_scores.ts'
import { NumericError, ShapeError } from '../../src/runtime/errors.ts'
import { goldenJson } from '../support/golden_values.ts'

interface Case {
  name: string
  ratings: number[]
  said: number[]
  references: number[]
  expected: RatingScores & { r2_of_mean: number }
}
const { cases } = goldenJson<{ cases: Case[] }>('rating_scores')

describe('scores of predicted ratings', () => {
  it.each(cases)('$name: are those of NumPy, SciPy and scikit-learn', ({ ratings, said, references, expected }) => {
    const { r2_of_mean: ofMean, ...scores } = expected
    const found = ratingScores(ratings, said, references)
    const [names, values] = [Object.keys(found), Object.values(found)]
    expect(names).toEqual(['mae', 'rmse', 'r2', 'r', 'ccc'])
    names.forEach((name, i) => {
      const wanted = scores[name as keyof RatingScores]
      expect(Math.abs(values[i]! - wanted), name).toBeLessThan(1e-9 * Math.max(1, Math.abs(wanted)))
    })
    const mean = ratings.reduce((sum, rating) => sum + rating, 0) / ratings.length
    const { r2 } = ratingScores(
      ratings,
      said,
      ratings.map(() => mean),
    )
    expect(Math.abs(r2 - ofMean)).toBeLessThan(1e-9 * Math.max(1, Math.abs(ofMean)))
  })

  const [ratings, said] = [
    [1, 2, 4],
    [0.1 + 0.2, 0.1 + 0.2, 0.1 + 0.2],
  ] as const

  it('are NaN where they are not defined', () => {
    expect(ratingScores(ratings, [2, 2, 3]).r2).toBeNaN() // no reference
    expect(ratingScores(ratings, [2, 2, 3], ratings).r2).toBeNaN() // the reference says all
    expect(ratingScores(ratings, said)).toMatchObject({ r: NaN, ccc: 0 })
    expect(ratingScores([5, 5], [1, 2])).toMatchObject({ mae: 3.5, r: NaN, ccc: 0 })
    expect(ratingScores([5, 5], [5, 5])).toMatchObject({ mae: 0, rmse: 0, r: NaN, ccc: NaN })
    for (const score of Object.values(ratingScores([], []))) expect(score).toBeNaN()
  })

  it('refuse lists that do not fit', () => {
    expect(() => ratingScores([1, 2], [1])).toThrow(
      new ShapeError('ratingScores: 2 ratings and 1 predictions; they must be as many'),
    )
    expect(() => ratingScores([1, 2], [1, NaN])).toThrow(
      new NumericError('ratingScores: trial 1 has NaN, expected a number'),
    )
  })
})

import { expect, it } from 'vitest'
import { rankCorrelation } from '../../src/explain/rank_correlation.ts'
import { ShapeError } from '../../src/runtime/errors.ts'

it('is 1 for any rising relation, -1 for any falling one', () => {
  expect(rankCorrelation([1, 5, 2, 9], [1, 125, 8, 729])).toBeCloseTo(1, 12)
  expect(rankCorrelation([1, 5, 2, 9], [-1, -5, -2, -900])).toBeCloseTo(-1, 12)
})

it('counts ties by their mean rank', () => {
  // Ranks 1, 2.5, 2.5, 4 and 1, 2, 3, 4: covariance 4.5, sums of squares 4.5 and 5.
  expect(rankCorrelation([0, 3, 3, 8], [0, 1, 2, 3])).toBeCloseTo(4.5 / Math.sqrt(4.5 * 5), 12)
})

it('is undefined where a map is the same everywhere, and refused for other lengths', () => {
  expect(rankCorrelation([0, 0, 0], [1, 2, 3])).toBeNaN()
  expect(() => rankCorrelation([1, 2], [1, 2, 3])).toThrow(ShapeError)
})

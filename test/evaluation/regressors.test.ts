// What learns ratings without a network, beside scikit-learn and beside plain search.
import { describe, expect, it } from 'vitest'
import { splitByFeature } from '../../src/evaluation/regression_forest.ts'
import { REGRESSORS } from '../../src/evaluation/regressors.ts'
import { trainRidge } from '../../src/evaluation/ridge.ts'
import { FormatError, ShapeError } from '../../src/runtime/errors.ts'
import { Random } from '../../src/runtime/random.ts'
import { goldenJson } from '../support/golden_values.ts'

interface Case {
  rows: number[][]
  ratings: number[]
  unseen: number[][]
  rated: number[]
  ridge: { weights: number[]; bias: number }
  forest: { rmse: number }
}
const { cases } = goldenJson<{ cases: Case[] }>('regressors')
const floats = (rows: readonly number[][]) => rows.map((row) => Float32Array.from(row))
const names = Object.keys(REGRESSORS) as (keyof typeof REGRESSORS)[]

describe.each(cases.map((entry) => [entry.rows.length, entry.rows[0]!.length, entry] as const))(
  'from %d rows of %d features',
  (_, __, { ratings, rated, ridge, forest, ...entry }) => {
    const [rows, unseen] = [floats(entry.rows), floats(entry.unseen)]

    it('ridge regression has the same coefficients', async () => {
      const { weights, bias } = await trainRidge(rows, ratings)
      ridge.weights.forEach((value, k) => expect(Math.abs(weights[k]! - value)).toBeLessThan(1e-9))
      expect(Math.abs(bias - ridge.bias)).toBeLessThan(1e-9 * Math.max(1, Math.abs(ridge.bias)))
      const learned = await REGRESSORS.ridge(rows, ratings, { seed: 1 })
      const expected = unseen[0]!.reduce((sum, x, k) => sum + x * ridge.weights[k]!, ridge.bias)
      expect(learned.predict(unseen[0]!)).toBeCloseTo(expected, 8)
    })

    it('the random forest errs as little', async () => {
      const learned = await REGRESSORS.forest(rows, ratings, { seed: 1 })
      const squares = unseen.reduce((sum, row, i) => sum + (learned.predict(row) - rated[i]!) ** 2, 0)
      const rmse = Math.sqrt(squares / unseen.length)
      expect(Math.abs(rmse / forest.rmse - 1)).toBeLessThan(0.06)
    })
  },
)

describe('a split of a tree', () => {
  it('leaves the least squared error', () => {
    const random = new Random(4)
    const rows = Array.from({ length: 40 }, () => Float32Array.of(random.integer(12), random.normal()))
    const ratings = rows.map((row) => Math.sin(row[0]!) + random.normal())
    const own = Uint32Array.from(rows, () => random.integer(40))
    const error = (side: readonly number[]): number => {
      const mean = side.reduce((sum, row) => sum + ratings[row]!, 0) / side.length
      return side.reduce((sum, row) => sum + (ratings[row]! - mean) ** 2, 0)
    }
    for (const feature of [0, 1]) {
      const { threshold, gain } = splitByFeature(rows, ratings, own, feature)!
      const left = (at: number): number[][] => {
        const isLeft = (row: number): boolean => rows[row]![feature]! <= at
        return [[...own].filter(isLeft), [...own].filter((row) => !isLeft(row))]
      }
      const after = (at: number): number => left(at).reduce((sum, side) => sum + error(side), 0)
      const values = [...new Set([...own].map((row) => rows[row]![feature]!))].sort((a, b) => a - b).slice(0, -1)
      expect(after(threshold)).toBeCloseTo(Math.min(...values.map(after)), 8)
      expect(error([...own]) - after(threshold)).toBeCloseTo(gain, 8)
    }
  })

  it('is none where the feature is one value', () => {
    const rows = [Float32Array.of(2), Float32Array.of(2)]
    expect(splitByFeature(rows, [1, 5], Uint32Array.of(0, 1), 0)).toBeUndefined()
  })
})

describe.each(names)('%s', (name) => {
  const learn = REGRESSORS[name]
  const rows = floats(cases[0]!.rows).slice(0, 20)
  const ratings = cases[0]!.ratings.slice(0, 20)

  it('repeats itself, by the seed alone', async () => {
    const one = await learn(rows, ratings, { seed: 1 })
    const other = await learn(rows, ratings, { seed: 1 })
    for (const row of rows) expect(other.predict(row)).toBe(one.predict(row))
  })

  it('says the one rating that it learned', async () => {
    const learned = await learn(
      rows,
      ratings.map(() => 4),
      { seed: 1 },
    )
    expect(learned.predict(rows[0]!)).toBeCloseTo(4, 10)
  })

  it('refuses what does not fit', async () => {
    await expect(learn([], [], { seed: 1 })).rejects.toThrow(
      new ShapeError(`${name}: 0 rows and 0 ratings; need as many, at least 1`),
    )
    await expect(learn([rows[0]!, Float32Array.of(1)], [1, 2], { seed: 1 })).rejects.toThrow(
      new ShapeError(`${name}: row 1 has 1 features and row 0 has 6; they must be as many`),
    )
    await expect(learn(rows.slice(0, 2), [1, NaN], { seed: 1 })).rejects.toThrow(
      new ShapeError(`${name}: row 1 has the rating NaN, expected a number`),
    )
    await expect(learn([Float32Array.of(NaN)], [1], { seed: 1 })).rejects.toThrow(FormatError)
    const learned = await learn(rows, ratings, { seed: 1 })
    expect(() => learned.predict([1])).toThrow(new ShapeError(`${name}: a row has 1 features, but it learned from 6`))
  })

  it('ends at once where it is stopped', async () => {
    const stop = new AbortController()
    stop.abort(new Error('stopped'))
    await expect(learn(rows, ratings, { seed: 1, signal: stop.signal })).rejects.toThrow('stopped')
  })
})

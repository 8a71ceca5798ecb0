// Two clusters of points: against every split there is, other programs, and by hand where several splits are equally good.
import { describe, expect, it } from 'vitest'
import { halfPlanes } from '../../src/evaluation/half_planes.ts'
import { twoMeans } from '../../src/evaluation/two_means.ts'
import { ShapeError } from '../../src/runtime/errors.ts'
import { Random } from '../../src/runtime/random.ts'
import { fixtureCases, goldenJson, readJson } from '../support/golden_values.ts'

/** The least inertia over every split into two non-empty parts. */
function leastInertia(points: number[][]): number {
  let least = Infinity
  for (let mask = 1; mask < 2 ** points.length - 1; mask++) {
    const inertia = [0, 1].reduce((sum, side) => {
      const part = points.filter((_, i) => ((mask >> i) & 1) === side)
      const center = part[0]!.map((_, d) => part.reduce((s, p) => s + p[d]!, 0) / part.length)
      return sum + part.reduce((s, p) => s + p.reduce((q, v, d) => q + (v - center[d]!) ** 2, 0), 0)
    }, 0)
    least = Math.min(least, inertia)
  }
  return least
}

const lexicographic = ([[a = 0, b = 0], [c = 0, d = 0]]: [number[], number[]]): boolean => a < c || (a === c && b < d)

describe('twoMeans', () => {
  it('finds the best split there is', () => {
    const random = new Random(2)
    for (let round = 0; round < 20; round++) {
      const points = Array.from({ length: 10 }, () => [random.integer(9) + 1, random.integer(9) + 1])
      expect(twoMeans(points).inertia).toBeCloseTo(leastInertia(points), 9)
    }
  })

  it('does not depend on the order of the points, ties included', () => {
    const random = new Random(3)
    const points = [
      [1, 1],
      [1, 9],
      [9, 1],
      [9, 9],
      [5, 5],
      [1, 1],
      [5, 1],
      [5, 9],
    ]
    const { centers } = twoMeans(points)
    for (let round = 0; round < 20; round++) {
      const shuffled = Array.from(random.permutation(points.length), (i) => points[i]!)
      expect(twoMeans(shuffled).centers).toEqual(centers)
    }
    expect(centers[0][0]! <= centers[1][0]!).toBe(true)
  })

  it('runs from given centres, ties to the first', () => {
    const result = twoMeans([[0], [2], [4]], [[0], [4]])
    expect([...result.assignment]).toEqual([0, 0, 1])
    expect(result.centers).toEqual([[1], [4]])
    expect(result.threshold).toEqual([2.5])
    expect(twoMeans([[1], [2]], [[0], [100]]).centers).toEqual([[1.5], [100]])
  })

  it('needs two distinct points', () => {
    expect(() =>
      twoMeans([
        [1, 2],
        [1, 2],
      ]),
    ).toThrow(ShapeError)
    expect(() => twoMeans([])).toThrow('two-means: no points')
  })

  it('matches another program from the same centres', () => {
    interface Case {
      points: (number | number[])[]
      init: [number[], number[]]
      centers: number[][]
      assignment: number[]
      iterations_until_fixed: number
      inertia: number
      threshold: number[]
      high_if_greater: number[][]
    }
    const files = fixtureCases('metrics').filter(({ id }) => id === 'metrics/two_means')
    const cases = files.flatMap((file) => readJson<{ cases: Case[] }>(file).cases)
    expect(cases.length).toBeGreaterThanOrEqual(5)
    for (const c of cases) {
      const points = c.points.map((point) => [point].flat())
      const own = twoMeans(points, c.init)
      expect(
        own.centers
          .flat()
          .map((v, i) => v - c.centers.flat()[i]!)
          .every((d) => Math.abs(d) < 1e-12),
      ).toBe(true)
      expect([...own.assignment]).toEqual(c.assignment)
      expect(own.iterations).toBe(c.iterations_until_fixed)
      expect(own.inertia).toBeCloseTo(c.inertia, 9)
      own.threshold.forEach((value, d) => expect(value).toBeCloseTo(c.threshold[d]!, 12))
      expect(points.map((p) => p.map((v, d) => (v > own.threshold[d]! ? 1 : 0)))).toEqual(c.high_if_greater)
    }
  })
})

describe('twoMeans without centres', () => {
  interface Split {
    name: string
    points: number[][]
    centers: number[][]
    inertia: number
    threshold: number[]
  }
  const { cases } = goldenJson<{ cases: Split[] }>('best-splits')

  // The golden splits are the best of all there are, in exact fractions; of equal ones, that with the smaller centres.
  it.each(cases)('finds the best split of $name', ({ points, centers, inertia, threshold }) => {
    for (const order of [points, points.toReversed()]) {
      const own = twoMeans(order)
      own.centers.forEach((center, k) => center.forEach((value, d) => expect(value).toBeCloseTo(centers[k]![d]!, 12)))
      expect(own.inertia).toBeCloseTo(inertia, 12)
      own.threshold.forEach((value, d) => expect(value).toBeCloseTo(threshold[d]!, 12))
    }
  })
})

describe('of equally good splits the one with the lexicographically smaller centres is kept', () => {
  // 0 | 2 4 costs (2 - 3)² + (4 - 3)² = 2, and so does 0 2 | 4.
  it.each([
    [0, 2, 4],
    [4, 2, 0],
    [2, 0, 4],
  ])('on a line: %d, %d, %d', (...values) => {
    const found = twoMeans(values.map((value) => [value]))
    expect(found).toMatchObject({ centers: [[0], [3]], inertia: 2, threshold: [1.5] })
    expect([...found.assignment]).toEqual(values.map((value) => Number(value > 1.5)))
  })

  it('where rounding makes them differ in the last bit', () => {
    for (const points of [
      [0.1, 0.2, 0.3],
      [1.1, 1.2, 1.3],
      [0.7, 0.8, 0.9],
    ]) {
      const [low, middle, high] = points as [number, number, number]
      const { centers } = twoMeans(points.map((value) => [value]))
      expect(centers[0]).toEqual([low])
      expect(centers[1][0]).toBeCloseTo((middle + high) / 2, 12)
    }
  })

  it('at the corners of a square: left and right, not below and above', () => {
    const corners = [
      [2, 2],
      [0, 2],
      [2, 0],
      [0, 0],
    ]
    const found = twoMeans(corners)
    expect(found).toMatchObject({
      centers: [
        [0, 1],
        [2, 1],
      ],
      inertia: 4,
      threshold: [1, 1],
    })
    expect([...found.assignment]).toEqual([1, 0, 1, 0])
  })
})

describe('many points of a plane', () => {
  /** Lloyd from every pair of distinct points, as fewer points have it. */
  const fromPairs = (points: number[][]) => {
    const distinct = [...new Set(points.map(String))].map((text) => text.split(',').map(Number))
    return distinct
      .flatMap((a, i) => distinct.slice(i + 1).map((b) => twoMeans(points, [a, b] as [number[], number[]])))
      .reduce((best, found) => (found.inertia < best.inertia * (1 - 1e-9) ? found : best))
  }

  it.each([
    ['that are apart', (random: Random) => [random.normal(), random.normal()]],
    ['of a grid, where many lie on one line', (random: Random) => [random.integer(30), random.integer(12)]],
    ['on one line', (random: Random) => Array<number>(2).fill(random.integer(500))],
  ])('%s are parted as well as from any pair of them', (_, point) => {
    const random = new Random(1)
    const points = Array.from({ length: 120 }, () => point(random))
    expect(new Set(points.map(String)).size).toBeGreaterThan(100)
    const found = twoMeans(points)
    expect(found.inertia).toBeLessThan(fromPairs(points).inertia * (1 + 1e-9))
    expect(lexicographic(found.centers)).toBe(true)
    const shuffled = Array.from(random.permutation(points.length), (i) => points[i]!)
    expect(twoMeans(shuffled).centers).toEqual(found.centers)
  })

  it.each([3, 9])('every line is tried: the best part of 7 points of a grid of %d is among them', (grid) => {
    const random = new Random(4)
    for (let round = 0; round < 200; round++) {
      const points = Array.from({ length: 7 }, () => [random.integer(grid) / 3, random.integer(grid) / 7])
      if (new Set(points.map(String)).size < 2) continue
      const least = Math.min(...Array.from(halfPlanes(points), ({ inertia }) => inertia))
      expect(least, `round ${round}`).toBeCloseTo(leastInertia(points), 9)
    }
  })
})

it.each([[NaN], [Infinity], [-Infinity], [1e200]])('a point of %d is refused', (value) => {
  expect(() => twoMeans([[1, 2], [value, 3]])).toThrow(`two-means: a point is [${value}, 3], expected finite numbers`) // prettier-ignore
  expect(() => twoMeans([[1], [2]], [[1], [value]])).toThrow(ShapeError)
})

it('a better split wins over smaller centres', () => {
  // 0 1 | 9 costs 0.5, 0 | 1 9 costs 32.
  expect(twoMeans([[0], [1], [9]])).toMatchObject({ centers: [[0.5], [9]], inertia: 0.5 })
})

it('a point halfway goes to the first centre', () => {
  expect([...twoMeans([[-2], [0], [2]], [[-2], [2]]).assignment]).toEqual([0, 0, 1])
})

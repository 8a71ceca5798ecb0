// Two clusters of points whose best split is not the only one: which it is, by numbers worked out by hand.
import { describe, expect, it } from 'vitest'
import { twoMeans } from '../../src/evaluation/two_means.ts'

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

it('a better split wins over smaller centres', () => {
  // 0 1 | 9 costs 0.5, 0 | 1 9 costs 32.
  expect(twoMeans([[0], [1], [9]])).toMatchObject({ centers: [[0.5], [9]], inertia: 0.5 })
})

it('a point halfway goes to the first centre', () => {
  expect([...twoMeans([[-2], [0], [2]], [[-2], [2]]).assignment]).toEqual([0, 0, 1])
})

import { describe, expect, it } from 'vitest'
import { threeMeans } from '../../src/evaluation/three_means.ts'
import { ShapeError } from '../../src/runtime/errors.ts'
import { Random } from '../../src/runtime/random.ts'

/** Least inertia over every assignment of the numbers to three clusters, none of them empty. */
function leastInertia(values: readonly number[]): number {
  let least = Infinity
  for (let code = 0; code < 3 ** values.length; code++) {
    const parts: number[][] = [[], [], []]
    values.forEach((value, i) => parts[Math.floor(code / 3 ** i) % 3]!.push(value))
    if (parts.some(({ length }) => length === 0)) continue
    least = Math.min(least, inertiaOf(parts))
  }
  return least
}

const inertiaOf = (parts: readonly number[][]): number =>
  parts.reduce((sum, part) => {
    const center = part.reduce((a, b) => a + b, 0) / part.length
    return sum + part.reduce((own, value) => own + (value - center) ** 2, 0)
  }, 0)

describe('three-means', () => {
  it('has the least inertia of all assignments', () => {
    const random = new Random(4)
    for (let trial = 0; trial < 30; trial++) {
      const values = Array.from(
        { length: 3 + random.integer(6) },
        (_, i) => random.integer(20) / 4 + 10 * i * (trial % 2),
      )
      if (new Set(values).size < 3) continue
      const { thresholds } = threeMeans(values)
      const classOf = (value: number): number => thresholds.filter((threshold) => value > threshold).length
      const parts = [0, 1, 2].map((k) => values.filter((value) => classOf(value) === k))
      expect(inertiaOf(parts), values.join()).toBeCloseTo(leastInertia(values), 9)
    }
  })

  it('of equal ones has those with the smaller centres, whatever the order', () => {
    // {1} {2} {3, 4} and two others are as good.
    const expected = { centers: [1, 2, 3.5], thresholds: [1.5, 2.75] }
    expect(threeMeans([1, 2, 3, 4])).toEqual(expected)
    expect(threeMeans([4, 2, 1, 3])).toEqual(expected)
  })

  it('does not lose small differences of large numbers', () => {
    const { centers } = threeMeans([1e9 + 1, 1e9 + 1.25, 1e9 + 2, 1e9 + 3])
    expect(centers).toEqual([1e9 + 1.125, 1e9 + 2, 1e9 + 3])
  })

  it('needs three distinct numbers', () => {
    expect(() => threeMeans([1, 2, 2])).toThrow('three-means: 2 distinct numbers; at least three are needed')
    expect(() => threeMeans([1, 2, 2])).toThrow(ShapeError)
    expect(threeMeans([1, 2, 2, 3]).centers).toEqual([1, 2, 3])
  })
})

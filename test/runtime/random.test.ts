import { describe, expect, it } from 'vitest'
import { Random, threefry } from '../../src/runtime/random.ts'

const draw = (n: number, next: () => number) => Float64Array.from({ length: n }, next)
const mean = (values: Float64Array) => values.reduce((sum, v) => sum + v, 0) / values.length
const moment = (values: Float64Array, order: number) => mean(values.map((v) => v ** order))

/** Correlation of two sequences of standardised values is within five standard errors of 0 when they are independent. */
function expectIndependent(a: Float64Array, b: Float64Array): void {
  const standardise = (values: Float64Array) => {
    const centre = mean(values)
    const deviation = Math.sqrt(
      moment(
        values.map((v) => v - centre),
        2,
      ),
    )
    return values.map((v) => (v - centre) / deviation)
  }
  const y = standardise(b)
  expect(Math.abs(mean(standardise(a).map((v, i) => v * y[i]!)))).toBeLessThan(5 / Math.sqrt(a.length))
}

describe('threefry', () => {
  // Known answers of the Random123 distribution for threefry2x32, 20 rounds.
  it.each([
    { counter: [0, 0], key: [0, 0], words: [0x6b200159, 0x99ba4efe] },
    { counter: [0xffffffff, 0xffffffff], key: [0xffffffff, 0xffffffff], words: [0x1cb996fc, 0xbb002be7] },
    { counter: [0x243f6a88, 0x85a308d3], key: [0x13198a2e, 0x03707344], words: [0xc4923a9c, 0x483df7a0] },
  ] as const)('of counter $counter under key $key is the published answer', ({ counter, key, words }) => {
    expect(threefry(key, counter)).toEqual(words)
  })
})

describe('Random', () => {
  const n = 20_000

  it('reads the words of its counter as 53 bits', () => {
    const random = new Random(7, 3)
    const [high, low] = threefry([7, 3], [0, 0])
    const [nextHigh] = threefry([7, 3], [1, 0])
    expect(random.uniform()).toBe(Number((BigInt(high >>> 5) << 26n) | BigInt(low >>> 6)) / 2 ** 53)
    expect(Math.floor(random.uniform() * 2 ** 27)).toBe(nextHigh >>> 5)
  })

  it('gives the same numbers for the same seed and stream, others for another seed or stream', () => {
    const first = (seed: number, stream?: number) =>
      draw(
        8,
        (
          (r) => () =>
            r.uniform()
        )(new Random(seed, stream)),
      )
    expect(first(5, 1)).toEqual(first(5, 1))
    for (const other of [first(6, 1), first(5, 2), first(1, 5)]) expect(other).not.toEqual(first(5, 1))
    expect(first(5)).toEqual(first(5, 0))
  })

  it('has the moments of a uniform variable on [0, 1)', () => {
    const random = new Random(1)
    const values = draw(n, () => random.uniform())
    expect(values.every((v) => v >= 0 && v < 1)).toBe(true)
    // The k-th moment is 1 / (k + 1); the standard error of a mean of values below 1 is below 0.3 / sqrt(n).
    for (const k of [1, 2, 3, 4])
      expect(Math.abs(moment(values, k) - 1 / (k + 1))).toBeLessThan((5 * 0.3) / Math.sqrt(n))
    expectIndependent(values.subarray(0, -1), values.subarray(1))
  })

  it('has the moments of a standard normal variable', () => {
    const random = new Random(2)
    const values = draw(n, () => random.normal())
    const deviations = [1, Math.sqrt(2), Math.sqrt(15), Math.sqrt(96)]
    ;[0, 1, 0, 3].forEach((expected, i) => {
      expect(Math.abs(moment(values, i + 1) - expected), `moment ${i + 1}`).toBeLessThan(
        (5 * deviations[i]!) / Math.sqrt(n),
      )
    })
    expectIndependent(values.subarray(0, -1), values.subarray(1))
  })

  it('draws every integer below n equally often', () => {
    const random = new Random(3)
    const counts = new Array<number>(7).fill(0)
    for (let i = 0; i < n; i++) counts[random.integer(7)]!++
    const chiSquared = counts.reduce((sum, count) => sum + (count - n / 7) ** 2 / (n / 7), 0)
    expect(counts).toHaveLength(7)
    expect(chiSquared).toBeLessThan(33) // six degrees of freedom, p = 1e-5
  })

  it('permutes: each index once, each position any index', () => {
    const random = new Random(4)
    for (const size of [0, 1, 2, 17]) {
      expect([...random.permutation(size)].sort((a, b) => a - b)).toEqual(Array.from({ length: size }, (_, i) => i))
    }
    const places = new Map<string, number>()
    for (let i = 0; i < 6000; i++) {
      const key = random.permutation(3).join('')
      places.set(key, (places.get(key) ?? 0) + 1)
    }
    expect(places.size).toBe(6)
    for (const [order, count] of places) expect(Math.abs(count - 1000), order).toBeLessThan(150) // five standard errors
  })

  it('has independent streams and seeds', () => {
    const sequence = (seed: number, stream: number) =>
      draw(
        n,
        (
          (r) => () =>
            r.normal()
        )(new Random(seed, stream)),
      )
    expectIndependent(sequence(9, 0), sequence(9, 1))
    expectIndependent(sequence(9, 0), sequence(10, 0))
    expectIndependent(sequence(9, 10), sequence(10, 9))
  })
})

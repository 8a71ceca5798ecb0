import { describe, expect, it } from 'vitest'
import { binomialLimit, chanceVerdict, holm, holmWithin } from '../../src/evaluation/correction.ts'
import { UsageError } from '../../src/runtime/errors.ts'

describe("Holm's correction", () => {
  it('multiplies the least p by all tests, the next by one less, and never falls', () => {
    // 4 x .01, 3 x .02 = .06, then 2 x .025 = .05, which stays at .06, and 1 x .9.
    const corrected = holm([0.025, 0.9, 0.01, 0.02])
    expect(corrected.map((value) => +value.toFixed(12))).toEqual([0.06, 0.9, 0.04, 0.06])
    expect(holm([0.4, 0.6])).toEqual([0.8, 0.8])
    expect(holm([0.7, 0.6])).toEqual([1, 1])
    expect(holm([])).toEqual([])
  })

  it('does not count what is no test, and refuses what is no chance', () => {
    expect(holm([NaN, 0.02, 0.03])).toEqual([NaN, 0.04, 0.04])
    expect(() => holm([0.5, 1.5])).toThrow(UsageError)
    expect(() => holm([-0.1])).toThrow('holm: p is -0.1, expected a number from 0 to 1')
  })

  it('is taken within each group of cells', () => {
    const cells = [
      { table: 'a', p: 0.01 },
      { table: 'b', p: 0.02 },
      { table: 'a', p: undefined },
      { table: 'a', p: 0.5 },
    ]
    const corrected = holmWithin(cells, { p: (cell) => cell.p, group: (cell) => cell.table })
    expect(corrected).toEqual([0.02, 0.02, undefined, 0.5])
  })
})

describe('how many intervals of chance may miss', () => {
  it('is counted exactly', () => {
    // P(0 of 1) = .95 is not enough. Of two, P(at most 1) = 1 - .0025.
    expect([0, 1, 2].map((cells) => binomialLimit(cells, 0.05))).toEqual([0, 1, 1])
    expect(binomialLimit(3, 0.5, 0.5)).toBe(1)
    expect(binomialLimit(3, 0.5, 0.51)).toBe(2)
    expect(binomialLimit(3, 0.5, 1)).toBe(3)
  })

  it('decides with the corrected tests whether a control is chance', () => {
    const holds = { interval: { low: 0.4, high: 0.5 }, p: 0.3 }
    const misses = { interval: { low: 0.51, high: 0.6 }, p: 0.3 }
    const below = { interval: { low: 0.3, high: 0.49 } }
    const verdict = chanceVerdict([holds, holds, holds, misses])
    expect(verdict).toEqual({ cells: 4, missed: 1, limit: 2, significant: 0, chance: true })
    expect(chanceVerdict([below, misses, misses, holds])).toMatchObject({ missed: 3, limit: 2, chance: false })
    // .02 is nothing among three, .01 is something.
    expect(chanceVerdict([holds, holds, { ...holds, p: 0.02 }])).toMatchObject({ significant: 0, chance: true })
    expect(chanceVerdict([holds, holds, { ...holds, p: 0.01 }])).toMatchObject({ significant: 1, chance: false })
    expect(chanceVerdict([])).toMatchObject({ cells: 0, missed: 0, chance: true })
  })
})

import { describe, expect, it } from 'vitest'
import { ShapeError } from '../../src/runtime/errors.ts'
import { logIncompleteBeta, pearson, wilcoxonSignedRank } from '../../src/evaluation/statistics.ts'
import { fixtureCases, readJson } from '../support/golden_values.ts'

/** The cases of a metrics file, of every golden folder that has it. */
const read = <T>(name: string): T[] =>
  fixtureCases('metrics')
    .filter(({ id }) => id === `metrics/${name}`)
    .flatMap((fixture) => readJson<{ cases: T[] }>(fixture).cases)

describe('pearson', () => {
  it('knows closed forms', () => {
    // n = 4: I_{1-r^2}(1, 1/2) = 1 - |r|
    const { r, p } = pearson([1, 2, 3, 4], [1, 3, 2, 5])
    expect(p).toBeCloseTo(1 - Math.abs(r), 13)
    expect(pearson([1, 2, 3], [2, 4, 6])).toMatchObject({ r: 1, p: 0, log10P: -Infinity })
    expect(pearson([1, 2, 3], [5, 5, 5]).r).toBeNaN()
    expect(() => pearson([1, 2], [1, 2])).toThrow(ShapeError)
    expect(() => pearson([1, 2, 3], [1, 2])).toThrow('pearson: 3 and 2 values; need as many of both, at least 3')
    expect(() => pearson([1, 2, 3], [1, 2, 3, 4])).toThrow(ShapeError)
  })

  it('integrates the beta density', () => {
    expect(logIncompleteBeta(0.3, 1, 1)).toBeCloseTo(Math.log(0.3), 13)
    expect(logIncompleteBeta(0.9, 2, 3)).toBeCloseTo(Math.log(0.9963), 12)
    expect(logIncompleteBeta(0.5, 40, 40)).toBeCloseTo(Math.log(0.5), 12)
  })

  it('matches SciPy, tiny p included', () => {
    interface Case {
      x: number[]
      y: number[]
      r: number
      t: number
      p_two_sided: number
      log10_p: number
    }
    const cases = read<Case>('pearson')
    expect(Math.min(...cases.map((c) => c.log10_p))).toBeLessThan(-40)
    for (const c of cases) {
      const own = pearson(c.x, c.y)
      expect(Math.abs(own.r - c.r)).toBeLessThan(1e-12)
      expect(Math.abs(own.t / c.t - 1)).toBeLessThan(1e-10)
      expect(Math.abs(own.p / c.p_two_sided - 1)).toBeLessThan(1e-8)
      expect(Math.abs(own.log10P - c.log10_p)).toBeLessThan(1e-8)
    }
  })

  it('does not underflow', () => {
    const x = Array.from({ length: 2000 }, (_, i) => i)
    const { p, log10P } = pearson(
      x,
      x.map((value) => value + Math.sin(value)),
    )
    expect(p).toBe(0)
    expect(log10P).toBeLessThan(-1000)
    expect(Number.isFinite(log10P)).toBe(true)
  })
})

describe('wilcoxonSignedRank', () => {
  it('is exact for small n', () => {
    // All ten folds better: 2 / 2^10. One of ten worse, by the least: P(W <= 1) = 2 / 2^10, doubled.
    const better = Array.from({ length: 10 }, (_, i) => i + 1)
    const zeros = new Array<number>(10).fill(0)
    expect(wilcoxonSignedRank(better, zeros)).toEqual({ n: 10, w: 55, p: 2 / 1024 })
    expect(wilcoxonSignedRank([-1, ...better.slice(1)], zeros)).toEqual({ n: 10, w: 54, p: 4 / 1024 })
    expect(wilcoxonSignedRank(zeros, better).p).toBe(2 / 1024)
  })

  it('gives ties mid-ranks, also when rounding parts them, and drops equal pairs', () => {
    // |d| = 0.1 three times, 0.2 once: W = 2 + 2 + 4 of {2, 2, 2, 4}; P(W >= 8) = 4 of 16.
    const { n, w, p } = wilcoxonSignedRank([0.3, 0.8, 0.5, 0.7, 0.5], [0.2, 0.7, 0.3, 0.8, 0.5])
    expect([n, w, p]).toEqual([4, 8, 0.5])
    expect(wilcoxonSignedRank([1, 2], [1, 2])).toEqual({ n: 0, w: 0, p: 1 })
    expect(() => wilcoxonSignedRank([1], [])).toThrow(ShapeError)
  })

  it.each([
    // One pair says nothing, whichever way it goes.
    [[1], [0], { n: 1, w: 1, p: 1 }],
    [[0], [1], { n: 1, w: 0, p: 1 }],
    [[1, 5], [0, 5], { n: 1, w: 1, p: 1 }],
    [[2, 3], [1, 1], { n: 2, w: 3, p: 0.5 }],
    [[], [], { n: 0, w: 0, p: 1 }],
  ])('of %j and %j', (a, b, expected) => expect(wilcoxonSignedRank(a, b)).toEqual(expected))

  it('agrees with every sign pattern', () => {
    const d = [0.4, -1.1, 2.3, 0.4, -3, 0.9, 5]
    const ranks = [1.5, 4, 5, 1.5, 6, 3, 7]
    const w = ranks.reduce((sum, rank, i) => sum + (d[i]! > 0 ? rank : 0), 0)
    let [below, above] = [0, 0]
    for (let signs = 0; signs < 128; signs++) {
      const sum = ranks.reduce((total, rank, i) => total + ((signs >> i) & 1 ? rank : 0), 0)
      if (sum <= w) below++
      if (sum >= w) above++
    }
    expect(
      wilcoxonSignedRank(
        d,
        d.map(() => 0),
      ),
    ).toEqual({ n: 7, w, p: (2 * Math.min(below, above)) / 128 })
  })
})

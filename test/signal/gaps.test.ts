import { describe, expect, it } from 'vitest'
import { FormatError } from '../../src/runtime/errors.ts'
import { fillGaps, splitAtGaps } from '../../src/signal/gaps.ts'

describe('gaps', () => {
  it('bridges short runs linearly and holds the ends', () => {
    const { samples, filled } = fillGaps([NaN, 2, NaN, NaN, 5, NaN], 4, 'a.csv')
    expect([...samples]).toEqual([2, 2, 3, 4, 5, 5])
    expect(filled).toBe(4)
  })

  it('fills a run of exactly one second, refuses one more sample', () => {
    const withRun = (n: number): number[] => [1, ...new Array<number>(n).fill(NaN), 1, 1, 1]
    expect(fillGaps(withRun(4), 4, 'a.csv').filled).toBe(4)
    expect(() => fillGaps(withRun(5), 4, 'a.csv')).toThrow(
      'a.csv: 1.25 s of samples are missing (NaN) from 0.25 s on; gaps up to 1 s are filled, cut or repair longer ones',
    )
  })

  it('names the line of a long gap where it is known', () => {
    expect(() => fillGaps([1, 1, NaN, NaN, 1], 1, 'a.csv', 2)).toThrow(
      'a.csv:4: 2.00 s of samples are missing (NaN) from 2.00 s on',
    )
    expect(() => fillGaps([1, NaN, Infinity], 1, 'a.csv', 2)).toThrow(
      'a.csv:4: sample 2 is Infinity, expected a finite number',
    )
  })

  it('splits at long gaps and fills the others', () => {
    const gappy = [NaN, NaN, NaN, 1, 2, NaN, 4, NaN, NaN, NaN, 7, NaN, NaN, 10, NaN]
    expect(splitAtGaps(gappy, 2, 'a.csv')).toEqual([
      { start: 3, samples: Float64Array.of(1, 2, 3, 4), filled: 1 },
      { start: 10, samples: Float64Array.of(7, 8, 9, 10, 10), filled: 3 },
    ])
    expect(splitAtGaps([1, NaN, 3], 2, 'a.csv')).toEqual([{ start: 0, ...fillGaps([1, NaN, 3], 2, 'a.csv') }])
    expect(() => splitAtGaps([NaN, NaN], 1, 'a.csv')).toThrow('a.csv: all 2 samples are missing')
    expect(() => splitAtGaps([1, -Infinity], 1, 'a.csv')).toThrow(FormatError)
  })

  it('refuses a trace without samples, and infinite values', () => {
    expect(() => fillGaps([NaN, NaN], 1, 'a.csv')).toThrow('a.csv: all 2 samples are missing')
    expect(() => fillGaps([NaN], 1, 'a.csv')).toThrow(FormatError)
    expect(() => fillGaps([1, Infinity], 4, 'a.csv')).toThrow('a.csv: sample 1 is Infinity, expected a finite number')
  })
})

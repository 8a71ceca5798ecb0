// From stamps to a grid: what is missing, repeated, rounded, jittering, drifting, or without any rate.
import { describe, expect, it } from 'vitest'
import { toGrid } from '../../src/reading/grid.ts'
import { orderStamps } from '../../src/reading/clock_changes.ts'
import { Random } from '../../src/runtime/random.ts'

const N = 2000
const grid = (stamps: ArrayLike<number>, digit = 0) => {
  const seconds = Float64Array.from(stamps)
  return toGrid(
    seconds,
    Float64Array.from(seconds, (_, i) => i),
    'a.csv',
    { digit, where: (row) => `a.csv:${row + 2}` },
  )
}
const even = (rate: number, change: (t: number, i: number) => number = (t) => t, n = N): Float64Array =>
  Float64Array.from({ length: n }, (_, i) => change(i / rate, i))
const missing = (eda: Float64Array): number => eda.filter(Number.isNaN).length

describe('a rate', () => {
  // Printed digits coarser and finer than the step, rounded and cut off.
  it.each([
    [8, 0.1],
    [7, 0.1],
    [12, 0.1],
    [60, 0.01],
    [64, 0.01],
    [75, 0.01],
    [90, 0.01],
    [128, 0.01],
    [128, 0.001],
    [512, 0.001],
    [600, 0.001],
    [700, 0.001],
    [750, 0.001],
    [1024, 0.001],
    [15.625, 0.01],
    [4, 1e-9],
  ])('of %d Hz is told from stamps printed to %d s', (rate, digit) => {
    for (const print of [Math.round, Math.floor]) {
      const { sampleRate, eda, notes } = grid(
        even(rate, (t) => print(t / digit + 1e-7) * digit),
        digit,
      )
      expect([eda.length, missing(eda), notes]).toEqual([N, 0, []])
      expect(Math.abs(sampleRate / rate - 1)).toBeLessThan(1e-3)
    }
  })

  it('that changes, or is none, is refused', () => {
    expect(() => grid(even(8, (t, i) => (i < 1000 ? t : 125 + (i - 1000) / 4)))).toThrow(
      /a\.csv:\d+: rows come at another rate/,
    )
    const random = new Random(5)
    let t = 0
    expect(() => grid(even(4, () => (t += 0.05 + random.uniform())))).toThrow('need an even rate')
    // Packets of eight rows a millisecond apart.
    expect(() => grid(even(32, (_, i) => Math.floor(i / 8) / 4 + (i % 8) / 1000))).toThrow('need an even rate')
    expect(() => grid([0])).toThrow('1 samples are too few')
    expect(() => grid([1, 1, 1])).toThrow('never increases')
  })
})

describe('rows', () => {
  it('that are lost are missing at their places, one or many, beside jitter or not', () => {
    for (const jitter of [0, 0.02])
      for (const lost of [1, 3, 40]) {
        const random = new Random(lost)
        const stamps = even(4, (t) => t + jitter * random.normal()).filter((_, i) => i < 900 || i >= 900 + lost)
        const { sampleRate, eda } = grid(stamps)
        expect([eda.length, missing(eda), eda[899], eda[900 + lost]]).toEqual([N, lost, 899, 900])
        expect(sampleRate).toBeCloseTo(4, 2)
      }
  })

  it('that jitter by less than half a step are all there', () => {
    for (const rate of [4, 32, 256]) {
      const random = new Random(rate)
      const { sampleRate, eda, notes } = grid(even(rate, (t) => t + (0.8 * (random.uniform() - 0.5)) / rate).sort())
      expect([eda.length, missing(eda)]).toEqual([N, 0])
      expect(Math.abs(sampleRate / rate - 1)).toBeLessThan(2e-3)
      expect(notes.join()).toMatch(/jitter by [\d.]+ ms/)
    }
  })

  it('of a clock that drifts are all there', () => {
    const random = new Random(9)
    let t = 0
    const { eda } = grid(even(128, () => (t += (1 + 0.08 * random.normal()) / 128)))
    expect([eda.length, missing(eda)]).toEqual([N, 0])
  })

  it('that repeat are dropped, wherever they stand', () => {
    const stamps = even(4)
    const { eda, notes } = grid([...stamps.slice(0, 11), stamps[10]!, ...stamps.slice(11), stamps[N - 1]!])
    expect([eda.length, eda[10], eda[11]]).toEqual([N, 10, 12])
    expect(notes[0]).toBe(
      '2 rows repeat the time of the row before and were dropped, the first at a.csv:13; 2 of them had another value',
    )
  })
})

describe('a time that goes back', () => {
  const order = (stamps: ArrayLike<number>, wall = false) => {
    const seconds = Float64Array.from(stamps)
    return { ...orderStamps(seconds, { wall, where: (row) => `row ${row}` }), seconds }
  }

  it('that stand twice are dropped though their stamps are printed as coarsely as their step', () => {
    const twice = [...Array(500).keys()].flatMap((i) => (i === 33 || i === 77 ? [i, i] : [i]))
    const seconds = Float64Array.from(twice, (i) => i / 1000)
    const eda = Float64Array.from(twice, (i) => 5 + Math.sin(i / 50))
    const grid = toGrid(seconds, eda, 'a.csv', { digit: 1e-3 })
    expect([grid.sampleRate, grid.eda.length]).toEqual([1000, 500])
    expect(grid.notes).toEqual([expect.stringMatching(/^2 rows repeat the time of the row before and were dropped/)])
  })

  it('where a counter overflows goes on', () => {
    for (const span of [65.536, 4294.967296]) {
      const { stretches, seconds, notes } = order(even(4, (t) => (t + span - 100.1) % span))
      expect(stretches).toEqual([{ from: 0, to: N }])
      expect(seconds[N - 1]! - seconds[0]!).toBeCloseTo((N - 1) / 4, 6)
      expect(notes).toHaveLength(1)
      expect(notes[0]).toMatch(/^the counter of time overflows/)
    }
  })

  it('once, to 0, or at every row, is a mistake', () => {
    expect(() => order(even(4, (t, i) => (i === 200 ? 0 : t)))).toThrow(/row 200: the time goes back by 49\.8 s here/)
    expect(() => order(even(4).reverse())).toThrow('goes back')
    expect(() => order(even(4, (t) => t % 3))).toThrow('goes back')
  })

  it('to where it began starts a recording', () => {
    expect(order(even(4, (t) => t % 100)).stretches).toEqual(
      Array.from({ length: 5 }, (_, k) => ({ from: 400 * k, to: 400 * k + 400 })),
    )
  })
})

import { describe, expect, it } from 'vitest'
import { bandPowers } from '../../src/signal/band_power.ts'

const TENTHS = [0, 0.1, 0.2, 0.3, 0.4].map((low) => ({ low, high: low + 0.1 }))
const wave = (rate: number, seconds: number, of: (t: number) => number): Float64Array =>
  Float64Array.from({ length: rate * seconds }, (_, i) => of(i / rate))
const sine = (frequency: number, amplitude: number) => (t: number) =>
  amplitude * Math.sin(2 * Math.PI * frequency * t + 1)

describe('powers of bands', () => {
  it.each([4, 7, 50])('have of a sine half its square, in its own band, at %i Hz', (rate) => {
    const powers = bandPowers(wave(rate, 120, sine(0.25, 3)), rate, TENTHS)
    // a window spreads a little, and blocks of at most a quarter second take off what they average away
    expect(powers[2]!).toBeGreaterThan(4.1)
    expect(powers[2]!).toBeLessThan(4.55)
    for (const band of [0, 1, 3, 4]) expect(powers[band]!).toBeLessThan(0.01)
  })

  it('do not see level and slope', () => {
    const rise = bandPowers(
      wave(10, 60, (t) => 1000 + 5 * t),
      10,
      TENTHS,
    )
    for (const power of rise) expect(power).toBeLessThan(1e-15)
  })

  it('sum to the variance of slow noise', () => {
    let state = 1
    const noise = wave(1, 4000, () => {
      state = (state * 48271) % 2147483647
      return state / 2147483647 - 0.5
    })
    const powers = bandPowers(noise, 1, [...TENTHS, { low: 0, high: 0.51 }])
    expect(powers.at(-1)! * 12).toBeGreaterThan(0.9)
    expect(powers.at(-1)! * 12).toBeLessThan(1.1)
  })

  it('are 0 where duration or rate tell nothing', () => {
    expect(bandPowers(wave(4, 3, sine(0.3, 1)), 4, [{ low: 0, high: 0.1 }])).toEqual([0])
    expect(bandPowers(wave(0.5, 400, sine(0.1, 1)), 0.5, [{ low: 0.3, high: 0.4 }])).toEqual([0])
    expect(bandPowers([1, 2], 100, TENTHS)).toEqual([0, 0, 0, 0, 0])
  })
})

import { describe, expect, it } from 'vitest'
import { atRate, mixDown } from '../../src/music/mono.ts'
import { sine } from '../support/sounds.ts'

it('several channels are mixed to their mean', () => {
  const sound = (...channels: number[][]) => ({
    sampleRate: 8000,
    channels: channels.map((each) => Float32Array.from(each)),
  })
  expect([...mixDown(sound([1, 2, 3], [3, 2, -3], [2, 2, 3]))]).toEqual([2, 2, 1])
  expect([...mixDown(sound([1, 2, 3]))]).toEqual([1, 2, 3])
})

describe('a sound at another rate', () => {
  const OUT = 22_050
  /** Largest difference from the sine as it would have been sampled, without the edges. */
  const error = (hertz: number, from: number): number => {
    const found = atRate(sine(hertz, 0.5, from), from, OUT)
    const wanted = sine(hertz, 0.5, OUT)
    let most = 0
    for (let i = 400; i < wanted.length - 400; i++) most = Math.max(most, Math.abs(found[i]! - wanted[i]!))
    return most
  }

  it.each([8000, 11_025, 16_000, 32_000, 44_100, 48_000, 96_000])('keeps what both can carry, from %i Hz', (from) => {
    expect(error(440, from)).toBeLessThan(1e-3)
    expect(error(0.4 * Math.min(from, OUT), from)).toBeLessThan(2e-2)
    expect(atRate(new Float32Array(from), from, OUT)).toHaveLength(OUT)
  })

  it('has nothing of what the new one cannot carry', () => {
    const found = atRate(sine(15_000, 0.5, 44_100), 44_100, OUT)
    expect(Math.max(...found.subarray(400, -400).map(Math.abs))).toBeLessThan(1e-3)
  })

  it('keeps its level', () => {
    const found = atRate(new Float32Array(4800).fill(0.25), 48_000, OUT)
    expect(found[1000]).toBeCloseTo(0.25, 6)
  })

  it('is itself at its own', () => {
    const samples = sine(440, 0.1, OUT)
    expect(atRate(samples, OUT, OUT)).toBe(samples)
  })
})

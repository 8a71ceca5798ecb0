import { describe, expect, it } from 'vitest'
import { qualityWarnings, signalQuality } from '../../src/signal/quality.ts'

/** A signal that never stands still. */
const wave = (n: number): number[] => Array.from({ length: n }, (_, i) => 2 + Math.sin(i / 3) + 1e-3 * Math.cos(i))
const held = (x: number[], value: number, start: number, end: number): number[] =>
  x.map((v, i) => (i >= start && i < end ? value : v))

describe('signalQuality', () => {
  it('finds nothing in a clean signal', () => {
    expect(signalQuality(wave(400), 4)).toEqual({ missing: 0, flat: 0, clipped: 0, spans: [] })
    expect(qualityWarnings(signalQuality(wave(400), 4))).toEqual([])
  })

  it('counts missing samples, wherever they are', () => {
    const quality = signalQuality(held(held(wave(100), NaN, 0, 3), NaN, 98, 100), 4)
    expect(quality).toEqual({
      missing: expect.closeTo(0.05),
      flat: 0,
      clipped: 0,
      spans: [
        { flaw: 'missing', start: 0, end: 3 },
        { flaw: 'missing', start: 98, end: 100 },
      ],
    })
  })

  it.each([4, 100])('calls 5 s of one value flat at %d Hz, and not one sample less', (sampleRate) => {
    const n = 100 * sampleRate
    const standing = (samples: number) =>
      signalQuality(held(wave(n), 2.2, sampleRate, sampleRate + samples), sampleRate)
    expect(standing(5 * sampleRate - 1).flat).toBe(0)
    expect(standing(5 * sampleRate)).toMatchObject({
      flat: expect.closeTo(0.05) as number,
      clipped: 0,
      spans: [{ flaw: 'flat', start: sampleRate, end: 6 * sampleRate }],
    })
  })

  it('calls 1 s at either rail clipped', () => {
    const rails = held(held(wave(1000), 9, 10, 20), -1, 500, 510)
    expect(signalQuality(rails, 10)).toMatchObject({
      clipped: expect.closeTo(0.02) as number,
      flat: 0,
      spans: [
        { flaw: 'clipped', start: 10, end: 20 },
        { flaw: 'clipped', start: 500, end: 510 },
      ],
    })
    expect(signalQuality(held(wave(1000), 9, 10, 19), 10).clipped).toBe(0)
    expect(signalQuality(held(wave(1000), 2.2, 10, 20), 10).clipped).toBe(0)
  })

  it('takes a long stay at a rail for both, a constant for flat only, and nothing for nothing', () => {
    expect(signalQuality(held(wave(100), 0, 20, 60), 4)).toMatchObject({
      flat: expect.closeTo(0.4) as number,
      clipped: expect.closeTo(0.4) as number,
    })
    expect(signalQuality(new Array<number>(100).fill(3), 4)).toMatchObject({
      flat: expect.closeTo(1) as number,
      clipped: 0,
    })
    expect(signalQuality(new Array<number>(8).fill(NaN), 4)).toMatchObject({ missing: 1, flat: 0, clipped: 0 })
    expect(signalQuality([2], 0.1)).toMatchObject({ flat: 0, clipped: 0 })
  })

  it('leaves the coarse steps of a wrist sensor alone', () => {
    const coarse = Array.from(
      { length: 2000 },
      (_, i) => Math.round((0.2 + 1e-4 * i + 0.05 * Math.sin(i / 10)) / 0.00128) * 0.00128,
    )
    expect(new Set(coarse).size).toBeLessThan(250)
    expect(qualityWarnings(signalQuality(coarse, 4))).toEqual([])
  })

  it('says a sentence for each flaw of 1 %', () => {
    const flawed = held(held(wave(1000), NaN, 0, 9), 0, 500, 525)
    expect(qualityWarnings(signalQuality(flawed, 4))).toEqual([
      expect.stringMatching(/^2\.5 % of the samples lie in stretches of 5 s/),
      expect.stringMatching(/^2\.5 % of the samples lie at the largest or least/),
    ])
    expect(qualityWarnings(signalQuality(held(wave(1000), NaN, 0, 10), 4))).toEqual([
      '1.0 % of the samples are missing',
    ])
  })
})

import { describe, expect, it } from 'vitest'
import { qualityWarnings, signalQuality } from '../../src/signal/quality.ts'

/** A signal that never stands still. */
const wave = (n: number): number[] => Array.from({ length: n }, (_, i) => 2 + Math.sin(i / 3) + 1e-3 * Math.cos(i))
/** No flaw but those named. */
const only = (more: object) => ({
  missing: 0,
  flat: 0,
  clipped: 0,
  offSkin: 0,
  fast: 0,
  startUp: 0,
  spans: [],
  ...more,
})
const held = (x: number[], value: number, start: number, end: number): number[] =>
  x.map((v, i) => (i >= start && i < end ? value : v))

describe('signalQuality', () => {
  it('finds nothing in a clean signal', () => {
    expect(signalQuality(wave(400), 4)).toEqual(only({}))
    expect(qualityWarnings(signalQuality(wave(400), 4))).toEqual([])
  })

  it('counts missing samples, wherever they are', () => {
    const quality = signalQuality(held(held(wave(100), NaN, 0, 3), NaN, 98, 100), 4)
    expect(quality).toEqual(
      only({
        missing: expect.closeTo(0.05) as number,
        spans: [
          { flaw: 'missing', start: 0, end: 3 },
          { flaw: 'missing', start: 98, end: 100 },
        ],
      }),
    )
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

  it('calls 1 s at the largest value clipped, or at a least one of no conductance', () => {
    const clippedOf = (x: number[]) => {
      const { clipped, spans } = signalQuality(x, 10)
      return [clipped, spans.filter(({ flaw }) => flaw === 'clipped')]
    }
    const rails = held(held(wave(1000), 9, 10, 20), -1, 500, 510)
    expect(clippedOf(rails)).toEqual([
      expect.closeTo(0.02),
      [
        { flaw: 'clipped', start: 10, end: 20 },
        { flaw: 'clipped', start: 500, end: 510 },
      ],
    ])
    expect(clippedOf(held(wave(1000), 9, 10, 19))[0]).toBe(0)
    expect(clippedOf(held(wave(1000), 2.2, 10, 20))[0]).toBe(0)
    expect(clippedOf(held(wave(1000), 0.9, 10, 20))[0]).toBe(0)
  })

  it('does not call the top of a slow wave clipped, whose steps are coarse', () => {
    const coarse = (size: number, seconds: number) =>
      Array.from({ length: 1200 }, (_, i) => 0.01 * Math.round(100 + size * Math.sin(i / seconds)))
    const cut = (x: number[], top: number) => x.map((value) => Math.min(value, top))
    expect(signalQuality(coarse(8, 60), 4).clipped).toBe(0)
    expect(signalQuality(cut(coarse(60, 10), 1.4), 4).clipped).toBeGreaterThan(0.15)
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
      expect.stringMatching(/^4\.\d % of the samples lie within 5 s of a step faster than skin/),
    ])
    expect(qualityWarnings(signalQuality(held(wave(1000), NaN, 0, 10), 4))).toEqual([
      '1.0 % of the samples are missing',
    ])
  })
})

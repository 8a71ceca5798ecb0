// Which trials are flagged, and at which share of their samples each flag begins.
import { describe, expect, it } from 'vitest'
import { qualityFlags, trialQuality } from '../../src/datasets/trial_quality.ts'

const RATE = 4
/** A minute that never stands still, 2 to 4 µS. */
const calm = (): Float64Array =>
  Float64Array.from({ length: 60 * RATE }, (_, i) => 3 + Math.sin(i / 7) + 1e-4 * (i % 5))
/** The same with some samples replaced. */
const flawed = (from: number, samples: number, value: (i: number) => number): Float64Array => {
  const eda = calm()
  for (let i = from; i < from + samples; i++) eda[i] = value(i)
  return eda
}
const flagsOf = (eda: Float64Array): string => qualityFlags({ eda, sampleRate: RATE }).join()

describe('a trial is flagged for', () => {
  it('nothing while all is well', () => {
    expect(trialQuality({ eda: calm(), sampleRate: RATE })).toEqual({
      ...{ zero: 0, flat: 0, clipped: 0, missing: 0 },
      flags: [],
    })
  })

  it('a single 0, unless values lie on both sides of it', () => {
    expect(trialQuality({ eda: flawed(9, 1, () => 0), sampleRate: RATE })).toMatchObject({
      zero: 1 / 240,
      flags: ['zero'],
    })
    const centred = flawed(9, 1, () => 3).map((value) => value - 3)
    expect(centred).toContain(0)
    expect(flagsOf(centred)).toBe('')
  })

  it.each([
    [19, ''],
    [20, 'flat'],
  ])('%i samples at 4 Hz of one value: "%s"', (samples, flags) => {
    expect(flagsOf(flawed(40, samples, () => 2.7))).toBe(flags)
  })

  it('one value from end to end, however short', () => {
    const eda = new Float64Array(12).fill(2.5)
    expect(trialQuality({ eda, sampleRate: RATE })).toMatchObject({ flat: 1, flags: ['flat'] })
  })

  it.each([
    [3, ''],
    [4, 'clipped'],
  ])('%i samples at 4 Hz at the largest value: "%s"', (samples, flags) => {
    expect(flagsOf(flawed(40, samples, () => 9))).toBe(flags)
  })

  it.each<[string, number[], string]>([
    ['a gap of a second, which is filled,', [4], ''],
    ['a longer gap', [5], 'missing'],
    ['short gaps of less than a hundredth of the samples', new Array<number>(9).fill(1), ''],
    ['short gaps of a hundredth of them', new Array<number>(10).fill(1), 'missing'],
  ])('%s: %j of 1000 samples: "%s"', (_, gaps, flags) => {
    const eda = Float64Array.from({ length: 1000 }, (__, i) => 3 + Math.sin(i / 7) + 1e-4 * (i % 5))
    gaps.forEach((samples, k) => eda.fill(NaN, 20 + 30 * k, 20 + 30 * k + samples))
    expect(flagsOf(eda)).toBe(flags)
  })

  it('nothing but NaN, and nothing at all', () => {
    expect(trialQuality({ eda: new Float64Array(40).fill(NaN), sampleRate: RATE })).toMatchObject({
      ...{ missing: 1, flat: 0, zero: 0 },
      flags: ['missing'],
    })
    expect(trialQuality({ eda: new Float64Array(0), sampleRate: RATE })).toMatchObject({ zero: 0, flat: 0, flags: [] })
  })
})

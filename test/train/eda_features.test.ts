// What baselines learn from: values that can be told by hand, and nothing that is not finite, whatever a recording is like.
import { describe, expect, it } from 'vitest'
import { EDA_FEATURES, trialFeatures, type FeatureInput } from '../../src/train/eda_features.ts'

const RATE = 8
const SECONDS = 60
const MEAN = 5
const STD = 0.5

/** A slow rise with two triangles on it: responses of 1 and 0.5 µS that rise for 2 s. */
function twoResponses(): FeatureInput {
  const n = RATE * SECONDS
  const triangle = (t: number, at: number, height: number): number =>
    t < at ? 0 : t < at + 2 ? (height * (t - at)) / 2 : Math.max(0, height * (1 - (t - at - 2) / 6))
  const phasic = Float64Array.from({ length: n }, (_, i) => triangle(i / RATE, 10, 1) + triangle(i / RATE, 30, 0.5))
  const tonic = Float64Array.from({ length: n }, (_, i) => 4 + i / RATE / 60)
  return {
    samples: tonic.map((level, i) => level + phasic[i]!),
    sampleRate: RATE,
    unit: 'uS',
    parts: {
      tonic: tonic.map((x) => (x - MEAN) / STD),
      phasic: phasic.map((x) => x / STD),
      driver: phasic.map(() => 0.5),
    },
    mean: MEAN,
    std: STD,
  }
}

const named = (input: FeatureInput): Record<string, number> =>
  Object.fromEntries(EDA_FEATURES.map((name, i) => [name, trialFeatures(input)[i]!]))

describe('EDA features of a trial', () => {
  it('count responses and measure levels in the unit of the recording', () => {
    const found = named(twoResponses())
    expect(found.SCR_Peaks_N).toBe(2)
    expect(found.SCR_Rate).toBeCloseTo(2, 6)
    expect(found.SCR_Peaks_Amplitude_Mean).toBeCloseTo(0.75, 6)
    expect(found.SCR_Peaks_Amplitude_Sum).toBeCloseTo(1.5, 6)
    expect(found.SCR_RiseTime_Mean).toBeCloseTo(2, 6)
    expect(found.EDA_Tonic_Mean).toBeCloseTo(4.5, 2)
    expect(found.EDA_Tonic_SD).toBeCloseTo(1 / Math.sqrt(12), 3)
    expect(found.EDA_Tonic_Slope).toBeCloseTo(1, 5)
    expect(found.EDA_Driver_Mean).toBeCloseTo(0.25, 6)
    expect(found.EDA_Driver_Area).toBeCloseTo(0.25 * SECONDS, 4)
    expect(found.EDA_Min).toBeCloseTo(4, 6)
    expect(found.EDA_Range).toBeCloseTo(found.EDA_Max! - found.EDA_Min!, 5)
    expect(found.EDA_SympatheticN).toBeGreaterThan(0)
    expect(found.EDA_SympatheticN).toBeLessThan(1)
  })

  it('scale with the unit where they have one, and not where they have none', () => {
    const input = { ...twoResponses(), unit: 'unknown' }
    const thousand: FeatureInput = {
      ...input,
      samples: Float64Array.from(input.samples, (x) => 1000 * x),
      mean: 1000 * MEAN,
      std: 1000 * STD,
    }
    const [small, large] = [named(input), named(thousand)]
    for (const name of ['EDA_SD', 'SCR_Peaks_Amplitude_Sum', 'EDA_Tonic_Slope', 'EDA_Driver_Area', 'EDA_Slope'])
      expect(large[name]! / small[name]!, name).toBeCloseTo(1000, 2)
    for (const name of ['EDA_Sympathetic', 'EDA_Power_0.1_0.2'])
      expect(large[name]! / small[name]! / 1e6, name).toBeCloseTo(1, 4)
    for (const name of ['SCR_Peaks_N', 'SCR_RiseTime_Mean', 'EDA_Skewness', 'EDA_Kurtosis', 'EDA_SympatheticN'])
      expect(large[name], name).toBeCloseTo(small[name]!, 4)
  })

  it.each<[string, Partial<FeatureInput>]>([
    ['constant', { samples: new Float64Array(480).fill(3), std: 0 }],
    [
      'of a unit in which it is enormous',
      { std: 1e60, mean: 1e60, samples: new Float64Array(480).map((_, i) => 1e60 * Math.sin(i)) },
    ],
    ['sampled too slowly for any band', { sampleRate: 0.01 }],
  ])('are finite for a recording that is %s', (_, change) => {
    const features = trialFeatures({ ...twoResponses(), ...change })
    expect(features).toHaveLength(EDA_FEATURES.length)
    expect([...features].filter((value) => !Number.isFinite(value))).toEqual([])
  })

  it('are 0 for responses where there are none', () => {
    const flat = new Float64Array(480)
    const found = named({ ...twoResponses(), parts: { tonic: flat, phasic: flat, driver: flat } })
    expect(found).toMatchObject({ SCR_Peaks_N: 0, SCR_Rate: 0, SCR_Peaks_Amplitude_Mean: 0, SCR_RiseTime_Mean: 0 })
  })
})

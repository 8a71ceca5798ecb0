import { describe, expect, it } from 'vitest'
import {
  edaFeatures,
  eventColumns,
  inOwnUnit,
  SAMPLE_COLUMNS,
  sampleColumns,
  type DecomposedEda,
} from '../../src/recording/tables.ts'
import { splitAtGaps } from '../../src/signal/gaps.ts'
import { zscore } from '../../src/signal/normalize.ts'
import type { ScrEvent } from '../../src/recording/responses.ts'

describe('inOwnUnit', () => {
  const recorded = [5, 6, NaN, 8, 9, NaN, NaN, NaN, 3, 2, 4]
  const parts = splitAtGaps(recorded, 2, 'a')
  const { mean, std } = zscore([5, 6, 7, 8, 9, 3, 2, 4])
  const found = parts.map(({ samples }) => ({
    tonic: samples.map((value) => (0.4 * (value - mean)) / std),
    phasic: samples.map((value) => (0.5 * (value - mean)) / std),
    driver: samples.map((_, i) => i),
  }))
  const whole = inOwnUnit(recorded, 2, parts, found, { mean, std })

  it('adds up to the recording in its unit, and misses what the long gaps miss', () => {
    expect([...whole.eda]).toEqual([5, 6, 7, 8, 9, NaN, NaN, NaN, 3, 2, 4])
    for (let i = 0; i < recorded.length; i++) {
      const sum = whole.tonic[i]! + whole.phasic[i]! + whole.residual[i]!
      if (i >= 5 && i < 8) expect([sum, whole.driver[i]]).toEqual([NaN, NaN])
      else expect(sum).toBeCloseTo(whole.eda[i]!, 14)
    }
  })

  it('leaves what lies in no part as it was recorded', () => {
    const alone = inOwnUnit(recorded, 2, parts.slice(1), found.slice(1), { mean, std })
    expect([...alone.eda.slice(0, 5)]).toEqual([5, 6, NaN, 8, 9])
    expect([...alone.tonic.slice(0, 5)]).toEqual([NaN, NaN, NaN, NaN, NaN])
  })

  it('gives the level to the tonic part and scales the others', () => {
    expect(whole.tonic[0]).toBeCloseTo(mean + 0.4 * (5 - mean), 14)
    expect(whole.phasic[8]).toBeCloseTo(0.5 * (3 - mean), 14)
    expect(whole.driver[10]).toBeCloseTo(2 * std, 14)
  })
})

const event = (onset: number, peak: number, recovery: number): ScrEvent => ({
  onset,
  peak,
  recovery,
  height: 3,
  amplitude: peak,
  riseTime: (peak - onset) / 4,
  recoveryTime: (recovery - peak) / 4,
  driverArea: 1.5,
  doubt: '',
})
const events = [event(2, 4, 7), event(8, 10, NaN)]
const ramp: DecomposedEda = {
  sampleRate: 4,
  eda: Float64Array.from({ length: 12 }, (_, i) => i),
  tonic: Float64Array.from({ length: 12 }, (_, i) => 1 + i / 4),
  phasic: new Float64Array(12),
  driver: new Float64Array(12).fill(2),
  residual: new Float64Array(12),
}

describe('the tables', () => {
  it("have a row a sample in NeuroKit2's layout: marks, and values in the rows of peak and recovery", () => {
    const columns = sampleColumns(ramp, events)
    expect(Object.keys(columns)).toEqual(SAMPLE_COLUMNS)
    expect(SAMPLE_COLUMNS).toEqual([
      'time_s',
      'EDA_Raw',
      'EDA_Tonic',
      'EDA_Phasic',
      'EDA_Driver',
      'EDA_Residual',
      'SCR_Onsets',
      'SCR_Peaks',
      'SCR_Height',
      'SCR_Amplitude',
      'SCR_RiseTime',
      'SCR_Recovery',
      'SCR_RecoveryTime',
    ])
    const filled = (name: string) => [...(columns[name] as Float64Array).entries()].filter(([, value]) => value !== 0)
    expect(filled('SCR_Onsets')).toEqual([
      [2, 1],
      [8, 1],
    ])
    expect(filled('SCR_Peaks')).toEqual([
      [4, 1],
      [10, 1],
    ])
    expect(filled('SCR_Height')).toEqual([
      [4, 3],
      [10, 3],
    ])
    expect(filled('SCR_Amplitude')).toEqual([
      [4, 4],
      [10, 10],
    ])
    expect(filled('SCR_RiseTime')).toEqual([
      [4, 0.5],
      [10, 0.5],
    ])
    expect(filled('SCR_Recovery')).toEqual([[7, 1]])
    expect(filled('SCR_RecoveryTime')).toEqual([[7, 0.75]])
    expect(columns['time_s']?.at(-1)).toBe(2.75)
  })

  it('have a row a response', () => {
    const columns = eventColumns(events)
    expect(columns).toMatchObject({
      SCR_Onsets: Float64Array.of(2, 8),
      SCR_Recovery: Float64Array.of(7, NaN),
      SCR_DriverArea: Float64Array.of(1.5, 1.5),
    })
    expect(Object.values(eventColumns([])).map(({ length }) => length)).toEqual(new Array(8).fill(0))
  })
})

describe('edaFeatures', () => {
  it("gives level, slope per minute, rate per minute and the driver's area", () => {
    expect(edaFeatures(ramp, events)).toEqual({
      EDA_Tonic_Mean: 2.375,
      EDA_Tonic_Slope: expect.closeTo(60),
      SCR_Peaks_N: 2,
      SCR_Rate: 40,
      SCR_Peaks_Amplitude_Mean: 7,
      SCR_RiseTime_Mean: 0.5,
      SCR_RecoveryTime_Mean: 0.75,
      EDA_Driver_Area: 6,
    })
  })

  it('counts gaps for nothing', () => {
    const gap = (x: Float64Array) => x.map((value, i) => (i >= 3 && i < 9 ? NaN : value))
    const features = edaFeatures({ ...ramp, tonic: gap(ramp.tonic), driver: gap(ramp.driver) }, events)
    expect(features).toMatchObject({ EDA_Tonic_Slope: expect.closeTo(60) as number, SCR_Rate: 80, EDA_Driver_Area: 3 })
  })

  it('counts excluded samples for nothing, and no response in doubt', () => {
    const excluded = Uint8Array.from({ length: 12 }, (_, i) => (i >= 3 && i < 9 ? 1 : 0))
    const doubted = { ...event(1, 2, 3), doubt: 'slow rise' as const }
    expect(edaFeatures(ramp, [...events, doubted], excluded)).toMatchObject({
      EDA_Tonic_Mean: expect.closeTo((1 + 1.25 + 1.5 + 3.25 + 3.5 + 3.75) / 6) as number,
      EDA_Tonic_Slope: expect.closeTo(60) as number,
      SCR_Peaks_N: 2,
      SCR_Rate: 80,
      SCR_Peaks_Amplitude_Mean: 7,
      EDA_Driver_Area: 3,
    })
    expect([...sampleColumns(ramp, [doubted])['SCR_Peaks']!]).toEqual([...new Float64Array(12)])
    expect([...eventColumns([doubted]).SCR_Peaks]).toEqual([2])
  })

  it('has no mean of no responses', () => {
    expect(edaFeatures(ramp, [])).toMatchObject({
      SCR_Peaks_N: 0,
      SCR_Rate: 0,
      SCR_Peaks_Amplitude_Mean: NaN,
      SCR_RecoveryTime_Mean: NaN,
    })
  })
})

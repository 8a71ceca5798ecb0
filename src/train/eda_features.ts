// A trial's skin conductance in a fixed list of numbers: what baselines without a network learn from (docs/eda_features.md).
import { eventsOf } from '../recording/analyse.ts'
import { scrEvents } from '../recording/responses.ts'
import { countedOf, edaFeatures, inOwnUnit, type DecomposedPart } from '../recording/tables.ts'
import { noiseFloor, usualFloor } from '../recording/threshold.ts'
import { bandPowers, type Band } from '../signal/band_power.ts'
import { moments } from '../signal/moments.ts'

/** Name of the list; another list, or another way to compute one of it, has another number. */
export const EDA_FEATURE_SET = 'eda-features/1'

/** The fields of `values`, in their order. */
export const EDA_FEATURES = [
  ...(['EDA_Tonic_Mean', 'EDA_Tonic_SD', 'EDA_Tonic_Slope'] as const),
  ...(['SCR_Peaks_N', 'SCR_Rate', 'SCR_Peaks_Amplitude_Mean', 'SCR_Peaks_Amplitude_Sum', 'SCR_RiseTime_Mean'] as const),
  ...(['EDA_Driver_Area', 'EDA_Driver_Mean', 'EDA_Phasic_SD'] as const),
  ...(['EDA_Sympathetic', 'EDA_SympatheticN'] as const),
  ...(['EDA_Power_0.0_0.1', 'EDA_Power_0.1_0.2', 'EDA_Power_0.2_0.3', 'EDA_Power_0.3_0.4'] as const),
  'EDA_Power_0.4_0.5',
  ...(['EDA_Mean', 'EDA_SD', 'EDA_Min', 'EDA_Max', 'EDA_Range', 'EDA_Skewness', 'EDA_Kurtosis'] as const),
  ...(['EDA_Slope', 'EDA_MeanAbsoluteDifference'] as const),
] as const
type EdaFeature = (typeof EDA_FEATURES)[number]

/** Where sympathetic activity shows in skin conductance, Hz (Posada-Quintero et al., Annals of Biomedical Engineering 44, 2016). */
const SYMPATHETIC: Band = { low: 0.045, high: 0.25 }
const TENTHS: readonly Band[] = [0, 1, 2, 3, 4].map((k) => ({ low: k / 10, high: (k + 1) / 10 }))
const WHOLE: Band = { low: 0, high: 0.5 }

const LARGEST_FLOAT32 = 3.4028234663852886e38

/** A whole trial, before anything is cut from it: level counts, so nothing is z-scored but what was decomposed. */
export interface FeatureInput {
  /** [n] in `unit`, gaps filled. */
  samples: ArrayLike<number>
  /** Hz. */
  sampleRate: number
  unit: string
  /** Parts of (samples - mean) / std, [n] each. */
  parts: DecomposedPart
  mean: number
  std: number
}

/**
 * [EDA_FEATURES.length], all finite: what is not defined is 0 (a mean over no responses, the shape of a constant signal, the power of a band
 * that the duration or the rate cannot tell), and what float32 cannot hold is its largest number.
 */
export function trialFeatures({ samples, sampleRate, unit, parts, mean, std }: FeatureInput): Float32Array {
  const all = { start: 0, samples: Float64Array.from(samples), filled: 0 }
  const decomposed = inOwnUnit(samples, sampleRate, [all], [parts], { mean, std })
  const { eda, tonic, phasic, driver } = decomposed
  const floor = Math.max(usualFloor(unit), noiseFloor(eda, sampleRate, std))
  const { events } = eventsOf(decomposed, floor, scrEvents)
  const known = edaFeatures(decomposed, events)
  const [trace, level, drive] = [moments(eda), moments(tonic), moments(driver)]
  const [sympathetic, whole, ...tenths] = bandPowers(eda, sampleRate, [SYMPATHETIC, WHOLE, ...TENTHS]) as [
    number,
    number,
    ...number[],
  ]
  const perMinute = sampleRate * 60
  const values: Record<EdaFeature, number> = {
    EDA_Tonic_Mean: level.mean,
    EDA_Tonic_SD: level.sd,
    EDA_Tonic_Slope: level.slope * perMinute,
    SCR_Peaks_N: known.SCR_Peaks_N,
    SCR_Rate: known.SCR_Rate,
    SCR_Peaks_Amplitude_Mean: known.SCR_Peaks_Amplitude_Mean,
    SCR_Peaks_Amplitude_Sum: countedOf(events).reduce((sum, { amplitude }) => sum + amplitude, 0),
    SCR_RiseTime_Mean: known.SCR_RiseTime_Mean,
    EDA_Driver_Area: known.EDA_Driver_Area,
    EDA_Driver_Mean: drive.mean,
    EDA_Phasic_SD: moments(phasic).sd,
    EDA_Sympathetic: sympathetic,
    EDA_SympatheticN: sympathetic / whole,
    'EDA_Power_0.0_0.1': tenths[0]!,
    'EDA_Power_0.1_0.2': tenths[1]!,
    'EDA_Power_0.2_0.3': tenths[2]!,
    'EDA_Power_0.3_0.4': tenths[3]!,
    'EDA_Power_0.4_0.5': tenths[4]!,
    EDA_Mean: trace.mean,
    EDA_SD: trace.sd,
    EDA_Min: trace.min,
    EDA_Max: trace.max,
    EDA_Range: trace.max - trace.min,
    EDA_Skewness: trace.skewness,
    EDA_Kurtosis: trace.kurtosis,
    EDA_Slope: trace.slope * perMinute,
    EDA_MeanAbsoluteDifference: trace.meanAbsoluteDifference,
  }
  return Float32Array.from(EDA_FEATURES, (name) => bounded(values[name]))
}

const bounded = (value: number): number =>
  Number.isNaN(value) ? 0 : Math.max(-LARGEST_FLOAT32, Math.min(LARGEST_FLOAT32, value))

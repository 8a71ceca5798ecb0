// A decomposed recording in its own unit, and its tables under NeuroKit2's column names, so that results can be joined.

import type { Part } from '../signal/gaps.ts'
import type { ScrEvent } from './responses.ts'

/** Every array is [samples], NaN in long gaps (all but `eda` also where too little lies between two), in the unit of the recording: eda = tonic + phasic + residual. */
export interface DecomposedEda {
  /** Hz. */
  sampleRate: number
  /** As recorded, short gaps filled. */
  eda: Float64Array
  tonic: Float64Array
  phasic: Float64Array
  /** In the unit per second. */
  driver: Float64Array
  residual: Float64Array
}

/** What a decomposition of one part says of it, [samples of the part]. */
export interface DecomposedPart {
  tonic: ArrayLike<number>
  phasic: ArrayLike<number>
  driver: ArrayLike<number>
}

/**
 * Puts the decomposed parts of a recording in their places and back into its unit: `found[i]` is of
 * (parts[i].samples - mean) / std. What lies in no part stays as it was recorded, without a decomposition.
 */
export function inOwnUnit(
  recorded: ArrayLike<number>,
  sampleRate: number,
  parts: readonly Part[],
  found: readonly DecomposedPart[],
  { mean, std }: { mean: number; std: number },
): DecomposedEda {
  const empty = (): Float64Array => new Float64Array(recorded.length).fill(NaN)
  const whole: DecomposedEda = {
    sampleRate,
    eda: Float64Array.from(recorded),
    tonic: empty(),
    phasic: empty(),
    driver: empty(),
    residual: empty(),
  }
  parts.forEach(({ start, samples }, index) => {
    const { tonic, phasic, driver } = found[index]!
    for (let i = 0, at = start; i < samples.length; i++, at++) {
      if (Number.isNaN(whole.eda[at])) whole.eda[at] = samples[i]!
      whole.tonic[at] = tonic[i]! * std + mean
      whole.phasic[at] = phasic[i]! * std
      whole.driver[at] = driver[i]! * std
      whole.residual[at] = whole.eda[at]! - whole.tonic[at]! - whole.phasic[at]!
    }
  })
  return whole
}

/** Named columns of equal length. */
export type Columns = Readonly<Record<string, Float64Array>>

/** A column that is read value by value; typed arrays are some. */
export interface Column {
  readonly length: number
  at(row: number): number | undefined
}

/** Columns of the table of samples, in its order. */
export const SAMPLE_COLUMNS = [
  ...(['time_s', 'EDA_Raw', 'EDA_Tonic', 'EDA_Phasic', 'EDA_Driver', 'EDA_Residual'] as const),
  ...(['SCR_Onsets', 'SCR_Peaks', 'SCR_Height', 'SCR_Amplitude', 'SCR_RiseTime', 'SCR_Recovery'] as const),
  'SCR_RecoveryTime',
] as const
/** A column of the table of samples. */
export type SampleColumn = (typeof SAMPLE_COLUMNS)[number]

/**
 * One row a sample: time in seconds, the parts, and the responses as marks (0 or 1) in their rows. Height, amplitude and
 * rise time stand in the row of the peak, the recovery time in that of the recovery; other rows are 0. What is nearly all zeros takes no
 * memory for them.
 */
export function sampleTable(
  decomposed: DecomposedEda,
  events: readonly ScrEvent[],
): Readonly<Record<SampleColumn, Column>> {
  const { sampleRate, eda, tonic, phasic, driver, residual } = decomposed
  const { length } = eda
  const counted = countedOf(events)
  const marks = (row: 'onset' | 'peak' | 'recovery', value: (event: ScrEvent) => number): Column => {
    const marked = counted.filter((event) => Number.isFinite(event[row]))
    const values = new Map(marked.map((event) => [event[row], value(event)]))
    return { length, at: (i) => values.get(i) ?? 0 }
  }
  return {
    time_s: { length, at: (i) => i / sampleRate },
    EDA_Raw: eda,
    EDA_Tonic: tonic,
    EDA_Phasic: phasic,
    EDA_Driver: driver,
    EDA_Residual: residual,
    SCR_Onsets: marks('onset', () => 1),
    SCR_Peaks: marks('peak', () => 1),
    SCR_Height: marks('peak', ({ height }) => height),
    SCR_Amplitude: marks('peak', ({ amplitude }) => amplitude),
    SCR_RiseTime: marks('peak', ({ riseTime }) => riseTime),
    SCR_Recovery: marks('recovery', () => 1),
    SCR_RecoveryTime: marks('recovery', ({ recoveryTime }) => recoveryTime),
  }
}

/** The same with every column an array, [samples]. */
export const sampleColumns = (decomposed: DecomposedEda, events: readonly ScrEvent[]): Columns =>
  Object.fromEntries(
    Object.entries(sampleTable(decomposed, events)).map(([name, column]) => [
      name,
      column instanceof Float64Array ? column : Float64Array.from({ length: column.length }, (_, i) => column.at(i)!),
    ]),
  )

/** One row a response; onsets, peaks and recoveries are sample numbers from 0, NaN where there is none. */
export function eventColumns(events: readonly ScrEvent[]) {
  const column = (field: Exclude<keyof ScrEvent, 'doubt'>): Float64Array =>
    Float64Array.from(events, (event) => event[field])
  return {
    SCR_Onsets: column('onset'),
    SCR_Peaks: column('peak'),
    SCR_Height: column('height'),
    SCR_Amplitude: column('amplitude'),
    SCR_RiseTime: column('riseTime'),
    SCR_Recovery: column('recovery'),
    SCR_RecoveryTime: column('recoveryTime'),
    SCR_DriverArea: column('driverArea'),
  } satisfies Columns
}

/** NaN where a mean has nothing to average. */
export interface EdaFeatures {
  /** Skin conductance level: mean of the tonic part, and its least-squares slope per minute. */
  EDA_Tonic_Mean: number
  EDA_Tonic_Slope: number
  SCR_Peaks_N: number
  /** Responses per minute of signal. */
  SCR_Rate: number
  SCR_Peaks_Amplitude_Mean: number
  /** Seconds. */
  SCR_RiseTime_Mean: number
  SCR_RecoveryTime_Mean: number
  /** Integral of the driver over the recording. */
  EDA_Driver_Area: number
}

/** The recording in a few numbers, in its own unit; gaps, excluded samples ([n], not 0 there) and responses in doubt count for nothing. */
export function edaFeatures(
  { sampleRate, tonic, driver }: Pick<DecomposedEda, 'sampleRate' | 'tonic' | 'driver'>,
  events: readonly ScrEvent[],
  excluded?: ArrayLike<number>,
): EdaFeatures {
  const kept = (x: Float64Array): Float64Array => (excluded ? x.map((value, i) => (excluded[i] ? NaN : value)) : x)
  const [level, drive] = [kept(tonic), kept(driver)]
  const present = level.filter((value) => !Number.isNaN(value)).length
  const counted = countedOf(events)
  return {
    EDA_Tonic_Mean: mean(level),
    EDA_Tonic_Slope: slope(level) * sampleRate * 60,
    SCR_Peaks_N: counted.length,
    SCR_Rate: (counted.length / present) * sampleRate * 60,
    SCR_Peaks_Amplitude_Mean: mean(counted.map(({ amplitude }) => amplitude)),
    SCR_RiseTime_Mean: mean(counted.map(({ riseTime }) => riseTime)),
    SCR_RecoveryTime_Mean: mean(counted.map(({ recoveryTime }) => recoveryTime)),
    EDA_Driver_Area: (mean(drive) * present) / sampleRate,
  }
}

/** The responses without a doubt. */
export const countedOf = (events: readonly ScrEvent[]): ScrEvent[] => events.filter(({ doubt }) => doubt === '')

/** Mean of the values that are not NaN; NaN if there is none. */
function mean(x: ArrayLike<number>): number {
  let [sum, count] = [0, 0]
  for (let i = 0; i < x.length; i++) {
    if (Number.isNaN(x[i])) continue
    sum += x[i]!
    count++
  }
  return sum / count
}

/** Least-squares slope per sample over the values that are not NaN; NaN for fewer than two. */
function slope(x: ArrayLike<number>): number {
  const level = mean(x)
  const centre = mean(Float64Array.from(x, (value, i) => (Number.isNaN(value) ? NaN : i)))
  let [products, squares] = [0, 0]
  for (let i = 0; i < x.length; i++) {
    if (Number.isNaN(x[i])) continue
    products += (i - centre) * (x[i]! - level)
    squares += (i - centre) ** 2
  }
  return products / squares
}

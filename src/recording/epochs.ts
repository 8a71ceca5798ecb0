// What a recording does around events, and during intervals: a row each, named as in NeuroKit2 (`eda_eventrelated`, `eda_intervalrelated`).
import type { Marker, Recording } from '../reading/recording.ts'
import { excludedSamples } from '../signal/quality.ts'
import type { Analysis } from './analyse.ts'
import { countedOf, edaFeatures } from './tables.ts'

/** Around which events, and from how many seconds before (negative) to how many after. */
export interface EpochOptions {
  from: number
  to: number
  /** Default: the markers of the recording itself. */
  events?: readonly Marker[]
}

/** What to know of the events before the tables around them are used, a sentence each. */
export function eventNotes(
  { eda, sampleRate, sinceScan = 0, markers = [] }: Recording,
  { events }: EpochOptions,
): string[] {
  const seconds = eda.length / sampleRate
  const all = events ?? markers
  const outside = all.filter((event) => event.seconds < 0 || event.seconds >= seconds).length
  const notes: string[] = []
  if (events && sinceScan !== 0)
    notes.push(
      `the onsets of the given events were counted from the first sample; those of an events.tsv of BIDS count from the first scan, ${round(Math.abs(sinceScan))} s ${sinceScan < 0 ? 'later' : 'earlier'}: for these leave --events-file out and give --epochs alone, or take StartTime off them`,
    )
  if (outside > 0)
    notes.push(
      `${outside} of ${all.length} events ${outside === 1 ? 'has its onset' : 'have their onsets'} outside of the recording, which lasts ${round(seconds)} s; their rows are empty or lack a part`,
    )
  return notes
}

const round = (seconds: number): number => Number(seconds.toFixed(3))

type Analysed = Pick<Analysis, 'signals' | 'events' | 'quality'>

/** Named cells of a row. */
export type Row = Readonly<Record<string, string | number>>

/**
 * A row an event. The response is the first that begins behind the event and within the epoch. `SCR_Magnitude` is its amplitude, 0 where
 * there is none; it is NaN where there is none but some of the time is left out or lies outside the recording.
 */
export function eventRelated(analysis: Analysed, events: readonly Marker[], from: number, to: number): Row[] {
  const { sampleRate, phasic, tonic } = analysis.signals
  const excluded = excludedSamples(analysis.quality, tonic.length)
  const counted = countedOf(analysis.events)
  return events.map(({ seconds, label }) => {
    const [first, zero, end] = [seconds + from, seconds, seconds + to].map((at) => Math.round(at * sampleRate))
    const behind = stretchOf(tonic, excluded, zero!, end!)
    const before = stretchOf(tonic, excluded, first!, zero!)
    const response = counted.find(({ onset }) => onset >= zero! && onset < end!)
    const unseen = behind.leftOut > 0 ? NaN : 0
    return {
      Label: label,
      Event_Onset: seconds,
      EDA_Left_Out: behind.leftOut,
      EDA_Tonic_Baseline: mean(before.kept.map((i) => tonic[i]!)),
      EDA_Peak_Amplitude: behind.kept.reduce(
        (most, i) => Math.max(most, phasic[i]!),
        behind.kept.length ? -Infinity : NaN,
      ),
      EDA_SCR: response ? 1 : unseen,
      SCR_Peak_Amplitude: response?.amplitude ?? NaN,
      SCR_Peak_Amplitude_Time: response ? response.peak / sampleRate - seconds : NaN,
      SCR_RiseTime: response?.riseTime ?? NaN,
      SCR_RecoveryTime: response?.recoveryTime ?? NaN,
      SCR_Magnitude: response?.amplitude ?? unseen,
    }
  })
}

/** A row an event that lasts: the features of what lies in it, as `edaFeatures` has them of the whole, and `EDA_Tonic_SD`. */
export function intervalRelated(analysis: Analysed, events: readonly Marker[]): Row[] {
  const { sampleRate, tonic, driver } = analysis.signals
  const excluded = excludedSamples(analysis.quality, tonic.length)
  return events
    .filter(({ duration }) => duration > 0)
    .map(({ seconds, duration, label }) => {
      const [from, to] = [seconds, seconds + duration].map((at) => Math.round(at * sampleRate)) as [number, number]
      const { kept, leftOut } = stretchOf(tonic, excluded, from, to)
      const cut = <T extends Float64Array | Uint8Array>(x: T): T => x.subarray(Math.max(0, from), Math.max(0, to)) as T
      const inside = analysis.events.filter(({ onset }) => onset >= from && onset < to)
      const levels = kept.map((i) => tonic[i]!)
      const level = mean(levels)
      return {
        Label: label,
        Event_Onset: seconds,
        Duration: duration,
        EDA_Left_Out: leftOut,
        ...edaFeatures({ sampleRate, tonic: cut(tonic), driver: cut(driver) }, inside, cut(excluded)),
        EDA_Tonic_SD: Math.sqrt(mean(levels.map((value) => (value - level) ** 2))),
      }
    })
}

/** The samples of [from, to) that were decomposed and are not left out, and the share of all that are not. */
function stretchOf(
  tonic: Float64Array,
  excluded: Uint8Array,
  from: number,
  to: number,
): { kept: number[]; leftOut: number } {
  const kept: number[] = []
  for (let i = Math.max(0, from); i < Math.min(to, tonic.length); i++) {
    if (excluded[i] === 0 && !Number.isNaN(tonic[i])) kept.push(i)
  }
  return { kept, leftOut: 1 - kept.length / (to - from) }
}

const mean = (x: readonly number[]): number => x.reduce((sum, value) => sum + value, 0) / x.length

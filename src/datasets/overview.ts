// What a dataset is, counted while its trials pass by: of each, all but its samples is kept.
import { quantile } from '../signal/noise.ts'
import { rangeOf } from '../signal/quality.ts'
import type { Trial } from './trial.ts'
import { QUALITY_FLAGS, trialQuality, type QualityFlag, type TrialQuality } from './trial_quality.ts'

/** A trial without its samples and its features, and what they were like. */
export interface TrialFacts extends Omit<Trial, 'eda' | 'music'> {
  samples: number
  /** Median of the samples, of two middle ones the lower, in the trial's unit; NaN if all are missing. */
  level: number
  /** A value is below 0. */
  belowZero: boolean
  withMusic: boolean
  quality: TrialQuality
}

/** What `prepare` and `inspect` print of a set of trials. */
export interface DataSummary {
  trials: number
  subjects: number
  stimuli: number
  /** Trials with ratings of the person. */
  rated: number
  withMusic: number
  /** Hz, ascending. */
  sampleRates: number[]
  units: string[]
  seconds: { least: number; median: number; most: number; total: number }
  /** Median of the trials' median samples, in their unit; null without any sample. */
  level: number | null
  /** Trials with values below 0, which no conductance has. */
  belowZero: number
  /** Shares of all samples (`TrialQuality`). */
  missing: number
  zero: number
  flat: number
  clipped: number
  /** Trials with each of the flags. */
  flagged: Record<QualityFlag, number>
}

/** Adds trials up one by one: counts, lengths and signal quality as recorded. */
export class Overview {
  readonly #trials: TrialFacts[] = []

  /** The trial's samples are looked at and not kept. */
  add({ eda, music, ...rest }: Trial): void {
    this.#trials.push({
      ...rest,
      samples: eda.length,
      level: eda.every(Number.isNaN) ? NaN : quantile(eda, 0.5),
      belowZero: rangeOf(eda)[0] < 0,
      withMusic: music !== undefined,
      quality: trialQuality({ eda, sampleRate: rest.sampleRate }),
    })
  }

  /** What was added, in order. */
  get trials(): readonly TrialFacts[] {
    return this.#trials
  }

  summary(): DataSummary {
    const trials = this.#trials
    const seconds = sorted(trials.map(({ samples, sampleRate }) => samples / sampleRate))
    const samples = sum(trials.map((trial) => trial.samples))
    const share = (of: (quality: TrialQuality) => number): number =>
      samples > 0 ? sum(trials.map((trial) => of(trial.quality) * trial.samples)) / samples : 0
    const count = (is: (trial: TrialFacts) => boolean): number => trials.filter(is).length
    const level = middle(sorted(trials.map((trial) => trial.level).filter((value) => !Number.isNaN(value))))
    return {
      trials: trials.length,
      subjects: new Set(trials.map((trial) => trial.subject)).size,
      stimuli: new Set(trials.map((trial) => trial.stimulus)).size,
      rated: count(({ ratings }) => ratings !== undefined),
      withMusic: count(({ withMusic }) => withMusic),
      sampleRates: [...new Set(trials.map((trial) => trial.sampleRate))].sort((a, b) => a - b),
      units: [...new Set(trials.map((trial) => trial.unit))],
      seconds: {
        least: seconds[0] ?? 0,
        median: seconds.length ? middle(seconds) : 0,
        most: seconds.at(-1) ?? 0,
        total: sum(seconds),
      },
      level: Number.isNaN(level) ? null : level,
      belowZero: count((trial) => trial.belowZero),
      missing: share(({ missing }) => missing),
      zero: share(({ zero }) => zero),
      flat: share(({ flat }) => flat),
      clipped: share(({ clipped }) => clipped),
      flagged: Object.fromEntries(
        QUALITY_FLAGS.map((flag) => [flag, count(({ quality }) => quality.flags.includes(flag))]),
      ) as Record<QualityFlag, number>,
    }
  }
}

const sorted = (values: readonly number[]): Float64Array => Float64Array.from(values).sort()

const sum = (values: Iterable<number>): number => {
  let total = 0
  for (const value of values) total += value
  return total
}

/** The middle of sorted values, the mean of the two where there are two; NaN of none. */
function middle(values: Float64Array): number {
  const half = values.length >> 1
  return values.length % 2 ? values[half]! : (values[half - 1]! + values[half]!) / 2
}

import { signalQuality } from '../signal/quality.ts'
import type { Trial } from './trial.ts'

/** What `prepare` prints of a set of trials. Shares are of all samples. */
export interface DataSummary {
  trials: number
  subjects: number
  stimuli: number
  rated: number
  withMusic: number
  sampleRates: number[]
  units: string[]
  seconds: { least: number; median: number; most: number; total: number }
  /** Median of all samples, in the trials' unit. */
  level: number
  missing: number
  zero: number
  /** In runs of one value of at least 5 s (`signalQuality`). */
  flat: number
}

/** Counts, lengths and signal quality of trials as recorded. */
export function summarise(trials: readonly Trial[]): DataSummary {
  const seconds = Float64Array.from(trials, (trial) => trial.eda.length / trial.sampleRate).sort()
  const total = trials.reduce((sum, trial) => sum + trial.eda.length, 0)
  const present = new Float64Array(total)
  let [count, zero, flat] = [0, 0, 0]
  for (const { eda, sampleRate } of trials) {
    flat += signalQuality(eda, sampleRate).flat * eda.length
    for (const value of eda) {
      if (Number.isNaN(value)) continue
      present[count++] = value
      if (value === 0) zero++
    }
  }
  const share = (samples: number): number => (total ? samples / total : 0)
  return {
    trials: trials.length,
    subjects: new Set(trials.map((trial) => trial.subject)).size,
    stimuli: new Set(trials.map((trial) => trial.stimulus)).size,
    rated: trials.filter((trial) => trial.ratings).length,
    withMusic: trials.filter((trial) => trial.music).length,
    sampleRates: [...new Set(trials.map((trial) => trial.sampleRate))].sort((a, b) => a - b),
    units: [...new Set(trials.map((trial) => trial.unit))],
    seconds: {
      least: seconds[0] ?? 0,
      median: middle(seconds),
      most: seconds.at(-1) ?? 0,
      total: seconds.reduce((sum, value) => sum + value, 0),
    },
    level: middle(present.subarray(0, count).sort()),
    missing: share(total - count),
    zero: share(zero),
    flat: share(flat),
  }
}

const middle = (sorted: Float64Array): number => sorted[sorted.length >> 1] ?? NaN

// What `galvani bench cvxeda` says of its own rounds, on an adapter or on the CPU, under the names of the JSON document.
import { largestOf } from '../src/signal/extremes.ts'
import type { CvxedaRun } from './cvxeda.ts'
import { median, timingOf } from './timing.ts'

export interface RunFigures {
  /** Wall time of a call over the number of signals, over the rounds. */
  ms_per_signal_median: number
  ms_per_signal_min: number
  /** (largest - least) / median of the rounds. */
  spread: number
  /** The whole first call, which compiles the kernels, or starts the threads. */
  first_call_ms: number
  /** Median and most of the signals. */
  iterations: number
  iterations_max: number
  /** Every signal is solved, or trivial. */
  converged: boolean
  /** Median of the Python reference over ours, per signal. */
  speedup: number
}

export function runFigures({ rounds, results, firstCall }: CvxedaRun, referenceMilliseconds: number): RunFigures {
  const { median: ms, min, spread } = timingOf(rounds.map((total) => total / results.length))
  const iterations = results.map((result) => result.iterations)
  return {
    ...{ ms_per_signal_median: ms, ms_per_signal_min: min, spread, first_call_ms: firstCall },
    ...{ iterations: median(iterations), iterations_max: largestOf(iterations, 0) },
    converged: results.every(({ status }) => status === 'solved' || status === 'trivial'),
    speedup: referenceMilliseconds / ms,
  }
}

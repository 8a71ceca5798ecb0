// The figures of the float64 solver in `galvani bench cvxeda`, beside those of an adapter or alone.
import { agreementOf, type Agreement, type CvxedaRun } from './cvxeda.ts'
import type { MeasuredReference } from './cvxeda_result.ts'
import { median, timingOf } from './timing.ts'

/** Under the names of the JSON document; times as of an adapter. */
export interface CpuResult {
  /** Threads that decompose. */
  workers: number
  ms_per_signal_median: number
  ms_per_signal_min: number
  spread: number
  /** The whole first call, which starts the threads. */
  first_call_ms: number
  iterations: number
  iterations_max: number
  /** Every signal is solved, or trivial. */
  converged: boolean
  /** Median of the Python reference over ours, per signal. */
  speedup: number
  /** With the reference, where it was run. */
  agreement?: Agreement
}

export function cpuResult(
  workers: number,
  run: CvxedaRun,
  referenceMilliseconds: number,
  reference: MeasuredReference | null,
): CpuResult {
  const { median: ms, min, spread } = timingOf(run.rounds.map((total) => total / run.results.length))
  const iterations = run.results.map((result) => result.iterations)
  return {
    ...{ workers, ms_per_signal_median: ms, ms_per_signal_min: min, spread, first_call_ms: run.firstCall },
    ...{ iterations: median(iterations), iterations_max: Math.max(...iterations) },
    converged: run.results.every(({ status }) => status === 'solved' || status === 'trivial'),
    speedup: referenceMilliseconds / ms,
    ...(reference && { agreement: agreementOf(run.results, reference.parts) }),
  }
}

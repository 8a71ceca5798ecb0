// The figures of the float64 solver in `galvani bench cvxeda`, beside those of an adapter or alone.
import { agreementOf, type Agreement, type CvxedaRun } from './cvxeda.ts'
import type { MeasuredReference } from './cvxeda_result.ts'
import { runFigures, type RunFigures } from './cvxeda_run.ts'

/** Under the names of the JSON document; times as of an adapter. */
export interface CpuResult extends RunFigures {
  /** Threads that decompose. */
  workers: number
  /** With the reference, where it was run. */
  agreement?: Agreement
}

export const cpuResult = (
  workers: number,
  run: CvxedaRun,
  referenceMilliseconds: number,
  reference: MeasuredReference | null,
): CpuResult => ({
  workers,
  ...runFigures(run, referenceMilliseconds),
  ...(reference && { agreement: agreementOf(run.results, reference.parts) }),
})

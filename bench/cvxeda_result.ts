// The figures of `galvani bench cvxeda`, under the names of its JSON document.
import type { Decomposition } from '../src/cvxeda/decomposition.ts'
import type { Form, SolverName } from '../src/cvxeda/solver.ts'
import { agreementOf, type Agreement, type CvxedaRun } from './cvxeda.ts'
import { workOf } from './cvxeda_cost.ts'
import { millisecondsElsewhere, type ReferenceParts } from './cvxeda_reference.ts'
import { runFigures, type RunFigures } from './cvxeda_run.ts'
import { floorMilliseconds, type Probes } from './probes.ts'
import { timingOf } from './timing.ts'

type Status = Decomposition['status']

export interface CvxedaResult extends Probes, RunFigures {
  adapter: string
  solver: SolverName
  /** Form of the interior point. */
  form: Form | null
  signals: number
  n: number
  /** Hz */
  rate: number
  rounds: number
  statuses: Partial<Record<Status, number>>
  /** Counted for a signal of this length and its iterations, on average. */
  flops: number
  bytes: number
  /** What the probes allow for that many flops and bytes: milliseconds a signal. */
  floor_ms: number
  /** Most bytes taken on the device at one time. */
  gpu_peak_bytes: number
  /** Most memory of the whole process. */
  rss_peak_bytes: number
  /** Whether the reference was run in turn with ours; if not, its time for the length is that of another machine. */
  reference: 'measured' | 'figures of another machine'
  reference_ms_per_signal: number
  reference_run?: ReferenceRun
}

export interface ReferenceRun extends Agreement {
  /** The first ones of ours. */
  signals: number
  ms_per_signal_min: number
  versions: Readonly<Record<string, string>>
}

/** What the rounds of the reference, one after each of ours, gave. */
export interface MeasuredReference {
  /** Milliseconds a signal, by round. */
  rounds: readonly number[]
  versions: Readonly<Record<string, string>>
  parts: readonly ReferenceParts[]
}

export interface CvxedaMeasurement {
  adapter: string
  solver: SolverName
  form: Form | null
  n: number
  sampleRate: number
  run: CvxedaRun
  gpuPeakBytes: number
  probes: Probes
  reference: MeasuredReference | null
}

export function cvxedaResult(measured: CvxedaMeasurement): CvxedaResult {
  const { adapter, solver, form, n, run, probes } = measured
  const signals = run.results.length
  const total = workOf(
    form,
    n,
    run.results.map(({ iterations }) => iterations),
  )
  const work = { flops: total.flops / signals, bytes: total.bytes / signals }
  const reference = referenceFigures(measured)
  return {
    ...{ adapter, solver, form, signals, n, rate: measured.sampleRate, rounds: run.rounds.length },
    ...{ ...runFigures(run, reference.reference_ms_per_signal), statuses: statusesOf(run.results) },
    ...{ ...work, floor_ms: floorMilliseconds(probes, work.flops, work.bytes), ...probes },
    ...{ gpu_peak_bytes: measured.gpuPeakBytes, rss_peak_bytes: peakMemory() },
    ...reference,
  }
}

/** Most memory that this process has taken, in bytes. */
export const peakMemory = (): number => 1024 * process.resourceUsage().maxRSS

function statusesOf(results: readonly Decomposition[]): Partial<Record<Status, number>> {
  const counts: Partial<Record<Status, number>> = {}
  for (const { status } of results) counts[status] = (counts[status] ?? 0) + 1
  return counts
}

/** What is said of the reference, run or not. */
export type ReferenceFigures = Pick<CvxedaResult, 'reference' | 'reference_ms_per_signal' | 'reference_run'>

export function referenceFigures({
  reference,
  n,
  run,
}: Pick<CvxedaMeasurement, 'reference' | 'n' | 'run'>): ReferenceFigures {
  if (!reference) return { reference: 'figures of another machine', reference_ms_per_signal: millisecondsElsewhere(n) }
  const { parts, versions } = reference
  const { median: reference_ms_per_signal, min: ms_per_signal_min } = timingOf(reference.rounds)
  const agreement = agreementOf(run.results, parts)
  const reference_run = { signals: parts.length, ms_per_signal_min, ...agreement, versions }
  return { reference: 'measured', reference_ms_per_signal, reference_run }
}

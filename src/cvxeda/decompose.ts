// cvxEDA of any number of signals: checks, scaling, grouping by length and rate, and the read-out in float64.

import { FormatError, NumericError, UsageError } from '../runtime/errors.ts'
import type { Gpu } from '../runtime/gpu.ts'
import { admm } from './admm.ts'
import { float64, type Float64Solution } from './float64.ts'
import { interiorPoint } from './interior_point.ts'
import {
  checkParams,
  createProblem,
  knotsOf,
  objective,
  phasicResponse,
  tonicSignal,
  type BaselineCorrection,
  type Problem,
} from './problem.ts'
import { windowOf } from './tonic.ts'
import type { Form, ScaledSignal, Solution, Solver, SolverHooks, SolverStatus, WarmStart } from './solver.ts'

/** Below this alpha / rms(y) the program is nearly unregularised and float32 convergence means nothing. */
const BADLY_SCALED = 1e-5
/** A signal whose deviation is this small against its largest value is a constant. */
const CONSTANT = 1e-6

/** Solvers on the GPU; see `DecomposeOptions.solver`. */
export const SOLVERS = ['interior-point', 'admm'] as const
/** A solver on the GPU. */
export type SolverName = (typeof SOLVERS)[number]
const solvers: Readonly<Record<SolverName, Solver>> = { 'interior-point': interiorPoint, admm }

/** What a decomposition hands to the next one. */
export type Start = Pick<Decomposition, 'driver' | 'splineCoefficients' | 'driftCoefficients'>

/** Settings of a decomposition; all but the sampling rate have a default. */
export interface DecomposeOptions {
  /** Samples per second: of every signal, or a list with one rate for each. */
  sampleRate: number | readonly number[]
  /** Slow and fast time constant of the Bateman function, seconds (2 and 0.7). */
  tau0?: number
  tau1?: number
  /**
   * Seconds between two knots of the tonic spline (10; rounded to samples, halves to even), or the knots themselves: at
   * least two sample indices in equal steps, the same for every signal of the call.
   */
  deltaKnot?: number | readonly number[]
  /** Weight of the driver's sparsity (8e-4), meant for z-scored input. */
  alpha?: number
  /** Weight of the spline coefficients' energy (1e-2). */
  gamma?: number
  /** Drift columns: 0 none, 1 constant, 2 constant and line (default), 'spline_offset' the sum of all splines. */
  baselineCorrection?: BaselineCorrection
  /** On the GPU: 'interior-point' (default), the accurate one, or another of `SOLVERS`. */
  solver?: SolverName
  /** Interior point on the GPU: one invocation per signal (A), or many along its time (B); chosen by batch and length. */
  form?: Form
  /** ADMM: where to start, one for each signal: decompositions of similar signals with the same options. */
  starts?: readonly Start[]
  /** Called with signals done and signals in total, after each batch or, on the CPU, each signal. */
  onProgress?: (done: number, total: number) => void
  /** Stops the work after at most 25 more iterations; the promise rejects with the signal's reason. */
  signal?: AbortSignal
}

/**
 * One decomposed signal, all arrays of its length and in its unit: eda = phasic + tonic + residual, phasic = H driver.
 * `objective` is evaluated in float64 from the driver and the coefficients returned. `status` says how far to trust it:
 *
 * - `solved`: to the solver's tolerance;
 * - `solved-inaccurate`: within a hundred times the tolerance; usable, look at it;
 * - `max-iterations`: not that far when the iterations were used up; the last iterate is returned;
 * - `badly-scaled`: alpha / rms(eda) is below 1e-5; the program is then nearly unregularised, and a float32 solver cannot
 *   tell whether it has converged. z-score the input; the CPU's float64 solver goes further, under the same status;
 * - `trivial`: the signal is constant, all of it is tonic, and nothing had to be solved.
 */
export interface Decomposition {
  phasic: Float32Array
  tonic: Float32Array
  driver: Float32Array
  residual: Float32Array
  /** One for each knot. */
  splineCoefficients: Float64Array
  /** One for each drift column. */
  driftCoefficients: Float64Array
  status: SolverStatus | 'badly-scaled' | 'trivial'
  iterations: number
  objective: number
}

interface Scaling {
  mean: number
  /** Root mean square of y - mean; 0 for a signal that is constant to working precision. */
  scale: number
}

function checkSignal(signal: ArrayLike<number>, index: number): void {
  const name = `cvxEDA: signal ${index}`
  if (typeof (signal as Partial<ArrayLike<number>> | null | undefined)?.length !== 'number') {
    throw new UsageError(
      `${name} is ${signal === null ? 'null' : `of type ${typeof signal}`}, expected an array of ` +
        'samples; a single recording goes in as [recording].',
      { index },
    )
  }
  if (signal.length === 0) throw new FormatError(`${name} is empty, expected at least one sample.`, { index })
  let missing = 0
  let first = -1
  for (let i = signal.length - 1; i >= 0; i--) {
    if (Number.isFinite(signal[i])) continue
    missing++
    first = i
  }
  if (missing > 0) {
    throw new FormatError(
      `${name} has ${missing} of ${signal.length} samples missing or not finite, the first at ` +
        `index ${first}; interpolate or cut them first.`,
      { index, missing, first },
    )
  }
}

function scalingOf(problem: Problem, y: ArrayLike<number>): Scaling {
  const { baselineCorrection } = problem.params
  const hasConstant = baselineCorrection === 1 || baselineCorrection === 2
  let sum = 0
  let largest = 0
  for (let i = 0; i < y.length; i++) {
    sum += y[i]!
    largest = Math.max(largest, Math.abs(y[i]!))
  }
  const mean = hasConstant ? sum / y.length : 0
  let squares = 0
  for (let i = 0; i < y.length; i++) squares += (y[i]! - mean) ** 2
  const scale = Math.sqrt(squares / y.length)
  return { mean, scale: scale <= CONSTANT * largest ? 0 : scale }
}

/**
 * The signal with unit mean square. Above sqrt(n) |tau0 - tau1|, which bounds H'e, every alpha gives p = 0: the clamp
 * keeps float32 from overflowing and leaves the solution as it is.
 */
function scaled({ n, params }: Problem, y: ArrayLike<number>, { mean, scale }: Scaling): ScaledSignal {
  const alpha = Math.min(params.alpha / scale, Math.sqrt(n) * Math.abs(params.tau0 - params.tau1))
  const unit = new Float64Array(n) // plain loops here and below: callbacks cost a third of a whole call
  for (let i = 0; i < n; i++) unit[i] = (y[i]! - mean) / scale
  return { y: unit, alpha }
}

/** Undoes the scaling and evaluates every part in float64 from the driver and the coefficients that are returned. */
function readOut(
  problem: Problem,
  y: ArrayLike<number>,
  { mean, scale }: Scaling,
  solution: Solution | Float64Solution | null,
): Decomposition {
  const { n, knotCount, drift, params } = problem
  const driver = new Float32Array(n)
  if (solution) for (let i = 0; i < n; i++) driver[i] = solution.driver[i]! * scale
  const l = solution ? solution.l.map((v) => v * scale) : new Float64Array(knotCount)
  const d = solution ? solution.d.map((v) => v * scale) : new Float64Array(drift.length)
  if (mean !== 0) d[0]! += mean
  const phasic = phasicResponse(problem.filter, driver)
  const tonic = tonicSignal(problem, l, d)
  const residual = new Float64Array(n)
  for (let i = 0; i < n; i++) residual[i] = y[i]! - phasic[i]! - tonic[i]!
  const value = objective(problem, residual, driver, l)
  if (!Number.isFinite(value)) {
    throw new NumericError(`cvxEDA: a signal of scale ${scale} leaves float32 range; z-score it first.`, { scale })
  }
  const trusted = params.alpha / scale >= BADLY_SCALED
  return {
    phasic: new Float32Array(phasic),
    tonic: new Float32Array(tonic),
    driver,
    residual: new Float32Array(residual),
    splineCoefficients: l,
    driftCoefficients: d,
    objective: value,
    iterations: solution?.iterations ?? 0,
    status: !solution ? 'trivial' : !trusted ? 'badly-scaled' : solution.status,
  }
}

type Samples = ArrayLike<number>

function ratesOf(signals: readonly Samples[], sampleRate: number | readonly number[]): readonly number[] {
  if (typeof sampleRate === 'number') return signals.map(() => sampleRate)
  if (sampleRate.length === signals.length) return sampleRate
  throw new UsageError(
    `cvxEDA: sampleRate lists ${sampleRate.length} rates for ${signals.length} signals, expected one for each.`,
  )
}

/** Indices of the signals that share length and rate, hence a problem. */
function groupByShape(signals: readonly Samples[], rates: readonly number[]): number[][] {
  const groups = new Map<string, number[]>()
  signals.forEach(({ length }, index) => {
    const shape = `${length} at ${rates[index]}`
    const group = groups.get(shape)
    if (group) group.push(index)
    else groups.set(shape, [index])
  })
  return [...groups.values()]
}

type Solve = (problem: Problem, signals: ScaledSignal[], hooks: SolverHooks) => Promise<(Solution | Float64Solution)[]>

function solverOf(
  device: Gpu | 'cpu',
  { solver: name = 'interior-point', form }: Pick<DecomposeOptions, 'solver' | 'form'>,
): Solve {
  if (!SOLVERS.includes(name)) {
    throw new UsageError(`cvxEDA: solver is '${String(name)}', expected ${SOLVERS.join(' or ')}.`)
  }
  if (form !== undefined && !['per-signal', 'along-time'].includes(form))
    throw new UsageError(`cvxEDA: form is '${String(form)}', expected per-signal or along-time.`)
  if (device === 'cpu' && name !== 'interior-point') {
    throw new UsageError(
      `cvxEDA: the solver is '${String(name)}', which runs on a GPU only; the CPU has the interior point.`,
    )
  }
  if (form !== undefined && (device === 'cpu' || name !== 'interior-point')) {
    throw new UsageError(`cvxEDA: form is ${form}, but only the interior point on a GPU has forms; leave it out.`)
  }
  return device === 'cpu' ? float64 : (problem, signals, hooks) => solvers[name](device, problem, signals, hooks)
}

/**
 * What can be wrong with options before any signal is seen.
 * @throws UsageError
 */
export function checkOptions(
  device: Gpu | 'cpu',
  rates: Iterable<number>,
  options: Omit<DecomposeOptions, 'sampleRate'>,
): void {
  const { solver = 'interior-point' } = options
  solverOf(device, options)
  for (const sampleRate of new Set(rates)) {
    const params = checkParams(sampleRate, options)
    const { spacing } = knotsOf(params.deltaKnot, 1, sampleRate)
    if (device !== 'cpu' && solver === 'interior-point') windowOf({ sampleRate, spacing, params })
  }
}

function checkStarts({ solver, starts }: Pick<DecomposeOptions, 'solver' | 'starts'>, count: number): void {
  if (!starts) return
  if (solver !== 'admm')
    throw new UsageError("cvxEDA: starts are for the solver 'admm'; the interior point cannot use them.")
  if (starts.length !== count)
    throw new UsageError(`cvxEDA: starts lists ${starts.length} for ${count} signals, expected one for each.`)
}

/** A start in the solver's units. */
function scaledStart({ n, knotCount, drift }: Problem, start: Start, { mean, scale }: Scaling): WarmStart {
  const { driver, splineCoefficients, driftCoefficients } = start
  if (driver.length !== n || splineCoefficients.length !== knotCount || driftCoefficients.length !== drift.length) {
    throw new UsageError(
      `cvxEDA: a start has ${driver.length} samples, ${splineCoefficients.length} spline and ` +
        `${driftCoefficients.length} drift coefficients, expected ${n}, ${knotCount} and ${drift.length}.`,
    )
  }
  const shift = (c: number) => (c === 0 ? mean : 0)
  return {
    driver: driver.map((v) => v / scale),
    l: splineCoefficients.map((v) => v / scale),
    d: driftCoefficients.map((v, c) => (v - shift(c)) / scale),
  }
}

/** Decomposes the signals of one problem: the trivial ones at once, the others together. */
async function decomposeGroup(
  problem: Problem,
  signals: readonly Samples[],
  solve: Solve,
  { starts, ...hooks }: Omit<SolverHooks, 'starts'> & { starts?: readonly Start[] | undefined },
): Promise<Decomposition[]> {
  hooks.signal?.throwIfAborted()
  const scalings = signals.map((y) => scalingOf(problem, y))
  const solvable = [...signals.keys()].filter((at) => scalings[at]!.scale > 0)
  hooks.onSolved(signals.length - solvable.length)
  const inputs = solvable.map((at) => scaled(problem, signals[at]!, scalings[at]!))
  const scaledStarts = starts && solvable.map((at) => scaledStart(problem, starts[at]!, scalings[at]!))
  const solutions = inputs.length > 0 ? await solve(problem, inputs, { ...hooks, starts: scaledStarts }) : []
  const byPlace = new Map(solvable.map((at, s) => [at, solutions[s]!]))
  return signals.map((y, at) => readOut(problem, y, scalings[at]!, byPlace.get(at) ?? null))
}

/**
 * Splits skin-conductance signals into phasic, tonic and residual parts (Greco et al. 2016). Signals may differ in
 * length and rate; results keep their order and do not depend on what else is in the call (to the last bit where
 * `form` is given: the forms differ in rounding).
 *
 * @param device a GPU, or 'cpu' for the interior point in float64, one signal after the other, which lets other tasks run.
 * @throws UsageError for parameters out of range or a signal that is no array; FormatError for an empty signal or one
 * with missing samples; LimitError for a signal longer than the device has memory for.
 */
export async function decompose(
  device: Gpu | 'cpu',
  signals: readonly Samples[],
  options: DecomposeOptions,
): Promise<Decomposition[]> {
  const { sampleRate, solver: _, form, starts, onProgress, signal: abort, ...params } = options
  const rates = ratesOf(signals, sampleRate)
  checkOptions(device, rates, options)
  checkStarts(options, signals.length)
  const solve = solverOf(device, options)
  signals.forEach(checkSignal)
  const results = new Array<Decomposition>(signals.length)
  let done = 0
  const onSolved = (count: number) => onProgress?.((done += count), signals.length)
  for (const indices of groupByShape(signals, rates)) {
    const [first] = indices as [number]
    const problem = createProblem(signals[first]!.length, rates[first]!, params)
    const own = { onSolved, signal: abort, form, starts: starts && indices.map((i) => starts[i]!) }
    const found = await decomposeGroup(
      problem,
      indices.map((i) => signals[i]!),
      solve,
      own,
    )
    indices.forEach((index, at) => {
      results[index] = found[at]!
    })
  }
  return results
}

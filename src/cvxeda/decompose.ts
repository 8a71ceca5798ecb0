// cvxEDA of any number of signals: checks, scaling, grouping by length, and the read-out in float64.

import { FormatError, NumericError, UsageError } from '../runtime/errors.ts'
import type { Gpu } from '../runtime/gpu.ts'
import { interiorPoint } from './interior_point.ts'
import {
  checkParams, createProblem, objective, phasicResponse, tonicSignal, type BaselineCorrection, type Problem,
} from './problem.ts'
import type { Form, ScaledSignal, Solution, Solver, SolverStatus } from './solver.ts'

/** Below this alpha / rms(y) the program is nearly unregularised and float32 convergence means nothing. */
const BADLY_SCALED = 1e-5
/** A signal whose deviation is this small against its largest value is a constant. */
const CONSTANT = 1e-6

export interface DecomposeOptions {
  /** Samples per second of every signal. */
  sampleRate: number
  /** Slow and fast time constant of the Bateman function, seconds (2 and 0.7). */
  tau0?: number
  tau1?: number
  /** Seconds between two knots of the tonic spline (10). */
  deltaKnot?: number
  /** Weight of the driver's sparsity (8e-4), meant for z-scored input. */
  alpha?: number
  /** Weight of the spline coefficients' energy (1e-2). */
  gamma?: number
  /** Drift columns: 0 none, 1 constant, 2 constant and line (default), 'spline_offset' the sum of all splines. */
  baselineCorrection?: BaselineCorrection
  /** Interior point only: one invocation per signal (A), or many along its time (B); chosen by batch and length. */
  form?: Form
  /** Called after each finished batch with signals done and signals in total. */
  onProgress?: (done: number, total: number) => void
  /** Stops the work between iterations; the promise rejects with the signal's reason. */
  signal?: AbortSignal
}

/**
 * One decomposed signal, all arrays of its length and in its unit: eda = phasic + tonic + residual, phasic = H driver.
 * `badly-scaled`: alpha / rms(eda) is below 1e-5, so that the result cannot be trusted; z-score the input.
 * `trivial`: the signal is constant and nothing had to be solved. `max-iterations`: the tolerance was not reached, the
 * last iterate is returned. `objective` is evaluated in float64.
 */
export interface Decomposition {
  phasic: Float32Array
  tonic: Float32Array
  driver: Float32Array
  residual: Float32Array
  splineCoefficients: Float64Array
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
    throw new UsageError(`${name} is ${signal === null ? 'null' : `of type ${typeof signal}`}, expected an array of ` +
      'samples; a single recording goes in as [recording].', { index })
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
    throw new FormatError(`${name} has ${missing} of ${signal.length} samples missing or not finite, the first at ` +
      `index ${first}; interpolate or cut them first.`, { index, missing, first })
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
  return { y: Float64Array.from(y, v => (v - mean) / scale), alpha }
}

/** Undoes the scaling and evaluates every part in float64 from the driver and the coefficients that are returned. */
function readOut(problem: Problem, y: ArrayLike<number>, { mean, scale }: Scaling,
  solution: Solution | null): Decomposition {
  const { n, knotCount, drift, params } = problem
  const driver = solution ? solution.driver.map(v => v * scale) : new Float32Array(n)
  const l = solution ? solution.l.map(v => v * scale) : new Float64Array(knotCount)
  const d = solution ? solution.d.map(v => v * scale) : new Float64Array(drift.length)
  if (mean !== 0) d[0]! += mean
  const phasic = phasicResponse(problem.filter, driver)
  const tonic = tonicSignal(problem, l, d)
  const residual = Float64Array.from(y, (v, i) => v - phasic[i]! - tonic[i]!)
  const value = objective(problem, residual, driver, l)
  if (!Number.isFinite(value)) {
    throw new NumericError(`cvxEDA: a signal of scale ${scale} leaves float32 range; z-score it first.`, { scale })
  }
  const trusted = params.alpha / scale >= BADLY_SCALED
  return {
    phasic: Float32Array.from(phasic), tonic: Float32Array.from(tonic), driver, residual: Float32Array.from(residual),
    splineCoefficients: l, driftCoefficients: d, objective: value, iterations: solution?.iterations ?? 0,
    status: !solution ? 'trivial' : !trusted ? 'badly-scaled' : solution.status,
  }
}

function groupByLength(signals: readonly ArrayLike<number>[]): Map<number, number[]> {
  const groups = new Map<number, number[]>()
  signals.forEach((signal, index) => {
    const group = groups.get(signal.length)
    if (group) group.push(index)
    else groups.set(signal.length, [index])
  })
  return groups
}

/**
 * Splits skin-conductance signals into phasic, tonic and residual parts (Greco et al. 2016). Signals may differ in
 * length; results keep their order and do not depend on what else is in the call.
 *
 * @throws UsageError for parameters out of range or a signal that is no array; FormatError for an empty signal or one with missing samples.
 */
export async function decompose(gpu: Gpu, signals: readonly ArrayLike<number>[],
  options: DecomposeOptions): Promise<Decomposition[]> {
  const { sampleRate, form, onProgress, signal: abort, ...params } = options
  checkParams(sampleRate, params)
  signals.forEach(checkSignal)
  const solve: Solver = interiorPoint
  const results = new Array<Decomposition>(signals.length)
  let done = 0
  const progress = (count: number) => onProgress?.(done += count, signals.length)
  for (const [n, indices] of groupByLength(signals)) {
    abort?.throwIfAborted()
    const problem = createProblem(n, sampleRate, params)
    const scalings = indices.map(i => scalingOf(problem, signals[i]!))
    const solvable = indices.map((_, at) => at).filter(at => scalings[at]!.scale > 0)
    progress(indices.length - solvable.length)
    const inputs = solvable.map(at => scaled(problem, signals[indices[at]!]!, scalings[at]!))
    const solutions = inputs.length > 0 ? await solve(gpu, problem, inputs, { onSolved: progress, signal: abort, form }) : []
    const byPlace = new Map(solvable.map((at, s) => [at, solutions[s]!]))
    indices.forEach((index, at) => {
      results[index] = readOut(problem, signals[index]!, scalings[at]!, byPlace.get(at) ?? null)
    })
  }
  return results
}

// What decompose asks of a solver of the cvxEDA program. Signals arrive scaled, so that a solver sees unit mean square.

import type { Gpu } from '../runtime/gpu.ts'
import type { Problem } from './problem.ts'

/** What a signal is scaled by. */
export interface Scaling {
  mean: number
  /** Root mean square of y - mean; 0 for a signal that is constant to working precision. */
  scale: number
}

/** One signal of a problem: y with unit mean square (n values), and alpha divided by the same scale. */
export interface ScaledSignal {
  y: Float64Array
  alpha: number
}

/**
 * How a solver ended: `solved` to its tolerance, `solved-inaccurate` within a hundred times that (usable, look at it), or
 * stopped at `max-iterations`.
 */
export type SolverStatus = 'solved' | 'solved-inaccurate' | 'max-iterations'

/** Interior point: one invocation per signal, or many invocations along each signal's time. */
export type Form = 'per-signal' | 'along-time'

/** Solution in scaled units. */
export interface Solution<Driver = Float32Array> {
  driver: Driver
  l: Float64Array
  d: Float64Array
  iterations: number
  status: SolverStatus
  /** Of the interior point on a GPU. */
  form?: Form
}

/** Where to start: a decomposition of a similar signal of the same problem, in the signal's own unit, and what scales that. */
export interface WarmStart extends Scaling {
  driver: Float32Array
  splineCoefficients: Float64Array
  driftCoefficients: Float64Array
}

export interface SolverHooks {
  /** Called with signals done, of those to be solved; what is at work counts by the share of its work that is done. */
  onProgress: (done: number) => void
  signal?: AbortSignal | undefined
  /** Interior point only; the better one for the batch and the adapter when absent. */
  form?: Form | undefined
  /** ADMM only: one for each signal. */
  starts?: readonly WarmStart[] | undefined
}

/** What a solver is called in results, messages and on the command line. */
export type SolverName = 'interior-point' | 'admm'

/** A solver on a GPU. */
export interface Solver {
  /** What results and messages call it. */
  name: SolverName
  /** Solves any number of signals of one problem; solutions in the order of the signals. */
  solve: (gpu: Gpu, problem: Problem, signals: ScaledSignal[], hooks: SolverHooks) => Promise<Solution[]>
}

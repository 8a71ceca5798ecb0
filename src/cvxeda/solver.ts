// What decompose asks of a solver of the cvxEDA program. Signals arrive scaled, so that a solver sees unit mean square.

import type { Gpu } from '../runtime/gpu.ts'
import type { Problem } from './problem.ts'

/** One signal of a problem: y with unit mean square (n values), and alpha divided by the same scale. */
export interface ScaledSignal {
  y: Float64Array
  alpha: number
}

/** Solution in scaled units; `converged` is false when the iteration limit came first. */
export interface Solution {
  driver: Float32Array
  l: Float64Array
  d: Float64Array
  iterations: number
  converged: boolean
}

export interface SolverHooks {
  /** Called with the number of signals solved since the last call. */
  onSolved: (count: number) => void
  signal?: AbortSignal | undefined
}

/** Solves any number of signals of one problem; solutions in the order of the signals. */
export type Solver = (gpu: Gpu, problem: Problem, signals: ScaledSignal[], hooks: SolverHooks) => Promise<Solution[]>

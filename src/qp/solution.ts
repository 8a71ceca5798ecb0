// What solveQp takes and gives beside the programs themselves.

/** Where to start. */
export interface QpStart {
  /** n */
  x: ArrayLike<number>
  /** m */
  y: ArrayLike<number>
}

/** Settings of `solveQp`; all have a default. */
export interface QpOptions {
  /** Largest relative residual and duality gap of a solved program, 1e-4. */
  tolerance?: number
  /** 10,000 of both solvers together. ADMM makes whole blocks of 25, and 400 at most; the interior point 100 at most. */
  maxIterations?: number
  /** Where ADMM starts, for each program; from zero when absent. The interior point only looks whether it is a solution. */
  starts?: readonly QpStart[]
  /** Stops the work within a moment; the promise rejects with the signal's reason. */
  signal?: AbortSignal
}

/** `dual-infeasible`: the cost falls without end along a feasible direction (if there is a feasible point at all). */
export type QpStatus = 'solved' | 'solved-inaccurate' | 'primal-infeasible' | 'dual-infeasible' | 'max-iterations'

/** Blocks of float32 on the GPU, finished in float64; or float64 throughout. */
export type QpSolver = 'admm' | 'interior-point'

/** What was found for one program. */
export interface QpSolution {
  status: QpStatus
  /** n; NaN where there is no solution. */
  x: Float64Array
  /** m, multipliers: P x + q + A'y = 0, positive at upper bounds and negative at lower ones; NaN where there is no solution. */
  y: Float64Array
  /** 1/2 x'Px + q'x in float64; Infinity when infeasible, -Infinity when unbounded. */
  objective: number
  /** Relative residuals at (x, y) in float64. */
  residuals: { primal: number; dual: number; gap: number }
  /** Of both solvers together. */
  iterations: number
  /** The last that was at it: ADMM on the GPU, or the interior point on the CPU. */
  solver: QpSolver
  /** Proof of an infeasible status: multipliers y (m) with A'y = 0 that no x satisfies, or a direction x (n) of descent. */
  certificate: Float64Array | null
}

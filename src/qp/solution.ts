// What solveQp takes and gives beside the programs themselves.

/** Settings of `solveQp`; all have a default. */
export interface QpOptions {
  /** Largest relative residual and duality gap of a solved program, 1e-4. */
  tolerance?: number
  /** 10,000; rounded up to whole blocks of 25. */
  maxIterations?: number
  /** Where to start, for each program; from zero when absent. */
  starts?: readonly { x: ArrayLike<number>; y: ArrayLike<number> }[]
  /** Stops the work between blocks of iterations; the promise rejects with the signal's reason. */
  signal?: AbortSignal
}

/** `dual-infeasible`: the cost falls without end along a feasible direction (if there is a feasible point at all). */
export type QpStatus = 'solved' | 'solved-inaccurate' | 'primal-infeasible' | 'dual-infeasible' | 'max-iterations'

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
  iterations: number
  /** Proof of an infeasible status: multipliers y (m) with A'y = 0 that no x satisfies, or a direction x (n) of descent. */
  certificate: Float64Array | null
}

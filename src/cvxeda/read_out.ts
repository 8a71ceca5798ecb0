// From a solver's solution to a decomposition: every part in float64, in the unit of the signal.

import { NumericError } from '../runtime/errors.ts'
import { phasicResponse } from './bateman.ts'
import type { Decomposition } from './decomposition.ts'
import { objective, tonicSignal, type Problem } from './problem.ts'
import type { Scaling } from './scaling.ts'
import type { Solution } from './solver.ts'

/** Below this alpha / rms(y) the program is nearly unregularised and float32 convergence means nothing. */
const BADLY_SCALED = 1e-5

/** Undoes the scaling and evaluates every part in float64 from the driver and the coefficients that are returned. */
export function readOut(
  problem: Problem,
  y: ArrayLike<number>,
  { mean, scale }: Scaling,
  solution: Solution<Float32Array | Float64Array> | null,
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

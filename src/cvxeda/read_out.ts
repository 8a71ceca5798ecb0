// From a solver's solution to a decomposition: every part in float64, in the unit of the signal.

import { inPieces, type Pieces } from '../runtime/breather.ts'
import { NumericError } from '../runtime/errors.ts'
import type { Decomposition } from './decomposition.ts'
import type { Problem } from './problem.ts'
import { SPLINES, Walk } from './runs.ts'
import type { Scaling, Solution } from './solver.ts'

/** Below this alpha / rms(y) the program is nearly unregularised and float32 convergence means nothing. */
const BADLY_SCALED = 1e-5

export const isBadlyScaled = ({ params }: Problem, scale: number): boolean => params.alpha / scale < BADLY_SCALED

export const outOfRange = (scale: number): NumericError =>
  new NumericError(`cvxEDA: a signal of scale ${scale} leaves float32 range; z-score it first.`, { scale })

type Parts = Pick<Decomposition, 'phasic' | 'tonic' | 'driver' | 'residual'>

/** Fills in all parts but the driver, which is given, in one pass; the objective's terms of the samples. */
function* evaluate(
  problem: Problem,
  y: ArrayLike<number>,
  { phasic, tonic, driver, residual }: Parts,
  l: Float64Array,
  d: Float64Array,
): Pieces<number> {
  const { e1, e2, c1, d: D, g1, g2, f21 } = problem.filter
  const walk = new Walk(problem)
  const { columns, values, tonic: weights } = walk
  let state: [number, number] = [0, 0]
  let objective = 0
  yield* walk.overRuns(l, d, () => {
    let [u, v] = state
    let squares = 0
    let sum = 0
    for (let i = walk.from; i < walk.to; i++) {
      const input = driver[i]!
      const r = c1 * u + v + D * input
      v += f21 * u - e2 * v + g2 * input
      u += g1 * input - e1 * u
      let t = weights[SPLINES]! + weights[SPLINES + 1]! * (i + 1)
      for (let slot = 0; slot < SPLINES; slot++) t += weights[slot]! * values[columns[slot]! + i]!
      const rest = y[i]! - r - t
      phasic[i] = r
      tonic[i] = t
      residual[i] = rest
      squares += rest * rest
      sum += input
    }
    state = [u, v]
    objective += squares / 2 + problem.params.alpha * sum
  })
  return objective
}

/** Undoes the scaling and evaluates every part in float64 from the driver and the coefficients that are returned. */
export function* readOut(
  problem: Problem,
  y: ArrayLike<number>,
  { mean, scale }: Scaling,
  solution: Solution<Float32Array | Float64Array> | null,
): Pieces<Decomposition> {
  const { n, knotCount, drift, params } = problem
  const driver = new Float32Array(n)
  const parts = { driver, phasic: new Float32Array(n), tonic: new Float32Array(n), residual: new Float32Array(n) }
  if (solution) {
    const scaled = solution.driver
    yield* inPieces(n, (from, to) => {
      for (let i = from; i < to; i++) driver[i] = scaled[i]! * scale
    })
  }
  const l = solution ? solution.l.map((v) => v * scale) : new Float64Array(knotCount)
  const d = solution ? solution.d.map((v) => v * scale) : new Float64Array(drift.count)
  if (mean !== 0) d[0]! += mean
  const penalty = (params.gamma / 2) * l.reduce((sum, v) => sum + v * v, 0)
  const objective = (yield* evaluate(problem, y, parts, l, d)) + penalty
  if (!Number.isFinite(objective)) throw outOfRange(scale)
  return {
    ...parts,
    splineCoefficients: l,
    driftCoefficients: d,
    objective,
    iterations: solution?.iterations ?? 0,
    ...(solution?.form && { form: solution.form }),
    status: !solution ? 'trivial' : isBadlyScaled(problem, scale) ? 'badly-scaled' : solution.status,
  }
}

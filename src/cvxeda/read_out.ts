// From a solver's solution to a decomposition: every part in float64, in the unit of the signal.

import { PIECE, type Pieces } from '../runtime/breather.ts'
import { NumericError } from '../runtime/errors.ts'
import type { Decomposition } from './decomposition.ts'
import type { Problem } from './problem.ts'
import { SPLINES, Walk } from './runs.ts'
import type { Scaling } from './scaling.ts'
import type { Solution } from './solver.ts'

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
  const { first, last } = walk.runs
  const { columns, values, tonic: weights } = walk
  let u = 0
  let v = 0
  let squares = 0
  let sum = 0
  let worked = 0
  for (let b = first; b <= last; b++) {
    walk.turnTo(b)
    walk.weigh(l, d)
    worked += walk.to - walk.from
    if (worked >= PIECE) {
      worked = 0
      yield
    }
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
  }
  return squares / 2 + problem.params.alpha * sum
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
  for (let from = 0; solution && from < n; from += PIECE) {
    const to = Math.min(n, from + PIECE)
    for (let i = from; i < to; i++) driver[i] = solution.driver[i]! * scale
    yield
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

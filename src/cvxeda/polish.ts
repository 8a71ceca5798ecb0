// Final polish of a decomposition in float64: from the point where another method has stopped, a few steps of the
// primal-dual interior point, until the duality gap is certified.
//
// The point (p, lambda) is first moved to the central path of its own complementarity mu: with s = p - lambda / rho,
//   p = (s + sqrt(s^2 + 4 mu / rho)) / 2,   lambda = mu / p,
// which keeps p - lambda / rho and makes every product p_i lambda_i equal.

import { atOnce } from '../runtime/breather.ts'
import { phasicResponse } from './bateman.ts'
import { adjointResponse, dualBound } from './certificate.ts'
import { Newton } from './newton.ts'
import { objective as objectiveOf, tonicSignal, type Problem } from './problem.ts'
import type { ScaledSignal } from './solver.ts'
import { moveAlong } from './step_length.ts'

/** Relative duality gap at which the polish stops. */
const ENOUGH = 1e-6
const MAX_STEPS = 40
const SIGMA = 0.2
/** Least complementarity relative to the objective: below it the central path is too close to the boundary to start from. */
const LEAST_START = 1e-4

/** A feasible decomposition in scaled units: p >= 0, x = (l, d). */
export interface Point {
  p: Float64Array
  l: Float64Array
  d: Float64Array
}

export interface Polished {
  point: Point
  /** (objective - lower bound) / objective: the optimum is at most this share below the point. */
  gap: number
  steps: number
}

/** y - H p - B l - C d. */
export function residualOf(problem: Problem, y: Float64Array, { p, l, d }: Point): Float64Array {
  const r = phasicResponse(problem.filter, p)
  const t = tonicSignal(problem, l, d)
  return y.map((v, i) => v - r[i]! - t[i]!)
}

/** The centred start: p > 0 and its multipliers. */
function centred(problem: Problem, alpha: number, e: Float64Array, point: Point, rho: number, objective: number) {
  const lambda = adjointResponse(problem, e).map((v) => alpha - v)
  const complementarity = lambda.reduce((sum, v, i) => sum + Math.abs(v) * point.p[i]!, 0)
  const mu = Math.max(complementarity, LEAST_START * objective) / lambda.length
  const p = point.p.map((v, i) => {
    const s = v - lambda[i]! / rho
    const root = Math.sqrt(s * s + (4 * mu) / rho)
    return s > 0 ? (s + root) / 2 : (2 * mu) / rho / (root - s)
  })
  return { p, lambda: p.map((v) => mu / v) }
}

/** One Newton step, as far as p and lambda stay positive. */
function advance(newton: Newton, alpha: number, point: Point, lambda: Float64Array, e: Float64Array): Point {
  const { l, d } = point
  const target = (SIGMA * lambda.reduce((sum, v, i) => sum + v * point.p[i]!, 0)) / e.length
  const length = atOnce(newton.solve({ p: point.p, lambda, target, alpha, e, l }))
  const { step } = newton
  const p = point.p.slice()
  moveAlong(p, lambda, step.p, target, length)
  const moved = (from: Float64Array, by: Float64Array) => from.map((v, i) => v + length * by[i]!)
  return { p, l: moved(l, step.l), d: moved(d, step.d) }
}

/**
 * Improves `start`, whose multipliers of p >= 0 scale like rho p. The start itself is returned where no step lowers its
 * objective; the bound is the best that any iterate gives.
 */
export function polish(problem: Problem, signal: ScaledSignal, start: Point, rho: number): Polished {
  const { y, alpha } = signal
  const floor = (1e-6 * y.reduce((sum, v) => sum + v * v, 0)) / 2
  let e = residualOf(problem, y, start)
  let objective = objectiveOf(problem, alpha, e, start.p, start.l)
  let bound = dualBound(problem, signal, e)
  const { p, lambda } = centred(problem, alpha, e, start, rho, objective)
  let best = start
  let point: Point = { p, l: start.l, d: start.d }
  const gap = () => (objective === bound ? 0 : (objective - bound) / (objective + floor))
  const newton = new Newton(problem)
  let steps = 0
  for (; steps < MAX_STEPS && gap() > ENOUGH; steps++) {
    e = residualOf(problem, y, point)
    point = advance(newton, alpha, point, lambda, e)
    e = residualOf(problem, y, point)
    const value = objectiveOf(problem, alpha, e, point.p, point.l)
    if (!Number.isFinite(value)) break // a signal that is badly scaled
    bound = Math.max(bound, dualBound(problem, signal, e))
    if (value < objective) [best, objective] = [point, value]
  }
  return { point: best, gap: gap(), steps }
}

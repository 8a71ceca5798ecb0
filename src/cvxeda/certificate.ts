// How far from the optimum a decomposition can be at most, in float64.
//
// The program's dual:  maximise  e'y - 1/2 ||e||^2 - 1/(2 gamma) ||B'e||^2   subject to  H'e <= alpha,  C'e = 0.
// The residual of any decomposition becomes feasible by removing its part in the span of C and shrinking it.

import { dot } from '../qp/linear.ts'
import { phasicResponse } from './bateman.ts'
import { driftColumns, type Problem } from './problem.ts'
import type { ScaledSignal } from './solver.ts'

/** H'e: the filter run backwards in time. */
export function adjointResponse(problem: Problem, e: Float64Array): Float64Array {
  return phasicResponse(problem.filter, e.toReversed()).reverse()
}

/** B'e. */
function splinePulls({ firstKnot, spacing, knotCount, template }: Problem, e: Float64Array): Float64Array {
  return Float64Array.from({ length: knotCount }, (_, j) => {
    const first = firstKnot + (j - 2) * spacing + 2
    const to = Math.min(e.length, first + template.length)
    let sum = 0
    for (let i = Math.max(0, first); i < to; i++) sum += template[i - first]! * e[i]!
    return sum
  })
}

/** e without its part in the span of the drift columns, by Gram-Schmidt. */
function withoutDrift(problem: Problem, e: Float64Array): Float64Array {
  const basis: Float64Array[] = []
  const rest = e.slice()
  const remove = (from: Float64Array, column: Float64Array) => {
    const share = dot(from, column) / dot(column, column)
    for (let i = 0; i < from.length; i++) from[i]! -= share * column[i]!
  }
  for (const column of driftColumns(problem)) {
    const own = column.slice()
    for (const known of basis) remove(own, known)
    if (dot(own, own) > 1e-20 * dot(column, column)) basis.push(own)
  }
  for (const column of basis) remove(rest, column)
  return rest
}

/** A lower bound of the program's optimum from the residual of any decomposition; tight at the optimum. */
export function dualBound(problem: Problem, { y, alpha }: ScaledSignal, residual: Float64Array): number {
  const e = withoutDrift(problem, residual)
  const largest = adjointResponse(problem, e).reduce((m, v) => Math.max(m, v), 0)
  const pulls = splinePulls(problem, e)
  const linear = dot(e, y)
  const quadratic = dot(e, e) + dot(pulls, pulls) / problem.params.gamma
  const shrink = Math.max(0, Math.min(largest > 0 ? alpha / largest : Infinity, quadratic > 0 ? linear / quadratic : 0))
  return shrink * linear - (shrink * shrink * quadratic) / 2
}

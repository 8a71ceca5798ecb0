// What is said about a program is checked here first, in float64 and in the program's own units.

import { dot, largestOf, multiply, multiplyTransposed } from './linear.ts'
import type { Program } from './program.ts'

/** Below this size a residual counts absolutely. */
const UNIT = 1e-2

/** Relative residuals of the optimality conditions at (x, y). */
export interface Optimality {
  /** Largest violation of l <= A x <= u over the largest entry of A x. */
  primal: number
  /** Largest entry of P x + q + A'y over the largest entry of its terms. */
  dual: number
  /** x'Px + q'x + support(y), with what the violations and the gradient are worth, over the largest of its terms. */
  gap: number
  objective: number
  /** The largest of the three. */
  error: number
}

/** max of y'z over l <= z <= u: infinite where y pulls towards no bound. */
function support({ l, u }: Program, y: Float64Array): number {
  let sum = 0
  y.forEach((v, i) => {
    if (v !== 0) sum += v * (v > 0 ? u[i]! : l[i]!)
  })
  return sum
}

/** Amounts by which z leaves [l, u]. */
function violations({ l, u }: Program, z: Float64Array): Float64Array {
  return z.map((v, i) => Math.max(0, l[i]! - v, v - u[i]!))
}

/** Sum of |a_i b_i|. */
const worth = (a: Float64Array, b: Float64Array) => a.reduce((sum, v, i) => sum + Math.abs(v * b[i]!), 0)

/** y without the entries that pull towards no bound. */
export function inCone({ l, u }: Program, y: Float64Array): Float64Array {
  return y.map((v, i) => (v > 0 ? (u[i] === Infinity ? 0 : v) : l[i] === -Infinity ? 0 : v))
}

export function optimality(program: Program, x: Float64Array, y: Float64Array): Optimality {
  const { n, m, P, q, A } = program
  const [Px, Ax, Ay] = [multiply(P, x, n), multiply(A, x, m), multiplyTransposed(A, y, n)]
  const gradient = Px.map((v, j) => v + q[j]! + Ay[j]!)
  const terms = [dot(x, Px), dot(q, x), support(program, y)] as const
  const outside = violations(program, Ax)
  const primal = largestOf(outside) / Math.max(UNIT, largestOf(Ax))
  const dual = largestOf(gradient) / Math.max(UNIT, largestOf(Px), largestOf(q), largestOf(Ay))
  const uncertain = Math.abs(terms[0] + terms[1] + terms[2]) + worth(y, outside) + worth(x, gradient)
  const gap = uncertain / Math.max(UNIT, ...terms.map(Math.abs))
  const error = Math.max(primal, dual, gap)
  return { primal, dual, gap, objective: terms[0] / 2 + terms[1], error: Number.isNaN(error) ? Infinity : error }
}

const absolute = (values: Float64Array) => values.map(Math.abs)

/** A largest entry relative to what it is the sum of; 0 for nothing. */
const share = (part: number, whole: number) => (part === 0 ? 0 : part / whole)

/**
 * How far y is from proving that no x is feasible: ||A'y|| over -support(y), and over the terms that cancel in it, so that
 * large bounds alone prove nothing. At 0 the proof is complete; at r it excludes every x with sum |x_j| below 1 / r.
 */
export function infeasibilityError(program: Program, y: Float64Array): number {
  const { A, n } = program
  const pull = support(program, y)
  if (!(pull < 0)) return Infinity
  const rest = largestOf(multiplyTransposed(A, y, n))
  return Math.max(rest / -pull, share(rest, largestOf(multiplyTransposed(absolute(A), absolute(y), n))))
}

/**
 * How far the direction x is from proving that the cost falls without end: the larger of ||P x|| and the violation of the
 * constraints' recession cone, over -q'x and over the terms that cancel in them. At r it excludes multipliers and points of
 * size below 1 / r.
 */
export function unboundednessError(program: Program, x: Float64Array): number {
  const { n, m, P, q, A, l, u } = program
  const slope = dot(q, x)
  if (!(slope < 0)) return Infinity
  const leaving = multiply(A, x, m).reduce(
    (largest, v, i) => Math.max(largest, u[i] === Infinity ? 0 : v, l[i] === -Infinity ? 0 : -v),
    0,
  )
  const curving = largestOf(multiply(P, x, n))
  const size = absolute(x)
  return Math.max(
    Math.max(curving, leaving) / -slope,
    share(curving, largestOf(multiply(absolute(P), size, n))),
    share(leaving, largestOf(multiply(absolute(A), size, m))),
  )
}

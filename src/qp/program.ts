// A dense quadratic program in OSQP's form, checked and copied to float64.

import { nameOf } from '../runtime/arguments.ts'
import { ShapeError, UsageError } from '../runtime/errors.ts'
import { choleskyOf, largestOf } from './linear.ts'

export const MAX_VARIABLES = 128
export const MAX_CONSTRAINTS = 256
/** Bounds of this size and beyond are no bounds. */
const UNBOUNDED = 1e20
/** Largest asymmetry of P, and least eigenvalue below zero, relative to its largest entry. */
const ROUNDING = 1e-9

/** minimise 1/2 x'Px + q'x subject to l <= A x <= u. Matrices are dense, by rows. */
export interface QuadraticProgram {
  /** n x n, symmetric positive semidefinite; its upper triangle alone, zeros below, will do. */
  P: ArrayLike<number>
  /** n */
  q: ArrayLike<number>
  /** m x n */
  A: ArrayLike<number>
  /** m; -Infinity for none. */
  l: ArrayLike<number>
  /** m; Infinity for none. */
  u: ArrayLike<number>
}

/** The same in float64, P in full, bounds beyond 1e20 infinite. */
export interface Program {
  n: number
  m: number
  P: Float64Array
  q: Float64Array
  A: Float64Array
  l: Float64Array
  u: Float64Array
}

/** A copy in float64; what is no number is refused, where a conversion would make a zero of null and a number of a text. */
function copied(values: ArrayLike<number>, name: string, label: string): Float64Array {
  const copy = new Float64Array(values.length)
  for (let at = 0; at < copy.length; at++) {
    const value: unknown = values[at]
    if (typeof value !== 'number') {
      const found = typeof value === 'string' ? `'${value}'` : String(value)
      throw new UsageError(`${label}: ${name}[${at}] is ${found}, expected a number.`, { index: at })
    }
    copy[at] = value
  }
  return copy
}

function finite(values: ArrayLike<number>, name: string, label: string): Float64Array {
  const copy = copied(values, name, label)
  const bad = copy.findIndex((v) => !Number.isFinite(v))
  if (bad >= 0)
    throw new UsageError(`${label}: ${name}[${bad}] is ${copy[bad]}, expected a finite number.`, { index: bad })
  return copy
}

function bounds(values: ArrayLike<number>, name: string, label: string): Float64Array {
  return copied(values, name, label).map((v) => (Math.abs(v) >= UNBOUNDED ? Math.sign(v) * Infinity : v))
}

/** P with both triangles. */
function symmetric(P: Float64Array, n: number, label: string): Float64Array {
  const largest = largestOf(P)
  const above = (i: number, j: number) => P[i * n + j]!
  const below = (i: number, j: number) => P[j * n + i]!
  let isTriangle = true
  for (let i = 0; i < n; i++) for (let j = i + 1; j < n; j++) if (below(i, j) !== 0) isTriangle = false
  const full = P.slice()
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) {
      if (!isTriangle && Math.abs(above(i, j) - below(i, j)) > ROUNDING * largest) {
        throw new UsageError(
          `${label}: P is not symmetric, P[${i}][${j}] is ${above(i, j)} and P[${j}][${i}] ` +
            `${below(i, j)}; pass P in full or its upper triangle.`,
        )
      }
      full[j * n + i] = full[i * n + j] = isTriangle ? above(i, j) : (above(i, j) + below(i, j)) / 2
    }
  }
  return full
}

function expectConvex(P: Float64Array, n: number, label: string): void {
  const largest = largestOf(P)
  if (largest === 0) return
  const shifted = P.map((v) => v / largest)
  for (let i = 0; i < n; i++) shifted[i * n + i]! += n * ROUNDING
  if (choleskyOf(shifted, n) === null) {
    throw new UsageError(
      `${label}: P has a negative eigenvalue, so that the program is not convex and may have many minima.`,
    )
  }
}

function checkShape(program: QuadraticProgram, label: string): { n: number; m: number } {
  if (typeof program !== 'object' || program === null || Array.isArray(program))
    throw new UsageError(`${label} is ${nameOf(program)}, expected an object with P, q, A, l and u.`)
  for (const name of ['P', 'q', 'A', 'l', 'u'] as const) {
    const values: unknown = program[name]
    if (typeof values !== 'object' || typeof (values as ArrayLike<number> | null)?.length !== 'number')
      throw new UsageError(`${label}: ${name} is ${nameOf(values)}, expected an array of numbers.`, { name })
  }
  const { P, q, A, l, u } = program
  const [n, m] = [q.length, l.length]
  if (n < 1 || n > MAX_VARIABLES || m > MAX_CONSTRAINTS) {
    throw new ShapeError(
      `${label} has ${n} variables and ${m} constraints, expected 1 to ${MAX_VARIABLES} and at most ` +
        `${MAX_CONSTRAINTS}.`,
      { n, m },
    )
  }
  const sizes = [
    ['P', P.length, n * n],
    ['A', A.length, m * n],
    ['u', u.length, m],
  ] as const
  for (const [name, length, expected] of sizes) {
    if (length !== expected) {
      throw new ShapeError(
        `${label}: ${name} has ${length} values, expected ${expected} for ${n} variables (the length of q) ` +
          `and ${m} constraints (the length of l).`,
        { name, length, expected },
      )
    }
  }
  return { n, m }
}

/**
 * @param label how messages call the program
 * @throws ShapeError for sizes that do not fit together; UsageError for what is no program, entries that are not finite, l > u,
 * or a P that is not symmetric or not positive semidefinite
 */
export function checkedProgram(program: QuadraticProgram, label: string): Program {
  const { n, m } = checkShape(program, label)
  const [l, u] = [bounds(program.l, 'l', label), bounds(program.u, 'u', label)]
  for (let i = 0; i < m; i++) {
    if (!(l[i]! <= u[i]!) || l[i] === Infinity || u[i] === -Infinity) {
      throw new UsageError(
        `${label}: constraint ${i} has bounds ${l[i]} and ${u[i]}, expected l <= u with l below Infinity ` +
          'and u above -Infinity.',
        { index: i },
      )
    }
  }
  const P = symmetric(finite(program.P, 'P', label), n, label)
  expectConvex(P, n, label)
  return { n, m, P, q: finite(program.q, 'q', label), A: finite(program.A, 'A', label), l, u }
}

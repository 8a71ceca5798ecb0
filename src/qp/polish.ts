// Final touches in float64, always on the scaled program: from an iterate's guess of the active constraints to the exact
// solution, and from its last steps to exact certificates. What comes out is only a proposal; certificates.ts judges it.

import type { Scaled } from './equilibrate.ts'
import { largestOf, multiply, solveSaddle, type Breathe } from './linear.ts'

/** Corrections of the active set, and the slack below which a multiplier's sign or a bound is kept. */
const CORRECTIONS = 6
const SLACK = 1e-9
/** Entries of a step, relative to its largest, from which on a constraint takes part in a certificate. */
const THRESHOLDS = [1e-6, 1e-4, 1e-3, 1e-2, 1e-1]
/** All constraints first: one that lies far away may be missing from the step and yet be needed. */
const ALL = 0

export interface Candidate {
  x: Float64Array
  y: Float64Array
}

function rowsOf(M: Float64Array, rows: readonly number[], n: number): Float64Array {
  const B = new Float64Array(rows.length * n)
  rows.forEach((row, k) => B.set(M.subarray(row * n, (row + 1) * n), k * n))
  return B
}

/** -1 where the lower bound is active, 1 the upper, 0 neither; equalities are always active. */
type ActiveSet = Int8Array

function guess({ l, u }: Scaled, z: Float64Array, y: Float64Array): ActiveSet {
  return Int8Array.from(z, (v, i) => {
    if (l[i] === u[i]) return 1
    if (v - l[i]! < -y[i]!) return -1
    return u[i]! - v < y[i]! ? 1 : 0
  })
}

/** Releases bounds that pull the wrong way and adds the violated ones; false when there are none. */
function correct({ l, u }: Scaled, active: ActiveSet, z: Float64Array, y: Float64Array): boolean {
  let changed = false
  const slack = SLACK * Math.max(1, largestOf(y))
  active.forEach((side, i) => {
    if (l[i] === u[i]) return
    const next =
      side !== 0 ? (side * y[i]! < -slack ? 0 : side) : z[i]! < l[i]! - SLACK ? -1 : z[i]! > u[i]! + SLACK ? 1 : 0
    if (next !== side) changed = true
    active[i] = next
  })
  return changed
}

/**
 * Minimises with the active constraints as equations, correcting the active set from one candidate to the next. Where
 * multipliers are not unique, those near the iterate's keep its signs.
 */
export async function* polished(
  scaled: Scaled,
  at: Candidate & { z: Float64Array },
  breathe: Breathe,
): AsyncGenerator<Candidate> {
  const { n, m, P, q, A, l, u } = scaled
  const active = guess(scaled, at.z, at.y)
  let [x, y] = [at.x, at.y]
  for (let round = 0; round < CORRECTIONS; round++) {
    const rows = [...active.keys()].filter((i) => active[i] !== 0)
    const target = Float64Array.from(rows, (i) => (active[i]! > 0 ? u[i]! : l[i]!))
    const start = { x, y: Float64Array.from(rows, (i) => y[i]!) }
    const found = await solveSaddle(
      breathe,
      P,
      rowsOf(A, rows, n),
      q.map((v) => -v),
      target,
      start,
    )
    const full = new Float64Array(m)
    rows.forEach((row, k) => {
      full[row] = found.y[k]!
    })
    ;[x, y] = [found.x, full]
    yield { x, y }
    if (!correct(scaled, active, multiply(A, x, m), y)) return
  }
}

const identity = (n: number) => Float64Array.from({ length: n * n }, (_, at) => (at % (n + 1) === 0 ? 1 : 0))

/** The nearest multipliers to `y` with A'y = 0, on the constraints that take part in it. */
export async function* infeasibilityProofs(
  { n, A, l, u }: Scaled,
  y: Float64Array,
  breathe: Breathe,
): AsyncGenerator<Float64Array> {
  yield y
  const largest = largestOf(y)
  for (const threshold of [ALL, ...THRESHOLDS]) {
    const rows = [...y.keys()].filter(
      (i) => Math.abs(y[i]!) >= threshold * largest && (l[i] !== -Infinity || u[i] !== Infinity),
    )
    const B = rowsOf(A, rows, n)
    const transposed = Float64Array.from(
      { length: B.length },
      (_, at) => B[(at % rows.length) * n + Math.floor(at / rows.length)]!,
    )
    const from = Float64Array.from(rows, (i) => y[i]!)
    const { x } = await solveSaddle(breathe, identity(rows.length), transposed, from, new Float64Array(n))
    const full = new Float64Array(y.length)
    rows.forEach((row, k) => {
      full[row] = x[k]!
    })
    yield full
  }
}

/** The nearest directions to `x` with P x = 0 that keep to the bounds that x hardly leaves. */
export async function* unboundednessProofs(
  { n, m, P, A, l, u }: Scaled,
  x: Float64Array,
  breathe: Breathe,
): AsyncGenerator<Float64Array> {
  yield x
  const z = multiply(A, x, m)
  const largest = largestOf(x)
  for (const threshold of THRESHOLDS) {
    const rows = [...z.keys()].filter((i) => {
      const leaves = Math.max(u[i] === Infinity ? -Infinity : z[i]!, l[i] === -Infinity ? -Infinity : -z[i]!)
      return leaves > -threshold * largest
    })
    const B = new Float64Array((n + rows.length) * n)
    B.set(P)
    B.set(rowsOf(A, rows, n), n * n)
    yield (await solveSaddle(breathe, identity(n), B, x, new Float64Array(n + rows.length))).x
  }
}

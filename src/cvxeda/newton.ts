// Newton steps of the cvxEDA program in float64, by dynamic programming: a step (d in p; z in x = (l, d)) minimises
//
//   1/2 ||e - H d - T z||^2 + 1/2 (x + z)' Gamma (x + z) + sum(1/2 w_i d_i^2 - b_i d_i),   T = [B C], Gamma = diag(gamma, 0)
//
// Going back in time, what the samples from i on cost is a quadratic in the filter's state s = (u, v) before sample i and
// in the coefficients z that those samples share with earlier ones,
//
//   V(s, z) = 1/2 s'P s - s'(a - X z) + 1/2 z'S z - g'z + const.
//
// Each sample's d_i is eliminated by a Riccati step. A spline's coefficient is eliminated at its first sample, since
// no earlier one knows it. At most four splines and two drift columns are alive at once, so a sample costs the same
// whatever the number of knots. The way forward in time then reads off each z and d_i.
//
// P, X, S and so all gains depend on w alone: with w = rho everywhere they are the tables of the ADMM's linear solve.

import type { Problem } from './problem.ts'
import { columnsAt, isSpline, runsOf, slotOf, SLOTS, SPLINES, type Runs } from './runs.ts'

/** A sample's gains: kappa (2), 1 / den, eta, then eta of each slot. */
export const GAIN = 4 + SLOTS
/** An eliminated coefficient: its row of S, its column of X (2), its entry of g. */
const ROW = SLOTS + 3

/** The quadratic to minimise: weights w and pulls b of the samples, the residual e, and the splines' coefficients so far. */
export interface Quadratic {
  w: ArrayLike<number>
  b: ArrayLike<number>
  e: ArrayLike<number>
  l: ArrayLike<number>
}

/** V of the opening comment: P as (11, 12, 22), X as two rows of slots, S in full. */
interface Value {
  P: Float64Array
  a: Float64Array
  X: Float64Array
  S: Float64Array
  g: Float64Array
}

export interface Step {
  p: Float64Array
  l: Float64Array
  d: Float64Array
}

/** Removes the coefficient in `slot` from V by its own minimum, kept in `row` for the way back. */
function eliminate({ P, a, X, S, g }: Value, slot: number, row: Float64Array): void {
  const own = slot * SLOTS
  for (let m = 0; m < SLOTS; m++) row[m] = S[own + m]!
  const pivot = (row[slot] = Math.max(row[slot]!, 1e-30))
  const x1 = (row[SLOTS] = X[slot]!)
  const x2 = (row[SLOTS + 1] = X[SLOTS + slot]!)
  const rest = (row[SLOTS + 2] = g[slot]!)
  for (let m = 0; m < SLOTS; m++) {
    const share = row[m]! / pivot
    for (let k = 0; k < SLOTS; k++) S[m * SLOTS + k]! -= share * row[k]!
    X[m]! -= share * x1
    X[SLOTS + m]! -= share * x2
    g[m]! -= share * rest
  }
  P[0]! -= (x1 * x1) / pivot
  P[1]! -= (x1 * x2) / pivot
  P[2]! -= (x2 * x2) / pivot
  a[0]! -= (x1 * rest) / pivot
  a[1]! -= (x2 * rest) / pivot
  for (let m = 0; m < SLOTS; m++) S[own + m] = S[m * SLOTS + slot] = 0
  X[slot] = X[SLOTS + slot] = g[slot] = 0
}

/** The minimising coefficient, once the state (u, v) and all coefficients eliminated later are known. */
function recover(row: Float64Array, slot: number, z: Float64Array, u: number, v: number): number {
  let rest = row[SLOTS + 2]! - row[SLOTS]! * u - row[SLOTS + 1]! * v
  for (let m = 0; m < SLOTS; m++) if (m !== slot) rest -= row[m]! * z[m]!
  return (z[slot] = rest / row[slot]!)
}

/** A spline that the samples before now share: nothing is known of it but its penalty. One without a knot stays 0. */
function enter(problem: Problem, { S, g }: Value, j: number, l: ArrayLike<number>): void {
  const slot = slotOf(j)
  S[slot * SLOTS + slot] = problem.params.gamma
  g[slot] = isSpline(problem, j) ? -problem.params.gamma * l[j]! : 0
}

/** P before a sample: F'P F of the closed loop, with what the sample itself costs, c c' + w k k', in the sum-of-squares form. */
function costBefore(
  P: Float64Array,
  [q11, q12, q21, q22]: readonly [number, number, number, number],
  [s1, s2]: readonly [number, number],
  [k1, k2]: readonly [number, number],
  w: number,
): void {
  const [p11, p12, p22] = [P[0]!, P[1]!, P[2]!]
  const r11 = p11 * q11 + p12 * q21
  const r12 = p11 * q12 + p12 * q22
  const r21 = p12 * q11 + p22 * q21
  const r22 = p12 * q12 + p22 * q22
  P[0] = q11 * r11 + q21 * r21 + s1 * s1 + w * k1 * k1
  P[1] = q11 * r12 + q21 * r22 + s1 * s2 + w * k1 * k2
  P[2] = q12 * r12 + q22 * r22 + s2 * s2 + w * k2 * k2
}

/** Riccati step over one sample: V after it becomes V before it; the sample's gains. */
function sampleBack(
  { filter }: Problem,
  { P, a, X, S, g }: Value,
  T: Float64Array,
  e: number,
  w: number,
  b: number,
  gains: Float64Array,
  at: number,
): void {
  const { e1, e2, c1, d: D, g1, g2, f21 } = filter
  const [f11, f22] = [1 - e1, 1 - e2]
  const [p11, p12, p22] = [P[0]!, P[1]!, P[2]!]
  const h1 = p11 * g1 + p12 * g2
  const h2 = p12 * g1 + p22 * g2
  const inverse = 1 / (w + D * D + g1 * h1 + g2 * h2)
  const k1 = (D * c1 + f11 * h1 + f21 * h2) * inverse
  const k2 = (D + f22 * h2) * inverse
  // closed loop: F - G k', c - D k
  const [q11, q12, q21, q22] = [f11 - g1 * k1, -g1 * k2, f21 - g2 * k1, f22 - g2 * k2]
  const [s1, s2] = [c1 - D * k1, 1 - D * k2]
  const eta = b + D * e + g1 * a[0]! + g2 * a[1]!
  const a1 = q11 * a[0]! + q21 * a[1]! + s1 * e - b * k1
  a[1] = q12 * a[0]! + q22 * a[1]! + s2 * e - b * k2
  a[0] = a1
  const etas = at + 4
  for (let j = 0; j < SLOTS; j++) {
    const [t, x1, x2] = [T[j]!, X[j]!, X[SLOTS + j]!]
    const own = D * t + g1 * x1 + g2 * x2
    gains[etas + j] = own
    X[j] = q11 * x1 + q21 * x2 + s1 * t
    X[SLOTS + j] = q12 * x1 + q22 * x2 + s2 * t
    g[j]! += t * e - own * eta * inverse
    for (let m = 0; m <= j; m++) {
      const sum = S[j * SLOTS + m]! + t * T[m]! - own * gains[etas + m]! * inverse
      S[j * SLOTS + m] = S[m * SLOTS + j] = sum
    }
  }
  costBefore(P, [q11, q12, q21, q22], [s1, s2], [k1, k2], w)
  gains[at] = k1
  gains[at + 1] = k2
  gains[at + 2] = inverse
  gains[at + 3] = eta
}

/** What the way back leaves behind: gains [n][GAIN], and eliminated coefficients, splines from runs.first - 3 on, then drift. */
export interface Elimination {
  runs: Runs
  gains: Float64Array
  rows: Float64Array[]
}

/** The way back. */
export function eliminateAll(problem: Problem, { w, b, e, l }: Quadratic): Elimination {
  const { n, drift } = problem
  const runs = runsOf(problem)
  const gains = new Float64Array(n * GAIN)
  const splines = runs.last - runs.first + SPLINES
  const rows = Array.from({ length: splines + drift.length }, () => new Float64Array(ROW))
  const value: Value = {
    P: new Float64Array(3),
    a: new Float64Array(2),
    X: new Float64Array(2 * SLOTS),
    S: new Float64Array(SLOTS * SLOTS),
    g: new Float64Array(SLOTS),
  }
  const T = new Float64Array(SLOTS)
  const leave = (j: number) => eliminate(value, slotOf(j), rows[j - runs.first + SPLINES - 1]!)
  for (let j = runs.last; j > runs.last - SPLINES + 1; j--) enter(problem, value, j, l)
  for (let run = runs.last; run >= runs.first; run--) {
    enter(problem, value, run - SPLINES + 1, l)
    for (let i = runs.start(run + 1) - 1; i >= runs.start(run); i--) {
      columnsAt(problem, runs, i, run, T)
      sampleBack(problem, value, T, e[i]!, w[i]!, b[i]!, gains, i * GAIN)
    }
    leave(run)
  }
  for (let j = runs.first - 1; j > runs.first - SPLINES; j--) leave(j)
  for (let c = drift.length - 1; c >= 0; c--) eliminate(value, SPLINES + c, rows[splines + c]!)
  return { runs, gains, rows }
}

/** The minimiser, read off forwards in time. */
export function newtonStep(problem: Problem, quadratic: Quadratic): Step {
  const {
    n,
    knotCount,
    drift,
    filter: { e1, e2, g1, g2, f21 },
  } = problem
  const { runs, gains, rows } = eliminateAll(problem, quadratic)
  const step = { p: new Float64Array(n), l: new Float64Array(knotCount), d: new Float64Array(drift.length) }
  const z = new Float64Array(SLOTS)
  let [u, v] = [0, 0]
  const read = (j: number) => {
    const value = recover(rows[j - runs.first + SPLINES - 1]!, slotOf(j), z, u, v)
    if (isSpline(problem, j)) step.l[j] = value
  }
  drift.forEach((_, c) => {
    step.d[c] = recover(rows[rows.length - drift.length + c]!, SPLINES + c, z, 0, 0)
  })
  for (let j = runs.first - SPLINES + 1; j < runs.first; j++) read(j)
  for (let run = runs.first; run <= runs.last; run++) {
    read(run)
    for (let i = runs.start(run); i < runs.start(run + 1); i++) {
      const at = i * GAIN
      let eta = gains[at + 3]!
      for (let j = 0; j < SLOTS; j++) eta -= gains[at + 4 + j]! * z[j]!
      const change = eta * gains[at + 2]! - gains[at]! * u - gains[at + 1]! * v
      step.p[i] = change
      v += f21 * u - e2 * v + g2 * change
      u += g1 * change - e1 * u
    }
  }
  return step
}

// A primal-dual interior point in float64 for one dense quadratic program, by the homogeneous embedding of its optimality
// conditions (Andersen, Ye: On a homogeneous algorithm for the monotone complementarity problem, Math. Prog. 84, 1999; for
// quadratic programs Goulart, Chen: Clarabel, 2024): it ends at a solution x / tau, y / tau, or, where there is none, at a
// certificate. With one slack s > 0 and multiplier t > 0 for each finite bound h of a row, +-a x <= h:
//
//   P x + A'y + q tau = 0                             y = t of upper - t of lower bounds; free in equations
//   a x = b tau in equations,  +-a x + s = h tau
//   kappa + q'x + b'y + h't + x'Px / tau = 0
//   s t = mu,  kappa tau = mu,  mu -> 0
//
// All residuals shrink alike along a step. Newton's steps are Mehrotra's (SIAM J. Optim. 2, 1992): one to the solution, which
// says how far to centre, and one with its second-order terms.

import type { Scaled } from './equilibrate.ts'
import { factorKkt, type Kkt, type Step } from './kkt.ts'
import { dot, multiply, multiplyTransposed, type Breathe } from './linear.ts'

/** How near a step goes to where a slack or multiplier vanishes. */
const TO_BOUNDARY = 0.995

/** Where the iteration is: x / tau and y / tau tend to a solution, or x or y to a certificate where kappa outgrows tau. */
export interface Homogeneous {
  x: Float64Array
  y: Float64Array
  tau: number
  kappa: number
}

/** A finite bound h of a row that is no equation: side * a x <= h. */
interface Bound {
  row: number
  side: 1 | -1
  h: number
}

interface State extends Homogeneous {
  s: Float64Array
  t: Float64Array
}

/** What a step is asked for: shrink the residuals by the factor `shrink` of them, and lower the products by `s` and `kappa`. */
interface Target {
  shrink: number
  s: Float64Array
  kappa: number
}

function boundsOf({ l, u }: Scaled): Bound[] {
  const bounds: Bound[] = []
  l.forEach((low, row) => {
    const high = u[row]!
    if (low === high) return
    if (high !== Infinity) bounds.push({ row, side: 1, h: high })
    if (low !== -Infinity) bounds.push({ row, side: -1, h: -low })
  })
  return bounds
}

/** Longest step in [0, 1] that keeps `v` positive. */
const longest = (v: number, change: number) => (change < 0 ? Math.min(1, -v / change) : 1)

function lengthOf(at: State, step: State): number {
  let length = Math.min(longest(at.tau, step.tau), longest(at.kappa, step.kappa))
  for (let k = 0; k < at.s.length; k++)
    length = Math.min(length, longest(at.s[k]!, step.s[k]!), longest(at.t[k]!, step.t[k]!))
  return length
}

function move(at: State, step: State, length: number): void {
  for (const name of ['x', 'y', 's', 't'] as const) {
    const [values, change] = [at[name], step[name]]
    for (let k = 0; k < values.length; k++) values[k]! += length * change[k]!
  }
  at.tau += length * step.tau
  at.kappa += length * step.kappa
}

/** Iterates without end; the caller judges them, and stops. */
export async function* interiorPoint(scaled: Scaled, breathe: Breathe): AsyncGenerator<Homogeneous, never, undefined> {
  const { n, m, P, q, A, l, u } = scaled
  const bounds = boundsOf(scaled)
  const equation = l.map((low, row) => (low === u[row] ? low : 0))
  const ones = () => new Float64Array(bounds.length).fill(1)
  const at: State = { x: new Float64Array(n), y: new Float64Array(m), s: ones(), t: ones(), tau: 1, kappa: 1 }
  for (const { row, side } of bounds) at.y[row]! += side

  /** Right-hand sides of rows, from those of bounds, where each bound weighs t / s. */
  const rowsOf = (rest: Float64Array, weight: Float64Array, own: Float64Array): Float64Array => {
    const sums = new Float64Array(m)
    bounds.forEach(({ row, side }, k) => {
      sums[row]! += (side * at.t[k]! * rest[k]!) / at.s[k]!
    })
    return sums.map((sum, row) => (weight[row] === Infinity ? own[row]! : weight[row]! > 0 ? sum / weight[row]! : 0))
  }

  /** Steps of the bounds' multipliers: from the row's where the bound weighs most in it, which keeps their digits. */
  const multipliersOf = (step: Step, rest: Float64Array): Float64Array => {
    const Ax = multiply(A, step.x, m)
    const t = new Float64Array(bounds.length)
    const direct = (k: number) => {
      const { row, side } = bounds[k]!
      return (at.t[k]! / at.s[k]!) * (side * Ax[row]! - rest[k]!)
    }
    for (let k = 0; k < bounds.length; k++) {
      const { row, side } = bounds[k]!
      const other = bounds[k + 1]?.row === row ? k + 1 : bounds[k - 1]?.row === row ? k - 1 : -1
      if (other < 0) t[k] = side * step.y[row]!
      else if (at.t[k]! / at.s[k]! < at.t[other]! / at.s[other]!) t[k] = direct(k)
      else t[k] = side * step.y[row]! + direct(other)
    }
    return t
  }

  for (;;) {
    yield at
    const { x, y, s, t, tau, kappa } = at
    const weight = Float64Array.from(l, (low, row) => (low === u[row] ? Infinity : 0))
    bounds.forEach(({ row }, k) => {
      weight[row]! += t[k]! / s[k]!
    })
    const kkt: Kkt = await factorKkt(scaled, weight, breathe)
    const [Px, Ax, Ay] = [multiply(P, x, n), multiply(A, x, m), multiplyTransposed(A, y, n)]
    const gradient = Px.map((v, j) => v + q[j]! * tau + Ay[j]!)
    const apart = Ax.map((v, row) => (weight[row] === Infinity ? v - equation[row]! * tau : 0))
    const slack = Float64Array.from(bounds, ({ row, side, h }, k) => side * Ax[row]! - h * tau + s[k]!)
    const h = Float64Array.from(bounds, (bound) => bound.h)
    const curvature = dot(x, Px) / tau
    const gap = kappa + dot(q, x) + dot(equation, y) + dot(h, t) + curvature
    const slope = Px.map((v, j) => q[j]! + (2 * v) / tau)

    // What a step of tau alone brings.
    const along = await kkt.solve(
      q.map((v) => -v),
      rowsOf(h, weight, equation),
      breathe,
    )
    const alongT = multipliersOf(along, h)
    const alongGap = dot(slope, along.x) + dot(equation, along.y) + dot(h, alongT)
    const stepTo = async ({ shrink, s: lower, kappa: lowerKappa }: Target): Promise<State> => {
      const rest = slack.map((v, k) => -shrink * v + lower[k]! / t[k]!)
      const own = apart.map((v) => -shrink * v)
      const fixed = await kkt.solve(
        gradient.map((v) => -shrink * v),
        rowsOf(rest, weight, own),
        breathe,
      )
      const fixedT = multipliersOf(fixed, rest)
      const fixedGap = dot(slope, fixed.x) + dot(equation, fixed.y) + dot(h, fixedT)
      const dTau = (-shrink * gap + lowerKappa / tau - fixedGap) / (alongGap - curvature / tau - kappa / tau)
      const dT = fixedT.map((v, k) => v + dTau * alongT[k]!)
      return {
        x: fixed.x.map((v, j) => v + dTau * along.x[j]!),
        y: fixed.y.map((v, i) => v + dTau * along.y[i]!),
        t: dT,
        s: dT.map((v, k) => -(lower[k]! + s[k]! * v) / t[k]!),
        tau: dTau,
        kappa: -(lowerKappa + kappa * dTau) / tau,
      }
    }
    const mu = (dot(s, t) + kappa * tau) / (bounds.length + 1)
    const affine = await stepTo({ shrink: 1, s: s.map((v, k) => v * t[k]!), kappa: kappa * tau })
    const sigma = (1 - lengthOf(at, affine)) ** 3
    const step = await stepTo({
      shrink: 1 - sigma,
      s: s.map((v, k) => v * t[k]! + affine.s[k]! * affine.t[k]! - sigma * mu),
      kappa: kappa * tau + affine.kappa * affine.tau - sigma * mu,
    })
    move(at, step, Math.min(1, TO_BOUNDARY * lengthOf(at, step)))
  }
}

// The inner loops of newton.ts over the samples of one run: back in time by the Riccati recursion, and forwards again.
//
// With the filter's s' = F s + G p, r = c's + D p (`DrivenFilter`: G = (1, 0), F lower triangular, c = (c1, 1)), before and
// after a sample of weight w and pull b, and V after it,
//
//   den = w + D^2 + P_11,   k = (D c + F'P G) / den,   Q = F - G k',   q = c - D k         (closed loop)
//   own_j = D T_j + X_1j,   eta = b + D e + a_1
//   P <- Q'P Q + q q' + w k k'     (a sum of squares: P stays positive whatever the rounding)
//   a <- F'a + c e - k eta,    X_j <- F'X_j + c T_j - k own_j
//   S_jm <- S_jm + T_j T_m - own_j own_m / den,    g_j <- g_j + T_j e - own_j eta / den
//
// The sums of T_j T_m over a run are the same in every step and so are added before (`gramOf`). Each loop keeps what it
// changes in local variables and allocates nothing: these loops are where the time of the float64 solver goes.

import type { DrivenFilter } from './bateman.ts'
import { AT_A, AT_G, AT_P, AT_S, AT_X } from './cost_to_go.ts'
import { SLOTS, type Walk } from './runs.ts'

/** A sample's gains: k (2), 1 / den, eta, then own of each slot. */
export const GAIN = 4 + SLOTS

/** The quadratic to minimise: sample i weighs lambda_i / p_i and is pulled by target / p_i - alpha; e is the residual. */
export interface Samples {
  p: Float64Array
  lambda: Float64Array
  target: number
  alpha: number
  e: Float64Array
}

/** Back over a run: P, a and X of V; the samples' gains, those of sample `origin` first. */
export function stateBack(
  filter: DrivenFilter,
  V: Float64Array,
  samples: Samples,
  run: Walk,
  gains: Float64Array,
  origin: number,
): void {
  const { f11, f21, f22, c1, d: D } = filter
  const DD = D * D
  const Dc1 = D * c1
  const c1OfOwn = c1 - f11 * D // of T_j where X_1j is told as own_j - D T_j
  const { p, lambda, target, alpha, e } = samples
  const { from, to, columns, values, drift } = run
  const { constant, splineSum, slope } = drift
  const at0 = columns[0]!
  const at1 = columns[1]!
  const at2 = columns[2]!
  const at3 = columns[3]!
  let p11 = V[AT_P]!
  let p12 = V[AT_P + 1]!
  let p22 = V[AT_P + 2]!
  let a1 = V[AT_A]!
  let a2 = V[AT_A + 1]!
  let u0 = V[AT_X]!
  let u1 = V[AT_X + 1]!
  let u2 = V[AT_X + 2]!
  let u3 = V[AT_X + 3]!
  let u4 = V[AT_X + 4]!
  let u5 = V[AT_X + 5]!
  let v0 = V[AT_X + 6]!
  let v1 = V[AT_X + 7]!
  let v2 = V[AT_X + 8]!
  let v3 = V[AT_X + 9]!
  let v4 = V[AT_X + 10]!
  let v5 = V[AT_X + 11]!
  for (let i = to - 1, at = (to - 1 - origin) * GAIN; i >= from; i--, at -= GAIN) {
    const inverseP = 1 / p[i]!
    const w = lambda[i]! * inverseP
    const b = target * inverseP - alpha
    const rest = e[i]!

    const inverse = 1 / (w + DD + p11)
    const k1 = (Dc1 + f11 * p11 + f21 * p12) * inverse
    const k2 = (D + f22 * p12) * inverse
    const q11 = f11 - k1
    const q1 = c1 - D * k1
    const q2 = 1 - D * k2
    const wk1 = w * k1
    const r11 = p11 * q11 + p12 * f21
    const r12 = p12 * f22 - p11 * k2
    const r21 = p12 * q11 + p22 * f21
    const r22 = p22 * f22 - p12 * k2
    p11 = q11 * r11 + f21 * r21 + (q1 * q1 + wk1 * k1)
    p12 = q11 * r12 + f21 * r22 + (q1 * q2 + wk1 * k2)
    p22 = f22 * r22 - k2 * r12 + (q2 * q2 + w * k2 * k2)

    const eta = b + D * rest + a1
    gains[at] = k1
    gains[at + 1] = k2
    gains[at + 2] = inverse
    gains[at + 3] = eta
    a1 = f11 * a1 + f21 * a2 + (c1 * rest - k1 * eta)
    a2 = f22 * a2 + (rest - k2 * eta)

    const t0 = values[at0 + i]!
    const t1 = values[at1 + i]!
    const t2 = values[at2 + i]!
    const t3 = values[at3 + i]!
    const t4 = splineSum === 0 ? constant : t0 + t1 + t2 + t3
    const t5 = slope * (i + 1)
    const own0 = D * t0 + u0
    gains[at + 4] = own0
    u0 = q11 * own0 + f21 * v0 + c1OfOwn * t0
    v0 = f22 * v0 + (t0 - k2 * own0)
    const own1 = D * t1 + u1
    gains[at + 5] = own1
    u1 = q11 * own1 + f21 * v1 + c1OfOwn * t1
    v1 = f22 * v1 + (t1 - k2 * own1)
    const own2 = D * t2 + u2
    gains[at + 6] = own2
    u2 = q11 * own2 + f21 * v2 + c1OfOwn * t2
    v2 = f22 * v2 + (t2 - k2 * own2)
    const own3 = D * t3 + u3
    gains[at + 7] = own3
    u3 = q11 * own3 + f21 * v3 + c1OfOwn * t3
    v3 = f22 * v3 + (t3 - k2 * own3)
    const own4 = D * t4 + u4
    gains[at + 8] = own4
    u4 = q11 * own4 + f21 * v4 + c1OfOwn * t4
    v4 = f22 * v4 + (t4 - k2 * own4)
    const own5 = D * t5 + u5
    gains[at + 9] = own5
    u5 = q11 * own5 + f21 * v5 + c1OfOwn * t5
    v5 = f22 * v5 + (t5 - k2 * own5)
  }
  V[AT_P] = p11
  V[AT_P + 1] = p12
  V[AT_P + 2] = p22
  V[AT_A] = a1
  V[AT_A + 1] = a2
  V[AT_X] = u0
  V[AT_X + 1] = u1
  V[AT_X + 2] = u2
  V[AT_X + 3] = u3
  V[AT_X + 4] = u4
  V[AT_X + 5] = u5
  V[AT_X + 6] = v0
  V[AT_X + 7] = v1
  V[AT_X + 8] = v2
  V[AT_X + 9] = v3
  V[AT_X + 10] = v4
  V[AT_X + 11] = v5
}

/** What a run does to S and g of the splines, from its gains. */
export function splineSums(V: Float64Array, { e }: Samples, run: Walk, gains: Float64Array, origin: number): void {
  const { from, to, columns, values } = run
  const c0 = columns[0]!
  const c1 = columns[1]!
  const c2 = columns[2]!
  const c3 = columns[3]!
  let s00 = 0
  let s10 = 0
  let s11 = 0
  let s20 = 0
  let s21 = 0
  let s22 = 0
  let s30 = 0
  let s31 = 0
  let s32 = 0
  let s33 = 0
  let sum0 = 0
  let sum1 = 0
  let sum2 = 0
  let sum3 = 0
  for (let i = from, at = (from - origin) * GAIN; i < to; i++, at += GAIN) {
    const inverse = gains[at + 2]!
    const eta = gains[at + 3]!
    const own0 = gains[at + 4]!
    const own1 = gains[at + 5]!
    const own2 = gains[at + 6]!
    const own3 = gains[at + 7]!
    const rest = e[i]!
    const share0 = own0 * inverse
    s00 += share0 * own0
    sum0 += values[c0 + i]! * rest - share0 * eta
    const share1 = own1 * inverse
    s10 += share1 * own0
    s11 += share1 * own1
    sum1 += values[c1 + i]! * rest - share1 * eta
    const share2 = own2 * inverse
    s20 += share2 * own0
    s21 += share2 * own1
    s22 += share2 * own2
    sum2 += values[c2 + i]! * rest - share2 * eta
    const share3 = own3 * inverse
    s30 += share3 * own0
    s31 += share3 * own1
    s32 += share3 * own2
    s33 += share3 * own3
    sum3 += values[c3 + i]! * rest - share3 * eta
  }
  V[AT_S]! -= s00
  V[AT_S + 1]! -= s10
  V[AT_S + 2]! -= s11
  V[AT_S + 3]! -= s20
  V[AT_S + 4]! -= s21
  V[AT_S + 5]! -= s22
  V[AT_S + 6]! -= s30
  V[AT_S + 7]! -= s31
  V[AT_S + 8]! -= s32
  V[AT_S + 9]! -= s33
  V[AT_G]! += sum0
  V[AT_G + 1]! += sum1
  V[AT_G + 2]! += sum2
  V[AT_G + 3]! += sum3
}

/** The same of the drift columns. */
export function driftSums(V: Float64Array, { e }: Samples, run: Walk, gains: Float64Array, origin: number): void {
  const { from, to, columns, values, drift } = run
  const { constant, splineSum, slope } = drift
  const c0 = columns[0]!
  const c1 = columns[1]!
  const c2 = columns[2]!
  const c3 = columns[3]!
  let s40 = 0
  let s41 = 0
  let s42 = 0
  let s43 = 0
  let s44 = 0
  let s50 = 0
  let s51 = 0
  let s52 = 0
  let s53 = 0
  let s54 = 0
  let s55 = 0
  let sum4 = 0
  let sum5 = 0
  for (let i = from, at = (from - origin) * GAIN; i < to; i++, at += GAIN) {
    const inverse = gains[at + 2]!
    const eta = gains[at + 3]!
    const own0 = gains[at + 4]!
    const own1 = gains[at + 5]!
    const own2 = gains[at + 6]!
    const own3 = gains[at + 7]!
    const own4 = gains[at + 8]!
    const own5 = gains[at + 9]!
    const rest = e[i]!
    const t4 = splineSum === 0 ? constant : values[c0 + i]! + values[c1 + i]! + values[c2 + i]! + values[c3 + i]!
    const share4 = own4 * inverse
    s40 += share4 * own0
    s41 += share4 * own1
    s42 += share4 * own2
    s43 += share4 * own3
    s44 += share4 * own4
    sum4 += t4 * rest - share4 * eta
    const share5 = own5 * inverse
    s50 += share5 * own0
    s51 += share5 * own1
    s52 += share5 * own2
    s53 += share5 * own3
    s54 += share5 * own4
    s55 += share5 * own5
    sum5 += slope * (i + 1) * rest - share5 * eta
  }
  V[AT_S + 10]! -= s40
  V[AT_S + 11]! -= s41
  V[AT_S + 12]! -= s42
  V[AT_S + 13]! -= s43
  V[AT_S + 14]! -= s44
  V[AT_S + 15]! -= s50
  V[AT_S + 16]! -= s51
  V[AT_S + 17]! -= s52
  V[AT_S + 18]! -= s53
  V[AT_S + 19]! -= s54
  V[AT_S + 20]! -= s55
  V[AT_G + 4]! += sum4
  V[AT_G + 5]! += sum5
}

/**
 * Forwards over a run: the minimising change of each sample, d = (eta - own'z) / den - k's, with z by slot and the
 * filter's state s before the run, which is moved past it. Returns the largest of `ratio` and what bounds a step along
 * the change (step_length.ts).
 */
export function changesForwards(
  { f11, f21, f22 }: DrivenFilter,
  { p, lambda, target }: Samples,
  { from, to }: Walk,
  gains: Float64Array,
  origin: number,
  z: Float64Array,
  state: Float64Array,
  change: Float64Array,
  ratio: number,
): number {
  const z0 = z[0]!
  const z1 = z[1]!
  const z2 = z[2]!
  const z3 = z[3]!
  const z4 = z[4]!
  const z5 = z[5]!
  let u = state[0]!
  let v = state[1]!
  let most = ratio
  for (let i = from, at = (from - origin) * GAIN; i < to; i++, at += GAIN) {
    const splines = gains[at + 4]! * z0 + gains[at + 5]! * z1 + (gains[at + 6]! * z2 + gains[at + 7]! * z3)
    const eta = gains[at + 3]! - splines - (gains[at + 8]! * z4 + gains[at + 9]! * z5)
    const d = eta * gains[at + 2]! - (gains[at]! * u + gains[at + 1]! * v)
    change[i] = d
    v = f21 * u + f22 * v
    u = f11 * u + d
    const inverseP = 1 / p[i]!
    const relative = d * inverseP
    most = Math.max(most, -relative, 1 - (target * inverseP) / lambda[i]! + relative)
  }
  state[0] = u
  state[1] = v
  return most
}

// What the samples from some one on cost, as newton.ts goes back over them: its quadratic V in one array, and what
// happens to V between two runs: a spline enters, or one is eliminated.

import { isSpline, slotOf, SLOTS } from './runs.ts'
import type { Problem } from './problem.ts'

/** Where the parts of V begin: P as (11, 12, 22), a, g by slot, X as two rows of slots, the lower triangle of S by rows. */
export const AT_P = 0
export const AT_A = 3
export const AT_G = AT_A + 2
export const AT_X = AT_G + SLOTS
export const AT_S = AT_X + 2 * SLOTS
/** Numbers of a lower triangle, and of V. */
export const PAIRS = (SLOTS * (SLOTS + 1)) / 2
export const VALUE = AT_S + PAIRS

/** An eliminated coefficient: its row of S, its column of X (2), its entry of g. */
export const ROW = SLOTS + 3

/** Place of an entry in the lower triangle. */
export const pairAt = (j: number, m: number) => (j >= m ? (j * (j + 1)) / 2 + m : (m * (m + 1)) / 2 + j)

/** A spline that the samples before now share: nothing is known of it but its penalty. One without a knot stays 0. */
export function enter(problem: Problem, V: Float64Array, j: number, l: ArrayLike<number>): void {
  const slot = slotOf(j)
  const { gamma } = problem.params
  V[AT_S + pairAt(slot, slot)] = gamma
  V[AT_G + slot] = isSpline(problem, j) ? -gamma * l[j]! : 0
}

/** Least curvature that a coefficient is believed to have. */
const LEAST_PIVOT = 1e-30

/** Removes the coefficient in `slot` from V by its own minimum; what the way back needs of it goes to `rows`, from `at` on. */
export function eliminate(V: Float64Array, slot: number, rows: Float64Array, at: number): void {
  for (let m = 0; m < SLOTS; m++) rows[at + m] = V[AT_S + pairAt(slot, m)]!
  const pivot = (rows[at + slot] = Math.max(rows[at + slot]!, LEAST_PIVOT))
  const x1 = (rows[at + SLOTS] = V[AT_X + slot]!)
  const x2 = (rows[at + SLOTS + 1] = V[AT_X + SLOTS + slot]!)
  const rest = (rows[at + SLOTS + 2] = V[AT_G + slot]!)
  for (let m = 0, pair = AT_S; m < SLOTS; m++) {
    const share = rows[at + m]! / pivot
    for (let k = 0; k <= m; k++, pair++) V[pair]! -= share * rows[at + k]!
    V[AT_X + m]! -= share * x1
    V[AT_X + SLOTS + m]! -= share * x2
    V[AT_G + m]! -= share * rest
  }
  V[AT_P]! -= (x1 * x1) / pivot
  V[AT_P + 1]! -= (x1 * x2) / pivot
  V[AT_P + 2]! -= (x2 * x2) / pivot
  V[AT_A]! -= (x1 * rest) / pivot
  V[AT_A + 1]! -= (x2 * rest) / pivot
  for (let m = 0; m < SLOTS; m++) V[AT_S + pairAt(slot, m)] = 0
  V[AT_X + slot] = V[AT_X + SLOTS + slot] = V[AT_G + slot] = 0
}

/** The minimising coefficient, once the filter's state and all coefficients eliminated later are known. */
export function recover(rows: Float64Array, at: number, slot: number, z: Float64Array, state: Float64Array): number {
  let rest = rows[at + SLOTS + 2]! - rows[at + SLOTS]! * state[0]! - rows[at + SLOTS + 1]! * state[1]!
  for (let m = 0; m < SLOTS; m++) if (m !== slot) rest -= rows[at + m]! * z[m]!
  return (z[slot] = rest / rows[at + slot]!)
}

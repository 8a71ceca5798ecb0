// The dual problem of a support vector machine of any kernel, by sequential minimal optimisation.
import type { Pieces } from '../runtime/breather.ts'

/** min |a . phi|^2 / 2 - sum alpha over 0 <= alpha <= cost with sum alpha y = 0, as what its solver is given. */
export interface DualProblem {
  /** [n, n] kernel values of the training rows. */
  gram: Float32Array | Float64Array
  labels: ArrayLike<number>
  /** Cost of a margin violation, C. */
  cost: number
  /** Converged when no pair of multipliers violates the optimality condition by more. */
  tolerance: number
}

/** The solved dual: f(x) = sum weight_i k(x_i, x) + bias. */
export interface DualSolution {
  /** alpha y of each row, 0 where it is no support vector. */
  weights: Float64Array
  bias: number
  /** Pairs of multipliers updated. */
  updates: number
  converged: boolean
}

const MOST_UPDATES_PER_ROW = 1000

/**
 * Coordinate descent in pairs, which keep sum alpha y = 0, with the second-order choice of the pair (Fan, Chen, Lin, JMLR 6, 2005,
 * WSS 2). No chance is involved. One class alone gives that class everywhere.
 */
export function* solveDual(
  { gram, labels, cost, tolerance }: DualProblem,
  say: (share: number) => void = () => undefined,
): Pieces<DualSolution> {
  const n = labels.length
  const dual: Dual = {
    cost,
    gram,
    sign: Float64Array.from({ length: n }, (_, i) => (labels[i] ? 1 : -1)),
    alpha: new Float64Array(n),
    residual: Float64Array.from({ length: n }, (_, i) => (labels[i] ? 1 : -1)),
  }
  let updates = 0
  let pair = worstPair(dual)
  while (pair.violation > tolerance && updates < MOST_UPDATES_PER_ROW * n) {
    updatePair(dual, pair.up, pair.down)
    pair = worstPair(dual)
    updates++
    say(updates / (updates + n))
    yield
  }
  return {
    weights: dual.alpha.map((value, i) => value * dual.sign[i]!),
    bias: pair.bias,
    updates,
    converged: pair.violation <= tolerance,
  }
}

interface Dual {
  cost: number
  gram: Float32Array | Float64Array
  /** +1 or -1. */
  sign: Float64Array
  /** Multipliers, 0 to cost. */
  alpha: Float64Array
  /** y - f without bias on every row, kept current; equal to the bias on rows that are free support vectors. */
  residual: Float64Array
}

interface Pair {
  /** alpha y of this row grows, */
  up: number
  /** that of this one shrinks by as much. */
  down: number
  violation: number
  bias: number
}

/** The row whose alpha y most wants to grow, and the partner with which the dual gains most. */
function worstPair({ cost, gram, sign, alpha, residual }: Dual): Pair {
  const n = alpha.length
  let [up, most, least] = [-1, -Infinity, Infinity]
  for (let i = 0; i < n; i++) {
    const y = sign[i]!
    const value = alpha[i]!
    const r = residual[i]!
    if ((y > 0 ? value < cost : value > 0) && r > most) [up, most] = [i, r]
    if ((y > 0 ? value > 0 : value < cost) && r < least) least = r
  }
  let [down, gain] = [-1, -1]
  for (let j = 0; up >= 0 && j < n; j++) {
    const movable = sign[j]! > 0 ? alpha[j]! > 0 : alpha[j]! < cost
    const difference = most - residual[j]!
    if (!movable || difference <= 0) continue
    const value = (difference * difference) / curvature(gram, n, up, j)
    if (value > gain) [down, gain] = [j, value]
  }
  if (up < 0 || least === Infinity) return { up, down, violation: 0, bias: up < 0 ? least : most }
  return { up, down, violation: most - least, bias: (most + least) / 2 }
}

/** Moves alpha y of `up` up and of `down` down by the same amount, as far as the dual gains and the box allows. */
function updatePair({ cost, gram, sign, alpha, residual }: Dual, up: number, down: number): void {
  const n = alpha.length
  const room = (i: number, grows: boolean): number => (sign[i]! > 0 === grows ? cost - alpha[i]! : alpha[i]!)
  const wish = (residual[up]! - residual[down]!) / curvature(gram, n, up, down)
  const [roomUp, roomDown] = [room(up, true), room(down, false)]
  const step = Math.min(wish, roomUp, roomDown)
  const settle = (i: number, change: number, used: boolean): void => {
    const value = alpha[i]! + sign[i]! * change
    // A bound that was reached is reached exactly, not to rounding.
    alpha[i] = used ? (sign[i]! * change > 0 ? cost : 0) : value
  }
  settle(up, step, step === roomUp)
  settle(down, -step, step === roomDown)
  const [first, second] = [up * n, down * n]
  for (let k = 0; k < n; k++) {
    residual[k] = residual[k]! - step * (gram[first + k]! - gram[second + k]!)
  }
}

/** Second derivative of the dual along the pair: squared distance of the two rows, or a little if they are the same. */
const curvature = (gram: Dual['gram'], n: number, i: number, j: number): number =>
  Math.max(gram[i * n + i]! + gram[j * n + j]! - 2 * gram[i * n + j]!, 1e-12)

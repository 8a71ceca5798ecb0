import { ShapeError } from '../runtime/errors.ts'

/** A linear decision: class 1 where w . x + bias > 0. */
export interface LinearSvm {
  weights: Float64Array
  bias: number
  /** Pairs of multipliers updated. */
  updates: number
  converged: boolean
}

/** Settings of the support vector machine. */
export interface SvmOptions {
  /** Cost of a margin violation; default 0.25. */
  cost?: number
}

/** Converged when no pair of multipliers violates the optimality condition by more: a hundredth of the margin. */
const TOLERANCE = 1e-2
const MOST_UPDATES_PER_ROW = 1000

/**
 * Linear support vector machine with hinge loss: min |w|^2 / 2 + C sum max(0, 1 - y (w . x + bias)).
 * Solved in the dual on the Gram matrix by coordinate descent in pairs, which keep sum alpha y = 0: sequential minimal
 * optimisation with the second-order choice of the pair (Fan, Chen, Lin, JMLR 6, 2005, WSS 2). No chance is involved.
 * `rows` are the training inputs, all of one length; `labels` are 0 or 1. One class alone gives that class everywhere.
 */
export function trainLinearSvm(
  rows: readonly Float32Array[],
  labels: ArrayLike<number>,
  { cost = 0.25 }: SvmOptions = {},
): LinearSvm {
  const n = rows.length
  if (n === 0 || labels.length !== n) {
    throw new ShapeError(`svm: ${n} rows and ${labels.length} labels; need as many, at least 1`)
  }
  const problem: Dual = {
    cost,
    gram: gramMatrix(rows),
    sign: Float64Array.from({ length: n }, (_, i) => (labels[i] ? 1 : -1)),
    alpha: new Float64Array(n),
    residual: Float64Array.from({ length: n }, (_, i) => (labels[i] ? 1 : -1)),
  }
  let updates = 0
  let pair = worstPair(problem)
  while (pair.violation > TOLERANCE && updates < MOST_UPDATES_PER_ROW * n) {
    updatePair(problem, pair.up, pair.down)
    pair = worstPair(problem)
    updates++
  }
  return { weights: primal(rows, problem), bias: pair.bias, updates, converged: pair.violation <= TOLERANCE }
}

interface Dual {
  cost: number
  /** [n, n] products of the rows. */
  gram: Float64Array
  /** +1 or -1. */
  sign: Float64Array
  /** Multipliers, 0 to cost. */
  alpha: Float64Array
  /** y - w . x on every row, kept current; equal to the bias on rows that are free support vectors. */
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

/** Second derivative of the dual along the pair: |x_i - x_j|^2, or a little if the rows are the same. */
const curvature = (gram: Float64Array, n: number, i: number, j: number): number =>
  Math.max(gram[i * n + i]! + gram[j * n + j]! - 2 * gram[i * n + j]!, 1e-12)

/** Class of one input. */
export function predictLinearSvm({ weights, bias }: LinearSvm, row: Float32Array): 0 | 1 {
  let sum = bias
  for (let d = 0; d < weights.length; d++) sum += weights[d]! * row[d]!
  return sum > 0 ? 1 : 0
}

function gramMatrix(rows: readonly Float32Array[]): Float64Array {
  const n = rows.length
  const gram = new Float64Array(n * n)
  rows.forEach((a, i) => {
    for (let j = 0; j <= i; j++) {
      const b = rows[j]!
      let sum = 0
      for (let d = 0; d < a.length; d++) sum += a[d]! * b[d]!
      gram[i * n + j] = gram[j * n + i] = sum
    }
  })
  return gram
}

function primal(rows: readonly Float32Array[], { alpha, sign }: Dual): Float64Array {
  const weights = new Float64Array(rows[0]!.length)
  rows.forEach((row, i) => {
    const factor = alpha[i]! * sign[i]!
    if (factor === 0) return
    for (let d = 0; d < weights.length; d++) weights[d] = weights[d]! + factor * row[d]!
  })
  return weights
}

import { ShapeError } from '../runtime/errors.ts'

/** A linear decision: class 1 where w . x + bias > 0. */
export interface LinearSvm {
  weights: Float64Array
  bias: number
  /** Coordinate updates made. */
  updates: number
  converged: boolean
}

export interface SvmOptions {
  /** Cost of a margin violation; default 0.25. */
  cost?: number
}

/** Converged when no multiplier violates its optimality condition by more. */
const TOLERANCE = 1e-2
const MOST_UPDATES_PER_ROW = 2000

/**
 * Linear support vector machine with hinge loss: min |w|^2 / 2 + C sum max(0, 1 - y (w . x + bias)), the bias regularised
 * like a weight. Solved in the dual by coordinate descent (Hsieh et al., ICML 2008) on the Gram matrix, always in the
 * coordinate that gains most, so the result is deterministic and one update costs n, whatever the length of a row.
 * `rows` are the training inputs, all of one length; `labels` are 0 or 1.
 */
export function trainLinearSvm(
  rows: readonly Float32Array[],
  labels: ArrayLike<number>,
  { cost = 0.25 }: SvmOptions = {},
): LinearSvm {
  const n = rows.length
  if (n === 0 || labels.length !== n) throw new ShapeError(`svm: ${n} rows and ${labels.length} labels; need as many, at least 1`)
  const sign = Float64Array.from({ length: n }, (_, i) => (labels[i] ? 1 : -1))
  const gram = gramMatrix(rows)
  const alpha = new Float64Array(n)
  // Output of the machine on every training row, kept current.
  const output = new Float64Array(n)
  let updates = 0
  let converged = false
  for (; updates < MOST_UPDATES_PER_ROW * n; updates++) {
    const { coordinate, violation } = steepest(alpha, output, sign, gram, cost)
    converged = violation < TOLERANCE
    if (converged) break
    const own = coordinate * n
    const before = alpha[coordinate] as number
    const y = sign[coordinate] as number
    const gradient = y * (output[coordinate] as number) - 1
    const after = Math.min(Math.max(before - gradient / (gram[own + coordinate] as number), 0), cost)
    alpha[coordinate] = after
    const step = (after - before) * y
    for (let j = 0; j < n; j++) output[j] = (output[j] as number) + step * (gram[own + j] as number)
  }
  return { ...primal(rows, alpha, sign), updates, converged }
}

/** Class of one input. */
export function predictLinearSvm({ weights, bias }: LinearSvm, row: Float32Array): 0 | 1 {
  let sum = bias
  for (let d = 0; d < weights.length; d++) sum += (weights[d] as number) * (row[d] as number)
  return sum > 0 ? 1 : 0
}

/** The multiplier whose exact update lowers the dual objective most, by the projected gradient, and the worst violation. */
function steepest(alpha: Float64Array, output: Float64Array, sign: Float64Array, gram: Float64Array, cost: number) {
  const n = alpha.length
  let [coordinate, gain, violation] = [0, -1, 0]
  for (let i = 0; i < n; i++) {
    const gradient = (sign[i] as number) * (output[i] as number) - 1
    const value = alpha[i] as number
    if ((value <= 0 && gradient >= 0) || (value >= cost && gradient <= 0)) continue
    violation = Math.max(violation, Math.abs(gradient))
    const curvature = gram[i * n + i] as number
    const step = Math.min(Math.max(value - gradient / curvature, 0), cost) - value
    const lowered = -step * (gradient + (curvature * step) / 2)
    if (lowered > gain) [coordinate, gain] = [i, lowered]
  }
  return { coordinate, violation }
}

/** [n, n] products x_i . x_j + 1; the 1 is the bias's own feature. */
function gramMatrix(rows: readonly Float32Array[]): Float64Array {
  const n = rows.length
  const gram = new Float64Array(n * n)
  rows.forEach((a, i) => {
    for (let j = 0; j <= i; j++) {
      const b = rows[j] as Float32Array
      let sum = 1
      for (let d = 0; d < a.length; d++) sum += (a[d] as number) * (b[d] as number)
      gram[i * n + j] = gram[j * n + i] = sum
    }
  })
  return gram
}

function primal(rows: readonly Float32Array[], alpha: Float64Array, sign: Float64Array) {
  const weights = new Float64Array((rows[0] as Float32Array).length)
  let bias = 0
  rows.forEach((row, i) => {
    const factor = (alpha[i] as number) * (sign[i] as number)
    if (factor === 0) return
    bias += factor
    for (let d = 0; d < weights.length; d++) weights[d] = (weights[d] as number) + factor * (row[d] as number)
  })
  return { weights, bias }
}

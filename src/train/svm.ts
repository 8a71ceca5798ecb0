import { ShapeError } from '../runtime/errors.ts'
import { Random } from '../runtime/random.ts'

/** A linear decision: class 1 where w . x + bias > 0. */
export interface LinearSvm {
  weights: Float64Array
  bias: number
  /** Passes over the training set. */
  passes: number
  converged: boolean
}

export interface SvmOptions {
  /** Cost of a margin violation; default 0.25. */
  cost?: number
  seed: number
}

/** A pass whose projected gradients differ by less ends the iteration. */
const TOLERANCE = 1e-3
const MOST_PASSES = 2000

/**
 * Linear support vector machine with hinge loss: min |w|^2 / 2 + C sum max(0, 1 - y (w . x + bias)), the bias regularised
 * like a weight. Solved in the dual by coordinate descent with shrinking (Hsieh et al., ICML 2008, algorithm 3).
 * `rows` are the training inputs, all of one length; `labels` are 0 or 1.
 */
export function trainLinearSvm(rows: readonly Float32Array[], labels: ArrayLike<number>, options: SvmOptions): LinearSvm {
  const { cost = 0.25, seed } = options
  const n = rows.length
  if (n === 0 || labels.length !== n) throw new ShapeError(`svm: ${n} rows and ${labels.length} labels; need as many, at least 1`)
  const weights = new Float64Array((rows[0] as Float32Array).length)
  const sign = Float64Array.from({ length: n }, (_, i) => (labels[i] ? 1 : -1))
  const norm = Float64Array.from(rows, (row) => dot(row, row) + 1)
  const alpha = new Float64Array(n)
  const random = new Random(seed)
  let bias = 0
  let active = [...Array(n).keys()]
  let [upper, lower] = [Infinity, -Infinity]
  for (let passes = 1; passes <= MOST_PASSES; passes++) {
    let [most, least] = [-Infinity, Infinity]
    const kept: number[] = []
    for (const position of random.permutation(active.length)) {
      const i = active[position] as number
      const row = rows[i] as Float32Array
      const y = sign[i] as number
      const before = alpha[i] as number
      const gradient = y * (dotMixed(weights, row) + bias) - 1
      if ((before === 0 && gradient > upper) || (before === cost && gradient < lower)) continue
      kept.push(i)
      const projected = before === 0 ? Math.min(gradient, 0) : before === cost ? Math.max(gradient, 0) : gradient
      most = Math.max(most, projected)
      least = Math.min(least, projected)
      if (projected === 0) continue
      const after = Math.min(Math.max(before - gradient / (norm[i] as number), 0), cost)
      alpha[i] = after
      const step = (after - before) * y
      bias += step
      for (let d = 0; d < weights.length; d++) weights[d] = (weights[d] as number) + step * (row[d] as number)
    }
    const done = most - least < TOLERANCE
    if (done && kept.length === n) return { weights, bias, passes, converged: true }
    // Converged on the shrunken set: look at every coordinate once more before believing it.
    active = done ? [...Array(n).keys()] : kept.sort((a, b) => a - b)
    upper = done || most <= 0 ? Infinity : most
    lower = done || least >= 0 ? -Infinity : least
  }
  return { weights, bias, passes: MOST_PASSES, converged: false }
}

/** Class of one input. */
export const predictLinearSvm = (svm: LinearSvm, row: Float32Array): 0 | 1 =>
  dotMixed(svm.weights, row) + svm.bias > 0 ? 1 : 0

// Two loops of the same text: each stays fast only while it sees one kind of array.
function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0
  for (let d = 0; d < a.length; d++) sum += (a[d] as number) * (b[d] as number)
  return sum
}

function dotMixed(a: Float64Array, b: Float32Array): number {
  let sum = 0
  for (let d = 0; d < a.length; d++) sum += (a[d] as number) * (b[d] as number)
  return sum
}

import type { Pieces } from '../runtime/breather.ts'
import { gramMatrix } from './gram.ts'
import { checkFeatures } from './learner.ts'
import { checkRatedRows, predicting, type Regressor } from './regressor.ts'
import { workInTurns, type WorkHooks } from './turns.ts'

/** rating = weights . x + bias. */
export interface Ridge {
  weights: Float64Array
  bias: number
}

const ALPHA = 1
/** Of the work, as far as can be told: products of rows, then their factor. */
const GRAM_SHARE = 0.7

/**
 * Ridge regression with alpha = 1 and no penalty on the bias: min sum (y - w . x - b)² + |w|² (Hoerl and Kennard, Technometrics 12, 1970). Solved
 * for a weight of each row, w = sum a_i (x_i - mean), (K + I) a = y - mean with K the products of centred rows, by Cholesky's factor: rows
 * are few beside the samples of a signal. @throws ShapeError, FormatError
 */
export async function trainRidge(
  rows: readonly Float32Array[],
  ratings: ArrayLike<number>,
  hooks: WorkHooks = {},
): Promise<Ridge> {
  checkRatedRows('ridge', rows, ratings)
  return workInTurns(hooks, function* (say): Pieces<Ridge> {
    yield* checkFeatures('ridge', rows)
    const n = rows.length
    const mean = yield* meanRow(rows)
    const kernel = yield* gramMatrix(rows, (share) => say(GRAM_SHARE * share))
    centre(kernel, n)
    for (let i = 0; i < n; i++) kernel[i * n + i]! += ALPHA
    const meanRating = Array.from(ratings).reduce((sum, rating) => sum + rating, 0) / n
    const shares = Float64Array.from({ length: n }, (_, i) => ratings[i]! - meanRating)
    yield* solvePositive(kernel, shares, (share) => say(GRAM_SHARE + (1 - GRAM_SHARE) * share))
    const weights = new Float64Array(mean.length)
    for (const [i, row] of rows.entries()) {
      for (let k = 0; k < weights.length; k++) weights[k]! += shares[i]! * (row[k]! - mean[k]!)
      yield
    }
    return { weights, bias: meanRating - product(weights, mean) }
  })
}

function* meanRow(rows: readonly Float32Array[]): Pieces<Float64Array> {
  const mean = new Float64Array(rows[0]!.length)
  for (const row of rows) {
    for (let k = 0; k < mean.length; k++) mean[k]! += row[k]!
    yield
  }
  return mean.map((sum) => sum / rows.length)
}

/** Products of rows less their mean, from those of the rows. */
function centre(gram: Float64Array, n: number): void {
  const means = Float64Array.from(
    { length: n },
    (_, i) => gram.subarray(i * n, (i + 1) * n).reduce((a, b) => a + b) / n,
  )
  const all = means.reduce((sum, mean) => sum + mean, 0) / n
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) gram[i * n + j]! += all - means[i]! - means[j]!
}

/** Solves A x = b, A positive definite: its lower triangle becomes Cholesky's factor, and b the solution. */
function* solvePositive(a: Float64Array, b: Float64Array, say: (share: number) => void): Pieces<void> {
  const n = b.length
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i * n + j]!
      for (let k = 0; k < j; k++) sum -= a[i * n + k]! * a[j * n + k]!
      a[i * n + j] = i === j ? Math.sqrt(sum) : sum / a[j * n + j]!
    }
    say(((i + 1) / n) ** 3)
    yield
  }
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) b[i]! -= a[i * n + k]! * b[k]!
    b[i]! /= a[i * n + i]!
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) b[i]! -= a[k * n + i]! * b[k]!
    b[i]! /= a[i * n + i]!
  }
}

function product(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0
  for (let k = 0; k < a.length; k++) sum += a[k]! * b[k]!
  return sum
}

/** Ridge regression. */
export const learnRidge: Regressor = async (rows, ratings, options) => {
  const { weights, bias } = await trainRidge(rows, ratings, options)
  return predicting('ridge', weights.length, (row) => product(weights, row) + bias)
}

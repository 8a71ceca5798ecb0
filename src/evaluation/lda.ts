import type { Pieces } from '../runtime/breather.ts'
import { checkTraining, onlyClass, scoreOfDecision, scoring, type Learner } from './learner.ts'
import { symmetricEigen } from './symmetric_eigen.ts'
import { workInTurns, type WorkHooks } from './turns.ts'

/** Class 1 where w . x + bias > 0; the logistic function of it is the probability of high. */
export interface LinearDiscriminant {
  weights: Float64Array
  bias: number
}

/** Directions in which the trials of one class spread less than this share of a feature's own spread are left out, as without spread. */
const LEAST_SPREAD = 1e-4

/**
 * Linear discriminant analysis: both classes normal with one covariance S, priors as in training, so that w = S^+ (m1 - m0) and
 * bias = log(n1 / n0) - w . (m0 + m1) / 2. S is pooled over n - 2, and its pseudo-inverse is taken with every feature divided by its spread
 * within the classes. Takes features of any scale. @throws ShapeError, FormatError
 */
export async function trainLda(
  rows: readonly Float32Array[],
  labels: ArrayLike<number>,
  hooks: WorkHooks = {},
): Promise<LinearDiscriminant> {
  checkTraining('lda', rows, labels)
  return workInTurns(hooks, function* (say): Pieces<LinearDiscriminant> {
    const classes = classMeans(rows, labels)
    const spread = withinSpread(rows, labels, classes.means)
    yield
    const covariance = yield* withinCovariance(rows, labels, classes.means, spread)
    say(0.5)
    const [low, high] = classes.means
    const apart = high.map((value, k) => (value - low[k]!) / spread[k]!)
    const weights = (yield* solvePseudo(covariance, apart)).map((value, k) => value / spread[k]!)
    const middle = weights.reduce((sum, w, k) => sum + (w * (low[k]! + high[k]!)) / 2, 0)
    return { weights, bias: Math.log(classes.counts[1] / classes.counts[0]) - middle }
  })
}

type Pair<T> = [low: T, high: T]

function classMeans(
  rows: readonly Float32Array[],
  labels: ArrayLike<number>,
): { means: Pair<Float64Array>; counts: Pair<number> } {
  const d = rows[0]!.length
  const means: Pair<Float64Array> = [new Float64Array(d), new Float64Array(d)]
  const counts: Pair<number> = [0, 0]
  rows.forEach((row, i) => {
    const label = labels[i] as 0 | 1
    counts[label]++
    for (let k = 0; k < d; k++) means[label][k] = means[label][k]! + row[k]!
  })
  return { means: [means[0].map((sum) => sum / counts[0]), means[1].map((sum) => sum / counts[1])], counts }
}

/** Population standard deviation of each feature about its class's mean; 1 where it has none. */
function withinSpread(
  rows: readonly Float32Array[],
  labels: ArrayLike<number>,
  means: Pair<Float64Array>,
): Float64Array {
  const squares = new Float64Array(rows[0]!.length)
  rows.forEach((row, i) => {
    const mean = means[labels[i] as 0 | 1]
    for (let k = 0; k < squares.length; k++) squares[k] = squares[k]! + (row[k]! - mean[k]!) ** 2
  })
  return squares.map((sum) => (sum === 0 ? 1 : Math.sqrt(sum / rows.length)))
}

/** [d, d] covariance within the classes, over n - 2, of features divided by their spread. */
function* withinCovariance(
  rows: readonly Float32Array[],
  labels: ArrayLike<number>,
  means: Pair<Float64Array>,
  spread: Float64Array,
): Pieces<Float64Array> {
  const d = spread.length
  const sums = new Float64Array(d * d)
  for (const [i, row] of rows.entries()) {
    const mean = means[labels[i] as 0 | 1]
    const z = spread.map((s, k) => (row[k]! - mean[k]!) / s)
    for (let p = 0; p < d; p++) for (let q = p; q < d; q++) sums[p * d + q] = sums[p * d + q]! + z[p]! * z[q]!
    yield
  }
  const freedom = Math.max(1, rows.length - 2)
  for (let p = 0; p < d; p++) {
    for (let q = p; q < d; q++) sums[p * d + q] = sums[q * d + p] = sums[p * d + q]! / freedom
  }
  return sums
}

/** Pseudo-inverse of a covariance times a vector. */
function* solvePseudo(covariance: Float64Array, vector: Float64Array): Pieces<Float64Array> {
  const n = vector.length
  const { values, vectors } = yield* symmetricEigen(covariance, n)
  const solution = new Float64Array(n)
  values.forEach((value, i) => {
    if (value <= LEAST_SPREAD ** 2) return
    const axis = vectors.subarray(i * n, (i + 1) * n)
    const along = axis.reduce((sum, x, k) => sum + x * vector[k]!, 0) / value
    axis.forEach((x, k) => (solution[k] = solution[k]! + along * x))
  })
  return solution
}

/** Linear discriminant analysis; its score is the probability of high. */
export const learnLda: Learner = async (rows, labels, options) => {
  checkTraining('lda', rows, labels)
  const { length } = rows[0]!
  const only = onlyClass('lda', length, labels)
  if (only) return only
  const { weights, bias } = await trainLda(rows, labels, options)
  return scoring('lda', length, (row) => scoreOfDecision(weights.reduce((sum, w, k) => sum + w * row[k]!, bias)))
}

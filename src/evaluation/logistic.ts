import type { Pieces } from '../runtime/breather.ts'
import { checkTraining, onlyClass, scoreOfDecision, scoring, type Learner } from './learner.ts'
import { scalesOf, standardised, type Scales } from './standardise.ts'
import { workInTurns, type WorkHooks } from './turns.ts'

/** P(high) = 1 / (1 + exp(-(w . z + bias))), z the standardised features. */
export interface LogisticRegression {
  scales: Scales
  weights: Float64Array
  bias: number
  converged: boolean
}

const MOST_STEPS = 100
/** Length of the gradient at which the search ends: the penalty alone then keeps every weight as near to its best value. */
const TOLERANCE = 1e-8

/**
 * Logistic regression on standardised features: min |w|^2 / 2 + C sum log(1 + exp(-y (w . z + bias))) with C = 1 and no penalty on the
 * bias, by Newton's method with conjugate gradients, which needs no matrix of the features' size. @throws ShapeError, FormatError
 */
export async function trainLogistic(
  rows: readonly Float32Array[],
  labels: ArrayLike<number>,
  hooks: WorkHooks = {},
): Promise<LogisticRegression> {
  checkTraining('logistic', rows, labels)
  return workInTurns(hooks, function* (say): Pieces<LogisticRegression> {
    const scales = yield* scalesOf(rows)
    const z: Float64Array[] = []
    for (const row of rows) {
      const input = new Float64Array(row.length + 1).fill(1)
      input.set(standardised(row, scales))
      z.push(input)
      yield
    }
    const sign = Float64Array.from({ length: rows.length }, (_, i) => (labels[i] ? 1 : -1))
    const { point, converged } = yield* minimise(z, sign, say)
    return { scales, weights: point.slice(0, -1), bias: point.at(-1)!, converged }
  })
}

/** The loss at a point, its gradient, and the curvature of each row's term. */
interface Loss {
  value: number
  gradient: Float64Array
  curvature: Float64Array
}

/** Newton's method; the last coordinate is the bias, whose input is 1 and which nothing penalises. */
function* minimise(
  z: readonly Float64Array[],
  sign: Float64Array,
  say: (share: number) => void,
): Pieces<{ point: Float64Array; converged: boolean }> {
  let point: Float64Array = new Float64Array(z[0]!.length)
  let loss = yield* lossAt(z, sign, point)
  const first = Math.log(norm(loss.gradient) / TOLERANCE)
  for (let steps = 0; norm(loss.gradient) > TOLERANCE; steps++) {
    if (steps === MOST_STEPS) return { point, converged: false }
    const direction = yield* newtonDirection(z, loss)
    const slope = dot(direction, loss.gradient)
    // Near the minimum the loss no longer shows a step's gain: what rounding can hide is let pass.
    const rounding = 1e-14 * Math.abs(loss.value)
    let next = loss
    let moved = point
    for (let step = 1; step > 1e-10; step /= 2) {
      moved = point.map((value, k) => value + step * direction[k]!)
      next = yield* lossAt(z, sign, moved)
      if (next.value <= loss.value + 1e-4 * step * slope + rounding) break
    }
    ;[point, loss] = [moved, next]
    say(Math.min(1, Math.max(0, 1 - Math.log(norm(loss.gradient) / TOLERANCE) / first)))
  }
  return { point, converged: true }
}

function* lossAt(z: readonly Float64Array[], sign: Float64Array, point: Float64Array): Pieces<Loss> {
  const gradient = withoutBias(point)
  let value = dot(gradient, gradient) / 2
  const curvature = new Float64Array(z.length)
  for (const [i, row] of z.entries()) {
    const margin = sign[i]! * dot(row, point)
    const wrong = 1 / (1 + Math.exp(margin))
    value += margin > 0 ? Math.log1p(Math.exp(-margin)) : Math.log1p(Math.exp(margin)) - margin
    curvature[i] = wrong * (1 - wrong)
    addScaled(gradient, -sign[i]! * wrong, row)
    if (i % ROWS === 0) yield
  }
  return { value, gradient, curvature }
}

/** Solves H direction = -gradient, H = I (0 for the bias) + sum curvature z z', as far as a Newton step needs. */
function* newtonDirection(z: readonly Float64Array[], { gradient, curvature }: Loss): Pieces<Float64Array> {
  const direction = new Float64Array(gradient.length)
  const residual = gradient.map((value) => -value)
  let search = residual.slice()
  let square = dot(residual, residual)
  const wanted = square * Math.min(0.01, square)
  for (let round = 0; round < 4 * gradient.length && square > wanted; round++) {
    const product = withoutBias(search)
    for (const [i, row] of z.entries()) {
      addScaled(product, curvature[i]! * dot(row, search), row)
      if (i % ROWS === 0) yield
    }
    const step = square / dot(search, product)
    addScaled(direction, step, search)
    addScaled(residual, -step, product)
    const left = dot(residual, residual)
    search = search.map((value, k) => residual[k]! + (left / square) * value)
    square = left
  }
  return direction
}

/** Rows between which others may have their turn. */
const ROWS = 64

function withoutBias(point: Float64Array): Float64Array {
  const copy = point.slice()
  copy[copy.length - 1] = 0
  return copy
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let k = 0; k < a.length; k++) sum += a[k]! * b[k]!
  return sum
}

const norm = (a: Float64Array): number => Math.sqrt(dot(a, a))

function addScaled(sum: Float64Array, factor: number, row: Float64Array): void {
  for (let k = 0; k < sum.length; k++) sum[k] = sum[k]! + factor * row[k]!
}

/** Logistic regression; its score is the probability of high. */
export const learnLogistic: Learner = async (rows, labels, options) => {
  checkTraining('logistic', rows, labels)
  const { length } = rows[0]!
  const only = onlyClass('logistic', length, labels)
  if (only) return only
  const { scales, weights, bias } = await trainLogistic(rows, labels, options)
  return scoring('logistic', length, (row) => scoreOfDecision(dot(weights, standardised(row, scales)) + bias))
}

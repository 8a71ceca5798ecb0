import type { Pieces } from '../runtime/breather.ts'
import { ShapeError } from '../runtime/errors.ts'
import { gramMatrix } from './gram.ts'
import { checkTraining, scoreOfDecision, scoring, type Learner } from './learner.ts'
import { solveDual, type DualSolution } from './smo.ts'
import { workInTurns, type WorkHooks } from './turns.ts'

/** A linear decision: class 1 where w . x + bias > 0. */
export interface LinearSvm {
  weights: Float64Array
  bias: number
  /** Pairs of multipliers updated. */
  updates: number
  converged: boolean
}

/** Settings of the support vector machine. */
export interface SvmOptions extends WorkHooks {
  /** Cost of a margin violation; default 0.25. */
  cost?: number
  /** [n, n] dot products of the rows, where the caller has computed them already; default: they are computed here. */
  gram?: Float32Array | Float64Array
}

/** A hundredth of the margin. */
const TOLERANCE = 1e-2
/** The share of the work that products of rows are counted as. */
const GRAM_SHARE = 0.8

/**
 * Linear support vector machine with hinge loss: min |w|^2 / 2 + C sum max(0, 1 - y (w . x + bias)), solved in the dual on the Gram
 * matrix (`solveDual`). `rows` are the training inputs, all of one length, and are taken as they are; `labels` are 0 or 1.
 * One class alone gives that class everywhere. @throws ShapeError, FormatError
 */
export async function trainLinearSvm(
  rows: readonly Float32Array[],
  labels: ArrayLike<number>,
  { cost = 0.25, gram, ...hooks }: SvmOptions = {},
): Promise<LinearSvm> {
  checkTraining('svm', rows, labels)
  const n = rows.length
  if (gram && gram.length !== n * n) {
    throw new ShapeError(`svm: the Gram matrix has ${gram.length} values, expected ${n * n} for ${n} rows`)
  }
  return workInTurns(hooks, function* (say): Pieces<LinearSvm> {
    const products = gram ?? (yield* gramMatrix(rows, (share) => say(GRAM_SHARE * share)))
    const problem = { gram: products, labels, cost, tolerance: TOLERANCE }
    const solution = yield* solveDual(problem, (share) => say(GRAM_SHARE + (1 - GRAM_SHARE) * share))
    const { bias, updates, converged } = solution
    return { weights: yield* primal(rows, solution), bias, updates, converged }
  })
}

/** w . x + bias of one input. */
export function linearDecision({ weights, bias }: LinearSvm, row: ArrayLike<number>): number {
  let sum = bias
  for (let d = 0; d < weights.length; d++) sum += weights[d]! * row[d]!
  return sum
}

/** Class of one input. */
export const predictLinearSvm = (svm: LinearSvm, row: ArrayLike<number>): 0 | 1 =>
  linearDecision(svm, row) > 0 ? 1 : 0

/** The linear SVM with C = 0.25, on rows as they are. Its score is the logistic function of the decision value: no probability. */
export const learnLinearSvm: Learner = async (rows, labels, { signal, onProgress }) => {
  const svm = await trainLinearSvm(rows, labels, { ...(signal && { signal }), ...(onProgress && { onProgress }) })
  return scoring('svm', svm.weights.length, (row) => scoreOfDecision(linearDecision(svm, row)))
}

function* primal(rows: readonly Float32Array[], { weights: factors }: DualSolution): Pieces<Float64Array> {
  const weights = new Float64Array(rows[0]!.length)
  for (const [i, row] of rows.entries()) {
    const factor = factors[i]!
    if (factor === 0) continue
    for (let d = 0; d < weights.length; d++) weights[d] = weights[d]! + factor * row[d]!
    yield
  }
  return weights
}

import type { Pieces } from '../runtime/breather.ts'
import { gramMatrix } from './gram.ts'
import { checkTraining, scoreOfDecision, scoring, type Learner } from './learner.ts'
import { solveDual } from './smo.ts'
import { scalesOf, standardised, type Scales } from './standardise.ts'
import { workInTurns, type WorkHooks } from './turns.ts'

/** A decision by radial basis functions: class 1 where sum weight_i exp(-gamma |x_i - x|^2) + bias > 0, x standardised. */
export interface RbfSvm {
  scales: Scales
  /** Support vectors, standardised, and alpha y of each. */
  vectors: Float64Array[]
  weights: Float64Array
  bias: number
  gamma: number
  converged: boolean
}

const COST = 1
/** Fine enough for decision values that agree with other solvers' to a thousandth: the kernel is bounded, and few updates bring it. */
const TOLERANCE = 1e-4

/**
 * Support vector machine with the kernel exp(-gamma |a - b|^2) on standardised features, C = 1, gamma = 1 / (d var): d features, var the
 * variance of all standardised values together (1 where no feature is constant). Solved by `solveDual`. @throws ShapeError, FormatError
 */
export async function trainRbfSvm(
  rows: readonly Float32Array[],
  labels: ArrayLike<number>,
  hooks: WorkHooks = {},
): Promise<RbfSvm> {
  checkTraining('rbf-svm', rows, labels)
  return workInTurns(hooks, function* (say): Pieces<RbfSvm> {
    const scales = yield* scalesOf(rows)
    const scaled: Float64Array[] = []
    for (const row of rows) {
      scaled.push(standardised(row, scales))
      yield
    }
    const gamma = gammaOf(scales)
    const kernel = yield* gramMatrix(scaled, (share) => say(share / 2))
    yield* toKernel(kernel, rows.length, gamma)
    const problem = { gram: kernel, labels, cost: COST, tolerance: TOLERANCE }
    const { weights, bias, converged } = yield* solveDual(problem, (share) => say((1 + share) / 2))
    const support = [...weights.keys()].filter((i) => weights[i] !== 0)
    return {
      scales,
      vectors: support.map((i) => scaled[i]!),
      weights: Float64Array.from(support, (i) => weights[i]!),
      bias,
      gamma,
      converged,
    }
  })
}

/** A standardised feature has the variance 1, a constant one 0; where all are constant any gamma does. */
function gammaOf({ deviation }: Scales): number {
  const varying = deviation.filter((value) => value > 0).length
  return varying === 0 ? 1 : 1 / varying
}

/** Products to kernel values, in place: |a - b|^2 = a.a + b.b - 2 a.b. */
function* toKernel(gram: Float64Array, n: number, gamma: number): Pieces<void> {
  const squares = Float64Array.from({ length: n }, (_, i) => gram[i * n + i]!)
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      const distance = Math.max(0, squares[i]! + squares[j]! - 2 * gram[i * n + j]!)
      gram[i * n + j] = Math.exp(-gamma * distance)
    }
    yield
  }
}

/** The decision value of one input, as it was measured. */
export function rbfDecision({ scales, vectors, weights, bias, gamma }: RbfSvm, row: ArrayLike<number>): number {
  const x = standardised(row, scales)
  let sum = bias
  for (const [i, vector] of vectors.entries()) {
    let distance = 0
    for (let d = 0; d < x.length; d++) distance += (x[d]! - vector[d]!) ** 2
    sum += weights[i]! * Math.exp(-gamma * distance)
  }
  return sum
}

/** The RBF SVM. Its score is the logistic function of the decision value: no probability. */
export const learnRbfSvm: Learner = async (rows, labels, options) => {
  const svm = await trainRbfSvm(rows, labels, options)
  return scoring('rbf-svm', rows[0]!.length, (row) => scoreOfDecision(rbfDecision(svm, row)))
}

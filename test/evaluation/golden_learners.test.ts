// What learns without a network, beside scikit-learn.
import { describe, expect, it } from 'vitest'
import { LEARNERS } from '../../src/evaluation/learners.ts'
import { trainLda } from '../../src/evaluation/lda.ts'
import { trainLogistic } from '../../src/evaluation/logistic.ts'
import { rbfDecision, trainRbfSvm } from '../../src/evaluation/rbf_svm.ts'
import { goldenJson } from '../support/golden_values.ts'

interface Linear {
  weights: number[]
  bias: number
}
interface Case {
  rows: number[][]
  labels: number[]
  unseen: number[][]
  truth: number[]
  logistic: Linear
  lda: Linear
  rbf: { decisions: number[] }
  forest: { accuracy: number }
}

const { cases } = goldenJson<{ cases: Case[] }>('learners')
const floats = (rows: readonly number[][]) => rows.map((row) => Float32Array.from(row))

function expectNear(found: ArrayLike<number>, expected: readonly number[], most: number): void {
  expect(found).toHaveLength(expected.length)
  expected.forEach((value, i) => expect(Math.abs(found[i]! - value)).toBeLessThan(most))
}

describe.each(cases.map((entry) => [entry.rows.length, entry.rows[0]!.length, entry] as const))(
  'from %d rows of %d features',
  (_, __, entry) => {
    const [rows, unseen] = [floats(entry.rows), floats(entry.unseen)]

    it('logistic regression has the same coefficients', async () => {
      const { weights, bias, converged } = await trainLogistic(rows, entry.labels)
      expect(converged).toBe(true)
      expectNear(weights, entry.logistic.weights, 1e-6)
      expect(Math.abs(bias - entry.logistic.bias)).toBeLessThan(1e-6)
    })

    it('linear discriminant analysis has the same coefficients', async () => {
      const { weights, bias } = await trainLda(rows, entry.labels)
      const most = 1e-9 * Math.max(1, ...entry.lda.weights.map(Math.abs))
      expectNear(weights, entry.lda.weights, most)
      expect(Math.abs(bias - entry.lda.bias)).toBeLessThan(1e-9 * Math.max(1, Math.abs(entry.lda.bias)))
    })

    it('the RBF SVM has the same decision values', async () => {
      const svm = await trainRbfSvm(rows, entry.labels)
      expect(svm.converged).toBe(true)
      expectNear(
        unseen.map((row) => rbfDecision(svm, row)),
        entry.rbf.decisions,
        1e-3,
      )
    })

    it('the random forest is as good on people it has not seen', async () => {
      const accuracies: number[] = []
      for (const seed of [1, 2]) {
        const forest = await LEARNERS.forest(rows, entry.labels, { seed })
        const hits = unseen.filter((row, i) => forest.score(row) > 0.5 === (entry.truth[i] === 1)).length
        accuracies.push(hits / unseen.length)
      }
      expect(Math.abs((accuracies[0]! + accuracies[1]!) / 2 - entry.forest.accuracy)).toBeLessThan(0.05)
    })
  },
)

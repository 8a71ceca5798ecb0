import { describe, expect, it } from 'vitest'
import { ShapeError } from '../../src/runtime/errors.ts'
import { Random } from '../../src/runtime/random.ts'
import { predictLinearSvm, trainLinearSvm } from '../../src/evaluation/svm.ts'

describe('linear SVM', () => {
  it('finds the maximum margin', async () => {
    // Support vectors (1, 1) and (3, 3): w = (0.5, 0.5), bias -2, if the cost allows.
    const rows = [
      [1, 1],
      [0, 1],
      [3, 3],
      [4, 5],
    ].map((row) => Float32Array.from(row))
    const svm = await trainLinearSvm(rows, [0, 0, 1, 1], { cost: 100 })
    expect(svm.converged).toBe(true)
    expect(svm.weights[0]).toBeCloseTo(0.5, 6)
    expect(svm.weights[1]).toBeCloseTo(0.5, 6)
    expect(svm.bias).toBeCloseTo(-2, 6)
    expect(rows.map((row) => predictLinearSvm(svm, row))).toEqual([0, 0, 1, 1])
  })

  it('satisfies the optimality conditions on overlapping data', async () => {
    const random = new Random(5)
    const labels = Array.from({ length: 80 }, (_, i) => i % 2)
    const rows = labels.map((label) => Float32Array.from({ length: 5 }, () => random.normal() + 0.4 * label))
    const cost = 0.25
    const primal = (weights: ArrayLike<number>, bias: number): number => {
      const norm = Array.from(weights).reduce((sum, w) => sum + (w * w) / 2, 0)
      return rows.reduce((sum, row, i) => {
        const score = row.reduce((total, x, d) => total + x * weights[d]!, bias)
        return sum + cost * Math.max(0, 1 - (labels[i] ? 1 : -1) * score)
      }, norm)
    }
    const svm = await trainLinearSvm(rows, labels, { cost })
    const best = primal(svm.weights, svm.bias)
    for (let trial = 0; trial < 200; trial++) {
      const near = svm.weights.map((w) => w + 0.05 * random.normal())
      expect(primal(near, svm.bias + 0.05 * random.normal())).toBeGreaterThan(best - 1e-3)
    }
  })

  it('answers with the only class there is, and is deterministic', async () => {
    const rows = [
      [1, 2],
      [3, 4],
    ].map((row) => Float32Array.from(row))
    for (const label of [0, 1]) {
      const svm = await trainLinearSvm(rows, [label, label])
      expect(rows.map((row) => predictLinearSvm(svm, row))).toEqual([label, label])
    }
    expect(await trainLinearSvm(rows, [0, 1])).toEqual(await trainLinearSvm(rows, [0, 1]))
    await expect(trainLinearSvm([], [])).rejects.toThrow(ShapeError)
    await expect(trainLinearSvm(rows, [1])).rejects.toThrow('svm: 2 rows and 1 labels; need as many, at least 1')
  })

  it('calls low what lies on the plane', async () => {
    const svm = { weights: Float64Array.of(2, -1), bias: 1, updates: 0, converged: true }
    expect([0, 0.5, -0.5].map((x) => predictLinearSvm(svm, Float32Array.of(x, 1)))).toEqual([0, 1, 0])
  })

  it('has the cost of a quarter where none is given', async () => {
    const rows = [[0], [1]].map((row) => Float32Array.from(row))
    // Both multipliers reach the cost c, so that w = c.
    expect([...(await trainLinearSvm(rows, [0, 1])).weights]).toEqual([0.25])
    expect([...(await trainLinearSvm(rows, [0, 1], { cost: 0.5 })).weights]).toEqual([0.5])
  })

  it('says when it has not converged', async () => {
    // Rows that no plane parts, of features whose sizes differ: a thousand updates a row are not enough.
    const rows = [0, 1, 2, 3, 4, 5].map((i) => Float32Array.of(1000 * Math.sin(7 * i), 3 * Math.cos(5 * i)))
    expect(await trainLinearSvm(rows, [0, 1, 0, 1, 1, 0])).toMatchObject({ converged: false, updates: 6000 })
    const near = rows.map((row) => row.map((x) => x / 1000))
    const easy = await trainLinearSvm(near, [0, 1, 0, 1, 1, 0])
    expect(easy.converged).toBe(true)
    expect(easy.updates).toBeLessThan(6000)
  })
})

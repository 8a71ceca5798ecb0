import { describe, expect, it } from 'vitest'
import { SCORES } from '../../src/evaluation/judgement.ts'
import { classificationMetrics } from '../../src/evaluation/metrics.ts'
import { guesserScores, Ranking, twoClassScores } from '../../src/evaluation/two_class_scores.ts'
import { NumericError, ShapeError } from '../../src/runtime/errors.ts'
import { Random } from '../../src/runtime/random.ts'
import { goldenJson } from '../support/golden_values.ts'

describe('scores of two classes', () => {
  interface Case {
    name: string
    labels: number[]
    scores: number[]
    expected: Record<string, number>
  }
  const { cases } = goldenJson<{ cases: Case[] }>('two_class_scores')

  it.each(cases)('are those of scikit-learn: $name', ({ labels, scores, expected }) => {
    const own = twoClassScores(labels, scores)
    const named = { balanced_accuracy: own.balancedAccuracy, macro_f1: own.macroF1, ...own }
    expect(Object.keys(expected)).toHaveLength(SCORES.length)
    for (const [name, value] of Object.entries(expected))
      expect(Math.abs(named[name as keyof typeof named] - value), name).toBeLessThan(1e-12)
    expect(Object.keys(own)).toEqual([...SCORES])
  })

  it('are those of the confusion matrix, whatever the share of high', () => {
    const random = new Random(1)
    for (const share of [0.05, 0.3, 0.5, 0.9]) {
      const labels = [0, 1, ...Array.from({ length: 60 }, () => (random.uniform() < share ? 1 : 0))]
      const scores = labels.map(() => random.uniform())
      const { accuracy, balancedAccuracy, positive, macro } = classificationMetrics(
        labels,
        scores.map((score) => (score > 0.5 ? 1 : 0)),
      )
      const own = twoClassScores(labels, scores)
      expect(own).toMatchObject({ accuracy, precision: positive!.precision, recall: positive!.recall })
      expect(own.balancedAccuracy).toBeCloseTo(balancedAccuracy, 15)
      expect(own.f1).toBeCloseTo(positive!.f1, 15)
      expect(own.macroF1).toBeCloseTo(macro.f1, 15)
    }
  })

  it('are NaN where the labels leave them undefined, and 0 where the model does', () => {
    const { accuracy, brier, ...noHigh } = twoClassScores([0, 0], [0.2, 0.8])
    expect({ accuracy, brier }).toEqual({ accuracy: 0.5, brier: expect.closeTo((0.04 + 0.64) / 2, 15) as number })
    expect(Object.values(noHigh).every(Number.isNaN)).toBe(true)
    const allHigh = twoClassScores([1, 1], [0.2, 0.8])
    expect(allHigh).toMatchObject({ accuracy: 0.5, precision: 1, recall: 0.5, f1: 2 / 3 })
    expect(allHigh).toMatchObject({ balancedAccuracy: NaN, macroF1: NaN, auc: NaN, mcc: NaN })
    expect(twoClassScores([0, 1], [0.5, 0.5])).toMatchObject({ precision: 0, f1: 0, mcc: 0, auc: 0.5, recall: 0 })
    expect(Object.values(twoClassScores([], [])).every(Number.isNaN)).toBe(true)
  })

  it('are refused of what is no score', () => {
    expect(() => twoClassScores([0, 1], [0.5])).toThrow(ShapeError)
    expect(() => twoClassScores([0, 2], [0.5, 0.5])).toThrow('trial 1 has the label 2, expected 0 or 1')
    for (const score of [NaN, -0.1, 1.1]) expect(() => twoClassScores([0], [score])).toThrow(NumericError)
  })

  it('count a trial as often as its group weighs, for the AUC', () => {
    const [labels, scores, groups] = [
      [1, 0, 1, 0, 1],
      [0.3, 0.3, 0.9, 0.6, 0.5],
      [0, 0, 1, 1, 2],
    ]
    const ranking = new Ranking(labels, scores, groups)
    const repeated = [0, 1, 2, 2, 2, 3, 3, 3, 4, 4]
    const { auc } = twoClassScores(
      repeated.map((i) => labels[i]!),
      repeated.map((i) => scores[i]!),
    )
    expect(ranking.auc(Float64Array.of(1, 3, 2))).toBeCloseTo(auc, 15)
    expect(ranking.auc(Float64Array.of(0, 0, 2))).toBeNaN()
  })
})

describe('a guesser', () => {
  interface Case {
    labels: number[]
    share: number
    accuracy: number
    balanced_accuracy: number
    recall: number
    auc: number
  }
  const { cases } = goldenJson<{ cases: Case[] }>('guesses')

  it.each(cases)('has the mean scores of all its draws: $share', ({ labels, share, ...expected }) => {
    const own = guesserScores(
      labels,
      labels.map(() => share),
    )
    expect(own.accuracy).toBeCloseTo(expected.accuracy, 12)
    expect(own.balancedAccuracy).toBeCloseTo(expected.balanced_accuracy, 12)
    expect(own.recall).toBeCloseTo(expected.recall, 12)
    expect(own.auc).toBeCloseTo(expected.auc, 12)
    expect(own.brier).toBeCloseTo(labels.reduce((sum, label) => sum + (share - label) ** 2, 0) / labels.length, 12)
  })

  it('has the F1 that many draws come near', () => {
    const random = new Random(4)
    const labels = Array.from({ length: 400 }, (_, i) => (i % 5 < 3 ? 1 : 0))
    const shares = labels.map((_, i) => (i % 2 ? 0.7 : 0.5))
    let [f1, precision, mcc] = [0, 0, 0]
    const draws = 2000
    for (let k = 0; k < draws; k++) {
      const drawn = twoClassScores(
        labels,
        shares.map((share) => (random.uniform() < share ? 1 : 0)),
      )
      f1 += drawn.f1 / draws
      precision += drawn.precision / draws
      mcc += drawn.mcc / draws
    }
    const own = guesserScores(labels, shares)
    expect(Math.abs(own.f1 - f1)).toBeLessThan(3e-3)
    expect(Math.abs(own.precision - precision)).toBeLessThan(3e-3)
    expect(Math.abs(own.mcc - mcc)).toBeLessThan(6e-3)
    // Above a half it does not always say high: that would have an F1 of .75.
    expect(own.f1).toBeLessThan(0.62)
  })
})

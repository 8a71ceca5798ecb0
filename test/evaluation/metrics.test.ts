import { describe, expect, it } from 'vitest'
import { ShapeError } from '../../src/runtime/errors.ts'
import { classificationMetrics } from '../../src/evaluation/metrics.ts'
import { fixtureCases, readJson } from '../support/golden_values.ts'

/** The cases of a metrics file, of every golden folder that has it. */
const read = <T>(name: string): T[] =>
  fixtureCases('metrics')
    .filter(({ id }) => id === `metrics/${name}`)
    .flatMap((fixture) => readJson<{ cases: T[] }>(fixture).cases)

describe('classificationMetrics', () => {
  it('counts by hand', () => {
    const m = classificationMetrics([0, 0, 0, 1, 1], [0, 1, 1, 1, 0])
    expect(m.confusion).toEqual([
      [1, 2],
      [1, 1],
    ])
    expect(m.accuracy).toBe(0.4)
    expect(m.balancedAccuracy).toBeCloseTo((1 / 3 + 1 / 2) / 2, 15)
    expect(m.positive).toEqual({ precision: 1 / 3, recall: 0.5, f1: 0.4 })
    expect(m.macro.f1).toBeCloseTo((0.4 + 0.4) / 2, 15)
  })

  it('gives always-high its flattering F1 and its honest balanced accuracy', () => {
    const m = classificationMetrics([1, 1, 1, 0], [1, 1, 1, 1])
    expect(m.positive?.f1).toBeCloseTo(6 / 7, 15)
    expect(m.balancedAccuracy).toBe(0.5)
    expect(m.macro.f1).toBeCloseTo(3 / 7, 15)
  })

  it('has every score of a class that does not occur', () => {
    // All are low; two of four are called high.
    const none = { precision: 0, recall: 0, f1: 0 }
    expect(classificationMetrics([0, 0, 0, 0], [0, 1, 1, 0])).toEqual({
      count: 4,
      confusion: [
        [2, 2],
        [0, 0],
      ],
      accuracy: 0.5,
      balancedAccuracy: 0.5,
      precision: [1, 0],
      recall: [0.5, 0],
      f1: [2 / 3, 0],
      support: [4, 0],
      macro: { precision: 0.5, recall: 0.25, f1: 1 / 3 },
      weighted: { precision: 1, recall: 0.5, f1: 2 / 3 },
      micro: { precision: 0.5, recall: 0.5, f1: 0.5 },
      positive: none,
    })
    // Nobody calls high what is.
    expect(classificationMetrics([1, 1, 1], [0, 0, 0])).toMatchObject({ balancedAccuracy: 0, positive: none })
  })

  it('is all zeros without trials, and has a positive class of two only', () => {
    const none = classificationMetrics([], [])
    expect(none).toMatchObject({ count: 0, accuracy: 0, balancedAccuracy: 0, support: [0, 0], precision: [0, 0] })
    expect(classificationMetrics([0, 2], [0, 1], 3)).not.toHaveProperty('positive')
  })

  it('refuses lists that do not fit', () => {
    expect(() => classificationMetrics([1], [1, 0])).toThrow(ShapeError)
    expect(() => classificationMetrics([0, 2], [0, 1])).toThrow('trial 1 has class 2, predicted 1; classes are 0 to 1')
    expect(() => classificationMetrics([0], [3])).toThrow(ShapeError)
  })

  it('matches scikit-learn to 1e-12', () => {
    interface Scores {
      precision: number
      recall: number
      f1: number
    }
    interface Case {
      classes: number
      labels: number[]
      predictions: number[]
      accuracy: number
      balanced_accuracy?: number
      confusion_rows_true_cols_pred: number[][]
      precision: number[]
      recall: number[]
      f1: number[]
      support: number[]
      macro: Scores
      weighted: Scores
      micro: Scores
      binary_positive_1?: Scores
    }
    const cases = read<Case>('classification')
    expect(cases.filter((c) => c.balanced_accuracy !== undefined).length).toBeGreaterThan(5)
    for (const c of cases) {
      const m = classificationMetrics(c.labels, c.predictions, c.classes)
      expect(m.confusion).toEqual(c.confusion_rows_true_cols_pred)
      expect(m.support).toEqual(c.support)
      const flat = (s: Scores | undefined): number[] => (s ? [s.precision, s.recall, s.f1] : [])
      const all = (of: Pick<Case, 'accuracy' | 'precision' | 'recall' | 'f1' | 'macro' | 'weighted' | 'micro'>) => [
        of.accuracy,
        ...of.precision,
        ...of.recall,
        ...of.f1,
        ...[of.macro, of.weighted, of.micro].flatMap(flat),
      ]
      const own = [...all(m), ...flat(m.positive), m.balancedAccuracy]
      const expected = [...all(c), ...flat(c.binary_positive_1), c.balanced_accuracy ?? m.balancedAccuracy]
      expect(own.length).toBe(expected.length)
      own.forEach((value, i) => expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-12))
    }
  })
})

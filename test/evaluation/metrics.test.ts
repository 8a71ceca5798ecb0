import { describe, expect, it } from 'vitest'
import { ShapeError } from '../../src/runtime/errors.ts'
import { Random } from '../../src/runtime/random.ts'
import { majorityClass, stimulusMajority } from '../../src/evaluation/baselines.ts'
import { classificationMetrics } from '../../src/evaluation/metrics.ts'
import {
  bootstrapSubjects,
  logIncompleteBeta,
  pearson,
  permutationWithinSubjects,
  wilcoxonSignedRank,
} from '../../src/evaluation/statistics.ts'
import { predictLinearSvm, trainLinearSvm } from '../../src/evaluation/svm.ts'
import { fixtureCases, readJson } from '../golden_values.ts'

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
      own.forEach((value, i) => expect(Math.abs(value - (expected[i] as number))).toBeLessThan(1e-12))
    }
  })
})

describe('pearson', () => {
  it('knows closed forms', () => {
    // n = 4: I_{1-r^2}(1, 1/2) = 1 - |r|
    const { r, p } = pearson([1, 2, 3, 4], [1, 3, 2, 5])
    expect(p).toBeCloseTo(1 - Math.abs(r), 13)
    expect(pearson([1, 2, 3], [2, 4, 6])).toMatchObject({ r: 1, p: 0, log10P: -Infinity })
    expect(pearson([1, 2, 3], [5, 5, 5]).r).toBeNaN()
    expect(() => pearson([1, 2], [1, 2])).toThrow(ShapeError)
  })

  it('integrates the beta density', () => {
    expect(logIncompleteBeta(0.3, 1, 1)).toBeCloseTo(Math.log(0.3), 13)
    expect(logIncompleteBeta(0.9, 2, 3)).toBeCloseTo(Math.log(0.9963), 12)
    expect(logIncompleteBeta(0.5, 40, 40)).toBeCloseTo(Math.log(0.5), 12)
  })

  it('matches SciPy, tiny p included', () => {
    interface Case {
      x: number[]
      y: number[]
      r: number
      t: number
      p_two_sided: number
      log10_p: number
    }
    const cases = read<Case>('pearson')
    expect(Math.min(...cases.map((c) => c.log10_p))).toBeLessThan(-40)
    for (const c of cases) {
      const own = pearson(c.x, c.y)
      expect(Math.abs(own.r - c.r)).toBeLessThan(1e-12)
      expect(Math.abs(own.t / c.t - 1)).toBeLessThan(1e-10)
      expect(Math.abs(own.p / c.p_two_sided - 1)).toBeLessThan(1e-8)
      expect(Math.abs(own.log10P - c.log10_p)).toBeLessThan(1e-8)
    }
  })

  it('does not underflow', () => {
    const x = Array.from({ length: 2000 }, (_, i) => i)
    const { p, log10P } = pearson(
      x,
      x.map((value) => value + Math.sin(value)),
    )
    expect(p).toBe(0)
    expect(log10P).toBeLessThan(-1000)
    expect(Number.isFinite(log10P)).toBe(true)
  })
})

describe('wilcoxonSignedRank', () => {
  it('is exact for small n', () => {
    // All ten folds better: 2 / 2^10. One of ten worse, by the least: P(W <= 1) = 2 / 2^10, doubled.
    const better = Array.from({ length: 10 }, (_, i) => i + 1)
    const zeros = new Array<number>(10).fill(0)
    expect(wilcoxonSignedRank(better, zeros)).toEqual({ n: 10, w: 55, p: 2 / 1024 })
    expect(wilcoxonSignedRank([-1, ...better.slice(1)], zeros)).toEqual({ n: 10, w: 54, p: 4 / 1024 })
    expect(wilcoxonSignedRank(zeros, better).p).toBe(2 / 1024)
  })

  it('gives ties mid-ranks, also when rounding parts them, and drops equal pairs', () => {
    // |d| = 0.1 three times, 0.2 once: W = 2 + 2 + 4 of {2, 2, 2, 4}; P(W >= 8) = 4 of 16.
    const { n, w, p } = wilcoxonSignedRank([0.3, 0.8, 0.5, 0.7, 0.5], [0.2, 0.7, 0.3, 0.8, 0.5])
    expect([n, w, p]).toEqual([4, 8, 0.5])
    expect(wilcoxonSignedRank([1, 2], [1, 2])).toEqual({ n: 0, w: 0, p: 1 })
    expect(() => wilcoxonSignedRank([1], [])).toThrow(ShapeError)
  })

  it('agrees with every sign pattern', () => {
    const d = [0.4, -1.1, 2.3, 0.4, -3, 0.9, 5]
    const ranks = [1.5, 4, 5, 1.5, 6, 3, 7]
    const w = ranks.reduce((sum, rank, i) => sum + ((d[i] as number) > 0 ? rank : 0), 0)
    let [below, above] = [0, 0]
    for (let signs = 0; signs < 128; signs++) {
      const sum = ranks.reduce((total, rank, i) => total + ((signs >> i) & 1 ? rank : 0), 0)
      if (sum <= w) below++
      if (sum >= w) above++
    }
    expect(
      wilcoxonSignedRank(
        d,
        d.map(() => 0),
      ),
    ).toEqual({ n: 7, w, p: (2 * Math.min(below, above)) / 128 })
  })
})

describe('resampling', () => {
  const subjects = Array.from({ length: 200 }, (_, i) => `s${i >> 3}`)

  it('draws whole subjects: the interval is wider than that of single trials', () => {
    // A subject is all right or all wrong, so 25 subjects carry the evidence of 25 trials, not 200.
    const correct = subjects.map((_, i) => (i >> 3) % 2)
    const accuracy = (trials: number[]): number =>
      trials.reduce((sum, i) => sum + (correct[i] as number), 0) / trials.length
    const whole = bootstrapSubjects(subjects, accuracy, { seed: 1 })
    const single = bootstrapSubjects(
      subjects.map((_, i) => String(i)),
      accuracy,
      { seed: 1 },
    )
    expect(whole.high - whole.low).toBeGreaterThan(2 * (single.high - single.low))
    expect(whole.low).toBeGreaterThan(0.2)
    expect(whole.high).toBeLessThan(0.75)
    expect(bootstrapSubjects(subjects, accuracy, { seed: 1 })).toEqual(whole)
  })

  it("permutes within subjects: a subject's usual label earns nothing, real knowledge does", () => {
    const random = new Random(3)
    const usual = subjects.map((_, i) => ((i >> 3) % 2 ? 1 : 0))
    const labels = usual.map((label) => (random.uniform() < 0.8 ? label : 1 - label))
    expect(permutationWithinSubjects(labels, usual, subjects, { seed: 1, permutations: 200 })).toBe(1)
    const knowing = labels.map((label) => (random.uniform() < 0.7 ? label : 1 - label))
    expect(permutationWithinSubjects(labels, knowing, subjects, { seed: 1, permutations: 200 })).toBeLessThan(0.05)
  })
})

describe('baselines', () => {
  it('takes the majority of the training trials', () => {
    const labels = [1, 1, 0, 0, 0]
    expect(majorityClass(labels, [0, 1, 2])).toBe(1)
    expect(majorityClass(labels, [2, 3])).toBe(0)
    expect(majorityClass(labels, [1, 2])).toBe(1)
  })

  it('asks other listeners of the stimulus, in training only', () => {
    const trials = ['ax', 'bx', 'cx', 'cy', 'az', 'dx'].map(([subject = '', stimulus = '']) => ({ subject, stimulus }))
    const labels = [1, 0, 0, 1, 1, 1]
    expect(stimulusMajority(trials, labels, [1, 2, 3], [0, 4])).toEqual([0, undefined])
    expect(stimulusMajority(trials, labels, [1, 5], [0])).toEqual([undefined])
    expect(stimulusMajority(trials, labels, [0, 2], [2])).toEqual([1])
  })
})

describe('linear SVM', () => {
  it('finds the maximum margin', () => {
    // Support vectors (1, 1) and (3, 3): w = (0.5, 0.5), bias -2, if the cost allows.
    const rows = [
      [1, 1],
      [0, 1],
      [3, 3],
      [4, 5],
    ].map((row) => Float32Array.from(row))
    const svm = trainLinearSvm(rows, [0, 0, 1, 1], { cost: 100 })
    expect(svm.converged).toBe(true)
    expect(svm.weights[0]).toBeCloseTo(0.5, 6)
    expect(svm.weights[1]).toBeCloseTo(0.5, 6)
    expect(svm.bias).toBeCloseTo(-2, 6)
    expect(rows.map((row) => predictLinearSvm(svm, row))).toEqual([0, 0, 1, 1])
  })

  it('satisfies the optimality conditions on overlapping data', () => {
    const random = new Random(5)
    const labels = Array.from({ length: 80 }, (_, i) => i % 2)
    const rows = labels.map((label) => Float32Array.from({ length: 5 }, () => random.normal() + 0.4 * label))
    const cost = 0.25
    const primal = (weights: ArrayLike<number>, bias: number): number => {
      const norm = Array.from(weights).reduce((sum, w) => sum + (w * w) / 2, 0)
      return rows.reduce((sum, row, i) => {
        const score = row.reduce((total, x, d) => total + x * (weights[d] as number), bias)
        return sum + cost * Math.max(0, 1 - (labels[i] ? 1 : -1) * score)
      }, norm)
    }
    const svm = trainLinearSvm(rows, labels, { cost })
    const best = primal(svm.weights, svm.bias)
    for (let trial = 0; trial < 200; trial++) {
      const near = svm.weights.map((w) => w + 0.05 * random.normal())
      expect(primal(near, svm.bias + 0.05 * random.normal())).toBeGreaterThan(best - 1e-3)
    }
  })

  it('answers with the only class there is, and is deterministic', () => {
    const rows = [
      [1, 2],
      [3, 4],
    ].map((row) => Float32Array.from(row))
    for (const label of [0, 1]) {
      const svm = trainLinearSvm(rows, [label, label])
      expect(rows.map((row) => predictLinearSvm(svm, row))).toEqual([label, label])
    }
    expect(trainLinearSvm(rows, [0, 1])).toEqual(trainLinearSvm(rows, [0, 1]))
    expect(() => trainLinearSvm([], [])).toThrow(ShapeError)
  })
})

// What a result comes with, beside SciPy, NumPy and scikit-learn. Where chance is involved the golden file has the whole
// distribution, and what a finite number of draws may differ from it is bounded.
import { describe, expect, it } from 'vitest'
import { atOnce } from '../../src/runtime/breather.ts'
import { chance } from '../../src/train/evaluate.ts'
import { bootstrapSubjects } from '../../src/evaluation/bootstrap.ts'
import { permutationWithinSubjects } from '../../src/evaluation/permutation.ts'
import { wilcoxonSignedRank } from '../../src/evaluation/statistics.ts'
import { predictLinearSvm, trainLinearSvm } from '../../src/evaluation/svm.ts'
import { goldenJson } from '../support/golden_values.ts'

/** Share of draws that may differ from the distribution's: in one of 10^9 samples of this size it is more (Hoeffding). */
const mostDifference = (draws: number): number => Math.sqrt(Math.log(2e9) / (2 * draws))

describe('signed ranks', () => {
  interface Case {
    a: number[]
    b: number[]
    n: number
    w: number
    p: number
  }
  const { cases } = goldenJson<{ cases: Case[] }>('signed_ranks')

  it.each(cases)('of $n differences, W = $w', ({ a, b, n, w, p }) => {
    const own = wilcoxonSignedRank(a, b)
    expect(own).toMatchObject({ n, w })
    expect(own.p / p).toBeCloseTo(1, 10)
  })
})

describe('the interval of a bootstrap', () => {
  interface Case {
    values: number[]
    level: number
    low: number
    high: number
  }
  const { cases } = goldenJson<{ cases: Case[] }>('quantiles')
  const subjects = ['a', 'b', 'c']

  /** The interval when the resamples give these numbers, one after the other. */
  function intervalOf(values: readonly number[], level?: number) {
    let next = 0
    const options = { seed: 1, resamples: values.length, ...(level !== undefined && { level }) }
    const found = bootstrapSubjects(subjects, () => values[next++]!, options)
    expect(next).toBe(values.length)
    return found
  }

  it.each(cases)('has the quantiles of NumPy at $level', ({ values, level, low, high }) => {
    const found = intervalOf(values, level)
    expect(found.low).toBeCloseTo(low, 12)
    expect(found.high).toBeCloseTo(high, 12)
  })

  it('is one of 95 % unless another is asked for', () => {
    for (const { values, low, high } of cases.filter(({ level }) => level === 0.95)) {
      const found = intervalOf(values)
      expect(found.low).toBeCloseTo(low, 12)
      expect(found.high).toBeCloseTo(high, 12)
    }
  })

  interface Distribution {
    hits: number[]
    trials: number[]
    values: number[]
    counts: number[]
  }
  const { hits, trials, values, counts } = goldenJson<Distribution>('bootstrap')
  const people = trials.flatMap((n, s) => Array.from({ length: n }, () => `s${s}`))
  const correct = trials.flatMap((n, s) => Array.from({ length: n }, (_, i) => (i < hits[s]! ? 1 : 0)))
  const accuracy = (drawn: readonly number[]): number => drawn.reduce((sum, i) => sum + correct[i]!, 0) / drawn.length

  /** The least value that at least this share of all possible draws does not exceed. */
  function quantile(share: number): number {
    const total = counts.reduce((sum, count) => sum + count, 0)
    let below = 0
    return values[counts.findIndex((count) => (below += count) >= share * total)]!
  }

  it('draws as many subjects as there are, whole, and some more than once', () => {
    const sizes = trials.map((n, s) => [`s${s}`, n] as const)
    const most: number[] = []
    bootstrapSubjects(
      people,
      (drawn) => {
        const times = sizes.map(([name, n]) => drawn.filter((i) => people[i] === name).length / n)
        expect(times.every(Number.isInteger)).toBe(true)
        expect(times.reduce((sum, k) => sum + k, 0)).toBe(sizes.length)
        return most.push(Math.max(...times))
      },
      { seed: 3, resamples: 50 },
    )
    expect(most).toHaveLength(50)
    expect(Math.max(...most)).toBeGreaterThan(1)
  })

  it('is that of all possible draws of subjects', () => {
    const resamples = 40_000
    const { low, high } = bootstrapSubjects(people, accuracy, { seed: 2, resamples })
    const apart = mostDifference(resamples)
    expect(low).toBeGreaterThanOrEqual(quantile(0.025 - apart) - 1e-9)
    expect(low).toBeLessThanOrEqual(quantile(0.025 + apart) + 1e-9)
    expect(high).toBeGreaterThanOrEqual(quantile(0.975 - apart) - 1e-9)
    expect(high).toBeLessThanOrEqual(quantile(0.975 + apart) + 1e-9)
    // A 90 % interval would be too narrow to pass.
    expect(quantile(0.05)).toBeGreaterThan(quantile(0.025 + apart) + 1e-9)
    expect(quantile(0.95)).toBeLessThan(quantile(0.975 - apart) - 1e-9)
  })

  it('in a result is one of 95 % of the accuracy', () => {
    const predictions = correct.map((right, i) => ({ subject: people[i]!, label: 1, probability: right ? 0.9 : 0.1 }))
    // Its 2,000 draws leave 2.5 % within 1.75 % (five standard deviations); the mean over seeds is nearer.
    const intervals = Array.from({ length: 8 }, (_, seed) => chance(predictions, seed).interval!)
    for (const { low, high } of intervals) {
      expect(low).toBeGreaterThanOrEqual(quantile(0.0075) - 1e-9)
      expect(low).toBeLessThanOrEqual(quantile(0.0425) + 1e-9)
      expect(high).toBeGreaterThanOrEqual(quantile(0.9575) - 1e-9)
      expect(high).toBeLessThanOrEqual(quantile(0.9925) + 1e-9)
    }
    const mean = (side: 'low' | 'high') =>
      intervals.reduce((sum, interval) => sum + interval[side] / intervals.length, 0)
    expect(mean('low')).toBeLessThan((quantile(0.025) + quantile(0.05)) / 2)
    expect(mean('high')).toBeGreaterThan((quantile(0.975) + quantile(0.95)) / 2)
  })
})

describe('permutation within subjects', () => {
  interface Case {
    name: string
    subjects: [labels: number[], predictions: number[]][]
    p: number
    p_across: number
  }
  const { cases } = goldenJson<{ cases: Case[] }>('permutations')
  const flat = ({ subjects }: Case) =>
    [
      subjects.flatMap(([labels]) => labels),
      subjects.flatMap(([, predictions]) => predictions),
      subjects.flatMap(([labels], s) => labels.map(() => `s${s}`)),
    ] as const

  it.each(cases)('$name: the share of all orders', (entry) => {
    const p = atOnce(permutationWithinSubjects(...flat(entry)))
    expect(p / entry.p).toBeCloseTo(1, 12)
  })

  it('keeps to the subjects: shuffled over everybody these cases would fail', () => {
    const apart = cases.filter(({ p, p_across }) => Math.abs(p - p_across) > 1e-3)
    expect(apart.map(({ name }) => name)).toContain('usual label')
  })

  it('is nearly but never 0 where one order alone is as good', () => {
    const certain = cases.find(({ name }) => name === 'certain')!
    expect(atOnce(permutationWithinSubjects(...flat(certain)))).toBeCloseTo(20 ** -9, 20)
  })
})

describe('a linear SVM', () => {
  interface Case {
    rows: number[][]
    labels: number[]
    unseen: number[][]
    cost: number
    decisions: number[]
    primal: number
  }
  const { cases } = goldenJson<{ cases: Case[] }>('svm')
  const dot = (a: ArrayLike<number>, b: ArrayLike<number>) =>
    Array.from(a).reduce((sum, value, i) => sum + value * b[i]!, 0)

  it.each(cases.map((entry) => [entry.rows.length, entry] as const))(
    'of %d rows is that of scikit-learn',
    async (_, entry) => {
      const { rows, labels, unseen, cost, decisions, primal } = entry
      const svm = await trainLinearSvm(
        rows.map((row) => Float32Array.from(row)),
        labels,
      ) // the cost of the baseline, without asking
      expect(svm.converged).toBe(true)
      const score = (row: readonly number[]) => dot(svm.weights, row) + svm.bias
      const losses = rows.map((row, i) => Math.max(0, 1 - (labels[i] ? 1 : -1) * score(row)))
      const value = dot(svm.weights, svm.weights) / 2 + cost * losses.reduce((sum, loss) => sum + loss, 0)
      expect(value / primal).toBeGreaterThan(1 - 1e-7)
      expect(value / primal).toBeLessThan(1 + 0.03)
      unseen.forEach((row, i) => {
        expect(Math.abs(score(row) - decisions[i]!)).toBeLessThan(0.03)
        if (Math.abs(decisions[i]!) > 0.03)
          expect(predictLinearSvm(svm, Float32Array.from(row))).toBe(decisions[i]! > 0 ? 1 : 0)
      })
    },
  )
})

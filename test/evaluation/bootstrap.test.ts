import { describe, expect, it } from 'vitest'
import { bootstrapSubjects, percentileInterval, subjectDraws } from '../../src/evaluation/bootstrap.ts'

const subjects = Array.from({ length: 200 }, (_, i) => `s${i >> 3}`)

describe('the bootstrap over subjects', () => {
  it('draws whole subjects: the interval is wider than that of single trials', () => {
    // A subject is all right or all wrong, so 25 subjects carry the evidence of 25 trials, not 200.
    const correct = subjects.map((_, i) => (i >> 3) % 2)
    const accuracy = (trials: number[]): number => trials.reduce((sum, i) => sum + correct[i]!, 0) / trials.length
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

  it('takes two thousand draws where no number is given', () => {
    let draws = 0
    bootstrapSubjects(subjects, () => draws++, { seed: 1 })
    expect(draws).toBe(2000)
  })

  it('draws with replacement, each time as many, by the seed', () => {
    const [draw, again, other] = [subjectDraws(30, 1), subjectDraws(30, 1), subjectDraws(30, 2)]
    const [first, second] = [draw(), draw()]
    expect(first).toHaveLength(30)
    expect(new Set(first).size).toBeLessThan(30)
    expect(first.every((subject) => subject < 30)).toBe(true)
    expect(second).not.toEqual(first)
    expect([again(), again()]).toEqual([first, second])
    expect(other()).not.toEqual(first)
  })

  it('leaves out resamples in which the statistic is not defined', () => {
    const values = [NaN, 3, 1, NaN, 2]
    let next = 0
    const interval = bootstrapSubjects(subjects, () => values[next++]!, { seed: 1, resamples: 5, level: 0.5 })
    expect(interval).toEqual({ low: 1.5, high: 2.5 })
    expect(bootstrapSubjects(subjects, () => NaN, { seed: 1, resamples: 5 })).toEqual({ low: NaN, high: NaN })
    expect(percentileInterval(Float64Array.of(NaN))).toBeUndefined()
  })
})

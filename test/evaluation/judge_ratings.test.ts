// Predicted ratings judged as classes are, counted again by plain scores of lists of trials.
import { describe, expect, it } from 'vitest'
import { percentileInterval, subjectDraws } from '../../src/evaluation/bootstrap.ts'
import { judgeRatings } from '../../src/evaluation/judge_ratings.ts'
import type { JudgedRating } from '../../src/evaluation/rating_judgement.ts'
import { RATING_SCORES, ratingScores, type RatingScores } from '../../src/evaluation/rating_scores.ts'
import { NumericError, ShapeError } from '../../src/runtime/errors.ts'
import { Random } from '../../src/runtime/random.ts'
import { goldenJson } from '../support/golden_values.ts'

/** Eight people of ten trials in two folds; the models of some seeds know `knows` of a rating. */
function trialsOf(knows: number, seeds = [7]): JudgedRating[] {
  const random = new Random(2)
  const ratings = Array.from({ length: 80 }, (_, i) => 5 + (i % 8) / 4 + 2 * random.normal())
  return seeds.flatMap((seed) =>
    ratings.map((rating, i) => ({
      ...{ trial: `t${i}`, subject: `s${i % 8}`, fold: String(i % 2), seed, rating },
      said: 5 + knows * (rating - 5) + random.normal(),
      baselines: { mean: 5 + (i % 2), ridge: 5 + random.normal(), ...(i % 3 && { song: 5 + random.normal() }) },
    })),
  )
}

const scoresOf = (trials: readonly JudgedRating[], said = (trial: JudgedRating) => trial.said): RatingScores =>
  ratingScores(
    trials.map(({ rating }) => rating),
    trials.map(said),
    trials.map(({ baselines }) => baselines.mean!),
  )

function expectScores(found: Partial<RatingScores>, expected: RatingScores): void {
  for (const name of RATING_SCORES) expect(found[name], name).toBeCloseTo(expected[name], 10)
}

describe('predicted ratings', () => {
  const trials = trialsOf(0.6)

  it('have the scores of all test trials, their folds and people', async () => {
    const { scores, overFolds, bySubject, ...counts } = await judgeRatings(trials, { seed: 3 })
    expect(counts).toMatchObject({ trials: 80, subjects: 8, folds: 2, seeds: [7] })
    expectScores(scores, scoresOf(trials))
    const folds = ['0', '1'].map((fold) => scoresOf(trials.filter((trial) => trial.fold === fold)))
    for (const name of RATING_SCORES)
      expect(overFolds[name]!.mean).toBeCloseTo((folds[0]![name] + folds[1]![name]) / 2, 10)
    for (const { subject, trials: count, rating, mae, r } of bySubject) {
      const own = trials.filter((trial) => trial.subject === subject)
      expect(count).toBe(10)
      expect(rating).toBeCloseTo(own.reduce((sum, trial) => sum + trial.rating, 0) / 10, 10)
      expect([mae, r].map((x) => x.toFixed(9))).toEqual([scoresOf(own).mae, scoresOf(own).r].map((x) => x.toFixed(9)))
    }
  })

  it('have intervals over people, and differences to a baseline over the same draws', async () => {
    const { intervals, baselines } = await judgeRatings(trials, { seed: 3 })
    const draw = subjectDraws(8, 3)
    const people = Array.from({ length: 8 }, (_, s) => trials.filter(({ subject }) => subject === `s${s}`))
    const drawn = Array.from({ length: 2000 }, () => Array.from(draw()).flatMap((s) => people[s]!))
    const ridge = ({ baselines: of }: JudgedRating): number => of.ridge!
    const ours = drawn.map((of) => scoresOf(of))
    const theirs = drawn.map((of) => scoresOf(of, ridge))
    const beside = baselines.find(({ name }) => name === 'ridge')!
    expectScores(beside.scores, scoresOf(trials, ridge))
    for (const name of RATING_SCORES) {
      const expected = percentileInterval(Float64Array.from(ours, (of) => of[name]))!
      expect(intervals![name]!.low).toBeCloseTo(expected.low, 9)
      expect(intervals![name]!.high).toBeCloseTo(expected.high, 9)
      const apart = percentileInterval(Float64Array.from(ours, (of, b) => of[name] - theirs[b]![name]))!
      expect(beside.difference[name].mean).toBeCloseTo(scoresOf(trials)[name] - beside.scores[name], 9)
      expect(beside.difference[name].low).toBeCloseTo(apart.low, 9)
      expect(beside.difference[name].high).toBeCloseTo(apart.high, 9)
    }
  })

  it('stand beside a baseline on the trials of which it says something', async () => {
    const { baselines } = await judgeRatings(trials, { seed: 3 })
    const heard = trials.filter(({ baselines: { song } }) => song !== undefined)
    expect(baselines.map(({ name, trials: count }) => [name, count])).toEqual([
      ['mean', 80],
      ['song', heard.length],
      ['ridge', 80],
    ])
    const { scores, difference } = baselines[1]!
    const song = ({ baselines: of }: JudgedRating): number => of.song!
    expectScores(scores, scoresOf(heard, song))
    expect(difference.rmse.mean).toBeCloseTo(scoresOf(heard).rmse - scores.rmse, 10)
    // The mean is no better than itself.
    expect(baselines[0]!.scores.r2).toBe(0)
  })

  it('of several seeds have the mean of their scores, and the spread', async () => {
    const several = trialsOf(0.6, [1, 2])
    const { scores, overSeeds, seeds, trials: count } = await judgeRatings(several, { seed: 3 })
    const each = [1, 2].map((seed) => scoresOf(several.filter((trial) => trial.seed === seed)))
    expect([seeds, count]).toEqual([[1, 2], 80])
    for (const name of RATING_SCORES) {
      const mean = (each[0]![name] + each[1]![name]) / 2
      expect(scores[name]).toBeCloseTo(mean, 10)
      expect(overSeeds![name]!.mean).toBeCloseTo(mean, 10)
    }
  })

  it('do not depend on the order of the trials', async () => {
    const reversed = [...trialsOf(0.6, [1, 2])].reverse()
    const [one, other] = await Promise.all([trialsOf(0.6, [1, 2]), reversed].map((of) => judgeRatings(of, { seed: 3 })))
    expect(other).toEqual(one)
  })

  it('of one person have no interval', async () => {
    const alone = trials.filter(({ subject }) => subject === 's0')
    const { intervals, baselines } = await judgeRatings(alone, { seed: 3 })
    expect(intervals).toBeUndefined()
    expect(baselines[0]!.difference.mae).toMatchObject({ low: NaN, high: NaN })
  })

  it('that do not fit are refused', async () => {
    await expect(judgeRatings([], { seed: 1 })).rejects.toThrow(new ShapeError('judge: there are no trials'))
    const [first, ...rest] = trialsOf(0.6, [1, 2])
    await expect(judgeRatings([{ ...first!, rating: 9 }, ...rest], { seed: 1 })).rejects.toThrow(
      "judge: the trial 't0' has another rating or subject for seed 2 than for seed 1",
    )
    await expect(judgeRatings([{ ...first!, said: NaN }, ...rest], { seed: 1 })).rejects.toThrow(
      new NumericError("judge: trial 't0' of seed 1: the model is NaN, expected a number"),
    )
  })
})

describe('ratings shuffled within people', () => {
  interface Case {
    name: string
    subjects: [ratings: number[], said: number[]][]
    p: number
  }
  const { cases } = goldenJson<{ cases: Case[] }>('rating_permutations')
  const flat = ({ subjects }: Case, seeds = [1]): JudgedRating[] =>
    seeds.flatMap((seed) =>
      subjects.flatMap(([ratings, said], s) =>
        ratings.map((rating, i) => ({
          ...{ trial: `s${s} ${i}`, subject: `s${s}`, fold: '0', seed, rating, said: said[i]!, baselines: {} },
        })),
      ),
    )

  it.each(cases)('$name: correlate as much as often as in all orders', async (entry) => {
    // In one of 10^9 samples of this size the share differs by more (Hoeffding).
    const apart = Math.sqrt(Math.log(2e9) / (2 * 2000)) + 1 / 2001
    const { permutation } = await judgeRatings(flat(entry), { seed: 5 })
    expect(Math.abs(permutation - entry.p)).toBeLessThan(apart)
    expect((await judgeRatings(flat(entry, [1, 2]), { seed: 5 })).permutation).toBe(permutation)
  })

  it('tell who knows the usual rating of each person from who knows more', async () => {
    const usual = trialsOf(0.6).map((trial) => ({ ...trial, said: Number(trial.subject.slice(1)) }))
    expect((await judgeRatings(usual, { seed: 5 })).permutation).toBe(1)
    expect((await judgeRatings(trialsOf(0.6), { seed: 5 })).permutation).toBe(1 / 2001)
    expect((await judgeRatings(trialsOf(0), { seed: 5 })).permutation).toBeGreaterThan(0.01)
  })

  it('say nothing where nothing varies', async () => {
    const constant = trialsOf(0.6).map((trial) => ({ ...trial, said: 5 }))
    expect(await judgeRatings(constant, { seed: 5 })).toMatchObject({ permutation: NaN, scores: { r: NaN, ccc: 0 } })
    const alike = trialsOf(0.6).map((trial) => ({ ...trial, rating: 5 }))
    expect((await judgeRatings(alike, { seed: 5 })).permutation).toBeNaN()
  })
})

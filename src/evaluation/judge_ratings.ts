// All that may be said of predicted ratings, in the shape in which classes are judged (`judge`).
import { groupBy } from '../datasets/group.ts'
import { NumericError } from '../runtime/errors.ts'
import type { Pieces } from '../runtime/breather.ts'
import { Random } from '../runtime/random.ts'
import { percentileInterval, RESAMPLES, subjectDraws } from './bootstrap.ts'
import { byRepeat, type Repeats } from './judged_table.ts'
import { RATING_PERMUTATION_STREAM } from './random_streams.ts'
import {
  RATING_BASELINES,
  type BesideRatings,
  type JudgedRating,
  type RatingBaselineName,
  type RatingJudgement,
} from './rating_judgement.ts'
import { RATING_SCORES, ratingScoresOf, type RatingScoreName, type RatingScores } from './rating_scores.ts'
import { meanRatingScores, RatingVoice } from './rating_voice.ts'
import { spreadOf, type Interval } from './statistics.ts'
import { workInTurns, type WorkHooks } from './turns.ts'

/** How trials are judged. */
export interface JudgeRatingsOptions extends WorkHooks {
  /** Decides which subjects the bootstrap draws and how ratings are shuffled. */
  seed: number
}

const SHUFFLES = 2000
const NOWHERE: Interval = { low: NaN, high: NaN }
/** Sums of the same numbers in another order may differ by this share of them. */
const ROUNDING = 1e-12

/**
 * Judges predicted ratings: scores with bootstrap intervals over subjects, folds, seeds, subjects, a permutation test of r within subjects,
 * and every baseline that some trial has, on the trials of which it says something. Of several seeds every trial must be there once for each,
 * with the same subject and rating. The order of the trials changes nothing.
 * @throws ShapeError for trials that do not fit, NumericError for a number that is not finite
 */
export async function judgeRatings(
  trials: readonly JudgedRating[],
  { seed, ...hooks }: JudgeRatingsOptions,
): Promise<RatingJudgement> {
  return workInTurns(hooks, function* (say): Pieces<RatingJudgement> {
    trials.forEach(checkTrial)
    const table = byRepeat(trials, 'rating', ({ rating }) => rating)
    const model = new RatingVoice(table, ({ said }) => said)
    const pairs = pairsOf(table, model)
    const resampled = table.subjects.length > 1 ? yield* resample(table, model, pairs, seed, say) : undefined
    const scores = model.scores()
    const foldScores = model.folds.flatMap((repeats) => repeats.map(ratingScoresOf))
    return {
      trials: table.subjectOf.length,
      subjects: table.subjects.length,
      folds: table.folds.length,
      seeds: table.seeds,
      scores: meanRatingScores(scores),
      ...(resampled && { intervals: resampled.intervals }),
      overFolds: spreads(foldScores),
      ...(scores.length > 1 && { overSeeds: spreads(scores) }),
      baselines: pairs.map((pair, i) => besideBaseline(pair, resampled?.differences[i])),
      permutation: yield* permutation(table, seed),
      bySubject: subjectRows(table, model),
    }
  })
}

function checkTrial({ trial, seed, rating, said, baselines }: JudgedRating): void {
  const all = [['its rating', rating], ['the model', said], ...Object.entries(baselines)] as const
  const wrong = all.find(([, value]) => value !== undefined && !Number.isFinite(value))
  if (wrong)
    throw new NumericError(`judge: trial '${trial}' of seed ${seed}: ${wrong[0]} is ${wrong[1]}, expected a number`)
}

/** A baseline, and the model on the trials of which the baseline says something. */
interface Compared {
  name: RatingBaselineName
  own: RatingVoice
  model: RatingVoice
}

const pairsOf = (table: Repeats<JudgedRating>, model: RatingVoice): Compared[] =>
  RATING_BASELINES.flatMap((name) => {
    const own = new RatingVoice(table, ({ baselines }) => baselines[name])
    if (own.heard === 0) return []
    const onSame = ({ said, baselines }: JudgedRating) => (baselines[name] === undefined ? undefined : said)
    return [{ name, own, model: own.heard === model.heard ? model : new RatingVoice(table, onSame) }]
  })

type Intervals = Partial<Record<RatingScoreName, Interval>>

/** One set of draws of subjects for all scores, of the model and of what is compared with it. */
function* resample(
  { subjects }: Repeats<JudgedRating>,
  model: RatingVoice,
  pairs: readonly Compared[],
  seed: number,
  say: (share: number) => void,
): Pieces<{ intervals: Intervals; differences: Intervals[] }> {
  const draw = subjectDraws(subjects.length, seed)
  const drawn = RATING_SCORES.map(() => new Float64Array(RESAMPLES))
  const differences = pairs.map(() => RATING_SCORES.map(() => new Float64Array(RESAMPLES)))
  const weights = new Float64Array(subjects.length)
  for (let b = 0; b < RESAMPLES; b++) {
    weights.fill(0)
    for (const subject of draw()) weights[subject]!++
    const ours = model.weighted(weights)
    RATING_SCORES.forEach((name, i) => (drawn[i]![b] = ours[name]))
    for (const [k, pair] of pairs.entries()) {
      const own = pair.model === model ? ours : pair.model.weighted(weights)
      const other = pair.own.weighted(weights)
      RATING_SCORES.forEach((name, i) => (differences[k]![i]![b] = own[name] - other[name]))
    }
    say((b + 1) / RESAMPLES)
    yield
  }
  return { intervals: intervalsOf(drawn), differences: differences.map(intervalsOf) }
}

/** Of the values of each score; one that is nowhere defined is left out. */
const intervalsOf = (values: readonly Float64Array[]): Intervals =>
  Object.fromEntries(
    RATING_SCORES.flatMap((name, i) => {
      const interval = percentileInterval(values[i]!)
      return interval ? [[name, interval]] : []
    }),
  )

function besideBaseline({ name, own, model }: Compared, differences?: Intervals): BesideRatings {
  const [scores, ours] = [meanRatingScores(own.scores()), meanRatingScores(model.scores())]
  const difference = Object.fromEntries(
    RATING_SCORES.map((score) => {
      // Where the scores themselves leave no difference, some draws may have one, which says nothing of it.
      const mean = ours[score] - scores[score]
      return [score, { mean, ...((!Number.isNaN(mean) && differences?.[score]) || NOWHERE) }]
    }),
  ) as BesideRatings['difference']
  return { name, trials: own.trials, scores, difference }
}

/** Each score's spread; one that is nowhere defined is left out. */
const spreads = (scores: readonly RatingScores[]): RatingJudgement['overFolds'] =>
  Object.fromEntries(
    RATING_SCORES.flatMap((name) => {
      const spread = spreadOf(scores.map((of) => of[name]))
      return spread ? [[name, spread]] : []
    }),
  )

function subjectRows({ subjects, repeats }: Repeats<JudgedRating>, model: RatingVoice): RatingJudgement['bySubject'] {
  return subjects.map((subject, s) => {
    const own = repeats[0]!.filter((trial) => trial.subject === subject)
    const { mae, r } = model.weighted(Float64Array.from(subjects, (_, other) => (other === s ? 1 : 0)))
    const rating = own.reduce((sum, trial) => sum + trial.rating, 0) / own.length
    return { subject, trials: own.length, rating, mae, r }
  })
}

/**
 * How often ratings shuffled within each subject, the same for all repeats, correlate with the predictions as much as the true ones: of r, mean
 * over the repeats whose predictions vary. Shuffling moves nothing of it but the sum of products.
 */
function* permutation({ repeats, subjects, subjectOf }: Repeats<JudgedRating>, seed: number): Pieces<number> {
  const ratings = repeats[0]!.map(({ rating }) => rating)
  if (ratings.every((rating) => rating === ratings[0])) return NaN
  const scales = repeats.map((trials) => predictedScale(trials.map(({ said }) => said)))
  const known = scales.flatMap((scale) => scale ?? [])
  if (known.length === 0) return NaN
  const pull = ratings.map((_, i) => known.reduce((sum, of) => sum + of[i]!, 0))
  const byIndex = groupBy(subjectOf.keys(), (i) => subjects[subjectOf[i]!]!)
  const people = subjects.map((subject) => byIndex.get(subject)!)
  const random = new Random(seed, RATING_PERMUTATION_STREAM)
  const correlation = (order: (count: number) => ArrayLike<number>): number =>
    people.reduce((sum, own) => {
      const from = order(own.length)
      return own.reduce((total, i, k) => total + pull[i]! * ratings[own[from[k]!]!]!, sum)
    }, 0)
  const size = ratings.reduce((sum, rating, i) => sum + Math.abs(pull[i]! * rating), 0)
  const observed = correlation((count) => [...Array(count).keys()]) - ROUNDING * size
  let asGreat = 1
  for (let shuffle = 0; shuffle < SHUFFLES; shuffle++) {
    if (correlation((count) => random.permutation(count)) >= observed) asGreat++
    yield
  }
  return asGreat / (SHUFFLES + 1)
}

/** Predictions less their mean, on one scale; undefined where they do not vary. */
function predictedScale(said: readonly number[]): number[][] | undefined {
  if (said.every((value) => value === said[0])) return undefined
  const mean = said.reduce((sum, value) => sum + value, 0) / said.length
  const spread = Math.sqrt(said.reduce((sum, value) => sum + (value - mean) ** 2, 0))
  return [said.map((value) => (value - mean) / spread)]
}

// What a model or a baseline says of the ratings of test trials, in all repeats, summed so that drawing subjects again costs little.
import { groupBy } from '../datasets/group.ts'
import type { Repeats } from './judged_table.ts'
import type { JudgedRating } from './rating_judgement.ts'
import {
  addRating,
  noRatingSums,
  RATING_SCORES,
  ratingScoresOf,
  weightedRatingSums,
  type RatingScores,
  type RatingSums,
} from './rating_scores.ts'

/** Mean of each score; NaN where one is. */
export function meanRatingScores(scores: readonly RatingScores[]): RatingScores {
  const mean = { ...scores[0]! }
  for (const name of RATING_SCORES) {
    let sum = 0
    for (const of of scores) sum += of[name]
    mean[name] = sum / scores.length
  }
  return mean
}

/** What one model or baseline says of the judged trials. */
export class RatingVoice {
  /** Of each repeat in which it says something, sums by subject. */
  private readonly bySubject: RatingSums[][]
  /** By fold, sums of each repeat that has it; folds in order of name. */
  readonly folds: RatingSums[][]
  /** Trials of which it says something in some repeat. */
  readonly trials: number
  /** How often it says something, over all repeats. */
  readonly heard: number

  /** `saidOf` is undefined where it says nothing. */
  constructor(table: Repeats<JudgedRating>, saidOf: (trial: JudgedRating) => number | undefined) {
    const origin = table.repeats[0]![0]!.rating
    const some = new Set<string>()
    const sumsOf = (trials: readonly JudgedRating[]): RatingSums => {
      const sums = noRatingSums()
      for (const trial of trials) addRating(sums, trial.rating, saidOf(trial)!, trial.baselines.mean ?? NaN, origin)
      return sums
    }
    const heard = table.repeats
      .map((trials) => trials.filter((trial) => saidOf(trial) !== undefined))
      .filter((trials) => trials.length > 0)
    for (const trials of heard) for (const { trial } of trials) some.add(trial)
    this.bySubject = heard.map((trials) => {
      const own = groupBy(trials, ({ subject }) => subject)
      return table.subjects.map((subject) => sumsOf(own.get(subject) ?? []))
    })
    this.folds = table.folds
      .map((fold) => heard.map((trials) => trials.filter((trial) => trial.fold === fold)).filter((of) => of.length > 0))
      .filter((repeats) => repeats.length > 0)
      .map((repeats) => repeats.map(sumsOf))
    this.trials = some.size
    this.heard = heard.reduce((sum, { length }) => sum + length, 0)
  }

  /** Pooled scores of each repeat. */
  scores(): RatingScores[] {
    return this.bySubject.map((sums) => ratingScoresOf(weightedRatingSums(sums, new Float64Array(sums.length).fill(1))))
  }

  /** All scores when each subject counts as often as its weight says, mean over repeats. */
  weighted(weights: ArrayLike<number>): RatingScores {
    return meanRatingScores(this.bySubject.map((sums) => ratingScoresOf(weightedRatingSums(sums, weights))))
  }
}

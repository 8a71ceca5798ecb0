// What may be said of predicted ratings: scores, how sure they are, and what they must stand beside.
import type { RatingScoreName, RatingScores } from './rating_scores.ts'
import type { Interval, Spread } from './statistics.ts'

/** What a model of ratings stands beside. `mlp` and `cnn` are networks that were trained as it was. */
export const RATING_BASELINES = ['mean', 'song', 'ridge', 'forest', 'mlp', 'cnn'] as const
export type RatingBaselineName = (typeof RATING_BASELINES)[number]

/** A test trial as a model and the baselines judge it. */
export interface JudgedRating {
  /** Its name: the same in every repeat, and no other trial's. */
  trial: string
  subject: string
  /** Name of the fold whose test part it is in. */
  fold: string
  /** Which repeat, by its seed; the same trial is there once for each. */
  seed: number
  rating: number
  /** The rating that the model predicts. */
  said: number
  /** Ratings too; one that says nothing of the trial is absent. `mean`, that of the training people, is what R² is measured against. */
  baselines: Partial<Record<RatingBaselineName, number>>
}

/** A baseline on the trials of which it says something, and the model on those same trials. */
export interface BesideRatings {
  name: RatingBaselineName
  trials: number
  scores: RatingScores
  /** The model's scores on these trials less the baseline's, and the 95 % bootstrap interval of that over subjects, NaN with one subject. */
  difference: Record<RatingScoreName, Interval & { mean: number }>
}

/** All that a table says of one model of ratings. */
export interface RatingJudgement {
  trials: number
  subjects: number
  folds: number
  seeds: number[]
  /** Of all test trials of a seed together, mean over seeds. */
  scores: RatingScores
  /** 95 % bootstrap over subjects; absent with one subject. */
  intervals?: Partial<Record<RatingScoreName, Interval>>
  /** Over folds and seeds, as the field prints it. */
  overFolds: Partial<Record<RatingScoreName, Spread>>
  /** Of the pooled scores over seeds; absent with one seed. */
  overSeeds?: Partial<Record<RatingScoreName, Spread>>
  baselines: BesideRatings[]
  /** Share of the orders of ratings, shuffled within subjects (2,000 of them and the true one), whose r is as great; NaN where r is. */
  permutation: number
  /** By subject, in order of name: the mean of the ratings, the mean absolute error, and r among the subject's own trials, mean over seeds. */
  bySubject: { subject: string; trials: number; rating: number; mae: number; r: number }[]
}

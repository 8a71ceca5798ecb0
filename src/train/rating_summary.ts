// A run of ratings with its results, as plain data that survives JSON: what `RunSummary` is for classes.
import type { JudgedRating, RatingJudgement } from '../evaluation/rating_judgement.ts'
import type { RatingScores } from '../evaluation/rating_scores.ts'
import type { RatingScale } from './rating_scale.ts'
import type { FoldFacts, RunFacts, RunSummary } from './run_summary.ts'

/** What a model and the baselines say of one test trial, all in the unit of the rating. */
export interface RatingPrediction extends Pick<JudgedRating, 'trial' | 'subject' | 'rating' | 'said' | 'baselines'> {
  stimulus: string
}

/** A fold that is trained and tested. */
export interface RatingFoldResult extends FoldFacts {
  /** Mean and deviation of the training people's ratings, by which the network was trained. */
  scale: RatingScale
  /** Predictions of the test part. */
  predictions: RatingPrediction[]
  /** R² is against the baseline `mean`. */
  model: RatingScores
}

/** A run with its results: what result.json holds and the report shows. */
export interface RatingRunSummary extends RunFacts {
  /** Finished folds. */
  results: RatingFoldResult[]
  /** All test trials of the finished folds together. */
  pooled: { judgement: RatingJudgement }
}

/** Whether a run predicts ratings, and not classes. */
export const isOfRatings = (run: RunSummary | RatingRunSummary): run is RatingRunSummary =>
  run.config.target === 'rating'

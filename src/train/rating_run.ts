// A whole run of ratings: what `trainRun` is for classes.
import { judgeRatings } from '../evaluation/judge_ratings.ts'
import type { JudgedRating } from '../evaluation/rating_judgement.ts'
import { ratingScores, type RatingScores } from '../evaluation/rating_scores.ts'
import type { WorkHooks } from '../evaluation/turns.ts'
import { checkNames } from '../runtime/arguments.ts'
import { UsageError } from '../runtime/errors.ts'
import { toDocument } from '../formats/documents.ts'
import type { Gpu } from '../runtime/gpu.ts'
import { requireGpu } from '../runtime/gpu_base.ts'
import type { Store } from '../store/store.ts'
import type { PreparedTrial } from './prepare.ts'
import { ratingBaselines, type RatingBaselineScores } from './rating_baselines.ts'
import type { RatingFoldResult, RatingPrediction, RatingRunSummary } from './rating_summary.ts'
import { judgedRun, RUN_OPTIONS, trainFolds, type Outcome, type RunIdentity, type RunOptions } from './run.ts'
import type { Task } from './task.ts'

/** What is said of some trials: by the model, a row of one rating a trial, and by the baselines where there are any. */
export const ratingPredictionsOf = (
  trials: readonly Pick<PreparedTrial, 'id' | 'subject' | 'stimulus'>[],
  ratings: ArrayLike<number>,
  outputs: readonly ArrayLike<number>[],
  baselines: readonly RatingBaselineScores[] = [],
): RatingPrediction[] =>
  trials.map(({ id, subject, stimulus }, i) => ({
    ...{ trial: id, subject, stimulus, rating: ratings[i]!, said: outputs[i]![0]!, baselines: baselines[i] ?? {} },
  }))

/** The model alone; R² against the baseline `mean`, where that is known. */
export const modelRatingScores = (predictions: readonly RatingPrediction[]): RatingScores =>
  ratingScores(
    predictions.map(({ rating }) => rating),
    predictions.map(({ said }) => said),
    predictions.map(({ baselines }) => baselines.mean ?? NaN),
  )

/** The test trials of some folds of a run as `judgeRatings` takes them; `seed` tells those of repeats apart. */
export const judgedRatings = (
  folds: readonly Pick<RatingFoldResult, 'name' | 'predictions'>[],
  seed: number,
): JudgedRating[] =>
  folds.flatMap(({ name: fold, predictions }) =>
    predictions.map(({ trial, subject, rating, said, baselines }) => ({
      ...{ trial, subject, rating, said, baselines, seed, fold },
    })),
  )

/** All test trials together. */
export const poolRatings = async (
  folds: readonly Pick<RatingFoldResult, 'name' | 'predictions'>[],
  seed: number,
  hooks: WorkHooks = {},
): Promise<RatingRunSummary['pooled']> => ({
  judgement: await judgeRatings(judgedRatings(folds, seed), { seed, ...hooks }),
})

const ofRatings: Outcome<RatingFoldResult, RatingRunSummary['pooled'], RatingBaselineScores> = {
  baselines: ({ set, config, labelled }, fold, options) => ratingBaselines(set, config, labelled.labels, fold, options),
  judgeFold({ set, labelled }, { test }, { outputs, baselines }, { scale }) {
    const [trials, ratings] = [test.map((i) => set.trials[i]!), test.map((i) => labelled.labels[i]!)]
    const predictions = ratingPredictionsOf(trials, ratings, outputs, baselines)
    return { scale: scale!, predictions, model: modelRatingScores(predictions) }
  },
  pool: (results, { seed }, signal) => poolRatings(results, seed, { ...(signal && { signal }) }),
  foldDocument: (result) => toDocument('fold-result', result),
  runDocument: (summary) => toDocument('run-result', summary),
  scoreFold: ({ model: { rmse, r } }) => ({ rmse, r }),
  scoreRun: ({ judgement: { scores } }) => ({ rmse: scores.rmse, r: scores.r }),
}

/**
 * Trains the folds of a task of ratings (`target: 'rating'`) as `trainRun` those of classes, by the squared error of ratings standardised by
 * the fold's training people. @throws UsageError for a task of classes
 */
export async function trainRatingRun(
  gpu: Gpu,
  store: Store,
  task: Task,
  identity: RunIdentity,
  options: RunOptions = {},
): Promise<RatingRunSummary> {
  requireGpu('trainRatingRun', gpu)
  checkNames('trainRatingRun', options, RUN_OPTIONS)
  if (task.config.target !== 'rating')
    throw new UsageError('trainRatingRun: this task predicts classes: use trainRun, or settings with target: rating')
  return judgedRun(gpu, store, task, identity, { ...options, outcome: ofRatings })
}

/** The folds of `trainRatingRun`, of which nothing is judged yet. Returns the task with what its weights to start from decide. */
export const trainRatingTask = (gpu: Gpu, store: Store, task: Task, options: RunOptions = {}): Promise<Task> =>
  trainFolds(gpu, store, task, { ...options, outcome: ofRatings })

// What the models of a run of ratings are worth: each on its own test people, or all together on other rated data.
import { findFold } from '../evaluation/folds.ts'
import { shownScheme } from '../evaluation/control.ts'
import { UsageError } from '../runtime/errors.ts'
import type { Gpu } from '../runtime/gpu.ts'
import { settingsOf } from './alternatives.ts'
import type { Dataset } from './dataset.ts'
import { jointFold, ownTask, requireRated, signalOf, type OtherEvaluation, type OwnEvaluation } from './evaluate_run.ts'
import { outputsOf } from './predictor.ts'
import type { PreparedSet } from './prepare.ts'
import { ratingBaselines } from './rating_baselines.ts'
import { modelRatingScores, poolRatings, ratingPredictionsOf } from './rating_run.ts'
import type { RatingFoldResult, RatingPrediction, RatingRunSummary } from './rating_summary.ts'
import { foldPlanSummary } from './run.ts'
import { finishedFolds } from './run_files.ts'
import { labelReadable, makeTask } from './task.ts'
import { checkCompute, ensemble, prepareForRun, seenIn, type ComputeHooks, type TrainedRun } from './trained_run.ts'

/** Every trained fold on the people it did not see. */
export interface OwnRatingEvaluation
  extends Omit<OwnEvaluation, 'results' | 'pooled'>, Pick<RatingRunSummary, 'results' | 'pooled'> {}

/** What the mean of all models is worth on rated data that the run was not made from. */
export interface OtherRatingEvaluation
  extends Omit<OtherEvaluation, 'pooled' | 'predictions' | 'majorityOfTheseTrials'>, Pick<RatingRunSummary, 'pooled'> {
  /** A row a trial, as in a run; baselines learned from the data that the models learned from. */
  predictions: RatingPrediction[]
}

/** @throws UsageError for a run of classes, naming the function for those */
function requireRatings(where: string, { config }: Pick<TrainedRun, 'config'>, ofClasses: string): void {
  if (config.target !== 'rating') throw new UsageError(`${where}: this run predicts classes: use ${ofClasses}`)
}

/** Computes again, from the stored weights, what each fold says of its own test people. `dataset` is the run's own. @throws FormatError, UsageError for a run of classes */
export async function evaluateRatingRun(
  gpu: Gpu,
  run: TrainedRun,
  dataset: Dataset,
  hooks: ComputeHooks = {},
): Promise<OwnRatingEvaluation> {
  checkCompute('evaluateRatingRun', gpu, hooks)
  requireRatings('evaluateRatingRun', run, 'evaluateRun')
  const { store, config, folds, models } = run
  requireRated(run, dataset)
  const set = await prepareForRun(gpu, run, dataset, hooks)
  const task = makeTask(set, config)
  const results: RatingFoldResult[] = []
  for (const stored of await finishedFolds<RatingFoldResult>(store, task)) {
    const { test } = findFold(task.plan, stored.name)
    const settings = settingsOf(config, stored.settings ?? {})
    const model = models[folds.indexOf(stored.name)]!
    const outputs = await outputsOf(gpu, settings, model, task.set, test, hooks.signal)
    const predictions = stored.predictions.map((of, i) => ({ ...of, said: outputs[i]![0]! }))
    results.push({ ...stored, predictions, model: modelRatingScores(predictions) })
  }
  return {
    dimension: config.dimension,
    labels: task.labelled.scheme,
    dataset: { name: set.name, synthetic: set.synthetic },
    folds: foldPlanSummary(task),
    results,
    pooled: await poolRatings(results, config.seed, signalOf(hooks)),
  }
}

/**
 * Judges all models together on other rated data. `own` yields the data that the run was made from, for the baselines; what it
 * throws is why there are none, and R² is then NaN. @throws FormatError, UsageError for a run of classes
 */
export async function evaluateRatingsElsewhere(
  gpu: Gpu,
  run: TrainedRun,
  dataset: Dataset,
  own: () => Promise<Dataset>,
  hooks: ComputeHooks = {},
): Promise<OtherRatingEvaluation> {
  checkCompute('evaluateRatingsElsewhere', gpu, hooks)
  requireRatings('evaluateRatingsElsewhere', run, 'evaluateElsewhere')
  const { config, folds, models } = run
  requireRated(run, dataset)
  const set = await prepareForRun(gpu, run, dataset, hooks)
  const labelled = labelReadable(set, config)
  const { trials, labels } = labelled
  const doubt = scaleDoubt(run, set)
  if (doubt !== undefined) hooks.onWarning?.(doubt)
  const outputs = await ensemble(gpu, run, { ...set, trials }, hooks.signal)
  const task = await ownTask(gpu, run, own, hooks)
  const missing = typeof task === 'string' ? task : undefined
  const joint = typeof task === 'string' ? undefined : { task, ...jointFold(task, folds, set, labelled, hooks) }
  const baselines =
    joint &&
    (await ratingBaselines(joint.set, config, [...joint.task.labelled.labels, ...labels], joint.fold, signalOf(hooks)))
  const predictions = ratingPredictionsOf(trials, labels, outputs, baselines)
  return {
    dimension: config.dimension,
    labels: shownScheme(labelled.scheme, config.control),
    dataset: { name: set.name, synthetic: set.synthetic },
    models: folds,
    ...seenIn(models, trials),
    skipped: [...set.skipped, ...labelled.skipped],
    pooled: await poolRatings([{ name: 'all', predictions }], config.seed, signalOf(hooks)),
    predictions,
    ...(missing !== undefined && {
      missing: `no baselines, and no R², since the run's own data cannot be read: ${missing}`,
    }),
  }
}

/** Whether ratings of these data look like those that the models learned. */
function scaleDoubt({ models }: TrainedRun, { name, trials }: PreparedSet): string | undefined {
  const scale = trials.find(({ ratingScale }) => ratingScale)?.ratingScale
  const away = scale && models.find(({ scale: of }) => of && (of.mean < scale[0] || of.mean > scale[1]))
  if (!away) return undefined
  return `the models learned ratings around ${away.scale!.mean.toPrecision(3)}, and those of ${name} go from ${scale[0]} to ${scale[1]}: errors are of different units`
}

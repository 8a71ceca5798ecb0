// What a run's models are worth: each on its own test people, or all together on other rated data.
import { majorityClass } from '../evaluation/baselines.ts'
import { shownScheme } from '../evaluation/control.ts'
import { findFold, type Fold } from '../evaluation/folds.ts'
import type { LabelledTrials } from '../evaluation/labels.ts'
import { classificationMetrics, type ClassificationMetrics } from '../evaluation/metrics.ts'
import type { Labels } from '../evaluation/targets.ts'
import { FormatError, UsageError } from '../runtime/errors.ts'
import type { Gpu } from '../runtime/gpu.ts'
import { answerOf } from './answer.ts'
import { settingsOf } from './alternatives.ts'
import type { Dataset } from './dataset.ts'
import { foldBaselines, type BaselineScores } from './baselines.ts'
import { modelScores, pool, predictionsOf } from './evaluate.ts'
import { labelReadable, makeTask, type Task, type SplitTrial } from './task.ts'
import type { PreparedSet, PreparedTrial } from './prepare.ts'
import { outputsOf } from './predictor.ts'
import { foldPlanSummary } from './run.ts'
import { finishedFolds } from './run_files.ts'
import type { FoldResult, PooledResult, Prediction, RunSummary } from './run_summary.ts'
import {
  checkCompute,
  ensemble,
  prepareForRun,
  seenIn,
  type ComputeHooks,
  type Seen,
  type TrainedRun,
} from './trained_run.ts'

/** Every trained fold on the people it did not see. */
export interface OwnEvaluation extends Pick<RunSummary, 'dimension' | 'labels' | 'folds' | 'results' | 'pooled'> {
  dataset: DatasetName
}

type DatasetName = Pick<RunSummary['dataset'], 'name' | 'synthetic'>

/** Whether a run's models can be judged on a dataset, told before any work is spent. @throws FormatError */
export const requireRated = ({ config }: Pick<TrainedRun, 'config'>, { set }: Dataset): void =>
  void labelReadable<SplitTrial>(set, config)

/** Computes again, from the stored weights, what each fold says of its own test people. `dataset` is the run's own. @throws FormatError, UsageError for a run of ratings */
export async function evaluateRun(
  gpu: Gpu,
  run: TrainedRun,
  dataset: Dataset,
  hooks: ComputeHooks = {},
): Promise<OwnEvaluation> {
  checkCompute('evaluateRun', gpu, hooks)
  requireClasses('evaluateRun', run, 'evaluateRatingRun')
  const { store, config, folds, models } = run
  requireRated(run, dataset)
  const set = await prepareForRun(gpu, run, dataset, hooks)
  const task = makeTask(set, config)
  const results: FoldResult[] = []
  for (const stored of await finishedFolds(store, task)) {
    const { test } = findFold(task.plan, stored.name)
    const probabilities = await outputsOf(
      gpu,
      settingsOf(config, stored.settings ?? {}),
      models[folds.indexOf(stored.name)]!,
      task.set,
      test,
      hooks.signal,
    )
    const predictions = stored.predictions.map((of, i) => ({ ...of, ...answerOf(probabilities[i]!) }))
    results.push({ ...stored, predictions, model: modelScores(predictions, config.model.classes) })
  }
  return {
    dimension: config.dimension,
    labels: task.labelled.scheme,
    dataset: { name: set.name, synthetic: set.synthetic },
    folds: foldPlanSummary(task),
    results,
    pooled: await pool(results, config.seed, { classes: config.model.classes, ...signalOf(hooks) }),
  }
}

/** @throws UsageError for a run of ratings, naming the function for those */
function requireClasses(where: string, { config }: Pick<TrainedRun, 'config'>, ofRatings: string): void {
  if (config.target === 'rating') throw new UsageError(`${where}: this run predicts ratings: use ${ofRatings}`)
}

/** What the mean of all models is worth on rated data that the run was not made from. */
export interface OtherEvaluation extends Seen, Pick<RunSummary, 'dimension' | 'labels'> {
  dataset: DatasetName
  /** Names of the folds whose models they are. */
  models: string[]
  skipped: PreparedSet['skipped']
  pooled: PooledResult
  /** A row a trial, as in a run; baselines learned from the data that the models learned from. */
  predictions: Prediction[]
  /** Where the run's own data cannot be read, why there are no baselines, */
  missing?: string
  /** and in their place the more frequent class of the very trials that are judged. */
  majorityOfTheseTrials?: ClassificationMetrics
}

/**
 * Judges all models together on other rated data. `own` yields the data that the run was made from, for the baselines; what it
 * throws is why there are none. @throws FormatError, UsageError for a run of ratings
 */
export async function evaluateElsewhere(
  gpu: Gpu,
  run: TrainedRun,
  dataset: Dataset,
  own: () => Promise<Dataset>,
  hooks: ComputeHooks = {},
): Promise<OtherEvaluation> {
  checkCompute('evaluateElsewhere', gpu, hooks)
  requireClasses('evaluateElsewhere', run, 'evaluateRatingsElsewhere')
  const { config, folds, models } = run
  requireRated(run, dataset)
  const set = await prepareForRun(gpu, run, dataset, hooks)
  const labelled = labelReadable(set, config)
  const { trials } = labelled
  const probabilities = await ensemble(gpu, run, { ...set, trials }, hooks.signal)
  const head = {
    dimension: config.dimension,
    labels: shownScheme(labelled.scheme, config.control), // of the models; these labels are as they were given
    dataset: { name: set.name, synthetic: set.synthetic },
    models: folds,
    ...seenIn(models, trials),
    skipped: [...set.skipped, ...labelled.skipped],
  }
  const task = await ownTask(gpu, run, own, hooks)
  const missing = typeof task === 'string' ? task : undefined
  const baselines = typeof task === 'string' ? [] : await jointBaselines(task, folds, set, labelled, hooks)
  const predictions = predictionsOf(trials, labelled.labels, probabilities, baselines)
  return {
    ...head,
    pooled: await pool([{ name: 'all', predictions }], config.seed, {
      classes: config.model.classes,
      ...signalOf(hooks),
    }),
    predictions,
    ...(missing !== undefined && {
      missing: `no baselines, since the run's own data cannot be read: ${missing}`,
      majorityOfTheseTrials: majorityOf(labelled.labels, config.model.classes),
    }),
  }
}

export const signalOf = ({ signal }: ComputeHooks): { signal?: AbortSignal } => ({ ...(signal && { signal }) })

/** The data that the run was made from, or why they cannot be had. */
export async function ownTask(
  gpu: Gpu,
  run: TrainedRun,
  own: () => Promise<Dataset>,
  hooks: ComputeHooks,
): Promise<Task | string> {
  try {
    const task = makeTask(await prepareForRun(gpu, run, await own(), hooks), run.config)
    await finishedFolds(run.store, task) // refuses data that have changed since
    return task
  } catch (error) {
    if (error instanceof FormatError || error instanceof UsageError) return error.message
    throw error
  }
}

/** Both datasets as one fold: all that the trained folds learned from, and the other data as its test part. */
export function jointFold(
  { set, plan }: Task,
  folds: readonly string[],
  other: PreparedSet,
  { trials }: Pick<LabelledTrials<PreparedTrial, Labels>, 'trials'>,
  hooks: ComputeHooks,
): { set: PreparedSet; fold: Pick<Fold, 'train' | 'validation' | 'test'> } {
  const trained = folds.map((name) => findFold(plan, name))
  const train = [...new Set(trained.flatMap((fold) => [...fold.train, ...fold.validation]))]
  const test = trials.map((_, i) => set.trials.length + i)
  const { features, ...joint } = { ...set, trials: [...set.trials, ...trials] }
  const alike = features !== undefined && features.set === other.features?.set
  if (!alike)
    hooks.onWarning?.(
      `${set.name} and ${other.name} were not prepared with the same EDA features, so the baselines that learn from them are left out; ` +
        'prepare both again to have them',
    )
  return { set: { ...joint, ...(alike && { features }) }, fold: { train, validation: [], test } }
}

function jointBaselines(
  task: Task,
  folds: readonly string[],
  other: PreparedSet,
  labelled: LabelledTrials<PreparedTrial, Labels>,
  hooks: ComputeHooks,
): Promise<BaselineScores[]> {
  const { set, fold } = jointFold(task, folds, other, labelled, hooks)
  const both = [...task.labelled.labels, ...labelled.labels]
  return foldBaselines(set, task.config, both, fold, {
    ...(hooks.onBaselines && { onProgress: hooks.onBaselines }),
    ...signalOf(hooks),
  })
}

/** Scores of the more frequent class of these labels. */
function majorityOf(labels: Labels, classes: number): ClassificationMetrics {
  const frequent = majorityClass(labels, [...labels.keys()])
  return classificationMetrics(
    labels,
    labels.map(() => frequent),
    classes,
  )
}

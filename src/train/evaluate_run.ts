// What a run's models are worth: each on its own test people, or all together on other rated data.
import { majorityClass } from '../evaluation/baselines.ts'
import { shownScheme } from '../evaluation/control.ts'
import { findFold } from '../evaluation/folds.ts'
import type { LabelledTrials } from '../evaluation/labels.ts'
import { classificationMetrics, type ClassificationMetrics } from '../evaluation/metrics.ts'
import { FormatError, UsageError } from '../runtime/errors.ts'
import type { Gpu } from '../runtime/gpu.ts'
import { answerOf } from './answer.ts'
import type { RunConfig } from './config.ts'
import type { Dataset } from './dataset.ts'
import { chance, modelScores, pool, predictionsOf, scores } from './evaluate.ts'
import { labelReadable, makeTask, type Task, type SplitTrial } from './task.ts'
import { inputsOf } from './inputs.ts'
import type { PreparedSet, PreparedTrial } from './prepare.ts'
import { probabilitiesOf } from './predictor.ts'
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

/** Computes again, from the stored weights, what each fold says of its own test people. `dataset` is the run's own. @throws FormatError */
export async function evaluateRun(
  gpu: Gpu,
  run: TrainedRun,
  dataset: Dataset,
  hooks: ComputeHooks = {},
): Promise<OwnEvaluation> {
  checkCompute('evaluateRun', gpu, hooks)
  const { store, config, folds, models } = run
  requireRated(run, dataset)
  const set = await prepareForRun(gpu, run, dataset, hooks)
  const task = makeTask(set, config)
  const results: FoldResult[] = []
  for (const stored of await finishedFolds(store, task)) {
    const { test } = findFold(task.plan, stored.name)
    const probabilities = await probabilitiesOf(
      gpu,
      config,
      models[folds.indexOf(stored.name)]!,
      task.set,
      test,
      hooks.signal,
    )
    const predictions = stored.predictions.map((of, i) => ({ ...of, ...answerOf(probabilities[i]!) }))
    results.push({ ...stored, predictions, ...scores(predictions, config.model.classes) })
  }
  return {
    dimension: config.dimension,
    labels: task.labelled.scheme,
    dataset: { name: set.name, synthetic: set.synthetic },
    folds: foldPlanSummary(task),
    results,
    pooled: pool(results, config.seed, config.model.classes),
  }
}

/** The mean of all models on data that the run was not made from. */
interface Elsewhere extends Seen, Pick<RunSummary, 'dimension' | 'labels'> {
  dataset: DatasetName
  /** Names of the folds whose models they are. */
  models: string[]
  skipped: PreparedSet['skipped']
}

/** Beside baselines that learned from the data that the models learned from. */
interface BesideBaselines extends Elsewhere {
  pooled: PooledResult
  /** A row a trial, as in a run. */
  predictions: Prediction[]
}

/** Where the run's own data cannot be read: beside the more frequent class of the very trials that are judged. */
interface Alone extends Elsewhere {
  pooled: Pick<PooledResult, 'model' | 'interval' | 'permutation'>
  predictions: Omit<Prediction, 'baselines'>[]
  majorityOfTheseTrials: ClassificationMetrics
  /** Why there are no baselines. */
  missing: string
}

/** What a run is worth on other rated data, with baselines or, where its own data cannot be read, without. */
export type OtherEvaluation = BesideBaselines | Alone

/**
 * Judges all models together on other rated data. `own` yields the data that the run was made from, for the baselines; what it
 * throws is why there are none. @throws FormatError
 */
export async function evaluateElsewhere(
  gpu: Gpu,
  run: TrainedRun,
  dataset: Dataset,
  own: () => Promise<Dataset>,
  hooks: ComputeHooks = {},
): Promise<OtherEvaluation> {
  checkCompute('evaluateElsewhere', gpu, hooks)
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
  if (typeof task !== 'string')
    return { ...head, ...(await besideBaselines(task, folds, labelled, probabilities, hooks)) }
  return {
    ...head,
    ...aloneOn(labelled, probabilities, config),
    missing: `no baselines, since the run's own data cannot be read: ${task}`,
  }
}

/** The data that the run was made from, or why they cannot be had. */
async function ownTask(
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

type Rated = Pick<LabelledTrials<PreparedTrial>, 'trials' | 'labels'>

/** Both datasets as one fold: all that the trained folds learned from, and the other data as its test part. */
async function besideBaselines(
  own: Task,
  folds: readonly string[],
  other: Rated,
  probabilities: readonly ArrayLike<number>[],
  { signal }: ComputeHooks,
): Promise<Pick<BesideBaselines, 'pooled' | 'predictions'>> {
  const { config, set, labelled, plan } = own
  const trained = folds.map((name) => findFold(plan, name))
  const train = [...new Set(trained.flatMap((fold) => [...fold.train, ...fold.validation]))]
  const test = other.trials.map((_, i) => set.trials.length + i)
  const joint = { ...set, trials: [...set.trials, ...other.trials] }
  const labels = Uint8Array.from([...labelled.labels, ...other.labels])
  const inputs = inputsOf(joint, config, train)
  const fold = { train, validation: [], test }
  const predictions = await predictionsOf(joint.trials, labels, fold, probabilities, inputs, signal)
  return { pooled: { ...scores(predictions, config.model.classes), ...chance(predictions, config.seed) }, predictions }
}

/** Without baselines that learned elsewhere: the most frequent class of the very trials that are judged. */
function aloneOn(
  { trials, labels }: Rated,
  probabilities: readonly ArrayLike<number>[],
  { seed, model: { classes } }: RunConfig,
) {
  const predictions = trials.map(({ id, subject, stimulus }, i) => ({
    trial: id,
    subject,
    stimulus,
    label: labels[i]!,
    ...answerOf(probabilities[i]!),
  }))
  const frequent = majorityClass(labels, [...trials.keys()])
  const majorityOfTheseTrials = classificationMetrics(
    labels,
    trials.map(() => frequent),
    classes,
  )
  return {
    pooled: { model: modelScores(predictions, classes), ...chance(predictions, seed) },
    predictions,
    majorityOfTheseTrials,
  }
}

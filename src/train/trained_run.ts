// The models of a run, loaded: all of its folds together predict people whom none of them may know.
import { checkNames, type Known } from '../runtime/arguments.ts'
import type { Gpu } from '../runtime/gpu.ts'
import { UsageError } from '../runtime/errors.ts'
import { requireGpu } from '../runtime/gpu_base.ts'
import type { Store } from '../store/store.ts'
import type { TrainedModel } from './checkpoint.ts'
import { classNames } from '../evaluation/targets.ts'
import { answerOf, classOf } from './answer.ts'
import type { RunConfig } from './config.ts'
import type { Dataset } from './dataset.ts'
import { prepareDataset } from './dataset.ts'
import { readableTrials, type ReadableTrial } from './task.ts'
import type { PreparedSet } from './prepare.ts'
import { outputsOf } from './predictor.ts'
import { loadFoldModel, loadRunConfig, trainedFolds } from './run_files.ts'
import { pinKernels } from './run_kernels.ts'

/** A run whose folds, or some of them, are trained. */
export interface TrainedRun {
  /** The run folder. */
  store: Store
  config: RunConfig
  /** Names of the trained folds. */
  folds: string[]
  /** The model of each. */
  models: TrainedModel[]
}

/** Who hears of work on trials, and how it is stopped. */
export interface ComputeHooks {
  /** Trials prepared, of all. */
  onProgress?: (done: number, total: number) => void
  /** Which share of the work on baselines is done, where some are learned. */
  onBaselines?: (share: number) => void
  /** What the reader of the numbers should know. */
  onWarning?: (message: string) => void
  signal?: AbortSignal
}

const COMPUTE_HOOKS: Known<ComputeHooks> = { onProgress: true, onBaselines: true, onWarning: true, signal: true }

/** What can be wrong with a call whatever its data are. @throws UsageError */
export function checkCompute(where: string, gpu: unknown, hooks: ComputeHooks): void {
  requireGpu(where, gpu)
  checkNames(where, hooks, COMPUTE_HOOKS)
}

/** Reads a run folder. `name` is what messages call it. @throws FormatError, UsageError when it holds no trained model */
export async function loadRun(store: Store, name = 'the run'): Promise<TrainedRun> {
  const config = await loadRunConfig(store, name)
  const folds = await trainedFolds(store, name)
  return { store, config, folds, models: await Promise.all(folds.map((fold) => loadFoldModel(store, fold))) }
}

/** Trials as this run's models read them, on the kernels that it used before. @throws FormatError */
export async function prepareForRun(
  gpu: Gpu,
  { store, config }: Pick<TrainedRun, 'store' | 'config'>,
  dataset: Dataset,
  { onProgress, onWarning, signal: abort }: ComputeHooks,
): Promise<PreparedSet> {
  const hooks = { ...(onProgress && { onProgress }), ...(onWarning && { onWarning }), ...(abort && { signal: abort }) }
  const set = await prepareDataset(gpu, dataset, config, hooks)
  await pinKernels(gpu, store, onWarning)
  return set
}

/** What the models of a run say of one trial, together. */
export interface TrialPrediction {
  trial: string
  subject: string
  stimulus: string
  /** Of high; of more than two classes, of the one that is predicted. */
  probability: number
  /** Name of the class. */
  predicted: string
}

/** What `predict` returns. */
export interface Predictions extends Seen {
  /** What the data are called. */
  name: string
  predictions: TrialPrediction[]
  skipped: PreparedSet['skipped']
}

/** Whether a run's models can read a dataset, told before any work is spent. @throws FormatError */
export const requireReadable = ({ config }: Pick<TrainedRun, 'config'>, { set }: Dataset): void =>
  void readableTrials<ReadableTrial>(set, config)

/** What the mean of all models says, for each trial that they can read; ratings are not needed. @throws FormatError, UsageError for a run of ratings */
export async function predict(
  gpu: Gpu,
  run: TrainedRun,
  dataset: Dataset,
  hooks: ComputeHooks = {},
): Promise<Predictions> {
  checkCompute('predict', gpu, hooks)
  if (run.config.target === 'rating') throw new UsageError('predict: this run predicts ratings: use predictRatings')
  const { trials, outputs: probabilities, ...said } = await outputsFor(gpu, run, dataset, hooks)
  const classes = classNames(run.config.dimension, run.config.levels)
  const predictions = trials.map(({ id, subject, stimulus }, i): TrialPrediction => {
    const answer = answerOf(probabilities[i]!)
    return { trial: id, subject, stimulus, probability: answer.probability, predicted: classes[classOf(answer)]! }
  })
  return { ...said, ...seenIn(run.models, trials), predictions }
}

/** The rating that the models of a run predict for one trial, in the unit of the ratings that they learned from. */
export interface TrialRating {
  trial: string
  subject: string
  stimulus: string
  rating: number
}

/** What `predictRatings` returns. */
export interface RatingPredictions extends Omit<Predictions, 'predictions'> {
  predictions: TrialRating[]
}

/** The same of a run of ratings: the mean of what its models predict. @throws FormatError, UsageError for a run of classes */
export async function predictRatings(
  gpu: Gpu,
  run: TrainedRun,
  dataset: Dataset,
  hooks: ComputeHooks = {},
): Promise<RatingPredictions> {
  checkCompute('predictRatings', gpu, hooks)
  if (run.config.target !== 'rating') throw new UsageError('predictRatings: this run predicts classes: use predict')
  const { trials, outputs, ...said } = await outputsFor(gpu, run, dataset, hooks)
  const predictions = trials.map(({ id, subject, stimulus }, i): TrialRating => ({
    ...{ trial: id, subject, stimulus, rating: outputs[i]![0]! },
  }))
  return { ...said, ...seenIn(run.models, trials), predictions }
}

/** Means over the models, for each trial that they can read. */
async function outputsFor(gpu: Gpu, run: TrainedRun, dataset: Dataset, hooks: ComputeHooks) {
  requireReadable(run, dataset)
  const prepared = await prepareForRun(gpu, run, dataset, hooks)
  const { trials, skipped } = readableTrials(prepared, run.config)
  const outputs = await ensemble(gpu, run, { ...prepared, trials }, hooks.signal)
  return { name: prepared.name, trials, outputs, skipped: [...prepared.skipped, ...skipped] }
}

/** Mean class probabilities, or ratings, over the models, a row a trial. */
export async function ensemble(
  gpu: Gpu,
  { config, models }: TrainedRun,
  set: PreparedSet,
  abort?: AbortSignal,
): Promise<number[][]> {
  const trials = [...set.trials.keys()]
  const means = trials.map(() => new Array<number>(config.model.classes).fill(0))
  for (const model of models) {
    const own = await outputsOf(gpu, config, model, set, trials, abort)
    own.forEach((row, i) => row.forEach((probability, k) => (means[i]![k]! += probability / models.length)))
  }
  return means
}

/** How much of the data is of people that some model was trained on: their results are no test. */
export interface Seen {
  seenSubjects: number
  seenTrials: number
}

/** People are compared by name. */
export function seenIn(models: readonly TrainedModel[], trials: readonly { subject: string }[]): Seen {
  const known = new Set(models.flatMap(({ subjects }) => subjects))
  const seen = trials.filter(({ subject }) => known.has(subject))
  return { seenSubjects: new Set(seen.map(({ subject }) => subject)).size, seenTrials: seen.length }
}

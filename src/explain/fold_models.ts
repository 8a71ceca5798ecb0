// The models that explain: one fold after the other, each with its trials.
import { settingsOf } from '../train/alternatives.ts'
import { UsageError } from '../runtime/errors.ts'
import { Rtcan1d } from '../model/rtcan1d.ts'
import type { HostTensors } from '../model/weights.ts'
import type { Gpu } from '../runtime/gpu.ts'
import type { TrainedModel } from '../train/checkpoint.ts'
import type { RunConfig } from '../train/config.ts'
import type { Dataset } from '../train/dataset.ts'
import { groupBy } from '../datasets/group.ts'
import { ModelInputs } from '../train/inputs.ts'
import type { PreparedSet } from '../train/prepare.ts'
import { storedResults } from '../train/run_files.ts'
import { prepareForRun, type ComputeHooks, type TrainedRun } from '../train/trained_run.ts'
import type { Assignment } from './assign.ts'

/** Trials of one fold's model, prepared. */
export interface FoldTrials {
  fold: string
  /** The run's, with the settings that the fold chose. */
  config: RunConfig
  model: TrainedModel
  set: PreparedSet
  inputs: ModelInputs
  /** Numbers of the trials in the set, and what the run says of each. */
  trials: number[]
  assignments: Assignment[]
}

/** Prepares the trials that are asked for and no others. @throws UsageError where the model reads no signals */
export async function foldTrials(
  gpu: Gpu,
  run: TrainedRun,
  dataset: Dataset,
  assignments: readonly Assignment[],
  hooks: ComputeHooks,
): Promise<FoldTrials[]> {
  if (run.config.model.network === 'music')
    throw new UsageError("this run's network reads music alone: there are no signals whose part could be explained")
  const set = await prepareForRun(gpu, run, only(dataset, new Set(assignments.map(({ id }) => id))), hooks)
  const numbers = new Map(set.trials.map(({ id }, i) => [id, i]))
  const lost = assignments.find(({ id }) => !numbers.has(id))
  if (lost) {
    const { reason } = set.skipped.find(({ source }) => source === `trial ${lost.id}`)!
    throw new UsageError(`trial '${lost.id}' cannot be explained: ${reason}`)
  }
  const results = await storedResults(run.store)
  return [...groupBy(assignments, ({ fold }) => fold)].map(([fold, own]) => {
    const { settings = {} } = results.find(({ name }) => name === fold) ?? {}
    const config = settingsOf(run.config, settings)
    const model = run.models[run.folds.indexOf(fold)]!
    const inputs = new ModelInputs(set, config.signals, model.scaling, model.listeners)
    return { fold, config, model, set, inputs, trials: own.map(({ id }) => numbers.get(id)!), assignments: own }
  })
}

/** The dataset without its other trials. */
function only(dataset: Dataset, ids: ReadonlySet<string>): Dataset {
  const { kind, set } = dataset
  const wanted = ({ id }: { id: string }): boolean => ids.has(id)
  return kind === 'prepared'
    ? { kind, set: { ...set, trials: set.trials.filter(wanted) } }
    : { kind, set: { ...set, trials: set.trials.filter(wanted) } }
}

/** A network of these weights, for the time of `work`. */
export async function withNetwork<T>(
  gpu: Gpu,
  { model: config }: Pick<RunConfig, 'model'>,
  weights: HostTensors,
  work: (model: Rtcan1d) => Promise<T>,
): Promise<T> {
  const model = new Rtcan1d(gpu, config)
  try {
    model.weights.load(weights, 'trained model')
    return await work(model)
  } finally {
    model.destroy()
  }
}

/** Frees what was made, however the work on it ends. */
export async function using<T extends { destroy(): void }, R>(
  made: Promise<T>,
  work: (of: T) => Promise<R>,
): Promise<R> {
  const it = await made
  try {
    return await work(it)
  } finally {
    it.destroy()
  }
}

// A whole run: one trained model per fold, results, and a summary of them all, in a run folder (`run_files.ts`).
import { toDocument } from '../formats/documents.ts'
import { summarise } from '../model/summary.ts'
import type { HostTensors } from '../model/weights.ts'
import { checkNames, type Known } from '../runtime/arguments.ts'
import type { Gpu } from '../runtime/gpu.ts'
import { requireGpu } from '../runtime/gpu_base.ts'
import { writeJson } from '../store/json.ts'
import type { Store } from '../store/store.ts'
import { KERNEL_SET } from '../tune/kernel_set.ts'
import { loadCheckpoint, saveCheckpoint, saveModel } from './checkpoint.ts'
import { pool, predictionsOf, scores } from './evaluate.ts'
import { taskDigest, type Task } from './task.ts'
import { findFold, type Fold } from '../evaluation/folds.ts'
import { inputsOf } from './inputs.ts'
import { startingWeights, withInitial } from './learning.ts'
import type { PreparedSet } from './prepare.ts'
import { probabilitiesOf } from './predictor.ts'
import { KERNELS_FILE, pinKernels, saveKernels } from './run_kernels.ts'
import {
  checkpointFile,
  CONFIG_FILE,
  EVENTS_FILE,
  finishedFolds,
  foldResultFile,
  modelFile,
  requireSameData,
  RESULT_FILE,
  TRANSFER_FILE,
} from './run_files.ts'
import type { EpochRecord, FoldPlanSummary, FoldResult, RunSummary } from './run_summary.ts'
import { Trainer } from './trainer.ts'
import { VERSION } from '../version.ts'

interface RunHooks {
  /** `done` of `total` optimizer steps of this fold. */
  onStep?: (fold: Fold, done: number, total: number) => void
  onEpoch?: (fold: Fold, record: EpochRecord) => void
  /** What the reader of the results should know, such as numbers that will not repeat in all bits. */
  onWarning?: (message: string) => void
  signal?: AbortSignal
}

/** What to train of a run, from where, and who hears of it. */
export interface RunOptions extends RunHooks {
  /** Train this fold only. */
  onlyFold?: string
  /**
   * Weights that every fold starts from, instead of random ones: what fits the network is taken (`transferWeights`), transfer.json in the
   * run folder says what that was.
   */
  initial?: HostTensors
}

const RUN_OPTIONS: Known<RunOptions> = {
  onlyFold: true,
  initial: true,
  onStep: true,
  onEpoch: true,
  onWarning: true,
  signal: true,
}

/** What identifies a run besides its configuration. */
export interface RunIdentity {
  name: string
  /** What reports call the device; default its own description. */
  adapter?: string
  /** Of what galvani runs on, by name; its own is always there. */
  versions?: Record<string, string>
}

/**
 * Trains the folds that have no result yet (or the one named), writing each as it ends; a fold that was interrupted goes on from
 * its last checkpoint, with the kernels that the run used before. Returns the summary of all finished folds, which is also written as result.json.
 */
export async function trainRun(
  gpu: Gpu,
  store: Store,
  asked: Task,
  identity: RunIdentity,
  options: RunOptions = {},
): Promise<RunSummary> {
  requireGpu('trainRun', gpu)
  checkNames('trainRun', options, RUN_OPTIONS)
  const { initial } = options
  const task = { ...asked, config: await withInitial(asked.config, initial) }
  const { config, plan } = task
  const chosen = options.onlyFold === undefined ? plan.folds : [findFold(plan, options.onlyFold)]
  await finishedFolds(store, task) // refuses to mix folds of other data into the run
  await writeJson(store, CONFIG_FILE, toDocument('run-config', config))
  const { transfer } = startingWeights(config, initial)
  if (transfer) await writeJson(store, TRANSFER_FILE, toDocument('run-transfer', transfer))
  // On another adapter the table is replaced with the first new checkpoint, and not by a run that was resumed there by mistake.
  if (await store.exists(KERNELS_FILE)) await pinKernels(gpu, store, options.onWarning)
  else await saveKernels(gpu, store)
  const started = performance.now()
  for (const fold of chosen) {
    options.signal?.throwIfAborted()
    if (!(await store.exists(foldResultFile(fold.name)))) await trainFold(gpu, store, task, fold, options)
    await store.remove(checkpointFile(fold.name))
  }
  const seconds = (performance.now() - started) / 1000
  const summary = await summariseRun(gpu, store, task, identity, seconds)
  await writeJson(store, RESULT_FILE, toDocument('run-result', summary))
  await appendEvent(store, {
    event: 'finished',
    folds: summary.results.length,
    accuracy: summary.pooled.model.accuracy,
  })
  return summary
}

/** A line of events.jsonl, besides its time. */
type RunEvent =
  | { event: 'fold-started' | 'fold-resumed'; fold: string; train: number; validation: number; test: number }
  | ({ event: 'epoch'; fold: string } & Partial<EpochRecord>)
  | { event: 'fold-finished'; fold: string; accuracy: number }
  | { event: 'finished'; folds: number; accuracy: number }

const appendEvent = (store: Store, event: RunEvent): Promise<void> =>
  store.append(EVENTS_FILE, JSON.stringify(toDocument('run-event', { time: new Date().toISOString(), ...event })))

async function trainFold(gpu: Gpu, store: Store, task: Task, fold: Fold, hooks: RunOptions): Promise<void> {
  const { config, set, labelled } = task
  const data = await taskDigest(task)
  const inputs = inputsOf(set, config, fold.train)
  const trainer = new Trainer(gpu, config, fold, inputs, labelled.labels, hooks.initial)
  try {
    const resumed = await restore(trainer, store, task, fold, data)
    const counts = { train: fold.train.length, validation: fold.validation.length, test: fold.test.length }
    await appendEvent(store, { event: resumed ? 'fold-resumed' : 'fold-started', fold: fold.name, ...counts })
    const { weights, progress } = await trainer.run({
      onStep: (done, total) => hooks.onStep?.(fold, done, total),
      onEpoch: (record) => hooks.onEpoch?.(fold, record),
      onCheckpoint: async (checkpoint) => {
        await saveKernels(gpu, store)
        await saveCheckpoint(store, checkpointFile(fold.name), { ...checkpoint, data })
        await appendEvent(store, { event: 'epoch', fold: fold.name, ...checkpoint.progress.epochs.at(-1) })
      },
      ...(hooks.signal && { signal: hooks.signal }),
    })
    const subjects = subjectsOf(set, [...fold.train, ...fold.validation])
    const model = { weights, scaling: inputs.scaling, subjects }
    await saveModel(store, modelFile(fold.name), model)
    const probabilities = await probabilitiesOf(gpu, config, model, set, fold.test, hooks.signal)
    await saveKernels(gpu, store)
    const predictions = await predictionsOf(set.trials, labelled.labels, fold, probabilities, inputs, hooks.signal)
    const result: FoldResult = {
      name: fold.name,
      data,
      trainTrials: fold.train.length,
      validationTrials: fold.validation.length,
      testSubjects: subjectsOf(set, fold.test),
      ...progress,
      predictions,
      ...scores(predictions, config.model.classes),
    }
    await writeJson(store, foldResultFile(fold.name), toDocument('fold-result', result))
    await appendEvent(store, { event: 'fold-finished', fold: fold.name, accuracy: result.model.accuracy })
  } finally {
    trainer.destroy()
  }
}

/** Goes on from the fold's checkpoint if there is one. @throws FormatError when it is damaged or of other data */
async function restore(trainer: Trainer, store: Store, task: Task, fold: Fold, data: string): Promise<boolean> {
  const file = checkpointFile(fold.name)
  if (!(await store.exists(file))) return false
  const checkpoint = await loadCheckpoint(store, file)
  requireSameData(checkpoint.data, data, file, task)
  trainer.restore(checkpoint, file)
  return true
}

const subjectsOf = ({ trials }: PreparedSet, indices: readonly number[]): string[] => [
  ...new Set(indices.map((i) => trials[i]!.subject)),
]

/** What a report says about the folds. */
export const foldPlanSummary = ({ plan, config }: Task): FoldPlanSummary => ({
  scheme: plan.scheme,
  count: plan.folds.length,
  subjectIndependent: plan.subjectIndependent,
  unit: plan.unit,
  validation: config.validation,
})

async function summariseRun(
  gpu: Gpu,
  store: Store,
  task: Task,
  identity: RunIdentity,
  seconds: number,
): Promise<RunSummary> {
  const { config, set, labelled } = task
  const results = await finishedFolds(store, task)
  const unique = (of: (trial: PreparedSet['trials'][number]) => string): number => new Set(set.trials.map(of)).size
  return {
    name: identity.name,
    adapter: identity.adapter ?? (gpu.info.description || gpu.info.device),
    versions: { galvani: VERSION, ...identity.versions, kernels: KERNEL_SET },
    date: new Date().toISOString(),
    seconds,
    dataset: {
      name: set.name,
      synthetic: set.synthetic,
      trials: set.trials.length,
      subjects: unique(({ subject }) => subject),
      stimuli: unique(({ stimulus }) => stimulus),
      channels: config.signals,
      musicDim: config.model.music_dim,
      ...(config.model.music_dim > 0 && set.musicSet !== undefined && { musicSet: set.musicSet }),
      ...(set.notes && { notes: set.notes }),
    },
    dimension: config.dimension,
    labels: labelled.scheme,
    preset: config.model.preset,
    parameters: summarise(config.model).parameterCount,
    folds: foldPlanSummary(task),
    seed: config.seed,
    config,
    skipped: set.skipped,
    results,
    pooled: pool(results, config.seed, config.model.classes),
  }
}

// A whole run: one trained model per fold, results, and a summary of them all, in a run folder (`run_files.ts`).
import { toDocument, type JsonDocument } from '../formats/documents.ts'
import { summarise } from '../model/summary.ts'
import type { HostTensors } from '../model/weights.ts'
import { checkNames, type Known } from '../runtime/arguments.ts'
import { UsageError } from '../runtime/errors.ts'
import type { Gpu } from '../runtime/gpu.ts'
import { requireGpu } from '../runtime/gpu_base.ts'
import { writeJson } from '../store/json.ts'
import type { Store } from '../store/store.ts'
import { KERNEL_SET } from '../tune/kernel_set.ts'
import { alternativesOf, describeAlternative, settingsOf, type Alternative } from './alternatives.ts'
import { loadCheckpoint, saveCheckpoint, saveModel, type Progress, type TrainedModel } from './checkpoint.ts'
import { leastLoss } from './choose_settings.ts'
import type { RunConfig } from './config.ts'
import { foldBaselines, type BaselineOptions, type BaselineScores } from './baselines.ts'
import { modelScores, pool, predictionsOf } from './evaluate.ts'
import { taskDigest, type Task } from './task.ts'
import { findFold, type Fold } from '../evaluation/folds.ts'
import { inputsOf, type ModelInputs } from './inputs.ts'
import { startingWeights, withInitial } from './learning.ts'
import { LISTENER_SET } from './listeners.ts'
import type { PreparedSet } from './prepare.ts'
import { outputsOf } from './predictor.ts'
import type { RatingScale } from './rating_scale.ts'
import { KERNELS_FILE, pinKernels, saveKernels } from './run_kernels.ts'
import {
  checkpointFile,
  checkpointFiles,
  CONFIG_FILE,
  EVENTS_FILE,
  finishedFolds,
  foldResultFile,
  modelFile,
  requireSameData,
  RESULT_FILE,
  TRANSFER_FILE,
} from './run_files.ts'
import type {
  EpochRecord,
  FoldFacts,
  FoldPlanSummary,
  FoldResult,
  PooledResult,
  RunFacts,
  RunSummary,
  TriedAlternative,
} from './run_summary.ts'
import { Trainer } from './trainer.ts'
import { VERSION } from '../version.ts'

interface RunHooks {
  /** Told before any work which folds there is work on, in its order. */
  onBegin?: (folds: readonly Fold[]) => void
  /** `done` of `total` optimizer steps of this fold, of all its alternatives together where it has some, and of which one this step is. */
  onStep?: (fold: Fold, done: number, total: number, settings?: Alternative) => void
  onEpoch?: (fold: Fold, record: EpochRecord, settings?: Alternative) => void
  /** Which share of the work on this fold's baselines is done, which comes before its first step. */
  onBaselines?: (fold: Fold, share: number) => void
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
  /** Where baselines are kept, which runs of the same data, labels, folds and inputs have in common; default the run folder. */
  baselines?: Store
}

export const RUN_OPTIONS: Known<RunOptions> = {
  onlyFold: true,
  initial: true,
  baselines: true,
  onBegin: true,
  onBaselines: true,
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

/** How the outputs of a fold's model become a result, and results a run's: of classes, or of ratings. `B` is what baselines say of a trial. */
export interface Outcome<R extends ToldFold, P, B> {
  baselines(task: Task, fold: Fold, options: BaselineOptions): Promise<B[]>
  /** What is said of the test part, a row of `outputs` a trial. */
  judgeFold(
    task: Task,
    fold: Fold,
    said: { outputs: readonly ArrayLike<number>[]; baselines: readonly B[] },
    model: TrainedModel,
  ): Omit<R, keyof FoldFacts>
  pool(results: readonly R[], config: RunConfig, signal?: AbortSignal): Promise<P>
  foldDocument(result: R): JsonDocument
  runDocument(summary: RunFacts & { results: R[]; pooled: P }): JsonDocument
  /** A few scores for the record of what happened. */
  scoreFold(result: R): EventScores
  scoreRun(pooled: P): EventScores
}

/** A fold with what is said of its test part. */
type ToldFold = FoldFacts & { predictions: unknown }

type EventScores = { accuracy: number } | { rmse: number; r: number }

const ofClasses: Outcome<FoldResult, PooledResult, BaselineScores> = {
  baselines: ({ set, config, labelled }, fold, options) => foldBaselines(set, config, labelled.labels, fold, options),
  judgeFold({ set, config, labelled }, { test }, { outputs, baselines }) {
    const [trials, labels] = [test.map((i) => set.trials[i]!), test.map((i) => labelled.labels[i]!)]
    const predictions = predictionsOf(trials, labels, outputs, baselines)
    return { predictions, model: modelScores(predictions, config.model.classes) }
  },
  pool: (results, { seed, model }, signal) =>
    pool(results, seed, { classes: model.classes, ...(signal && { signal }) }),
  foldDocument: (result) => toDocument('fold-result', result),
  runDocument: (summary) => toDocument('run-result', summary),
  scoreFold: ({ model: { accuracy } }) => ({ accuracy }),
  scoreRun: ({ model: { accuracy } }) => ({ accuracy }),
}

/**
 * Trains the folds that have no result yet (or the one named), writing each as it ends; a fold that was interrupted goes on from
 * its last checkpoint, with the kernels that the run used before. Returns the summary of all finished folds, which is also written as result.json.
 * @throws UsageError for a task of ratings, which `trainRatingRun` trains
 */
export async function trainRun(
  gpu: Gpu,
  store: Store,
  task: Task,
  identity: RunIdentity,
  options: RunOptions = {},
): Promise<RunSummary> {
  requireGpu('trainRun', gpu)
  checkNames('trainRun', options, RUN_OPTIONS)
  if (task.config.target === 'rating') throw new UsageError('trainRun: this task predicts ratings: use trainRatingRun')
  return judgedRun(gpu, store, task, identity, { ...options, outcome: ofClasses })
}

/** The folds of `trainRun`, of which nothing is judged yet. Returns the task with what its weights to start from decide. */
export const trainTask = (gpu: Gpu, store: Store, task: Task, options: RunOptions = {}): Promise<Task> =>
  trainFolds(gpu, store, task, { ...options, outcome: ofClasses })

/** Options of any outcome. */
export type OutcomeOptions<R extends ToldFold, P, B> = RunOptions & { outcome: Outcome<R, P, B> }

/** `trainRun` of any outcome. */
export async function judgedRun<R extends ToldFold, P, B>(
  gpu: Gpu,
  store: Store,
  asked: Task,
  identity: RunIdentity,
  options: OutcomeOptions<R, P, B>,
): Promise<RunFacts & { results: R[]; pooled: P }> {
  const { outcome, signal } = options
  const started = performance.now()
  const task = await trainFolds(gpu, store, asked, options)
  const facts = factsOf(gpu, task, identity, (performance.now() - started) / 1000)
  const results = await finishedFolds<R>(store, task)
  const summary = { ...facts, results, pooled: await outcome.pool(results, task.config, signal) }
  await writeJson(store, RESULT_FILE, outcome.runDocument(summary))
  await appendEvent(store, {
    event: 'finished',
    folds: results.length,
    ...outcome.scoreRun(summary.pooled),
  })
  return summary
}

/** `trainTask` of any outcome. */
export async function trainFolds<R extends ToldFold, P, B>(
  gpu: Gpu,
  store: Store,
  asked: Task,
  { outcome, ...options }: OutcomeOptions<R, P, B>,
): Promise<Task> {
  const { initial } = options
  const task = { ...asked, config: await withInitial(asked.config, initial) }
  const { config, plan } = task
  const chosen = options.onlyFold === undefined ? plan.folds : [findFold(plan, options.onlyFold)]
  const done = new Set((await finishedFolds(store, task)).map(({ name }) => name)) // refuses folds of other data
  await writeJson(store, CONFIG_FILE, toDocument('run-config', config))
  const { transfer } = startingWeights(config, initial)
  if (transfer) await writeJson(store, TRANSFER_FILE, toDocument('run-transfer', transfer))
  // On another adapter the table is replaced with the first new checkpoint, and not by a run that was resumed there by mistake.
  if (await store.exists(KERNELS_FILE)) await pinKernels(gpu, store, options.onWarning)
  else await saveKernels(gpu, store)
  if (!task.set.features) options.onWarning?.(withoutFeatures(task.set.name))
  options.onBegin?.(chosen.filter(({ name }) => !done.has(name)))
  for (const fold of chosen) {
    options.signal?.throwIfAborted()
    if (!done.has(fold.name)) await trainFold(gpu, store, task, fold, { ...options, outcome })
    for (const file of checkpointFiles(config, fold.name)) await store.remove(file)
  }
  return task
}

const withoutFeatures = (name: string): string =>
  `${name} was prepared before trials had EDA features, so the baselines that learn from them are left out; prepare it again to have them`

/** A line of events.jsonl, besides its time. */
type RunEvent =
  | { event: 'fold-started' | 'fold-resumed'; fold: string; train: number; validation: number; test: number }
  | { event: 'alternative-started' | 'alternative-resumed'; fold: string; settings: Alternative }
  | ({ event: 'epoch'; fold: string; settings?: Alternative } & Partial<EpochRecord>)
  | ({ event: 'alternative-finished'; fold: string } & Omit<TriedAlternative, 'epochs'>)
  | ({ event: 'fold-finished'; fold: string; settings?: Alternative } & EventScores)
  | ({ event: 'finished'; folds: number } & EventScores)

const appendEvent = (store: Store, event: RunEvent): Promise<void> =>
  store.append(EVENTS_FILE, JSON.stringify(toDocument('run-event', { time: new Date().toISOString(), ...event })))

async function trainFold<R extends ToldFold, P, B>(
  gpu: Gpu,
  store: Store,
  task: Task,
  fold: Fold,
  { outcome, ...hooks }: RunOptions & { outcome: Outcome<R, P, B> },
): Promise<void> {
  const { config, set } = task
  const data = await taskDigest(task)
  const baselines = await outcome.baselines(task, fold, {
    kept: hooks.baselines ?? store,
    onProgress: (share) => hooks.onBaselines?.(fold, share),
    ...(hooks.signal && { signal: hooks.signal }),
  })
  const inputs = inputsOf(set, config, fold.train)
  const { weights, progress, scale, settings, tried } = await learnFold({ gpu, store, task, fold, data, inputs, hooks })
  const subjects = subjectsOf(set, [...fold.train, ...fold.validation])
  const { scaling, listeners } = inputs
  const model = { weights, scaling, subjects, ...(listeners && { listeners }), ...(scale && { scale }) }
  await saveModel(store, modelFile(fold.name), model)
  const learnt = settingsOf(config, settings ?? {})
  const outputs = await outputsOf(gpu, learnt, model, set, fold.test, hooks.signal)
  await saveKernels(gpu, store)
  const facts: FoldFacts = {
    name: fold.name,
    data,
    trainTrials: fold.train.length,
    validationTrials: fold.validation.length,
    trainSubjects: subjectsOf(set, fold.train),
    validationSubjects: subjectsOf(set, fold.validation),
    testSubjects: subjectsOf(set, fold.test),
    ...progress,
  }
  const choice = settings && { settings, tried: tried! }
  const result = {
    ...facts,
    ...outcome.judgeFold(task, fold, { outputs, baselines }, model),
    ...choice,
  } as unknown as R
  await writeJson(store, foldResultFile(fold.name), outcome.foldDocument(result))
  const scores = outcome.scoreFold(result)
  await appendEvent(store, { event: 'fold-finished', fold: fold.name, ...scores, ...(settings && { settings }) })
}

/** A fold at work. */
interface FoldWork {
  gpu: Gpu
  store: Store
  task: Task
  fold: Fold
  /** Digest of the data and folds. */
  data: string
  inputs: ModelInputs
  hooks: RunOptions
}

interface Learnt {
  weights: HostTensors
  progress: Progress
  /** Of ratings. */
  scale?: RatingScale
}

/** Trains a fold under its settings, or under each alternative, of which the one with the least validation loss is taken. */
async function learnFold(work: FoldWork): Promise<Learnt & { settings?: Alternative; tried?: TriedAlternative[] }> {
  const { store, fold, hooks } = work
  const { config } = work.task
  const begun = await Promise.all(checkpointFiles(config, fold.name).map((file) => store.exists(file)))
  const counts = { train: fold.train.length, validation: fold.validation.length, test: fold.test.length }
  const event = begun.includes(true) ? 'fold-resumed' : 'fold-started'
  await appendEvent(store, { event, fold: fold.name, ...counts })
  if (!config.alternatives) return learn(work, config, (done, total) => hooks.onStep?.(fold, done, total))
  const alternatives = alternativesOf(config.alternatives)
  const steps = alternatives.map((of) => plannedSteps(settingsOf(config, of), fold))
  const stepsBefore = (count: number): number => steps.slice(0, count).reduce((sum, of) => sum + of, 0)
  const train = async (settings: Alternative, place: number): Promise<Learnt> => {
    const onStep = (done: number): void =>
      hooks.onStep?.(fold, stepsBefore(place) + done, stepsBefore(steps.length), settings)
    return learn(work, settingsOf(config, settings), onStep, settings)
  }
  const choice = await leastLoss(alternatives, train, async (tried) => {
    const { epochs: _, ...outcome } = tried
    await appendEvent(store, { event: 'alternative-finished', fold: fold.name, ...outcome })
    if (tried.failure !== undefined)
      hooks.onWarning?.(`${describeAlternative(tried.settings)} is out of the choice: ${tried.failure}`)
  })
  return { ...choice.learnt, settings: choice.settings, tried: choice.tried }
}

const plannedSteps = ({ batch, epochs }: RunConfig, { train }: Fold): number => Math.ceil(train.length / batch) * epochs

/** Trains a fold under one set of settings, on from its checkpoint if there is one. */
async function learn(
  { gpu, store, task, fold, data, inputs, hooks }: FoldWork,
  config: RunConfig,
  onStep: (done: number, total: number) => void,
  settings?: Alternative,
): Promise<Learnt> {
  const file = checkpointFile(fold.name, settings)
  const of = { fold: fold.name, ...(settings && { settings }) }
  const trainer = new Trainer(gpu, config, fold, inputs, task.labelled.labels, hooks.initial)
  try {
    const resumed = await restore(trainer, store, task, file, data)
    const event = resumed ? 'alternative-resumed' : 'alternative-started'
    if (settings) await appendEvent(store, { event, fold: fold.name, settings })
    const learnt = await trainer.run({
      onStep,
      onEpoch: (record) => hooks.onEpoch?.(fold, record, settings),
      onCheckpoint: async (checkpoint) => {
        await saveKernels(gpu, store)
        await saveCheckpoint(store, file, { ...checkpoint, data })
        await appendEvent(store, { event: 'epoch', ...of, ...checkpoint.progress.epochs.at(-1) })
      },
      ...(hooks.signal && { signal: hooks.signal }),
    })
    return { ...learnt, ...(trainer.scale && { scale: trainer.scale }) }
  } finally {
    trainer.destroy()
  }
}

/** Goes on from a checkpoint if there is one. @throws FormatError when it is damaged or of other data */
async function restore(trainer: Trainer, store: Store, task: Task, file: string, data: string): Promise<boolean> {
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

/** What the music vector is, where that is known. */
function musicSetOf({ config: { model, musicFrom }, set: { musicSet } }: Task): { musicSet?: string } {
  if (musicFrom === 'listeners') return { musicSet: LISTENER_SET }
  return model.music_dim > 0 && musicSet !== undefined ? { musicSet } : {}
}

function factsOf(gpu: Gpu, task: Task, identity: RunIdentity, seconds: number): RunFacts {
  const { config, set, labelled } = task
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
      ...musicSetOf(task),
      ...(set.features && { featureSet: set.features.set }),
      ...(set.notes && { notes: set.notes }),
    },
    dimension: config.dimension,
    labels: labelled.scheme,
    preset: config.model.preset,
    parameters: summarise(config.model).parameterCount,
    folds: foldPlanSummary(task),
    seed: config.seed,
    config,
    ...(config.target === undefined && { subjects: labelled.subjects }),
    skipped: set.skipped,
  }
}

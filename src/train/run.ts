// A whole run: labels, folds, one trained model per fold, results. Everything lives in a run folder:
//   config.json  events.jsonl  folds/NAME/{checkpoint,model}.safetensors  folds/NAME/result.json  result.json
import { labelTrials, parseLabelScheme, type LabelledTrials } from '../data/labels.ts'
import type { Trial } from '../data/trial.ts'
import { summarise } from '../model/summary.ts'
import type { HostTensors } from '../model/weights.ts'
import { FormatError, ShapeError, UsageError } from '../runtime/errors.ts'
import type { Gpu } from '../runtime/gpu.ts'
import { readJson } from '../store/json.ts'
import type { Store } from '../store/store.ts'
import { loadCheckpoint, loadModel, saveCheckpoint, saveModel, type TrainedModel } from './checkpoint.ts'
import { checkRunConfig, type RunConfig } from './config.ts'
import { pool, predictionsOf, scores } from './evaluate.ts'
import { findFold, makeFolds, parseFoldScheme, type Fold, type FoldPlan } from './folds.ts'
import { ModelInputs, musicScaling } from './inputs.ts'
import type { PreparedSet, PreparedTrial } from './prepare.ts'
import { Predictor } from './predictor.ts'
import { Rtcan1d } from '../model/rtcan1d.ts'
import type { EpochRecord, FoldResult, RunSummary } from './run_summary.ts'
import { Trainer } from './trainer.ts'

export const CONFIG_FILE = 'config.json'
export const EVENTS_FILE = 'events.jsonl'
export const RESULT_FILE = 'result.json'
const foldFile = (fold: Fold, name: string): string => `folds/${encodeURIComponent(fold.name)}/${name}`
const modelFile = (fold: Fold): string => foldFile(fold, 'model.safetensors')
const checkpointFile = (fold: Fold): string => foldFile(fold, 'checkpoint.safetensors')
const foldResultFile = (fold: Fold): string => foldFile(fold, RESULT_FILE)

export interface RunHooks {
  /** `done` of `total` optimizer steps of this fold. */
  onStep?: (fold: Fold, done: number, total: number) => void
  onEpoch?: (fold: Fold, record: EpochRecord) => void
  signal?: AbortSignal
}

export interface RunOptions extends RunHooks {
  /** Train this fold only. */
  onlyFold?: string
  /** Weights that every fold starts from, instead of random ones. */
  initial?: HostTensors
}

/** What identifies a run besides its configuration. */
export interface RunIdentity {
  name: string
  adapter: string
  versions: Record<string, string>
}

/** A prepared set with its labels and folds under a configuration: the same inputs give the same folds. */
export interface Experiment {
  config: RunConfig
  set: PreparedSet
  labelled: LabelledTrials<PreparedTrial>
  plan: FoldPlan
}

/** What labelling and splitting look at: the signals are not needed, so this can be checked before any work is spent. */
export type SplitTrial = Pick<Trial, 'id' | 'subject' | 'stimulus' | 'columns' | 'ratings' | 'source' | 'music'>

interface SplitSet<T> {
  name: string
  musicDim: number
  trials: T[]
}

/** Labels the trials and makes the folds. @throws UsageError, FormatError for settings or data that do not fit */
export function splitTrials<T extends SplitTrial>(set: SplitSet<T>, config: RunConfig) {
  const { usable, skipped } = withMusic(set, config)
  const labelled = labelTrials(usable, config.dimension, parseLabelScheme(config.labels))
  const scheme = parseFoldScheme(config.folds)
  const plan = makeFolds(labelled.trials, scheme, { seed: config.seed, validationShare: config.validation })
  return { labelled, plan, skipped: [...skipped, ...labelled.skipped] }
}

/** Labels and folds of a prepared set. @throws UsageError, FormatError for settings or data that do not fit */
export function makeExperiment(set: PreparedSet, config: RunConfig): Experiment {
  checkRunConfig(config)
  if (config.model.in_channels !== config.signals.length || config.model.length !== set.length) {
    throw new ShapeError(
      `the model reads [${config.model.in_channels},${config.model.length}], ` +
        `the prepared signals are [${config.signals.length},${set.length}]`,
    )
  }
  const { labelled, plan, skipped } = splitTrials(set, config)
  return { config, set: { ...set, trials: labelled.trials, skipped: [...set.skipped, ...skipped] }, labelled, plan }
}

/** Leaves out trials without a music vector when the model reads music. @throws FormatError for vectors of another length */
export function withMusic<T extends Pick<Trial, 'id' | 'stimulus' | 'music'>>(
  { name, musicDim, trials }: SplitSet<T>,
  { model }: RunConfig,
): { usable: T[]; skipped: PreparedSet['skipped'] } {
  if (model.music_dim === 0) return { usable: trials, skipped: [] }
  if (musicDim !== model.music_dim) {
    throw new FormatError(`${name} has music vectors of length ${musicDim}, the model reads ${model.music_dim}`)
  }
  const silent = trials.filter(({ music }) => !music)
  const reason = (stimulus: string): string => `stimulus '${stimulus}' has no row in music.csv`
  const skipped = silent.map(({ id, stimulus }) => ({ source: `trial ${id}`, reason: reason(stimulus) }))
  return { usable: trials.filter(({ music }) => music), skipped }
}

/** Scaling of the music features by a fold's training trials; null for EDA only. */
const scalingOf = ({ config, set }: Experiment, fold: Fold) =>
  config.model.music_dim > 0 ? musicScaling(set.trials, fold.train, config.model.music_dim) : null

/**
 * Trains the folds that have no result yet (or the one named), writing each as it ends; a fold that was interrupted goes on from
 * its last checkpoint. Returns the summary of all finished folds, which is also written as result.json.
 */
export async function trainRun(
  gpu: Gpu,
  store: Store,
  experiment: Experiment,
  identity: RunIdentity,
  options: RunOptions = {},
): Promise<RunSummary> {
  const { plan } = experiment
  const chosen = options.onlyFold === undefined ? plan.folds : [findFold(plan, options.onlyFold)]
  await finishedFolds(store, experiment) // refuses to mix folds of other data into the run
  await store.write(CONFIG_FILE, `${JSON.stringify(experiment.config, null, 2)}\n`)
  const started = performance.now()
  for (const fold of chosen) {
    if (await store.exists(foldResultFile(fold))) continue
    await trainFold(gpu, store, experiment, fold, options)
  }
  const seconds = (performance.now() - started) / 1000
  const summary = await summariseRun(store, experiment, identity, seconds)
  await store.write(RESULT_FILE, `${JSON.stringify(summary, null, 1)}\n`)
  await appendEvent(store, { event: 'finished', folds: summary.results.length, accuracy: summary.pooled.model.accuracy })
  return summary
}

const appendEvent = (store: Store, event: Record<string, unknown>): Promise<void> =>
  store.append(EVENTS_FILE, JSON.stringify({ time: new Date().toISOString(), ...event }))

async function trainFold(gpu: Gpu, store: Store, experiment: Experiment, fold: Fold, hooks: RunOptions): Promise<void> {
  const { config, set, labelled } = experiment
  const scaling = scalingOf(experiment, fold)
  const inputs = new ModelInputs(set, config.signals, scaling)
  const trainer = new Trainer(gpu, config, fold, inputs, labelled.labels, hooks.initial)
  try {
    const resumed = await store.exists(checkpointFile(fold))
    if (resumed) trainer.restore(await loadCheckpoint(store, checkpointFile(fold)), checkpointFile(fold))
    const counts = { train: fold.train.length, validation: fold.validation.length, test: fold.test.length }
    await appendEvent(store, { event: resumed ? 'fold-resumed' : 'fold-started', fold: fold.name, ...counts })
    const { weights, progress } = await trainer.run({
      onStep: (done, total) => hooks.onStep?.(fold, done, total),
      onEpoch: (record) => hooks.onEpoch?.(fold, record),
      onCheckpoint: async (checkpoint) => {
        await saveCheckpoint(store, checkpointFile(fold), checkpoint)
        await appendEvent(store, { event: 'epoch', fold: fold.name, ...checkpoint.progress.epochs.at(-1) })
      },
      ...(hooks.signal && { signal: hooks.signal }),
    })
    await saveModel(store, modelFile(fold), { weights, scaling })
    const probabilities = await probabilitiesOf(gpu, experiment.config, { weights, scaling }, set, fold.test)
    const predictions = predictionsOf(set.trials, labelled.labels, fold, probabilities, inputs)
    const result: FoldResult = {
      name: fold.name,
      trainTrials: fold.train.length,
      validationTrials: fold.validation.length,
      testSubjects: [...new Set(predictions.map(({ subject }) => subject))],
      ...progress,
      predictions,
      ...scores(predictions),
    }
    await store.write(foldResultFile(fold), `${JSON.stringify(result, null, 1)}\n`)
    await appendEvent(store, { event: 'fold-finished', fold: fold.name, accuracy: result.model.accuracy })
  } finally {
    trainer.destroy()
  }
}

/** Probability of class 1 for each trial under one trained model. */
export async function probabilitiesOf(
  gpu: Gpu,
  config: RunConfig,
  { weights, scaling }: TrainedModel,
  set: PreparedSet,
  trials: readonly number[],
): Promise<number[]> {
  const model = new Rtcan1d(gpu, config.model)
  model.weights.load(weights, 'trained model')
  const predictor = await Predictor.create(gpu, model, Math.min(config.batch, trials.length))
  try {
    const rows = await predictor.predict(new ModelInputs(set, config.signals, scaling), trials)
    return rows.map((row) => row[1] as number)
  } finally {
    predictor.destroy()
    model.destroy()
  }
}

/** Reads the results of the folds that are done. @throws FormatError when one is damaged or of other data */
export async function finishedFolds(store: Store, { set, labelled, plan }: Experiment): Promise<FoldResult[]> {
  const results: FoldResult[] = []
  for (const fold of plan.folds) {
    const file = foldResultFile(fold)
    if (!(await store.exists(file))) continue
    const result = await readJson<FoldResult>(store, file, ['name', 'predictions', 'epochs'])
    const tested = fold.test.map((i) => `${set.trials[i]?.id} ${labelled.labels[i]}`).join()
    if (tested !== result.predictions.map(({ trial, label }) => `${trial} ${label}`).join()) {
      throw new FormatError(`${file}: its test trials or labels are not those of ${set.name} now; the data have changed since`)
    }
    results.push(result)
  }
  return results
}

async function summariseRun(store: Store, experiment: Experiment, identity: RunIdentity, seconds: number): Promise<RunSummary> {
  const { config, set, labelled, plan } = experiment
  const results = await finishedFolds(store, experiment)
  const unique = (of: (trial: PreparedSet['trials'][number]) => string): number => new Set(set.trials.map(of)).size
  return {
    ...identity,
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
    },
    dimension: config.dimension,
    labels: labelled.scheme,
    preset: config.model.preset,
    parameters: summarise(config.model).parameterCount,
    folds: { scheme: plan.scheme, count: plan.folds.length, subjectIndependent: plan.subjectIndependent },
    seed: config.seed,
    config: { ...config },
    skipped: set.skipped,
    results,
    pooled: pool(results, config.seed),
  }
}

/** The configuration of an existing run. @throws FormatError when the folder holds none, or a damaged one */
export async function loadRunConfig(store: Store, run: string): Promise<RunConfig> {
  if (!(await store.exists(CONFIG_FILE))) throw new FormatError(`${run} holds no run: there is no ${CONFIG_FILE}`)
  const config = await readJson<RunConfig>(store, CONFIG_FILE, ['model', 'signals', 'optimizer'])
  try {
    return checkRunConfig(config)
  } catch (error) {
    if (error instanceof UsageError) throw new FormatError(`${run}/${CONFIG_FILE}: ${error.message}`)
    throw error
  }
}

/** What `trainRun` returned, or null for a run that has no fold finished. @throws FormatError when the file is damaged */
export async function loadRunSummary(store: Store): Promise<RunSummary | null> {
  if (!(await store.exists(RESULT_FILE))) return null
  return await readJson<RunSummary>(store, RESULT_FILE, ['dataset', 'folds', 'results', 'pooled', 'config'])
}

/** Names of the folds that have a trained model. */
export async function trainedFolds(store: Store, run: string): Promise<string[]> {
  const names: string[] = []
  for (const folder of await store.list('folds')) {
    if (await store.exists(`folds/${folder}/model.safetensors`)) names.push(folder)
  }
  if (names.length === 0) throw new UsageError(`${run} has no trained model yet; finish it with \`galvani train --out ${run} --resume\``)
  return names
}

/** The trained model of one fold folder. */
export const loadFoldModel = (store: Store, folder: string): Promise<TrainedModel> =>
  loadModel(store, `folds/${folder}/model.safetensors`)

import { Command } from 'commander'
import type { LabelledTrials } from '../data/labels.ts'
import { FormatError, UsageError } from '../runtime/errors.ts'
import type { Gpu } from '../runtime/gpu.ts'
import type { OpenOptions } from '../runtime/node.ts'
import type { NodeStore } from '../store/node.ts'
import { majorityClass } from '../train/baselines.ts'
import type { RunConfig } from '../train/config.ts'
import { chance, modelScores, pool, predictionsOf, scores } from '../train/evaluate.ts'
import { labelReadable, makeExperiment, type Experiment, type SplitTrial } from '../train/experiment.ts'
import { findFold } from '../train/folds.ts'
import { inputsOf } from '../train/inputs.ts'
import { classificationMetrics } from '../train/metrics.ts'
import type { PreparedSet, PreparedTrial } from '../train/prepare.ts'
import { probabilitiesOf } from '../train/predictor.ts'
import { foldPlanSummary } from '../train/run.ts'
import { finishedFolds, loadFoldModel, loadRunConfig, trainedFolds } from '../train/run_files.ts'
import { pinKernels } from '../train/run_kernels.ts'
import type { FoldResult, Prediction } from '../train/run_summary.ts'
import { adapterOption, interruptible, loadDataset, prepareDataset, requireFolder, withGpu, type Dataset } from './context.ts'
import { describeSeen, ensemble, seenIn } from './ensemble.ts'
import { Output, type OutputOptions } from './output.ts'
import { datasetTitle, pooledRows, resultTable, runTable } from './result_table.ts'
import { loadSource } from './run_folder.ts'
import { positive } from './values.ts'

interface EvalOptions extends OutputOptions, OpenOptions {
  run: string
  data?: string
  rate?: number
}

export function evalCommand(): Command {
  return new Command('eval')
    .description("Evaluate a run's stored models: each on its own test people, or all together on other rated data.")
    .requiredOption('--run <dir>', 'run folder')
    .option('--data <dir>', "other rated data; without it the run's own")
    .option('--rate <hz>', 'sampling rate, when the files do not say', positive('--rate'))
    .addOption(adapterOption())
    .option('--json', 'print one JSON document')
    .option('--quiet', 'no progress')
    .addHelpText('after', '\nExamples:\n  galvani eval --run runs/arousal\n  galvani eval --run runs/arousal --data other-study')
    .action(evalAction)
}

/** A run on an open device. */
interface OpenRun {
  gpu: Gpu
  store: NodeStore
  config: RunConfig
  /** Names of the trained folds. */
  folds: string[]
  prepare: (dataset: Dataset) => Promise<PreparedSet>
  signal: AbortSignal
  output: Output
}

async function evalAction(options: EvalOptions): Promise<void> {
  const { data, rate } = options
  if (rate !== undefined && data === undefined) throw new UsageError('--rate belongs to --data; the run knows the rate of its own data')
  const output = new Output(options)
  const store = requireFolder(options.run)
  const config = await loadRunConfig(store, options.run)
  const folds = await trainedFolds(store, options.run)
  const dataset = await loadDataset(data === undefined ? await loadSource(store) : { data, ...(rate !== undefined && { rate }) })
  labelReadable<SplitTrial>(dataset.set, config) // refuses before any work is spent
  const signal = interruptible()
  await withGpu(options, async (gpu) => {
    const settings = { length: config.model.length, dropSeconds: config.drop, signal }
    const prepare = (of: Dataset): Promise<PreparedSet> => prepareDataset(gpu, of, settings, output)
    const run = { gpu, store, config, folds, prepare, signal, output }
    const set = await prepare(dataset)
    await pinKernels(gpu, store, (message) => output.note(message))
    await (data === undefined ? evaluateOwnFolds(run, set) : evaluateOther(run, set))
  })
}

/** Every trained fold on the people it did not see, computed again from its stored weights. */
async function evaluateOwnFolds({ gpu, store, config, signal, output }: OpenRun, set: PreparedSet): Promise<void> {
  const experiment = makeExperiment(set, config)
  const results: FoldResult[] = []
  for (const stored of await finishedFolds(store, experiment)) {
    const { test } = findFold(experiment.plan, stored.name)
    const probabilities = await probabilitiesOf(gpu, config, await loadFoldModel(store, stored.name), experiment.set, test, signal)
    const predictions = stored.predictions.map((of, i) => ({ ...of, probability: probabilities[i] as number }))
    results.push({ ...stored, predictions, ...scores(predictions) })
  }
  const dataset = { name: set.name, synthetic: set.synthetic }
  const pooled = pool(results, config.seed)
  const summary = { dimension: config.dimension, dataset, folds: foldPlanSummary(experiment), results, pooled }
  output.result(summary, runTable(summary))
}

type Rated = Pick<LabelledTrials<PreparedTrial>, 'trials' | 'labels'>

/** The mean of all models on other data, beside baselines that learn from what the models learned from. */
async function evaluateOther(run: OpenRun, set: PreparedSet): Promise<void> {
  const { gpu, store, config, folds, signal, output } = run
  const labelled = labelReadable(set, config)
  const { trials } = labelled
  const models = await Promise.all(folds.map((fold) => loadFoldModel(store, fold)))
  const seen = seenIn(models, trials)
  const probabilities = await ensemble(gpu, config, models, { ...set, trials }, signal)
  const own = await ownExperiment(run)
  const { dimension } = config
  const dataset = { name: set.name, synthetic: set.synthetic }
  const title = `${datasetTitle(dimension, dataset)}: ${folds.length} models, ${describeSeen(seen, trials.length)}`
  const skipped = [...set.skipped, ...labelled.skipped]
  const head = { dimension, dataset, models: folds, ...seen }
  if (typeof own === 'string') {
    const { predictions, pooled, majority } = aloneOn(labelled, probabilities, config.seed)
    const text = resultTable(title, [['model', pooled.model], ['majority class of these trials', majority]], pooled.interval)
    const missing = `no baselines, since the run's own data cannot be read: ${own}`
    output.result({ ...head, pooled, majorityOfTheseTrials: majority, missing, predictions, skipped }, `${text}\n${missing}`)
  } else {
    const predictions = besideBaselines(own, folds, labelled, probabilities)
    const pooled = { ...scores(predictions), ...chance(predictions, config.seed) }
    output.result({ ...head, pooled, predictions, skipped }, resultTable(title, pooledRows(pooled), pooled.interval))
  }
  for (const { source, reason } of skipped) output.note(`skipped ${source}: ${reason}`)
}

/** The data that the run was made from, or why they cannot be had. */
async function ownExperiment({ store, config, prepare }: OpenRun): Promise<Experiment | string> {
  try {
    const experiment = makeExperiment(await prepare(await loadDataset(await loadSource(store))), config)
    await finishedFolds(store, experiment) // refuses data that have changed since
    return experiment
  } catch (error) {
    if (error instanceof FormatError || error instanceof UsageError) return error.message
    throw error
  }
}

/** Both datasets as one fold: all that the trained folds learned from, and the other data as its test part. */
function besideBaselines(own: Experiment, folds: readonly string[], other: Rated, probabilities: readonly number[]): Prediction[] {
  const { config, set, labelled, plan } = own
  const trained = folds.map((name) => findFold(plan, name))
  const train = [...new Set(trained.flatMap((fold) => [...fold.train, ...fold.validation]))]
  const test = other.trials.map((_, i) => set.trials.length + i)
  const joint = { ...set, trials: [...set.trials, ...other.trials] }
  const labels = Uint8Array.from([...labelled.labels, ...other.labels])
  const inputs = inputsOf(joint, config, train)
  return predictionsOf(joint.trials, labels, { train, validation: [], test }, probabilities, inputs)
}

/** Without baselines that learned elsewhere: the more frequent class of the very trials that are judged. */
function aloneOn({ trials, labels }: Rated, probabilities: readonly number[], seed: number) {
  const predictions = trials.map(({ id, subject, stimulus }, i) =>
    ({ trial: id, subject, stimulus, label: labels[i] as number, probability: probabilities[i] as number }))
  const frequent = majorityClass(labels, [...trials.keys()])
  const majority = classificationMetrics(labels, trials.map(() => frequent))
  return { predictions, pooled: { model: modelScores(predictions), ...chance(predictions, seed) }, majority }
}

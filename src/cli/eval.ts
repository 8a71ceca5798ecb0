import { Command } from 'commander'
import { labelTrials, parseLabelScheme } from '../data/labels.ts'
import type { Gpu } from '../runtime/gpu.ts'
import type { OpenOptions } from '../runtime/node.ts'
import type { NodeStore } from '../store/node.ts'
import type { RunConfig } from '../train/config.ts'
import { pool, predictionsOf, scores } from '../train/evaluate.ts'
import { ModelInputs } from '../train/inputs.ts'
import { classificationMetrics } from '../train/metrics.ts'
import type { PreparedSet } from '../train/prepare.ts'
import { finishedFolds, loadFoldModel, loadRunConfig, makeExperiment, probabilitiesOf, trainedFolds } from '../train/run.ts'
import type { FoldResult } from '../train/run_summary.ts'
import { adapterOption, interruptible, loadDataset, prepareDataset, requireFolder, withGpu, type DataSource } from './context.ts'
import { Output, percent, type OutputOptions } from './output.ts'
import { ensemble, forModel } from './predict.ts'
import { resultTable } from './result_table.ts'
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

async function evalAction(options: EvalOptions): Promise<void> {
  const output = new Output(options)
  const store = requireFolder(options.run)
  const config = await loadRunConfig(store, options.run)
  const folds = await trainedFolds(store, options.run)
  const { data, rate } = options
  const source: DataSource = data === undefined ? await loadSource(store) : { data, ...(rate !== undefined && { rate }) }
  const dataset = await loadDataset(source)
  const signal = interruptible()
  await withGpu(options, async (gpu) => {
    const settings = { length: config.model.length, dropSeconds: config.drop, signal }
    const set = await prepareDataset(gpu, dataset, settings, output)
    if (options.data === undefined) await evaluateOwnFolds(gpu, store, config, set, output)
    else await evaluateOther(gpu, store, config, folds, set, output)
  })
}

/** Every trained fold on the people it did not see, computed again from its stored weights. */
async function evaluateOwnFolds(gpu: Gpu, store: NodeStore, config: RunConfig, set: PreparedSet, output: Output): Promise<void> {
  const experiment = makeExperiment(set, config)
  const { plan, labelled } = experiment
  const results: FoldResult[] = []
  for (const stored of await finishedFolds(store, experiment)) {
    const fold = plan.folds.find(({ name }) => name === stored.name)
    if (!fold) continue
    const model = await loadFoldModel(store, encodeURIComponent(fold.name))
    const probabilities = await probabilitiesOf(gpu, config, model, experiment.set, fold.test)
    const inputs = new ModelInputs(experiment.set, config.signals, model.scaling)
    const predictions = predictionsOf(experiment.set.trials, labelled.labels, fold, probabilities, inputs)
    results.push({ ...stored, predictions, ...scores(predictions) })
  }
  const dataset = { name: set.name, synthetic: set.synthetic }
  const folds = { scheme: plan.scheme, count: plan.folds.length, subjectIndependent: plan.subjectIndependent }
  const summary = { dimension: config.dimension, dataset, folds, results, pooled: pool(results, config.seed) }
  output.result(summary, resultTable(summary as Parameters<typeof resultTable>[0]))
}

/** The mean of all models on data that none of them has seen. */
async function evaluateOther(
  gpu: Gpu,
  store: NodeStore,
  config: RunConfig,
  folds: readonly string[],
  set: PreparedSet,
  output: Output,
): Promise<void> {
  const readable = forModel(set, config)
  const rated = labelTrials(readable.trials, config.dimension, parseLabelScheme(config.labels))
  const { trials } = rated
  const probabilities = await ensemble(gpu, store, config, folds, { ...readable, trials })
  const metrics = classificationMetrics(rated.labels, probabilities.map((p) => (p > 0.5 ? 1 : 0)))
  const high = rated.labels.reduce((sum, label) => sum + label, 0) / rated.labels.length
  const text = [
    `${config.dimension}, ${set.name}${set.synthetic ? ' (synthetic)' : ''}: ${trials.length} trials, ${folds.length} models`,
    `accuracy ${percent(metrics.accuracy)}, balanced ${percent(metrics.balancedAccuracy)}, macro F1 ${percent(metrics.macro.f1)}`,
    `majority class of these trials ${percent(Math.max(high, 1 - high))}`,
  ]
  const { dimension } = config
  const skipped = [...readable.skipped, ...rated.skipped]
  const dataset = { name: set.name, synthetic: set.synthetic }
  output.result({ dimension, dataset, models: folds, metrics, majority: Math.max(high, 1 - high), skipped }, text.join('\n'))
  for (const { source, reason } of skipped) output.note(`skipped ${source}: ${reason}`)
}

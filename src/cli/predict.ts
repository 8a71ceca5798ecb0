import { Command } from 'commander'
import type { Gpu } from '../runtime/gpu.ts'
import type { OpenOptions } from '../runtime/node.ts'
import type { NodeStore } from '../store/node.ts'
import type { RunConfig } from '../train/config.ts'
import type { PreparedSet } from '../train/prepare.ts'
import { loadFoldModel, loadRunConfig, probabilitiesOf, trainedFolds, withMusic } from '../train/run.ts'
import { adapterOption, interruptible, loadDataset, prepareDataset, requireFolder, withGpu } from './context.ts'
import { Output, table, type OutputOptions } from './output.ts'
import { positive } from './values.ts'

interface PredictOptions extends OutputOptions, OpenOptions {
  run: string
  data: string
  rate?: number
}

export function predictCommand(): Command {
  return new Command('predict')
    .description('Predict the emotion of new trials: the mean probability of all models of a run.')
    .requiredOption('--run <dir>', 'run folder')
    .requiredOption('--data <dir>', 'trial table (ratings are not needed) or the output of `galvani prepare`')
    .option('--rate <hz>', 'sampling rate, when the files do not say', positive('--rate'))
    .addOption(adapterOption())
    .option('--json', 'print one JSON document')
    .option('--quiet', 'no progress')
    .addHelpText('after', '\nExample:\n  galvani predict --run runs/arousal --data new-study --json')
    .action(predictAction)
}

async function predictAction(options: PredictOptions): Promise<void> {
  const output = new Output(options)
  const store = requireFolder(options.run)
  const config = await loadRunConfig(store, options.run)
  const folds = await trainedFolds(store, options.run)
  const dataset = await loadDataset(options)
  const signal = interruptible()
  const { set, probabilities } = await withGpu(options, async (gpu) => {
    const settings = { length: config.model.length, dropSeconds: config.drop, signal }
    const set = forModel(await prepareDataset(gpu, dataset, settings, output), config)
    return { set, probabilities: await ensemble(gpu, store, config, folds, set) }
  })
  const predictions = set.trials.map(({ id, subject, stimulus }, i) => {
    const probability = probabilities[i] as number
    return { trial: id, subject, stimulus, probability, predicted: probability > 0.5 ? 'high' : 'low' }
  })
  const rows = predictions.map((p) => [p.trial, p.subject, p.stimulus, p.probability.toFixed(3), p.predicted])
  const { dimension } = config
  const text = table(['trial', 'subject', 'stimulus', `P(high ${dimension})`, dimension], rows)
  output.result({ run: options.run, dimension, models: folds, predictions, skipped: set.skipped }, text)
  for (const { source, reason } of set.skipped) output.note(`skipped ${source}: ${reason}`)
}

/** The trials that the run's models can read. @throws FormatError when the data lacks the music they need */
export function forModel(set: PreparedSet, config: RunConfig): PreparedSet {
  const { usable, skipped } = withMusic(set, config)
  return { ...set, trials: usable, skipped: [...set.skipped, ...skipped] }
}

/** Mean probability over the models of all folds, for each trial. */
export async function ensemble(gpu: Gpu, store: NodeStore, config: RunConfig, folds: readonly string[], set: PreparedSet): Promise<number[]> {
  const trials = [...set.trials.keys()]
  const sums = new Array<number>(trials.length).fill(0)
  for (const fold of folds) {
    const own = await probabilitiesOf(gpu, config, await loadFoldModel(store, fold), set, trials)
    own.forEach((probability, i) => (sums[i] = (sums[i] as number) + probability / folds.length))
  }
  return sums
}

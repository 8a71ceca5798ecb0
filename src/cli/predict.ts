import { Command } from 'commander'
import { FormatError } from '../runtime/errors.ts'
import type { Gpu } from '../runtime/gpu.ts'
import type { NodeStore } from '../store/node.ts'
import type { RunConfig } from '../train/config.ts'
import type { PreparedSet } from '../train/prepare.ts'
import { loadFoldModel, loadRunConfig, probabilitiesOf, trainedFolds } from '../train/run.ts'
import { interruptible, loadOrPrepare, requireFolder, withGpu } from './context.ts'
import { Output, table, type OutputOptions } from './output.ts'
import { positive } from './values.ts'

interface PredictOptions extends OutputOptions {
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
  const signal = interruptible()
  const { set, probabilities } = await withGpu(async (gpu) => {
    const load = { length: config.model.length, dropSeconds: config.drop, signal, ...(options.rate !== undefined && { rate: options.rate }) }
    const set = await loadOrPrepare(gpu, options.data, load, output)
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

/** Mean over the models of all folds, for each trial. @throws FormatError when the data lacks the music the models need */
export async function ensemble(gpu: Gpu, store: NodeStore, config: RunConfig, folds: readonly string[], set: PreparedSet): Promise<number[]> {
  if (config.model.music_dim > 0 && set.musicDim !== config.model.music_dim) {
    throw new FormatError(`${set.name} has music vectors of length ${set.musicDim}, the models of this run need ${config.model.music_dim}`)
  }
  const trials = [...set.trials.keys()]
  const sums = new Array<number>(trials.length).fill(0)
  for (const fold of folds) {
    const own = await probabilitiesOf(gpu, config, await loadFoldModel(store, fold), set, trials)
    own.forEach((probability, i) => (sums[i] = (sums[i] as number) + probability / folds.length))
  }
  return sums
}

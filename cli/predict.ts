import { Command } from 'commander'
import type { OpenOptions } from '../src/runtime/node.ts'
import { withMusic, type MusicTrial } from '../src/train/experiment.ts'
import { loadFoldModel, loadRunConfig, trainedFolds } from '../src/train/run_files.ts'
import { pinKernels } from '../src/train/run_kernels.ts'
import { adapterOption, interruptible, loadDataset, prepareDataset, requireFolder, withGpu } from './shared/context.ts'
import { describeSeen, ensemble, seenIn } from './shared/ensemble.ts'
import { Output, table, type OutputOptions } from './shared/output.ts'
import { positive } from './shared/values.ts'

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
  const models = await Promise.all(folds.map((fold) => loadFoldModel(store, fold)))
  const dataset = await loadDataset(options)
  withMusic<MusicTrial>(dataset.set, config) // refuses before any work is spent
  const signal = interruptible()
  const { set, probabilities } = await withGpu(options, async (gpu) => {
    const settings = { length: config.model.length, dropSeconds: config.drop, signal }
    const prepared = await prepareDataset(gpu, dataset, settings, output)
    const { trials, skipped } = withMusic(prepared, config)
    await pinKernels(gpu, store, (message) => output.note(message))
    const set = { ...prepared, trials, skipped: [...prepared.skipped, ...skipped] }
    return { set, probabilities: await ensemble(gpu, config, models, set, signal) }
  })
  const seen = seenIn(models, set.trials)
  const predictions = set.trials.map(({ id, subject, stimulus }, i) => {
    const probability = probabilities[i] as number
    return { trial: id, subject, stimulus, probability, predicted: probability > 0.5 ? 'high' : 'low' }
  })
  const rows = predictions.map((p) => [p.trial, p.subject, p.stimulus, p.probability.toFixed(3), p.predicted])
  const { dimension } = config
  const title = `${set.name}: ${describeSeen(seen, set.trials.length)}`
  const text = table(['trial', 'subject', 'stimulus', `P(high ${dimension})`, dimension], rows)
  output.result({ run: options.run, dimension, models: folds, ...seen, predictions, skipped: set.skipped }, `${title}\n${text}`)
  for (const { source, reason } of set.skipped) output.note(`skipped ${source}: ${reason}`)
}

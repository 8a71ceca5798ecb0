import { Command } from 'commander'
import { doubtOfLabels } from '../src/evaluation/labels.ts'
import { toDocument } from '../src/formats/documents.ts'
import type { OpenOptions } from '../src/runtime/node.ts'
import { loadRun, predict, requireReadable } from '../src/train/trained_run.ts'
import { adapterOption, computing, openDataset, requireFolder, withGpu } from './shared/context.ts'
import { Output, table, type OutputOptions } from './shared/output.ts'
import { describeSeen } from './shared/result_table.ts'
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
  const run = await loadRun(requireFolder(options.run), options.run)
  const dataset = await openDataset(options)
  requireReadable(run, dataset) // refuses before any work is spent
  const work = computing(output)
  const { name, predictions, skipped, ...seen } = await withGpu(options, (gpu) =>
    work((hooks) => predict(gpu, run, dataset, hooks)),
  )
  const { dimension, labels } = run.config
  const doubt = doubtOfLabels(labels)
  const rows = predictions.map((p) => [p.trial, p.subject, p.stimulus, p.probability.toFixed(3), p.predicted])
  const text = table(['trial', 'subject', 'stimulus', `P(high ${dimension})`, dimension], rows)
  output.result(
    toDocument('predict', { run: options.run, dimension, labels, models: run.folds, ...seen, predictions, skipped }),
    `${name}: ${describeSeen(seen, predictions.length)}${doubt === undefined ? '' : `; ${doubt}`}\n${text}`,
  )
  for (const { source, reason } of skipped) output.note(`skipped ${source}: ${reason}`)
}

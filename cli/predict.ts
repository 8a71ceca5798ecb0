import { Command } from 'commander'
import { shownScheme } from '../src/evaluation/control.ts'
import { doubtOfLabels } from '../src/evaluation/labels.ts'
import { toDocument } from '../src/formats/documents.ts'
import type { OpenOptions } from '../src/runtime/node.ts'
import { loadRun, predict, predictRatings, requireReadable, type Seen } from '../src/train/trained_run.ts'
import { adapterOption, computing, withGpu } from './shared/context.ts'
import { addDataOptions, DATA, openDataset, requireFolder, type DataSource } from './shared/data_options.ts'
import { Output, table, type OutputOptions } from './shared/output.ts'
import { describeSeen } from './shared/result_table.ts'
import { gsrDoubt } from './shared/run_folder.ts'

interface PredictOptions extends OutputOptions, OpenOptions, DataSource {
  run: string
}

export function predictCommand(): Command {
  const predict = new Command('predict')
    .description('Predict the emotion of new trials: the mean of what all models of a run say.')
    .requiredOption('--run <dir>', 'run folder')
    .requiredOption('--data <dir>', `${DATA}, or the output of \`galvani prepare\`; ratings are not needed`)
  return addDataOptions(predict)
    .addOption(adapterOption())
    .option('--json', 'print one JSON document')
    .option('--quiet', 'no progress')
    .addHelpText('after', '\nExample:\n  galvani predict --run runs/arousal --data new-study --json')
    .action(predictAction)
}

async function predictAction(options: PredictOptions): Promise<void> {
  const output = new Output(options)
  const store = requireFolder(options.run)
  const run = await loadRun(store, options.run)
  const dataset = await openDataset(options, run.config.dimension)
  requireReadable(run, dataset) // refuses before any work is spent
  const otherwise = await gsrDoubt(store, options, dataset)
  if (otherwise !== undefined) output.note(otherwise)
  const work = computing(output)
  const { dimension, control, target } = run.config
  const labels = shownScheme(run.config.labels, control)
  const doubt = doubtOfLabels(labels)
  const about = { run: options.run, dimension, labels, models: run.folds }
  const title = (name: string, seen: Seen, trials: number): string =>
    `${name}: ${describeSeen(seen, trials)}${doubt === undefined ? '' : `; ${doubt}`}`
  const skipped = await withGpu(options, async (gpu) => {
    if (target === 'rating') {
      const { name, ...said } = await work((hooks) => predictRatings(gpu, run, dataset, hooks))
      const rows = said.predictions.map((p) => [p.trial, p.subject, p.stimulus, p.rating.toFixed(3)])
      const text = table(['trial', 'subject', 'stimulus', `rating of ${dimension}`], rows)
      output.result(toDocument('predict', { ...about, ...said }), `${title(name, said, rows.length)}\n${text}`)
      return said.skipped
    }
    const { name, ...said } = await work((hooks) => predict(gpu, run, dataset, hooks))
    const rows = said.predictions.map((p) => [p.trial, p.subject, p.stimulus, p.probability.toFixed(3), p.predicted])
    const head = run.config.model.classes === 2 ? `P(high ${dimension})` : 'P'
    const text = table(['trial', 'subject', 'stimulus', head, dimension], rows)
    output.result(toDocument('predict', { ...about, ...said }), `${title(name, said, rows.length)}\n${text}`)
    return said.skipped
  })
  for (const { source, reason } of skipped) output.note(`skipped ${source}: ${reason}`)
}

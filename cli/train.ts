import { resolve } from 'node:path'
import { Command } from 'commander'
import { toDocument } from '../src/formats/documents.ts'
import { runReport } from '../src/report/html.ts'
import { ratingReport } from '../src/report/rating_html.ts'
import { UsageError } from '../src/runtime/errors.ts'
import { NodeStore } from '../src/store/node.ts'
import { isOfRatings } from '../src/train/rating_summary.ts'
import { CONFIG_FILE, loadRunConfig } from '../src/train/run_files.ts'
import { isFinished } from '../src/train/run_summary.ts'
import { refuseGivenTwice } from './shared/alternatives.ts'
import { adapterOption } from './shared/context.ts'
import { addDataOptions, DATA, dataSource, openDataset, type DataSource } from './shared/data_options.ts'
import { Output, type OutputOptions } from './shared/output.ts'
import { inOwnFolder } from './shared/own_folder.ts'
import { ratingRunTable } from './shared/rating_table.ts'
import { runTable } from './shared/result_table.ts'
import { loadSource, loadSummary, REPORT_FILE, type AnyRun } from './shared/run_folder.ts'
import { refuseOtherSettings, runConfig } from './shared/run_settings.ts'
import { addConfigOptions, type ConfigOptions } from './shared/train_options.ts'
import { trainFolds, type TrainingOptions } from './shared/training.ts'
import { tuneOption } from './shared/tuning.ts'

interface TrainOptions extends ConfigOptions, TrainingOptions, OutputOptions, Partial<DataSource> {
  weights?: string
}

export function trainCommand(): Command {
  const train = new Command('train')
    .description('Train RTCAN-1D with cross-validation and write a run folder with models, results and a report.')
    .option('--data <dir>', `rated data: ${DATA}, or the output of \`galvani prepare\``)
    .requiredOption('--out <run>', 'run folder to write')
    .option('--resume', 'go on with the run in --out, with its own settings')
    .option('--only-fold <name>', 'train this fold only')
    .option('--tensorboard', "write each epoch's losses for TensorBoard as well, a folder a fold, in OUT/tensorboard")
    .option('--weights <file>', "start from these weights: safetensors, or the authors' .pt checkpoint")
  return addConfigOptions(addDataOptions(train))
    .addOption(adapterOption())
    .addOption(tuneOption())
    .option('--json', 'print one JSON document')
    .option('--quiet', 'no progress')
    .addHelpText(
      'after',
      `
Examples:
  galvani train --data study --dimension arousal --folds subject:5 --out runs/arousal
  galvani train --out runs/arousal --resume
  The paper's own recipe: --init paper --optimizer sgd --lr 0.001 --batch 256`,
    )
    .action(trainAction)
}

async function trainAction(options: TrainOptions, command: Command): Promise<void> {
  const store = new NodeStore(options.out)
  await inOwnFolder(store, options.out, (lost) => trainInto(store, { ...options, lost }, command))
}

async function trainInto(store: NodeStore, options: TrainOptions, command: Command): Promise<void> {
  const output = new Output(options)
  const { out, resume = false } = options
  const exists = await store.exists(CONFIG_FILE)
  if (exists && !resume) throw new UsageError(`${out} already holds a run; add --resume, or choose another --out`)
  if (resume && options.tune !== undefined)
    throw new UsageError('--tune: a run that goes on keeps its kernels; leave it out')
  if (resume && !exists) throw new UsageError(`${out} holds no run to resume; leave --resume out and give --data`)
  if (!resume) refuseGivenTwice(command)
  const summary = resume ? await resumeRun(store, options, command, output) : await newRun(store, options, output)
  const report = `${out}/${REPORT_FILE}`
  await store.write(REPORT_FILE, isOfRatings(summary) ? ratingReport(summary) : runReport(summary))
  if (isOfRatings(summary))
    output.result(
      toDocument('train', { run: out, report, ...summary }),
      `${ratingRunTable(summary)}\nreport: ${report}`,
    )
  else output.result(toDocument('train', { run: out, report, ...summary }), `${runTable(summary)}\nreport: ${report}`)
}

async function newRun(store: NodeStore, options: TrainOptions, output: Output): Promise<AnyRun> {
  const { data, weights } = options
  if (data === undefined) throw new UsageError(`--data is missing: a ${DATA}`)
  const source = {
    ...dataSource(options),
    data: resolve(data),
    ...(weights !== undefined && { weights: resolve(weights) }),
  }
  const dataset = await openDataset(source, options.dimension)
  return trainFolds(store, runConfig(options, dataset.set), source, dataset, options, output)
}

async function resumeRun(store: NodeStore, options: TrainOptions, command: Command, output: Output): Promise<AnyRun> {
  const config = await loadRunConfig(store, options.out)
  refuseOtherSettings(command, config)
  const stored = await loadSource(store)
  const { weights } = options
  if (weights !== undefined && resolve(weights) !== stored.weights) {
    throw new UsageError(
      '--weights: this run was started from others and keeps them; leave it out, or choose another --out',
    )
  }
  const summary = await loadSummary(store, config)
  if (summary && isFinished(summary, options.onlyFold)) {
    output.note(`${options.out} is finished; nothing is left to train`)
    return summary
  }
  const source = { ...stored, ...dataSource(options) }
  return trainFolds(store, config, source, await openDataset(source, config.dimension), options, output)
}

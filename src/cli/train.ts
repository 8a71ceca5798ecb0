import { basename, resolve } from 'node:path'
import { Command } from 'commander'
import { DIMENSIONS } from '../data/trial.ts'
import { loadTrialTable } from '../data/trial_table.ts'
import type { OptimizerConfig } from '../kernels/optimizer.ts'
import { checkConfig, presets, type ModelConfig } from '../model/config.ts'
import { UsageError } from '../runtime/errors.ts'
import type { Gpu } from '../runtime/gpu.ts'
import { runReport } from '../report/html.ts'
import { NodeStore } from '../store/node.ts'
import { parseSignals, type RunConfig } from '../train/config.ts'
import type { PreparedSet } from '../train/prepare.ts'
import { CONFIG_FILE, loadRunConfig, makeExperiment, trainRun } from '../train/run.ts'
import type { RunSummary } from '../train/run_summary.ts'
import { VERSION } from '../version.ts'
import { datasetName, interruptible, loadOrPrepare, requireFolder, withGpu } from './context.ts'
import { Output, type OutputOptions, type Progress } from './output.ts'
import { resultTable } from './result_table.ts'
import { integer, oneOf, positive, real } from './values.ts'

/** Beside config.json: where the data came from, so that --resume and eval find it. */
export const SOURCE_FILE = 'source.json'
export const REPORT_FILE = 'report.html'

interface TrainOptions extends OutputOptions {
  data?: string
  rate?: number
  out: string
  resume?: boolean
  onlyFold?: string
  dimension: RunConfig['dimension']
  labels: string
  folds: string
  validation: number
  seed: number
  signals: string
  drop: number
  preset: ModelConfig['preset']
  set: Record<string, unknown>
  music: 'auto' | 'none'
  init: RunConfig['init']
  optimizer: OptimizerConfig['name']
  lr: number
  momentum: number
  weightDecay: number
  decay: number
  decayEpochs: number
  epochs: number
  batch: number
  patience: number
}

/** KEY=VALUE of a model setting; the value is JSON, or a plain word. */
function modelSetting(text: string, previous: Record<string, unknown>): Record<string, unknown> {
  const [, key, value] = /^(\w+)=(.+)$/.exec(text) ?? []
  if (key === undefined || value === undefined || !(key in presets.paper) || key === 'preset') {
    throw new UsageError(`--set '${text}': expected KEY=VALUE with KEY one of ${Object.keys(presets.paper).join(', ')}`)
  }
  let parsed: unknown = value
  try {
    parsed = JSON.parse(value)
  } catch {
    // a word such as rnta-sca
  }
  return { ...previous, [key]: parsed }
}

export function trainCommand(): Command {
  return new Command('train')
    .description('Train RTCAN-1D with cross-validation and write a run folder with models, results and a report.')
    .option('--data <dir>', 'trial table (trials.csv, eda.csv, music.csv) or the output of `galvani prepare`')
    .requiredOption('--out <run>', 'run folder to write')
    .option('--resume', 'go on with the run in --out, with its own settings')
    .option('--only-fold <name>', 'train this fold only')
    .option('--dimension <name>', DIMENSIONS.join(' or '), oneOf('--dimension', DIMENSIONS), 'arousal' as const)
    .option('--labels <scheme>', 'two-means, per-dimension, median, column or fixed:T', 'two-means')
    .option('--folds <scheme>', 'subject:N, subject:loo, column:NAME, stimulus:N or random:N', 'subject:10')
    .option('--validation <share>', 'share of training trials held out, by subject, to choose the epoch', real('--validation'), 0.15)
    .option('--seed <s>', 'seed', integer('--seed'), 1)
    .option('--rate <hz>', 'sampling rate, when the files do not say', positive('--rate'))
    .option('--signals <name>', 'mixed, origin, phasic or tonic', 'mixed')
    .option('--drop <s>', 'seconds cut from the start of each trial', real('--drop'), 3)
    .option('--music <use>', 'auto (when the data has it) or none', oneOf('--music', ['auto', 'none'] as const), 'auto' as const)
    .option('--preset <name>', 'paper or released', oneOf('--preset', ['paper', 'released'] as const), 'paper' as const)
    .option('--set <key=value>', 'any model setting, e.g. attention=rnta-sca or channels=16 (repeatable)', modelSetting, {})
    .option('--init <kind>', 'he, or paper (N(0, 0.01))', oneOf('--init', ['he', 'paper'] as const), 'he' as const)
    .option('--optimizer <name>', 'adam, adamw or sgd', oneOf('--optimizer', ['adam', 'adamw', 'sgd'] as const), 'adam' as const)
    .option('--lr <x>', 'learning rate', positive('--lr'), 0.001)
    .option('--momentum <x>', 'of sgd', real('--momentum'), 0)
    .option('--weight-decay <x>', 'weight decay', real('--weight-decay'), 0)
    .option('--decay <x>', 'factor on the learning rate', real('--decay'), 0.9)
    .option('--decay-epochs <n>', 'epochs between two decays', integer('--decay-epochs'), 15)
    .option('--epochs <n>', 'epochs at most', integer('--epochs'), 30)
    .option('--batch <n>', 'trials per step', integer('--batch'), 32)
    .option('--patience <n>', 'epochs without a better validation loss before a fold stops', integer('--patience'), 10)
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

async function trainAction(options: TrainOptions): Promise<void> {
  const output = new Output(options)
  const store = new NodeStore(options.out)
  const exists = await store.exists(CONFIG_FILE)
  if (exists && !options.resume) throw new UsageError(`${options.out} already holds a run; add --resume, or choose another --out`)
  if (options.resume && !exists) throw new UsageError(`${options.out} holds no run to resume; leave --resume out and give --data`)
  const source = await sourceOf(store, options)
  const signal = interruptible()
  const summary = await withGpu(async (gpu) => {
    const config = options.resume ? await loadRunConfig(store, options.out) : await newConfig(options, source)
    const set = await loadOrPrepare(gpu, source.data, { length: config.model.length, dropSeconds: config.drop, signal, ...withRate(source) }, output)
    await store.write(SOURCE_FILE, `${JSON.stringify(source, null, 2)}\n`)
    return train(gpu, store, set, config, options, output, signal)
  })
  await store.write(REPORT_FILE, runReport(summary))
  output.result({ run: options.out, report: `${options.out}/${REPORT_FILE}`, ...summary }, `${resultTable(summary)}\nreport: ${options.out}/${REPORT_FILE}`)
}

export interface RunSource {
  data: string
  rate?: number
}

const withRate = ({ rate }: RunSource) => (rate === undefined ? {} : { rate })

async function sourceOf(store: NodeStore, options: TrainOptions): Promise<RunSource> {
  if (options.data !== undefined) return { data: resolve(options.data), ...(options.rate !== undefined && { rate: options.rate }) }
  if (!options.resume) throw new UsageError('--data is missing: the folder with trials.csv and eda.csv')
  return JSON.parse(await store.readText(SOURCE_FILE)) as RunSource
}

async function newConfig(options: TrainOptions, source: RunSource): Promise<RunConfig> {
  const signals = parseSignals(options.signals)
  const music_dim = options.music === 'none' ? 0 : await musicDim(source)
  const model = checkConfig({ ...presets[options.preset], in_channels: signals.length, music_dim, ...options.set } as ModelConfig)
  const { name, weightDecay, momentum } = { name: options.optimizer, weightDecay: options.weightDecay, momentum: options.momentum }
  const optimizer: OptimizerConfig = name === 'sgd' ? { name, momentum, weightDecay } : { name, weightDecay }
  const { dimension, labels, folds, validation, seed, drop, init, lr: learningRate, decay, decayEpochs, epochs, batch, patience } = options
  return { dimension, labels, folds, validation, seed, signals, drop, model, init, optimizer, learningRate, decay, decayEpochs, epochs, batch, patience }
}

/** Length of the music vectors of a dataset, prepared or not. */
async function musicDim({ data, rate }: RunSource): Promise<number> {
  const store = requireFolder(data)
  if (await store.exists('manifest.json')) return (JSON.parse(await store.readText('manifest.json')) as PreparedSet).musicDim
  return (await loadTrialTable(store, { name: datasetName(data), ...(rate !== undefined && { sampleRate: rate }) })).musicDim
}

async function train(
  gpu: Gpu,
  store: NodeStore,
  set: PreparedSet,
  config: RunConfig,
  options: TrainOptions,
  output: Output,
  signal: AbortSignal,
): Promise<RunSummary> {
  const experiment = makeExperiment(set, config)
  if (set.synthetic) output.note('synthetic data: results say nothing about people')
  if (!experiment.plan.subjectIndependent) output.note(`folds ${config.folds} are not subject-independent`)
  const identity = {
    name: basename(resolve(options.out)),
    adapter: gpu.info.description || gpu.info.device,
    versions: { galvani: VERSION, node: process.versions.node },
  }
  let bar: Progress | null = null
  let current = ''
  return trainRun(gpu, store, experiment, identity, {
    ...(options.onlyFold !== undefined && { onlyFold: options.onlyFold }),
    signal,
    onStep: (fold, done, total) => {
      if (fold.name !== current) {
        bar?.stop()
        bar = output.progress(`fold ${fold.name}`, total)
        current = fold.name
      }
      bar?.update(done)
    },
    onEpoch: (fold, { epoch, trainLoss, validationLoss, validationAccuracy }) => {
      const validation = validationLoss === undefined ? '' : `, validation loss ${validationLoss.toFixed(4)}, accuracy ${(validationAccuracy ?? 0).toFixed(3)}`
      output.note(`fold ${fold.name} epoch ${epoch}: loss ${trainLoss.toFixed(4)}${validation}`)
    },
  }).finally(() => bar?.stop())
}

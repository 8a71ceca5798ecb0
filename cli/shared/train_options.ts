// The options of `train` and the run configuration that they describe.
import type { Command } from 'commander'
import { DIMENSIONS } from '../../src/datasets/trial.ts'
import type { OptimizerConfig } from '../../src/kernels/optimizer.ts'
import { UsageError } from '../../src/runtime/errors.ts'
import { parseSignals, type RunConfig } from '../../src/train/config.ts'
import { defaultRun, DROP_SECONDS, resolveRun, type DataFacts } from '../../src/train/defaults.ts'
import { addModelOptions, type ModelOptions } from './model_options.ts'
import { integer, oneOf, real, positive } from './values.ts'

/** Options that become the run's config.json. */
export interface ConfigOptions extends ModelOptions {
  dimension: RunConfig['dimension']
  labels: string
  folds: string
  validation: number
  seed: number
  drop?: number
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

export function addConfigOptions(command: Command): Command {
  return addModelOptions(command)
    .option('--dimension <name>', DIMENSIONS.join(' or '), oneOf('--dimension', DIMENSIONS), defaultRun.dimension)
    .option('--labels <scheme>', 'two-means, per-dimension, median, column or fixed:T', defaultRun.labels)
    .option('--folds <scheme>', 'subject:N, subject:loo, column:NAME, stimulus:N or random:N', defaultRun.folds)
    .option(
      '--validation <share>',
      'share of training trials held out, by subject, to choose the epoch',
      real('--validation'),
      defaultRun.validation,
    )
    .option('--seed <s>', 'seed', integer('--seed'), defaultRun.seed)
    .option(
      '--drop <s>',
      `seconds cut from the start of each trial (default: ${DROP_SECONDS}, or as prepared)`,
      real('--drop'),
    )
    .option(
      '--music <use>',
      'auto (when the data has it) or none',
      oneOf('--music', ['auto', 'none'] as const),
      'auto' as const,
    )
    .option('--init <kind>', 'he, or paper (N(0, 0.01))', oneOf('--init', ['he', 'paper'] as const), defaultRun.init)
    .option(
      '--optimizer <name>',
      'adam, adamw or sgd',
      oneOf('--optimizer', ['adam', 'adamw', 'sgd'] as const),
      defaultRun.optimizer.name,
    )
    .option('--lr <x>', 'learning rate', positive('--lr'), defaultRun.learningRate)
    .option('--momentum <x>', 'of sgd', real('--momentum'), 0)
    .option('--weight-decay <x>', 'weight decay', real('--weight-decay'), defaultRun.optimizer.weightDecay)
    .option('--decay <x>', 'factor on the learning rate', real('--decay'), defaultRun.decay)
    .option('--decay-epochs <n>', 'epochs between two decays', integer('--decay-epochs'), defaultRun.decayEpochs)
    .option('--epochs <n>', 'epochs at most', integer('--epochs'), defaultRun.epochs)
    .option('--batch <n>', 'trials per step', integer('--batch'), defaultRun.batch)
    .option(
      '--patience <n>',
      'epochs without a better validation loss before a fold stops',
      integer('--patience'),
      defaultRun.patience,
    )
}

/** @throws UsageError naming the first setting that is out of range or does not fit the others */
export function runConfig(options: ConfigOptions, facts: DataFacts): RunConfig {
  const { optimizer: name, momentum, weightDecay, lr: learningRate, set, signals, drop, ...given } = options
  const optimizer: OptimizerConfig = name === 'sgd' ? { name, momentum, weightDecay } : { name, weightDecay }
  const {
    preset,
    music,
    dimension,
    labels,
    folds,
    validation,
    seed,
    init,
    decay,
    decayEpochs,
    epochs,
    batch,
    patience,
  } = given
  const settings = {
    preset,
    music,
    dimension,
    labels,
    folds,
    validation,
    seed,
    init,
    optimizer,
    learningRate,
    decay,
    decayEpochs,
    epochs,
    batch,
    patience,
  }
  return resolveRun(
    { ...settings, signals: parseSignals(signals), model: set, ...(drop !== undefined && { drop }) },
    facts,
  )
}

/** A run keeps its settings. @throws UsageError naming an option that was given and asks for others */
export function refuseOtherSettings(command: Command, stored: RunConfig): void {
  const options = command.opts<ConfigOptions>()
  for (const option of command.options) {
    const name = option.attributeName()
    if (command.getOptionValueSource(name) !== 'cli' || agrees(name, options, stored)) continue
    throw new UsageError(
      `${option.long}: this run was started with other settings and keeps them; leave it out, or choose another --out`,
    )
  }
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

/** True if an option asks for what the run has, or is no setting of the run. */
function agrees(name: string, options: ConfigOptions, stored: RunConfig): boolean {
  const { model, optimizer } = stored
  const settings: Readonly<Record<string, unknown>> = {
    ...stored,
    ...optimizer,
    preset: model.preset,
    optimizer: optimizer.name,
    lr: stored.learningRate,
  }
  switch (name) {
    case 'set':
      return Object.entries(options.set).every(([key, value]) => same(value, model[key as keyof typeof model]))
    case 'signals':
      return same(parseSignals(options.signals), stored.signals)
    case 'music':
      return options.music === 'auto' || model.music_dim === 0
    default:
      return !(name in settings) || same(options[name as keyof ConfigOptions], settings[name])
  }
}

// The options of `train` that become the settings of a run.
import type { Command } from 'commander'
import { DIMENSIONS } from '../../src/datasets/trial.ts'
import type { OptimizerConfig } from '../../src/kernels/optimizer.ts'
import type { RunConfig } from '../../src/train/config.ts'
import { defaultRun, DROP_SECONDS } from '../../src/train/defaults.ts'
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
  classWeights?: RunConfig['classWeights']
  freeze?: string[]
}

export function addConfigOptions(command: Command): Command {
  return addModelOptions(command)
    .option('--dimension <name>', DIMENSIONS.join(' or '), oneOf('--dimension', DIMENSIONS), defaultRun.dimension)
    .option('--labels <scheme>', 'two-means, per-dimension, median, song, column or fixed:T', defaultRun.labels)
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
    .option(
      '--class-weights <kind>',
      'balanced: both classes count as much in the loss',
      oneOf('--class-weights', ['balanced'] as const),
    )
    .option('--freeze <pattern...>', "parameters that keep their values, such as 'attention.*'")
}

// The options of `train` that become the settings of a run.
import type { Command } from 'commander'
import { FOLD_SYNTAX } from '../../src/evaluation/folds.ts'
import { ANSWERS, LEVELS, TARGETS, type Levels } from '../../src/evaluation/targets.ts'
import type { OptimizerConfig } from '../../src/kernels/optimizer.ts'
import { UsageError } from '../../src/runtime/errors.ts'
import type { Alternatives } from '../../src/train/alternatives.ts'
import type { RunConfig } from '../../src/train/config.ts'
import { defaultRun, DROP_SECONDS, MUSIC_USES, type MusicUse } from '../../src/train/defaults.ts'
import { alternatives } from './alternatives.ts'
import { addModelOptions, type ModelOptions } from './model_options.ts'
import { integer, oneOf, real, positive } from './values.ts'

/** Options that become the run's config.json. */
export interface ConfigOptions extends ModelOptions {
  dimension: RunConfig['dimension']
  target: (typeof ANSWERS)[number]
  levels: Levels
  labels?: string
  folds: string
  validation: number
  stratify?: true
  share?: number
  control?: true
  foldSeed?: number
  seed: number
  drop?: number
  music: MusicUse
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
  try?: Alternatives
}

export function addConfigOptions(command: Command): Command {
  return addModelOptions(command)
    .option('--dimension <name>', TARGETS.join(', '), oneOf('--dimension', TARGETS), defaultRun.dimension)
    .option(
      '--target <kind>',
      'class, or rating: the rating itself (regression)',
      oneOf('--target', ANSWERS),
      'class' as const,
    )
    .option('--levels <n>', 'classes of a rating: 2, or 3 with a middle', levels, 2)
    .option(
      '--labels <scheme>',
      `two-means, per-dimension, median, song, column or fixed:T (default: ${defaultRun.labels}, none of ratings)`,
    )
    .option('--folds <scheme>', FOLD_SYNTAX, defaultRun.folds)
    .option(
      '--validation <share>',
      'share of training trials held out, by subject, to choose the epoch',
      real('--validation'),
      defaultRun.validation,
    )
    .option('--stratify', 'held-out people have the class balance of the others, as nearly as any of a hundred draws')
    .option(
      '--share <x>',
      'train and test on this share of the people alone, drawn by the seed of the folds',
      real('--share'),
    )
    .option('--control', 'shuffle labels within each person: what learns from them must be at chance')
    .option('--fold-seed <s>', 'seed of the folds (default: that of the run)', integer('--fold-seed'))
    .option('--seed <s>', 'seed', integer('--seed'), defaultRun.seed)
    .option(
      '--drop <s>',
      `seconds cut from the start of each trial (default: ${DROP_SECONDS}, or as prepared)`,
      real('--drop'),
    )
    .option(
      '--music <use>',
      'auto (when the data have it), none, or listeners: the mean rating that others gave the song',
      oneOf('--music', MUSIC_USES),
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
    .option(
      '--try <key=values>',
      'each fold takes what has the least validation loss, e.g. lr=0.001,0.003 (repeatable: all combinations)',
      alternatives,
    )
}

function levels(text: string): Levels {
  const found = LEVELS.find((count) => String(count) === text)
  if (!found) throw new UsageError(`--levels is '${text}', expected ${LEVELS.join(' or ')}`)
  return found
}

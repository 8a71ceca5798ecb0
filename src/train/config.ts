import { RATING_SCHEME } from '../evaluation/labels.ts'
import { parseLabelScheme } from '../evaluation/label_scheme.ts'
import {
  ANSWERS,
  classNames,
  LEVELS,
  parseTarget,
  ratedDimension,
  requireScheme,
  type Levels,
  type Target,
} from '../evaluation/targets.ts'
import { RULES, type OptimizerConfig } from '../kernels/optimizer.ts'
import type { ModelConfig } from '../model/config.ts'
import { INIT_KINDS, type InitKind } from '../model/init.ts'
import { summarise, type ModelSummary } from '../model/summary.ts'
import { ShapeError, UsageError } from '../runtime/errors.ts'
import { CHANNELS, type Channel } from '../signal/channels.ts'
import { INTERPOLATIONS, type Interpolation } from '../signal/resample.ts'
import { parseFoldScheme } from '../evaluation/folds.ts'
import { checkAlternatives, type Alternatives } from './alternatives.ts'
import { checkLearning } from './learning.ts'
import { LISTENER_FEATURES } from './listeners.ts'

/** Everything that decides a run's result, besides data and adapter. Written to the run folder as config.json. */
export interface RunConfig {
  /** What is predicted. */
  dimension: Target
  /** `rating`: the rating itself, in its own unit (regression); absent for a class. */
  target?: 'rating'
  /** Classes of one rating; absent for two, low and high. */
  levels?: Levels
  /** Label scheme as on the command line: two-means, per-dimension, median, song, column, fixed:T; of ratings `rating`, which makes no classes. */
  labels: string
  /** Fold scheme as on the command line: subject:10, subject:loo, column:NAME, within-subject:N, stimulus:N, random:N. */
  folds: string
  /** Share of the training trials held out, by whole subjects, to choose the epoch; 0 tests the last epoch. */
  validation: number
  /** Held-out units are chosen to have the classes' shares of the training part. */
  stratify?: true
  seed: number
  signals: Channel[]
  /** Seconds cut from the start of each trial. */
  drop: number
  /** How channels get their points; absent where it is `linear`, the paper's. */
  interpolation?: Interpolation
  model: ModelConfig
  init: InitKind
  optimizer: OptimizerConfig
  learningRate: number
  /** Multiplies the rate every `decayEpochs` epochs. */
  decay: number
  decayEpochs: number
  epochs: number
  batch: number
  /** Epochs without a better validation loss before a fold stops. */
  patience: number
  /** Decides the folds in the place of `seed`, so that repeats with other seeds have the same. */
  foldSeed?: number
  /** Only this share of the subjects, drawn by the folds' seed: 0 to 1, absent for all (Table 4). */
  share?: number
  /** Labels are shuffled within each subject, by the folds' seed: a control, from which nothing can be learnt. */
  control?: true
  /** The epoch is chosen on the test part, as the released code does. A leak, and marked as one. */
  choice?: 'test'
  /** What classes count in the loss, and in the loss that chooses the epoch; absent where every trial counts as much. */
  classWeights?: 'balanced'
  /** Parameters that keep the values they start with: names, with `*` for any text. */
  freeze?: string[]
  /** The music vector is what other listeners of the training part said of the song (`listeners.ts`), not the sound's features. */
  musicFrom?: 'listeners'
  /** SHA-256 of the weights that every fold starts from; absent for random ones. */
  initial?: string
  /** Settings among which each fold takes those with the least validation loss; those of the configuration are one of them. */
  alternatives?: Alternatives
}

/** lr(epoch) = lr0 * decay ^ floor(epoch / every), epoch from 0: "× 0.9 every 15 epochs" (section 5.1). */
export const stepDecay = (learningRate: number, decay: number, every: number, epoch: number): number =>
  learningRate * decay ** Math.floor(epoch / every)

/** @throws UsageError naming the first setting that is out of range */
export function checkRunConfig(config: RunConfig): RunConfig {
  checkTraining(config)
  if (!(config.validation >= 0 && config.validation < 1)) {
    throw new UsageError(`validation is ${config.validation}, expected a share in [0, 1)`)
  }
  checkSeed('seed', config.seed)
  if (!(config.drop >= 0)) throw new UsageError(`drop is ${config.drop}, expected seconds of at least 0`)
  if (config.interpolation !== undefined && !INTERPOLATIONS.includes(config.interpolation)) {
    throw new UsageError(`interpolation is '${config.interpolation}', expected ${INTERPOLATIONS.join(', ')}`)
  }
  checkSignals(config.signals)
  checkTask(config)
  checkModel(config)
  checkLearning(config)
  if (config.alternatives) checkAlternatives(config, config.alternatives, checkTraining)
  return config
}

/** How the optimizer goes, and for how long. */
function checkTraining(config: RunConfig): void {
  const positive = ['epochs', 'batch', 'decayEpochs', 'patience'] as const
  for (const field of positive) {
    if (!Number.isInteger(config[field]) || config[field] < 1) {
      throw new UsageError(`${field} is ${config[field]}, expected a positive integer`)
    }
  }
  if (!INIT_KINDS.includes(config.init))
    throw new UsageError(`init is '${String(config.init)}', expected ${INIT_KINDS.join(', ')}`)
  if (!RULES.includes(config.optimizer.name))
    throw new UsageError(`optimizer is '${String(config.optimizer.name)}', expected ${RULES.join(', ')}`)
  if (!(config.learningRate > 0))
    throw new UsageError(`learning rate is ${config.learningRate}, expected a positive number`)
  if (!(config.decay > 0 && config.decay <= 1))
    throw new UsageError(`decay is ${config.decay}, expected a number in (0, 1]`)
  if (!(config.optimizer.weightDecay >= 0)) {
    throw new UsageError(`weight decay is ${config.optimizer.weightDecay}, expected a number of at least 0`)
  }
  if (config.optimizer.name === 'sgd' && !(config.optimizer.momentum >= 0 && config.optimizer.momentum < 1)) {
    throw new UsageError(`momentum is ${config.optimizer.momentum}, expected a number in [0, 1)`)
  }
}

function checkSeed(field: string, seed: number): void {
  if (!Number.isInteger(seed) || seed < 0 || seed > 0xffffffff)
    throw new UsageError(`${field} is ${seed}, expected an integer from 0 to 4294967295`)
}

/** What is asked of the data: targets, labels and folds. */
function checkTask(config: RunConfig): void {
  const { dimension, target, labels, levels, folds, foldSeed, share, stratify, validation } = config
  if (levels !== undefined && !LEVELS.includes(levels))
    throw new UsageError(`levels are ${String(levels)}, expected ${LEVELS.join(' or ')}`)
  if (target === undefined) requireScheme(parseTarget(dimension), parseLabelScheme(labels), levels)
  else checkRatingTask(config)
  parseFoldScheme(folds)
  if (foldSeed !== undefined) checkSeed('fold seed', foldSeed)
  if (share !== undefined && !(share > 0 && share <= 1))
    throw new UsageError(`share is ${share}, expected a share of the subjects above 0, at most 1`)
  if (stratify && validation === 0)
    throw new UsageError(
      '--stratify chooses the validation part, and --validation 0 holds out none; leave one of them out',
    )
}

/** Settings of classes, which a run of ratings has none of. */
function checkRatingTask({ dimension, target, labels, levels, stratify, classWeights }: RunConfig): void {
  if (target !== 'rating') throw new UsageError(`target is '${String(target)}', expected ${ANSWERS.join(' or ')}`)
  ratedDimension(parseTarget(dimension))
  const refuse = (option: string, what: string): never => {
    throw new UsageError(`${option} ${what}, and --target rating predicts the rating itself; leave one of them out`)
  }
  if (labels !== RATING_SCHEME) refuse(`--labels ${labels}`, 'parts ratings into classes')
  if (levels !== undefined) refuse(`--levels ${levels}`, 'parts ratings into classes')
  if (stratify) refuse('--stratify', 'shares out classes')
  if (classWeights !== undefined) refuse(`--class-weights ${classWeights}`, 'weighs classes')
}

/** Each known, and none twice; their order is that of the model's input. */
function checkSignals(signals: readonly Channel[]): void {
  for (const [i, name] of signals.entries()) {
    if (!CHANNELS.includes(name)) throw new UsageError(`signal '${name}' is unknown; use ${CHANNELS.join(', ')}`)
    if (signals.indexOf(name) < i) throw new UsageError(`signal '${name}' is named twice`)
  }
}

/** The layers fit the signal's length, and the first one its channels. */
function checkModel({ model, signals, dimension, target, levels, musicFrom }: RunConfig): void {
  if (model.in_channels !== signals.length) {
    throw new UsageError(
      `model setting in_channels is ${model.in_channels}, but ${signals.length} signals are read (${signals.join(', ')})`,
    )
  }
  if (musicFrom === 'listeners' && model.music_dim !== LISTENER_FEATURES)
    throw new UsageError(
      `model setting music_dim is ${model.music_dim}, but what listeners said of a song is ${LISTENER_FEATURES} numbers`,
    )
  if (target === 'rating' && model.head === 'softmax')
    throw new UsageError("model setting head is 'softmax', and --target rating has no classes; leave one of them out")
  if (target === 'rating' && model.classes !== 1)
    throw new UsageError(`model setting classes is ${model.classes}, expected 1: the rating`)
  const classes = classNames(dimension, levels)
  if (target === undefined && model.classes !== classes.length)
    throw new UsageError(`model setting classes is ${model.classes}, expected ${classes.length}: ${classes.join('; ')}`)
  summariseSettings(model)
}

/** The layers that settings describe. @throws UsageError when they do not fit each other */
export function summariseSettings(model: ModelConfig): ModelSummary {
  try {
    return summarise(model)
  } catch (error) {
    if (error instanceof ShapeError) throw new UsageError(error.message)
    throw error
  }
}

/** `mixed` (all three) or one of origin, phasic, tonic (Table 5). @throws UsageError */
export function parseSignals(text: string): Channel[] {
  if (text === 'mixed') return [...CHANNELS]
  const channel = CHANNELS.find((name) => name === text)
  if (!channel) throw new UsageError(`signals '${text}' are unknown; use mixed, ${CHANNELS.join(', ')}`)
  return [channel]
}

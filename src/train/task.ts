// A dataset under a configuration: which trials the model can read, their labels, and the folds.
import { shuffleWithinSubjects } from '../evaluation/control.ts'
import { parseLabelScheme } from '../evaluation/label_scheme.ts'
import { labelRatings, labelTrials, type LabelledTrials, type RatedTrial } from '../evaluation/labels.ts'
import { drawSubjects, ofSubjects } from '../evaluation/subject_share.ts'
import { classNames, isDimension, type Labels } from '../evaluation/targets.ts'
import { ofPass, type Trial } from '../datasets/trial.ts'
import { atOnce, type Pieces } from '../runtime/breather.ts'
import { FormatError, ShapeError } from '../runtime/errors.ts'
import { checkRunConfig, type RunConfig } from './config.ts'
import { digest } from '../formats/digest.ts'
import { foldsInPieces, parseFoldScheme, type FoldPlan } from '../evaluation/folds.ts'
import type { PreparedSet, PreparedTrial } from './prepare.ts'

/** A prepared set with its labels and folds under a configuration: the same inputs give the same folds. */
export interface Task {
  config: RunConfig
  set: PreparedSet
  labelled: LabelledTrials<PreparedTrial, Labels>
  plan: FoldPlan
}

/** What labelling and splitting look at: the signals are not needed, so this can be checked before any work is spent. */
export type SplitTrial = RatedTrial & ReadableTrial

/** What is looked at to tell which trials a model can read. */
export type ReadableTrial = Pick<Trial, 'id' | 'stimulus' | 'pass' | 'music'>

interface SplitSet<T> {
  name: string
  musicDim: number
  trials: T[]
}

/**
 * Labels the trials that the model can read. All rated trials of a subject are looked at first, so that a label does not
 * depend on whether the model hears music. @throws FormatError for data that do not fit
 */
export function labelReadable<T extends SplitTrial>(set: SplitSet<T>, config: RunConfig): LabelledTrials<T, Labels> {
  const { dimension, target, labels: scheme, levels } = config
  const all: LabelledTrials<T, Labels> =
    target === 'rating'
      ? labelRatings(ownPass(set, config), dimension)
      : labelTrials(ownPass(set, config), dimension, parseLabelScheme(scheme), levels)
  const { trials, skipped } = readableTrials({ ...set, trials: all.trials }, config)
  const readable = new Set(trials)
  const labels = all.labels.filter((_, i) => readable.has(all.trials[i]!))
  return { ...all, trials, labels, skipped: [...all.skipped, ...skipped] }
}

/**
 * Labels the trials and makes the folds. Which subjects a share of them is, whose labels a control shuffles and how people are parted
 * is decided by the folds' seed alone. @throws UsageError, FormatError for settings or data that do not fit
 */
export function splitTrials<T extends SplitTrial>(set: SplitSet<T>, config: RunConfig): Split<T> {
  return atOnce(splitInPieces(set, config))
}

interface Split<T extends SplitTrial> extends Pick<Task, 'plan'> {
  labelled: LabelledTrials<T, Labels>
  notes: string[]
}

function* splitInPieces<T extends SplitTrial>(set: SplitSet<T>, config: RunConfig): Pieces<Split<T>> {
  const { share, control, stratify, validation: validationShare, foldSeed: seed = config.seed } = config
  const all = labelReadable(set, config)
  const known = control ? shuffleWithinSubjects(all, seed) : all
  const subjects = known.trials.map(({ subject }) => subject)
  const labelled = share === undefined ? known : ofSubjects(known, drawSubjects(subjects, share, seed))
  const plan = yield* foldsInPieces(labelled.trials, parseFoldScheme(config.folds), {
    ...{ seed, validationShare },
    ...(stratify && { stratifyBy: labelled.labels }),
  })
  const notes =
    share === undefined ? [] : [shareNote(share, { seed, all: subjects, kept: labelled.trials.map((t) => t.subject) })]
  return { labelled, plan, notes }
}

function shareNote(
  share: number,
  { seed, all, kept }: { seed: number; all: readonly string[]; kept: readonly string[] },
): string {
  const names = [...new Set(kept)].sort()
  const of = `${names.length} of ${new Set(all).size} subjects were used`
  return `${of} (--share ${share}, drawn by the folds' seed ${seed}): ${names.join(', ')}.`
}

/** Labels and folds of a prepared set. @throws UsageError, FormatError for settings or data that do not fit */
export function makeTask(set: PreparedSet, config: RunConfig): Task {
  return atOnce(taskInPieces(set, config))
}

/** `makeTask` in pieces, between which others may have their turn. */
export function* taskInPieces(set: PreparedSet, config: RunConfig): Pieces<Task> {
  checkRunConfig(config)
  if (config.model.in_channels !== config.signals.length || config.model.length !== set.length) {
    throw new ShapeError(
      `the model reads [${config.model.in_channels},${config.model.length}], ` +
        `the prepared signals are [${config.signals.length},${set.length}]`,
    )
  }
  if (config.drop !== set.dropSeconds)
    throw new ShapeError(
      `the run drops ${config.drop} s of each trial, and ${set.name} was prepared without ${set.dropSeconds} s`,
    )
  const { labelled, plan, notes: made } = yield* splitInPieces(set, config)
  requireVaried(set.name, labelled.labels, config)
  const notes = [...(set.notes ?? []), ...made]
  const skipped = [...set.skipped, ...labelled.skipped]
  return {
    config,
    set: { ...set, trials: labelled.trials, skipped, ...(notes.length > 0 && { notes }) },
    labelled,
    plan,
  }
}

/** @throws FormatError for labels or ratings that are all the same */
function requireVaried(name: string, labels: Labels, { dimension, target, labels: scheme, levels }: RunConfig): void {
  const [first] = labels
  if (!labels.every((label) => label === first)) return
  const same =
    target === 'rating'
      ? `every rating of ${dimension} is ${first!}`
      : `every ${dimension} label is ${classNames(dimension, levels)[first!]!} by --labels ${scheme}`
  throw new FormatError(`${name}: ${same}, which leaves nothing to learn`)
}

/** @throws FormatError when there are none */
function ownPass<T extends Pick<Trial, 'pass'>>({ name, trials }: SplitSet<T>, { dimension }: RunConfig): T[] {
  if (!isDimension(dimension)) {
    if (trials.every(({ pass }) => pass === undefined)) return trials
    throw new FormatError(
      `${name}: each song was heard once for arousal and once for valence, and ${dimension} belongs to neither of the two; use --dimension arousal or valence`,
    )
  }
  const own = ofPass(trials, dimension)
  if (own.length === 0 && trials.length > 0)
    throw new FormatError(
      `${name}: all ${trials.length} trials are of the ${trials[0]!.pass!} pass, and a model of ${dimension} reads the ${dimension} pass`,
    )
  return own
}

/**
 * Leaves out the trials of another pass, and those without a music vector when the model reads music.
 * @throws FormatError for vectors of another length, and when no trial is left
 */
export function readableTrials<T extends ReadableTrial>(
  set: SplitSet<T>,
  config: RunConfig,
): { trials: T[]; skipped: PreparedSet['skipped'] } {
  const { name, musicDim } = set
  const { model } = config
  const trials = ownPass(set, config)
  if (model.music_dim === 0 || config.musicFrom === 'listeners') return { trials, skipped: [] }
  if (musicDim !== model.music_dim) {
    throw new FormatError(
      `${name} has music vectors of length ${musicDim}, the model reads ${model.music_dim}; give tables of the same features (--features)`,
    )
  }
  const reason = (stimulus: string): string => `stimulus '${stimulus}' has no row in music.csv`
  const silent = trials.filter(({ music }) => !music)
  const skipped = silent.map(({ id, stimulus }) => ({ source: `trial ${id}`, reason: reason(stimulus) }))
  if (silent.length === trials.length) {
    throw new FormatError(
      `${name}: the model reads music, and none of ${trials.length} trials has any; the first: ${skipped[0]?.reason ?? 'no trials'}`,
    )
  }
  return { trials: trials.filter(({ music }) => music), skipped }
}

/**
 * What tells whether results belong together: trials, labels, folds and recordings. Of the signals only the first channel
 * counts: it comes from the recording alone, where phasic and tonic differ in their last bits between devices.
 */
export function taskDigest({ config, set, labelled, plan }: Task): Promise<string> {
  const folds = plan.folds.map(({ name, train, validation, test }) => [name, train, validation, test])
  const trials = set.trials.flatMap(({ id, subject, stimulus, signals, music, ratings }, i) => [
    JSON.stringify([id, subject, stimulus, labelled.labels[i]]),
    signals.subarray(0, set.length),
    ...musicOf(config, music, ratings),
  ])
  return digest([JSON.stringify(folds), ...trials])
}

/** What a model knows of a trial beside its signals. */
function musicOf({ model, musicFrom }: RunConfig, music?: Float32Array, ratings?: PreparedTrial['ratings']) {
  if (musicFrom === 'listeners') return ratings ? [JSON.stringify([ratings.valence, ratings.arousal])] : []
  return model.music_dim > 0 && music ? [music] : []
}

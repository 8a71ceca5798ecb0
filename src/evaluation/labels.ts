// From ratings to classes (RTCAN-1D, section 4.2): low and high per subject, or per song; with a middle; or quadrants.
import { FormatError } from '../runtime/errors.ts'
import { groupBy } from '../datasets/group.ts'
import { DIMENSIONS, type Dimension, type Trial } from '../datasets/trial.ts'
import { isControl, plainScheme } from './control.ts'
import { ruleFor, schemeName, type LabelScheme, type Rule } from './label_scheme.ts'
import { songLabels, type SongLabels } from './song_labels.ts'
import {
  isDimension,
  ratedDimension,
  ratingFor,
  requireScheme,
  type Labels,
  type Levels,
  type RatedDimension,
  type Target,
} from './targets.ts'

/** What a subject's ratings gave; of people who heard each stimulus twice, those of one pass. */
export interface SubjectLabels extends Rule {
  subject: string
  pass?: Dimension
  /** Of quadrants, in which of the two dimensions. */
  dimension?: Dimension
  trials: number
  /** Trials of the highest class. */
  high: number
  weak: boolean
}

/** What labelling looks at; the signal is not needed. */
export type RatedTrial = Pick<
  Trial,
  'subject' | 'stimulus' | 'pass' | 'ratings' | 'ratingScale' | 'stimulusRatings' | 'columns' | 'dataset' | 'source'
>

/** Trials with a class each, or with their ratings as they are. */
export interface LabelledTrials<T extends RatedTrial = Trial, L extends Labels = Uint8Array> {
  dimension: Target
  /** The scheme as it is written on the command line, `rating` where there are no classes; of shuffled labels with a mark. */
  scheme: string
  trials: T[]
  /** The class of each of `trials`, as `classNames` has them: of two 1 is high. */
  labels: L
  subjects: SubjectLabels[]
  /** What the songs' means gave; for the scheme `song` only. */
  songs?: SongLabels
  skipped: { source: string; reason: string }[]
}

/** What whoever reads a result must know of its labels, by the name of their scheme; nothing for those of listeners. */
export function doubtOfLabels(shown: string): string | undefined {
  const doubts = [
    ...(isControl(shown)
      ? [
          'labels were shuffled within each person: a control, whose results must be those of chance, whatever the model',
        ]
      : []),
    ...(plainScheme(shown) === 'song'
      ? [
          'labels are of songs, not of listeners; a model that knows the song can be right without reading skin conductance',
        ]
      : []),
  ]
  return doubts.length > 0 ? doubts.join('; ') : undefined
}

/**
 * Labels every trial of every subject. Subjects are judged by their own ratings alone, and by all of them in one pass: folds that split
 * a subject's trials (within-subject, random, stimulus, some columns) train on labels whose threshold tested ratings have moved.
 * Unrated trials, and subjects with fewer distinct ratings than classes, are dropped with the reason.
 * @throws UsageError for a scheme that does not make these classes
 * @throws FormatError if no trial can be labelled, a rating is not finite, or a label column is missing or not 0/1
 */
export function labelTrials<T extends RatedTrial>(
  trials: readonly T[],
  target: Target,
  scheme: LabelScheme,
  levels: Levels = 2,
): LabelledTrials<T> {
  requireScheme(target, scheme, levels)
  for (const trial of trials) requireFiniteRatings(trial)
  return target === 'quadrant' ? quadrants(trials, scheme) : labelOne(trials, target, scheme, levels)
}

/** What the scheme of ratings as they are is called, which makes no classes. */
export const RATING_SCHEME = 'rating'

/**
 * The ratings themselves, in the unit in which they were given. Unrated trials are dropped with the reason.
 * @throws UsageError for quadrants, which are no rating; FormatError if no trial is rated, or a rating is not finite
 */
export function labelRatings<T extends RatedTrial>(
  trials: readonly T[],
  target: Target,
): LabelledTrials<T, Float64Array> {
  const dimension = ratedDimension(target)
  for (const trial of trials) requireFiniteRatings(trial)
  const skipped: LabelledTrials['skipped'] = []
  const kept = trials.filter((trial) => {
    const isRated = ratingFor(trial, dimension) !== undefined
    if (!isRated) skipped.push({ source: trial.source, reason: 'not rated' })
    return isRated
  })
  if (kept.length === 0) throw new FormatError(nothingLabelled(trials, dimension, RATING_SCHEME))
  const labels = Float64Array.from(kept, (trial) => ratingFor(trial, dimension)!)
  return { dimension, scheme: RATING_SCHEME, trials: kept, labels, subjects: [], skipped }
}

/** Both dimensions, each by its own thresholds: class 1 for high valence, and 2 more for high arousal. */
function quadrants<T extends RatedTrial>(trials: readonly T[], scheme: LabelScheme): LabelledTrials<T> {
  const [arousal, valence] = [labelOne(trials, 'arousal', scheme, 2), labelOne(trials, 'valence', scheme, 2)]
  const classOf = ({ trials: own, labels }: LabelledTrials<T>) => new Map(own.map((trial, i) => [trial, labels[i]!]))
  const [high, pleasant] = [classOf(arousal), classOf(valence)]
  const kept = trials.filter((trial) => high.has(trial) && pleasant.has(trial))
  if (kept.length === 0) throw new FormatError(nothingLabelled(trials, 'quadrant', schemeName(scheme)))
  const people = new Set(kept.map(({ subject }) => subject))
  const subjects = [arousal, valence].flatMap((of, i) =>
    of.subjects.filter(({ subject }) => people.has(subject)).map((own) => ({ ...own, dimension: DIMENSIONS[i]! })),
  )
  const reasons = [...arousal.skipped, ...valence.skipped].map((one) => [JSON.stringify(one), one] as const)
  const labels = Uint8Array.from(kept, (trial) => 2 * high.get(trial)! + pleasant.get(trial)!)
  const skipped = [...new Map(reasons).values()]
  return { dimension: 'quadrant', scheme: arousal.scheme, trials: kept, labels, subjects, skipped }
}

/** One rating, in two or three classes. */
function labelOne<T extends RatedTrial>(
  trials: readonly T[],
  dimension: RatedDimension,
  scheme: LabelScheme,
  levels: Levels,
): LabelledTrials<T> {
  const songs = scheme.kind === 'song' && isDimension(dimension) ? songLabels(trials, dimension) : undefined
  const ratingOf = (trial: T): number | undefined =>
    songs ? songs.ratings.get(trial.stimulus) : ratingFor(trial, dimension)
  const skipped: LabelledTrials['skipped'] = []
  const usable =
    scheme.kind === 'column'
      ? trials
      : trials.filter((trial) => {
          const isRated = ratingOf(trial) !== undefined
          if (!isRated) skipped.push({ source: trial.source, reason: songs ? 'its song is not rated' : 'not rated' })
          return isRated
        })
  const facts = { range: ratingRange(usable, dimension), songThreshold: songs?.labels.threshold, levels }
  const subjects: SubjectLabels[] = []
  const labelOf = new Map<T, number>()
  for (const own of groupBy(usable, ({ subject, pass }) => JSON.stringify([subject, pass])).values()) {
    const { subject, pass } = own[0]!
    const rule = ruleFor(own, dimension, scheme, facts)
    if (!rule) {
      const reason =
        levels === 3
          ? 'fewer than three distinct ratings, so there are no two thresholds'
          : 'fewer than two distinct ratings, so there is no threshold'
      skipped.push({ source: `subject ${subject}`, reason })
      continue
    }
    const bounds = rule.thresholds ?? (rule.threshold === undefined ? undefined : [rule.threshold])
    for (const trial of own)
      labelOf.set(trial, bounds ? classAbove(bounds, ratingOf(trial)!) : Number(columnLabel(trial, dimension)))
    const high = own.filter((trial) => labelOf.get(trial) === levels - 1).length
    subjects.push({ subject, ...(pass && { pass }), trials: own.length, high, weak: false, ...rule })
  }
  const kept = trials.filter((trial) => labelOf.has(trial))
  if (kept.length === 0) throw new FormatError(nothingLabelled(trials, dimension, schemeName(scheme)))
  const labels = Uint8Array.from(kept, (trial) => labelOf.get(trial)!)
  const said = { dimension, scheme: schemeName(scheme), trials: kept, labels, subjects, skipped }
  return songs ? { ...said, songs: songs.labels } : said
}

/** How many of the thresholds a rating is above. */
const classAbove = (thresholds: readonly number[], rating: number): number =>
  thresholds.filter((threshold) => rating > threshold).length

/** A rating that is no number moves every threshold. */
function requireFiniteRatings({ ratings, stimulusRatings, source }: RatedTrial): void {
  for (const [what, of] of [
    ['', ratings],
    ['mean ', stimulusRatings],
  ] as const)
    for (const dimension of DIMENSIONS)
      if (of && !Number.isFinite(of[dimension]))
        throw new FormatError(`${source}: its ${what}${dimension} is ${of[dimension]}, expected a finite rating`)
}

/** Why no trial has a label, and what would give some. */
function nothingLabelled(trials: readonly RatedTrial[], target: Target, scheme: string): string {
  const isFurther = target !== 'quadrant' && !isDimension(target)
  if (isFurther && !trials.some((trial) => ratingFor(trial, target) !== undefined))
    return `no trial is rated in ${target}; it is read from a column '${target}', which DEAP, AMIGOS and trial tables with such a column have`
  const [ofSong] = trials.filter(({ stimulusRatings }) => stimulusRatings)
  if (scheme === 'song' || trials.some(({ ratings }) => ratings) || !ofSong) {
    const [of] = trials
    const needed =
      of?.dataset === 'recordings'
        ? 'a folder of recordings has no ratings: it can be predicted; to train on it, write a trial table with ratings (docs/datasets.md)'
        : of?.dataset === undefined
          ? 'trials.csv needs valence and arousal ratings'
          : `labels "${scheme}" need ratings of valence and arousal, two different ones at least`
    return `no trial has a usable ${target} label; ${needed}`
  }
  if (scheme === RATING_SCHEME)
    return `the data have no ratings by listeners, only means of songs; predict classes of songs in their place, without --target rating and with --labels song.`
  return ofSong.dataset === 'pmemo2019'
    ? `PMEmo2019 has no per-listener ratings, which labels "${scheme}" need: use the 2018/01 release, or --labels song.`
    : `the data have no ratings by listeners, which labels "${scheme}" need, only means of songs: use --labels song.`
}

function columnLabel({ columns, source }: RatedTrial, dimension: RatedDimension): boolean {
  const column = `${dimension}_high`
  const cell = columns[column]?.trim()
  if (cell === '0' || cell === '1') return cell === '1'
  const found = cell === undefined ? 'missing' : `'${cell}'`
  throw new FormatError(`${source}: column '${column}' is ${found}, expected 0 or 1`)
}

function ratingRange(trials: readonly RatedTrial[], dimension: RatedDimension): number {
  const values = trials.flatMap((trial) => ratingFor(trial, dimension) ?? [])
  return values.reduce((a, b) => Math.max(a, b), -Infinity) - values.reduce((a, b) => Math.min(a, b), Infinity)
}

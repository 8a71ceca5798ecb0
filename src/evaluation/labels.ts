// From ratings to high/low labels (RTCAN-1D, section 4.2): per subject, or per song.
import { FormatError, UsageError } from '../runtime/errors.ts'
import { groupBy } from '../datasets/group.ts'
import { DIMENSIONS, type Dimension, type Trial } from '../datasets/trial.ts'
import { songLabels, type SongLabels } from './song_labels.ts'
import { separationOf, twoMeans } from './two_means.ts'

/** How ratings become low and high. */
export type LabelScheme =
  /** Per subject: 2-means on (valence, arousal), threshold at the midpoint of the centres. The paper's. */
  | { kind: 'two-means' }
  /** Per subject: 2-means on the one dimension alone. */
  | { kind: 'per-dimension' }
  /** Per subject: its median rating. */
  | { kind: 'median' }
  /** Per song: 2-means on the songs' mean (valence, arousal), one threshold for all; every trial has its song's label. */
  | { kind: 'song' }
  /** One threshold for everybody. */
  | { kind: 'fixed'; threshold: number }
  /** The 0/1 column `<dimension>_high` of trials.csv. */
  | { kind: 'column' }

/** What a subject's ratings gave; of people who heard each stimulus twice, those of one pass. */
export interface SubjectLabels {
  subject: string
  pass?: Dimension
  trials: number
  high: number
  /** High when the rating, of the person or of the song, is greater; absent for labels read from a column. */
  threshold?: number
  /** Two-means only: centres as [valence, arousal]. */
  centers?: [number[], number[]]
  /** Distance of the two centres in this dimension as a share of the range of all ratings. */
  separation?: number
  /** The centres part mainly in the other dimension, so the threshold is arbitrary: separation under a tenth. */
  weak: boolean
}

/** What labelling looks at; the signal is not needed. */
export type RatedTrial = Pick<
  Trial,
  'subject' | 'stimulus' | 'pass' | 'ratings' | 'stimulusRatings' | 'columns' | 'dataset' | 'source'
>

/** Trials with a class each. */
export interface LabelledTrials<T extends RatedTrial = Trial> {
  dimension: Dimension
  /** The scheme as it is written on the command line. */
  scheme: string
  trials: T[]
  /** 1 = high, one for each of `trials`. */
  labels: Uint8Array
  subjects: SubjectLabels[]
  /** What the songs' means gave; for the scheme `song` only. */
  songs?: SongLabels
  skipped: { source: string; reason: string }[]
}

/** What whoever reads a result must know of its labels; nothing for those of listeners. */
export const doubtOfLabels = (scheme: string): string | undefined =>
  scheme === 'song'
    ? 'labels are of songs, not of listeners; a model that knows the song can be right without reading skin conductance'
    : undefined

/** @throws UsageError for anything but arousal and valence */
export function parseDimension(text: string): Dimension {
  const found = DIMENSIONS.find((dimension) => dimension === text)
  if (!found) throw new UsageError(`dimension '${text}' is unknown; use ${DIMENSIONS.join(' or ')}`)
  return found
}

const PLAIN_SCHEMES = ['two-means', 'per-dimension', 'median', 'song', 'column'] as const

/** `two-means`, `per-dimension`, `median`, `song`, `column` or `fixed:T`. @throws UsageError for anything else */
export function parseLabelScheme(text: string): LabelScheme {
  const plain = PLAIN_SCHEMES.find((name) => name === text)
  if (plain) return { kind: plain }
  const [kind, value = ''] = text.split(':')
  const threshold = Number(value)
  if (kind === 'fixed' && value.trim() !== '' && Number.isFinite(threshold)) return { kind, threshold }
  throw new UsageError(`labels '${text}' are unknown; use ${PLAIN_SCHEMES.join(', ')} or fixed:T (T a rating)`)
}

/**
 * Labels every trial of every subject. Subjects are judged by their own ratings alone, and by all of them in one pass: folds that split
 * a subject's trials (random, stimulus, some columns) train on labels whose threshold tested ratings have moved.
 * Unrated trials, and subjects with fewer than two distinct ratings, are dropped with the reason.
 * @throws FormatError if no trial can be labelled, a rating is not finite, or a label column is missing or not 0/1
 */
export function labelTrials<T extends RatedTrial>(
  trials: readonly T[],
  dimension: Dimension,
  scheme: LabelScheme,
): LabelledTrials<T> {
  for (const trial of trials) requireFiniteRatings(trial)
  const songs = scheme.kind === 'song' ? songLabels(trials, dimension) : undefined
  const ratingOf = ({ stimulus, ratings }: T): number | undefined =>
    songs ? songs.ratings.get(stimulus) : ratings?.[dimension]
  const skipped: LabelledTrials['skipped'] = []
  const usable =
    scheme.kind === 'column'
      ? trials
      : trials.filter((trial) => {
          const isRated = ratingOf(trial) !== undefined
          if (!isRated) skipped.push({ source: trial.source, reason: songs ? 'its song is not rated' : 'not rated' })
          return isRated
        })
  const range = ratingRange(usable, dimension)
  const subjects: SubjectLabels[] = []
  const labelOf = new Map<T, number>()
  for (const own of groupBy(usable, ({ subject, pass }) => JSON.stringify([subject, pass])).values()) {
    const { subject, pass } = own[0]!
    const rule = ruleFor(own, dimension, scheme, { range, songThreshold: songs?.labels.threshold })
    if (!rule) {
      const reason = 'fewer than two distinct ratings, so there is no threshold'
      skipped.push({ source: `subject ${subject}`, reason })
      continue
    }
    for (const trial of own) {
      const isHigh = rule.threshold === undefined ? columnLabel(trial, dimension) : ratingOf(trial)! > rule.threshold
      labelOf.set(trial, Number(isHigh))
    }
    const high = own.reduce((sum, trial) => sum + labelOf.get(trial)!, 0)
    subjects.push({ subject, ...(pass && { pass }), trials: own.length, high, weak: false, ...rule })
  }
  const kept = trials.filter((trial) => labelOf.has(trial))
  if (kept.length === 0) throw new FormatError(nothingLabelled(trials, dimension, schemeName(scheme)))
  const labels = Uint8Array.from(kept, (trial) => labelOf.get(trial)!)
  const said = { dimension, scheme: schemeName(scheme), trials: kept, labels, subjects, skipped }
  return songs ? { ...said, songs: songs.labels } : said
}

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
function nothingLabelled(trials: readonly RatedTrial[], dimension: Dimension, scheme: string): string {
  const [ofSong] = trials.filter(({ stimulusRatings }) => stimulusRatings)
  if (scheme === 'song' || trials.some(({ ratings }) => ratings) || !ofSong) {
    const [of] = trials
    const needed =
      of?.dataset === 'recordings'
        ? 'a folder of recordings has no ratings: it can be predicted; to train on it, write a trial table with ratings (docs/datasets.md)'
        : of?.dataset === undefined
          ? 'trials.csv needs valence and arousal ratings'
          : `labels "${scheme}" need ratings of valence and arousal, two different ones at least`
    return `no trial has a usable ${dimension} label; ${needed}`
  }
  return ofSong.dataset === 'pmemo2019'
    ? `PMEmo2019 has no per-listener ratings, which labels "${scheme}" need: use the 2018/01 release, or --labels song.`
    : `the data have no ratings by listeners, which labels "${scheme}" need, only means of songs: use --labels song.`
}

/** As it is written on the command line. */
export const schemeName = (scheme: LabelScheme): string =>
  scheme.kind === 'fixed' ? `fixed:${scheme.threshold}` : scheme.kind

type Rule = Partial<Pick<SubjectLabels, 'threshold' | 'centers' | 'separation' | 'weak'>>

/** The threshold of one person's trials, if there is any; nothing for a person of whom there can be none. */
function ruleFor(
  own: readonly RatedTrial[],
  dimension: Dimension,
  scheme: LabelScheme,
  { range, songThreshold }: { range: number; songThreshold: number | undefined },
): Rule | undefined {
  if (scheme.kind === 'column') return {}
  if (songThreshold !== undefined) return { threshold: songThreshold }
  if (scheme.kind === 'fixed') return { threshold: scheme.threshold }
  const ratings = own.flatMap((trial) => trial.ratings ?? [])
  const values = ratings.map((rating) => rating[dimension])
  const joint = scheme.kind === 'two-means'
  const points = joint ? ratings.map((rating) => [rating.valence, rating.arousal]) : values.map((value) => [value])
  if (new Set(points.map(String)).size < 2) return undefined
  if (scheme.kind === 'median') return { threshold: median(values) }
  const clusters = twoMeans(points)
  const axis = joint && dimension === 'arousal' ? 1 : 0
  return {
    threshold: clusters.threshold[axis]!,
    ...separationOf(clusters, axis, range),
    ...(joint && { centers: clusters.centers }),
  }
}

function columnLabel({ columns, source }: RatedTrial, dimension: Dimension): boolean {
  const column = `${dimension}_high`
  const cell = columns[column]?.trim()
  if (cell === '0' || cell === '1') return cell === '1'
  const found = cell === undefined ? 'missing' : `'${cell}'`
  throw new FormatError(`${source}: column '${column}' is ${found}, expected 0 or 1`)
}

function ratingRange(trials: readonly RatedTrial[], dimension: Dimension): number {
  const values = trials.flatMap((trial) => trial.ratings?.[dimension] ?? [])
  return values.reduce((a, b) => Math.max(a, b), -Infinity) - values.reduce((a, b) => Math.min(a, b), Infinity)
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle]!
  return sorted.length % 2 ? upper : (sorted[middle - 1]! + upper) / 2
}

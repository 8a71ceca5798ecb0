// From self-reported ratings to high/low labels (RTCAN-1D, section 4.2), per subject.
import { FormatError, UsageError } from '../runtime/errors.ts'
import { groupBy } from '../datasets/group.ts'
import { DIMENSIONS, type Dimension, type Trial } from '../datasets/trial.ts'
import { twoMeans } from './two_means.ts'

/** How ratings become low and high. */
export type LabelScheme =
  /** Per subject: 2-means on (valence, arousal), threshold at the midpoint of the centres. The paper's. */
  | { kind: 'two-means' }
  /** Per subject: 2-means on the one dimension alone. */
  | { kind: 'per-dimension' }
  /** Per subject: its median rating. */
  | { kind: 'median' }
  /** One threshold for everybody. */
  | { kind: 'fixed'; threshold: number }
  /** The 0/1 column `<dimension>_high` of trials.csv. */
  | { kind: 'column' }

/** What a subject's ratings gave. */
export interface SubjectLabels {
  subject: string
  trials: number
  high: number
  /** High when the rating is greater; absent for labels read from a column. */
  threshold?: number
  /** Two-means only: centres as [valence, arousal]. */
  centers?: [number[], number[]]
  /** Distance of the two centres in this dimension as a share of the range of all ratings. */
  separation?: number
  /** The centres part mainly in the other dimension, so the threshold is arbitrary: separation under a tenth. */
  weak: boolean
}

/** What labelling looks at; the signal is not needed. */
export type RatedTrial = Pick<Trial, 'subject' | 'ratings' | 'columns' | 'source'>

/** Trials with a class each. */
export interface LabelledTrials<T extends RatedTrial = Trial> {
  dimension: Dimension
  /** The scheme as it is written on the command line. */
  scheme: string
  trials: T[]
  /** 1 = high, one for each of `trials`. */
  labels: Uint8Array
  subjects: SubjectLabels[]
  skipped: { source: string; reason: string }[]
}

const WEAK_SEPARATION = 0.1

/** @throws UsageError for anything but arousal and valence */
export function parseDimension(text: string): Dimension {
  const found = DIMENSIONS.find((dimension) => dimension === text)
  if (!found) throw new UsageError(`dimension '${text}' is unknown; use ${DIMENSIONS.join(' or ')}`)
  return found
}

/** `two-means`, `per-dimension`, `median`, `column` or `fixed:T`. @throws UsageError for anything else */
export function parseLabelScheme(text: string): LabelScheme {
  if (text === 'two-means' || text === 'per-dimension' || text === 'median' || text === 'column') return { kind: text }
  const [kind, value = ''] = text.split(':')
  const threshold = Number(value)
  if (kind === 'fixed' && value.trim() !== '' && Number.isFinite(threshold)) return { kind, threshold }
  throw new UsageError(
    `labels '${text}' are unknown; use two-means, per-dimension, median, column or fixed:T (T a rating)`,
  )
}

/**
 * Labels every trial of every subject. Subjects are judged by their own ratings alone, and by all of them: folds that split a
 * subject's trials (random, stimulus, some columns) train on labels whose threshold tested ratings have moved.
 * Unrated trials, and subjects with fewer than two distinct ratings, are dropped with the reason.
 * @throws FormatError if no trial can be labelled, or a label column is missing or not 0/1
 */
export function labelTrials<T extends RatedTrial>(
  trials: readonly T[],
  dimension: Dimension,
  scheme: LabelScheme,
): LabelledTrials<T> {
  const skipped: LabelledTrials['skipped'] = []
  const usable =
    scheme.kind === 'column'
      ? trials
      : trials.filter((trial) => {
          if (!trial.ratings) skipped.push({ source: trial.source, reason: 'not rated' })
          return trial.ratings
        })
  const range = ratingRange(usable, dimension)
  const subjects: SubjectLabels[] = []
  const labelOf = new Map<T, number>()
  for (const [subject, own] of groupBy(usable, (trial) => trial.subject)) {
    const rule = scheme.kind === 'column' ? {} : thresholdOf(own, dimension, scheme, range)
    if (!rule) {
      const reason = 'fewer than two distinct ratings, so there is no threshold'
      skipped.push({ source: `subject ${subject}`, reason })
      continue
    }
    for (const trial of own) labelOf.set(trial, labelFor(trial, dimension, rule.threshold))
    const high = own.reduce((sum, trial) => sum + (labelOf.get(trial) ?? 0), 0)
    const weak = rule.separation !== undefined && rule.separation < WEAK_SEPARATION
    subjects.push({ subject, trials: own.length, high, weak, ...rule })
  }
  const kept = trials.filter((trial) => labelOf.has(trial))
  if (kept.length === 0) {
    throw new FormatError(`no trial has a usable ${dimension} label; trials.csv needs valence and arousal ratings`)
  }
  const labels = Uint8Array.from(kept, (trial) => labelOf.get(trial)!)
  return { dimension, scheme: schemeName(scheme), trials: kept, labels, subjects, skipped }
}

const schemeName = (scheme: LabelScheme): string =>
  scheme.kind === 'fixed' ? `fixed:${scheme.threshold}` : scheme.kind

type Rule = Pick<SubjectLabels, 'threshold' | 'centers' | 'separation'>

function thresholdOf(
  own: readonly RatedTrial[],
  dimension: Dimension,
  scheme: Exclude<LabelScheme, { kind: 'column' }>,
  range: number,
): Rule | undefined {
  if (scheme.kind === 'fixed') return { threshold: scheme.threshold }
  const ratings = own.flatMap((trial) => trial.ratings ?? [])
  const values = ratings.map((rating) => rating[dimension])
  const joint = scheme.kind === 'two-means'
  const points = joint ? ratings.map((rating) => [rating.valence, rating.arousal]) : values.map((value) => [value])
  if (new Set(points.map(String)).size < 2) return undefined
  if (scheme.kind === 'median') return { threshold: median(values) }
  const { centers, threshold } = twoMeans(points)
  const axis = joint && dimension === 'arousal' ? 1 : 0
  const distance = Math.abs(centers[1][axis]! - centers[0][axis]!)
  return {
    threshold: threshold[axis]!,
    separation: range > 0 ? distance / range : 0,
    ...(joint && { centers }),
  }
}

function labelFor(trial: RatedTrial, dimension: Dimension, threshold: number | undefined): number {
  if (threshold !== undefined) return trial.ratings![dimension] > threshold ? 1 : 0
  const column = `${dimension}_high`
  const cell = trial.columns[column]?.trim()
  if (cell === '0' || cell === '1') return Number(cell)
  const found = cell === undefined ? 'missing' : `'${cell}'`
  throw new FormatError(`${trial.source}: column '${column}' is ${found}, expected 0 or 1`)
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

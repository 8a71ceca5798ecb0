// How a scheme makes thresholds of one person's ratings.
import { UsageError } from '../runtime/errors.ts'
import { ratingFor, type Levels, type RatedDimension, type Rating } from './targets.ts'
import { threeMeans } from './three_means.ts'
import { separationOf, twoMeans } from './two_means.ts'

/** How ratings become low and high. */
export type LabelScheme =
  /** Per subject: 2-means on (valence, arousal), threshold at the midpoint of the centres. The paper's. */
  | { kind: 'two-means' }
  /** Per subject: 2-means on the one dimension alone, or 3-means for three levels. */
  | { kind: 'per-dimension' }
  /** Per subject: its median rating. */
  | { kind: 'median' }
  /** Per song: 2-means on the songs' mean (valence, arousal), one threshold for all; every trial has its song's label. */
  | { kind: 'song' }
  /** One threshold for everybody. */
  | { kind: 'fixed'; threshold: number }
  /** The 0/1 column `<dimension>_high` of trials.csv; of quadrants both. */
  | { kind: 'column' }

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

/** As it is written on the command line. */
export const schemeName = (scheme: LabelScheme): string =>
  scheme.kind === 'fixed' ? `fixed:${scheme.threshold}` : scheme.kind

/** The thresholds of one person's trials, and what they come from. */
export interface Rule {
  /** High when the rating, of the person or of the song, is greater; absent for labels read from a column. */
  threshold?: number
  /** Of three levels: middle above the first, high above the second. */
  thresholds?: [number, number]
  /** Two-means only: centres as [valence, arousal]. */
  centers?: [number[], number[]]
  /** Distance of the two centres (of three, the least of neighbours) in this dimension as a share of the range of all ratings. */
  separation?: number
  /** The centres part mainly in the other dimension, so the threshold is arbitrary: separation under a tenth. */
  weak?: boolean
}

/** What the thresholds of a person depend on, beside that person's ratings. */
export interface RuleFacts {
  /** Of all people's ratings. */
  range: number
  songThreshold: number | undefined
  levels: Levels
}

/** The thresholds of one person's trials, if there are any; nothing for a person of whom there can be none. */
export function ruleFor(
  own: readonly Rating[],
  dimension: RatedDimension,
  scheme: LabelScheme,
  { range, songThreshold, levels }: RuleFacts,
): Rule | undefined {
  if (scheme.kind === 'column') return {}
  if (songThreshold !== undefined) return { threshold: songThreshold }
  if (scheme.kind === 'fixed') return { threshold: scheme.threshold }
  const values = own.flatMap((trial) => ratingFor(trial, dimension) ?? [])
  if (levels === 3) return threeLevels(values, range)
  const joint = scheme.kind === 'two-means'
  const points = joint
    ? own.flatMap(({ ratings }) => (ratings ? [[ratings.valence, ratings.arousal]] : []))
    : values.map((value) => [value])
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

function threeLevels(values: readonly number[], range: number): Rule | undefined {
  if (new Set(values).size < 3) return undefined
  const { centers, thresholds } = threeMeans(values)
  const [low, middle, high] = centers.map((center) => [center]) as [number[], number[], number[]]
  const gaps = [[low, middle] as const, [middle, high] as const].map(([a, b]) =>
    separationOf({ centers: [a, b] }, 0, range),
  )
  return { thresholds, ...gaps.reduce((a, b) => (b.separation < a.separation ? b : a)) }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle]!
  return sorted.length % 2 ? upper : (sorted[middle - 1]! + upper) / 2
}

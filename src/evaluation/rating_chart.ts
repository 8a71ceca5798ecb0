// One person's ratings as the paper draws them (RTCAN-1D, figure 3): two clusters, their centres, and the thresholds halfway.
import { xAxis, yAxis, type Panel } from '../charts/axes.ts'
import {
  extent,
  label,
  linearScale,
  niceTicks,
  palette,
  round,
  svg,
  tag,
  tickLabels,
  type Scale,
} from '../charts/svg.ts'
import { groupBy } from '../datasets/group.ts'
import type { Dimension, Ratings } from '../datasets/trial.ts'
import { FormatError } from '../runtime/errors.ts'
import { twoMeans } from './two_means.ts'

/** Whose ratings are drawn, and on what scale. */
export interface RatingChart {
  subject: string
  /** What the dataset is called. */
  dataset: string
  ratings: readonly Ratings[]
  /** Least and largest rating that the scale allows; without one the axes go as far as the ratings. */
  scale: readonly [number, number] | null
  /** Dimensions in which the centres are close together, so that the threshold says little. */
  weak: readonly Dimension[]
}

const SIZE = 280
const LEFT = 40
const TOP = 96
/** Right of the panel stands a threshold. */
const WIDTH = LEFT + SIZE + 52
const HEIGHT = TOP + SIZE + 46
/** Of the axes' length, on both sides, so that marks at the ends of the scale are whole. */
const MARGIN = 0.04
/** Pixels from the panel's left that the title of its y axis takes. */
const AXIS_TITLE = 70
/** Pixels, of a mark of one rating; its area is that of as many marks as there are ratings. */
const RADIUS = 4

const clusters = [
  { color: palette.blue, path: (r: number) => `M${-r} 0a${r} ${r} 0 1 1 ${2 * r} 0a${r} ${r} 0 1 1 ${-2 * r} 0Z` },
  { color: palette.orange, path: (r: number) => `M0 ${-1.25 * r}L${1.25 * r} 0L0 ${1.25 * r}L${-1.25 * r} 0Z` },
] as const

/**
 * Ratings of valence (right) and arousal (up), once for each stimulus that was heard.
 * @throws FormatError for fewer than two distinct ratings, which have no two clusters
 */
export function ratingChart({ subject, dataset, ratings, scale, weak }: RatingChart): string {
  const points = ratings.map(({ valence, arousal }) => [valence, arousal] as const)
  if (new Set(points.map(String)).size < 2)
    throw new FormatError(
      `subject ${subject} of ${dataset} has ${ratings.length} ratings and no two that differ; there are no clusters to draw`,
    )
  const { centers, threshold, assignment } = twoMeans(points)
  // Distances count the same in both dimensions, so both axes are one.
  const axis = withMargin(scale ?? extent(points.flat()))
  const panel: Panel = {
    ...{ left: LEFT, top: TOP, width: SIZE, height: SIZE },
    x: linearScale(...axis, LEFT, LEFT + SIZE),
    y: linearScale(...axis, TOP + SIZE, TOP),
  }
  const at = (point: readonly number[]) => `translate(${round(panel.x.at(point[0]!))} ${round(panel.y.at(point[1]!))})`
  const marks = [...groupBy(points.keys(), (i) => String(points[i]))].map(([, same]) => {
    const { color, path } = clusters[assignment[same[0]!] as 0 | 1]
    const look = { fill: color, 'fill-opacity': 0.55, stroke: color }
    return tag('path', { d: path(round(RADIUS * Math.sqrt(same.length))), transform: at(points[same[0]!]!), ...look })
  })
  const body = [
    ...heading(subject, dataset, ratings.length, weak),
    key(),
    yAxis(panel, 'Arousal'),
    xAxis(panel, { title: 'Valence', ticks: niceTicks(panel.x.low, panel.x.high, 4) }),
    ...thresholdLines(panel, threshold),
    ...marks,
    ...centers.map((center, k) => centreMark(clusters[k as 0 | 1].color, at(center))),
  ]
  const description = `Ratings of subject ${subject} of ${dataset} in two clusters; valence is high above ${shortOn(panel.x, threshold[0]!)}, arousal above ${shortOn(panel.y, threshold[1]!)}`
  return svg(WIDTH, HEIGHT, description, body.join(''))
}

function withMargin([low, high]: readonly [number, number]): [number, number] {
  const margin = MARGIN * (high - low)
  return [low - margin, high + margin]
}

function heading(subject: string, dataset: string, count: number, weak: readonly Dimension[]): string[] {
  const doubt =
    weak.length > 0 ? `centres close together in ${weak.join(' and ')}` : 'high is right of and above the lines'
  return [
    label(12, 20, `${shortened(subject)}, ${shortened(dataset)}: ${count} ratings`, { 'font-weight': 600 }),
    label(12, 38, doubt, { 'font-size': 11, 'fill-opacity': 0.75 }),
  ]
}

const shortened = (name: string): string => (name.length > 20 ? `${name.slice(0, 19)}…` : name)

/** What the marks mean. */
function key(): string {
  const y = 58
  const cluster = (k: 0 | 1, x: number): string =>
    tag('path', { d: clusters[k].path(RADIUS), transform: `translate(${x} ${y - 4})`, fill: clusters[k].color })
  const name = (x: number, text: string): string => label(x, y, text, { 'font-size': 11 })
  return [
    cluster(0, 16) + cluster(1, 28) + name(38, 'clusters'),
    centreMark('currentColor', `translate(104 ${y - 4})`) + name(120, 'centres'),
    tag('path', { d: `M178 ${y - 4}h22`, ...DASHED }) + name(206, 'halfway between them'),
  ].join('')
}

const DASHED = {
  stroke: 'currentColor',
  'stroke-width': 1.5,
  'stroke-dasharray': '5 4',
  'stroke-opacity': 0.8,
} as const

/** Both thresholds, with their values above and right of the panel. */
function thresholdLines({ left, top, width, height, x, y }: Panel, [valence, arousal]: readonly number[]): string[] {
  const small = { 'font-size': 11, 'font-weight': 600 }
  const [atX, atY] = [round(x.at(valence!)), round(y.at(arousal!))]
  return [
    tag('path', { d: `M${atX} ${top}v${height}`, ...DASHED }),
    tag('path', { d: `M${left} ${atY}h${width}`, ...DASHED }),
    label(Math.max(atX, left + AXIS_TITLE), top - 8, shortOn(x, valence!), { ...small, 'text-anchor': 'middle' }),
    label(left + width + 4, atY + 4, shortOn(y, arousal!), small),
  ]
}

/** A cross that stays visible on marks of its own colour. */
const centreMark = (color: string, transform: string): string =>
  tag(
    'g',
    { transform },
    tag('path', { d: 'M-7 0h14M0 -7v14', stroke: color, 'stroke-width': 3.5 }) +
      tag('circle', { r: 9, fill: 'none', stroke: color, 'stroke-width': 2 }),
  )

/** With the decimals that can be told apart on the axis. */
const shortOn = ({ low, high }: Scale, value: number): string => tickLabels([value, value + (high - low) / 500])[0]!

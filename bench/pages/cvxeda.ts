// A benchmark as one HTML file: its figures, and how time grows with size.

import { largestOf, leastOf } from '../../src/signal/extremes.ts'
import { xAxis, yAxis, type Panel } from '../../src/charts/axes.ts'
import { logScale, logTicks } from '../../src/charts/log_scale.ts'
import { htmlPage } from '../../src/charts/page.ts'
import { escapeMarkup, label, linePath, palette, svg, tag } from '../../src/charts/svg.ts'
import { fitPower, type Scaling, type ScalingPoint } from '../scaling.ts'

export interface BenchFigure {
  caption: string
  /** Title of the horizontal axis. */
  size: string
  /** Title of the vertical axis. */
  time: string
  /** Measured: size and time, both positive. */
  points: readonly (readonly [number, number])[]
  /** Power law through them. */
  fit: { factor: number; exponent: number }
}

export interface BenchReport {
  title: string
  /** Name and value, in the order in which they are read. */
  facts: readonly (readonly [string, string])[]
  figures: readonly BenchFigure[]
}

const WIDTH = 400
const HEIGHT = 320
const LEFT = 56
const RIGHT = 20
const TOP = 44
const BOTTOM = 48

/** The page of `galvani bench cvxeda`: how the time of a call grows with length and number. */
export function cvxedaPage(
  facts: BenchReport['facts'],
  { over_n, over_signals }: Pick<Scaling, 'over_n' | 'over_signals'> = { over_n: [], over_signals: [] },
): string {
  const figure = (size: 'n' | 'signals', points: readonly ScalingPoint[], caption: string): BenchFigure => {
    const pairs = points.map((point) => [point[size], point.ms] as const)
    return {
      caption,
      size: size === 'n' ? 'Samples of a signal' : 'Signals',
      time: 'Call (ms)',
      points: pairs,
      fit: fitPower(pairs),
    }
  }
  const figures = [
    figure('n', over_n, `${over_n[0]?.signals} signals, by length`),
    figure('signals', over_signals, `Signals of ${over_signals[0]?.n} samples, by number`),
  ]
  return benchReport({ title: 'cvxEDA: time of a decomposition', facts, figures })
}

/** Markup of a self-contained page: the facts, a plot for each figure, and its points as a table. */
export function benchReport({ title, facts, figures }: BenchReport): string {
  const items = facts.map(([name, value]) =>
    tag('div', {}, tag('dt', {}, escapeMarkup(name)) + tag('dd', {}, escapeMarkup(value))),
  )
  const drawn = figures.map((figure) =>
    tag('figure', {}, tag('figcaption', {}, escapeMarkup(figure.caption)) + growthSvg(figure)),
  )
  const body =
    tag('h1', {}, escapeMarkup(title)) +
    tag('dl', {}, items.join('')) +
    tag('div', { class: 'charts' }, drawn.join('')) +
    figures.map(pointTable).join('')
  return htmlPage(title, body)
}

/** Measured points and their power law, both axes logarithmic; the exponent is written beside the line. */
export function growthSvg({ caption, size, time, points, fit }: BenchFigure): string {
  const panel: Panel = {
    left: LEFT,
    top: TOP,
    width: WIDTH - LEFT - RIGHT,
    height: HEIGHT - TOP - BOTTOM,
    x: logScale(
      points.map(([x]) => x),
      LEFT,
      WIDTH - RIGHT,
    ),
    y: logScale(
      points.map(([, y]) => y),
      HEIGHT - BOTTOM,
      TOP,
    ),
  }
  const ends = [leastOf(points.map(([x]) => x)), largestOf(points.map(([x]) => x))]
  const line = linePath(
    ends,
    ends.map((x) => fit.factor * x ** fit.exponent),
    panel.x,
    panel.y,
  )
  const body = [
    xAxis(panel, { title: size, ticks: logTicks(panel.x) }),
    yAxis(panel, time, logTicks(panel.y)),
    tag('path', { d: line, fill: 'none', stroke: palette.grey, 'stroke-width': 1.5, 'stroke-dasharray': '5 4' }),
    ...points.map(([x, y]) => tag('circle', { cx: panel.x.at(x), cy: panel.y.at(y), r: 4, fill: palette.blue })),
    label(LEFT + 12, TOP + 18, `slope ${fit.exponent.toFixed(2)}`, { 'font-weight': 600 }),
  ]
  return svg(WIDTH, HEIGHT, `${caption}: slope ${fit.exponent.toFixed(2)} on logarithmic axes`, body.join(''))
}

function pointTable({ caption, size, time, points }: BenchFigure): string {
  const row = (cells: readonly string[], name: 'td' | 'th'): string =>
    tag('tr', {}, cells.map((cell) => tag(name, {}, escapeMarkup(cell))).join(''))
  const body = points.map(([x, y]) => row([String(x), y.toPrecision(4)], 'td')).join('')
  const table = tag('table', {}, tag('thead', {}, row([size, time], 'th')) + tag('tbody', {}, body))
  return tag('details', {}, tag('summary', {}, escapeMarkup(caption)) + tag('div', { class: 'wide' }, table))
}

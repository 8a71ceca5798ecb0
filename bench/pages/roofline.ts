// What kernels reach of an adapter's limits: the roofline chart and bar charts.

import { largestOf } from '../../src/signal/extremes.ts'
import { xAxis, yAxis, legend, type Panel } from '../../src/charts/axes.ts'
import { logScale, logTicks } from '../../src/charts/log_scale.ts'
import { escapeMarkup, label, linearScale, palette, svg, tag } from '../../src/charts/svg.ts'

export interface Peaks {
  gflops: number
  gbps: number
}

export interface RooflinePoint {
  name: string
  /** Points of one family have one colour. */
  family: string
  flops: number
  bytes: number
  gflops: number
}

const COLORS = [palette.blue, palette.orange, palette.green, palette.grey]
const WIDTH = 760
const HEIGHT = 420
const LEFT = 62
const RIGHT = 20
const TOP = 54
const BOTTOM = 48

/**
 * Arithmetic rate over arithmetic intensity, both logarithmic, with the adapter's roof: the copy bandwidth up to where the peak is
 * reached. Each point says its name when it is pointed at.
 */
export function rooflineSvg({ gflops: peak, gbps }: Peaks, points: readonly RooflinePoint[]): string {
  const shown = points.filter(({ flops, bytes, gflops }) => flops > 0 && bytes > 0 && gflops > 0)
  const ridge = peak / gbps
  const intensity = ({ flops, bytes }: RooflinePoint): number => flops / bytes
  const x = logScale([...shown.map(intensity), ridge], LEFT, WIDTH - RIGHT)
  const y = logScale([...shown.map(({ gflops }) => gflops), peak], HEIGHT - BOTTOM, TOP)
  const panel: Panel = { left: LEFT, top: TOP, width: WIDTH - LEFT - RIGHT, height: HEIGHT - TOP - BOTTOM, x, y }
  const families = [...new Set(shown.map(({ family }) => family))]
  const colorOf = (family: string): string => COLORS[families.indexOf(family) % COLORS.length]!
  const dots = shown.map((point) => {
    const said = `${point.name}: ${point.gflops.toPrecision(3)} GFLOP/s at ${intensity(point).toPrecision(3)} FLOP/byte`
    const place = { cx: x.at(intensity(point)), cy: y.at(point.gflops), r: 4 }
    return tag(
      'circle',
      { ...place, fill: colorOf(point.family), 'fill-opacity': 0.75 },
      tag('title', {}, escapeMarkup(said)),
    )
  })
  const body = [
    xAxis(panel, { title: 'FLOP per byte', ticks: logTicks(x) }),
    yAxis(panel, 'GFLOP/s', logTicks(y)),
    roof(panel, peak, gbps),
    ...dots,
    legend(
      LEFT,
      20,
      families.map((name) => ({ name, color: colorOf(name) })),
    ),
  ]
  return svg(
    WIDTH,
    HEIGHT,
    `Roofline: ${shown.length} kernels under ${peak.toPrecision(3)} GFLOP/s and ${gbps.toPrecision(3)} GB/s`,
    body.join(''),
  )
}

/** From the left edge up along the bandwidth, then flat. */
function roof({ x, y }: Panel, peak: number, gbps: number): string {
  const start = Math.max(x.low, y.low / gbps)
  const corners = [
    [start, start * gbps],
    [peak / gbps, peak],
    [x.high, peak],
  ] as const
  const path = corners.map(([a, b], i) => `${i === 0 ? 'M' : 'L'}${x.at(a).toFixed(1)} ${y.at(b).toFixed(1)}`).join('')
  return tag('path', { d: path, fill: 'none', stroke: 'currentColor', 'stroke-width': 1.5 })
}

export interface Bar {
  name: string
  value: number
  /** The part of the value that is filled: a floor within a time. All of it if absent. */
  part?: number
  /** Written at the end of the bar. */
  text: string
}

const BAR = 18
const NAME = 300
const NUMBER = 130

/** Horizontal bars from zero to `most`, one below the other. */
export function barsSvg(
  description: string,
  bars: readonly Bar[],
  most = largestOf(bars.map(({ value }) => value)),
): string {
  const x = linearScale(0, most || 1, NAME, WIDTH - NUMBER)
  const drawn = bars.map(({ name, value, part = value, text }, i) => {
    const top = i * BAR + 2
    const bar = (to: number, opacity: number): string =>
      tag('rect', {
        x: NAME,
        y: top,
        width: Math.max(0, x.at(Math.min(to, most)) - NAME),
        height: BAR - 5,
        fill: palette.blue,
        'fill-opacity': opacity,
      })
    const shown = name.length > 46 ? `${name.slice(0, 45)}\u2026` : name
    return tag(
      'g',
      {},
      tag('title', {}, escapeMarkup(`${name}: ${text}`)) +
        bar(value, 0.35) +
        bar(part, 1) +
        label(NAME - 8, top + 11, shown, { 'text-anchor': 'end', 'font-size': 11 }) +
        label(x.at(Math.min(value, most)) + 6, top + 11, text, { 'font-size': 11, 'fill-opacity': 0.8 }),
    )
  })
  return svg(WIDTH, bars.length * BAR + 6, description, drawn.join(''))
}

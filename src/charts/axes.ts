// Axes and curves of one panel, out of the primitives in svg.ts.

import { label, linePath, niceTicks, tag, tickLabels } from './svg.ts'
import type { Scale } from './svg.ts'
import { textWidth } from './text.ts'

/** A rectangle of a chart, in pixels, with its scales. */
export interface Panel {
  left: number
  top: number
  width: number
  height: number
  x: Scale
  y: Scale
}

export interface XAxis {
  /** Without a title the ticks go unlabelled, as above a panel that shares the axis. */
  title?: string
  ticks?: number[]
}

const TICK = { 'font-size': 11, 'fill-opacity': 0.75 } as const

/** Horizontal grid lines and tick labels, and the axis' title above the panel. */
export function yAxis({ left, top, width, y }: Panel, title: string, ticks = niceTicks(y.low, y.high, 4)): string {
  const labels = tickLabels(ticks)
  const grid = ticks.map(
    (tick, i) =>
      rule(left, y.at(tick), left + width, y.at(tick)) +
      label(left - 8, y.at(tick) + 4, labels[i]!, { ...TICK, 'text-anchor': 'end' }),
  )
  return grid.join('') + label(left, top - 8, title, { 'font-weight': 600 })
}

/** Vertical grid lines, with labels under them if the axis has a title. */
export function xAxis(panel: Panel, { title, ticks = niceTicks(panel.x.low, panel.x.high, 8) }: XAxis): string {
  const { left, top, width, height, x } = panel
  const bottom = top + height
  const grid = ticks.map((tick) => rule(x.at(tick), top, x.at(tick), bottom)).join('')
  if (title === undefined) return grid
  const labels = tickLabels(ticks).map((text, i) =>
    label(x.at(ticks[i]!), bottom + 16, text, { ...TICK, 'text-anchor': 'middle' }),
  )
  return grid + labels.join('') + label(left + width / 2, bottom + 34, title, { 'text-anchor': 'middle' })
}

/** Labels of a second y axis at the right, from zero up and in the colour of its series. */
export function rightAxis({ left, top, width, x }: Panel, y: Scale, title: string, color: string): string {
  const ticks = niceTicks(0, y.high, 3)
  const labels = tickLabels(ticks).map((text, i) =>
    label(left + width + 8, y.at(ticks[i]!) + 4, text, { 'font-size': 11, fill: color }),
  )
  const heading = label(x.at(x.high), top - 8, title, { 'text-anchor': 'end', fill: color, 'font-weight': 600 })
  return labels.join('') + heading
}

const rule = (x1: number, y1: number, x2: number, y2: number): string =>
  tag('line', { x1, y1, x2, y2, stroke: 'currentColor', 'stroke-opacity': 0.13 })

export interface LineStyle {
  color: string
  width?: number
  opacity?: number
}

export function curve(panel: Panel, x: ArrayLike<number>, y: ArrayLike<number>, style: LineStyle): string {
  const { color, width = 1.5, opacity = 1 } = style
  return tag('path', {
    d: linePath(x, y, panel.x, panel.y),
    fill: 'none',
    stroke: color,
    'stroke-width': width,
    'stroke-opacity': opacity,
    'stroke-linejoin': 'round',
  })
}

/** Entries side by side: a short stroke of the series' style, then its name. */
export function legend(left: number, y: number, entries: readonly { name: string; color: string }[]): string {
  let x = left
  return entries
    .map(({ name, color }) => {
      const stroke = tag('path', { d: `M${x} ${y - 4}h18`, stroke: color, 'stroke-width': 2.5 })
      const text = label(x + 24, y, name, { 'font-size': 11 })
      x += 40 + textWidth(name, 11)
      return stroke + text
    })
    .join('')
}

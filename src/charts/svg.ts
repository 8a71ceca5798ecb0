// A small vocabulary for charts as SVG text. Text and rules use `currentColor` and the series colours are legible on
import { largestOf } from '../signal/extremes.ts'
// black and on white, so a chart takes on the page's light or dark theme without a stylesheet.

export const palette = { blue: '#4285d4', orange: '#dd7a2b', green: '#2fa07a', grey: '#8b8f97' } as const

const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, Arial, sans-serif'

/** Characters that XML forbids. */
// eslint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g

type Attributes = Readonly<Record<string, string | number>>

/** Text as it may stand in HTML or SVG, inside an attribute too. */
export const escapeMarkup = (text: string): string =>
  text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`).replace(CONTROL, '\ufffd')

/** One element; attributes are escaped, `content` is markup. */
export function tag(name: string, attributes: Attributes, content = ''): string {
  const written = Object.entries(attributes).map(
    ([key, value]) => ` ${key}="${typeof value === 'number' ? round(value) : escapeMarkup(value)}"`,
  )
  return `<${name}${written.join('')}${content === '' ? '/>' : `>${content}</${name}>`}`
}

/** A line of text, given as plain text. */
export const label = (x: number, y: number, text: string, attributes: Attributes = {}): string =>
  tag('text', { x, y, fill: 'currentColor', ...attributes }, escapeMarkup(text))

/** A whole chart; `description` is what a screen reader says. */
export function svg(width: number, height: number, description: string, body: string): string {
  const attributes = {
    xmlns: 'http://www.w3.org/2000/svg',
    viewBox: `0 0 ${width} ${height}`,
    width,
    height,
    role: 'img',
    'aria-label': description,
    'font-family': FONT,
    'font-size': 12,
  }
  return tag('svg', attributes, body)
}

/** Two decimals: a hundredth of a pixel. */
export const round = (value: number): number => Math.round(value * 100) / 100

/** Maps a range of values to a range of pixels. */
export interface Scale {
  low: number
  high: number
  at(value: number): number
}

export function linearScale(low: number, high: number, from: number, to: number): Scale {
  const perUnit = (to - from) / (high - low || 1)
  return { low, high, at: (value) => from + (value - low) * perUnit }
}

/** Round numbers (1, 2 or 5 times a power of ten apart) within a range, about `count` of them. */
export function niceTicks(low: number, high: number, count: number): number[] {
  const span = high - low
  if (!(span > 0) || !Number.isFinite(span)) return [low]
  const power = 10 ** Math.floor(Math.log10(span / count))
  const rough = span / count / power
  // The nearest of 1, 2, 5 and 10 by ratio.
  const step = power * (rough < Math.SQRT2 ? 1 : rough < Math.sqrt(10) ? 2 : rough < Math.sqrt(50) ? 5 : 10)
  const first = Math.ceil(low / step - 1e-9)
  const length = Math.floor(high / step + 1e-9) - first + 1
  return Array.from({ length }, (_, i) => (first + i) * step + 0) // no negative zero
}

/** Labels of ticks with as many decimals as their distance needs; ticks of unequal distance (powers) stand for themselves. */
export function tickLabels(ticks: readonly number[]): string[] {
  const [a = 0, b = 0, c = 0] = ticks
  if (ticks.length > 2 && c - b > 1.5 * (b - a)) return ticks.map(String)
  const step = ticks.length > 1 ? ticks[1]! - ticks[0]! : Math.abs(ticks[0] ?? 1) || 1
  const largest = largestOf(ticks.map(Math.abs))
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9))
  const short = largest < 1e6 && step >= 1e-4
  const write = (tick: number): string => (short ? tick.toFixed(decimals) : tick.toExponential(1))
  return ticks.map((tick) => (tick === 0 ? '0' : write(tick).replace('-', '\u2212')))
}

/** Least and largest finite value of several series, widened if they are one; 0 to 1 if there is none. */
export function extent(...series: readonly ArrayLike<number>[]): [number, number] {
  let low = Infinity
  let high = -Infinity
  for (const values of series) {
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!
      if (!Number.isFinite(value)) continue
      if (value < low) low = value
      if (value > high) high = value
    }
  }
  if (low > high) return [0, 1]
  const slack = low === high ? Math.abs(low) * 0.1 || 1 : 0
  return [low - slack, high + slack]
}

/**
 * Path data of a curve; NaN breaks it. Where several samples fall on one pixel column only the first, least, largest
 * and last are drawn, which looks the same and keeps long recordings small.
 */
export function linePath(x: ArrayLike<number>, y: ArrayLike<number>, xScale: Scale, yScale: Scale): string {
  const path: string[] = []
  let column: number[] = []
  let pixel = NaN
  let pen = 'M'
  const flush = (): void => {
    for (const i of outline(column, y)) {
      path.push(`${pen}${round(xScale.at(x[i]!))} ${round(yScale.at(y[i]!))}`)
      pen = 'L'
    }
    column = []
  }
  for (let i = 0; i < y.length; i++) {
    const here = Math.floor(xScale.at(x[i]!))
    const gap = !Number.isFinite(y[i])
    if (gap || here !== pixel) flush()
    pixel = here
    if (gap) pen = 'M'
    else column.push(i)
  }
  flush()
  return path.join('')
}

/** Indices, in order, of the first, least, largest and last value. */
function outline(indices: readonly number[], values: ArrayLike<number>): number[] {
  if (indices.length <= 4) return [...indices]
  const at = (i: number): number => values[i]!
  const least = indices.reduce((best, i) => (at(i) < at(best) ? i : best))
  const largest = indices.reduce((best, i) => (at(i) > at(best) ? i : best))
  const kept = [indices[0]!, least, largest, indices.at(-1)!]
  return [...new Set(kept)].sort((a, b) => a - b)
}

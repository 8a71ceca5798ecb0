// Numbers as fields of colour, from dark blue to light yellow: lightness alone tells them apart, so that every eye and a grey print does.
import { label, round, tag } from './svg.ts'

/** What the two ends of the colours stand for. */
export interface HeatScale {
  low: number
  high: number
}

/** A rectangle of a chart, in pixels. */
export interface Box {
  left: number
  top: number
  width: number
  height: number
}

const STOPS = [
  [16, 36, 79],
  [72, 86, 110],
  [139, 138, 116],
  [212, 190, 84],
  [255, 240, 150],
] as const
/** Cells of one colour are one path. */
const LEVELS = 40

function colorOf(level: number): string {
  const at = (level / (LEVELS - 1)) * (STOPS.length - 1)
  const from = Math.min(Math.floor(at), STOPS.length - 2)
  const channels = STOPS[from]!.map((value, i) => Math.round(value + (at - from) * (STOPS[from + 1]![i]! - value)))
  return `#${channels.map((value) => value.toString(16).padStart(2, '0')).join('')}`
}

function levelOf(value: number, { low, high }: HeatScale): number {
  const share = high > low ? (value - low) / (high - low) : 0
  return Math.round(Math.min(Math.max(share, 0), 1) * (LEVELS - 1))
}

/** Values [rows, columns] as cells of equal size, the first row at the top, in a thin frame; what is not finite stays empty. */
export function heatField(
  { left, top, width, height }: Box,
  { shape: [rows, columns], data }: { shape: readonly [number, number]; data: ArrayLike<number> },
  scale: HeatScale,
): string {
  const paths: string[][] = Array.from({ length: LEVELS }, () => [])
  const [wide, high] = [width / columns, height / rows]
  for (let row = 0; row < rows; row++) {
    const levels = Array.from({ length: columns }, (_, column) => {
      const value = data[row * columns + column]!
      return Number.isFinite(value) ? levelOf(value, scale) : -1
    })
    for (let from = 0; from < columns;) {
      let to = from + 1
      while (to < columns && levels[to] === levels[from]) to++
      // Neighbours end where the next begin, to the last digit: no seam shines through.
      const [x, right, y, bottom] = [left + from * wide, left + to * wide, top + row * high, top + (row + 1) * high]
      const [w, h] = [round(right) - round(x), round(bottom) - round(y)]
      paths[levels[from]!]?.push(`M${round(x)} ${round(y)}h${round(w)}v${round(h)}h-${round(w)}z`)
      from = to
    }
  }
  const cells = paths.map((path, level) =>
    path.length === 0 ? '' : tag('path', { d: path.join(''), fill: colorOf(level) }),
  )
  const frame = { x: left, y: top, width, height, fill: 'none', stroke: 'currentColor', 'stroke-opacity': 0.4 }
  return tag('g', { 'shape-rendering': 'crispEdges' }, cells.join('')) + tag('rect', frame)
}

/** The colours with what their ends mean, 150 pixels and the words wide. */
export function heatKey(left: number, y: number, low: string, high: string): string {
  const from = left + 6 * low.length + 6
  const data = Array.from({ length: LEVELS }, (_, i) => i)
  const box = { left: from, top: y - 9, width: 120, height: 10 }
  const small = { 'font-size': 11 }
  return (
    label(left, y, low, small) +
    heatField(box, { shape: [1, LEVELS], data }, { low: 0, high: LEVELS - 1 }) +
    label(from + 126, y, high, small)
  )
}

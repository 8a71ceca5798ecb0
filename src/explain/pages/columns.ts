// The signals that were read, with a map as columns over each: the form of the paper's Figs. 5 and 7.
import { curve, xAxis, yAxis, type Panel } from '../../charts/axes.ts'
import { extent, label, linearScale, palette, round, svg, tag } from '../../charts/svg.ts'
import type { Channel } from '../../signal/channels.ts'
import type { MapArray } from '../map_array.ts'
import { fieldOf, largestSize, rowOf, shrink, sizesOf } from './means.ts'
import { titleOf, type TimeSpan } from './time_span.ts'
import { shortened, valueText } from './words.ts'

/** Signals and a map of them, [signals, points] each. */
export interface ColumnsChart {
  title: string
  span: TimeSpan
  names: readonly Channel[]
  signals: MapArray
  map: MapArray
}

const [WIDTH, LEFT, RIGHT, TOP, HEIGHT, GAP, FOOT] = [720, 52, 16, 82, 104, 34, 44]
/** Columns over the whole time. */
const COLUMNS = 120

/** A column's height is the mean size of the map there, as a share of the picture's largest; its colour the sign of the mean. */
export function columnsSvg({ title, span, names, signals, map }: ColumnsChart): string {
  const [curves, means] = [fieldOf(signals), shrink(fieldOf(map), names.length, COLUMNS)]
  const sizes = shrink(sizesOf(fieldOf(map)), names.length, COLUMNS)
  const largest = largestSize(sizes)
  const x = linearScale(span.from, span.to, LEFT, WIDTH - RIGHT)
  const points = curves.shape[1]
  const time = Float64Array.from({ length: points }, (_, i) => {
    return span.from + (i / Math.max(points - 1, 1)) * (span.to - span.from)
  })
  const panels = names.map((name, row) => {
    const top = TOP + row * (HEIGHT + GAP)
    const own = rowOf(curves, row)
    const y = linearScale(...extent(own), top + HEIGHT - 4, top + 4)
    const panel: Panel = { left: LEFT, top, width: WIDTH - LEFT - RIGHT, height: HEIGHT, x, y }
    return [
      xAxis(panel, row === names.length - 1 ? { title: titleOf(span) } : {}),
      yAxis(panel, `${name} (z-score)`),
      bars(panel, rowOf(sizes, row), rowOf(means, row), largest),
      curve(panel, time, own, { color: 'currentColor', width: 1.2 }),
    ].join('')
  })
  const height = TOP + names.length * (HEIGHT + GAP) - GAP + FOOT
  return svg(WIDTH, height, `${title} over the signals`, heading(title, largest) + panels.join(''))
}

function bars({ left, top, width, height }: Panel, sizes: Float64Array, means: Float64Array, largest: number): string {
  const wide = width / sizes.length
  const path = (isOf: (mean: number) => boolean): string =>
    Array.from(sizes, (size, i) => {
      const high = round((height * size) / (largest || 1))
      return high > 0 && isOf(means[i]!)
        ? `M${round(left + i * wide)} ${top + height}v-${high}h${round(wide)}v${high}z`
        : ''
    }).join('')
  const drawn = (d: string, fill: string): string => (d === '' ? '' : tag('path', { d, fill, 'fill-opacity': 0.55 }))
  return (
    drawn(
      path((mean) => mean >= 0),
      palette.blue,
    ) +
    drawn(
      path((mean) => mean < 0),
      palette.orange,
    )
  )
}

function heading(title: string, largest: number): string {
  const square = (x: number, fill: string): string =>
    tag('rect', { x, y: 35, width: 10, height: 10, fill, 'fill-opacity': 0.55 })
  const small = { 'font-size': 11 }
  return [
    label(12, 20, shortened(title, 96), { 'font-weight': 600 }),
    square(12, palette.blue) + label(27, 44, 'mean above 0', small),
    square(120, palette.orange) + label(135, 44, 'mean below 0', small),
    label(232, 44, `height: mean size, a full column is ${valueText(largest)}`, small),
  ].join('')
}

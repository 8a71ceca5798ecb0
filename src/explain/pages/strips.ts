// Maps as strips of colour over time, one above the other: the form of the paper's Figs. 6 and 8.
import { xAxis, type Panel } from '../../charts/axes.ts'
import { heatField, heatKey } from '../../charts/heat.ts'
import { label, linearScale, svg } from '../../charts/svg.ts'
import type { Channel } from '../../signal/channels.ts'
import type { Maps } from '../map_array.ts'
import { drawnMaps, mapName } from './map_names.ts'
import { fieldOf, largestSize, rowOf, shrink, sizesOf, type Field } from './means.ts'
import { titleOf, type TimeSpan } from './time_span.ts'
import { shortened, valueText } from './words.ts'

/** Maps over time; strips of maps of single signals bear these names. */
export interface StripsChart {
  title: string
  span: TimeSpan
  names: readonly Channel[]
  maps: Readonly<Maps>
}

interface Strip {
  name: string
  sizes: Field
  /** Of its whole map. */
  largest: number
}

const [WIDTH, LEFT, RIGHT, TOP, LINE, THICK, FOOT] = [720, 12, 16, 66, 38, 18, 44]
/** Cells of a strip. */
const CELLS = 240

/** The size of each map, divided by the largest of its picture: strips of one map can be compared, those of two maps cannot. */
export function stripsSvg({ title, span, names, maps }: StripsChart): string {
  const strips = drawnMaps(maps).flatMap((name) => stripsOf(name, names, maps))
  const x = linearScale(span.from, span.to, LEFT, WIDTH - RIGHT)
  const width = WIDTH - LEFT - RIGHT
  const drawn = strips.map(({ name, sizes, largest }, i) => {
    const top = TOP + i * LINE
    const box = { left: LEFT, top: top + 14, width, height: THICK }
    const note = { 'font-size': 11, 'text-anchor': 'end', 'fill-opacity': 0.75 }
    return (
      label(LEFT, top + 9, name, { 'font-size': 11 }) +
      label(WIDTH - RIGHT, top + 9, `1 is ${valueText(largest)}`, note) +
      heatField(box, sizes, { low: 0, high: largest })
    )
  })
  const height = strips.length * LINE
  const panel: Panel = { left: LEFT, top: TOP, width, height, x, y: linearScale(0, 1, TOP, TOP) }
  const head =
    label(12, 20, shortened(title, 96), { 'font-weight': 600 }) +
    heatKey(12, 44, 'size of the map: 0', '1, the largest drawn of the map')
  const body = [head, xAxis(panel, { title: titleOf(span) }), ...drawn]
  return svg(WIDTH, TOP + height + FOOT, `${title}, as strips over time`, body.join(''))
}

function stripsOf(name: string, names: readonly Channel[], maps: Readonly<Maps>): Strip[] {
  const field = shrink(sizesOf(fieldOf(maps[name]!)), names.length, CELLS)
  const largest = largestSize(field)
  const [rows, columns] = field.shape
  return Array.from({ length: rows }, (_, row) => ({
    name: maps[name]!.shape.length === 1 ? mapName(name) : `${mapName(name)}: ${names[row]!}`,
    sizes: { shape: [1, columns], data: rowOf(field, row) },
    largest,
  }))
}

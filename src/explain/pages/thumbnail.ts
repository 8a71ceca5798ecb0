// A trial as a small picture: the first signal over a strip of each map.
import { heatField } from '../../charts/heat.ts'
import { extent, linePath, linearScale, tag } from '../../charts/svg.ts'
import type { Maps } from '../map_array.ts'
import { signalMaps } from './map_names.ts'
import { fieldOf, largestSize, meanRow, rowOf, shrink, sizesOf } from './means.ts'

const [WIDTH, CURVE, STRIP, GAP, CELLS] = [240, 40, 9, 3, 60]

/** Maps in the strips of a thumbnail, from top to bottom; means over the signals. */
export const thumbnailMaps = (maps: Readonly<Maps>): string[] => signalMaps(maps)

export function thumbnail(maps: Readonly<Maps>): string {
  const drawn = thumbnailMaps(maps)
  const signal = rowOf(shrink(fieldOf(maps.signals!), Infinity, WIDTH), 0)
  const x = linearScale(0, Math.max(signal.length - 1, 1), 1, WIDTH - 1)
  const y = linearScale(...extent(signal), CURVE - 3, 3)
  const line = linePath([...signal.keys()], signal, x, y)
  const strips = drawn.map((name, i) => {
    const field = shrink(meanRow(sizesOf(fieldOf(maps[name]!))), 1, CELLS)
    const box = { left: 0, top: CURVE + i * (STRIP + GAP), width: WIDTH, height: STRIP }
    return heatField(box, field, { low: 0, high: largestSize(field) })
  })
  const height = CURVE + drawn.length * (STRIP + GAP)
  const attributes = { viewBox: `0 0 ${WIDTH} ${height}`, width: WIDTH, height, 'aria-hidden': 'true' }
  const curve = tag('path', { d: line, fill: 'none', stroke: 'currentColor' })
  return tag('svg', attributes, curve + strips.join(''))
}

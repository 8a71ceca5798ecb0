// Attention maps of temporal attention: which moments each moment of a clip reads from.
import { xAxis, yAxis, type Panel } from '../../charts/axes.ts'
import { heatField, heatKey } from '../../charts/heat.ts'
import { label, linearScale, svg } from '../../charts/svg.ts'
import type { MapArray, Maps } from '../map_array.ts'
import { fieldOf, largestSize, shrink } from './means.ts'
import { partOf, type TimeSpan } from './time_span.ts'
import { shortened, valueText } from './words.ts'

/** One clip's attention map, [queries, keys], and when the clip was. */
export interface ClipAttention {
  map: MapArray
  span: TimeSpan
}

const [SIZE, LEFT, TOP, FOOT] = [288, 52, 96, 46]
/** Cells of each axis. */
const CELLS = 64

/** The clips in order; together their queries are the whole time. */
export function clipAttentions(maps: Readonly<Maps>, whole: TimeSpan): ClipAttention[] {
  const clips = Array.from({ length: Object.keys(maps).length }, (_, s) => maps[`rnta_attention_${s}`])
  const found = clips.filter((map) => map !== undefined)
  const total = found.reduce((sum, { shape }) => sum + shape[0]!, 0)
  let before = 0
  return found.map((map) => {
    const start = before
    before += map.shape[0]!
    return { map, span: partOf(whole, start / total, before / total) }
  })
}

/** Queries from top to bottom, keys from left to right, both in the clip's time. */
export function attentionSvg(title: string, subtitle: string, { map, span }: ClipAttention): string {
  const field = shrink(fieldOf(map), CELLS, CELLS)
  const largest = largestSize(field)
  const panel: Panel = {
    ...{ left: LEFT, top: TOP, width: SIZE, height: SIZE },
    x: linearScale(span.from, span.to, LEFT, LEFT + SIZE),
    y: linearScale(span.from, span.to, TOP, TOP + SIZE),
  }
  const body = [
    label(12, 20, title, { 'font-weight': 600 }),
    label(12, 36, shortened(subtitle, 56), { 'font-size': 11, 'fill-opacity': 0.75 }),
    heatKey(12, 56, 'weight: 0', valueText(largest)),
    xAxis(panel, { title: `is read (key, ${span.unit})` }),
    yAxis(panel, `reads (query, ${span.unit})`),
    heatField(panel, field, { low: 0, high: largest }),
  ]
  return svg(LEFT + SIZE + 20, TOP + SIZE + FOOT, `${title}, ${subtitle}: queries by keys`, body.join(''))
}

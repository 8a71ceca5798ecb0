// Gates of signal channel attention: what each channel is multiplied by in each clip.
import { xAxis, type Panel } from '../../charts/axes.ts'
import { heatField, heatKey } from '../../charts/heat.ts'
import { extent, label, linearScale, svg } from '../../charts/svg.ts'
import type { MapArray } from '../map_array.ts'
import { fieldOf } from './means.ts'
import { shortened } from './words.ts'

const [WIDTH, LEFT, RIGHT, TOP, LINE, FOOT] = [720, 64, 16, 62, 26, 46]

/** `map`: [clips, channels]. Colours go from the least gate to the largest. */
export function gatesSvg(title: string, map: MapArray): string {
  const field = fieldOf(map)
  const [clips, channels] = field.shape
  const [low, high] = extent(field.data)
  const [width, height] = [WIDTH - LEFT - RIGHT, clips * LINE]
  const x = linearScale(0.5, channels + 0.5, LEFT, WIDTH - RIGHT)
  const panel: Panel = { left: LEFT, top: TOP, width, height, x, y: linearScale(0, clips, TOP, TOP + height) }
  const ticks = [1, ...Array.from({ length: 8 }, (_, i) => Math.round(((i + 1) * channels) / 8)).filter((n) => n > 1)]
  const names = Array.from({ length: clips }, (_, s) =>
    label(LEFT - 8, panel.y.at(s + 0.5) + 4, clips === 1 ? 'all' : `clip ${s + 1}`, {
      'text-anchor': 'end',
      'font-size': 11,
    }),
  )
  const body = [
    label(12, 20, shortened(title, 96), { 'font-weight': 600 }),
    heatKey(12, 44, `gate: ${low.toFixed(3)}`, high.toFixed(3)),
    xAxis(panel, { title: 'Channel', ticks: [...new Set(ticks)] }),
    ...names,
    heatField(panel, field, { low, high }),
  ]
  return svg(WIDTH, TOP + height + FOOT, `${title}: clips by channels`, body.join(''))
}

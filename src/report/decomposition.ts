// The picture that users of electrodermal software expect: signal, phasic part with its driver, tonic part.

import { curve, rightAxis, xAxis, yAxis } from './axes.ts'
import type { Panel } from './axes.ts'
import { extent, label, linearScale, linePath, palette, svg, tag } from './svg.ts'
import type { Scale } from './svg.ts'

export interface DecompositionChart {
  /** Of each sample, s. */
  time: ArrayLike<number>
  eda: ArrayLike<number>
  phasic: ArrayLike<number>
  tonic: ArrayLike<number>
  /** Sudomotor nerve activity that explains the phasic part, >= 0. */
  driver: ArrayLike<number>
  /** Unit of `eda`, `phasic` and `tonic`, such as µS. */
  unit: string
  title: string
}

const WIDTH = 960
const LEFT = 64
const RIGHT = 64
const TOP = 64
const PANEL_HEIGHT = 132
const PANEL_GAP = 44

/** Three aligned panels on white paper, as one SVG file. All series are [samples]; NaN leaves a gap. */
export function decompositionSvg({ time, eda, phasic, tonic, driver, unit, title }: DecompositionChart): string {
  const height = TOP + 3 * PANEL_HEIGHT + 2 * PANEL_GAP + 48
  const x = linearScale(...extent(time), LEFT, WIDTH - RIGHT)
  const panel = (row: number, [low, high]: readonly [number, number]): Panel => {
    const top = TOP + row * (PANEL_HEIGHT + PANEL_GAP)
    const y = linearScale(low, high, top + PANEL_HEIGHT, top)
    return { left: LEFT, top, width: WIDTH - LEFT - RIGHT, height: PANEL_HEIGHT, x, y }
  }
  const [phasicRange, driverRange] = alignZeros(extent(phasic, [0]), extent(driver, [0]))
  const signal = panel(0, padded(extent(eda)))
  const responses = panel(1, phasicRange)
  const level = panel(2, padded(extent(tonic)))
  const driverScale = linearScale(...driverRange, responses.top + PANEL_HEIGHT, responses.top)
  const body = [
    tag('rect', { width: WIDTH, height, fill: '#fff' }),
    label(LEFT, 28, title, { 'font-size': 16, 'font-weight': 600 }),
    xAxis(signal, {}), yAxis(signal, `Skin conductance (${unit})`),
    curve(signal, time, eda, { color: '#333a45', width: 1.2 }),
    xAxis(responses, {}), yAxis(responses, `Phasic (${unit})`),
    rightAxis(responses, driverScale, 'Driver', palette.orange),
    area(time, driver, x, driverScale),
    curve(responses, time, phasic, { color: palette.blue }),
    xAxis(level, { title: 'Time (s)' }), yAxis(level, `Tonic (${unit})`),
    curve(level, time, tonic, { color: palette.green }),
  ]
  const ink = tag('g', { color: '#22262e' }, body.join(''))
  return svg(WIDTH, height, `${title}: skin conductance, phasic part with driver, tonic part`, ink)
}

/** The driver as a surface over zero: it is a density of impulses, whose area is what counts. */
function area(time: ArrayLike<number>, driver: ArrayLike<number>, x: Scale, y: Scale): string {
  const base = y.at(0)
  const surfaces = linePath(time, driver, x, y).split(/(?=M)/).filter((part) => part !== '').map((part) => {
    const points = part.slice(1).split('L')
    const [from, to] = [points[0], points.at(-1)].map((point) => point?.split(' ')[0])
    return `M${from} ${base}L${points.join('L')}L${to} ${base}Z`
  })
  const color = palette.orange
  return tag('path', { d: surfaces.join(''), fill: color, 'fill-opacity': 0.3, stroke: color, 'stroke-width': 0.8 })
}

const padded = ([low, high]: [number, number]): [number, number] => {
  const margin = (high - low) * 0.06
  return [low - margin, high + margin]
}

/** Widens two ranges that contain zero until it lies at the same height in both. */
function alignZeros(a: [number, number], b: [number, number]): [[number, number], [number, number]] {
  const share = ([low, high]: [number, number]) => -low / (high - low)
  const zero = Math.min(0.9, Math.max(share(a), share(b)))
  const widen = ([low, high]: [number, number]): [number, number] => {
    const top = Math.max(high, (-low * (1 - zero)) / (zero || 1)) * 1.06
    return [(-top * zero) / (1 - zero), top]
  }
  return [widen(a), widen(b)]
}

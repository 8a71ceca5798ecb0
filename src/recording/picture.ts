// The picture that users of electrodermal software expect: signal, phasic part with its driver and responses, tonic part.

import type { Flaw, Span } from '../signal/quality.ts'
import type { ScrEvent } from './responses.ts'
import { countedOf } from './tables.ts'
import { curve, legend, rightAxis, xAxis, yAxis } from '../charts/axes.ts'
import type { Panel } from '../charts/axes.ts'
import { extent, label, linearScale, linePath, palette, round, svg, tag } from '../charts/svg.ts'
import type { Scale } from '../charts/svg.ts'

/** What a picture of a decomposition shows. */
export interface DecompositionChart {
  /** Time of each sample, s. */
  time: ArrayLike<number>
  eda: ArrayLike<number>
  phasic: ArrayLike<number>
  tonic: ArrayLike<number>
  /** Sudomotor nerve activity that explains the phasic part, >= 0. */
  driver: ArrayLike<number>
  /** Unit of `eda`, `phasic` and `tonic`, such as µS. */
  unit: string
  title: string
  /** A line below the title. */
  summary?: string
  /** Responses, marked on the phasic part. */
  events?: readonly ScrEvent[]
  /** Stretches of the signal with a flaw, shaded. */
  flaws?: readonly Span[]
}

const WIDTH = 960
const LEFT = 64
const RIGHT = 64
const TOP = 84
const PANEL_HEIGHT = 132
const PANEL_GAP = 44
const INK = '#333a45'
const SHADES: Record<Flaw, string> = {
  missing: palette.grey,
  flat: palette.orange,
  clipped: '#c8414b',
  offSkin: '#6b7683',
  fast: '#8a4fbf',
  startUp: '#2d8f8f',
}

const FLAW_NAMES: Record<Flaw, string> = {
  missing: 'missing',
  flat: 'flat',
  clipped: 'clipped',
  offSkin: 'off skin',
  fast: 'too fast',
  startUp: 'start-up',
}

/** Three aligned panels on white paper, as one SVG file. All series are [samples]; NaN leaves a gap. */
export function decompositionSvg(chart: DecompositionChart): string {
  const { time, eda, phasic, tonic, driver, unit, title, summary, events = [], flaws = [] } = chart
  const height = TOP + 3 * PANEL_HEIGHT + 2 * PANEL_GAP + 48
  const x = linearScale(...extent(time), LEFT, WIDTH - RIGHT)
  const panel = (row: number, [low, high]: readonly [number, number]): Panel => {
    const top = TOP + row * (PANEL_HEIGHT + PANEL_GAP)
    const y = linearScale(low, high, top + PANEL_HEIGHT, top)
    return { left: LEFT, top, width: WIDTH - LEFT - RIGHT, height: PANEL_HEIGHT, x, y }
  }
  const [phasicRange, driverRange] = alignZeros(extent(phasic, [0]), extent(driver, [0]))
  const signal = panel(0, padded(extent(eda, tonic)))
  const responses = panel(1, phasicRange)
  const level = panel(2, padded(extent(tonic)))
  const driverScale = linearScale(...driverRange, responses.top + PANEL_HEIGHT, responses.top)
  const body = [
    tag('rect', { width: WIDTH, height, fill: '#fff' }),
    label(LEFT, 28, title, { 'font-size': 16, 'font-weight': 600 }),
    summary === undefined ? '' : label(LEFT, 47, summary, { 'fill-opacity': 0.75 }),
    shading(signal, time, flaws),
    xAxis(signal, {}),
    yAxis(signal, `Skin conductance (${unit})`),
    curve(signal, time, tonic, { color: palette.green, opacity: 0.8 }),
    curve(signal, time, eda, { color: INK, width: 1.2 }),
    xAxis(responses, {}),
    yAxis(responses, `Phasic (${unit})`),
    rightAxis(responses, driverScale, `Driver (${unit}/s)`, palette.orange),
    area(time, driver, x, driverScale),
    curve(responses, time, phasic, { color: palette.blue }),
    marks(responses, time, phasic, events),
    xAxis(level, { title: 'Time (s)' }),
    yAxis(level, `Tonic (${unit})`),
    curve(level, time, tonic, { color: palette.green }),
  ]
  const ink = tag('g', { color: '#22262e' }, body.join(''))
  return svg(WIDTH, height, `${title}: skin conductance, phasic part with driver and responses, tonic part`, ink)
}

/** Stretches with a flaw, each at least a pixel wide, and the colours that occur. */
function shading({ left, top, width, height, x }: Panel, time: ArrayLike<number>, flaws: readonly Span[]): string {
  const rects = flaws.map(({ flaw, start, end }) => {
    const from = x.at(time[start]!)
    const to = x.at(time[Math.min(end, time.length - 1)]!)
    return tag('rect', {
      x: from,
      y: top,
      width: Math.max(to - from, 1),
      height,
      fill: SHADES[flaw],
      'fill-opacity': 0.3,
    })
  })
  const found = (Object.keys(SHADES) as Flaw[]).filter((flaw) => flaws.some((span) => span.flaw === flaw))
  return (
    rects.join('') +
    legend(
      left + width - 90 * found.length,
      top - 8,
      found.map((flaw) => ({ name: FLAW_NAMES[flaw], color: SHADES[flaw] })),
    )
  )
}

/** Onsets as ticks under the curve, peaks as dots, half recoveries as diamonds, peaks in doubt as crosses, with a key if there is any. */
function marks(
  { left, top, x, y }: Panel,
  time: ArrayLike<number>,
  phasic: ArrayLike<number>,
  events: readonly ScrEvent[],
): string {
  if (events.length === 0) return ''
  const counted = countedOf(events)
  const doubted = events.filter(({ doubt }) => doubt !== '')
  const places = (field: 'onset' | 'peak' | 'recovery', of = counted): [number, number][] =>
    of
      .map((event) => event[field])
      .filter(Number.isFinite)
      .map((i) => [round(x.at(time[i]!)), round(y.at(phasic[i]!))])
  // The key's own marks are drawn with the others.
  const key = (column: number): [number, number] => [left + 150 + 80 * column, top - 12]
  const path = (points: [number, number][], shape: string, attributes: Record<string, string | number>): string =>
    tag('path', {
      d: points.map(([px, py]) => `M${px} ${py}${shape}`).join(''),
      stroke: INK,
      fill: 'none',
      ...attributes,
    })
  const words = ['onset', 'peak', 'half recovery', ...(doubted.length > 0 ? ['in doubt'] : [])].map((word, i) =>
    label(key(i === 3 ? 3.5 : i)[0] + 8, top - 8, word, { 'font-size': 11 }),
  )
  return (
    path([...places('onset'), key(0)], 'm0 -3v8', { 'stroke-width': 1.5 }) +
    path([...places('peak'), key(1)], 'h0', { 'stroke-width': 5.5, 'stroke-linecap': 'round' }) +
    path([...places('recovery'), key(2)], 'm-3.5 0l3.5 -3.5l3.5 3.5l-3.5 3.5z', { fill: '#fff', 'stroke-width': 1.2 }) +
    (doubted.length === 0
      ? ''
      : path([...places('peak', doubted), key(3.5)], 'm-3 -3l6 6m0 -6l-6 6', { 'stroke-width': 1.2 })) +
    words.join('')
  )
}

/** The driver as a surface over zero: it is a density of impulses, whose area is what counts. */
function area(time: ArrayLike<number>, driver: ArrayLike<number>, x: Scale, y: Scale): string {
  const base = y.at(0)
  const surfaces = linePath(time, driver, x, y)
    .split(/(?=M)/)
    .filter((part) => part !== '')
    .map((part) => {
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

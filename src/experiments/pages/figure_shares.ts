// Figure 4 of the paper: scores against the share of subjects, ours with their intervals beside the reported ones.
import { xAxis, yAxis, type Panel } from '../../charts/axes.ts'
import { extent, label, linearScale, palette, svg, tag } from '../../charts/svg.ts'
import type { Dimension } from '../../datasets/trial.ts'
import type { ScoreName } from '../../evaluation/judgement.ts'
import type { Cell, Collected } from '../collected.ts'
import type { Figure } from '../../charts/figure.ts'
import type { Grid, GridRow } from '../grid.ts'
import { SCORE_NAMES } from './shown.ts'

const [SIZE, LEFT, TOP, GAP, FOOT] = [260, 52, 92, 62, 46]

interface Point {
  /** Per cent. */
  share: number
  ours: number | undefined
  low: number | undefined
  high: number | undefined
  reported: number | undefined
}

const shareOf = ({ settings }: GridRow): number => settings?.share ?? 1

/** Whether lines differ in nothing but their share of subjects; a table that has other lines as well is no curve. */
const isOfShares = ({ rows }: Grid): boolean =>
  new Set(rows.map(shareOf)).size === rows.length && rows.length > 1 && rows.every(({ from }) => from === undefined)

/** One picture for each protocol, of all scores and dimensions; none of a table that varies something else. */
export function shareFigures({ grid, protocols, cells }: Collected): Figure[] {
  if (!isOfShares(grid)) return []
  return protocols.flatMap(({ protocol, leaks }) => {
    const own = cells.filter((cell) => cell.protocol === protocol && !cell.control)
    if (!own.some(({ judgement }) => judgement)) return []
    const caption = `${grid.title}, protocol ${protocol}${leaks ? ', LEAKS' : ''}`
    return [{ name: `${grid.name}_${protocol}`, caption, svg: picture(grid, own, protocol + (leaks ? ', LEAKS' : '')) }]
  })
}

function picture(grid: Grid, cells: readonly Cell[], protocol: string): string {
  const { dimensions, scores } = grid
  const panels = dimensions.flatMap((dimension, row) =>
    scores.map((score, column) => ({ dimension, score, row, column, points: pointsOf(grid, cells, dimension, score) })),
  )
  const [low, high] = extent(
    panels.flatMap(({ points }) =>
      points.flatMap((of) => [of.ours, of.low, of.high, of.reported].map((v) => v ?? NaN)),
    ),
  )
  const body = panels.map(({ dimension, score, row, column, points }) => {
    const [left, top] = [LEFT + column * (SIZE + GAP), TOP + row * (SIZE + GAP + FOOT)]
    const panel: Panel = {
      ...{ left, top, width: SIZE, height: SIZE },
      x: linearScale(0, 105, left, left + SIZE),
      y: linearScale(low - 2, high + 2, top + SIZE, top),
    }
    return onePanel(panel, `${SCORE_NAMES[score]} of ${dimension}, %`, points)
  })
  const width = LEFT + scores.length * (SIZE + GAP)
  const height = TOP + dimensions.length * (SIZE + GAP + FOOT)
  const description = `${grid.title}, protocol ${protocol}`
  return svg(width, height, description, key(protocol) + body.join(''))
}

function pointsOf({ rows }: Grid, cells: readonly Cell[], dimension: Dimension, score: ScoreName): Point[] {
  const percent = (value: number | undefined) => (value === undefined || Number.isNaN(value) ? undefined : 100 * value)
  const points = rows.map((row, index) => {
    const cell = cells.find((one) => one.row === index && one.dimension === dimension)
    const interval = cell?.judgement?.intervals?.[score]
    return {
      share: 100 * shareOf(row),
      ours: percent(cell?.judgement?.scores[score]),
      low: percent(interval?.low),
      high: percent(interval?.high),
      reported: percent(cell?.reported?.[score]),
    }
  })
  return points.sort((a, b) => a.share - b.share)
}

function onePanel(panel: Panel, title: string, points: readonly Point[]): string {
  const x = (share: number): number => panel.x.at(share)
  const y = (value: number): number => panel.y.at(value)
  const path = (of: 'ours' | 'reported', look: Record<string, string | number>): string => {
    const known = points.filter((point) => point[of] !== undefined)
    const d = known.map((point, i) => `${i === 0 ? 'M' : 'L'}${x(point.share)} ${y(point[of]!)}`).join('')
    return tag('path', { d, fill: 'none', ...look })
  }
  const marks = points.map(({ share, ours, low, high, reported }) =>
    [
      low === undefined || high === undefined ? '' : whisker(x(share), y(low), y(high)),
      ours === undefined ? '' : tag('circle', { cx: x(share), cy: y(ours), r: 4, fill: palette.blue }),
      reported === undefined ? '' : diamond(x(share), y(reported)),
    ].join(''),
  )
  return [
    yAxis(panel, title),
    xAxis(panel, { title: 'Share of subjects, %', ticks: points.map(({ share }) => share) }),
    path('reported', { ...REPORTED }),
    path('ours', { stroke: palette.blue, 'stroke-width': 1.5 }),
    ...marks,
  ].join('')
}

const REPORTED = { stroke: palette.orange, 'stroke-width': 1.5, 'stroke-dasharray': '5 4' } as const

const whisker = (x: number, low: number, high: number): string =>
  tag('path', { d: `M${x - 4} ${low}h8M${x} ${low}V${high}M${x - 4} ${high}h8`, stroke: palette.blue, fill: 'none' })
const diamond = (x: number, y: number): string =>
  tag('path', { d: `M${x} ${y - 5}l5 5l-5 5l-5 -5Z`, fill: palette.orange })

function key(protocol: string): string {
  const name = (x: number, text: string): string => label(x, 46, text, { 'font-size': 11 })
  return [
    label(12, 22, `Protocol ${protocol}`, { 'font-weight': 600 }),
    tag('path', { d: 'M14 42h24', stroke: palette.blue, 'stroke-width': 1.5 }) + name(46, 'ours, 95 % interval'),
    tag('path', { d: 'M174 42h24', ...REPORTED }) + diamond(186, 42) + name(206, 'reported'),
  ].join('')
}

// A forest plot: each line of a table with its interval, beside its baselines and the reported number.
import { xAxis, type Panel } from '../../charts/axes.ts'
import { extent, label, palette, tag } from '../../charts/svg.ts'
import type { Cell, Collected } from '../collected.ts'
import type { Figure } from '../../charts/figure.ts'
import { columnFigures, DASHED, lineName, linesPanel, linesSvg } from './figure_lines.ts'
import type { Grid } from '../grid.ts'
import { SCORE_NAMES, unitOf } from './shown.ts'
import { bestBaseline, comparedBy } from './verdict.ts'

type Score = ReturnType<typeof comparedBy>

/** One plot for each protocol (and its control) and dimension. */
export function forestFigures(collected: Collected): Figure[] {
  const { grid } = collected
  const score = comparedBy(grid.scores)
  const draw = (cells: readonly Cell[], caption: string): string => forest(grid, cells, score, caption)
  return columnFigures(collected, { kind: 'forest', of: SCORE_NAMES[score], draw })
}

/** Everything of a line that is drawn on the axis, shares of 1. */
function valuesOf({ judgement, reported }: Cell, score: Score): number[] {
  const { scores, intervals, baselines } = judgement!
  const { low = NaN, high = NaN } = intervals?.[score] ?? {}
  return [scores[score], low, high, reported?.[score] ?? NaN, ...baselines.map((beside) => beside.scores[score])]
}

function forest({ rows }: Grid, cells: readonly Cell[], score: Score, caption: string): string {
  const [low, high] = extent([0.5, ...cells.flatMap((cell) => valuesOf(cell, score))].map((value) => 100 * value))
  const panel = linesPanel(cells.length, low - 2, high + 2)
  const lines = cells.map((cell, i) => {
    const y = panel.y.at(i + 0.5)
    return lineName(rows[cell.row]!, y) + marks(cell, score, panel, y)
  })
  const chance = panel.x.at(50)
  const half = tag('path', { d: `M${chance} ${panel.top}V${panel.top + panel.height}`, ...DASHED })
  const body = [key(), half, xAxis(panel, { title: `${SCORE_NAMES[score]},${unitOf(score)}` }), ...lines]
  return linesSvg(cells.length, caption, body.join(''))
}

/** Baselines under the interval, the reported number over it. */
function marks(cell: Cell, score: Score, { x }: Panel, y: number): string {
  const { scores, intervals, baselines } = cell.judgement!
  const at = (value: number): number => x.at(100 * value)
  const interval = intervals?.[score]
  const best = bestBaseline(cell.judgement!, score)
  const reported = cell.reported?.[score]
  const isDefined = (value: number | undefined): value is number => value !== undefined && !Number.isNaN(value)
  return [
    ...baselines.flatMap((one) =>
      isDefined(one.scores[score]) ? [tick(at(one.scores[score]), y, one === best ? 3 : 1)] : [],
    ),
    interval ? bar(at(interval.low), at(interval.high), y) : '',
    isDefined(scores[score]) ? disc(at(scores[score]), y) : '',
    isDefined(reported) ? diamond(at(reported), y) : '',
  ].join('')
}

const tick = (x: number, y: number, width: number): string =>
  tag('path', { d: `M${x} ${y - 9}v18`, stroke: palette.grey, 'stroke-width': width })
const bar = (from: number, to: number, y: number): string =>
  tag('path', { d: `M${from} ${y}H${to}`, stroke: palette.blue, 'stroke-width': 2.5 })
const disc = (x: number, y: number): string => tag('circle', { cx: x, cy: y, r: 5, fill: palette.blue })
const diamond = (x: number, y: number): string =>
  tag('path', {
    d: `M${x} ${y - 6}l5 6l-5 6l-5 -6Z`,
    fill: 'none',
    stroke: palette.orange,
    'stroke-width': 2,
  })

/** What the marks mean. */
function key(): string {
  const name = (x: number, text: string): string => label(x, 24, text, { 'font-size': 11 })
  return [
    bar(14, 42, 20) + disc(28, 20) + name(50, 'model, 95 % interval'),
    diamond(190, 20) + name(202, 'reported'),
    tick(282, 20, 3) + name(292, 'best baseline'),
    tick(386, 20, 1) + name(396, 'other baselines'),
    tag('path', { d: 'M502 20h24', ...DASHED }) + name(534, 'a half'),
  ].join('')
}

// A forest plot: each line of a table with its interval, beside its baselines and the reported number.
import { xAxis, type Panel } from '../../charts/axes.ts'
import { extent, label, linearScale, palette, svg, tag } from '../../charts/svg.ts'
import type { Cell, Collected } from '../collected.ts'
import type { Figure } from '../../charts/figure.ts'
import { bestBaseline, comparedBy, SCORE_NAMES } from './sheet.ts'

const [WIDTH, NAMES, TOP, LINE, FOOT] = [720, 230, 62, 30, 48]

type Score = ReturnType<typeof comparedBy>

/** One plot for each protocol (and its control) and dimension. */
export function forestFigures(collected: Collected): Figure[] {
  const { grid, protocols, cells } = collected
  const score = comparedBy(grid.scores)
  return protocols.flatMap(({ protocol, leaks }) =>
    [false, true].flatMap((control) =>
      grid.dimensions.flatMap((dimension) => {
        const own = cells.filter(
          (cell) => cell.protocol === protocol && cell.control === control && cell.dimension === dimension,
        )
        const judged = own.filter(({ judgement }) => judgement)
        if (judged.length === 0) return []
        const which = `${protocol}${control ? '_control' : ''}`
        const loud = `${leaks ? ', LEAKS' : ''}${control ? ', negative control' : ''}`
        const caption = `${SCORE_NAMES[score]} of ${dimension}, protocol ${protocol}${loud}`
        const svg = forest(collected, judged, { score, caption })
        return [{ name: `${grid.name}_forest_${which}_${dimension}`, caption, svg }]
      }),
    ),
  )
}

/** Everything of a line that is drawn on the axis, shares of 1. */
function valuesOf({ judgement, reported }: Cell, score: Score): number[] {
  const { scores, intervals, baselines } = judgement!
  const { low = NaN, high = NaN } = intervals?.[score] ?? {}
  return [scores[score], low, high, reported?.[score] ?? NaN, ...baselines.map((beside) => beside.scores[score])]
}

function forest(
  { grid }: Collected,
  cells: readonly Cell[],
  { score, caption }: { score: Score; caption: string },
): string {
  const height = TOP + cells.length * LINE + FOOT
  const [low, high] = extent([0.5, ...cells.flatMap((cell) => valuesOf(cell, score))].map((value) => 100 * value))
  const panel: Panel = {
    ...{ left: NAMES, top: TOP, width: WIDTH - NAMES - 20, height: cells.length * LINE },
    x: linearScale(low - 2, high + 2, NAMES, WIDTH - 20),
    y: linearScale(0, cells.length, TOP, TOP + cells.length * LINE),
  }
  const lines = cells.map((cell, i) => {
    const y = panel.y.at(i + 0.5)
    const name = (grid.rows[cell.row]?.cells ?? []).filter((text) => text !== '').join(', ')
    return label(NAMES - 12, y + 4, shortened(name), { 'text-anchor': 'end' }) + marks(cell, score, panel, y)
  })
  const chance = panel.x.at(50)
  const half = tag('path', { d: `M${chance} ${TOP}V${TOP + panel.height}`, ...DASHED })
  const body = [key(), half, xAxis(panel, { title: `${SCORE_NAMES[score]}, %` }), ...lines]
  return svg(WIDTH, height, caption, body.join(''))
}

const DASHED = { stroke: 'currentColor', 'stroke-opacity': 0.6, 'stroke-dasharray': '4 4' } as const

const shortened = (name: string): string => (name.length > 34 ? `${name.slice(0, 33)}…` : name)

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

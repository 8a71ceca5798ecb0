// Whom a model knows: each subject's accuracy as a dot, a line of a table each.
import { xAxis, type Panel } from '../../charts/axes.ts'
import { label, palette, round, tag } from '../../charts/svg.ts'
import { groupBy } from '../../datasets/group.ts'
import type { Judgement } from '../../evaluation/judgement.ts'
import type { Cell, Collected } from '../collected.ts'
import type { Grid } from '../grid.ts'
import type { Figure } from '../../charts/figure.ts'
import { columnFigures, DASHED, lineName, linesPanel, linesSvg } from './figure_lines.ts'

const DOT = 6
/** Height of the pile of a line's dots. */
const PILE = 28

/** One picture for each protocol (and its control) and dimension. */
export const subjectFigures = (collected: Collected): Figure[] =>
  columnFigures(collected, {
    kind: 'subjects',
    of: 'Accuracy by subject',
    draw: (cells, caption) => picture(collected.grid, cells, caption),
  })

function picture({ rows }: Grid, cells: readonly Cell[], caption: string): string {
  const panel = linesPanel(cells.length, 0, 100)
  const lines = cells.map(({ row, judgement }, i) => {
    const y = panel.y.at(i + 0.5)
    return lineName(rows[row]!, y) + dots(judgement!.bySubject, panel, y)
  })
  const chance = panel.x.at(50)
  const half = tag('path', { d: `M${chance} ${panel.top}V${panel.top + panel.height}`, ...DASHED })
  const body = [key(), half, xAxis(panel, { title: 'Accuracy, %', ticks: [0, 20, 40, 60, 80, 100] }), ...lines]
  return linesSvg(cells.length, caption, body.join(''))
}

/** Dots that would lie on one another are piled up, all of a line as closely as its highest pile needs. */
function dots(subjects: Judgement['bySubject'], { x }: Panel, y: number): string {
  const places = subjects.map(({ accuracy }) => x.at(100 * accuracy)).sort((a, b) => a - b)
  const piles = [...groupBy(places, (place) => String(Math.round(place / DOT))).values()]
  const step = Math.min(DOT, PILE / piles.reduce((most, { length }) => Math.max(most, length), 1))
  const d = piles.flatMap((pile) =>
    // In the middle of a pile, so that none lies beside the axis.
    pile.map((_, i) => `M${round((pile[0]! + pile.at(-1)!) / 2)} ${round(y + (i - (pile.length - 1) / 2) * step)}h0`),
  )
  const middle = round(x.at(100 * medianOf(subjects)))
  return (
    tag('path', { d: `M${middle} ${y - 15}v30`, stroke: palette.orange, 'stroke-width': 2.5 }) +
    tag('path', { d: d.join(''), ...DOTS })
  )
}

function medianOf(subjects: Judgement['bySubject']): number {
  const sorted = subjects.map(({ accuracy }) => accuracy).sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

const DOTS = {
  stroke: palette.blue,
  'stroke-width': DOT - 1,
  'stroke-linecap': 'round',
  'stroke-opacity': 0.75,
} as const

/** What the marks mean. */
function key(): string {
  const name = (x: number, text: string): string => label(x, 24, text, { 'font-size': 11 })
  return [
    tag('path', { d: 'M20 20h0', ...DOTS }) + name(32, 'a subject, mean over seeds'),
    tag('path', { d: 'M222 12v16', stroke: palette.orange, 'stroke-width': 2.5 }) + name(232, 'median of subjects'),
    tag('path', { d: 'M372 20h24', ...DASHED }) + name(404, 'a half'),
  ].join('')
}

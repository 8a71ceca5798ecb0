// What figures of a table's lines have in common: their names at the left, and a figure for each protocol, its control and dimension.
import type { Panel } from '../../charts/axes.ts'
import { escapeMarkup, label, linearScale, svg, tag } from '../../charts/svg.ts'
import { fittedLines } from '../../charts/text.ts'
import type { Cell, Collected } from '../collected.ts'
import type { GridRow } from '../grid.ts'
import type { Figure } from '../../charts/figure.ts'
import { rowName } from './headlines.ts'

const [WIDTH, NAMES, TOP, LINE, FOOT] = [720, 230, 62, 34, 48]
const FONT = 12

/** A dashed line, such as that of a half. */
export const DASHED = { stroke: 'currentColor', 'stroke-opacity': 0.6, 'stroke-dasharray': '4 4' } as const

/** A figure of each set of cells that stand in one column of a table and have results. */
export function columnFigures(
  { grid, protocols, cells }: Collected,
  { kind, of, draw }: { kind: string; of: string; draw: (cells: readonly Cell[], caption: string) => string },
): Figure[] {
  return protocols.flatMap(({ protocol, leaks }) =>
    [false, true].flatMap((control) =>
      grid.dimensions.flatMap((dimension) => {
        const judged = cells.filter(
          (cell) =>
            cell.protocol === protocol && cell.control === control && cell.dimension === dimension && cell.judgement,
        )
        if (judged.length === 0) return []
        const loud = `${leaks ? ', LEAKS' : ''}${control ? ', negative control' : ''}`
        const caption = `${of} of ${dimension}, protocol ${protocol}${loud}`
        const name = `${grid.name}_${kind}_${protocol}${control ? '_control' : ''}_${dimension}`
        return [{ name, caption, svg: draw(judged, caption) }]
      }),
    ),
  )
}

/** Place for as many lines, over values from `low` to `high`; a line has `y.at(i + 0.5)` as its middle. */
export function linesPanel(count: number, low: number, high: number): Panel {
  return {
    ...{ left: NAMES, top: TOP, width: WIDTH - NAMES - 20, height: count * LINE },
    x: linearScale(low, high, NAMES, WIDTH - 20),
    y: linearScale(0, count, TOP, TOP + count * LINE),
  }
}

/** A line's name in two lines of text at most; what is cut stands in full where the pointer rests. */
export function lineName(row: GridRow, y: number): string {
  const name = rowName(row)
  const lines = fittedLines(name, NAMES - 24, FONT, 2)
  const first = y + 4 - (lines.length - 1) * 7
  const texts = lines.map((text, i) => label(NAMES - 12, first + 14 * i, text, { 'text-anchor': 'end' }))
  return tag('g', {}, tag('title', {}, escapeMarkup(name)) + texts.join(''))
}

export const linesSvg = (count: number, caption: string, body: string): string =>
  svg(WIDTH, TOP + count * LINE + FOOT, caption, body)

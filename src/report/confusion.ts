// A confusion matrix: counts, and the share of each true class that they are.

import { label, palette, svg, tag } from '../charts/svg.ts'

const CELL = 84
const LEFT = 72
const TOP = 52
const CENTRED = { 'text-anchor': 'middle' } as const

/** @param confusion [true class][predicted class] counts */
export function confusionSvg(
  confusion: readonly (readonly number[])[],
  classes: readonly string[],
  title: string,
): string {
  const size = confusion.length * CELL
  const middle = (i: number): number => i * CELL + CELL / 2
  const cells = confusion.flatMap((row, r) => {
    const total = row.reduce((sum, count) => sum + count, 0)
    return row.map((count, c) => cell(LEFT + c * CELL, TOP + r * CELL, count, total, r === c))
  })
  const names = classes.flatMap((name, i) => [
    label(LEFT + middle(i), TOP - 8, name, CENTRED),
    label(LEFT - 10, TOP + middle(i) + 4, name, { 'text-anchor': 'end' }),
  ])
  const turned = `translate(16 ${TOP + size / 2}) rotate(-90)`
  const titles =
    label(LEFT + size / 2, 18, 'predicted', { ...CENTRED, 'font-weight': 600 }) +
    label(0, 0, 'true', { ...CENTRED, 'font-weight': 600, transform: turned })
  const body = titles + names.join('') + cells.join('')
  return svg(LEFT + size + 8, TOP + size + 8, `${title}: confusion matrix, rows true, columns predicted`, body)
}

/** The fill stays under half opaque, so that the page's own text colour is legible on it. */
function cell(x: number, y: number, count: number, rowTotal: number, right: boolean): string {
  const share = rowTotal > 0 ? count / rowTotal : 0
  const fill = right ? palette.blue : palette.orange
  const opacity = 0.06 + 0.44 * share
  const box = { x: x + 1, y: y + 1, width: CELL - 2, height: CELL - 2, rx: 4, fill, 'fill-opacity': opacity }
  const [centre, middle] = [x + CELL / 2, y + CELL / 2]
  const ofRow = rowTotal > 0 ? `${(100 * share).toFixed(1)} %` : 'none'
  return (
    tag('rect', box) +
    label(centre, middle + 2, String(count), { ...CENTRED, 'font-size': 18, 'font-weight': 600 }) +
    label(centre, middle + 20, ofRow, { ...CENTRED, 'font-size': 11 })
  )
}

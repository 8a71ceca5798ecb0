// Calibration: whether of the trials that a model calls high with a score of .7, seven in ten are high.
import { xAxis, yAxis, type Panel } from '../../charts/axes.ts'
import { label, linearScale, palette, svg, tag } from '../../charts/svg.ts'
import type { Judgement } from '../../evaluation/judgement.ts'
import type { Cell, Collected } from '../collected.ts'
import type { Figure } from '../../charts/figure.ts'
import { rowName } from './headlines.ts'

const [SIZE, LEFT, TOP] = [240, 44, 76]

/** One curve for each line of a table that has a result; controls have none. */
export function calibrationFigures({ grid, protocols, cells }: Collected): Figure[] {
  return cells.flatMap((cell) => {
    if (cell.control || !cell.judgement) return []
    const leaks = protocols.find(({ protocol }) => protocol === cell.protocol)?.leaks === true
    const name = rowName(grid.rows[cell.row]!)
    const caption = `Calibration of ${name}: ${cell.dimension}, protocol ${cell.protocol}${leaks ? ', LEAKS' : ''}`
    const file = `${grid.name}_calibration_${cell.protocol}_${cell.dimension}_${cell.row + 1}`
    return [{ name: file, caption, svg: calibration(cell, cell.judgement, caption) }]
  })
}

function calibration({ dimension }: Cell, { calibration, scores, trials }: Judgement, description: string): string {
  const panel: Panel = {
    ...{ left: LEFT, top: TOP, width: SIZE, height: SIZE },
    x: linearScale(0, 100, LEFT, LEFT + SIZE),
    y: linearScale(0, 100, TOP + SIZE, TOP),
  }
  const filled = calibration.filter((bin) => bin.trials > 0)
  const most = Math.max(...filled.map((bin) => bin.trials))
  const at = ({ score, high }: (typeof filled)[number]): [number, number] => [
    panel.x.at(100 * score),
    panel.y.at(100 * high),
  ]
  const line = filled.map((bin, i) => `${i === 0 ? 'M' : 'L'}${at(bin).join(' ')}`).join('')
  // Their areas are as their trials.
  const discs = filled.map((bin) => {
    const [cx, cy] = at(bin)
    return tag('circle', { cx, cy, r: 2 + 6 * Math.sqrt(bin.trials / most), fill: palette.blue, 'fill-opacity': 0.6 })
  })
  const brier = Number.isNaN(scores.brier) ? '' : `, Brier score ${scores.brier.toFixed(3)}`
  const body = [
    label(12, 20, `${dimension}: ${trials} trials${brier}`, { 'font-weight': 600 }),
    label(12, 38, 'discs by number of trials; dashed: as sure as right', { 'font-size': 11, 'fill-opacity': 0.75 }),
    yAxis(panel, 'Share that is high, %'),
    xAxis(panel, { title: 'Mean score of class high, %', ticks: [0, 25, 50, 75, 100] }),
    tag('path', {
      d: `M${LEFT} ${TOP + SIZE}L${LEFT + SIZE} ${TOP}`,
      ...{ stroke: 'currentColor', 'stroke-opacity': 0.6, 'stroke-dasharray': '4 4' },
    }),
    tag('path', { d: line, fill: 'none', stroke: palette.blue, 'stroke-width': 1.5 }),
    ...discs,
  ]
  return svg(LEFT + SIZE + 20, TOP + SIZE + 46, description, body.join(''))
}

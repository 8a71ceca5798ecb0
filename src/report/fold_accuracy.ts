// Accuracy of the model beside its baselines, a row for each fold and one for all.

import { xAxis } from '../charts/axes.ts'
import type { Panel } from '../charts/axes.ts'
import type { Baselines, FoldResult, PooledResult, RunSummary } from '../train/run_summary.ts'
import type { ClassificationMetrics } from '../evaluation/metrics.ts'
import type { Interval } from '../evaluation/statistics.ts'
import { label, linearScale, palette, round, svg, tag } from '../charts/svg.ts'
import type { Scale } from '../charts/svg.ts'

const WIDTH = 360
const LEFT = 92
const RIGHT = 18
const TOP = 48
const ROW = 24
const TICKS = [0, 20, 40, 60, 80, 100]

const marks = {
  majority: (x: number, y: number) => tag('path', { d: `M${x} ${y - 8}v16`, stroke: palette.grey, 'stroke-width': 3 }),
  song: (x: number, y: number) =>
    tag('path', { d: `M${x} ${y - 6}l6 10h-12Z`, fill: 'none', stroke: palette.green, 'stroke-width': 2 }),
  svm: (x: number, y: number) =>
    tag('path', { d: `M${x - 4.5} ${y - 4.5}h9v9h-9Z`, fill: 'none', stroke: palette.orange, 'stroke-width': 2 }),
  model: (x: number, y: number) => tag('circle', { cx: x, cy: y, r: 5.5, fill: palette.blue }),
}

/** Accuracies in %, from 0 to 100; the model's bootstrap interval is a bar on the pooled row. */
export function foldAccuracySvg({ results, pooled }: Pick<RunSummary, 'results' | 'pooled'>): string {
  const bottom = TOP + ROW * (results.length + 1)
  const x = linearScale(0, 100, LEFT, WIDTH - RIGHT)
  const y = linearScale(0, results.length + 1, TOP, bottom)
  const panel: Panel = { left: LEFT, top: TOP, width: WIDTH - LEFT - RIGHT, height: bottom - TOP, x, y }
  const name = (text: string, i: number, weight: number): string =>
    label(LEFT - 10, y.at(i + 0.5) + 4, shortened(text), { 'text-anchor': 'end', 'font-weight': weight })
  const body = [
    key(pooled.baselines),
    xAxis(panel, { title: 'Accuracy (%)', ticks: TICKS }),
    ...results.map((fold, i) => name(`fold ${fold.name}`, i, 400) + rowMarks(fold, x, y.at(i + 0.5))),
    name('all', results.length, 600),
    intervalBar(pooled.interval, x, y.at(results.length + 0.5)),
    rowMarks(pooled, x, y.at(results.length + 0.5)),
  ]
  return svg(WIDTH, bottom + 46, 'Accuracy of the model and of the baselines, by fold', body.join(''))
}

function rowMarks({ model, baselines }: PooledResult | FoldResult, x: Scale, y: number): string {
  const at = ({ accuracy }: ClassificationMetrics): number => round(x.at(100 * accuracy))
  const song = baselines.song ? marks.song(at(baselines.song.baseline), y) : ''
  const svm = baselines.svm ? marks.svm(at(baselines.svm), y) : ''
  return marks.majority(at(baselines.majority), y) + song + svm + marks.model(at(model), y)
}

function intervalBar(interval: Interval | undefined, x: Scale, y: number): string {
  if (!interval) return ''
  const [low, high] = [round(x.at(100 * interval.low)), round(x.at(100 * interval.high))]
  const stroke = { stroke: palette.blue, 'stroke-width': 6, 'stroke-opacity': 0.35, 'stroke-linecap': 'round' }
  return tag('path', { d: `M${low} ${y}H${high}`, ...stroke })
}

/** What the marks mean. */
function key({ svm, song }: Baselines): string {
  const names: [keyof typeof marks, string][] = [
    ['model', 'model'],
    ['majority', 'majority class'],
  ]
  if (svm) names.push(['svm', 'linear SVM'])
  if (song) names.push(['song', 'song-only'])
  let x = 12
  return names
    .map(([mark, name]) => {
      const entry = marks[mark](x, 20) + label(x + 12, 24, name, { 'font-size': 11 })
      x += 30 + name.length * 6
      return entry
    })
    .join('')
}

const shortened = (name: string): string => (name.length > 12 ? `${name.slice(0, 11)}…` : name)

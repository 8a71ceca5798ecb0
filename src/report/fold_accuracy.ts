// Accuracy of the model beside its baselines, a row for each fold and one for all.

import { xAxis } from '../charts/axes.ts'
import type { Panel } from '../charts/axes.ts'
import type { BaselineName } from '../evaluation/judgement.ts'
import { classOf } from '../train/answer.ts'
import type { Prediction, RunSummary } from '../train/run_summary.ts'
import type { Interval } from '../evaluation/statistics.ts'
import { BASELINE_NAMES } from './baseline_names.ts'
import { label, linearScale, palette, round, svg, tag } from '../charts/svg.ts'
import type { Scale } from '../charts/svg.ts'
import { fittedLines, textWidth } from '../charts/text.ts'

const WIDTH = 360
const LEFT = 92
const RIGHT = 18
const TOP = 66
const ROW = 24
const TICKS = [0, 20, 40, 60, 80, 100]

const marks = {
  majority: (x: number, y: number) => tag('path', { d: `M${x} ${y - 8}v16`, stroke: palette.grey, 'stroke-width': 3 }),
  song: (x: number, y: number) =>
    tag('path', { d: `M${x} ${y - 6}l6 10h-12Z`, fill: 'none', stroke: palette.green, 'stroke-width': 2 }),
  svm: (x: number, y: number) =>
    tag('path', { d: `M${x - 4.5} ${y - 4.5}h9v9h-9Z`, fill: 'none', stroke: palette.orange, 'stroke-width': 2 }),
  forest: (x: number, y: number) =>
    tag('path', { d: `M${x} ${y - 6}l5 6l-5 6l-5 -6Z`, fill: 'none', stroke: palette.grey, 'stroke-width': 2 }),
  model: (x: number, y: number) => tag('circle', { cx: x, cy: y, r: 5.5, fill: palette.blue }),
} as const satisfies Partial<Record<BaselineName | 'model', (x: number, y: number) => string>>
const BASELINES = ['majority', 'song', 'svm', 'forest'] as const

/** Accuracies in %, from 0 to 100; the model's bootstrap interval is a bar on the pooled row. */
export function foldAccuracySvg({ results, pooled }: Pick<RunSummary, 'results' | 'pooled'>): string {
  const bottom = TOP + ROW * (results.length + 1)
  const x = linearScale(0, 100, LEFT, WIDTH - RIGHT)
  const y = linearScale(0, results.length + 1, TOP, bottom)
  const panel: Panel = { left: LEFT, top: TOP, width: WIDTH - LEFT - RIGHT, height: bottom - TOP, x, y }
  const name = (text: string, i: number, weight: number): string =>
    label(LEFT - 10, y.at(i + 0.5) + 4, fittedLines(text, LEFT - 12, 12, 1)[0]!, {
      'text-anchor': 'end',
      'font-weight': weight,
    })
  const all = results.flatMap(({ predictions }) => predictions)
  const body = [
    key(BASELINES.filter((mark) => all.some(({ baselines }) => baselines[mark] !== undefined))),
    xAxis(panel, { title: 'Accuracy (%)', ticks: TICKS }),
    ...results.map((fold, i) => name(`fold ${fold.name}`, i, 400) + rowMarks(fold.predictions, x, y.at(i + 0.5))),
    name('all', results.length, 600),
    intervalBar(pooled.judgement.intervals?.accuracy, x, y.at(results.length + 0.5)),
    rowMarks(all, x, y.at(results.length + 0.5)),
  ]
  return svg(WIDTH, bottom + 46, 'Accuracy of the model and of some baselines, by fold', body.join(''))
}

/** Share of the trials that are called rightly, of those that are called. */
function accuracy(predictions: readonly Prediction[], call: (of: Prediction) => number | undefined): number {
  const called = predictions.filter((of) => call(of) !== undefined)
  return called.filter((of) => call(of) === of.label).length / called.length
}

/** The class that a baseline calls: of two a score above a half is high, of more it is named by its number. */
const callOf =
  (mark: BaselineName) =>
  ({ predicted, baselines: { [mark]: said } }: Prediction): number | undefined =>
    predicted === undefined && said !== undefined ? Number(said > 0.5) : said

function rowMarks(predictions: readonly Prediction[], x: Scale, y: number): string {
  const drawn = BASELINES.map((mark) => [mark, accuracy(predictions, callOf(mark))] as const)
  const model = ['model', accuracy(predictions, classOf)] as const
  return [...drawn, model]
    .map(([mark, share]) => (Number.isNaN(share) ? '' : marks[mark](round(x.at(100 * share)), y)))
    .join('')
}

function intervalBar(interval: Interval | undefined, x: Scale, y: number): string {
  if (!interval) return ''
  const [low, high] = [round(x.at(100 * interval.low)), round(x.at(100 * interval.high))]
  const stroke = { stroke: palette.blue, 'stroke-width': 6, 'stroke-opacity': 0.35, 'stroke-linecap': 'round' }
  return tag('path', { d: `M${low} ${y}H${high}`, ...stroke })
}

/** What the marks mean, in lines that fit. */
function key(baselines: readonly (typeof BASELINES)[number][]): string {
  let [x, y] = [12, 20]
  return (['model', ...baselines] as const)
    .map((mark) => {
      const name = mark === 'model' ? mark : BASELINE_NAMES[mark]
      const width = 30 + textWidth(name, 11)
      if (x + width > WIDTH) [x, y] = [12, y + 18]
      const entry = marks[mark](x, y) + label(x + 12, y + 4, name, { 'font-size': 11 })
      x += width
      return entry
    })
    .join('')
}

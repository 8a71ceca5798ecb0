// Loss and validation accuracy over epochs, of one fold or of all at once.

import { largestOf } from '../signal/extremes.ts'
import { curve, legend, xAxis, yAxis } from '../charts/axes.ts'
import type { Panel } from '../charts/axes.ts'
import type { EpochRecord } from '../train/run_summary.ts'
import { extent, linearScale, niceTicks, palette, svg, tag } from '../charts/svg.ts'

export interface FoldCurves {
  epochs: readonly EpochRecord[]
  /** Epoch whose weights were kept. */
  bestEpoch: number
}

const WIDTH = 360
const LEFT = 48
const RIGHT = 12
const PANEL_HEIGHT = 120
const LOSS_TOP = 52
const ACCURACY_TOP = LOSS_TOP + PANEL_HEIGHT + 40
const BELOW = 46

/** One thin line a fold in each of two panels; a dot marks the epoch whose weights were kept. Without accuracies, as of ratings, the losses alone. */
export function curvesSvg(folds: readonly FoldCurves[], title: string, withAccuracy = true): string {
  const losses = folds.flatMap(({ epochs }) => epochs.flatMap((e) => [e.trainLoss, e.validationLoss ?? NaN]))
  const percentages = folds.flatMap(({ epochs }) => epochs.map((e) => 100 * (e.validationAccuracy ?? NaN)))
  const last = largestOf(
    folds.flatMap(({ epochs }) => epochs.map((e) => e.epoch)),
    2,
  )
  const x = linearScale(1, last, LEFT, WIDTH - RIGHT)
  const panel = (top: number, low: number, high: number): Panel => {
    const y = linearScale(low, high, top + PANEL_HEIGHT, top)
    return { left: LEFT, top, width: WIDTH - LEFT - RIGHT, height: PANEL_HEIGHT, x, y }
  }
  const [, lossHigh] = extent(losses)
  const [accuracyLow] = extent(percentages)
  const loss = panel(LOSS_TOP, 0, lossHigh * 1.04)
  const accuracy = panel(ACCURACY_TOP, Math.min(40, Math.floor(accuracyLow / 20) * 20), 100)
  const whole = niceTicks(1, last, 6).filter(Number.isInteger)
  const ticks = [...new Set([1, ...whole.filter((epoch) => epoch > last / 20 + 1)])]
  const opacity = folds.length > 1 ? 0.55 : 1
  const body = [
    legend(LEFT, 18, [
      { name: 'training', color: palette.blue },
      { name: 'validation', color: palette.orange },
    ]),
    xAxis(loss, withAccuracy ? { ticks } : { title: 'Epoch', ticks }),
    yAxis(loss, 'Loss'),
    ...(withAccuracy ? [xAxis(accuracy, { title: 'Epoch', ticks }) + yAxis(accuracy, 'Validation accuracy (%)')] : []),
    ...folds.map((fold) => foldLines(fold, loss, withAccuracy ? accuracy : undefined, opacity)),
  ]
  const shown = `training and validation loss${withAccuracy ? ', validation accuracy' : ''}`
  const bottom = (withAccuracy ? ACCURACY_TOP : LOSS_TOP) + PANEL_HEIGHT
  return svg(WIDTH, bottom + BELOW, `${title}: ${shown}, by epoch`, body.join(''))
}

function foldLines(
  { epochs, bestEpoch }: FoldCurves,
  loss: Panel,
  accuracy: Panel | undefined,
  opacity: number,
): string {
  const x = epochs.map((e) => e.epoch)
  const line = (panel: Panel, y: number[], color: string): string => {
    const i = x.indexOf(bestEpoch)
    const kept = y[i]
    const dot =
      kept === undefined || !Number.isFinite(kept)
        ? ''
        : tag('circle', { cx: panel.x.at(bestEpoch), cy: panel.y.at(kept), r: 3, fill: color })
    return curve(panel, x, y, { color, opacity }) + dot
  }
  return (
    curve(
      loss,
      x,
      epochs.map((e) => e.trainLoss),
      { color: palette.blue, opacity },
    ) +
    line(
      loss,
      epochs.map((e) => e.validationLoss ?? NaN),
      palette.orange,
    ) +
    (accuracy
      ? line(
          accuracy,
          epochs.map((e) => 100 * (e.validationAccuracy ?? NaN)),
          palette.orange,
        )
      : '')
  )
}

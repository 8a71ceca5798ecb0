// Whether probabilities mean what they say: the share of high trials beside the probability that the model gave them.

import { xAxis, yAxis, type Panel } from '../charts/axes.ts'
import { linearScale, palette, svg, tag } from '../charts/svg.ts'
import type { Judgement } from '../evaluation/judgement.ts'

const WIDTH = 360
const LEFT = 48
const TOP = 32
const SIZE = 290
const TICKS = [0, 20, 40, 60, 80, 100]
/** Radius of the dot of a bin with all trials. */
const LARGEST = 16
const LEAST = 2

/** A dot a bin of probabilities, its area by the trials in it; on the dashed diagonal the model is right as often as it says. */
export function calibrationSvg(bins: Judgement['calibration']): string {
  const x = linearScale(0, 100, LEFT, LEFT + SIZE)
  const y = linearScale(0, 100, TOP + SIZE, TOP)
  const panel: Panel = { left: LEFT, top: TOP, width: SIZE, height: SIZE, x, y }
  const all = bins.reduce((sum, { trials }) => sum + trials, 0)
  const dots = bins
    .filter(({ trials }) => trials > 0)
    .map(({ trials, score, high }) =>
      tag('circle', {
        cx: x.at(100 * score),
        cy: y.at(100 * high),
        r: Math.max(LEAST, LARGEST * Math.sqrt(trials / all)),
        fill: palette.blue,
        'fill-opacity': 0.6,
      }),
    )
  const diagonal = tag('path', {
    d: `M${x.at(0)} ${y.at(0)}L${x.at(100)} ${y.at(100)}`,
    stroke: palette.grey,
    'stroke-dasharray': '4 4',
  })
  const axes = yAxis(panel, 'Trials that are high (%)', TICKS) + xAxis(panel, { title: 'P(high) (%)', ticks: TICKS })
  const description = 'Share of high trials by the probability that the model gave them'
  return svg(WIDTH, TOP + SIZE + 46, description, axes + diagonal + dots.join(''))
}

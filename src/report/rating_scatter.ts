// Predicted ratings beside those that were given, a dot a trial, and the line on which both are one.

import { xAxis, yAxis, type Panel } from '../charts/axes.ts'
import { extent, linearScale, niceTicks, palette, round, svg, tag } from '../charts/svg.ts'
import type { RatingPrediction } from '../train/rating_summary.ts'

const WIDTH = 360
const LEFT = 48
const TOP = 32
const SIZE = 290

/** The same of one person's trials, smaller: many stand side by side. */
const SMALL = 0.5

type Dot = Pick<RatingPrediction, 'rating' | 'said'>

/** Both axes go over all ratings and predictions of `range`, so that pictures of several people can be compared. */
export function ratingScatterSvg(
  predictions: readonly Dot[],
  title: string,
  { range = predictions, small = false } = {},
): string {
  const size = small ? SIZE * SMALL : SIZE
  const [least, most] = extent(range.flatMap(({ rating, said }) => [rating, said]))
  const margin = most > least ? (most - least) / 20 : 1
  const [low, high] = [least - margin, most + margin]
  const x = linearScale(low, high, LEFT, LEFT + size)
  const y = linearScale(low, high, TOP + size, TOP)
  const panel: Panel = { left: LEFT, top: TOP, width: size, height: size, x, y }
  const ticks = niceTicks(low, high, small ? 3 : 6)
  const dots = predictions.map(({ rating, said }) =>
    tag('circle', {
      ...{ cx: round(x.at(rating)), cy: round(y.at(said)), r: small ? 2 : 3 },
      ...{ fill: palette.blue, 'fill-opacity': 0.55 },
    }),
  )
  const identity = tag('path', {
    d: `M${round(x.at(low))} ${round(y.at(low))}L${round(x.at(high))} ${round(y.at(high))}`,
    stroke: palette.grey,
    'stroke-dasharray': '4 4',
  })
  const axes = yAxis(panel, 'Predicted', ticks) + xAxis(panel, { title: 'Rating', ticks })
  const width = small ? LEFT + size + 18 : WIDTH
  return svg(
    width,
    TOP + size + 46,
    `${title}: predicted rating by the rating that was given`,
    axes + identity + dots.join(''),
  )
}

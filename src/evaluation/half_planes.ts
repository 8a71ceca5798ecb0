// All ways in which a line parts points of a plane.

type Point = readonly number[]

/** Two parts of a set of points. */
export interface Halves {
  /** Their means. */
  centers: [number[], number[]]
  /** Sum of squared distances to the own mean. */
  inertia: number
}

/** Radians; directions that are nearer are one, so that points on one line stay together. */
const SAME_DIRECTION = 1e-12

/**
 * The parts on both sides of every line. A line can be turned and moved, without any point changing sides, until it goes through one of
 * each: so one part is a pivot, what lies left of the line through it and another point, and what lies on the line behind the pivot.
 * The others are sorted by their direction from the pivot, where such a part is a stretch of them: n^2 log n steps in all.
 * @param points [n][2], not all the same
 */
export function* halfPlanes(points: readonly Point[]): Generator<Halves> {
  const n = points.length
  const meanX = points.reduce((sum, [x]) => sum + x!, 0) / n
  const meanY = points.reduce((sum, [, y]) => sum + y!, 0) / n
  // About their mean the sums of both parts are one another's negative.
  const centred = points.map(([x, y]) => ({ x: x! - meanX, y: y! - meanY }))
  const inertia = centred.reduce((sum, { x, y }) => sum + x * x + y * y, 0)
  const pivots = new Map(centred.map((point) => [`${point.x} ${point.y}`, point]))
  for (const pivot of pivots.values()) {
    const others = centred
      .filter(({ x, y }) => x !== pivot.x || y !== pivot.y)
      .map(({ x, y }) => ({ x, y, angle: Math.atan2(y - pivot.y, x - pivot.x) }))
      .sort((a, b) => a.angle - b.angle)
    const m = others.length
    const angleAt = (i: number): number => (i < m ? others[i]!.angle : others[i - m]!.angle + 2 * Math.PI)
    const sumsX = new Float64Array(2 * m + 1)
    const sumsY = new Float64Array(2 * m + 1)
    for (let i = 0; i < 2 * m; i++) {
      sumsX[i + 1] = sumsX[i]! + others[i % m]!.x
      sumsY[i + 1] = sumsY[i]! + others[i % m]!.y
    }
    const same = n - m
    for (let ahead = 0, from = 0, to = 0; ahead < m; ahead++) {
      const direction = angleAt(ahead) + SAME_DIRECTION
      while (from < 2 * m && angleAt(from) <= direction) from++
      while (to < 2 * m && angleAt(to) <= direction + Math.PI) to++
      const size = same + to - from
      const x = same * pivot.x + sumsX[to]! - sumsX[from]!
      const y = same * pivot.y + sumsY[to]! - sumsY[from]!
      const rest = n - size
      yield {
        centers: [
          [meanX + x / size, meanY + y / size],
          [meanX - x / rest, meanY - y / rest],
        ],
        inertia: inertia - (x * x + y * y) * (1 / size + 1 / rest),
      }
    }
  }
}

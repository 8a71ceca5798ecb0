// k-means with two clusters, started from given centres, or exact over every pair of points.
import { ShapeError } from '../runtime/errors.ts'

type Point = readonly number[]

/** Two clusters. */
export interface TwoMeans {
  centers: [number[], number[]]
  /** 0 or 1 for each point. */
  assignment: Uint8Array
  /** Sum of squared distances to the own centre. */
  inertia: number
  /** Lloyd steps that moved a centre. */
  iterations: number
  /** Midpoint of the two centres, per coordinate. */
  threshold: number[]
}

/** Splits whose inertia differs by less than this share are the same; the centres then decide. */
const SAME_INERTIA = 1e-9

/**
 * Splits points into two clusters.
 *
 * With `init`, Lloyd's iteration from these centres; a point equally near goes to the first.
 * Without, Lloyd from every pair of distinct points, least inertia kept, ties to the lexicographically smaller centres:
 * the answer does not depend on the order of the points, and the first centre is the lexicographically smaller one.
 * @throws ShapeError for fewer than two distinct points (without `init`), or none at all
 */
export function twoMeans(points: readonly Point[], init?: readonly [Point, Point]): TwoMeans {
  if (points.length === 0) throw new ShapeError('two-means: no points')
  return init ? finish(points, lloyd(points, init)) : exact(points)
}

function exact(points: readonly Point[]): TwoMeans {
  const sorted = [...points].sort(lexicographic)
  const distinct = sorted.filter((point, i) => i === 0 || lexicographic(point, sorted[i - 1]!) !== 0)
  let best: Candidate | undefined
  for (let i = 0; i < distinct.length; i++) {
    for (let j = i + 1; j < distinct.length; j++) {
      const { centers, iterations } = lloyd(sorted, [distinct[i]!, distinct[j]!])
      if (lexicographic(centers[0], centers[1]) > 0) centers.reverse()
      const candidate = { centers, iterations, inertia: inertiaOf(sorted, centers) }
      if (!best || better(candidate, best)) best = candidate
    }
  }
  if (!best) {
    throw new ShapeError(`two-means: ${points.length} points, all the same; at least two distinct ones are needed`)
  }
  return finish(points, best)
}

interface Candidate extends Centers {
  inertia: number
}

function better(a: Candidate, b: Candidate): boolean {
  if (Math.abs(a.inertia - b.inertia) > SAME_INERTIA * Math.max(a.inertia, b.inertia)) return a.inertia < b.inertia
  return lexicographic(a.centers.flat(), b.centers.flat()) < 0
}

interface Centers {
  centers: [number[], number[]]
  iterations: number
}

/** Lloyd's iteration until the centres stay. An empty cluster keeps its centre. */
function lloyd(points: readonly Point[], init: readonly [Point, Point]): Centers {
  let centers: [number[], number[]] = [[...init[0]], [...init[1]]]
  for (let iterations = 0; ; iterations++) {
    const sums = [centers[0].map(() => 0), centers[1].map(() => 0)] as const
    const counts: [number, number] = [0, 0]
    for (const point of points) {
      const cluster = nearest(point, centers)
      counts[cluster]++
      point.forEach((value, d) => (sums[cluster][d]! += value))
    }
    const mean = (k: 0 | 1): number[] => (counts[k] ? sums[k].map((sum) => sum / counts[k]) : centers[k])
    const moved: [number[], number[]] = [mean(0), mean(1)]
    if (lexicographic(moved.flat(), centers.flat()) === 0) return { centers, iterations }
    centers = moved
  }
}

function finish(points: readonly Point[], { centers, iterations }: Centers): TwoMeans {
  return {
    centers,
    assignment: Uint8Array.from(points, (point) => nearest(point, centers)),
    inertia: inertiaOf(points, centers),
    iterations,
    threshold: centers[0].map((value, d) => (value + centers[1][d]!) / 2),
  }
}

const inertiaOf = (points: readonly Point[], centers: readonly [Point, Point]): number =>
  points.reduce((sum, point) => sum + squaredDistance(point, centers[nearest(point, centers)]), 0)

const nearest = (point: Point, centers: readonly [Point, Point]): 0 | 1 =>
  squaredDistance(point, centers[1]) < squaredDistance(point, centers[0]) ? 1 : 0

function squaredDistance(a: Point, b: Point): number {
  let sum = 0
  for (let d = 0; d < a.length; d++) sum += (a[d]! - b[d]!) ** 2
  return sum
}

function lexicographic(a: Point, b: Point): number {
  for (let d = 0; d < a.length; d++) {
    const difference = a[d]! - b[d]!
    if (difference !== 0) return difference
  }
  return 0
}

// k-means with two clusters, started from given centres, or exact over every pair of points.
import { ShapeError } from '../runtime/errors.ts'
import { halfPlanes, type Halves } from './half_planes.ts'

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

/** Centres that are a smaller share of the range apart say little of that dimension: the midpoint between them is arbitrary. */
const WEAK_SEPARATION = 0.1

/** Distances of larger values have no square. */
const LARGEST = 1e150

/** More distinct points than this in a plane are parted by every line through them, since pairs of them are too many. */
const MOST_IN_PAIRS = 100

/** Splits whose inertia differs by less than this share are the same; the centres then decide. */
const SAME_INERTIA = 1e-9

/**
 * Splits points into two clusters.
 *
 * With `init`, Lloyd's iteration from these centres; a point equally near goes to the first.
 * Without, Lloyd from every pair of distinct points, least inertia kept, ties to the lexicographically smaller centres:
 * the answer does not depend on the order of the points, and the first centre is the lexicographically smaller one. From 100 distinct
 * points of a plane on, Lloyd from the best of all parts that a line can make, which takes n^2 log n steps and not n^3.
 * @throws ShapeError for fewer than two distinct points (without `init`), none at all, or one that is not finite
 */
export function twoMeans(points: readonly Point[], init?: readonly [Point, Point]): TwoMeans {
  if (points.length === 0) throw new ShapeError('two-means: no points')
  const endless = [...points, ...(init ?? [])].find((point) => !point.every((value) => Math.abs(value) <= LARGEST))
  if (endless)
    throw new ShapeError(`two-means: a point is [${endless.join(', ')}], expected finite numbers to ${LARGEST}`)
  return init ? finish(points, lloyd(points, init)) : exact(points)
}

/** Distance of two centres along one axis, as a share of the range of the values there. */
export function separationOf(
  { centers }: Pick<TwoMeans, 'centers'>,
  axis: number,
  range: number,
): { separation: number; weak: boolean } {
  const separation = range > 0 ? Math.abs(centers[1][axis]! - centers[0][axis]!) / range : 0
  return { separation, weak: separation < WEAK_SEPARATION }
}

function exact(points: readonly Point[]): TwoMeans {
  const sorted = [...points].sort(lexicographic)
  const distinct = sorted.filter((point, i) => i === 0 || lexicographic(point, sorted[i - 1]!) !== 0)
  const arePlane = distinct.every(({ length }) => length === 2)
  if (distinct.length > MOST_IN_PAIRS && arePlane)
    return finish(points, inOrder(lloyd(sorted, best(halfPlanes(sorted))!.centers)))
  const found = best(fromPairs(sorted, distinct))
  if (found) return finish(points, found)
  throw new ShapeError(`two-means: ${points.length} points, all the same; at least two distinct ones are needed`)
}

function* fromPairs(points: readonly Point[], distinct: readonly Point[]): Generator<Centers & Halves> {
  for (let i = 0; i < distinct.length; i++) {
    for (let j = i + 1; j < distinct.length; j++) {
      const found = lloyd(points, [distinct[i]!, distinct[j]!])
      yield { ...found, inertia: inertiaOf(points, found.centers) }
    }
  }
}

function best<T extends Halves>(candidates: Iterable<T>): T | undefined {
  let found: T | undefined
  for (const candidate of candidates) if (!found || better(inOrder(candidate), found)) found = inOrder(candidate)
  return found
}

/** The lexicographically smaller centre first. */
const inOrder = <T extends Pick<Centers, 'centers'>>(halves: T): T => {
  const [a, b] = halves.centers
  return lexicographic(a, b) > 0 ? { ...halves, centers: [b, a] } : halves
}

function better(a: Halves, b: Halves): boolean {
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

// k-means of numbers with three clusters, exact: what two-means is for low and high, for low, middle and high.
import { ShapeError } from '../runtime/errors.ts'

/** Splits whose inertia differs by less than this share are the same; the smaller centres then decide. */
const SAME_INERTIA = 1e-9

/** Three clusters of numbers. */
export interface ThreeMeans {
  /** In order. */
  centers: [number, number, number]
  /** Midpoints of neighbouring centres. */
  thresholds: [number, number]
}

/**
 * The three clusters with the least sum of squared distances to their centres, over every way to cut the sorted numbers in three;
 * of equal ones those with the lexicographically smaller centres. The order of the numbers does not matter.
 * @throws ShapeError for fewer than three distinct numbers
 */
export function threeMeans(values: readonly number[]): ThreeMeans {
  const sorted = [...values].sort((a, b) => a - b)
  const cuts = [...sorted.keys()].filter((i) => i > 0 && sorted[i] !== sorted[i - 1])
  if (cuts.length < 2)
    throw new ShapeError(`three-means: ${cuts.length + 1} distinct numbers; at least three are needed`)
  const part = partsOf(sorted)
  const found = { inertia: Infinity, centers: [NaN, NaN, NaN] as ThreeMeans['centers'] }
  for (const [at, first] of cuts.entries()) {
    const low = part(0, first)
    for (const second of cuts.slice(at + 1)) {
      const [middle, high] = [part(first, second), part(second, sorted.length)]
      const inertia = low.inertia + middle.inertia + high.inertia
      // Cuts come in the order in which centres grow, so that the first of equals has the smaller ones.
      if (found.inertia - inertia <= SAME_INERTIA * found.inertia && found.inertia < Infinity) continue
      found.inertia = inertia
      found.centers = [low.center, middle.center, high.center]
    }
  }
  const [low, middle, high] = found.centers
  return { centers: found.centers, thresholds: [(low + middle) / 2, (middle + high) / 2] }
}

/** Centre and inertia of any run of sorted numbers. */
function partsOf(sorted: readonly number[]): (from: number, to: number) => { center: number; inertia: number } {
  const count = sorted.length
  // About their mean, since squares of large numbers that are close together would cancel.
  const offset = sorted.reduce((sum, value) => sum + value, 0) / count
  const [sums, squares] = [new Float64Array(count + 1), new Float64Array(count + 1)]
  sorted.forEach((value, i) => {
    sums[i + 1] = sums[i]! + (value - offset)
    squares[i + 1] = squares[i]! + (value - offset) ** 2
  })
  return (from, to) => {
    const sum = sums[to]! - sums[from]!
    const mean = sum / (to - from)
    return { center: offset + mean, inertia: squares[to]! - squares[from]! - sum * mean }
  }
}

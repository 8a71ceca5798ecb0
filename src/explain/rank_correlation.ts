// Spearman's rank correlation of two maps.
import { pearson } from '../evaluation/statistics.ts'
import { ShapeError } from '../runtime/errors.ts'

/** Pearson's r of the mid-ranks, -1 to 1; NaN where one of the two is the same everywhere. @throws ShapeError for other lengths */
export function rankCorrelation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length)
    throw new ShapeError(`rank correlation: ${a.length} and ${b.length} values; they must be paired`)
  return pearson(midRanks(a), midRanks(b)).r
}

/** From 1; equal values have the mean of their ranks. */
function midRanks(values: ArrayLike<number>): Float64Array {
  const order = Uint32Array.from({ length: values.length }, (_, i) => i).sort((i, j) => values[i]! - values[j]!)
  const ranks = new Float64Array(values.length)
  for (let start = 0; start < order.length;) {
    let end = start + 1
    while (end < order.length && values[order[end]!] === values[order[start]!]) end++
    for (let i = start; i < end; i++) ranks[order[i]!] = (start + 1 + end) / 2
    start = end
  }
  return ranks
}

// What is kept of a descriptor's course over a song: a few numbers, whatever the song's length.

/** Names of the functionals, in the order of `functionals`. */
export const FUNCTIONALS = ['mean', 'deviation', 'p5', 'p25', 'p50', 'p75', 'p95', 'slope', 'change'] as const
const SHARES = [0.05, 0.25, 0.5, 0.75, 0.95]

/**
 * Of the values of a descriptor at the times of frames, s, one at least: mean; standard deviation; percentiles, interpolated between
 * values; slope of the line of least squares, a second; mean absolute difference between frames that follow each other.
 */
export function functionals(values: Float64Array, times: Float64Array): number[] {
  const count = values.length
  const mean = meanOf(values)
  const middle = meanOf(times)
  let [squares, products, spread, change] = [0, 0, 0, 0]
  for (let i = 0; i < count; i++) {
    squares += (values[i]! - mean) ** 2
    products += (values[i]! - mean) * (times[i]! - middle)
    spread += (times[i]! - middle) ** 2
    if (i > 0) change += Math.abs(values[i]! - values[i - 1]!)
  }
  const sorted = values.slice().sort()
  return [
    mean,
    Math.sqrt(squares / count),
    ...SHARES.map((share) => quantile(sorted, share)),
    spread > 0 ? products / spread : 0,
    count > 1 ? change / (count - 1) : 0,
  ]
}

const meanOf = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length

function quantile(sorted: Float64Array, share: number): number {
  const at = share * (sorted.length - 1)
  const low = Math.floor(at)
  const high = Math.min(low + 1, sorted.length - 1)
  return sorted[low]! + (at - low) * (sorted[high]! - sorted[low]!)
}

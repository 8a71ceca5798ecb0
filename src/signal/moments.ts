// A signal in a few numbers, without regard to what it is a signal of.

/** Statistics of samples; of none all are NaN, and what a constant signal leaves undefined is 0. */
export interface Moments {
  mean: number
  /** Of the population. */
  sd: number
  min: number
  max: number
  /** Third moment over the cube of the deviation. */
  skewness: number
  /** Fourth moment over that of a normal distribution, less 3: excess. */
  kurtosis: number
  /** Least-squares slope per sample. */
  slope: number
  /** Mean of the absolute differences between neighbours. */
  meanAbsoluteDifference: number
}

/** `x` [n], finite. Values that differ by no more than rounding are constant. */
export function moments(x: ArrayLike<number>): Moments {
  const n = x.length
  let [sum, min, max, steps] = [0, Infinity, -Infinity, 0]
  for (let i = 0; i < n; i++) {
    const value = x[i]!
    sum += value
    min = Math.min(min, value)
    max = Math.max(max, value)
    if (i > 0) steps += Math.abs(value - x[i - 1]!)
  }
  const mean = sum / n
  const constant = max - min <= 4 * Number.EPSILON * Math.max(Math.abs(max), Math.abs(min))
  if (n === 0 || constant) {
    const none = n === 0 ? NaN : 0
    const shape = { sd: none, skewness: none, kurtosis: none, slope: none, meanAbsoluteDifference: none }
    return { mean, min: n === 0 ? NaN : min, max: n === 0 ? NaN : max, ...shape }
  }
  let [second, third, fourth, product, squares] = [0, 0, 0, 0, 0]
  const centre = (n - 1) / 2
  for (let i = 0; i < n; i++) {
    const d = (x[i]! - mean) / (max - min)
    second += d * d
    third += d ** 3
    fourth += d ** 4
    product += (i - centre) * d
    squares += (i - centre) ** 2
  }
  const variance = second / n
  return {
    mean,
    sd: Math.sqrt(variance) * (max - min),
    min,
    max,
    skewness: third / n / variance ** 1.5,
    kurtosis: fourth / n / variance ** 2 - 3,
    slope: (product / squares) * (max - min),
    meanAbsoluteDifference: steps / (n - 1),
  }
}

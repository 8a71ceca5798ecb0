/** A standardised signal and what it was before. */
export interface Standardised {
  z: Float64Array
  mean: number
  /** Population standard deviation. */
  std: number
  /** The signal did not vary; `z` is then all zeros. */
  constant: boolean
}

/**
 * Z-score with the population standard deviation. A constant signal becomes zeros and is flagged.
 * Values that differ by no more than rounding count as constant.
 */
export function zscore(x: ArrayLike<number>): Standardised {
  const n = x.length
  let sum = 0
  let least = Infinity
  let most = -Infinity
  for (let i = 0; i < n; i++) {
    const value = x[i]!
    sum += value
    if (value < least) least = value
    if (value > most) most = value
  }
  const mean = sum / n
  let squares = 0
  for (let i = 0; i < n; i++) squares += (x[i]! - mean) ** 2
  const std = Math.sqrt(squares / n)
  const z = new Float64Array(n)
  const constant = most - least <= 4 * Number.EPSILON * Math.max(Math.abs(most), Math.abs(least))
  if (!constant) for (let i = 0; i < n; i++) z[i] = (x[i]! - mean) / std
  return { z, mean, std: constant ? 0 : std, constant }
}

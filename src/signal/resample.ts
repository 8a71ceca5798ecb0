import { ShapeError } from '../runtime/errors.ts'

/**
 * Linear interpolation of n points to `length` points.
 *
 * `alignCorners` true: ends on ends, output j reads position j (n - 1) / (length - 1).
 * `alignCorners` false: both are cells of one interval, output j reads (j + 1/2) n / length - 1/2, held at the ends.
 */
export function interpolateLinear(x: ArrayLike<number>, length: number, alignCorners = true): Float64Array {
  const n = x.length
  if (n < 1 || length < 1) throw new ShapeError(`interpolate: ${n} points to ${length}; both must be at least 1`)
  const y = new Float64Array(length)
  const step = alignCorners ? (length > 1 ? (n - 1) / (length - 1) : 0) : n / length
  const offset = alignCorners ? 0 : step / 2 - 0.5
  for (let j = 0; j < length; j++) {
    const position = Math.min(Math.max(j * step + offset, 0), n - 1)
    const left = Math.min(Math.floor(position), Math.max(n - 2, 0))
    const weight = position - left
    const a = x[left]!
    y[j] = weight === 0 ? a : a + weight * (x[left + 1]! - a)
  }
  return y
}

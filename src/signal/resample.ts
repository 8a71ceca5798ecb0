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

/** How a channel gets the points that a model reads. */
export const INTERPOLATIONS = ['linear', 'antialias', 'released'] as const
/** `linear`: the paper's; `antialias`: filtered where points get fewer; `released`: as the authors' code does it. */
export type Interpolation = (typeof INTERPOLATIONS)[number]

/** n points as `length` points, ends on ends but for `released`. @throws ShapeError where that cannot be */
export function interpolate(x: ArrayLike<number>, length: number, kind: Interpolation): Float64Array {
  if (kind === 'released') return resizeFolded(x, length)
  return kind === 'antialias' && x.length > length ? thin(x, length) : interpolateLinear(x, length)
}

/** Points on either side that a filtered point depends on, in steps of the output. */
const LOBES = 8

/**
 * n points to fewer, ends on ends: a sinc at the output's own Nyquist frequency under a Hann window, its weights made to sum to one, also
 * where the ends cut it.
 */
function thin(x: ArrayLike<number>, length: number): Float64Array {
  const n = x.length
  const step = length > 1 ? (n - 1) / (length - 1) : n
  return Float64Array.from({ length }, (_, j) => {
    const position = length > 1 ? j * step : (n - 1) / 2
    const first = Math.max(0, Math.ceil(position - LOBES * step))
    const last = Math.min(n - 1, Math.floor(position + LOBES * step))
    let [sum, weights] = [0, 0]
    for (let i = first; i <= last; i++) {
      const weight = windowedSinc((i - position) / step)
      sum += weight * x[i]!
      weights += weight
    }
    return sum / weights
  })
}

function windowedSinc(u: number): number {
  if (u === 0) return 1
  const hann = 0.5 + 0.5 * Math.cos((Math.PI * u) / LOBES)
  return (hann * Math.sin(Math.PI * u)) / (Math.PI * u)
}

/**
 * What the authors' loader makes of a trial: its first s^2 samples as the rows of a square picture, s as large as may be, resized to the
 * square of `length` points by a triangle filter as wide as a step of the output, and read off row by row.
 */
function resizeFolded(x: ArrayLike<number>, length: number): Float64Array {
  const [from, to] = [Math.floor(Math.sqrt(x.length)), Math.round(Math.sqrt(length))]
  if (to * to !== length) throw new ShapeError(`resize as released: ${length} points are no square, such as 2500`)
  const rows = resizeRows(
    Float64Array.from({ length: from * from }, (_, i) => x[i]!),
    from,
    to,
  )
  return transposed(resizeRows(transposed(rows, to), from, to), to)
}

/** Rows of `from` points to rows of `to`. */
function resizeRows(x: Float64Array, from: number, to: number): Float64Array {
  const rows = x.length / from
  const y = new Float64Array(rows * to)
  const step = from / to
  const reach = Math.max(1, step)
  for (let j = 0; j < to; j++) {
    const center = (j + 0.5) * step
    const first = Math.max(0, Math.trunc(center - reach + 0.5))
    const last = Math.min(from, Math.trunc(center + reach + 0.5))
    const weights = Array.from({ length: last - first }, (_, k) =>
      Math.max(0, 1 - Math.abs((first + k + 0.5 - center) / reach)),
    )
    const total = weights.reduce((sum, weight) => sum + weight, 0)
    for (let row = 0; row < rows; row++) {
      let sum = 0
      weights.forEach((weight, k) => (sum += weight * x[row * from + first + k]!))
      y[row * to + j] = sum / total
    }
  }
  return y
}

/** Rows of `width` points as columns. */
function transposed(x: Float64Array, width: number): Float64Array {
  const height = x.length / width
  return Float64Array.from(x, (_, i) => x[(i % height) * width + Math.floor(i / height)]!)
}

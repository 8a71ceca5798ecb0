// Pooling along time.
import { ShapeError } from '../runtime/errors.ts'
import { dims3, map, requireShape, reshape, zeros } from './array.ts'
import type { NdArray } from './array.ts'
import { concat, split } from './concat.ts'
import { windowCount } from './conv1d.ts'

/** Mean over time: x [B,C,L] -> [B,C]. */
export function globalAveragePool(x: NdArray): NdArray {
  const [B, C, L] = dims3('globalAveragePool', x)
  const y = zeros([B, C])
  x.data.forEach((v, i) => {
    y.data[Math.floor(i / L)]! += v / L
  })
  return y
}

/** Each of `length` samples receives an equal share of gradY [B,C]. */
export function globalAveragePoolBackward(gradY: NdArray, length: number): NdArray {
  return map(zeros([...gradY.shape, length]), (_, i) => gradY.data[Math.floor(i / length)]! / length)
}

/** Mean of each of consecutive clips of `lengths`: x [B,C,L] -> [B,C,clips]. */
export function clipMean(x: NdArray, lengths: readonly number[]): NdArray {
  const means = split(x, lengths, 2).map(globalAveragePool)
  return concat(
    means.map((mean) => reshape(mean, [...mean.shape, 1])),
    2,
  )
}

/** Each sample of a clip receives an equal share of the clip's gradY [B,C,clips]. */
export function clipMeanBackward(gradY: NdArray, lengths: readonly number[]): NdArray {
  const parts = split(
    gradY,
    lengths.map(() => 1),
    2,
  )
  return concat(
    parts.map((part, s) => globalAveragePoolBackward(reshape(part, part.shape.slice(0, 2)), lengths[s]!)),
    2,
  )
}

/** Mean of `kernel` samples every `stride`, no padding: x [B,C,L] -> [B,C,floor((L-kernel)/stride)+1]. */
export function averagePool1d(x: NdArray, kernel: number, stride: number): NdArray {
  const [B, C, L] = dims3('averagePool1d', x)
  const N = windowCount('averagePool1d', L, kernel, { stride, padding: 0 })
  return map(zeros([B, C, N]), (_, i) => {
    const start = Math.floor(i / N) * L + (i % N) * stride
    let sum = 0
    for (let k = 0; k < kernel; k++) sum += x.data[start + k]!
    return sum / kernel
  })
}

/** Every sample of a window receives gradY / kernel; `shape` is x's. */
export function averagePool1dBackward(
  gradY: NdArray,
  shape: readonly number[],
  kernel: number,
  stride: number,
): NdArray {
  const gradX = zeros(shape)
  const L = shape.at(-1)!
  const N = gradY.shape.at(-1)!
  gradY.data.forEach((g, i) => {
    const start = Math.floor(i / N) * L + (i % N) * stride
    for (let k = 0; k < kernel; k++) gradX.data[start + k]! += g / kernel
  })
  return gradX
}

/** Largest of `kernel` samples every `stride`; padding never wins. `argmax` holds flat positions in x. */
export function maxPool1d(
  x: NdArray,
  kernel: number,
  stride: number,
  padding: number,
): { y: NdArray; argmax: Int32Array } {
  const [B, C, L] = dims3('maxPool1d', x)
  if (2 * padding > kernel) throw new ShapeError(`maxPool1d: padding ${padding} exceeds half the window of ${kernel}.`)
  const N = windowCount('maxPool1d', L, kernel, { stride, padding })
  const argmax = Int32Array.from({ length: B * C * N }, (_, i) => {
    const row = Math.floor(i / N) * L
    const start = (i % N) * stride - padding
    let best = row + Math.max(start, 0)
    // Strictly larger: the first maximum of a window wins. NaN is larger than any number.
    for (let l = best + 1; l < row + Math.min(start + kernel, L); l++) {
      if (x.data[l]! > x.data[best]! || Number.isNaN(x.data[l]!)) best = l
    }
    return best
  })
  return { y: map(zeros([B, C, N]), (_, i) => x.data[argmax[i]!]!), argmax }
}

/** The whole gradient of a window goes to its maximum; `shape` is x's. */
export function maxPool1dBackward(gradY: NdArray, argmax: Int32Array, shape: readonly number[]): NdArray {
  requireShape('maxPool1d gradient', gradY, [shape[0]!, shape[1]!, gradY.shape[2]!])
  const gradX = zeros(shape)
  gradY.data.forEach((g, i) => {
    gradX.data[argmax[i]!]! += g
  })
  return gradX
}

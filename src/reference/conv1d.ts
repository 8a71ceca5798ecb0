// 1-D convolution (cross-correlation, as in every deep-learning framework).
//   y[b,o,l] = bias[o] + sum_i sum_k weight[o,i,k] x[b,i,l*stride + k - padding],   x = 0 outside.
import { ShapeError } from '../runtime/errors.ts'
import { dims3, requireShape, zeros } from './array.ts'
import type { NdArray } from './array.ts'

export interface ConvGeometry {
  stride: number
  padding: number
}

/** Output length of a window of `kernel` samples: floor((length + 2 padding - kernel) / stride) + 1. */
export function windowCount(op: string, length: number, kernel: number, { stride, padding }: ConvGeometry): number {
  const count = Math.floor((length + 2 * padding - kernel) / stride) + 1
  if (count < 1) {
    throw new ShapeError(`${op}: ${length} samples with padding ${padding} are fewer than the window of ${kernel}.`)
  }
  return count
}

/** x [B,I,L], weight [O,I,K], bias [O] or null -> y [B,O,L']. */
export function conv1d(x: NdArray, weight: NdArray, bias: NdArray | null, geometry: ConvGeometry): NdArray {
  const [B, I, L] = dims3('conv1d', x)
  const [O, , K] = dims3('conv1d weight', weight)
  requireShape('conv1d weight', weight, [O, I, K])
  if (bias) requireShape('conv1d bias', bias, [O])
  const N = windowCount('conv1d', L, K, geometry)
  const y = zeros([B, O, N])
  const [xData, yData] = [x.data, y.data]
  for (let b = 0; b < B; b++) {
    for (let o = 0; o < O; o++) {
      const row = (b * O + o) * N
      if (bias) yData.fill(bias.data[o]!, row, row + N)
      for (let i = 0; i < I; i++) {
        for (let k = 0; k < K; k++) {
          const w = weight.data[(o * I + i) * K + k]!
          const [first, end] = insideRange(k, L, N, geometry)
          let source = (b * I + i) * L + first * geometry.stride + k - geometry.padding
          for (let l = first; l < end; l++, source += geometry.stride) yData[row + l]! += w * xData[source]!
        }
      }
    }
  }
  return y
}

/** Gradients of conv1d for dL/dy = gradY [B,O,L']. The bias gradient is returned whether or not there was a bias. */
export function conv1dBackward(
  gradY: NdArray,
  x: NdArray,
  weight: NdArray,
  geometry: ConvGeometry,
): { x: NdArray; weight: NdArray; bias: NdArray } {
  const [B, I, L] = dims3('conv1d', x)
  const [O, , K] = dims3('conv1d weight', weight)
  const N = windowCount('conv1d', L, K, geometry)
  requireShape('conv1d gradient', gradY, [B, O, N])
  const grad = { x: zeros(x.shape), weight: zeros(weight.shape), bias: zeros([O]) }
  const [xData, gradXData, gradYData] = [x.data, grad.x.data, gradY.data]
  for (let b = 0; b < B; b++) {
    for (let o = 0; o < O; o++) {
      const row = (b * O + o) * N
      for (let l = 0; l < N; l++) grad.bias.data[o]! += gradYData[row + l]!
      for (let i = 0; i < I; i++) {
        for (let k = 0; k < K; k++) {
          const tap = (o * I + i) * K + k
          const w = weight.data[tap]!
          const [first, end] = insideRange(k, L, N, geometry)
          let source = (b * I + i) * L + first * geometry.stride + k - geometry.padding
          let sum = 0
          for (let l = first; l < end; l++, source += geometry.stride) {
            const g = gradYData[row + l]!
            gradXData[source]! += w * g
            sum += xData[source]! * g
          }
          grad.weight.data[tap]! += sum
        }
      }
    }
  }
  return grad
}

/** The output positions l whose tap k reads inside the input: 0 <= l*stride + k - padding < length. */
function insideRange(k: number, length: number, count: number, { stride, padding }: ConvGeometry): [number, number] {
  const first = Math.max(0, Math.ceil((padding - k) / stride))
  const end = Math.min(count, Math.floor((length - 1 + padding - k) / stride) + 1)
  return [first, end]
}

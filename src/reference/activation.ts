// Elementwise activations and the softmax.
import { map, requireShape } from './array.ts'
import type { NdArray } from './array.ts'

/** max(x, 0). */
export function relu(x: NdArray): NdArray {
  return map(x, (v) => Math.max(v, 0))
}

/** The gradient passes where x > 0; at exactly 0 it is 0. `guided`: only where it is positive itself. */
export function reluBackward(gradY: NdArray, x: NdArray, guided = false): NdArray {
  requireShape('relu gradient', gradY, x.shape)
  return map(gradY, (g, i) => (x.data[i]! > 0 ? (guided ? Math.max(g, 0) : g) : 0))
}

/** 1 / (1 + exp(-x)). */
export function sigmoid(x: NdArray): NdArray {
  return map(x, (v) => 1 / (1 + Math.exp(-v)))
}

/** dL/dx from the result y of the forward pass. */
export function sigmoidBackward(gradY: NdArray, y: NdArray): NdArray {
  requireShape('sigmoid gradient', gradY, y.shape)
  return map(gradY, (g, i) => g * y.data[i]! * (1 - y.data[i]!))
}

/** exp(x) / sum exp(x) over the last axis. */
export function softmax(x: NdArray): NdArray {
  const width = x.shape.at(-1)!
  const y = map(x, (v) => v)
  for (let row = 0; row < y.data.length; row += width) {
    const values = y.data.subarray(row, row + width)
    const largest = values.reduce((a, b) => Math.max(a, b), -Infinity)
    let sum = 0
    for (let j = 0; j < width; j++) sum += values[j] = Math.exp(values[j]! - largest)
    for (let j = 0; j < width; j++) values[j]! /= sum
  }
  return y
}

/** dL/dx from the result y of the forward pass: y_j (g_j - sum_k g_k y_k). */
export function softmaxBackward(gradY: NdArray, y: NdArray): NdArray {
  requireShape('softmax gradient', gradY, y.shape)
  const width = y.shape.at(-1)!
  const gradX = map(gradY, (g) => g)
  for (let row = 0; row < y.data.length; row += width) {
    let expected = 0
    for (let j = row; j < row + width; j++) expected += gradY.data[j]! * y.data[j]!
    for (let j = row; j < row + width; j++) gradX.data[j] = y.data[j]! * (gradY.data[j]! - expected)
  }
  return gradX
}

// Fully connected layer: y = x weight^T + bias.
import { dims2, requireShape, zeros } from './array.ts'
import type { NdArray } from './array.ts'

export type LinearParameters = Record<'weight' | 'bias', NdArray>

/** x [B,I], weight [O,I], bias [O] -> y [B,O]. */
export function linear(x: NdArray, { weight, bias }: LinearParameters): NdArray {
  const [B, I] = dims2('linear', x)
  const [O] = dims2('linear weight', weight)
  requireShape('linear weight', weight, [O, I])
  requireShape('linear bias', bias, [O])
  const y = zeros([B, O])
  for (let b = 0; b < B; b++) {
    for (let o = 0; o < O; o++) {
      let sum = bias.data[o]!
      for (let i = 0; i < I; i++) sum += weight.data[o * I + i]! * x.data[b * I + i]!
      y.data[b * O + o] = sum
    }
  }
  return y
}

/** Gradients for dL/dy = gradY [B,O]. */
export function linearBackward(
  gradY: NdArray,
  x: NdArray,
  weight: NdArray,
): { x: NdArray; parameters: LinearParameters } {
  const [B, I] = dims2('linear', x)
  const [O] = dims2('linear weight', weight)
  requireShape('linear gradient', gradY, [B, O])
  const grad = { x: zeros(x.shape), parameters: { weight: zeros(weight.shape), bias: zeros([O]) } }
  for (let b = 0; b < B; b++) {
    for (let o = 0; o < O; o++) {
      const g = gradY.data[b * O + o]!
      grad.parameters.bias.data[o]! += g
      for (let i = 0; i < I; i++) {
        grad.x.data[b * I + i]! += g * weight.data[o * I + i]!
        grad.parameters.weight.data[o * I + i]! += g * x.data[b * I + i]!
      }
    }
  }
  return grad
}

import type { Plan } from '../runtime/plan.ts'
import { extent, type Shape } from '../runtime/shape.ts'
import type { Tensor } from '../runtime/tensor.ts'
import { conv1d, conv1dBackwardInput, conv1dBackwardWeight, convWeightShape } from './conv1d/conv1d.ts'
import type { PartialSums } from './partial_sums.ts'

// A linear layer is a 1x1 convolution whose rows are the batch.

const pointwise = { stride: 1, padding: 0 }
const asRows = (t: Tensor): Tensor => t.reshape([1, extent(t.shape, 0), extent(t.shape, 1)])

/** Shape of a linear weight tensor. */
export const linearWeightShape = (inFeatures: number, outFeatures: number): Shape =>
  convWeightShape(1, inFeatures, outFeatures)

/** y = x w + bias. x [B, In], w `linearWeightShape(In, Out)`, bias [Out]; returns [B, Out]. */
export function linear(p: Plan, x: Tensor, w: Tensor, bias: Tensor | null, label = 'linear'): Tensor {
  const y = conv1d(p, asRows(x), w, bias, pointwise, label)
  return y.reshape([extent(y.shape, 1), extent(y.shape, 2)])
}

/** Gradients of `linear`: writes dw and dbias (with `sums`: see `conv1dBackwardWeight`), returns dx [B, In]. */
export function linearBackward(
  p: Plan,
  dy: Tensor,
  x: Tensor,
  w: Tensor,
  dw: Tensor,
  dbias: Tensor | null,
  label = 'linear backward',
  sums: PartialSums | null = null,
): Tensor {
  conv1dBackwardWeight(p, asRows(dy), asRows(x), dw, dbias, pointwise, `${label} weight`, sums)
  return linearBackwardInput(p, dy, x.shape, w, label)
}

/** Gradient of `linear` with respect to x [B, In] alone. */
export function linearBackwardInput(p: Plan, dy: Tensor, xShape: Shape, w: Tensor, label = 'linear backward'): Tensor {
  const [batch, features] = [extent(xShape, 0), extent(xShape, 1)]
  return conv1dBackwardInput(p, asRows(dy), w, [1, batch, features], pointwise, `${label} input`).reshape(xShape)
}

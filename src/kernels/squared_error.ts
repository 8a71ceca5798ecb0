import shader from '../../shaders/squared_error.wgsl'
import { expectSameShape, type Plan } from '../runtime/plan.ts'
import { shaderValues } from '../runtime/shader_values.ts'
import { ceilDiv, innerOf } from '../runtime/shape.ts'
import type { Tensor } from '../runtime/tensor.ts'

const VALUES = /* @__PURE__ */ shaderValues(shader)

/**
 * Mean of (outputs - targets)^2 over all elements, both [B, outputs]: the loss of regression.
 * Returns the loss [1] and its gradient with respect to the outputs, named as that of `softmaxCrossEntropy`, so that either is the loss of a
 * head. @throws ShapeError for targets of another shape
 */
export function squaredError(
  p: Plan,
  outputs: Tensor,
  targets: Tensor,
  label = 'squared error',
): { loss: Tensor; dlogits: Tensor } {
  expectSameShape(label, outputs, targets)
  const params = { rows: outputs.rows, inner: innerOf(outputs.shape), stride: outputs.rowStride }
  const groups = ceilDiv(outputs.rows, VALUES.WORKGROUP)
  const row_loss = p.tensor([params.rows], 'f32', `${label} rows`)
  const dlogits = p.tensor(outputs.shape, 'f32', `${label} gradient`)
  const tensors = { x: outputs, goal: targets, row_loss_out: row_loss, dx: dlogits }
  p.dispatch(shader, 'squared_error', { ...tensors, params }, { groups, label })
  const loss = p.tensor([1], 'f32', label)
  p.dispatch(shader, 'mean', { row_loss_in: row_loss, loss, params }, { groups: 1, label: `${label} mean` })
  return { loss, dlogits }
}

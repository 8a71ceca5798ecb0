import shader from '../../shaders/softmax.wgsl'
import { expectSameShape, type Plan } from '../runtime/plan.ts'
import { shaderValues } from '../runtime/shader_values.ts'
import { ceilDiv, innerOf } from '../runtime/shape.ts'
import type { Tensor } from '../runtime/tensor.ts'

const VALUES = /* @__PURE__ */ shaderValues(shader)

function launchRows(x: Tensor) {
  const params = { rows: x.rows, inner: innerOf(x.shape), stride: x.rowStride }
  return { params, groups: ceilDiv(x.rows, VALUES.WORKGROUP) }
}

/** Softmax over the innermost axis. */
export function softmax(p: Plan, x: Tensor, label = 'softmax'): Tensor {
  const { params, groups } = launchRows(x)
  const y = p.tensor(x.shape, 'f32', label)
  p.dispatch(shader, 'softmax', { x, y, params }, { groups, label })
  return y
}

/** Gradient of `softmax`, from its output y. */
export function softmaxBackward(p: Plan, dy: Tensor, y: Tensor, label = 'softmax backward'): Tensor {
  expectSameShape(label, dy, y)
  const { params, groups } = launchRows(y)
  const dx = p.tensor(y.shape, 'f32', label)
  p.dispatch(shader, 'softmax_backward', { x: y, dy, dx, params }, { groups, label })
  return dx
}

/**
 * Cross-entropy of softmax(logits) against target probabilities, both [B, classes], mean over the batch. A row of targets may have any
 * sum, which is what it counts: see `oneHot`.
 * Returns the loss [1] and its gradient with respect to the logits.
 */
export function softmaxCrossEntropy(
  p: Plan,
  logits: Tensor,
  targets: Tensor,
  label = 'cross-entropy',
): { loss: Tensor; dlogits: Tensor } {
  expectSameShape(label, logits, targets)
  const { params, groups } = launchRows(logits)
  const row_loss = p.tensor([params.rows], 'f32', `${label} rows`)
  const dlogits = p.tensor(logits.shape, 'f32', `${label} gradient`)
  const inputs = { x: logits, target_probability: targets }
  p.dispatch(shader, 'cross_entropy', { ...inputs, row_loss_out: row_loss, dx: dlogits, params }, { groups, label })
  const loss = p.tensor([1], 'f32', label)
  p.dispatch(shader, 'mean', { row_loss_in: row_loss, loss, params }, { groups: 1, label: `${label} mean` })
  return { loss, dlogits }
}

/**
 * Class indices as rows of target probabilities, [B, classes] dense, for `softmaxCrossEntropy`. With `weights`, one for each class,
 * a row sums to its class's weight, and so much it counts in the mean loss and its gradient.
 */
export function oneHot(labels: ArrayLike<number>, classes: number, weights?: readonly number[]): Float32Array {
  const targets = new Float32Array(labels.length * classes)
  for (let i = 0; i < labels.length; i++) targets[i * classes + labels[i]!] = weights ? weights[labels[i]!]! : 1
  return targets
}

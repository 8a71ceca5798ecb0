// Softmax cross-entropy, mean over the batch.
//   L = -1/B sum_b sum_c target[b,c] log softmax(logits[b])[c]
import { FormatError } from '../runtime/errors.ts'
import { dims2, requireShape, zeros } from './array.ts'
import type { NdArray } from './array.ts'
import { softmax, softmaxBackward } from './activation.ts'

export interface Loss {
  loss: number
  probs: NdArray
  /** dL/dlogits [B,C]. */
  grad: NdArray
}

/** Class indices as probabilities: [B] -> [B,classes]. Throws FormatError for an index that is no class. */
export function oneHot(labels: ArrayLike<number>, classes: number): NdArray {
  const targets = zeros([labels.length, classes])
  for (let b = 0; b < labels.length; b++) {
    const label = labels[b]!
    if (!Number.isInteger(label) || label < 0 || label >= classes) {
      throw new FormatError(`oneHot: label ${label} of item ${b} is not one of the ${classes} classes.`)
    }
    targets.data[b * classes + label] = 1
  }
  return targets
}

/** logits [B,C] and class probabilities [B,C] -> loss, softmax(logits) and dL/dlogits. */
export function softmaxCrossEntropy(logits: NdArray, targets: NdArray): Loss {
  const [B, C] = dims2('softmaxCrossEntropy', logits)
  requireShape('softmaxCrossEntropy targets', targets, [B, C])
  const probs = softmax(logits)
  const grad = zeros([B, C])
  let loss = 0
  for (let b = 0; b < B; b++) {
    const row = logits.data.subarray(b * C, (b + 1) * C)
    const weight = targets.data.subarray(b * C, (b + 1) * C)
    const total = weight.reduce((sum, w) => sum + w, 0)
    // log sum exp shifted by the largest logit: exact for logits of any size.
    const largest = row.reduce((a, v) => Math.max(a, v), -Infinity)
    const logSum = largest + Math.log(row.reduce((sum, v) => sum + Math.exp(v - largest), 0))
    for (let c = 0; c < C; c++) {
      loss += (weight[c]! * (logSum - row[c]!)) / B
      grad.data[b * C + c] = (total * probs.data[b * C + c]! - weight[c]!) / B
    }
  }
  return { loss, probs, grad }
}

/** Cross-entropy of softmax(softmax(logits)), as the published PMEmo code trains; `probs` is the inner softmax. */
export function doubleSoftmaxCrossEntropy(logits: NdArray, targets: NdArray): Loss {
  const probs = softmax(logits)
  const outer = softmaxCrossEntropy(probs, targets)
  return { loss: outer.loss, probs, grad: softmaxBackward(outer.grad, probs) }
}

// Mean squared error over all elements.
//   L = 1/(B n) sum_b sum_i (outputs[b,i] - targets[b,i])^2
import { dims2, requireShape, zeros } from './array.ts'
import type { NdArray } from './array.ts'

/** outputs [B,n] and targets [B,n] -> loss and dL/doutputs. */
export function squaredError(outputs: NdArray, targets: NdArray): { loss: number; grad: NdArray } {
  const [B, n] = dims2('squaredError', outputs)
  requireShape('squaredError targets', targets, [B, n])
  const grad = zeros([B, n])
  let loss = 0
  for (let i = 0; i < B * n; i++) {
    const error = outputs.data[i]! - targets.data[i]!
    loss += error ** 2 / (B * n)
    grad.data[i] = (2 * error) / (B * n)
  }
  return { loss, grad }
}

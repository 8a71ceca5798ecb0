// Softmax over the innermost axis, and the losses on top of it.
import { oneHot, softmax, softmaxBackward, softmaxCrossEntropy } from '../../kernels/softmax.ts'
import * as twins from '../../reference/activation.ts'
import type { NdArray } from '../../reference/array.ts'
import * as losses from '../../reference/loss.ts'
import { innerOf } from '../../runtime/shape.ts'
import type { Tensor } from '../../runtime/tensor.ts'
import type { OpContext } from '../op_context.ts'
import type { CaseShape, OpCase, OpRecord } from '../op_record.ts'

const innermost = (shape: CaseShape): OpCase => ({ attrs: { axis: -1 }, inputs: { x: shape, 'upstream.y': shape } })

export const softmaxRecord: OpRecord = {
  op: 'softmax',
  cases: [innermost([2, 11, 29]), innermost([7, 11, 13])],
  run: {
    on: 'plan',
    record(c) {
      const y = softmax(c.p, c.plain('x'))
      c.plainResult('y', y)
      c.plainResult('grad.x', softmaxBackward(c.p, c.plain('upstream.y'), y))
    },
  },
  twin(tensor) {
    const y = twins.softmax(tensor('x'))
    return { y, 'grad.x': twins.softmaxBackward(tensor('upstream.y'), y) }
  },
}

/** `double`: of a softmax's own output, as the authors' released code has it. */
const record =
  (double: boolean) =>
  (c: OpContext): void => {
    const logits = c.plain('logits')
    const probabilities = softmax(c.p, logits)
    const { loss, dlogits } = softmaxCrossEntropy(
      c.p,
      double ? probabilities : logits,
      targetsOf(c, innerOf(logits.shape)),
    )
    c.plainResult('loss', loss)
    c.plainResult('probs', probabilities)
    c.plainResult('grad.logits', double ? softmaxBackward(c.p, dlogits, probabilities) : dlogits)
  }

function targetsOf(c: OpContext, classes: number): Tensor {
  if (c.has('targets')) return c.plain('targets')
  const labels = c.array('labels').data
  return c.upload('targets', [labels.length, classes], oneHot(labels, classes))
}

const scalar = (value: number): NdArray => ({ shape: [1], data: Float64Array.of(value) })
const labelled = (rows: number, classes: number): OpCase => ({
  attrs: {},
  inputs: { logits: [rows, classes], labels: [rows] },
})

export const crossEntropyRecord: OpRecord = {
  op: 'softmax_cross_entropy',
  // Targets of any sum: rows that count differently, as class weights make them.
  cases: [
    labelled(5, 3),
    labelled(261, 3),
    ...[7, 2].map((classes): OpCase => ({ attrs: {}, inputs: { logits: [4, classes], targets: [4, classes] } })),
  ],
  run: { on: 'plan', record: record(false) },
  twin(tensor, _, tensors) {
    const logits = tensor('logits')
    const targets = tensors.get('targets') ?? losses.oneHot(tensor('labels').data, logits.shape[1]!)
    const { loss, probs, grad } = losses.softmaxCrossEntropy(logits, targets)
    return { loss: scalar(loss), probs, 'grad.logits': grad }
  },
}

export const doubleCrossEntropyRecord: OpRecord = {
  op: 'double_softmax_cross_entropy',
  cases: [labelled(6, 2)],
  run: { on: 'plan', record: record(true) },
  twin(tensor) {
    const targets = losses.oneHot(tensor('labels').data, tensor('logits').shape[1]!)
    const { loss, probs, grad } = losses.doubleSoftmaxCrossEntropy(tensor('logits'), targets)
    return { loss: scalar(loss), probs, 'grad.logits': grad }
  },
}

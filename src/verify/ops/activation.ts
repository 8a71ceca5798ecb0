import { relu, reluBackward, sigmoid, sigmoidBackward } from '../../kernels/elementwise.ts'
import * as twins from '../../reference/activation.ts'
import type { Plan } from '../../runtime/plan.ts'
import type { Tensor } from '../../runtime/tensor.ts'
import type { OpContext } from '../op_context.ts'
import type { CaseShape, OpCase, OpRecord } from '../op_record.ts'

const pointwise = (shape: CaseShape): OpCase => ({ attrs: {}, inputs: { x: shape, 'upstream.y': shape } })

type Forward = (p: Plan, x: Tensor) => Tensor
type Backward = (p: Plan, dy: Tensor, y: Tensor) => Tensor

const record =
  (forward: Forward, backward: Backward) =>
  (c: OpContext): void => {
    const y = forward(c.p, c.plain('x'))
    c.plainResult('y', y)
    c.plainResult('grad.x', backward(c.p, c.plain('upstream.y'), y))
  }

export const reluRecord: OpRecord = {
  op: 'relu',
  cases: [pointwise([2, 3, 37]), pointwise([3, 7, 45])],
  run: { on: 'plan', record: record(relu, reluBackward) },
  twin: (tensor) => ({ y: twins.relu(tensor('x')), 'grad.x': twins.reluBackward(tensor('upstream.y'), tensor('x')) }),
}

export const sigmoidRecord: OpRecord = {
  op: 'sigmoid',
  cases: [pointwise([5, 7, 13])],
  run: { on: 'plan', record: record(sigmoid, sigmoidBackward) },
  twin(tensor) {
    const y = twins.sigmoid(tensor('x'))
    return { y, 'grad.x': twins.sigmoidBackward(tensor('upstream.y'), y) }
  },
}

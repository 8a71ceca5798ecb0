import { relu, reluBackward, sigmoid, sigmoidBackward } from '../../kernels/elementwise.ts'
import { guidedGradients } from '../../kernels/input_gradients.ts'
import * as twins from '../../reference/activation.ts'
import type { Plan } from '../../runtime/plan.ts'
import type { Tensor } from '../../runtime/tensor.ts'
import type { OpContext } from '../op_context.ts'
import type { CaseShape, OpCase, OpRecord } from '../op_record.ts'

const pointwise = (shape: CaseShape): OpCase => ({ attrs: {}, inputs: { x: shape, 'upstream.y': shape } })

type Forward = (p: Plan, x: Tensor) => Tensor
type Backward = (p: Plan, dy: Tensor, y: Tensor) => Tensor

const record =
  (forward: Forward, backwards: Readonly<Record<string, Backward>>) =>
  (c: OpContext): void => {
    const y = forward(c.p, c.plain('x'))
    c.plainResult('y', y)
    const dy = c.plain('upstream.y')
    for (const [name, backward] of Object.entries(backwards)) c.plainResult(name, backward(c.p, dy, y))
  }

export const reluRecord: OpRecord = {
  op: 'relu',
  cases: [pointwise([2, 3, 37]), pointwise([3, 7, 45])],
  run: { on: 'plan', record: record(relu, { 'grad.x': reluBackward, 'guided.x': guidedGradients.reluBackward }) },
  twin(tensor) {
    const [x, dy] = [tensor('x'), tensor('upstream.y')]
    return { y: twins.relu(x), 'grad.x': twins.reluBackward(dy, x), 'guided.x': twins.reluBackward(dy, x, true) }
  },
}

export const sigmoidRecord: OpRecord = {
  op: 'sigmoid',
  cases: [pointwise([5, 7, 13])],
  run: { on: 'plan', record: record(sigmoid, { 'grad.x': sigmoidBackward }) },
  twin(tensor) {
    const y = twins.sigmoid(tensor('x'))
    return { y, 'grad.x': twins.sigmoidBackward(tensor('upstream.y'), y) }
  },
}

import { conv1dVariants } from '../../kernels/conv1d/conv1d.ts'
import { linear, linearBackward } from '../../kernels/linear.ts'
import { linear as twin, linearBackward as twinBackward } from '../../reference/linear.ts'
import { gradientsOf, type OpCase, type OpRecord } from '../op_record.ts'

const features = (batch: number, inFeatures: number, outFeatures: number): OpCase => ({
  attrs: {},
  inputs: {
    x: [batch, inFeatures],
    weight: [outFeatures, inFeatures],
    bias: [outFeatures],
    'upstream.y': [batch, outFeatures],
  },
})

export const linearRecord: OpRecord = {
  op: 'linear',
  cases: [features(5, 7, 3), features(3, 130, 61)],
  run: {
    on: 'plan',
    record(c) {
      const [x, w] = [c.plain('x'), c.weight('weight')]
      const bias = c.has('bias')
      c.plainResult('y', linear(c.p, x, w, bias ? c.plain('bias') : null))
      const dbias = bias ? c.vectorGradient('bias') : null
      c.plainResult('grad.x', linearBackward(c.p, c.plain('upstream.y'), x, w, c.weightGradient('weight'), dbias))
    },
  },
  twin(tensor) {
    const grad = twinBackward(tensor('upstream.y'), tensor('x'), tensor('weight'))
    const y = twin(tensor('x'), { weight: tensor('weight'), bias: tensor('bias') })
    return { y, 'grad.x': grad.x, ...gradientsOf(grad.parameters) }
  },
  variants: conv1dVariants, // a linear layer is a 1x1 convolution over the batch
}

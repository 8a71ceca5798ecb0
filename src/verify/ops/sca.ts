import { sca, scaBackward } from '../../kernels/sca.ts'
import { guidedGradients } from '../../kernels/input_gradients.ts'
import { sca as twin, scaBackward as twinBackward, type ScaParameters } from '../../reference/sca.ts'
import type { Tensor } from '../../runtime/tensor.ts'
import { gradientsOf, type CaseShape, type OpCase, type OpRecord } from '../op_record.ts'

/** Weights of the two small layers, by name. */
export function scaInputs(channels: number): Record<string, CaseShape> {
  const hidden = channels / 8
  return {
    'reduce.weight': [hidden, channels, 1],
    'reduce.bias': [hidden],
    'expand.weight': [channels, hidden, 1],
    'expand.bias': [channels],
  }
}

const signal = (shape: CaseShape): OpCase => ({
  attrs: { reduction: 8 },
  inputs: { x: shape, ...scaInputs(shape[1] ?? 8), 'upstream.y': shape },
})

export const scaRecord: OpRecord = {
  op: 'sca',
  cases: [signal([2, 8, 7]), signal([1, 24, 1]), signal([3, 64, 150]), signal([1, 288, 3])],
  run: {
    on: 'plan',
    record(c) {
      const x = c.signal('x')
      const tensors = (weight: (name: string) => Tensor, bias: (name: string) => Tensor) => ({
        reduceWeight: weight('reduce.weight'),
        reduceBias: bias('reduce.bias'),
        expandWeight: weight('expand.weight'),
        expandBias: bias('expand.bias'),
      })
      const parameters = tensors(
        (name) => c.weight(name),
        (name) => c.plain(name),
      )
      const { y, saved } = sca(c.p, x, parameters, 1)
      c.signalResult('y', y)
      c.plainResult('gate', saved.gate)
      const gradients = tensors(
        (name) => c.weightGradient(name),
        (name) => c.vectorGradient(name),
      )
      const dy = c.signal('upstream.y')
      c.signalResult('grad.x', scaBackward(c.p, dy, saved, parameters, gradients))
      c.signalResult('guided.x', guidedGradients.scaBackward(c.p, dy, saved, parameters, gradients))
    },
  },
  twin(tensor, _, tensors) {
    const forward = twin(tensor('x'), Object.fromEntries(tensors) as ScaParameters)
    const grad = twinBackward(tensor('upstream.y'), forward.saved)
    return {
      ...{ y: forward.y, gate: forward.gates[0]!, 'grad.x': grad.x, ...gradientsOf(grad.parameters) },
      'guided.x': twinBackward(tensor('upstream.y'), forward.saved, true).x,
    }
  },
}

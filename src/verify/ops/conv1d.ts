import { conv1d, conv1dBackwardInput, conv1dBackwardWeight, conv1dVariants } from '../../kernels/conv1d/conv1d.ts'
import { conv1d as twin, conv1dBackward as twinBackward } from '../../reference/conv1d.ts'
import { gradientsOf, type OpCase, type OpRecord } from '../op_record.ts'

/** x [B, I, L], weight [O, I, k]; stride `s`, padding `p`. */
function conv(
  batch: number,
  inChannels: number,
  outChannels: number,
  length: number,
  k: number,
  s: number,
  p: number,
  bias: boolean,
): OpCase {
  const out = Math.floor((length + 2 * p - k) / s) + 1
  return {
    attrs: { kernel: k, stride: s, padding: p },
    inputs: {
      x: [batch, inChannels, length],
      weight: [outChannels, inChannels, k],
      ...(bias && { bias: [outChannels] }),
      'upstream.y': [batch, outChannels, out],
    },
  }
}

export const conv1dRecord: OpRecord = {
  op: 'conv1d',
  cases: [
    conv(2, 3, 8, 37, 7, 2, 3, true),
    conv(1, 1, 3, 7, 7, 1, 0, true),
    conv(3, 9, 4, 41, 1, 3, 0, false),
    conv(2, 17, 19, 70, 3, 1, 1, false),
    conv(2, 16, 16, 301, 3, 1, 1, false),
    conv(1, 5, 6, 1, 3, 1, 1, true),
  ],
  run: {
    on: 'plan',
    record(c) {
      const geometry = { stride: c.number('stride'), padding: c.number('padding') }
      const [x, w, dy] = [c.signal('x'), c.weight('weight'), c.signal('upstream.y')]
      c.signalResult('y', conv1d(c.p, x, w, c.has('bias') ? c.plain('bias') : null, geometry))
      c.signalResult('grad.x', conv1dBackwardInput(c.p, dy, w, x.shape, geometry))
      conv1dBackwardWeight(
        c.p,
        dy,
        x,
        c.weightGradient('weight'),
        c.has('bias') ? c.vectorGradient('bias') : null,
        geometry,
      )
    },
  },
  twin(tensor, attributes, tensors) {
    const bias = tensors.get('bias') ?? null
    const { bias: gradBias, ...grad } = twinBackward(tensor('upstream.y'), tensor('x'), tensor('weight'), attributes)
    const y = twin(tensor('x'), tensor('weight'), bias, attributes)
    return { y, ...gradientsOf(bias ? { ...grad, bias: gradBias } : grad) }
  },
  variants: conv1dVariants,
}

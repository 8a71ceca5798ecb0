// Pooling along time: windows, whole signals and whole clips.
import { boundsOfLengths, oneClip } from '../../kernels/clip_bounds.ts'
import { clipMean, clipMeanBackward } from '../../kernels/clip_mean.ts'
import { pool1d, pool1dBackward, type PoolGeometry } from '../../kernels/pool.ts'
import {
  averagePool1d,
  averagePool1dBackward,
  clipMean as twinClipMean,
  clipMeanBackward as twinClipMeanBackward,
  globalAveragePool,
  globalAveragePoolBackward,
  maxPool1d,
  maxPool1dBackward,
} from '../../reference/pool.ts'
import { extent } from '../../runtime/shape.ts'
import type { OpContext } from '../op_context.ts'
import type { CaseShape, OpCase, OpRecord } from '../op_record.ts'

function windows(shape: CaseShape, kernel: number, stride: number, padding: number): OpCase {
  const out = Math.floor((shape[2]! + 2 * padding - kernel) / stride) + 1
  return { attrs: { kernel, stride, padding }, inputs: { x: shape, 'upstream.y': [shape[0]!, shape[1]!, out] } }
}

const record =
  (kind: PoolGeometry['kind']) =>
  (c: OpContext): void => {
    const geometry = { kind, kernel: c.number('kernel'), stride: c.number('stride'), padding: c.number('padding') }
    const x = c.signal('x')
    c.signalResult('y', pool1d(c.p, x, geometry))
    c.signalResult('grad.x', pool1dBackward(c.p, c.signal('upstream.y'), x, geometry))
  }

export const maxPoolRecord: OpRecord = {
  op: 'max_pool',
  cases: [windows([2, 5, 29], 3, 2, 1), windows([1, 3, 2], 2, 2, 0), windows([5, 13, 61], 3, 2, 1)],
  run: { on: 'plan', record: record('max') },
  twin(tensor, { kernel, stride, padding }) {
    const { y, argmax } = maxPool1d(tensor('x'), kernel, stride, padding)
    return { y, 'grad.x': maxPool1dBackward(tensor('upstream.y'), argmax, tensor('x').shape) }
  },
}

export const averagePoolRecord: OpRecord = {
  op: 'average_pool',
  cases: [windows([2, 6, 27], 14, 1, 0), windows([5, 13, 61], 14, 1, 0)],
  run: { on: 'plan', record: record('average') },
  twin: (tensor, { kernel, stride }) => ({
    y: averagePool1d(tensor('x'), kernel, stride),
    'grad.x': averagePool1dBackward(tensor('upstream.y'), tensor('x').shape, kernel, stride),
  }),
}

export const globalAveragePoolRecord: OpRecord = {
  op: 'global_average_pool',
  cases: [{ attrs: {}, inputs: { x: [3, 5, 17], 'upstream.y': [3, 5] } }],
  run: {
    on: 'plan',
    record(c) {
      const x = c.signal('x')
      const whole = oneClip(extent(x.shape, 1))
      c.plainResult('y', clipMean(c.p, x, whole))
      c.signalResult('grad.x', clipMeanBackward(c.p, c.plain('upstream.y'), x.shape, whole))
    },
  },
  twin: (tensor) => ({
    y: globalAveragePool(tensor('x')),
    'grad.x': globalAveragePoolBackward(tensor('upstream.y'), tensor('x').shape[2]!),
  }),
}

const clips = (shape: CaseShape, clip_lengths: number[]): OpCase => ({
  attrs: { clip_lengths },
  inputs: { x: shape, 'upstream.y': [shape[0]!, shape[1]!, clip_lengths.length] },
})

/** The mean of each clip: y and its gradient are [B, C, clips]. */
export const clipMeanRecord: OpRecord = {
  op: 'clip_mean',
  cases: [clips([2, 5, 13], [5, 1, 7]), clips([1, 9, 66], [17, 33, 16]), clips([3, 33, 13], [5, 1, 7])],
  run: {
    on: 'plan',
    record(c) {
      const x = c.signal('x')
      const bounds = boundsOfLengths(c.attrs.clip_lengths as number[])
      c.signalResult('y', clipMean(c.p, x, bounds))
      c.signalResult('grad.x', clipMeanBackward(c.p, c.signal('upstream.y'), x.shape, bounds))
    },
  },
  twin: (tensor, { clip_lengths }) => ({
    y: twinClipMean(tensor('x'), clip_lengths!),
    'grad.x': twinClipMeanBackward(tensor('upstream.y'), clip_lengths!),
  }),
}

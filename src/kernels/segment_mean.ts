import shader from '../../shaders/segment_mean.wgsl'
import type { Plan } from '../runtime/plan.ts'
import { ceilDiv, extent, type Shape } from '../runtime/shape.ts'
import type { Tensor } from '../runtime/tensor.ts'
import { segmentCount, type Segments } from './segments.ts'

const WORKGROUP = 64

const paramsOf = (xShape: Shape, quads: number, segments: Segments) =>
  ({ batch: extent(xShape, 0), rows: extent(xShape, 1), quads, segments: segmentCount(segments) })

/** Mean over the rows of each segment of x [B, L, C]; returns [B, S, C]. With one segment: global average pooling. */
export function segmentMean(p: Plan, x: Tensor, segments: Segments, label = 'segment mean'): Tensor {
  const params = paramsOf(x.shape, x.rowStride / 4, segments)
  const y = p.tensor([params.batch, params.segments, extent(x.shape, 2)], 'f32', label)
  const bounds = p.constant(`${label} bounds`, 'u32', segments)
  p.dispatch(shader, 'forward', { bounds, x, y, params }, { groups: ceilDiv(y.byteLength / 16, WORKGROUP), flops: x.size, label })
  return y
}

/** Gradient of `segmentMean` with respect to x. */
export function segmentMeanBackward(p: Plan, dy: Tensor, xShape: Shape, segments: Segments, label = 'segment mean backward'): Tensor {
  const y = p.tensor(xShape, 'f32', label)
  const params = paramsOf(xShape, y.rowStride / 4, segments)
  const bounds = p.constant(`${label} bounds`, 'u32', segments)
  p.dispatch(shader, 'backward', { bounds, dy, y, params }, { groups: ceilDiv(y.byteLength / 16, WORKGROUP), flops: y.size, label })
  return y
}

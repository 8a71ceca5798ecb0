import shader from '../../shaders/channel_attention.wgsl'
import type { Plan } from '../runtime/plan.ts'
import { ceilDiv, expectShape, extent, type Shape } from '../runtime/shape.ts'
import type { Tensor } from '../runtime/tensor.ts'
import { segmentCount, type Segments } from './segments.ts'
import { relu, reluBackward, sigmoid, sigmoidBackward } from './elementwise.ts'
import { linear, linearBackward } from './linear.ts'

const WORKGROUP = 64

function paramsOf(xShape: Shape, quads: number, segments: Segments) {
  return { batch: extent(xShape, 0), rows: extent(xShape, 1), quads, segments: segmentCount(segments) }
}

/** Mean over the rows of each segment of x [B, L, C]; returns [B, S, C]. With one segment: global average pooling. */
export function segmentMean(p: Plan, x: Tensor, segments: Segments, label = 'segment mean'): Tensor {
  const params = paramsOf(x.shape, x.rowStride / 4, segments)
  const y = p.tensor([params.batch, params.segments, extent(x.shape, 2)], 'f32', label)
  const bounds = p.constant(`${label} bounds`, 'u32', segments)
  p.dispatch(shader, 'squeeze', { bounds, x, y, params }, { groups: ceilDiv(y.byteLength / 16, WORKGROUP), label })
  return y
}

/** Gradient of `segmentMean` with respect to x; adds to `into` when given. */
export function segmentMeanBackward(
  p: Plan,
  dy: Tensor,
  xShape: Shape,
  segments: Segments,
  into?: Tensor,
  label = 'segment mean backward',
): Tensor {
  const dx = into ?? p.tensor(xShape, 'f32', label)
  expectShape(label, dx.shape, xShape)
  const params = paramsOf(xShape, dx.rowStride / 4, segments)
  p.dispatch(shader, 'squeeze_backward', { bounds: p.constant(`${label} bounds`, 'u32', segments), dy, y: dx, params }, {
    groups: ceilDiv(dx.byteLength / 16, WORKGROUP),
    constants: { ACCUMULATE: into !== undefined },
    label,
  })
  return dx
}

/** x [B, L, C] times the gate [B, S, C] of its segment. */
function scaleSegments(p: Plan, x: Tensor, gate: Tensor, segments: Segments, label = 'scale segments'): Tensor {
  const params = paramsOf(x.shape, x.rowStride / 4, segments)
  const y = p.tensor(x.shape, 'f32', label)
  const bounds = p.constant(`${label} bounds`, 'u32', segments)
  p.dispatch(shader, 'scale', { bounds, x, gate, y, params }, { groups: ceilDiv(y.byteLength / 16, WORKGROUP), label })
  return y
}

/** Gradient of `scaleSegments` with respect to the gate: sum of dy x over each segment, [B, S, C]. */
function scaleSegmentsGate(p: Plan, dy: Tensor, x: Tensor, segments: Segments, label = 'gate gradient'): Tensor {
  const params = paramsOf(x.shape, x.rowStride / 4, segments)
  const y = p.tensor([params.batch, params.segments, extent(x.shape, 2)], 'f32', label)
  const bounds = p.constant(`${label} bounds`, 'u32', segments)
  p.dispatch(shader, 'scale_gate', { bounds, x, dy, y, params }, { groups: ceilDiv(y.byteLength / 16, WORKGROUP), label })
  return y
}

/** Weights of signal channel attention, hidden width H = C / reduction; or their gradients. */
export interface ChannelAttentionTensors {
  /** [1, C, H] and [H]. */
  reduceWeight: Tensor
  reduceBias: Tensor
  /** [1, H, C] and [C]. */
  expandWeight: Tensor
  expandBias: Tensor
}

export interface ChannelAttentionRecord {
  x: Tensor
  /** Rows are (b, s). */
  mean: Tensor
  hidden: Tensor
  gate: Tensor
  segments: Segments
}

const rowsOf = (t: Tensor): Tensor => t.reshape([extent(t.shape, 0) * extent(t.shape, 1), extent(t.shape, 2)])

/**
 * Signal channel attention (Yin et al. 2022, section 3.3.1, equation 9):
 * y = x * sigmoid(expand(relu(reduce(mean over time)))), each segment of x [B, L, C] with a gate of its own.
 */
export function channelAttention(
  p: Plan,
  x: Tensor,
  t: ChannelAttentionTensors,
  segments: Segments,
  label = 'sca',
): { y: Tensor; record: ChannelAttentionRecord } {
  const mean = rowsOf(segmentMean(p, x, segments, `${label} squeeze`))
  const hidden = relu(p, linear(p, mean, t.reduceWeight, t.reduceBias, `${label} reduce`))
  const gate = sigmoid(p, linear(p, hidden, t.expandWeight, t.expandBias, `${label} expand`))
  const y = scaleSegments(p, x, gate, segments, label)
  return { y, record: { x, mean, hidden, gate, segments } }
}

/** Gradients of `channelAttention`: writes those of the weights into `d`, returns dx. */
export function channelAttentionBackward(
  p: Plan,
  dy: Tensor,
  { x, mean, hidden, gate, segments }: ChannelAttentionRecord,
  t: ChannelAttentionTensors,
  d: ChannelAttentionTensors,
  label = 'sca backward',
): Tensor {
  const dgate = rowsOf(scaleSegmentsGate(p, dy, x, segments, `${label} gate`))
  const dlogit = sigmoidBackward(p, dgate, gate)
  const dhidden = linearBackward(p, hidden, dlogit, t.expandWeight, d.expandWeight, d.expandBias, `${label} expand`)
  const dreduced = reluBackward(p, dhidden, hidden)
  const dmean = linearBackward(p, mean, dreduced, t.reduceWeight, d.reduceWeight, d.reduceBias, `${label} reduce`)
  const dx = scaleSegments(p, dy, gate, segments, label)
  return segmentMeanBackward(p, dmean, x.shape, segments, dx, `${label} squeeze`)
}

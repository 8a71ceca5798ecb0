import shader from '../../shaders/channel_attention.wgsl'
import gateShader from '../../shaders/channel_attention_gate.wgsl'
import type { Plan } from '../runtime/plan.ts'
import { ceilDiv, extent, type Shape } from '../runtime/shape.ts'
import type { Tensor } from '../runtime/tensor.ts'
import { segmentCount, type Segments } from './segments.ts'

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

/** Gradient of `segmentMean` with respect to x. */
export function segmentMeanBackward(p: Plan, dy: Tensor, xShape: Shape, segments: Segments, label = 'segment mean backward'): Tensor {
  const dx = p.tensor(xShape, 'f32', label)
  const params = paramsOf(xShape, dx.rowStride / 4, segments)
  const bounds = p.constant(`${label} bounds`, 'u32', segments)
  p.dispatch(shader, 'squeeze_backward', { bounds, dmean: dy, y: dx, params }, { groups: ceilDiv(dx.byteLength / 16, WORKGROUP), label })
  return dx
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
  /** [B, S, C], [B, S, H], [B, S, C]. */
  mean: Tensor
  hidden: Tensor
  gate: Tensor
  segments: Segments
}

const quadsOf = (t: Tensor): number => t.byteLength / 16

function gateParams(mean: Tensor, hidden: Tensor) {
  const [batch, segments, channels] = [extent(mean.shape, 0), extent(mean.shape, 1), extent(mean.shape, 2)]
  return { rows: batch * segments, channels, channel_quads: mean.rowStride / 4, hidden_quads: hidden.rowStride / 4 }
}

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
  const mean = segmentMean(p, x, segments, `${label} squeeze`)
  const width = extent(t.reduceWeight.shape, 2)
  const hidden = p.tensor([extent(mean.shape, 0), extent(mean.shape, 1), width], 'f32', `${label} hidden`)
  const gate = p.tensor(mean.shape, 'f32', `${label} gate`)
  const params = gateParams(mean, hidden)
  const perQuad = (result: Tensor) => ({ groups: ceilDiv(quadsOf(result), WORKGROUP), label: result.label })
  const reduce = { mean, reduce_weight: t.reduceWeight, reduce_bias: t.reduceBias, result: hidden, params }
  p.dispatch(gateShader, 'reduce', reduce, perQuad(hidden))
  const expand = { hidden, expand_weight: t.expandWeight, expand_bias: t.expandBias, result: gate, params }
  p.dispatch(gateShader, 'expand', expand, perQuad(gate))
  const y = p.tensor(x.shape, 'f32', label)
  const bounds = p.constant(`${label} bounds`, 'u32', segments)
  p.dispatch(shader, 'scale', { bounds, x, gate, y, params: paramsOf(x.shape, x.rowStride / 4, segments) }, perQuad(y))
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
  const sizes = paramsOf(x.shape, x.rowStride / 4, segments)
  const bounds = p.constant(`${label} bounds`, 'u32', segments)
  const params = gateParams(mean, hidden)
  const like = (t: Tensor, what: string) => p.tensor(t.shape, 'f32', `${label} ${what}`)
  const [dlogit, dhidden, dmean, dx] = [like(gate, 'logit'), like(hidden, 'hidden'), like(mean, 'mean'), like(x, 'input')]
  const perQuad = (result: Tensor) => ({ groups: ceilDiv(quadsOf(result), WORKGROUP), label: result.label })
  p.dispatch(shader, 'scale_logit', { bounds, x, dy, gate, y: dlogit, params: sizes }, perQuad(dlogit))
  const toHidden = { dlogit, hidden, expand_weight: t.expandWeight, result: dhidden, params }
  p.dispatch(gateShader, 'hidden_gradient', toHidden, perQuad(dhidden))
  p.dispatch(gateShader, 'mean_gradient', { dhidden, reduce_weight: t.reduceWeight, result: dmean, params }, perQuad(dmean))
  const outputs = {
    ...{ d_reduce_weight: d.reduceWeight, d_reduce_bias: d.reduceBias },
    ...{ d_expand_weight: d.expandWeight, d_expand_bias: d.expandBias },
  }
  const quads = 8 * params.channel_quads * params.hidden_quads + params.hidden_quads + params.channel_quads
  p.dispatch(gateShader, 'parameter_gradients', { mean, hidden, dlogit, dhidden, ...outputs, params }, {
    groups: ceilDiv(quads, WORKGROUP),
    label: `${label} parameters`,
  })
  p.dispatch(shader, 'scale_backward', { bounds, dy, gate, dmean, y: dx, params: sizes }, perQuad(dx))
  return dx
}

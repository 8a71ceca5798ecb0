import shader from '../../shaders/clip_mean.wgsl'
import type { Plan } from '../runtime/plan.ts'
import { shaderValues } from '../runtime/shader_values.ts'
import { ceilDiv, extent, type Shape } from '../runtime/shape.ts'
import type { Tensor } from '../runtime/tensor.ts'
import { clipCount, type ClipBounds } from './clip_bounds.ts'

const VALUES = /* @__PURE__ */ shaderValues(shader)

const paramsOf = (xShape: Shape, quads: number, clips: ClipBounds) => ({
  batch: extent(xShape, 0),
  rows: extent(xShape, 1),
  quads,
  clips: clipCount(clips),
})

/** Mean over the rows of each clip of x [B, L, C]; returns [B, S, C]. With one clip: global average pooling. */
export function clipMean(p: Plan, x: Tensor, clips: ClipBounds, label = 'clip mean'): Tensor {
  const params = paramsOf(x.shape, x.rowStride / 4, clips)
  const y = p.tensor([params.batch, params.clips, extent(x.shape, 2)], 'f32', label)
  const bounds = p.constant(`${label} bounds`, 'u32', clips)
  p.dispatch(
    shader,
    'forward',
    { bounds, x, y, params },
    { groups: ceilDiv(y.byteLength / 16, VALUES.WORKGROUP), flops: x.size, label },
  )
  return y
}

/** Gradient of `clipMean` with respect to x. */
export function clipMeanBackward(
  p: Plan,
  dy: Tensor,
  xShape: Shape,
  clips: ClipBounds,
  label = 'clip mean backward',
): Tensor {
  const y = p.tensor(xShape, 'f32', label)
  const params = paramsOf(xShape, y.rowStride / 4, clips)
  const bounds = p.constant(`${label} bounds`, 'u32', clips)
  p.dispatch(
    shader,
    'backward',
    { bounds, dy, y, params },
    { groups: ceilDiv(y.byteLength / 16, VALUES.WORKGROUP), flops: y.size, label },
  )
  return y
}

import shader from '../../shaders/grad_cam.wgsl'
import { LimitError, ShapeError } from '../runtime/errors.ts'
import { expectSameShape, type Plan } from '../runtime/plan.ts'
import { shaderValues } from '../runtime/shader_values.ts'
import { ceilDiv, expectShape, extent, formatShape } from '../runtime/shape.ts'
import type { Tensor } from '../runtime/tensor.ts'
import { oneClip } from './clip_bounds.ts'
import { clipMean } from './clip_mean.ts'

const VALUES = /* @__PURE__ */ shaderValues(shader)
const unused = { rows: 0, length: 0, quads: 0, map_stride: 0, y_quads: 0, step: 0, offset: 0, denominator: 1 }
/** 2 j n must fit in 31 bits for every point j. */
const LARGEST_PRODUCT = 2 ** 30

const launch = (y: Tensor, flops: number) => ({
  groups: ceilDiv(y.byteLength / 16, VALUES.WORKGROUP),
  label: y.label,
  flops,
})

/**
 * Grad-CAM over time (Selvaraju et al. 2017, equations 1 and 2 over one axis): a channel's weight is the mean over time of its gradient,
 * the map is the ReLU of the weighted sum of the channels. Feature maps and gradients of the score with respect to them [B, L, C];
 * returns alpha [B, C] and the map [B, L]. @throws ShapeError when the two differ
 */
export function gradCam(
  p: Plan,
  feature: Tensor,
  gradient: Tensor,
  label = 'grad-cam',
): { alpha: Tensor; map: Tensor } {
  expectSameShape(label, feature, gradient)
  const [batch, rows, channels] = [extent(feature.shape, 0), extent(feature.shape, 1), extent(feature.shape, 2)]
  const alpha = clipMean(p, gradient, oneClip(rows), `${label} alpha`).reshape([batch, channels])
  const map = p.tensor([batch, rows], 'f32', label)
  const params = { ...unused, batch, rows, quads: feature.rowStride / 4, y_quads: map.rowStride / 4 }
  p.dispatch(shader, 'weigh', { x: feature, weight: alpha, y: map, params }, launch(map, 2 * feature.size))
  return { alpha, map }
}

/**
 * Linear interpolation of maps [B, n] to [B, length]: both are cells of one interval, or with `alignCorners` ends on ends; held at the
 * ends. @throws LimitError for lengths whose product is not below 2^30
 */
export function stretchMap(p: Plan, map: Tensor, length: number, alignCorners = false, label = 'stretch map'): Tensor {
  const [batch, rows] = [extent(map.shape, 0), extent(map.shape, 1)]
  if (rows * length >= LARGEST_PRODUCT) throw new LimitError(`${label}: ${rows} points to ${length} are too many`)
  const y = p.tensor([batch, length], 'f32', label)
  // A grid of one point has no ends to put on ends: it reads the first.
  const position = alignCorners
    ? { step: length > 1 ? rows - 1 : 0, offset: 0, denominator: Math.max(length - 1, 1) }
    : { step: 2 * rows, offset: rows - length, denominator: 2 * length }
  const params = { ...unused, batch, rows, length, map_stride: map.rowStride, y_quads: y.rowStride / 4, ...position }
  p.dispatch(shader, 'stretch', { map, y, params }, launch(y, 4 * y.size))
  return y
}

/** x [B, L, C] times a map [B, L], each channel alike. @throws ShapeError when they differ */
export function scaleByMap(p: Plan, x: Tensor, map: Tensor, label = 'scale by map'): Tensor {
  if (x.shape.length !== 3) throw new ShapeError(`${label}: ${formatShape(x.shape)}, expected [B, L, C]`)
  expectShape(label, map.shape, x.shape.slice(0, 2))
  const y = p.tensor(x.shape, 'f32', label)
  const shape = { batch: extent(x.shape, 0), rows: extent(x.shape, 1), quads: x.rowStride / 4 }
  const params = { ...unused, ...shape, map_stride: map.rowStride }
  p.dispatch(shader, 'scale', { x, map, y, params }, launch(y, x.size))
  return y
}

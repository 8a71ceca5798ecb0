import shader from '../../shaders/pool.wgsl'
import { ShapeError } from '../runtime/errors.ts'
import type { Plan } from '../runtime/plan.ts'
import { shaderValues } from '../runtime/shader_values.ts'
import { ceilDiv, expectShape, extent, type Shape } from '../runtime/shape.ts'
import type { Tensor } from '../runtime/tensor.ts'
import { windowCount } from './conv1d/conv1d.ts'
import { clipCount, clipLengths, boundsOfLengths, oneClip, type ClipBounds } from './clip_bounds.ts'

/** What a pooling does, and how it walks over the signal. */
export interface PoolGeometry {
  kind: 'max' | 'average'
  kernel: number
  stride: number
  /** Rows of -inf on both ends; only for max. */
  padding: number
}

const VALUES = /* @__PURE__ */ shaderValues(shader)

/** Bounds of the pooled clips. Throws ShapeError when a clip is shorter than the kernel. */
export function pooledBounds(clips: ClipBounds, g: PoolGeometry, label = 'pool'): ClipBounds {
  const lengths = clipLengths(clips).map((n) => windowCount(n, g.kernel, g))
  const short = clipLengths(clips).find((_, s) => lengths[s]! < 1)
  if (short !== undefined) throw new ShapeError(`${label}: ${short} rows are shorter than the window of ${g.kernel}`)
  return boundsOfLengths(lengths)
}

function prepare(p: Plan, xShape: Shape, quads: number, g: PoolGeometry, clips: ClipBounds, label: string) {
  if (!['max', 'average'].includes(g.kind))
    throw new ShapeError(`${label}: kind is '${String(g.kind)}', expected max or average`)
  if (g.kind === 'average' && g.padding !== 0) throw new ShapeError(`${label}: average pooling takes no padding`)
  const pooled = pooledBounds(clips, g, label)
  const params = {
    batch: extent(xShape, 0),
    in_rows: extent(xShape, 1),
    out_rows: pooled[pooled.length - 1]!,
    quads,
    clips: clipCount(clips),
    tiles: 0,
    kernel: g.kernel,
    stride: g.stride,
    padding: g.padding,
  }
  const in_bounds = p.constant(`${label} in bounds`, 'u32', clips)
  const out_bounds = p.constant(`${label} out bounds`, 'u32', pooled)
  return { params, in_bounds, out_bounds, pooled }
}

/** Tiles of a clip, and the workgroups of the launch. */
function tiling({ batch, quads }: { batch: number; quads: number }, clips: ClipBounds) {
  const tiles = ceilDiv(Math.max(...clipLengths(clips)), VALUES.ROWS)
  return { tiles, groups: ceilDiv(batch * clipCount(clips) * tiles * quads, VALUES.WORKGROUP) }
}

/** Pools x [B, L, C] over time, each clip on its own; returns [B, pooled length, C]. */
export function pool1d(p: Plan, x: Tensor, g: PoolGeometry, clips?: ClipBounds, label = `${g.kind} pool`): Tensor {
  const { params, pooled, ...bounds } = prepare(
    p,
    x.shape,
    x.rowStride / 4,
    g,
    clips ?? oneClip(extent(x.shape, 1)),
    label,
  )
  const y = p.tensor([params.batch, params.out_rows, extent(x.shape, 2)], 'f32', label)
  const { tiles, groups } = tiling(params, pooled)
  const launch = {
    groups,
    constants: { MAX: g.kind === 'max' },
    flops: g.kind === 'max' ? 0 : y.size * g.kernel,
    label,
  }
  p.dispatch(shader, 'forward', { ...bounds, x, y, params: { ...params, tiles } }, launch)
  return y
}

/** Gradient of `pool1d` with respect to x. */
export function pool1dBackward(
  p: Plan,
  dy: Tensor,
  x: Tensor,
  g: PoolGeometry,
  clips?: ClipBounds,
  label = `${g.kind} pool backward`,
): Tensor {
  const whole = clips ?? oneClip(extent(x.shape, 1))
  const { params, pooled: _, ...bounds } = prepare(p, x.shape, x.rowStride / 4, g, whole, label)
  expectShape(label, dy.shape, [params.batch, params.out_rows, extent(x.shape, 2)])
  const dx = p.tensor(x.shape, 'f32', label)
  const { tiles, groups } = tiling(params, whole)
  const launch = {
    groups,
    constants: { MAX: g.kind === 'max' },
    flops: g.kind === 'max' ? 0 : dy.size * g.kernel,
    label,
  }
  p.dispatch(shader, 'backward', { ...bounds, x, dy, dx, params: { ...params, tiles } }, launch)
  return dx
}

import shader from '../../shaders/layout.wgsl'
import { ShapeError } from '../runtime/errors.ts'
import type { Plan } from '../runtime/plan.ts'
import { shaderValues } from '../runtime/shader_values.ts'
import { ceilDiv, extent, formatShape, innerOf, type Shape } from '../runtime/shape.ts'
import type { Tensor } from '../runtime/tensor.ts'

const VALUES = /* @__PURE__ */ shaderValues(shader)
/** Rows per invocation of `channels_last`. */
const unused = { length: 0, channels: 0, a_stride: 0, b_stride: 0, batch_stride: 0, first: 0 }

function launch(y: Tensor) {
  return { groups: ceilDiv(y.byteLength / 16, VALUES.WORKGROUP), label: y.label }
}

/** x [B, C, L] -> [B, L, C], the layout all kernels work in. */
export function channelsLast(p: Plan, x: Tensor, label = 'channels last'): Tensor {
  const [batch, channels, length] = [extent(x.shape, 0), extent(x.shape, 1), extent(x.shape, 2)]
  const y = p.tensor([batch, length, channels], 'f32', label)
  toChannelsLast(p, x, y, { a_stride: x.rowStride, batch_stride: channels * x.rowStride }, label)
  return y
}

/** Writes all of y [B, L, C] from an `a` in which channels and batch entries lie the given distances apart. */
function toChannelsLast(
  p: Plan,
  a: Tensor,
  y: Tensor,
  strides: Record<'a_stride' | 'batch_stride', number>,
  label: string,
): void {
  const [rows, length, channels] = [extent(y.shape, 0), extent(y.shape, 1), extent(y.shape, 2)]
  const y_quads = y.rowStride / 4
  p.dispatch(
    shader,
    'channels_last',
    { a, y, params: { ...unused, rows, length, channels, y_quads, ...strides } },
    {
      groups: ceilDiv(rows * ceilDiv(length, VALUES.ROWS) * y_quads, VALUES.WORKGROUP),
      label,
    },
  )
}

/** x [B, L, C] -> [B, C * L], channel-major: the order in which PyTorch flattens [B, C, L]. */
export function flatten(p: Plan, x: Tensor, label = 'flatten'): Tensor {
  const [batch, length, channels] = [extent(x.shape, 0), extent(x.shape, 1), extent(x.shape, 2)]
  const y = p.tensor([batch, channels * length], 'f32', label)
  const params = { ...unused, rows: batch, length, channels, y_quads: y.rowStride / 4, a_stride: x.rowStride }
  p.dispatch(shader, 'flatten', { a: x, y, params }, launch(y))
  return y
}

/** Gradient of `flatten`: dy [B, C * L] -> [B, L, C]. */
export function flattenBackward(p: Plan, dy: Tensor, xShape: Shape, label = 'flatten backward'): Tensor {
  const y = p.tensor(xShape, 'f32', label)
  toChannelsLast(p, dy, y, { a_stride: extent(xShape, 1), batch_stride: dy.rowStride }, label)
  return y
}

/** Joins a [R, N] and b [R, M] into [R, N + M]. */
export function concat(p: Plan, a: Tensor, b: Tensor, label = 'concat'): Tensor {
  if (a.rows !== b.rows)
    throw new ShapeError(`${label}: ${formatShape(a.shape)} and ${formatShape(b.shape)} differ in rows`)
  const [n, m] = [innerOf(a.shape), innerOf(b.shape)]
  const y = p.tensor([...a.shape.slice(0, -1), n + m], 'f32', label)
  const strides = { y_quads: y.rowStride / 4, a_stride: a.rowStride, b_stride: b.rowStride }
  const params = { ...unused, rows: y.rows, length: n, channels: m, ...strides }
  p.dispatch(shader, 'concat', { a, b, y, params }, launch(y))
  return y
}

/** Columns first … first + count - 1 of x [R, N]: the gradient of `concat` with respect to one part. */
export function slice(p: Plan, x: Tensor, first: number, count: number, label = 'slice'): Tensor {
  if (first < 0 || first + count > innerOf(x.shape)) {
    throw new ShapeError(`${label}: columns ${first}..${first + count - 1} are outside ${formatShape(x.shape)}`)
  }
  const y = p.tensor([...x.shape.slice(0, -1), count], 'f32', label)
  const params = { ...unused, rows: y.rows, length: count, y_quads: y.rowStride / 4, a_stride: x.rowStride, first }
  p.dispatch(shader, 'slice', { a: x, y, params }, launch(y))
  return y
}

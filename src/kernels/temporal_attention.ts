import shader from '../../shaders/temporal_attention.wgsl'
import backward from '../../shaders/temporal_attention_backward.wgsl'
import { ShapeError } from '../runtime/errors.ts'
import { expectSameShape, type Plan } from '../runtime/plan.ts'
import { ceilDiv, extent, formatShape, padTo4 } from '../runtime/shape.ts'
import type { Tensor } from '../runtime/tensor.ts'
import { segmentCount, segmentLengths, type Segments } from './segments.ts'

const WORKGROUP = 64
/** Queries per invocation of the forward pass. */
const TQ = 2

export interface AttentionRecord {
  q: Tensor
  k: Tensor
  v: Tensor
  y: Tensor
  /** Log of the softmax denominator, [B, N]. */
  lse: Tensor
  queries: Segments
  keys: Segments
}

function setUp(p: Plan, q: Tensor, k: Tensor, queries: Segments, keys: Segments, label: string) {
  const [batch, n, depth] = [extent(q.shape, 0), extent(q.shape, 1), extent(q.shape, 2)]
  if (extent(k.shape, 0) !== batch || extent(k.shape, 2) !== depth || segmentCount(queries) !== segmentCount(keys)) {
    throw new ShapeError(`${label}: queries ${formatShape(q.shape)} do not fit keys ${formatShape(k.shape)}`)
  }
  const params = { batch, queries: n, keys: extent(k.shape, 1), segments: segmentCount(queries), lse_stride: padTo4(n) }
  const bounds = p.constant(`${label} bounds`, 'u32', [...queries, ...keys])
  return { params, bounds, constants: { D4: q.rowStride / 4 } }
}

/**
 * Softmax attention over time, unscaled: queries of a segment see the keys of the same segment.
 * q [B, N, D], k and v [B, M, D]; returns [B, N, D]. No [N, M] matrix is stored.
 */
export function temporalAttention(
  p: Plan,
  q: Tensor,
  k: Tensor,
  v: Tensor,
  queries: Segments,
  keys: Segments,
  label = 'attention',
): { y: Tensor; record: AttentionRecord } {
  expectSameShape(label, k, v)
  const { params, bounds, constants } = setUp(p, q, k, queries, keys, label)
  const tiles = ceilDiv(Math.max(...segmentLengths(queries)), TQ)
  const y = p.tensor(q.shape, 'f32', label)
  const lse = p.tensor([params.batch, params.queries], 'f32', `${label} lse`)
  p.dispatch(shader, 'forward', { bounds, q, k, v, y, lse, params: { ...params, tiles } }, {
    groups: ceilDiv(params.batch * params.segments * tiles, WORKGROUP),
    constants: { ...constants, TQ },
    label,
  })
  return { y, record: { q, k, v, y, lse, queries, keys } }
}

/** Gradients of `temporalAttention` with respect to q, k and v. */
export function temporalAttentionBackward(
  p: Plan,
  dy: Tensor,
  { q, k, v, y, lse, queries, keys }: AttentionRecord,
  label = 'attention backward',
): { dq: Tensor; dk: Tensor; dv: Tensor } {
  expectSameShape(label, dy, y)
  const { params: sizes, bounds, constants } = setUp(p, q, k, queries, keys, label)
  // Per query its lse and delta, side by side: the key side then stays within 8 storage buffers, the least every device has.
  const rows = p.tensor([sizes.batch, 2 * sizes.queries], 'f32', `${label} rows`)
  const params = { ...sizes, rows_stride: rows.rowStride / 2, tiles: 0 }
  p.dispatch(backward, 'row_statistics', { y, dy, lse, row_values: rows, params }, {
    groups: ceilDiv(sizes.batch * sizes.queries, WORKGROUP),
    constants,
    label: `${label} rows`,
  })
  const launch = (tiles: number) => ({ groups: ceilDiv(sizes.batch * sizes.segments * tiles, WORKGROUP), constants })
  const shared = { bounds, q, k, v, dy, rows }
  const dq = p.tensor(q.shape, 'f32', `${label} dq`)
  const queryTiles = Math.max(...segmentLengths(queries))
  p.dispatch(backward, 'query', { ...shared, dq, params: { ...params, tiles: queryTiles } }, {
    ...launch(queryTiles),
    label: `${label} query side`,
  })
  const dk = p.tensor(k.shape, 'f32', `${label} dk`)
  const dv = p.tensor(v.shape, 'f32', `${label} dv`)
  const keyTiles = Math.max(...segmentLengths(keys))
  p.dispatch(backward, 'key', { ...shared, dk, dv, params: { ...params, tiles: keyTiles } }, {
    ...launch(keyTiles),
    label: `${label} key side`,
  })
  return { dq, dk, dv }
}

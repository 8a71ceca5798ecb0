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
  const query_bounds = p.constant(`${label} query bounds`, 'u32', queries)
  const key_bounds = p.constant(`${label} key bounds`, 'u32', keys)
  return { params, bounds: { query_bounds, key_bounds }, constants: { D4: q.rowStride / 4 } }
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
  p.dispatch(shader, 'forward', { ...bounds, q, k, v, y, lse, params: { ...params, tiles } }, {
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
  const { params, bounds, constants } = setUp(p, q, k, queries, keys, label)
  const dq = p.tensor(q.shape, 'f32', `${label} dq`)
  const delta = p.tensor(lse.shape, 'f32', `${label} delta`)
  const launch = (tiles: number) => ({ groups: ceilDiv(params.batch * params.segments * tiles, WORKGROUP), constants })
  const queryTiles = Math.max(...segmentLengths(queries))
  const shared = { ...bounds, q, k, v, dy, lse }
  p.dispatch(backward, 'query', { ...shared, y, dq, delta, params: { ...params, tiles: queryTiles } }, {
    ...launch(queryTiles),
    label: `${label} query side`,
  })
  const dk = p.tensor(k.shape, 'f32', `${label} dk`)
  const dv = p.tensor(v.shape, 'f32', `${label} dv`)
  const keyTiles = Math.max(...segmentLengths(keys))
  p.dispatch(backward, 'key', { ...shared, row_delta: delta, dk, dv, params: { ...params, tiles: keyTiles } }, {
    ...launch(keyTiles),
    label: `${label} key side`,
  })
  return { dq, dk, dv }
}

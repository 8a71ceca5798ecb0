import shader from '../../shaders/attention/reg.wgsl'
import backward from '../../shaders/attention/backward_reg.wgsl'
import laneBackward from '../../shaders/attention/backward_lane.wgsl'
import tileBackward from '../../shaders/attention/backward_tile.wgsl'
import laneShader from '../../shaders/attention/lane.wgsl'
import tileShader from '../../shaders/attention/tile.wgsl'
import { ShapeError } from '../runtime/errors.ts'
import type { GpuBase } from '../runtime/gpu_base.ts'
import { expectSameShape, type Plan } from '../runtime/plan.ts'
import { shaderValues } from '../runtime/shader_values.ts'
import { ceilDiv, extent, formatShape } from '../runtime/shape.ts'
import type { Tensor } from '../runtime/tensor.ts'
import { clipCount, clipLengths, type ClipBounds } from './clip_bounds.ts'
import { bestFirst, recordVariant, type Variant } from './variants.ts'

const VALUES = /* @__PURE__ */ shaderValues(shader)
const BACKWARD_VALUES = /* @__PURE__ */ shaderValues(backward)

/** What the backward pass needs. */
export interface SavedAttention {
  q: Tensor
  k: Tensor
  v: Tensor
  y: Tensor
  /** Log of the softmax denominator, [B, N]. */
  lse: Tensor
  queries: ClipBounds
  keys: ClipBounds
}

/** The dimensions of a launch, and the arguments of a kernel, whichever variant it is. */
interface Args<Bindings extends string> {
  tensors: Record<'bounds' | 'q' | 'k' | 'v' | Bindings, Tensor>
  /** The strides are those of the tensors `lse` and `rows`, of which a pass may have one. */
  params: Record<'batch' | 'queries' | 'keys' | 'clips' | 'lse_stride' | 'rows_stride', number>
  /** Quads of a row. */
  d4: number
  /** Pairs of a sample and a clip. */
  pairs: number
  /** Rows of the longest clip on the side whose rows the invocations share out. */
  longest: number
  /** Operations over all pairs of a query and a key of the same clip. */
  flops: number
  label: string
}

/** Writes the dispatch of one entry, given how the family cuts the longest clip into tiles and launches them. */
type Dispatch<A, C> = (
  p: Plan,
  args: A,
  tiles: number,
  launch: { groups: number; constants: C; flops: number; label: string },
) => void

/** Any adapter: an invocation has `rows` rows of its own and loads all others. */
const reg = /* @__NO_SIDE_EFFECTS__ */ <A extends Args<never>>(
  rows: number,
  workgroup: number,
  dispatch: Dispatch<A, { D4: number }>,
): Variant<A> => ({
  name: 'reg',
  fits: () => true,
  record(p, args) {
    const { d4: D4, pairs, longest, flops, label } = args
    const tiles = ceilDiv(longest, rows)
    dispatch(p, args, tiles, { groups: ceilDiv(pairs * tiles, workgroup), constants: { D4 }, flops, label })
  },
})

/** Quads of its own rows that an invocation of `tile` can hold before they spill. */
const TILE_OWN = 32
/** The same of `lane`, by the arrays of them that a kernel has (2, 3, 4); beyond, a software adapter compiles for many seconds. */
const LANE_OWN = { forward: 48, query: 40, key: 32 }
/** Rows of its own that a lane has in the variants of each kernel. */
const LANE_ROWS = { forward: [6, 5, 3, 2, 1], query: [5, 3, 2, 1], key: [3, 2, 1] } as const
type LaneKernel = keyof typeof LANE_ROWS

type LaneConstants = Record<'SG' | 'D4' | 'T' | 'OWN' | 'KB' | 'LOADS', number>

const laneName = (T: number): string => `lane T=${T}`

/** The `lane` that wastes least on the last rows of clips: a tile takes as long as two rows of a lane more than it has (lavapipe). */
function bestLane(gpu: GpuBase, kernel: LaneKernel, longest: number, d4: number): string {
  const cost = (T: number): number => ceilDiv(longest, (gpu.subgroupSize ?? 1) * T) * (T + 2)
  const fitting = LANE_ROWS[kernel].filter((T) => T === 1 || T * d4 <= LANE_OWN[kernel])
  return laneName(fitting.reduce((best, T) => (cost(T) < cost(best) ? T : best)))
}

/** Software adapters: a lane of a subgroup has `T` rows of its own, all others are loaded once and broadcast. */
const lane = /* @__NO_SIDE_EFFECTS__ */ <A extends Args<never>>(
  kernel: LaneKernel,
  T: number,
  dispatch: Dispatch<A, LaneConstants>,
): Variant<A> => ({
  name: laneName(T),
  family: 'lane',
  fits: ({ info, subgroupSize }, { d4 }) =>
    info.isFallbackAdapter && subgroupSize !== null && T * d4 <= LANE_OWN[kernel],
  record(p, args) {
    const { d4: D4, pairs, longest, flops, label } = args
    const SG = p.gpu.subgroupSize!
    const KB = Math.max(1, Math.floor(SG / D4))
    const tiles = ceilDiv(longest, SG * T)
    dispatch(p, args, tiles, {
      groups: pairs * tiles,
      constants: { SG, D4, T, OWN: T * D4, KB, LOADS: ceilDiv(KB * D4, SG) },
      flops,
      label,
    })
  },
})

/** Rows of the other side that lie in workgroup memory at a time. */
const TILE = 32

type TileConstants = Record<'WORKGROUP' | 'D4' | 'T' | 'TILE', number>

/** GPUs: an invocation has `T` rows of its own, all others come through workgroup memory. */
const tile = /* @__NO_SIDE_EFFECTS__ */ <A extends Args<never>>(
  width: number,
  T: number,
  dispatch: Dispatch<A, TileConstants>,
): Variant<A> => ({
  name: `tile ${width} T=${T}`,
  family: 'tile',
  fits({ info, limits }, { d4 }) {
    const bytes = TILE * (2 * 16 * d4 + 8)
    return !info.isFallbackAdapter && bytes <= limits.maxComputeWorkgroupStorageSize && T * d4 <= TILE_OWN
  },
  record(p, args) {
    const { d4: D4, pairs, longest, flops, label } = args
    const tiles = ceilDiv(longest, width * T)
    dispatch(p, args, tiles, { groups: pairs * tiles, constants: { WORKGROUP: width, D4, T, TILE }, flops, label })
  },
})

/** Bounds of loops that the driver is not to unroll. */
const ownBounds = ({ T, D4 }: LaneConstants) => ({ own_rows: T, own_quads: D4 })

const laneForward: Dispatch<Args<'y' | 'lse'>, LaneConstants> = (
  p,
  { tensors, params },
  tiles,
  { constants, ...launch },
) =>
  p.dispatch(
    laneShader,
    'forward',
    { ...tensors, params: { ...params, tiles, ...ownBounds(constants) } },
    {
      ...launch,
      constants: { ...constants, HALVINGS: Math.log2(constants.SG) },
    },
  )

const tileForward: Dispatch<Args<'y' | 'lse'>, TileConstants> = (p, { tensors, params }, tiles, launch) =>
  p.dispatch(tileShader, 'forward', { ...tensors, params: { ...params, tiles } }, launch)

const forwardVariants = /* @__PURE__ */ (() => [
  ...LANE_ROWS.forward.map((T) => lane('forward', T, laneForward)),
  tile(64, 2, tileForward),
  tile(64, 1, tileForward),
  reg<Args<'y' | 'lse'>>(VALUES.TQ, VALUES.WORKGROUP, (p, { tensors, params }, tiles, launch) =>
    p.dispatch(shader, 'forward', { ...tensors, params: { ...params, tiles } }, launch),
  ),
])()

const laneQuery: Dispatch<Args<'dy' | 'rows_in' | 'dq'>, LaneConstants> = (p, { tensors, params }, tiles, launch) =>
  p.dispatch(
    laneBackward,
    'query',
    { ...tensors, params: { ...params, tiles, ...ownBounds(launch.constants) } },
    launch,
  )

const tileQuery: Dispatch<Args<'dy' | 'rows_in' | 'dq'>, TileConstants> = (p, { tensors, params }, tiles, launch) =>
  p.dispatch(tileBackward, 'query', { ...tensors, params: { ...params, tiles } }, launch)

const queryVariants = /* @__PURE__ */ (() => [
  ...LANE_ROWS.query.map((T) => lane('query', T, laneQuery)),
  tile(64, 1, tileQuery),
  tile(64, 2, tileQuery),
  reg<Args<'dy' | 'rows_in' | 'dq'>>(1, BACKWARD_VALUES.WORKGROUP, (p, { tensors, params }, tiles, launch) =>
    p.dispatch(backward, 'query', { ...tensors, params: { ...params, tiles } }, launch),
  ),
])()

const laneKey: Dispatch<Args<'dy' | 'rows_in' | 'dk' | 'dv'>, LaneConstants> = (
  p,
  { tensors, params },
  tiles,
  launch,
) =>
  p.dispatch(laneBackward, 'key', { ...tensors, params: { ...params, tiles, ...ownBounds(launch.constants) } }, launch)

const tileKey: Dispatch<Args<'dy' | 'rows_in' | 'dk' | 'dv'>, TileConstants> = (
  p,
  { tensors, params },
  tiles,
  launch,
) => p.dispatch(tileBackward, 'key', { ...tensors, params: { ...params, tiles } }, launch)

const keyVariants = /* @__PURE__ */ (() => [
  ...LANE_ROWS.key.map((T) => lane('key', T, laneKey)),
  tile(64, 1, tileKey),
  tile(64, 2, tileKey),
  reg<Args<'dy' | 'rows_in' | 'dk' | 'dv'>>(1, BACKWARD_VALUES.WORKGROUP, (p, { tensors, params }, tiles, launch) =>
    p.dispatch(backward, 'key', { ...tensors, params: { ...params, tiles } }, launch),
  ),
])()

/** What the backward pass keeps of a query, the vec2 of `rows` in attention/backward_reg.wgsl: lse and delta. */
const ROW_STATISTICS = 2

/** The kernels of each op by which `kernelChoices(gpu).named` names them, best first. */
export const attentionVariants = {
  attention: forwardVariants,
  'attention query side': queryVariants,
  'attention key side': keyVariants,
} as const

function setUp(p: Plan, q: Tensor, k: Tensor, queries: ClipBounds, keys: ClipBounds, label: string) {
  const [batch, n, depth] = [extent(q.shape, 0), extent(q.shape, 1), extent(q.shape, 2)]
  if (extent(k.shape, 0) !== batch || extent(k.shape, 2) !== depth || clipCount(queries) !== clipCount(keys)) {
    throw new ShapeError(`${label}: queries ${formatShape(q.shape)} do not fit keys ${formatShape(k.shape)}`)
  }
  const clips = clipCount(queries)
  const params = { batch, queries: n, keys: extent(k.shape, 1), clips }
  return {
    bounds: p.constant(`${label} bounds`, 'u32', [...queries, ...keys]),
    common: { params, d4: q.rowStride / 4, pairs: batch * clips },
    // One multiplication and addition per pair of a query and a key and per channel.
    productFlops:
      2 * depth * batch * clipLengths(queries).reduce((sum, rows, s) => sum + rows * clipLengths(keys)[s]!, 0),
    longestQueries: Math.max(...clipLengths(queries)),
    longestKeys: Math.max(...clipLengths(keys)),
    shape: `${batch}x${n}x${depth} keys ${params.keys} clips ${clips}`,
  }
}

/**
 * Softmax attention over time, unscaled: queries of a clip see the keys of the same clip.
 * q [B, N, D], k and v [B, M, D]; returns [B, N, D]. No [N, M] matrix is stored.
 */
export function attention(
  p: Plan,
  q: Tensor,
  k: Tensor,
  v: Tensor,
  queries: ClipBounds,
  keys: ClipBounds,
  label = 'attention',
): { y: Tensor; saved: SavedAttention } {
  expectSameShape(label, k, v)
  const { bounds, common, productFlops, longestQueries, shape } = setUp(p, q, k, queries, keys, label)
  const y = p.tensor(q.shape, 'f32', label)
  const lse = p.tensor(q.shape.slice(0, 2), 'f32', `${label} lse`)
  const tensors = { bounds, q, k, v, y, lse }
  recordVariant(
    p,
    'attention',
    shape,
    bestFirst(forwardVariants, bestLane(p.gpu, 'forward', longestQueries, common.d4)),
    {
      ...common,
      params: { ...common.params, lse_stride: lse.rowStride, rows_stride: 0 },
      tensors,
      longest: longestQueries,
      flops: 2 * productFlops,
      label,
    },
    { op: 'attention', of: 'output' },
  )
  return { y, saved: { q, k, v, y, lse, queries, keys } }
}

/** Gradients of `attention` with respect to q, k and v. */
export function attentionBackward(
  p: Plan,
  dy: Tensor,
  { q, k, v, y, lse, queries, keys }: SavedAttention,
  label = 'attention backward',
): { dq: Tensor; dk: Tensor; dv: Tensor } {
  expectSameShape(label, dy, y)
  const { bounds, common, productFlops, longestQueries, longestKeys, shape } = setUp(p, q, k, queries, keys, label)
  const { d4 } = common
  const { batch, queries: n } = common.params
  // Per query its lse and delta, side by side: the key side then needs 8 storage buffers, which every device has.
  const rows = p.tensor([batch, ROW_STATISTICS * n], 'f32', `${label} rows`)
  const params = { ...common.params, lse_stride: lse.rowStride, rows_stride: rows.rowStride / ROW_STATISTICS }
  p.dispatch(
    backward,
    'row_statistics',
    { y, dy, lse, rows_out: rows, params: { ...params, tiles: 0 } },
    {
      groups: ceilDiv(params.batch * params.queries, BACKWARD_VALUES.WORKGROUP),
      constants: { D4: d4 },
      flops: 2 * y.size,
      label: `${label} rows`,
    },
  )
  const shared = { bounds, q, k, v, dy, rows_in: rows }
  const dq = p.tensor(q.shape, 'f32', `${label} dq`)
  recordVariant(
    p,
    'attention query side',
    shape,
    bestFirst(queryVariants, bestLane(p.gpu, 'query', longestQueries, d4)),
    {
      ...common,
      params,
      tensors: { ...shared, dq },
      longest: longestQueries,
      flops: 3 * productFlops,
      label: `${label} query side`,
    },
    { op: 'attention', of: 'gradient' },
  )
  const dk = p.tensor(k.shape, 'f32', `${label} dk`)
  const dv = p.tensor(v.shape, 'f32', `${label} dv`)
  recordVariant(
    p,
    'attention key side',
    shape,
    bestFirst(keyVariants, bestLane(p.gpu, 'key', longestKeys, d4)),
    {
      ...common,
      params,
      tensors: { ...shared, dk, dv },
      longest: longestKeys,
      flops: 4 * productFlops,
      label: `${label} key side`,
    },
    { op: 'attention', of: 'gradient' },
  )
  return { dq, dk, dv }
}

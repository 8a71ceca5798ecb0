import shader from '../../shaders/conv1d.wgsl'
import backward from '../../shaders/conv1d_backward.wgsl'
import laneBackward from '../../shaders/conv1d_backward_lane.wgsl'
import laneShader from '../../shaders/conv1d_lane.wgsl'
import tileShader from '../../shaders/conv1d_tile.wgsl'
import { ShapeError } from '../runtime/errors.ts'
import type { Gpu } from '../runtime/gpu.ts'
import type { Plan } from '../runtime/plan.ts'
import { ceilDiv, expectShape, extent, formatShape, padTo4, type Shape } from '../runtime/shape.ts'
import type { Tensor } from '../runtime/tensor.ts'
import { recordVariant, type Variant } from './variants.ts'

export interface ConvGeometry {
  stride: number
  padding: number
}

// Three families: `reg` keeps a small tile in registers and asks nothing of the adapter; `lane` is for software adapters, where a
// load costs as much as a hundred multiply-adds, and shares each load within a subgroup; `tile` is for GPUs and shares loads
// through workgroup memory.

/** Invocations of a workgroup of the `reg` kernels and of reductions. */
const WORKGROUP = 64
/** `reg`: output rows per invocation (forward, input gradient), quads of output channels per invocation (weight gradient). */
const REG_ROWS = 4
const REG_QUADS = 2
/** Rows per lane of the `lane` kernels. */
const LANE_ROWS = [1, 2, 4] as const
/** Where rows are few, `lane` splits the depth: no finer than this many quads of channels, into no more workgroups than this. */
const LANE_DEPTH_QUADS = 128
const LANE_WORKGROUPS = 64
/** Rows and quads of channels of a workgroup of the `tile` kernels, which split the depth like `lane` does. */
const TILE_ROWS = 64
const TILE_QUADS = 16
const TILE_DEPTH_QUADS = 64
const TILE_WORKGROUPS = 256
/** Rows per partial sum of a weight gradient: enough to amortise the store, few enough to sum accurately in f32. */
const CHUNK_ROWS = 256
const MAX_CHUNKS = 64

/** Output length of a convolution or pooling window over `length` rows. */
export const windowCount = (length: number, kernel: number, { stride, padding }: ConvGeometry): number =>
  Math.floor((length + 2 * padding - kernel) / stride) + 1

/** Shape of a weight tensor: taps, input channels padded to quads, output channels. */
export const convWeightShape = (kernel: number, inChannels: number, outChannels: number): Shape => [
  kernel,
  padTo4(inChannels),
  outChannels,
]

type Geometry = ReturnType<typeof geometryParams>

function geometryParams(xShape: Shape, w: Tensor, yShape: Shape, g: ConvGeometry) {
  return {
    batch: extent(xShape, 0),
    in_rows: extent(xShape, 1),
    out_rows: extent(yShape, 1),
    in_channels: extent(xShape, 2),
    in_quads: padTo4(extent(xShape, 2)) / 4,
    out_channels: extent(yShape, 2),
    out_quads: padTo4(extent(yShape, 2)) / 4,
    kernel: extent(w.shape, 0),
    stride: g.stride,
    padding: g.padding,
  }
}

interface Forward {
  x: Tensor
  w: Tensor
  bias: Tensor | null
  y: Tensor
  g: ConvGeometry
  label: string
}

/**
 * y = conv(x, w) + bias. x [B, L, Ci], w [K, pad4(Ci), Co] (`convWeightShape`), bias [Co] or null; returns [B, Lo, Co] with
 * Lo = floor((L + 2 padding - K) / stride) + 1. Throws ShapeError when channels disagree or the signal is shorter than the kernel.
 */
export function conv1d(p: Plan, x: Tensor, w: Tensor, bias: Tensor | null, g: ConvGeometry, label = 'conv1d'): Tensor {
  const [batch, rows, inChannels] = [extent(x.shape, 0), extent(x.shape, 1), extent(x.shape, 2)]
  const [kernel, weightChannels, outChannels] = [extent(w.shape, 0), extent(w.shape, 1), extent(w.shape, 2)]
  if (padTo4(inChannels) !== weightChannels) {
    throw new ShapeError(
      `${label}: input has ${inChannels} channels, weight expects ${weightChannels} ` +
        `(input ${formatShape(x.shape)}, weight ${formatShape(w.shape)})`,
    )
  }
  const outRows = windowCount(rows, kernel, g)
  if (outRows < 1) throw new ShapeError(`${label}: ${rows} rows are shorter than the kernel of ${kernel}`)
  if (bias) expectShape(`${label}: bias`, bias.shape, [outChannels])
  const y = p.tensor([batch, outRows, outChannels], 'f32', label)
  const variants = bestFirst(p.gpu, forwardVariants, batch * outRows, outChannels)
  recordVariant(p, 'conv1d', shapeName(x.shape, w, g), variants, { x, w, bias, y, g, label })
  return y
}

/** How `gpu.variants` names a shape, e.g. `8x1250x64 64 k3 s1`: input, output channels, kernel, stride. */
const shapeName = (xShape: Shape, w: Tensor, { stride }: ConvGeometry): string =>
  `${xShape.join('x')} ${extent(w.shape, 2)} k${extent(w.shape, 0)} s${stride}`

/** Lanes that a `lane` kernel runs on: a real GPU has cheap loads, and better uses for a workgroup than one subgroup. */
const laneCount = ({ info, subgroupSize }: Gpu): number => (info.isFallbackAdapter ? (subgroupSize ?? 0) : 0)

/**
 * A list in the order of preference at `rows` x `channels` results. Where few channels leave most of a workgroup without a
 * column, `reg` is first; else on a real GPU `tile`; on a software adapter the lowest `lane` tile that holds all rows, or the highest.
 */
function bestFirst<Args>(gpu: Gpu, variants: readonly Variant<Args>[], rows: number, channels: number): Variant<Args>[] {
  const height = LANE_ROWS.find((lines) => rows <= lines * laneCount(gpu)) ?? Math.max(...LANE_ROWS)
  const wide = laneCount(gpu) > 0 ? laneName(height) : gpu.info.isFallbackAdapter ? 'reg' : 'tile'
  const best = channels > 8 ? wide : 'reg'
  return [...variants].sort((a, b) => Number(b.name === best) - Number(a.name === best))
}

const laneName = (height: number): string => `lane TM=${height}`

/** Has partial sums recorded, and adds them in order; a single one is the result itself. */
function sumChunks(
  p: Plan,
  chunks: number,
  result: Tensor,
  geometry: Geometry,
  label: string,
  record: (partials: Tensor) => void,
): void {
  if (chunks === 1) return record(result)
  const partials = p.tensor([chunks, result.byteLength / 4], 'f32', `${label} partials`)
  record(partials)
  const quads = result.byteLength / 16
  const params = { ...geometry, chunks, chunk_rows: 0, result_quads: quads }
  const launch = { groups: ceilDiv(quads, WORKGROUP), label: `${label} reduce` }
  p.dispatch(backward, 'reduce', { chunk_sums: partials, result, params }, launch)
}

/** Splits a depth where there are few tiles: into parts of `least` quads or more, for no more than `workgroups` in all. */
function depthChunks(quads: number, tiles: number, least: number, workgroups: number): { chunks: number; chunk_quads: number } {
  const split = Math.max(1, Math.min(Math.floor(quads / least), Math.floor(workgroups / tiles)))
  const chunkQuads = ceilDiv(quads, split)
  return { chunks: ceilDiv(quads, chunkQuads), chunk_quads: chunkQuads }
}

const laneForward = /* @__NO_SIDE_EFFECTS__ */ (TM: number): Variant<Forward> => ({
  name: laneName(TM),
  fits: (gpu) => laneCount(gpu) > 0,
  record(p, { x, w, bias, y, g, label }) {
    const SG = laneCount(p.gpu)
    const geometry = geometryParams(x.shape, w, y.shape, g)
    const tiles = ceilDiv(geometry.batch * geometry.out_rows, SG * TM) * ceilDiv(geometry.out_quads, SG)
    const { chunks, chunk_quads } = depthChunks(geometry.in_quads, tiles, LANE_DEPTH_QUADS, LANE_WORKGROUPS)
    const params = { ...geometry, chunks, chunk_quads }
    const launch = { groups: chunks * tiles, constants: { SG, TM }, label }
    sumChunks(p, chunks, y, geometry, label, (sums) => {
      if (bias) p.dispatch(laneShader, 'forward_bias', { x, w, bias, y: sums, params }, launch)
      else p.dispatch(laneShader, 'forward', { x, w, y: sums, params }, launch)
    })
  },
})

const tileForward: Variant<Forward> = {
  name: 'tile',
  fits: () => true,
  record(p, { x, w, bias, y, g, label }) {
    const geometry = geometryParams(x.shape, w, y.shape, g)
    const tiles = ceilDiv(geometry.batch * geometry.out_rows, TILE_ROWS) * ceilDiv(geometry.out_quads, TILE_QUADS)
    const depth = geometry.kernel * geometry.in_quads
    const { chunks, chunk_quads } = depthChunks(depth, tiles, TILE_DEPTH_QUADS, TILE_WORKGROUPS)
    const params = { ...geometry, chunks, chunk_quads }
    const launch = { groups: chunks * tiles, label }
    sumChunks(p, chunks, y, geometry, label, (sums) => {
      if (bias) p.dispatch(tileShader, 'forward_bias', { x, w, bias, y: sums, params }, launch)
      else p.dispatch(tileShader, 'forward', { x, w, y: sums, params }, launch)
    })
  },
}

const regForward: Variant<Forward> = {
  name: 'reg',
  fits: () => true,
  record(p, { x, w, bias, y, g, label }) {
    const params = geometryParams(x.shape, w, y.shape, g)
    const invocations = params.batch * ceilDiv(params.out_rows, REG_ROWS) * params.out_quads
    const launch = { groups: ceilDiv(invocations, WORKGROUP), constants: { TM: REG_ROWS }, label }
    if (bias) p.dispatch(shader, 'forward_bias', { x, w, bias, y, params }, launch)
    else p.dispatch(shader, 'forward', { x, w, y, params }, launch)
  },
}

const forwardVariants: readonly Variant<Forward>[] = [
  laneForward(1),
  laneForward(2),
  laneForward(4),
  tileForward,
  regForward,
]

interface BackwardInput {
  dy: Tensor
  w: Tensor
  dx: Tensor
  g: ConvGeometry
  label: string
}

/** Gradient with respect to the input of `conv1d`. */
export function conv1dBackwardInput(
  p: Plan,
  dy: Tensor,
  w: Tensor,
  xShape: Shape,
  g: ConvGeometry,
  label = 'conv1d backward input',
): Tensor {
  const dx = p.tensor(xShape, 'f32', label)
  const rows = extent(xShape, 0) * ceilDiv(extent(xShape, 1), g.stride)
  const variants = bestFirst(p.gpu, inputVariants, rows, extent(xShape, 2))
  recordVariant(p, 'conv1d backward input', shapeName(xShape, w, g), variants, { dy, w, dx, g, label })
  return dx
}

const laneBackwardInput = /* @__NO_SIDE_EFFECTS__ */ (TM: number): Variant<BackwardInput> => ({
  name: laneName(TM),
  fits: (gpu) => laneCount(gpu) > 0,
  record(p, { dy, w, dx, g, label }) {
    const SG = laneCount(p.gpu)
    const params = { ...geometryParams(dx.shape, w, dy.shape, g), chunks: 1, chunk_samples: 0, chunk_rows: 0 }
    const tiles = ceilDiv(params.batch * ceilDiv(params.in_rows, g.stride), SG * TM)
    p.dispatch(laneBackward, 'input', { dy_rows: dy, w, dx, params }, {
      groups: g.stride * tiles * ceilDiv(params.in_quads, SG),
      constants: { SG, TM },
      label,
    })
  },
})

const tileBackwardInput: Variant<BackwardInput> = {
  name: 'tile',
  fits: () => true,
  record(p, { dy, w, dx, g, label }) {
    const params = { ...geometryParams(dx.shape, w, dy.shape, g), chunks: 1, chunk_quads: 0 }
    const tiles = ceilDiv(params.batch * ceilDiv(params.in_rows, g.stride), TILE_ROWS) * ceilDiv(params.in_quads, TILE_QUADS)
    p.dispatch(tileShader, 'input', { dy, w, dx, params }, { groups: g.stride * tiles, label })
  },
}

const regBackwardInput: Variant<BackwardInput> = {
  name: 'reg',
  fits: () => true,
  record(p, { dy, w, dx, g, label }) {
    const params = { ...geometryParams(dx.shape, w, dy.shape, g), chunks: 1, chunk_rows: 0, result_quads: 0 }
    const tiles = ceilDiv(ceilDiv(params.in_rows, g.stride), REG_ROWS)
    p.dispatch(backward, 'input', { dy, w, dx, params }, {
      groups: ceilDiv(params.batch * g.stride * tiles * params.in_quads, WORKGROUP),
      constants: { TM: REG_ROWS },
      label,
    })
  },
}

const inputVariants: readonly Variant<BackwardInput>[] = [
  laneBackwardInput(1),
  laneBackwardInput(2),
  laneBackwardInput(4),
  tileBackwardInput,
  regBackwardInput,
]

interface BackwardWeight {
  x: Tensor
  dy: Tensor
  dw: Tensor
  g: ConvGeometry
  label: string
}

/** Gradients with respect to the weight and, unless `dbias` is null, the bias of `conv1d`, into the given tensors. */
export function conv1dBackwardWeight(
  p: Plan,
  x: Tensor,
  dy: Tensor,
  dw: Tensor,
  dbias: Tensor | null,
  g: ConvGeometry,
  label = 'conv1d backward weight',
): void {
  recordVariant(p, 'conv1d backward weight', shapeName(x.shape, dw, g), weightVariants, { x, dy, dw, g, label })
  if (!dbias) return
  const geometry = geometryParams(x.shape, dw, dy.shape, g)
  const chunked = rowChunks(geometry)
  sumChunks(p, chunked.chunks, dbias, geometry, label, (partials) => {
    const groups = ceilDiv(chunked.chunks * geometry.out_quads, WORKGROUP)
    p.dispatch(backward, 'bias', { dy, partials, params: { ...geometry, ...chunked, result_quads: 0 } }, { groups, label })
  })
}

/** Rows of partial sums, wherever they lie. */
function rowChunks({ batch, out_rows }: Geometry): { chunks: number; chunk_rows: number } {
  const rows = Math.max(CHUNK_ROWS, ceilDiv(batch * out_rows, MAX_CHUNKS))
  return { chunks: ceilDiv(batch * out_rows, rows), chunk_rows: rows }
}

/** About as many rows, but whole samples or equal parts of one, so that a kernel counts samples and rows in two plain loops. */
function sampleChunks(geometry: Geometry): { chunks: number; chunk_samples: number; chunk_rows: number } {
  const { batch, out_rows: rows } = geometry
  const wanted = rowChunks(geometry).chunk_rows
  const samples = Math.max(1, Math.floor(wanted / rows))
  const partRows = ceilDiv(rows, Math.max(1, Math.floor(rows / wanted)))
  return { chunks: ceilDiv(batch, samples) * ceilDiv(rows, partRows), chunk_samples: samples, chunk_rows: partRows }
}

const laneBackwardWeight: Variant<BackwardWeight> = {
  name: 'lane',
  fits: (gpu) => laneCount(gpu) > 0,
  record(p, { x, dy, dw, g, label }) {
    const SG = laneCount(p.gpu)
    const geometry = geometryParams(x.shape, dw, dy.shape, g)
    const params = { ...geometry, ...sampleChunks(geometry) }
    const tiles = ceilDiv(params.kernel * params.in_quads, SG) * ceilDiv(params.out_quads, SG)
    const launch = { groups: params.chunks * tiles, constants: { SG }, label }
    sumChunks(p, params.chunks, dw, geometry, label, (partials) => {
      p.dispatch(laneBackward, 'weight', { x, dy, partials, params }, launch)
    })
  },
}

const regBackwardWeight: Variant<BackwardWeight> = {
  name: 'reg',
  fits: () => true,
  record(p, { x, dy, dw, g, label }) {
    const geometry = geometryParams(x.shape, dw, dy.shape, g)
    const params = { ...geometry, ...rowChunks(geometry), result_quads: 0 }
    const invocations = params.chunks * params.kernel * params.in_quads * ceilDiv(params.out_quads, REG_QUADS)
    const launch = { groups: ceilDiv(invocations, WORKGROUP), constants: { TQ: REG_QUADS }, label }
    sumChunks(p, params.chunks, dw, geometry, label, (partials) => {
      p.dispatch(backward, 'weight', { x, dy, partials, params }, launch)
    })
  },
}

const weightVariants: readonly Variant<BackwardWeight>[] = [laneBackwardWeight, regBackwardWeight]

/** Candidates by the names under which `gpu.variants` knows the ops. */
export const conv1dVariants = {
  conv1d: forwardVariants,
  'conv1d backward input': inputVariants,
  'conv1d backward weight': weightVariants,
} as const

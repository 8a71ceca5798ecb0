// Candidates for the gradients of a convolution with respect to its weight and bias. All split the sum over rows into chunks.
import reg from '../../../shaders/conv1d/backward_reg.wgsl'
import lane from '../../../shaders/conv1d/backward_lane.wgsl'
import tile from '../../../shaders/conv1d/backward_tile.wgsl'
import type { Plan } from '../../runtime/plan.ts'
import { shaderValues } from '../../runtime/shader_values.ts'
import { ceilDiv } from '../../runtime/shape.ts'
import type { Tensor } from '../../runtime/tensor.ts'
import { laneCount, laneName, TILE_WORKGROUPS, tileCount, tileName, tiles, WIDE, type Tile } from './families.ts'
import { flopsOf, geometryOf, type ConvGeometry, type Geometry } from './geometry.ts'
import { PartialSums } from '../partial_sums.ts'
import type { Variant } from '../variants.ts'
import { unusedOutput } from '../unused.ts'

export interface BackwardWeight {
  x: Tensor
  dy: Tensor
  dw: Tensor
  dbias: Tensor | null
  g: ConvGeometry
  label: string
  /** Those of the plan that the op was recorded on; a candidate that is recorded on another plan adds up its own. */
  sums: PartialSums | null
}

/** Rows per partial sum: enough to amortise the store, few enough to sum accurately in f32. */
const CHUNK_ROWS = 256
const MAX_CHUNKS = 64
/** More in one f32 accumulator lose digits. */
const MOST_ROWS = 1280

/** Rows of partial sums, wherever they lie. */
function rowChunks({ batch, out_rows }: Geometry, most = MAX_CHUNKS): { chunks: number; chunk_rows: number } {
  const rows = Math.min(MOST_ROWS, Math.max(CHUNK_ROWS, ceilDiv(batch * out_rows, most)))
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

/** Records a kernel that leaves `chunks` partial sums, and their addition unless that is to come later. */
function summed(p: Plan, args: BackwardWeight, chunks: number, record: (dw: Tensor, dbias: Tensor) => void): void {
  const shared = args.sums?.plan === p ? args.sums : null
  const sums = shared ?? new PartialSums(p)
  record(sums.partialsOf(args.dw, chunks), args.dbias ? sums.partialsOf(args.dbias, chunks) : unusedOutput(p))
  if (!shared) sums.record(`${args.label} sum`)
}

/** A bias adds a sum over all rows. */
const weightFlops = (geometry: Geometry, dbias: Tensor | null): number =>
  flopsOf(geometry) + (dbias ? geometry.batch * geometry.out_rows * geometry.out_channels : 0)

/** Quads of rows of the weight that a lane loads; with three the code of a step outgrows the instruction cache. */
const laneRows = [2, 1] as const

const laneWeight = /* @__NO_SIDE_EFFECTS__ */ (TM: number): Variant<BackwardWeight> => ({
  name: laneName({ TM, TN: 1 }),
  family: 'lane',
  fits: (gpu) => laneCount(gpu) > 0,
  record(p, args) {
    const { x, dy, g, label } = args
    const SG = laneCount(p.gpu)
    const geometry = geometryOf(x.shape, args.dw, dy.shape, g)
    const params = { ...geometry, ...sampleChunks(geometry), has_bias: Number(args.dbias !== null) }
    const tiles = ceilDiv(params.kernel * params.in_quads, SG * TM) * ceilDiv(params.out_quads, SG)
    const launch = {
      groups: params.chunks * tiles,
      constants: { SG, TM },
      label,
      flops: weightFlops(geometry, args.dbias),
    }
    summed(p, args, params.chunks, (dw, dbias) => p.dispatch(lane, 'weight', { x, dy, dw, dbias, params }, launch))
  },
})

/** Rows of (b, o) per step of `tile`. */
const TILE_DEPTH = 16

const tileWeight = /* @__NO_SIDE_EFFECTS__ */ (size: Tile): Variant<BackwardWeight> => ({
  name: tileName(size),
  family: 'tile',
  fits: () => true,
  record(p, args) {
    const { x, dy, g, label } = args
    const geometry = geometryOf(x.shape, args.dw, dy.shape, g)
    const count = tileCount(size, geometry.kernel * geometry.in_quads * 4, geometry.out_channels)
    const most = Math.max(1, Math.floor((2 * TILE_WORKGROUPS) / count))
    const params = { ...geometry, ...rowChunks(geometry, most), has_bias: Number(args.dbias !== null) }
    const [ROWS, COLUMNS] = [size.rows / 4, size.channels / 4]
    const [TM, TN] = [size.threadRows / 4, size.threadChannels / 4]
    const WORKGROUP = (ROWS / TM) * (COLUMNS / TN)
    const loads = { ROW_LOADS: (ROWS * TILE_DEPTH) / WORKGROUP, COLUMN_LOADS: (COLUMNS * TILE_DEPTH) / WORKGROUP }
    const constants = { ROWS, COLUMNS, DEPTH: TILE_DEPTH, TM, TN, WORKGROUP, ...loads }
    const launch = { groups: params.chunks * count, constants, label, flops: weightFlops(geometry, args.dbias) }
    summed(p, args, params.chunks, (dw, dbias) => p.dispatch(tile, 'weight', { x, dy, dw, dbias, params }, launch))
  },
})

/** `TP` x `TQ` quads of rows and columns. */
const regWeight = /* @__NO_SIDE_EFFECTS__ */ (
  of: Pick<Variant<BackwardWeight>, 'name' | 'family'>,
  constants: Record<'WORKGROUP' | 'TP' | 'TQ', number>,
): Variant<BackwardWeight> => ({
  ...of,
  fits: () => true,
  record(p, args) {
    const { x, dy, g, label } = args
    const geometry = geometryOf(x.shape, args.dw, dy.shape, g)
    const params = { ...geometry, ...rowChunks(geometry), has_bias: Number(args.dbias !== null) }
    const tiles = params.kernel * ceilDiv(params.in_quads, constants.TP) * ceilDiv(params.out_quads, constants.TQ)
    const invocations = params.chunks * (tiles + (args.dbias ? params.out_quads : 0))
    const flops = weightFlops(geometry, args.dbias)
    const launch = { groups: ceilDiv(invocations, constants.WORKGROUP), constants, label, flops }
    summed(p, args, params.chunks, (dw, dbias) => p.dispatch(reg, 'weight', { x, dy, dw, dbias, params }, launch))
  },
})

export const weightVariants: readonly Variant<BackwardWeight>[] = /* @__PURE__ */ (() => {
  const { WORKGROUP, TP, TQ } = shaderValues(reg)
  return [
    ...laneRows.map(laneWeight),
    ...tiles.map(tileWeight),
    regWeight({ name: 'reg' }, { WORKGROUP, TP, TQ }),
    regWeight({ name: WIDE, family: 'wide' }, { WORKGROUP: 8, TP: 2, TQ: 2 }),
  ]
})()

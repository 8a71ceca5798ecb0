// Candidates for y = conv(x, w) + bias.
import reg from '../../../shaders/conv1d/reg.wgsl'
import lane from '../../../shaders/conv1d/lane.wgsl'
import tile from '../../../shaders/conv1d/tile.wgsl'
import wide from '../../../shaders/conv1d/wide.wgsl'
import type { Plan } from '../../runtime/plan.ts'
import { shaderValues } from '../../runtime/shader_values.ts'
import { ceilDiv } from '../../runtime/shape.ts'
import type { Tensor } from '../../runtime/tensor.ts'
import {
  depthChunks,
  laneCount,
  laneName,
  lanes,
  regName,
  regRows,
  TILE_WORKGROUPS,
  tileConstants,
  tileCount,
  tileName,
  tiles,
  WIDE,
  type Lane,
  type Tile,
} from './families.ts'
import { flopsOf, geometryOf, type ConvGeometry } from './geometry.ts'
import { PartialSums } from '../partial_sums.ts'
import type { Variant } from '../variants.ts'
import { unusedInput } from '../unused.ts'

const VALUES = /* @__PURE__ */ shaderValues(reg)
const WIDE_TILE = /* @__PURE__ */ shaderValues(wide)

export interface Forward {
  x: Tensor
  w: Tensor
  bias: Tensor | null
  y: Tensor
  g: ConvGeometry
  label: string
}

/** Where rows are few the depth is split: no finer than this many quads of channels, into no more workgroups than this. */
const LANE_DEPTH_QUADS = 128
const LANE_WORKGROUPS = 64
const TILE_DEPTH_QUADS = 64

/** Records a kernel that splits the depth, and the addition of what it leaves. */
function summed(p: Plan, y: Tensor, chunks: number, label: string, record: (y: Tensor) => void): void {
  const sums = new PartialSums(p)
  record(sums.partialsOf(y, chunks))
  sums.record(`${label} sum`)
}

const laneForward = /* @__NO_SIDE_EFFECTS__ */ (size: Lane): Variant<Forward> => ({
  name: laneName(size),
  family: 'lane',
  fits: (gpu) => laneCount(gpu) > 0,
  record(p, { x, w, bias, y: result, g, label }) {
    const [SG, { TM, TN }] = [laneCount(p.gpu), size]
    const geometry = geometryOf(x.shape, w, result.shape, g)
    const tiles = ceilDiv(geometry.batch * geometry.out_rows, SG * TM) * ceilDiv(geometry.out_quads, SG * TN)
    const { chunks, chunk_quads } = depthChunks(geometry.in_quads, tiles, LANE_DEPTH_QUADS, LANE_WORKGROUPS)
    const params = { ...geometry, has_bias: Number(bias !== null), chunks, chunk_quads }
    const launch = { groups: chunks * tiles, constants: { SG, TM, TN }, label, flops: flopsOf(geometry) }
    summed(p, result, chunks, label, (y) =>
      p.dispatch(lane, 'forward', { x, w, bias: bias ?? unusedInput(p), y, params }, launch),
    )
  },
})

const tileForward = /* @__NO_SIDE_EFFECTS__ */ (size: Tile): Variant<Forward> => ({
  name: tileName(size),
  family: 'tile',
  fits: () => true,
  record(p, { x, w, bias, y: result, g, label }) {
    const geometry = geometryOf(x.shape, w, result.shape, g)
    const count = tileCount(size, geometry.batch * geometry.out_rows, geometry.out_channels)
    const depth = geometry.kernel * geometry.in_quads
    const { chunks, chunk_quads } = depthChunks(depth, count, TILE_DEPTH_QUADS, TILE_WORKGROUPS)
    const params = { ...geometry, has_bias: Number(bias !== null), chunks, chunk_quads }
    const launch = { groups: chunks * count, constants: tileConstants(size), label, flops: flopsOf(geometry) }
    summed(p, result, chunks, label, (y) =>
      p.dispatch(tile, 'forward', { x, w, bias: bias ?? unusedInput(p), y, params }, launch),
    )
  },
})

const regForward = /* @__NO_SIDE_EFFECTS__ */ (TM: number): Variant<Forward> => ({
  name: regName(TM),
  fits: () => true,
  record(p, { x, w, bias, y, g, label }) {
    const params = { ...geometryOf(x.shape, w, y.shape, g), has_bias: Number(bias !== null) }
    const invocations = params.batch * ceilDiv(params.out_rows, TM) * params.out_quads
    const launch = {
      groups: ceilDiv(invocations, VALUES.WORKGROUP),
      constants: { TM },
      label,
      flops: flopsOf(params),
    }
    p.dispatch(reg, 'forward', { x, w, bias: bias ?? unusedInput(p), y, params }, launch)
  },
})

const wideForward: Variant<Forward> = {
  name: WIDE,
  family: 'wide',
  fits: () => true,
  record(p, { x, w, bias, y, g, label }) {
    const params = { ...geometryOf(x.shape, w, y.shape, g), has_bias: Number(bias !== null), tile_rows: WIDE_TILE.TM }
    const invocations = ceilDiv(params.batch * params.out_rows, WIDE_TILE.TM) * ceilDiv(params.out_quads, WIDE_TILE.TN)
    const launch = {
      groups: ceilDiv(invocations, WIDE_TILE.WORKGROUP),
      label,
      flops: flopsOf(params),
    }
    p.dispatch(wide, 'forward', { x, w, bias: bias ?? unusedInput(p), y, params }, launch)
  },
}

export const forwardVariants: readonly Variant<Forward>[] = /* @__PURE__ */ (() => [
  ...lanes.map(laneForward),
  ...tiles.map(tileForward),
  ...regRows.map(regForward),
  wideForward,
])()

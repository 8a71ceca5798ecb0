// Candidates for the gradient of a convolution with respect to its input.
import reg from '../../../shaders/conv1d/backward_reg.wgsl'
import lane from '../../../shaders/conv1d/backward_lane.wgsl'
import tile from '../../../shaders/conv1d/tile.wgsl'
import wide from '../../../shaders/conv1d/wide.wgsl'
import { shaderValues } from '../../runtime/shader_values.ts'
import { ceilDiv } from '../../runtime/shape.ts'
import type { Tensor } from '../../runtime/tensor.ts'
import {
  laneCount,
  laneName,
  lanes,
  regName,
  regRows,
  tileConstants,
  tileCount,
  tileName,
  tiles,
  WIDE,
  type Lane,
  type Tile,
} from './families.ts'
import { flopsOf, geometryOf, type ConvGeometry } from './geometry.ts'
import type { Variant } from '../variants.ts'
import { unusedInput } from '../unused.ts'

const VALUES = /* @__PURE__ */ shaderValues(reg)
const WIDE_TILE = /* @__PURE__ */ shaderValues(wide)

export interface BackwardInput {
  dy: Tensor
  w: Tensor
  dx: Tensor
  /** Another gradient of x that this one is added to. */
  onto: Tensor | null
  g: ConvGeometry
  label: string
}

const laneInput = /* @__NO_SIDE_EFFECTS__ */ (size: Lane): Variant<BackwardInput> => ({
  name: laneName(size),
  family: 'lane',
  fits: (gpu) => laneCount(gpu) > 0,
  record(p, { dy, w, dx, onto, g, label }) {
    const [SG, { TM, TN }] = [laneCount(p.gpu), size]
    const geometry = geometryOf(dx.shape, w, dy.shape, g)
    const params = { ...geometry, has_bias: 0, chunks: 1, chunk_samples: 0, chunk_rows: 0 }
    const tiles = ceilDiv(params.batch * ceilDiv(params.in_rows, g.stride), SG * TM) * ceilDiv(params.in_quads, SG * TN)
    p.dispatch(
      lane,
      'input',
      { dy_rows: dy, w, dx, onto: onto ?? unusedInput(p), params },
      {
        groups: g.stride * tiles,
        constants: { SG, TM, TN, ONTO: onto !== null },
        label,
        flops: flopsOf(geometry),
      },
    )
  },
})

const tileInput = /* @__NO_SIDE_EFFECTS__ */ (size: Tile): Variant<BackwardInput> => ({
  name: tileName(size),
  family: 'tile',
  fits: () => true,
  record(p, { dy, w, dx, onto, g, label }) {
    const geometry = geometryOf(dx.shape, w, dy.shape, g)
    const params = { ...geometry, has_bias: 0, chunks: 1, chunk_quads: 0 }
    const count = tileCount(size, params.batch * ceilDiv(params.in_rows, g.stride), params.in_channels)
    const launch = {
      groups: g.stride * count,
      constants: { ...tileConstants(size), ONTO: onto !== null },
      label,
      flops: flopsOf(geometry),
    }
    p.dispatch(tile, 'input', { dy, w, dx, onto: onto ?? unusedInput(p), params }, launch)
  },
})

const regInput = /* @__NO_SIDE_EFFECTS__ */ (TM: number): Variant<BackwardInput> => ({
  name: regName(TM),
  fits: () => true,
  record(p, { dy, w, dx, onto, g, label }) {
    const geometry = geometryOf(dx.shape, w, dy.shape, g)
    const params = { ...geometry, has_bias: 0, chunks: 1, chunk_rows: 0 }
    const tiles = ceilDiv(ceilDiv(params.in_rows, g.stride), TM)
    p.dispatch(
      reg,
      'input',
      { dy, w, dx, onto: onto ?? unusedInput(p), params },
      {
        groups: ceilDiv(params.batch * g.stride * tiles * params.in_quads, VALUES.WORKGROUP),
        constants: { TM, ONTO: onto !== null },
        label,
        flops: flopsOf(geometry),
      },
    )
  },
})

const wideInput: Variant<BackwardInput> = {
  name: WIDE,
  family: 'wide',
  fits: () => true,
  record(p, { dy, w, dx, onto, g, label }) {
    const params = { ...geometryOf(dx.shape, w, dy.shape, g), has_bias: 0, tile_rows: WIDE_TILE.TM }
    const tiles = ceilDiv(params.batch * ceilDiv(params.in_rows, g.stride), WIDE_TILE.TM)
    p.dispatch(
      wide,
      'input',
      { dy, w_numbers: w, dx, onto: onto ?? unusedInput(p), params },
      {
        groups: ceilDiv(g.stride * tiles * ceilDiv(params.in_quads, WIDE_TILE.TN), WIDE_TILE.WORKGROUP),
        constants: { ONTO: onto !== null },
        label,
        flops: flopsOf(params),
      },
    )
  },
}

export const inputVariants: readonly Variant<BackwardInput>[] = /* @__PURE__ */ (() => [
  ...lanes.map(laneInput),
  ...tiles.map(tileInput),
  ...regRows.map(regInput),
  wideInput,
])()

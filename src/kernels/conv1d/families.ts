// What the candidates of the three ops of convolution share. `reg` keeps a small tile in registers and asks nothing of the
// adapter; `lane` is for software adapters, where a load costs as much as a hundred multiply-adds, and shares each load within a
// subgroup; `tile` is for GPUs and shares loads through workgroup memory.

import type { GpuBase } from '../../runtime/gpu_base.ts'
import { ceilDiv } from '../../runtime/shape.ts'

/** Rows per invocation of the `reg` kernels, with four channels; `reg` is what other variants are compared with. */
export const regRows = [4, 8] as const
export const regName = (TM: number): string => (TM === 4 ? 'reg' : `reg ${TM}x4`)

/** What a lane of the `lane` kernels loads in a step of the depth: rows, and quads of channels. */
export interface Lane {
  TM: number
  TN: number
}

/** Where TM * TN exceeds 6, the code of a step outgrows the instruction cache. */
export const lanes: readonly Lane[] = [
  { TM: 3, TN: 2 },
  { TM: 2, TN: 2 },
  { TM: 6, TN: 1 },
  { TM: 4, TN: 1 },
  { TM: 2, TN: 1 },
  { TM: 1, TN: 1 },
]

const SMALL_LANE = 4

/** What a workgroup of the `tile` kernels computes, rows x channels, and what a thread of it does, in both from 4 up. */
export interface Tile {
  rows: number
  channels: number
  threadRows: number
  threadChannels: number
}

/** From the one with the most arithmetic per load to the one for the smallest results. */
export const tiles: readonly Tile[] = [
  { rows: 128, channels: 64, threadRows: 8, threadChannels: 8 },
  { rows: 64, channels: 64, threadRows: 8, threadChannels: 4 },
  { rows: 64, channels: 32, threadRows: 8, threadChannels: 4 },
  { rows: 32, channels: 32, threadRows: 4, threadChannels: 4 },
]

/** As many workgroups keep a large GPU busy. */
export const TILE_WORKGROUPS = 256

export const tileName = ({ rows, channels }: Tile): string => `tile ${rows}x${channels}`

/** Quads of the depth per step. */
const TILE_DEPTH = 4

/** The tile in the terms of conv1d/tile.wgsl. */
export function tileConstants({ rows, channels, threadRows, threadChannels }: Tile) {
  const WORKGROUP = (rows / threadRows) * (channels / threadChannels)
  return {
    ROWS: rows,
    COLUMNS: channels / 4,
    DEPTH: TILE_DEPTH,
    TM: threadRows,
    TN: threadChannels / 4,
    WORKGROUP,
    ROW_LOADS: (rows * TILE_DEPTH) / WORKGROUP,
    COLUMN_LOADS: (channels * TILE_DEPTH) / WORKGROUP,
  }
}

/** Workgroups that cover `rows` x `channels` results. */
export const tileCount = (tile: Tile, rows: number, channels: number): number =>
  ceilDiv(rows, tile.rows) * ceilDiv(channels, tile.channels)

/** Lanes that a `lane` kernel runs on: a real GPU has cheap loads, and better uses for a workgroup than one subgroup. */
export const laneCount = ({ info, subgroupSize }: GpuBase): number => (info.isFallbackAdapter ? (subgroupSize ?? 0) : 0)

export const laneName = ({ TM, TN }: Lane): string => `lane TM=${TM}${TN > 1 ? ` TN=${TN}` : ''}`

/** The largest tile that is no larger than the results and that they have `least` of, or more; else the smallest. */
function bestTile(rows: number, channels: number, least: number): string {
  const suits = (tile: Tile): boolean =>
    rows >= tile.rows && channels >= tile.channels && tileCount(tile, rows, channels) >= least
  return tileName(tiles.find(suits) ?? tiles[tiles.length - 1]!)
}

/** Nanoseconds that parts of a step take on lavapipe; an input gradient reads its quad of w a number at a time. */
const LANE_STEP = { loop: 10, row: 9, column: 16, inputColumn: 20, multiplyAdds: 20 }

/** The `lane` tile, of TM * TN no larger than `most`, that takes the least time. */
function bestLane(SG: number, rows: number, channels: number, column: number, most: number): string {
  const { loop, row, multiplyAdds } = LANE_STEP
  const cost = ({ TM, TN }: Lane): number => {
    const step = loop + row * TM + column * TN + multiplyAdds * TM * TN
    return ceilDiv(rows, SG * TM) * ceilDiv(channels, 4 * SG * TN) * step
  }
  const allowed = lanes.filter(({ TM, TN }) => TM * TN <= most)
  return laneName(allowed.reduce((best, size) => (cost(size) < cost(best) ? size : best)))
}

/**
 * The variant to prefer for `rows` x `channels` results of a forward pass or an input gradient. Where few channels leave most of a
 * workgroup without a column, `reg`; else on a real GPU a `tile`; on a software adapter with subgroups a `lane`, there a small one
 * where results are added to others, as many loads as a large one then has take the compiler 6 s; the wide ones of these are faster
 * than the cost of their loads tells, so that it counts as in a forward pass.
 */
export function bestForRows(
  gpu: GpuBase,
  rows: number,
  channels: number,
  pass: 'forward' | 'input' | 'input onto' = 'forward',
): string {
  if (channels <= 8) return 'reg'
  if (!gpu.info.isFallbackAdapter) return bestTile(rows, channels, TILE_WORKGROUPS)
  const SG = laneCount(gpu)
  if (SG === 0) return 'reg'
  const column = pass === 'input' ? LANE_STEP.inputColumn : LANE_STEP.column
  return bestLane(SG, rows, channels, column, pass === 'input onto' ? SMALL_LANE : Infinity)
}

/** The variant to prefer for a weight gradient of `rows` x `channels`; what keeps an adapter busy there is the split depth. */
export function bestForWeight(gpu: GpuBase, rows: number, channels: number): string {
  if (!gpu.info.isFallbackAdapter) return bestTile(rows, channels, 1)
  const SG = laneCount(gpu)
  if (SG === 0) return 'reg'
  return laneName({ TM: ceilDiv(rows, 4 * SG) > 1 ? 2 : 1, TN: 1 })
}

/** Splits a depth where the `count` of tiles is low: into parts of `least` quads or more, for no more than `workgroups` in all. */
export function depthChunks(quads: number, count: number, least: number, workgroups: number) {
  const split = Math.max(1, Math.min(Math.floor(quads / least), Math.floor(workgroups / count)))
  const chunkQuads = ceilDiv(quads, split)
  return { chunks: ceilDiv(quads, chunkQuads), chunk_quads: chunkQuads }
}

// Between two blocks of ADMM: who is finished, which penalty the others take, and the tables that it needs.

import { ADMM_LAYOUT, balanced } from '../qp/admm.ts'
import type { LaneRows } from '../qp/lane_rows.ts'
import { LAYOUT, type Batch } from './admm_batch.ts'
import { levelTable } from './admm_tables.ts'

/**
 * Residuals relative to the driver and its multiplier at which a signal goes to the polish. On the golden recordings the
 * objective is then within 1e-3 of the optimum.
 */
const TOLERANCE = 5e-4
/** A driver, or multipliers relative to alpha, of less than this root mean square count as zero. */
const NEGLIGIBLE = 1e-3

/** Uploads the tables of penalties that no signal has had before. */
function requireLevels({ gpu, problem, layout, tensors, levels }: Batch, state: LaneRows): void {
  for (const level of new Set(state.row(LAYOUT.LEVEL))) {
    if (level === LAYOUT.FINISHED || levels.has(level)) continue
    const table = levelTable(problem, layout, 2 ** (level + layout.lowest))
    gpu.write(tensors.tables.part([table.length], (problem.n + level * layout.level) * 16), table)
    levels.add(level)
  }
}

/** Uploads what changes between blocks: penalties, their levels, and who is finished. */
export function writeState(batch: Batch, state: LaneRows): void {
  const { gpu, tensors } = batch
  requireLevels(batch, state)
  gpu.write(tensors.state, state.values)
  const isFinished = (lane: number) => state.at(LAYOUT.LEVEL, lane) === LAYOUT.FINISHED
  const penalties = state.row(LAYOUT.RHO).map((rho, lane) => (isFinished(lane) ? ADMM_LAYOUT.FINISHED : rho))
  gpu.write(tensors.penalty, penalties)
}

/** Finishes signals whose residuals are small and balances the penalties of the others; true when none is left. */
export function judge({ problem: { n }, layout, lanes }: Batch, state: LaneRows, norms: LaneRows): boolean {
  const ladder = { least: 2 ** layout.lowest, most: 2 ** layout.highest, ratio: 2 }
  const negligible = NEGLIGIBLE * Math.sqrt(n)
  let left = 0
  for (let lane = 0; lane < lanes; lane++) {
    const root = (rows: LaneRows, row: number) => Math.sqrt(rows.at(row, lane))
    if (state.at(LAYOUT.LEVEL, lane) === LAYOUT.FINISHED) continue
    const least = { driver: negligible, multiplier: negligible * state.at(LAYOUT.ALPHA, lane) }
    const residuals = {
      primal: root(norms, ADMM_LAYOUT.PRIMAL) / Math.max(root(state, LAYOUT.DRIVER_NORM), least.driver),
      dual: root(norms, ADMM_LAYOUT.DUAL) / Math.max(root(state, LAYOUT.MULTIPLIER_NORM), least.multiplier),
    }
    const done = Math.max(residuals.primal, residuals.dual) <= TOLERANCE
    const rho = balanced(state.at(LAYOUT.RHO, lane), residuals, ladder)
    state.set(LAYOUT.RHO, lane, rho)
    state.set(LAYOUT.LEVEL, lane, done ? LAYOUT.FINISHED : Math.log2(rho) - layout.lowest)
    if (!done) left++
  }
  return left === 0
}

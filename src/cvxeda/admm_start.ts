// What ADMM starts from: zero, or the decomposition of a similar signal with the multipliers that belong to it.

import { ADMM_LAYOUT } from '../qp/admm.ts'
import { LaneRows } from '../qp/lane_rows.ts'
import { UsageError } from '../runtime/errors.ts'
import { LAYOUT, tonicPlace, tonicValues, type Batch } from './admm_batch.ts'
import { columnTable, FIRST_PENALTY, splineRow } from './admm_tables.ts'
import { adjointResponse } from './certificate.ts'
import { residualOf, type Point } from './polish.ts'
import { writeState } from './admm_penalties.ts'
import type { Problem } from './problem.ts'
import type { ScaledSignal, WarmStart } from './solver.ts'

/** A start in the solver's units. @throws UsageError for one of another problem */
function scaledStart({ n, knotCount, drift }: Problem, start: WarmStart): Point {
  const { driver, splineCoefficients, driftCoefficients, mean, scale } = start
  if (driver.length !== n || splineCoefficients.length !== knotCount || driftCoefficients.length !== drift.count) {
    throw new UsageError(
      `cvxEDA: a start has ${driver.length} samples, ${splineCoefficients.length} spline and ` +
        `${driftCoefficients.length} drift coefficients, expected ${n}, ${knotCount} and ${drift.count}.`,
    )
  }
  const shift = (c: number) => (c === 0 ? mean : 0)
  return {
    p: Float64Array.from(driver, (v) => v / scale),
    l: splineCoefficients.map((v) => v / scale),
    d: driftCoefficients.map((v, c) => (v - shift(c)) / scale),
  }
}

/** Multipliers of p >= 0 (never positive) at a starting point: H'e - alpha where that pulls p down. */
function multipliers(problem: Problem, { y, alpha }: ScaledSignal, start: Point): Float64Array {
  const e = residualOf(problem, y, start)
  return adjointResponse(problem, e).map((v) => Math.min(0, v - alpha))
}

/** Multipliers and tonic coefficients of warm starts. */
function writeDual(
  { gpu, problem, layout, lanes, tensors }: Batch,
  signals: readonly ScaledSignal[],
  starts: readonly Point[],
): void {
  const origin = LaneRows.zeros(problem.n, lanes)
  const tonic = new Float32Array(tonicValues(layout) * lanes)
  starts.forEach((start, lane) => {
    multipliers(problem, signals[lane]!, start).forEach((v, i) => origin.set(i, lane, v))
    const put = (row: number | null, value: number) => {
      if (row !== null) tonic[tonicPlace(row, lane, lanes)] = value
    }
    start.l.forEach((v, j) => put(splineRow(layout, j), v))
    start.d.forEach((v, c) => put(layout.rows + c, v))
  })
  gpu.write(tensors.origin, origin.values)
  gpu.write(tensors.tonic, tonic)
}

/** Bounds of every increment: no more than the starting driver down, any amount up. */
function firstBounds(n: number, lanes: number, starts: readonly Point[] | undefined): Float32Array {
  const bounds = new Float32Array(2 * n * lanes)
  for (let at = 0; at < n * lanes; at++) bounds[2 * at + 1] = ADMM_LAYOUT.BOUNDLESS
  starts?.forEach((start, lane) => {
    for (let i = 0; i < n; i++) bounds[2 * (i * lanes + lane)] = -Math.max(0, start.p[i]!)
  })
  return bounds
}

/** Uploads the signals and where they start; returns their state. */
export function writeStart(
  batch: Batch,
  signals: readonly ScaledSignal[],
  given: readonly WarmStart[] | undefined,
): LaneRows {
  const { gpu, problem, layout, lanes, tensors } = batch
  const starts = given?.map((start) => scaledStart(problem, start))
  const { n } = problem
  const samples = LaneRows.zeros(n, lanes)
  signals.forEach(({ y }, lane) => {
    for (let i = 0; i < n; i++) samples.set(i, lane, y[i]!)
  })
  gpu.write(tensors.signal, samples.values)
  gpu.write(tensors.bounds, firstBounds(n, lanes, starts))
  if (starts) writeDual(batch, signals, starts)
  gpu.write(tensors.tables.part([n * 4], 0), columnTable(problem, layout))
  const state = LaneRows.zeros(LAYOUT.STATE_ROWS, lanes)
  state.row(LAYOUT.RHO).fill(FIRST_PENALTY)
  state.row(LAYOUT.LEVEL).fill(Math.log2(FIRST_PENALTY) - layout.lowest)
  signals.forEach(({ alpha }, lane) => state.set(LAYOUT.ALPHA, lane, alpha))
  writeState(batch, state)
  return state
}

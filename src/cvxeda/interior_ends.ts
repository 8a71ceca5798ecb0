// Where the interior point starts, and what is read off where it ended.

import { LaneRows } from '../qp/lane_rows.ts'
import { inPieces, inTurns, PIECE, type Pieces } from '../runtime/breather.ts'
import type { GpuBase } from '../runtime/gpu_base.ts'
import { respond, type BatemanFilter } from './bateman.ts'
import { LAYOUT, rowFields, type Layout, type Tensors } from './interior_layout.ts'
import type { Problem } from './problem.ts'
import type { ScaledSignal, Solution, SolverStatus } from './solver.ts'
import type { TonicBasis } from './tonic.ts'

/** The first driver, and the least first multiplier. */
const DRIVER = 10
const MULTIPLIER = 1e-3
/** A gap of a hundred times the tolerance at a nearly feasible point is still useful. */
const INACCURATE_GAP = 1e-4
const INACCURATE_INFEASIBILITY = 1e-2

const multiplierOf = ({ alpha }: ScaledSignal) => Math.max(alpha, MULTIPLIER)

/** H p of the first point. */
export function* firstResponse(filter: BatemanFilter, n: number): Pieces<Float64Array> {
  const [driver, response, state] = [new Float64Array(n).fill(DRIVER), new Float64Array(n), new Float64Array(2)]
  yield* inPieces(n, (from, to) => respond(filter, driver, response, state, from, to))
  return response
}

/** The first point of every sample: p, lambda, e = y - H p, and H dp of no step. */
export function* firstPoint(
  problem: Problem,
  layout: Layout,
  places: Uint32Array,
  signals: readonly ScaledSignal[],
): Pieces<Float32Array> {
  const lanes = signals.length
  const point = new Float32Array(4 * layout.places * lanes) // places without a sample are never read
  const response = yield* firstResponse(problem.filter, problem.n)
  const visit = (from: number, to: number): void => {
    for (let i = from; i < to; i++) {
      for (let lane = 0; lane < lanes; lane++) {
        const signal = signals[lane]!
        const at = 4 * (places[i]! * lanes + lane)
        point[at] = DRIVER
        point[at + 1] = multiplierOf(signal)
        point[at + 2] = signal.y[i]! - response[i]!
      }
    }
  }
  yield* inPieces(problem.n, visit, Math.ceil(PIECE / lanes))
  return point
}

export function firstState(signals: readonly ScaledSignal[]): LaneRows {
  const state = LaneRows.zeros(LAYOUT.STATE_ROWS, signals.length)
  state.row(LAYOUT.DONE).fill(LAYOUT.RUNNING)
  signals.forEach((signal, lane) => {
    state.set(LAYOUT.ALPHA, lane, signal.alpha)
    state.set(LAYOUT.MU, lane, DRIVER * multiplierOf(signal))
    state.set(LAYOUT.MU_BEFORE, lane, DRIVER * multiplierOf(signal))
    state.set(LAYOUT.INFEASIBILITY, lane, 1)
  })
  return state
}

/** How many times what is asked for the duality gap still is. */
export const excessOf = (state: LaneRows, n: number, lane: number): number =>
  state.at(LAYOUT.GAP, lane) / (LAYOUT.TOLERANCE * (state.at(LAYOUT.OBJECTIVE, lane) + LAYOUT.FLOOR * n))

/** How a signal ended, by the rows of `state`. */
export function statusOf(state: LaneRows, n: number, lane: number): SolverStatus {
  if (state.at(LAYOUT.DONE, lane) === LAYOUT.CONVERGED) return 'solved'
  const near = INACCURATE_GAP * (state.at(LAYOUT.OBJECTIVE, lane) + LAYOUT.FLOOR * n)
  const isFeasible = state.at(LAYOUT.INFEASIBILITY, lane) <= INACCURATE_INFEASIBILITY
  return state.at(LAYOUT.GAP, lane) <= near && isFeasible ? 'solved-inaccurate' : 'max-iterations'
}

function* driversOf(point: Float32Array, places: Uint32Array, lanes: number): Pieces<Float32Array[]> {
  const drivers = Array.from({ length: lanes }, () => new Float32Array(places.length))
  const visit = (from: number, to: number): void => {
    for (let i = from; i < to; i++) {
      for (let lane = 0; lane < lanes; lane++) drivers[lane]![i] = point[4 * (places[i]! * lanes + lane)]!
    }
  }
  yield* inPieces(places.length, visit, Math.ceil(PIECE / lanes))
  return drivers
}

export async function readSolutions(
  gpu: GpuBase,
  basis: TonicBasis,
  places: Uint32Array,
  tensors: Tensors,
  state: LaneRows,
  breathe: () => Promise<void>,
): Promise<Solution[]> {
  const { lanes } = state
  const point = await gpu.readFloat(tensors.point)
  const drivers = await inTurns(driversOf(point, places, lanes), breathe)
  const system = new LaneRows(await gpu.readFloat(tensors.tonic), lanes)
  const width = rowFields(basis)
  return drivers.map((driver, lane): Solution => {
    const value = (row: number, field: number) => system.at(row * width + field, lane)
    const z = Array.from({ length: basis.rows }, (_, row) => value(row, LAYOUT.VALUE))
    z.push(value(basis.rows, LAYOUT.DRIFT_VALUE), value(basis.rows, LAYOUT.DRIFT_VALUE + 1))
    const iterations = state.at(LAYOUT.ITERATIONS, lane)
    return { driver, ...basis.coefficients(z), iterations, status: statusOf(state, places.length, lane) }
  })
}

// Tables of the ADMM's linear solve (cvxeda/admm.wgsl): gains for each penalty of the ladder, in float64 on the host.

import { atOnce } from '../runtime/breather.ts'
import admmShader from '../../shaders/cvxeda/admm.wgsl'
import { shaderValues } from '../runtime/shader_values.ts'
import { inFilterState } from './bateman.ts'
import { ROW } from './cost_to_go.ts'
import { Newton } from './newton.ts'
import { driftColumns, type Problem } from './problem.ts'
import { GAIN } from './riccati.ts'
import { Runs, slotOf, SLOTS, SPLINES, Walk } from './runs.ts'

const LAYOUT = /* @__PURE__ */ shaderValues(admmShader)

/** Exponents of the ladder's powers of two, and the one that every signal starts with. */
const FIRST_EXPONENT = -10
const LOWEST_EXPONENT = -18
const HIGHEST_EXPONENT = 2

/** Sizes in rows of four floats. */
export interface TableLayout {
  runs: Runs
  /** Rows of splines: those of all runs, from runs.first - 3 on. */
  rows: number
  /** One level of the ladder. */
  level: number
  /** Exponents of the lowest and the highest penalty that fit the device's memory. */
  lowest: number
  highest: number
  total: number
}

/** @param words floats that one binding may hold */
export function layoutOf(problem: Problem, words: number): TableLayout {
  const runs = new Runs(problem)
  const rows = runs.last - runs.first + SPLINES
  const level = LAYOUT.TABLE_ROWS * (problem.n + rows) + LAYOUT.SYSTEM_ROWS
  const room = Math.floor((words / 4 - problem.n) / level) - 1
  const lowest = Math.max(LOWEST_EXPONENT, FIRST_EXPONENT - Math.max(0, Math.ceil(room / 2)))
  const highest = Math.min(HIGHEST_EXPONENT, FIRST_EXPONENT + Math.max(0, Math.floor(room / 2)))
  return { runs, rows, level, lowest, highest, total: problem.n + (highest - lowest + 1) * level }
}

/** Penalty that every signal starts with. */
export const FIRST_PENALTY = 2 ** FIRST_EXPONENT

/** Values of the splines at each sample, by slot. */
export function columnTable(problem: Problem, { runs }: TableLayout): Float32Array {
  const table = new Float32Array(problem.n * 4)
  const columns = new Float64Array(SLOTS)
  const walk = new Walk(problem)
  for (let run = runs.first; run <= runs.last; run++) {
    walk.turnTo(run)
    for (let i = walk.from; i < walk.to; i++) {
      walk.columnsAt(i, columns)
      table.set(columns.subarray(0, SPLINES), i * 4)
    }
  }
  return table
}

/** Spline j lies in this row of `tonic`, or nowhere when the signal does not reach it. */
export function splineRow({ runs, rows }: TableLayout, spline: number): number | null {
  const row = spline - runs.first + SPLINES - 1
  return row >= 0 && row < rows ? row : null
}

/** Gains, eliminated splines and drift for one penalty, in the order that the shader states. */
export function levelTable(problem: Problem, { runs, rows, level }: TableLayout, penalty: number): Float32Array {
  const { n, knotCount, spacing, filter } = problem
  const newton = new Newton(problem, n + 2 * spacing) // the gains of all samples are kept
  const start = { p: new Float64Array(n).fill(1), lambda: new Float64Array(n).fill(penalty), target: 0, alpha: 0 }
  atOnce(newton.eliminateAll({ ...start, e: new Float64Array(n), l: new Float64Array(knotCount) }))
  const { gains } = newton
  const eliminated = (row: number) => newton.rows.subarray(row * ROW, (row + 1) * ROW)
  const drift = driftColumns(problem)
  const table = new Float32Array(level * 4)
  for (let i = 0; i < n; i++) {
    const at = (row: number) => (i * LAYOUT.TABLE_ROWS + row) * 4
    const own = gains.subarray(i * GAIN, (i + 1) * GAIN)
    const etas = own.subarray(GAIN - SLOTS)
    table.set([...inFilterState(filter, own[0]!, own[1]!), own[2]!], at(LAYOUT.GAIN))
    table[at(LAYOUT.GAIN) + 3] = drift[0]?.[i] ?? 0
    table.set(etas.subarray(0, SPLINES), at(LAYOUT.SPLINE_ETA))
    table.set(etas.subarray(SPLINES), at(LAYOUT.DRIFT_ETA))
    table[at(LAYOUT.DRIFT_ETA) + 2] = drift[1]?.[i] ?? 0
  }
  for (let row = 0; row < rows; row++) {
    const at = (field: number) => ((n + row) * LAYOUT.TABLE_ROWS + field) * 4
    const spline = row + runs.first - SPLINES + 1
    const source = eliminated(row)
    table.set(source.subarray(0, SPLINES), at(LAYOUT.COUPLING))
    table.set(source.subarray(SPLINES, SLOTS), at(LAYOUT.OUTER_COUPLING))
    table.set(inFilterState(filter, source[SLOTS]!, source[SLOTS + 1]!), at(LAYOUT.OUTER_COUPLING) + SLOTS - SPLINES)
    table.set([1 / source[slotOf(spline)]!, spline >= 0 && spline < knotCount ? 1 : 0], at(LAYOUT.PIVOT))
  }
  const pivots = drift.map((_, c) => 1 / eliminated(rows + c)[SPLINES + c]!)
  const coupling = drift.length > 1 ? eliminated(rows + 1)[SPLINES]! : 0
  table.set([pivots[0] ?? 0, pivots[1] ?? 0, coupling], (n + rows) * LAYOUT.TABLE_ROWS * 4)
  return table
}

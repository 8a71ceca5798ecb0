// Which splines are alive where: at most four at once, beside two drift columns.

import { PIECE, type Pieces } from '../runtime/breather.ts'
import type { Drift } from './drift.ts'
import type { Problem } from './problem.ts'

/** Splines alive at once: spline j takes slot j mod 4, as j + 4 begins where it has ended. */
export const SPLINES = 4
/** Slots: four splines, two drift columns. */
export const SLOTS = 6

/** Samples in runs as long as the knots are apart: within run b exactly the splines b - 3 ... b can be non-zero. */
export class Runs {
  readonly first: number
  readonly last: number
  /** Sample 0 counted from the first sample of spline 0. */
  readonly offset: number
  readonly #n: number
  private readonly spacing: number

  constructor({ n, spacing, firstKnot }: Problem) {
    this.offset = 2 * spacing - 2 - firstKnot
    this.first = Math.floor(this.offset / spacing)
    this.last = Math.floor((this.offset + n - 1) / spacing)
    this.#n = n
    this.spacing = spacing
  }

  /** Where run b begins, cut to the signal. */
  start(b: number): number {
    return Math.min(this.#n, Math.max(0, b * this.spacing - this.offset))
  }
}

export const slotOf = (spline: number) => spline & (SPLINES - 1)
export const isSpline = (problem: Problem, j: number) => j >= 0 && j < problem.knotCount

/** One run at a time: its samples [from, to) and their columns. */
export class Walk {
  readonly runs: Runs
  readonly drift: Drift
  from = 0
  to = 0
  /** A spline's values over the four runs that it lives in, and one run of zeros for what is no spline. */
  readonly values: Float64Array
  /** Sample i of a spline slot's column is values[columns[slot] + i]. */
  readonly columns = new Int32Array(SPLINES)
  /** The tonic part: coefficients of the spline slots, a constant, and a slope a sample. */
  readonly tonic = new Float64Array(SPLINES + 2)
  /** By slot, the spline that is there, or -1. */
  private readonly splines = new Int32Array(SPLINES)

  constructor(private readonly problem: Problem) {
    this.runs = new Runs(problem)
    this.drift = problem.drift
    this.values = new Float64Array((SPLINES + 1) * problem.spacing)
    this.values.set(problem.template)
  }

  turnTo(b: number): void {
    const { problem, runs, columns, splines } = this
    this.from = runs.start(b)
    this.to = runs.start(b + 1)
    for (let back = 0; back < SPLINES; back++) {
      const j = b - back
      const slot = slotOf(j)
      const isThere = isSpline(problem, j)
      splines[slot] = isThere ? j : -1
      columns[slot] = ((isThere ? back : SPLINES) - b) * problem.spacing + runs.offset
    }
  }

  /** Makes `tonic` that of these coefficients; a drift that is the splines' sum adds to each of them. */
  weigh(l: Float64Array, d: Float64Array): void {
    const { drift, splines, tonic } = this
    const first = drift.count > 0 ? d[0]! : 0
    for (let slot = 0; slot < SPLINES; slot++) {
      const j = splines[slot]!
      tonic[slot] = j < 0 ? 0 : l[j]! + drift.splineSum * first
    }
    tonic[SPLINES] = drift.constant * first
    tonic[SPLINES + 1] = drift.count > 1 ? drift.slope * d[1]! : 0
  }

  /** Turns to every run in order of time and has it visited, `tonic` being that of these coefficients. */
  *overRuns(l: Float64Array, d: Float64Array, visit: () => void): Pieces<void> {
    let worked = 0
    for (let b = this.runs.first; b <= this.runs.last; b++) {
      this.turnTo(b)
      this.weigh(l, d)
      visit()
      worked += this.to - this.from
      if (worked < PIECE) continue
      worked = 0
      yield
    }
  }

  /** Values of all slots' columns at sample i of the run. */
  columnsAt(i: number, T: Float64Array): void {
    const { columns, values, drift } = this
    let sum = 0
    for (let slot = 0; slot < SPLINES; slot++) sum += T[slot] = values[columns[slot]! + i]!
    T[SPLINES] = drift.constant + drift.splineSum * sum
    T[SPLINES + 1] = drift.slope * (i + 1)
  }
}

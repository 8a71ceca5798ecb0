// Which splines are alive where: at most four at once, beside two drift columns.

import type { Problem } from './problem.ts'

/** Splines alive at once: spline j takes slot j mod 4, as j + 4 begins where it has ended. */
export const SPLINES = 4
/** Slots: four splines, two drift columns. */
export const SLOTS = 6

/** Samples in runs as long as the knots are apart: within run b exactly the splines b - 3 ... b can be non-zero. */
export interface Runs {
  first: number
  last: number
  /** Where run b begins, cut to the signal. */
  start: (b: number) => number
  /** Sample 0 counted from the first sample of spline 0. */
  offset: number
}

export function runsOf({ n, spacing, firstKnot }: Problem): Runs {
  const offset = 2 * spacing - 2 - firstKnot
  return {
    first: Math.floor(offset / spacing),
    last: Math.floor((offset + n - 1) / spacing),
    offset,
    start: (b) => Math.min(n, Math.max(0, b * spacing - offset)),
  }
}

export const slotOf = (spline: number) => spline & (SPLINES - 1)
export const isSpline = (problem: Problem, j: number) => j >= 0 && j < problem.knotCount

/** Values of all slots' columns at sample i, in run b. */
export function columnsAt(problem: Problem, { offset }: Runs, i: number, b: number, T: Float64Array): void {
  const { spacing, template, drift } = problem
  const phase = i + offset - b * spacing
  for (let back = 0; back < SPLINES; back++) {
    const j = b - back
    T[slotOf(j)] = isSpline(problem, j) ? (template[phase + back * spacing] ?? 0) : 0
  }
  for (let c = 0; c < drift.length; c++) T[SPLINES + c] = drift[c]![i]!
}

// The tonic subspace in a basis fit for float32, computed in float64 once per (n, rate, parameters).
//
// The constant and linear drift lie almost inside the span of the splines (condition 1e4 to 6e5). With
//   E = (B'B + gamma I)^-1 B'C,   V such that V' [ (C - B E)'(C - B E) + gamma E'E ] V = I
//   x = (l, d):   l = diag(scale) z_B - E V z_d,   d = V z_d
// the columns T = [B diag(scale), (C - B E) V] and the penalty Gamma satisfy
//   T'T + Gamma = [[unit diagonal, half-bandwidth 3], [0, identity]],   Gamma z = gamma (diag(scale) l; -(E V)' l).

import { dot } from '../qp/linear.ts'
import { factorBand, solveBand } from './band.ts'
import { driftColumns, type Problem } from './problem.ts'
import { gridOf, OVERLAP, phaseTable, windowOf, type Grid } from './tonic_grid.ts'

export interface TonicBasis {
  /** Rows active in one span: the overlapping splines and those whose adjoint has not yet died out. */
  window: number
  /** Knot spans that hold the samples. */
  spans: number
  /** Samples of the first span before sample 0, less than the spacing. */
  begin: number
  /** Spline rows: spans + window - 1. */
  rows: number
  /**
   * Rows of four: `spacing` phases (values of the four overlapping splines), `rows` columns (scale, (E V)_0, (E V)_1, share
   * of the first drift in every spline when that drift is their sum), `rows` of T'T + Gamma (row r with rows r ... r-3).
   */
  tables: Float32Array
  /** (C - B E) V, two values a sample. */
  drift: Float32Array
  /** The drift's part outside the splines: constant = line00 z_0 + line01 z_1, slope per sample = line11 z_1. */
  line: { line00: number; line01: number; line11: number }
  /** Coefficients (l, d) of solver coordinates z = [rows spline entries, 2 drift entries]. */
  coefficients(z: ArrayLike<number>): { l: Float64Array; d: Float64Array }
}

/** B'B as lower band [rows][4] and B'C as [column][rows]. */
function splineProducts(
  { n, spacing }: Problem,
  drift: readonly Float64Array[],
  phases: Float64Array,
  { rows, begin, hasKnot }: Grid,
) {
  const band = new Float64Array(rows * OVERLAP)
  const cross = drift.map(() => new Float64Array(rows))
  for (let i = 0; i < n; i++) {
    const span = Math.floor((i + begin) / spacing)
    const phase = (i + begin - span * spacing) * OVERLAP
    for (let m = 0; m < OVERLAP; m++) {
      const row = span + m
      const value = hasKnot(row) ? phases[phase + m]! : 0
      if (value === 0) continue
      for (let back = 0; back <= m && hasKnot(row - back); back++) {
        band[row * OVERLAP + back]! += value * phases[phase + m - back]!
      }
      drift.forEach((column, c) => {
        cross[c]![row]! += value * column[i]!
      })
    }
  }
  return { band, cross }
}

/** V: upper-triangular inverse Cholesky factor that makes the drift block the identity; E V and (C - B E) V with it. */
function orthonormalDrift(
  { n, spacing, params }: Problem,
  drift: readonly Float64Array[],
  E: Float64Array[],
  phases: Float64Array,
  begin: number,
) {
  const columns = drift.map((column, c) =>
    Float64Array.from({ length: n }, (_, i) => {
      const span = Math.floor((i + begin) / spacing)
      const phase = (i + begin - span * spacing) * OVERLAP
      let value = column[i]!
      for (let m = 0; m < OVERLAP; m++) value -= phases[phase + m]! * E[c]![span + m]!
      return value
    }),
  )
  const weights = drift.map((_, c) => Float64Array.from(drift, (_, m) => (m === c ? 1 : 0)))
  const product = (a: number, b: number) => dot(columns[a]!, columns[b]!) + params.gamma * dot(E[a]!, E[b]!)
  for (let c = 0; c < drift.length; c++) {
    for (let m = 0; m < c; m++) subtract(product(m, c), m, c)
    const size = 1 / Math.sqrt(product(c, c))
    for (const vectors of [columns, E, weights]) vectors[c] = vectors[c]!.map((v) => v * size)
  }
  function subtract(amount: number, m: number, c: number) {
    for (const vectors of [columns, E, weights]) vectors[c] = vectors[c]!.map((v, i) => v - amount * vectors[m]![i]!)
  }
  return { columns, weights }
}

/** T'T + Gamma without the drift's block, from the band of B'B + gamma I: unit diagonal, by rows of four. */
function gramTable(band: Float64Array, scale: Float64Array): Float32Array {
  return Float32Array.from(band, (value, at) => {
    const [row, back] = [Math.floor(at / OVERLAP), at % OVERLAP]
    if (back === 0) return 1
    return back <= row ? value * scale[row]! * scale[row - back]! : 0
  })
}

/** What the drift's part in the splines is: the columns of E V, and V where the first drift is the splines' own sum. */
interface DriftShares {
  E: readonly Float64Array[]
  weights: readonly Float64Array[]
  isSum: boolean
}

/** Rows of scale, shares of both drifts, and what the first drift adds to every spline. */
function columnTable({ rows, hasKnot }: Grid, scale: Float64Array, { E, weights, isSum }: DriftShares): Float32Array {
  const table = new Float32Array(4 * rows)
  for (let row = 0; row < rows; row++) {
    table[row * 4] = scale[row]!
    E.forEach((e, c) => {
      table[row * 4 + 1 + c] = e[row]!
    })
    if (isSum && hasKnot(row)) table[row * 4 + 3] = weights[0]![0]!
  }
  return table
}

/** Values of both drift columns, sample by sample. */
function driftTable(n: number, columns: readonly Float64Array[]): Float32Array {
  const drift = new Float32Array(2 * n)
  columns.forEach((column, c) =>
    column.forEach((v, i) => {
      drift[2 * i + c] = v
    }),
  )
  return drift
}

/** The way back from z to (l, d). */
function coefficientsOf(
  knotCount: number,
  { rows, firstRow, hasKnot }: Grid,
  scale: Float64Array,
  shares: DriftShares,
) {
  const { E, weights } = shares
  const knotRow = (j: number) => (hasKnot(firstRow + j) ? firstRow + j : -1)
  return (z: ArrayLike<number>) => {
    const l = Float64Array.from({ length: knotCount }, (_, j) => (scale[knotRow(j)] ?? 0) * (z[knotRow(j)] ?? 0))
    const d = new Float64Array(E.length)
    E.forEach((e, c) => {
      for (let j = 0; j < l.length; j++) l[j]! -= (e[knotRow(j)] ?? 0) * z[rows + c]!
      for (let m = 0; m < d.length; m++) d[m]! += weights[c]![m]! * z[rows + c]!
    })
    return { l, d }
  }
}

/** Several tables as one. */
function joined(tables: readonly ArrayLike<number>[]): Float32Array {
  const whole = new Float32Array(tables.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const table of tables) {
    whole.set(table, at)
    at += table.length
  }
  return whole
}

/**
 * Tables of the solver for one problem (`n` at least 2 when drift has two columns).
 * @throws UsageError when the knots are denser than the filter's memory allows (more than 12 active splines).
 */
export function createTonicBasis(problem: Problem): TonicBasis {
  const { n, knotCount, params } = problem
  const window = windowOf(problem)
  const grid = gridOf(problem, window)
  const { rows, spans, begin, hasKnot } = grid
  const phases = phaseTable(problem)
  const drift = driftColumns(problem)
  const { band, cross } = splineProducts(problem, drift, phases, grid)
  for (let row = 0; row < rows; row++) band[row * OVERLAP]! += params.gamma
  const scale = Float64Array.from({ length: rows }, (_, row) =>
    hasKnot(row) ? 1 / Math.sqrt(band[row * OVERLAP]!) : 0,
  )
  const gram = gramTable(band, scale)
  factorBand(band, rows)
  const E = cross.map((column) => solveBand(band, column))
  const { columns, weights } = orthonormalDrift(problem, drift, E, phases, begin)
  const isSum = params.baselineCorrection === 'spline_offset'
  const shares = { E, weights, isSum }
  const weight = (m: number, c: number) => (isSum ? 0 : (weights[c]?.[m] ?? 0))
  return {
    window,
    spans,
    begin,
    rows,
    tables: joined([phases, columnTable(grid, scale, shares), gram]),
    drift: driftTable(n, columns),
    line: { line00: weight(0, 0), line01: weight(0, 1), line11: weight(1, 1) / n },
    coefficients: coefficientsOf(knotCount, grid, scale, shares),
  }
}

// The tonic subspace in a basis fit for float32, computed in float64 once per (n, rate, parameters).
//
// The constant and linear drift lie almost inside the span of the splines (condition 1e4 to 6e5). With
//   E = (B'B + gamma I)^-1 B'C,   V such that V' [ (C - B E)'(C - B E) + gamma E'E ] V = I
//   x = (l, d):   l = diag(scale) z_B - E V z_d,   d = V z_d
// the columns T = [B diag(scale), (C - B E) V] and the penalty Gamma satisfy
//   T'T + Gamma = [[unit diagonal, half-bandwidth 3], [0, identity]],   Gamma z = gamma (diag(scale) l; -(E V)' l).

import { inPieces, type Pieces } from '../runtime/breather.ts'
import { factorBand, solveBand } from './band.ts'
import type { Problem } from './problem.ts'
import { bySpans, gridOf, OVERLAP, phaseTable, windowOf, type Grid } from './tonic_grid.ts'
import { combine, dot } from './vectors.ts'

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

/** The columns of C (`Drift`), each of n samples. */
function* sampledDrift(
  { n, spacing, drift }: Problem,
  phases: Float64Array,
  grid: Grid,
): Pieces<Float64Array<ArrayBuffer>[]> {
  const columns = Array.from({ length: drift.count }, () => new Float64Array(n))
  const [first, second] = columns
  yield* bySpans({ n, spacing }, grid, (span, from, to) => {
    for (let i = from; i < to; i++) {
      const phase = (i + grid.begin - span * spacing) * OVERLAP
      let sum = 0
      for (let m = 0; m < OVERLAP; m++) if (grid.hasKnot(span + m)) sum += phases[phase + m]!
      if (first) first[i] = drift.constant + drift.splineSum * sum
      if (second) second[i] = drift.slope * (i + 1)
    }
  })
  return columns
}

/** B'B as lower band [rows][4] and B'C as [column][rows]. */
function* splineProducts(
  { n, spacing }: Problem,
  drift: readonly Float64Array[],
  phases: Float64Array,
  grid: Grid,
): Pieces<{ band: Float64Array; cross: Float64Array[] }> {
  const { rows, begin, hasKnot } = grid
  const band = new Float64Array(rows * OVERLAP)
  const cross = drift.map(() => new Float64Array(rows))
  yield* bySpans({ n, spacing }, grid, (span, from, to) => {
    for (let m = 0; m < OVERLAP; m++) {
      const row = span + m
      if (!hasKnot(row)) continue
      for (let i = from; i < to; i++) {
        const phase = (i + begin - span * spacing) * OVERLAP
        const value = phases[phase + m]!
        for (let back = 0; back <= m && hasKnot(row - back); back++) {
          band[row * OVERLAP + back]! += value * phases[phase + m - back]!
        }
        for (let c = 0; c < drift.length; c++) cross[c]![row]! += value * drift[c]![i]!
      }
    }
  })
  return { band, cross }
}

/** V: upper-triangular inverse Cholesky factor that makes the drift block the identity; E V and (C - B E) V with it, in the places of E and `drift`. */
function* orthonormalDrift(
  { n, spacing, params }: Problem,
  drift: readonly Float64Array[],
  E: readonly Float64Array[],
  phases: Float64Array,
  grid: Grid,
): Pieces<Float64Array[]> {
  yield* bySpans({ n, spacing }, grid, (span, from, to) => {
    for (const [c, column] of drift.entries()) {
      for (let i = from; i < to; i++) {
        const phase = (i + grid.begin - span * spacing) * OVERLAP
        for (let m = 0; m < OVERLAP; m++) column[i]! -= phases[phase + m]! * E[c]![span + m]!
      }
    }
  })
  const weights = drift.map((_, c) => Float64Array.from(drift, (_, m) => (m === c ? 1 : 0)))
  function* product(a: number, b: number): Pieces<number> {
    return (yield* dot(drift[a]!, drift[b]!)) + params.gamma * (yield* dot(E[a]!, E[b]!))
  }
  for (let c = 0; c < drift.length; c++) {
    for (let m = 0; m < c; m++) {
      const share = yield* product(m, c)
      for (const vectors of [drift, E, weights]) yield* combine(vectors[c]!, 1, -share, vectors[m]!)
    }
    const size = 1 / Math.sqrt(yield* product(c, c))
    for (const vectors of [drift, E, weights]) yield* combine(vectors[c]!, size, 0, vectors[c]!)
  }
  return weights
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
function* driftTable(n: number, columns: readonly Float64Array[]): Pieces<Float32Array> {
  const drift = new Float32Array(2 * n)
  for (const [c, column] of columns.entries()) {
    yield* inPieces(n, (from, to) => {
      for (let i = from; i < to; i++) drift[2 * i + c] = column[i]!
    })
  }
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
export function* createTonicBasis(problem: Problem): Pieces<TonicBasis> {
  const { n, knotCount, params } = problem
  const window = windowOf(problem)
  const grid = gridOf(problem, window)
  const { rows, spans, begin, hasKnot } = grid
  const phases = phaseTable(problem)
  const drift = yield* sampledDrift(problem, phases, grid)
  const { band, cross } = yield* splineProducts(problem, drift, phases, grid)
  for (let row = 0; row < rows; row++) band[row * OVERLAP]! += params.gamma
  const scale = Float64Array.from({ length: rows }, (_, row) =>
    hasKnot(row) ? 1 / Math.sqrt(band[row * OVERLAP]!) : 0,
  )
  const gram = gramTable(band, scale)
  factorBand(band, rows)
  const E = cross.map((column) => solveBand(band, column))
  const weights = yield* orthonormalDrift(problem, drift, E, phases, grid)
  const isSum = params.baselineCorrection === 'spline_offset'
  const shares = { E, weights, isSum }
  const weight = (m: number, c: number) => (isSum ? 0 : (weights[c]?.[m] ?? 0))
  return {
    window,
    spans,
    begin,
    rows,
    tables: joined([phases, columnTable(grid, scale, shares), gram]),
    drift: yield* driftTable(n, drift),
    line: { line00: weight(0, 0), line01: weight(0, 1), line11: weight(1, 1) / n },
    coefficients: coefficientsOf(knotCount, grid, scale, shares),
  }
}

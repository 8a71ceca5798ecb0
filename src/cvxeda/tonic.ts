// The tonic subspace in a basis fit for float32, computed in float64 once per (n, rate, parameters).
//
// The constant and linear drift lie almost inside the span of the splines (condition 1e4 to 6e5). With
//   E = (B'B + gamma I)^-1 B'C,   V such that V' [ (C - B E)'(C - B E) + gamma E'E ] V = I
//   x = (l, d):   l = diag(scale) z_B - E V z_d,   d = V z_d
// the columns T = [B diag(scale), (C - B E) V] and the penalty Gamma satisfy
//   T'T + Gamma = [[unit diagonal, half-bandwidth 3], [0, identity]],   Gamma z = gamma (diag(scale) l; -(E V)' l).
//
// Samples are walked in knot spans of k, the first of which begins at a knot at or before sample 0. Inside a span exactly
// four splines can be non-zero, and their values depend on the phase within the span alone. Splines are kept in rows so
// that span b owns rows b ... b+3; rows without a knot have scale 0 and drop out of every formula.

import { dot } from '../qp/linear.ts'
import { UsageError } from '../runtime/errors.ts'
import type { Problem } from './problem.ts'

/** Splines that overlap one span. */
const OVERLAP = 4
const LARGEST_WINDOW = 12

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

/** Where the samples and the knots lie on the grid of spans. */
interface Grid {
  spans: number
  begin: number
  rows: number
  /** Row of knot 0. */
  firstRow: number
  hasKnot: (row: number) => boolean
}

function gridOf({ n, spacing, knotCount, firstKnot }: Problem, window: number): Grid {
  const begin = spacing * Math.ceil(firstKnot / spacing) - firstKnot
  const spans = Math.ceil((n + begin) / spacing)
  const rows = spans + window - 1
  const firstRow = (firstKnot + begin) / spacing + 1
  const hasKnot = (row: number) =>
    row >= Math.max(firstRow, 0) && row < firstRow + knotCount && row < spans + OVERLAP - 1
  return { spans, begin, rows, firstRow, hasKnot }
}

/**
 * A row stays active below its support until its adjoint has died out: four time constants, and 40 samples because at
 * low rates the closed loop rings near the Nyquist frequency. What is left out changes the Newton matrix, not the fixed
 * point, but where it is not small the Newton matrix loses definiteness.
 * @throws UsageError when the knots are too dense for that
 */
export function windowOf({ sampleRate, spacing, params }: Pick<Problem, 'sampleRate' | 'spacing' | 'params'>): number {
  const tail = Math.max(4 * Math.max(2, params.tau0, params.tau1) * sampleRate, 40)
  const window = OVERLAP + Math.ceil(tail / spacing)
  if (window > LARGEST_WINDOW) {
    const smallest = Math.ceil(tail / (LARGEST_WINDOW - OVERLAP)) / sampleRate
    throw new UsageError(
      `cvxEDA: deltaKnot is ${spacing / sampleRate} s, expected at least ${smallest} s at this sample ` +
        "rate and these time constants; the float64 solver on the CPU (device 'cpu') takes denser ones.",
      { window },
    )
  }
  return window
}

function phaseTable({ spacing, template }: Problem): Float64Array {
  const table = new Float64Array(spacing * OVERLAP)
  for (let phase = 0; phase < spacing; phase++) {
    for (let m = 0; m < OVERLAP; m++) {
      table[phase * OVERLAP + m] = template[phase + (OVERLAP - 1 - m) * spacing - 2] ?? 0
    }
  }
  return table
}

/** B'B as lower band [rows][4] and B'C as [column][rows]. */
function splineProducts(problem: Problem, phases: Float64Array, { rows, begin, hasKnot }: Grid) {
  const { n, spacing, drift } = problem
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

/** Cholesky factor of a lower band [rows][4], in place. */
function factorBand(band: Float64Array, rows: number) {
  for (let row = 0; row < rows; row++) {
    for (let back = Math.min(OVERLAP - 1, row); back >= 0; back--) {
      let sum = band[row * OVERLAP + back]!
      for (let m = back + 1; m < Math.min(OVERLAP, row + 1); m++) {
        sum -= band[row * OVERLAP + m]! * band[(row - back) * OVERLAP + m - back]!
      }
      band[row * OVERLAP + back] = back === 0 ? Math.sqrt(sum) : sum / band[(row - back) * OVERLAP]!
    }
  }
}

function solveBand(factor: Float64Array, rhs: Float64Array): Float64Array {
  const x = rhs.slice()
  const rows = x.length
  for (let row = 0; row < rows; row++) {
    for (let m = 1; m < OVERLAP && m <= row; m++) x[row]! -= factor[row * OVERLAP + m]! * x[row - m]!
    x[row]! /= factor[row * OVERLAP]!
  }
  for (let row = rows - 1; row >= 0; row--) {
    for (let m = 1; m < OVERLAP && row + m < rows; m++) x[row]! -= factor[(row + m) * OVERLAP + m]! * x[row + m]!
    x[row]! /= factor[row * OVERLAP]!
  }
  return x
}

/** V: upper-triangular inverse Cholesky factor that makes the drift block the identity; E V and (C - B E) V with it. */
function orthonormalDrift(problem: Problem, E: Float64Array[], phases: Float64Array, begin: number) {
  const { n, spacing, drift, params } = problem
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

/**
 * Tables of the solver for one problem (`n` at least 2 when drift has two columns).
 * @throws UsageError when the knots are denser than the filter's memory allows (more than 12 active splines).
 */
export function createTonicBasis(problem: Problem): TonicBasis {
  const { n, spacing, knotCount, params } = problem
  const window = windowOf(problem)
  const grid = gridOf(problem, window)
  const { rows, firstRow, hasKnot } = grid
  const phases = phaseTable(problem)
  const { band, cross } = splineProducts(problem, phases, grid)
  for (let row = 0; row < rows; row++) band[row * OVERLAP]! += params.gamma

  const scale = Float64Array.from({ length: rows }, (_, row) =>
    hasKnot(row) ? 1 / Math.sqrt(band[row * OVERLAP]!) : 0,
  )
  const tables = new Float32Array((spacing + 2 * rows) * 4)
  const columnsAt = spacing * 4
  const gramAt = columnsAt + rows * 4
  tables.set(phases)
  for (let row = 0; row < rows; row++) {
    tables[gramAt + row * 4] = 1
    for (let m = 1; m < OVERLAP && m <= row; m++) {
      tables[gramAt + row * 4 + m] = band[row * OVERLAP + m]! * scale[row]! * scale[row - m]!
    }
  }
  factorBand(band, rows)
  const E = cross.map((column) => solveBand(band, column))
  const { columns, weights } = orthonormalDrift(problem, E, phases, grid.begin)
  const drift = new Float32Array(2 * n)
  columns.forEach((column, c) =>
    column.forEach((v, i) => {
      drift[2 * i + c] = v
    }),
  )
  const isSum = params.baselineCorrection === 'spline_offset'
  for (let row = 0; row < rows; row++) {
    tables[columnsAt + row * 4] = scale[row]!
    E.forEach((e, c) => {
      tables[columnsAt + row * 4 + 1 + c] = e[row]!
    })
    if (isSum && hasKnot(row)) tables[columnsAt + row * 4 + 3] = weights[0]![0]!
  }
  const weight = (m: number, c: number) => (isSum ? 0 : (weights[c]?.[m] ?? 0))

  return {
    window,
    spans: grid.spans,
    begin: grid.begin,
    rows,
    tables,
    drift,
    line: { line00: weight(0, 0), line01: weight(0, 1), line11: weight(1, 1) / n },
    coefficients(z) {
      const knotRow = (j: number) => (hasKnot(firstRow + j) ? firstRow + j : -1)
      const l = Float64Array.from({ length: knotCount }, (_, j) => (scale[knotRow(j)] ?? 0) * (z[knotRow(j)] ?? 0))
      const d = new Float64Array(E.length)
      E.forEach((e, c) => {
        for (let j = 0; j < l.length; j++) l[j]! -= (e[knotRow(j)] ?? 0) * z[rows + c]!
        for (let m = 0; m < d.length; m++) d[m]! += weights[c]![m]! * z[rows + c]!
      })
      return { l, d }
    },
  }
}

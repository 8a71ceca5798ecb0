// The tonic subspace in a basis fit for float32, computed in float64 once per (n, rate, parameters).
//
// The constant and linear drift lie almost inside the span of the splines (condition 1e4 to 6e5). With
//   E = (B'B + gamma I)^-1 B'C,   V such that V' [ (C - B E)'(C - B E) + gamma E'E ] V = I
//   x = (l, d):   l = diag(scale) z_B - E V z_d,   d = V z_d
// the columns T = [B diag(scale), (C - B E) V] and the penalty Gamma satisfy
//   T'T + Gamma = [[unit diagonal, half-bandwidth 3], [0, identity]].
//
// Samples are walked in knot spans of k. Inside span b exactly the splines b-1 ... b+2 can be non-zero,
// and their values depend on the phase i - b k alone. Spline j is kept at row j + 1, so span b owns rows b ... b+3;
// rows without a knot have scale 0 and drop out of every formula.

import { UsageError } from '../runtime/errors.ts'
import type { Problem } from './problem.ts'

/** Splines that overlap one span. */
const OVERLAP = 4
const LARGEST_WINDOW = 12

export interface TonicBasis {
  /** Rows active in one span: the overlapping splines and those whose adjoint has not yet died out. */
  window: number
  /** Spline rows: spans + window - 1. */
  rows: number
  /**
   * Rows of four: `spacing` phases (values of the four overlapping splines), `rows` columns (scale, Gamma_jj,
   * Gamma_j,drift0, Gamma_j,drift1), `rows` of T'T + Gamma (row r with rows r ... r-3), n drift values ((C - B E) V,
   * then two zeros).
   */
  tables: Float32Array
  /** Gamma of the drift columns: 00, 01, 11. */
  driftPenalty: [number, number, number]
  /** Coefficients (l, d) of solver coordinates z = [rows spline entries, 2 drift entries]. */
  coefficients(z: ArrayLike<number>): { l: Float64Array; d: Float64Array }
}

/**
 * A row stays active below its support until its adjoint has died out: four time constants, and 40 samples because at
 * low rates the closed loop rings near the Nyquist frequency. What is left out changes the Newton matrix, not the fixed
 * point, but where it is not small the Newton matrix loses definiteness.
 */
function windowOf({ sampleRate, spacing, params }: Problem): number {
  const tail = Math.max(4 * Math.max(2, params.tau0, params.tau1) * sampleRate, 40)
  const window = OVERLAP + Math.ceil(tail / spacing)
  if (window > LARGEST_WINDOW) {
    const smallest = Math.ceil(tail / (LARGEST_WINDOW - OVERLAP)) / sampleRate
    throw new UsageError(`cvxEDA: deltaKnot is ${params.deltaKnot} s, expected at least ${smallest} s at this sample ` +
      'rate and these time constants.', { window })
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

/** B'B as lower band [rows][4] and B'C as [column][rows]; of the rows only `knotCount` from row 1 on have a knot. */
function splineProducts(problem: Problem, phases: Float64Array, rows: number) {
  const { n, spacing, knotCount, drift } = problem
  const band = new Float64Array(rows * OVERLAP)
  const cross = drift.map(() => new Float64Array(rows))
  for (let i = 0; i < n; i++) {
    const span = Math.floor(i / spacing)
    const phase = (i - span * spacing) * OVERLAP
    for (let m = 0; m < OVERLAP; m++) {
      const row = span + m
      const value = row >= 1 && row <= knotCount ? phases[phase + m]! : 0
      if (value === 0) continue
      for (let back = 0; back <= m && row - back >= 1; back++) {
        band[row * OVERLAP + back]! += value * phases[phase + m - back]!
      }
      drift.forEach((column, c) => { cross[c]![row]! += value * column[i]! })
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

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!
  return sum
}

/** V: upper-triangular inverse Cholesky factor that makes the drift block the identity; E V and (C - B E) V with it. */
function orthonormalDrift(problem: Problem, E: Float64Array[], phases: Float64Array) {
  const { n, spacing, drift, params } = problem
  const columns = drift.map((column, c) => Float64Array.from({ length: n }, (_, i) => {
    const span = Math.floor(i / spacing)
    const phase = (i - span * spacing) * OVERLAP
    let value = column[i]!
    for (let m = 0; m < OVERLAP; m++) value -= phases[phase + m]! * E[c]![span + m]!
    return value
  }))
  const weights = drift.map((_, c) => Float64Array.from(drift, (_, m) => (m === c ? 1 : 0)))
  const product = (a: number, b: number) => dot(columns[a]!, columns[b]!) + params.gamma * dot(E[a]!, E[b]!)
  for (let c = 0; c < drift.length; c++) {
    for (let m = 0; m < c; m++) subtract(product(m, c), m, c)
    const size = 1 / Math.sqrt(product(c, c))
    for (const vectors of [columns, E, weights]) vectors[c] = vectors[c]!.map(v => v * size)
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
  const spans = Math.ceil(n / spacing)
  const window = windowOf(problem)
  const rows = spans + window - 1
  const phases = phaseTable(problem)
  const { band, cross } = splineProducts(problem, phases, rows)
  for (let row = 0; row < rows; row++) band[row * OVERLAP]! += params.gamma

  const scale = Float64Array.from({ length: rows }, (_, row) =>
    row >= 1 && row <= knotCount ? 1 / Math.sqrt(band[row * OVERLAP]!) : 0)
  const tables = new Float32Array((spacing + 2 * rows + n) * 4)
  const columnsAt = spacing * 4
  const gramAt = columnsAt + rows * 4
  const driftAt = gramAt + rows * 4
  tables.set(phases)
  for (let row = 0; row < rows; row++) {
    tables[gramAt + row * 4] = 1
    for (let m = 1; m < OVERLAP && m <= row; m++) {
      tables[gramAt + row * 4 + m] = band[row * OVERLAP + m]! * scale[row]! * scale[row - m]!
    }
  }
  factorBand(band, rows)
  const E = cross.map(column => solveBand(band, column))
  const { columns: driftColumns, weights } = orthonormalDrift(problem, E, phases)

  driftColumns.forEach((column, c) => column.forEach((v, i) => { tables[driftAt + i * 4 + c] = v }))
  for (let row = 0; row < rows; row++) {
    tables[columnsAt + row * 4] = scale[row]!
    tables[columnsAt + row * 4 + 1] = params.gamma * scale[row]! ** 2
    E.forEach((e, c) => { tables[columnsAt + row * 4 + 2 + c] = -params.gamma * scale[row]! * e[row]! })
  }
  const penalty = (a: number, b: number) => (E[a] && E[b] ? params.gamma * dot(E[a], E[b]) : 0)

  return {
    window, rows, tables,
    driftPenalty: [penalty(0, 0), penalty(0, 1), penalty(1, 1)],
    coefficients(z) {
      const l = Float64Array.from({ length: knotCount }, (_, j) => scale[j + 1]! * z[j + 1]!)
      const d = new Float64Array(E.length)
      E.forEach((e, c) => {
        for (let j = 0; j < l.length; j++) l[j]! -= e[j + 1]! * z[rows + c]!
        for (let m = 0; m < d.length; m++) d[m]! += weights[c]![m]! * z[rows + c]!
      })
      return { l, d }
    },
  }
}

import { describe, expect, it } from 'vitest'
import {
  createProblem, objective, phasicResponse, roundHalfEven, splineTemplate, tonicSignal,
} from '../src/cvxeda/problem.ts'
import { createTonicBasis } from '../src/cvxeda/tonic.ts'
import { bateman, cvxedaObjective, tonicColumns } from '../src/reference/cvxeda.ts'
import { FormatError, UsageError } from '../src/runtime/errors.ts'
import { Random } from '../src/runtime/random.ts'
import { defaults, rms } from './cvxeda_support.ts'

const baselines = [0, 1, 2, 'spline_offset'] as const

const normals = (n: number, seed: number): Float64Array => {
  const random = new Random(seed)
  return Float64Array.from({ length: n }, () => random.normal())
}

/** r = M q with A q = p: the two banded Toeplitz matrices that define the Bateman filter in the paper. */
function paperFilter(p: Float64Array, sampleRate: number, tau0: number, tau1: number): Float64Array {
  const d = 1 / sampleRate
  const a1 = 1 / Math.min(tau0, tau1)
  const a0 = 1 / Math.max(tau0, tau1)
  const A = [(a1 * d + 2) * (a0 * d + 2), 2 * a1 * a0 * d * d - 8, (a1 * d - 2) * (a0 * d - 2)]
    .map(v => v / ((a1 - a0) * d * d)) as [number, number, number]
  const q = new Float64Array(p.length)
  for (let i = 0; i < p.length; i++) q[i] = (p[i]! - A[1] * (q[i - 1] ?? 0) - A[2] * (q[i - 2] ?? 0)) / A[0]
  return q.map((v, i) => v + 2 * (q[i - 1] ?? 0) + (q[i - 2] ?? 0))
}

describe('the Bateman filter', () => {
  it.each([[4, 2, 0.7], [50, 0.7, 2], [128, 4, 0.3]])('equals M inv(A) at %d Hz', (rate, tau0, tau1) => {
    const p = normals(300, 1)
    const expected = paperFilter(p, rate, tau0, tau1)
    const { filter } = createProblem(300, rate, { tau0, tau1 })
    expect(rms(phasicResponse(filter, p), expected)).toBeLessThan(1e-9 * rms(expected))
    expect(rms(bateman(p, rate, { ...defaults, tau0, tau1 }), expected)).toBeLessThan(1e-9 * rms(expected))
  })

  it('has the DC gain |tau0 - tau1|', () => {
    const step = phasicResponse(createProblem(4000, 25).filter, new Float64Array(4000).fill(1))
    expect(step.at(-1)).toBeCloseTo(1.3, 9)
  })
})

describe('knots and splines', () => {
  it('rounds ties to even', () => {
    expect([12.5, 13.5, 17.5, 0.5, 1.5, 2.49, 2.51].map(roundHalfEven)).toEqual([12, 14, 18, 0, 2, 2, 3])
  })

  it.each([[625, 3], [626, 4], [3, 1], [1, 1], [500, 3]])('places knots below n + k/2 (n = %d)', (n, knots) => {
    expect(createProblem(n, 25).knotCount).toBe(knots) // k = 250
  })

  it.each([1, 2, 3, 12, 250])('is a triangle convolved with itself (k = %d)', k => {
    const triangle = Array.from({ length: 2 * k - 1 }, (_, i) => k - Math.abs(i - k + 1))
    const expected = new Float64Array(4 * k - 3)
    triangle.forEach((a, i) => triangle.forEach((b, j) => { expected[i + j]! += a * b }))
    const peak = Math.max(...expected)
    expect(rms(splineTemplate(k), expected.map(v => v / peak))).toBeLessThan(1e-15)
  })

  it.each(baselines)('gives tonic part and objective of the dense columns (baseline %s)', baselineCorrection => {
    const params = { ...defaults, deltaKnot: 3, baselineCorrection }
    const problem = createProblem(203, 4, params)
    const { columns, count } = tonicColumns(203, 4, params)
    expect([problem.knotCount, problem.drift.length]).toEqual([count, columns.length - count])
    const l = normals(count, 2)
    const d = normals(columns.length - count, 3)
    const dense = Float64Array.from({ length: 203 }, (_, i) =>
      columns.reduce((sum, c, j) => sum + c[i]! * (j < count ? l[j]! : d[j - count]!), 0))
    const tonic = tonicSignal(problem, l, d)
    expect(rms(tonic, dense)).toBeLessThan(1e-12)
    const y = normals(203, 4)
    const p = normals(203, 5).map(Math.abs)
    const residual = y.map((v, i) => v - phasicResponse(problem.filter, p)[i]! - tonic[i]!)
    expect(objective(problem, residual, p, l)).toBeCloseTo(cvxedaObjective(y, p, l, d, 4, params), 8)
  })
})

/** Columns of the solver's basis, read back from its float32 tables. */
function basisColumns(n: number, spacing: number, rows: number, tables: Float32Array): Float64Array[] {
  const row = (i: number) => tables.subarray(4 * i, 4 * i + 4)
  return Array.from({ length: rows + 2 }, (_, c) => Float64Array.from({ length: n }, (_, i) => {
    if (c >= rows) return row(spacing + 2 * rows + i)[c - rows]!
    const m = c - Math.floor(i / spacing)
    return m < 0 || m > 3 ? 0 : row(i % spacing)[m]! * row(spacing + c)[0]!
  }))
}

describe('the tonic basis', () => {
  const cases = baselines.flatMap(b => [[b, 10, 4, 300], [b, 10, 4, 17], [b, 2.5, 5, 480], [b, 4, 25, 333]] as const)
  it.each(cases)('spans the same signals with the stated Gram matrix (%s, %d s, %d Hz, n = %d)', (b, knot, rate, n) => {
    const problem = createProblem(n, rate, { deltaKnot: knot, baselineCorrection: b })
    const basis = createTonicBasis(problem)
    const columns = basisColumns(n, problem.spacing, basis.rows, basis.tables)
    const z = normals(basis.rows + 2, 6)
    const { l, d } = basis.coefficients(z)
    const tonic = Float64Array.from({ length: n }, (_, i) => columns.reduce((sum, c, j) => sum + c[i]! * z[j]!, 0))
    expect(rms(tonicSignal(problem, l, d), tonic)).toBeLessThan(1e-5 * rms(tonic))

    const energy = problem.params.gamma * l.reduce((sum, v) => sum + v * v, 0)
    const gram = basis.tables.subarray(4 * (problem.spacing + basis.rows))
    let quadratic = z[basis.rows]! ** 2 * Number(b !== 0) + z[basis.rows + 1]! ** 2 * Number(b === 2)
    for (let c = 1; c <= problem.knotCount; c++) {
      for (let m = 0; m < 4; m++) quadratic += (m === 0 ? 1 : 2) * gram[4 * c + m]! * z[c]! * (z[c - m] ?? 0)
    }
    expect(n * rms(tonic) ** 2 + energy).toBeCloseTo(quadratic, 3)
  })
})

describe('bad parameters', () => {
  it.each([
    [{ tau0: 0.7 }, 25, 'tau0 and tau1 are both 0.7 s'],
    [{ alpha: -1 }, 25, 'alpha is -1, expected a positive number'],
    [{ gamma: NaN }, 25, 'gamma is NaN'],
    [{ deltaKnot: 0.01 }, 25, 'expected at least one sample (0.04 s) between knots'],
    [{}, 0, 'sampleRate is 0'],
    [{ baselineCorrection: 3 as 2 }, 25, "baselineCorrection is 3, expected 0, 1, 2 or 'spline_offset'"],
  ])('%o at %d Hz', (params, rate, message) => {
    expect(() => createProblem(100, rate, params)).toThrow(UsageError)
    expect(() => createProblem(100, rate, params)).toThrow(message)
  })

  it('refuses an empty signal and knots too dense for the solver', () => {
    expect(() => createProblem(0, 25)).toThrow(FormatError)
    expect(() => createTonicBasis(createProblem(100, 25, { deltaKnot: 0.5 }))).toThrow('expected at least 1 s')
  })
})

import { describe, expect, it } from 'vitest'
import { phasicResponse } from '../../src/cvxeda/bateman.ts'
import { createProblem, objective, tonicSignal, type Problem } from '../../src/cvxeda/problem.ts'
import { roundHalfEven, splineTemplate } from '../../src/cvxeda/splines.ts'
import { atOnce } from '../../src/runtime/breather.ts'
import { createTonicBasis, type TonicBasis } from '../../src/cvxeda/tonic.ts'
import { bateman, cvxedaObjective, tonicColumns } from '../../src/reference/cvxeda.ts'
import { FormatError, UsageError } from '../../src/runtime/errors.ts'
import { Random } from '../../src/runtime/random.ts'
import { defaults, rms } from './support.ts'

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
  const A = [(a1 * d + 2) * (a0 * d + 2), 2 * a1 * a0 * d * d - 8, (a1 * d - 2) * (a0 * d - 2)].map(
    (v) => v / ((a1 - a0) * d * d),
  ) as [number, number, number]
  const q = new Float64Array(p.length)
  for (let i = 0; i < p.length; i++) q[i] = (p[i]! - A[1] * (q[i - 1] ?? 0) - A[2] * (q[i - 2] ?? 0)) / A[0]
  return q.map((v, i) => v + 2 * (q[i - 1] ?? 0) + (q[i - 2] ?? 0))
}

describe('the Bateman filter', () => {
  it.each([
    [4, 2, 0.7],
    [50, 0.7, 2],
    [128, 4, 0.3],
  ])('equals M inv(A) at %d Hz', (rate, tau0, tau1) => {
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

  it.each([
    [625, 3],
    [626, 4],
    [3, 1],
    [1, 1],
    [500, 3],
  ])('places knots below n + k/2 (n = %d)', (n, knots) => {
    expect(createProblem(n, 25).knotCount).toBe(knots) // k = 250
  })

  it('takes knots as sample indices: those it would place itself give the same problem', () => {
    const { params: _, ...placed } = createProblem(626, 25)
    const { params: __, ...listed } = createProblem(626, 25, { deltaKnot: [0, 250, 500, 750] })
    expect(listed).toEqual(placed)
    expect(createProblem(626, 25, { deltaKnot: [-100, 50, 200] })).toMatchObject({
      firstKnot: -100,
      spacing: 150,
      knotCount: 3,
    })
  })

  it.each([1, 2, 3, 12, 250])('is a triangle convolved with itself (k = %d)', (k) => {
    const triangle = Array.from({ length: 2 * k - 1 }, (_, i) => k - Math.abs(i - k + 1))
    const expected = new Float64Array(4 * k - 3)
    triangle.forEach((a, i) =>
      triangle.forEach((b, j) => {
        expected[i + j]! += a * b
      }),
    )
    const peak = Math.max(...expected)
    expect(
      rms(
        splineTemplate(k),
        expected.map((v) => v / peak),
      ),
    ).toBeLessThan(1e-15)
  })

  const knots = [3, 0.75, [-30, -7, 16, 39], [5, 205], [150, 151, 152], [230, 260]]
  const settings = baselines.flatMap((b) => knots.map((deltaKnot) => [b, deltaKnot] as const))
  it.each(settings)(
    'gives tonic part and objective of the dense columns (baseline %s, knots %o)',
    (baselineCorrection, deltaKnot) => {
      const params = { ...defaults, deltaKnot, baselineCorrection }
      const problem = createProblem(203, 4, params)
      const { columns, count } = tonicColumns(203, 4, params)
      expect([problem.knotCount, problem.drift.count]).toEqual([count, columns.length - count])
      const l = normals(count, 2)
      const d = normals(columns.length - count, 3)
      const dense = Float64Array.from({ length: 203 }, (_, i) =>
        columns.reduce((sum, c, j) => sum + c[i]! * (j < count ? l[j]! : d[j - count]!), 0),
      )
      const tonic = tonicSignal(problem, l, d)
      expect(rms(tonic, dense)).toBeLessThan(1e-12)
      const y = normals(203, 4)
      const p = normals(203, 5).map(Math.abs)
      const residual = y.map((v, i) => v - phasicResponse(problem.filter, p)[i]! - tonic[i]!)
      const point = { driver: p, splineCoefficients: l, driftCoefficients: d }
      expect(objective(problem, params.alpha, residual, p, l)).toBeCloseTo(cvxedaObjective(y, point, 4, params), 8)
    },
  )
})

/** Columns of the solver's basis, read back from its float32 tables. */
function basisColumns({ n, spacing }: Problem, { rows, begin, tables, drift }: TonicBasis): Float64Array[] {
  const row = (i: number) => tables.subarray(4 * i, 4 * i + 4)
  return Array.from({ length: rows + 2 }, (_, c) =>
    Float64Array.from({ length: n }, (_, i) => {
      if (c >= rows) return drift[2 * i + c - rows]!
      const m = c - Math.floor((i + begin) / spacing)
      return m < 0 || m > 3 ? 0 : row((i + begin) % spacing)[m]! * row(spacing + c)[0]!
    }),
  )
}

describe('the tonic basis', () => {
  const explicit = [-57, -12, 33, 78, 123]
  const cases = baselines.flatMap(
    (b) =>
      [
        [b, 10, 4, 300],
        [b, 10, 4, 17],
        [b, 2.5, 5, 480],
        [b, 4, 25, 333],
        [b, explicit, 4, 170],
        [b, [60, 100], 4, 170],
      ] as const,
  )
  it.each(cases)(
    'spans the same signals with the stated Gram matrix (%s, knots %o, %d Hz, n = %d)',
    (b, deltaKnot, rate, n) => {
      const problem = createProblem(n, rate, { deltaKnot, baselineCorrection: b })
      const basis = atOnce(createTonicBasis(problem))
      const columns = basisColumns(problem, basis)
      const z = normals(basis.rows + 2, 6)
      const { l, d } = basis.coefficients(z)
      const tonic = Float64Array.from({ length: n }, (_, i) => columns.reduce((sum, c, j) => sum + c[i]! * z[j]!, 0))
      expect(rms(tonicSignal(problem, l, d), tonic)).toBeLessThan(1e-5 * rms(tonic))

      const energy = problem.params.gamma * l.reduce((sum, v) => sum + v * v, 0)
      const table = (from: number, row: number, field: number) =>
        basis.tables[4 * (problem.spacing + from + row) + field]!
      let quadratic = z[basis.rows]! ** 2 * Number(b !== 0) + z[basis.rows + 1]! ** 2 * Number(b === 2)
      for (let row = 0; row < basis.rows; row++) {
        if (table(0, row, 0) === 0) continue // no knot
        for (let m = 0; m < 4; m++)
          quadratic += (m === 0 ? 1 : 2) * table(basis.rows, row, m) * z[row]! * (z[row - m] ?? 0)
      }
      expect(n * rms(tonic) ** 2 + energy).toBeCloseTo(quadratic, 3)
    },
  )
})

describe('bad parameters', () => {
  it.each([
    [{ tau0: 0.7 }, 25, 'tau0 and tau1 are both 0.7 s'],
    [{ alpha: -1 }, 25, 'alpha is -1, expected a positive number'],
    [{ gamma: NaN }, 25, 'gamma is NaN'],
    [{ deltaKnot: 0.01 }, 25, 'deltaKnot puts 0 samples between knots, expected 1 to 4194304 (0.04 s to 167772.16 s)'],
    [{}, 0, 'sampleRate is 0'],
    [{ deltaKnot: [] }, 25, 'deltaKnot lists 0 knots, expected at least 2 sample indices'],
    [{ deltaKnot: [250] }, 25, 'deltaKnot lists 1 knots'],
    [{ deltaKnot: [0, 250.5, 501] }, 25, 'knot 1 of deltaKnot is 250.5, expected the index of a sample'],
    [{ deltaKnot: [0, 250, NaN] }, 25, 'knot 2 of deltaKnot is NaN, expected the index of a sample'],
    [{ deltaKnot: [0, 250, 501] }, 25, 'knot 2 of deltaKnot is 501, expected 500; knots rise in equal steps'],
    [{ deltaKnot: [500, 250, 0] }, 25, 'knot 1 of deltaKnot is 250, expected 501'],
    [{ deltaKnot: [7, 7] }, 25, 'knot 1 of deltaKnot is 7'],
    [
      { deltaKnot: [198, 248] },
      25,
      'first knot at sample 198 and one every 50, expected splines that reach into the signal of 100 samples',
    ],
    [{ deltaKnot: [-149, -99] }, 25, 'first knot at sample -149'],
    [{ baselineCorrection: 3 as 2 }, 25, "baselineCorrection is 3, expected 0, 1, 2 or 'spline_offset'"],
  ])('%o at %d Hz', (params, rate, message) => {
    expect(() => createProblem(100, rate, params)).toThrow(UsageError)
    expect(() => createProblem(100, rate, params)).toThrow(message)
  })

  it('takes knots whose splines just reach the signal', () => {
    for (const deltaKnot of [
      [197, 247],
      [-148, -98],
      [-149, -99, -49],
    ]) {
      const { columns } = tonicColumns(100, 25, { ...defaults, deltaKnot, baselineCorrection: 0 })
      expect(columns.some((column) => column.some((v) => v > 0))).toBe(true)
      expect(createProblem(100, 25, { deltaKnot }).firstKnot).toBe(deltaKnot[0])
    }
    const { columns } = tonicColumns(100, 25, { ...defaults, deltaKnot: [198, 248], baselineCorrection: 0 })
    expect(columns.every((column) => column.every((v) => v === 0))).toBe(true)
  })

  it('refuses an empty signal and knots too dense for the solver', () => {
    expect(() => createProblem(0, 25)).toThrow(FormatError)
    expect(() => atOnce(createTonicBasis(createProblem(100, 25, { deltaKnot: 0.5 })))).toThrow('expected at least 1 s')
  })
})

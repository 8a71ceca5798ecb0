import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parseSafetensors } from '../src/formats/safetensors.ts'
import { bateman, cvxedaReference, tonicColumns } from '../src/reference/cvxeda.ts'
import { driverError, objectiveGap, referenceParams, type CvxedaCase } from '../src/verify/cvxeda.ts'
import { defaults, randomSignal, rms } from './cvxeda_support.ts'

/** H'x by running the adjoint: reverse, filter, reverse (H is Toeplitz). */
const adjoint = (x: Float64Array, rate: number) => bateman(x.toReversed(), rate, defaults).reverse()

describe('the float64 twin', () => {
  const signals = [[4, 240, 1], [25, 600, 2], [50, 333, 3]] as const
  it.each(signals)('meets the optimality conditions (%d Hz, n = %d)', (rate, n, seed) => {
    const y = randomSignal(n, rate, seed)
    const { driver, residual, splineCoefficients: l, driftCoefficients: d, objective, status } =
      cvxedaReference(y, rate, defaults)
    expect(status).toBe('solved')
    const { columns, count } = tonicColumns(n, rate, defaults)
    // Gradients: alpha - H'e >= 0, complementary to p >= 0; T'e = Gamma x.
    const gradient = adjoint(residual, rate).map(v => defaults.alpha - v)
    expect(Math.min(...driver)).toBeGreaterThan(0)
    expect(Math.min(...gradient)).toBeGreaterThan(-1e-6 * defaults.alpha)
    expect(gradient.reduce((sum, g, i) => sum + g * driver[i]!, 0)).toBeLessThan(2e-6 * objective)
    columns.forEach((column, j) => {
      const pull = column.reduce((sum, c, i) => sum + c * residual[i]!, 0)
      expect(pull).toBeCloseTo(j < count ? defaults.gamma * l[j]! : 0, 6)
    })
    expect(d).toHaveLength(2)
  })

  it('scales with the signal and alpha', () => {
    const y = randomSignal(200, 8, 4)
    const one = cvxedaReference(y, 8, defaults)
    const ten = cvxedaReference(y.map(v => 16 * v), 8, { ...defaults, alpha: 16 * defaults.alpha })
    expect(rms(ten.phasic.map(v => v / 16), one.phasic)).toBeLessThan(1e-9)
    expect(ten.objective / 256).toBeCloseTo(one.objective, 9)
  })

  it('takes a constant into the drift alone', () => {
    const y = randomSignal(200, 8, 5)
    const one = cvxedaReference(y, 8, defaults)
    const moved = cvxedaReference(Float64Array.from(y, v => v + 7), 8, defaults)
    expect(rms(moved.phasic, one.phasic)).toBeLessThan(1e-9)
    expect(moved.driftCoefficients[0]! - one.driftCoefficients[0]!).toBeCloseTo(7, 9)
    expect(rms(moved.splineCoefficients, one.splineCoefficients)).toBeLessThan(1e-9)
  })

  it('calls constants trivial and tiny alpha badly scaled', () => {
    const constant = cvxedaReference(new Float64Array(50).fill(3), 4, defaults)
    expect([constant.status, constant.tonic[9], constant.driver[9]]).toEqual(['trivial', 3, 0])
    expect(cvxedaReference(randomSignal(50, 4, 6).map(v => 1e4 * v), 4, defaults).status).toBe('badly-scaled')
  })
})

const fixtures = new URL('../../shared/fixtures/cvxeda/', import.meta.url)
describe.skipIf(!existsSync(fixtures))('the float64 twin against golden decompositions', () => {
  const read = (name: string) => readFileSync(new URL(name, fixtures))
  const cases = existsSync(fixtures)
    ? (JSON.parse(read('index.json').toString()) as { cases: (CvxedaCase & { file: string; n: number })[] }).cases
    : []
  const solvable = cases.filter(c => (c.tier === 'main' || c.tier === 'edge') && c.n <= 8000)
  it.each(solvable.map(c => [c.name, c] as const))('%s', (_, entry) => {
    const { tensors } = parseSafetensors(read(entry.file), entry.file)
    const of = (name: string) => tensors.get(name)!.data as Float32Array
    const found = cvxedaReference(of('y'), entry.fs, referenceParams(entry))
    expect(found.status).toBe('solved')
    expect(objectiveGap(entry, of('y'), found)).toBeLessThan(1.1e-6)
    // The loose tier is what the reference program itself leaves on those signals.
    expect(rms(found.phasic, of('r')) / entry.nrmse_scale).toBeLessThan(entry.tier === 'main' ? 1e-4 : 1e-3)
    expect(rms(found.tonic, of('t')) / entry.nrmse_scale).toBeLessThan(entry.tier === 'main' ? 1e-4 : 1e-3)
    if (entry.tier === 'main') expect(driverError(found.driver, of('p'))).toBeLessThan(1e-2)
  })
})

// The float64 solver: by the dual bound of the reference, which knows nothing of it, and against golden decompositions.
import { describe, expect, it } from 'vitest'
import { decompose } from '../../src/cvxeda/decompose.ts'
import { Float64Solver } from '../../src/cvxeda/float64.ts'
import { createProblem } from '../../src/cvxeda/problem.ts'
import { parseSafetensors } from '../../src/formats/safetensors.ts'
import type { ReferenceParams } from '../../src/reference/cvxeda.ts'
import { UsageError } from '../../src/runtime/errors.ts'
import { referenceParams, verifyCvxedaCase } from '../../src/verify/cvxeda.ts'
import { certified, defaults, oracle, randomSignal, rms } from './support.ts'
import { cvxedaCases, readBytes } from '../support/golden_values.ts'

describe('the float64 solver is within 1e-9 of the optimum', () => {
  it.each([1, 2, 3, 5, 10, 39, 40, 41, 79, 121, 333])('n = %d at 4 Hz', async (n) => {
    const { solution, gap } = await certified(
      randomSignal(n, 4, n).map((v) => v + 0.3),
      4,
    )
    expect(solution.status).toBe('solved')
    expect(gap).toBeLessThan(1.01e-9)
    expect(Math.min(...solution.driver)).toBeGreaterThan(0)
  })

  const settings: Partial<ReferenceParams>[] = [
    { baselineCorrection: 0 },
    { baselineCorrection: 1 },
    { baselineCorrection: 'spline_offset' },
    { tau0: 0.5, tau1: 3 },
    { deltaKnot: 2.5 },
    { deltaKnot: 37 },
    { deltaKnot: 200 },
    { alpha: 0.02, gamma: 0.5 },
    { alpha: 50 }, // more than any driver is worth
    { deltaKnot: 0.08 },
    { deltaKnot: 0.5, baselineCorrection: 1 }, // a knot a sample; denser than the filter's memory
    { deltaKnot: [-300, -175, -50, 75, 200, 325, 450, 575, 700] },
    { deltaKnot: [100, 151] },
    { deltaKnot: [650, 700], baselineCorrection: 'spline_offset' }, // only their first samples reach the signal
  ]
  it.each(settings)('%o', async (setting) => {
    const { solution, gap } = await certified(randomSignal(601, 12.5, 7), 12.5, setting)
    expect(solution.status).toBe('solved')
    expect(gap).toBeLessThan(1.01e-9)
  })

  it.each([
    [1, 200, 5],
    [2, 300, 10],
    [64, 1500, 10],
    [1000, 4000, 10],
  ] as const)('%d Hz, n = %d, knots every %d s', async (sampleRate, n, deltaKnot) => {
    const { solution, gap } = await certified(randomSignal(n, sampleRate, 8), sampleRate, { deltaKnot })
    expect(solution.status).toBe('solved')
    expect(gap).toBeLessThan(1.01e-9)
  })
})

describe('decompose on the CPU', () => {
  it('scales with the signal and alpha', async () => {
    const y = randomSignal(200, 8, 4)
    const one = await oracle(y, { sampleRate: 8 })
    const many = await oracle(
      y.map((v) => 16 * v),
      { sampleRate: 8, alpha: 16 * defaults.alpha },
    )
    expect(many.phasic.map((v) => v / 16)).toEqual(one.phasic)
    expect(many.objective / 256).toBeCloseTo(one.objective, 12)
    const odd = await oracle(
      Float64Array.from(y, (v) => 7 * v),
      { sampleRate: 8, alpha: 7 * defaults.alpha },
    )
    expect(
      rms(
        odd.phasic.map((v) => v / 7),
        one.phasic,
      ),
    ).toBeLessThan(1e-6)
  })

  it('gives each signal of a call what it gets alone, whatever came before it', async () => {
    const [easy, hard, other] = [
      randomSignal(300, 8, 1),
      randomSignal(300, 8, 2).map((v) => 1e7 * v),
      randomSignal(300, 8, 3),
    ]
    const options = { sampleRate: 8, baselineCorrection: 1 } as const
    const together = await decompose('cpu', [hard, easy, hard, other, easy], options)
    const alone = await Promise.all([hard, easy, hard, other, easy].map((y) => oracle(y, options)))
    expect(together).toEqual(alone)
    expect(together[0]!.status).toBe('badly-scaled')
  })

  it('takes a constant into the drift alone', async () => {
    const y = Float64Array.from(randomSignal(200, 8, 5))
    const one = await oracle(y, { sampleRate: 8 })
    const moved = await oracle(
      y.map((v) => v + 7),
      { sampleRate: 8 },
    )
    expect(rms(moved.phasic, one.phasic)).toBeLessThan(1e-6)
    expect(moved.driftCoefficients[0]! - one.driftCoefficients[0]!).toBeCloseTo(7, 6)
    expect(rms(moved.splineCoefficients, one.splineCoefficients)).toBeLessThan(1e-6)
  })

  it('knows constants and bad scaling', async () => {
    const constant = await oracle(new Float64Array(50).fill(3), { sampleRate: 4 })
    expect([constant.status, constant.tonic[9], constant.driver[9]]).toEqual(['trivial', 3, 0])
    expect(
      (
        await oracle(
          randomSignal(50, 4, 6).map((v) => 1e4 * v),
          { sampleRate: 4 },
        )
      ).status,
    ).toBe('badly-scaled')
  })

  it('says when it has not arrived', async () => {
    const { solution, gap } = await certified(randomSignal(600, 128, 6), 128, { alpha: 1e-9 }) // nearly unregularised
    expect(solution).toMatchObject({ status: 'max-iterations', iterations: 100 })
    expect(gap).toBeGreaterThan(0.1)
    expect(solution.driver.every(Number.isFinite)).toBe(true)
  })

  it('lets other tasks run, counts signals, and stops between iterations', async () => {
    const signals = [randomSignal(20_000, 100, 1), randomSignal(20_000, 100, 2)]
    const stop = new AbortController()
    const done: number[] = []
    const stopped = decompose('cpu', signals, {
      sampleRate: 100,
      signal: stop.signal,
      onProgress: (count) => done.push(count),
    })
    setTimeout(() => stop.abort(new Error('enough'))) // cannot fire unless the solver gives way
    await expect(stopped).rejects.toThrow('enough')
    expect(done.filter((count) => count >= 1)).toEqual([])
    await decompose('cpu', [new Float32Array(9), randomSignal(80, 4, 1), randomSignal(80, 4, 2)], {
      sampleRate: 4,
      onProgress: (count) => done.push(count),
    })
    expect(done.filter((count) => count >= 1 && Number.isInteger(count))).toEqual([1, 2, 3])
  })

  it('tells how far it is within a signal, at times that are about even', async () => {
    const shares: number[] = []
    const hear = async (share: number): Promise<void> => void shares.push(share)
    const signal = { y: Float64Array.from(randomSignal(20_000, 100, 1)), alpha: defaults.alpha }
    const { iterations } = await new Float64Solver(createProblem(20_000, 100)).solve(signal, hear)
    expect(shares).toHaveLength(iterations + 1)
    for (const [i, share] of shares.entries()) expect(Math.abs(share - i / iterations)).toBeLessThan(0.25)
  })

  it('has no other solver and no forms', async () => {
    await expect(decompose('cpu', [[1, 2]], { sampleRate: 4, form: 'per-signal' })).rejects.toThrow(UsageError)
  })
})

describe('the float64 solver against golden decompositions', () => {
  it.each(cvxedaCases().filter((c) => c.n <= 8000))('$title', async (entry) => {
    const { tensors } = parseSafetensors(readBytes(entry), entry.file)
    expect(await verifyCvxedaCase('cpu', entry, tensors)).toMatchObject({ status: 'passed' })
  })

  // What it says of its own result, beside what another program found.
  it.each(cvxedaCases().filter((c) => c.n <= 400 && ['main', 'edge'].includes(c.tier)))(
    '$title: objective',
    async (entry) => {
      const { tensors } = parseSafetensors(readBytes(entry), entry.file)
      const found = await oracle(tensors.get('y')!.data as Float32Array, {
        sampleRate: entry.fs,
        ...referenceParams(entry),
      })
      expect(Math.abs(found.objective / entry.objective_tight - 1)).toBeLessThan(1e-6)
    },
  )
})

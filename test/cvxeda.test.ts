import { existsSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decompose, type Decomposition, type DecomposeOptions } from '../src/cvxeda/decompose.ts'
import { createProblem, phasicResponse, tonicSignal } from '../src/cvxeda/problem.ts'
import { parseSafetensors } from '../src/formats/safetensors.ts'
import { cvxedaObjective, cvxedaReference } from '../src/reference/cvxeda.ts'
import { FormatError, UsageError } from '../src/runtime/errors.ts'
import type { Gpu } from '../src/runtime/gpu.ts'
import { openGpu } from '../src/runtime/node.ts'
import { verifyCvxedaCase, type CvxedaCase } from '../src/verify/cvxeda.ts'
import { defaults, randomSignal, rms } from './cvxeda_support.ts'

let gpu: Gpu
beforeAll(async () => { gpu = await openGpu() })
afterAll(() => gpu.close())

async function one(y: ArrayLike<number>, options: DecomposeOptions): Promise<Decomposition> {
  const [found] = await decompose(gpu, [y], options)
  return found!
}

/** r and t trade offsets at almost no cost: float32 leaves up to about 1e-4 there, the objective shows more. */
function expectTwin(found: Decomposition, y: Float32Array, options: DecomposeOptions): void {
  const twin = cvxedaReference(y, options.sampleRate, { ...defaults, ...options })
  const scale = Math.max(1, rms(twin.phasic))
  expect(found.status).toBe(twin.status)
  expect(Math.abs(found.iterations - twin.iterations)).toBeLessThanOrEqual(1)
  expect(rms(found.phasic, twin.phasic) / scale).toBeLessThan(5e-4)
  expect(rms(found.tonic, twin.tonic) / scale).toBeLessThan(5e-4)
  expect(Math.abs(found.objective - twin.objective)).toBeLessThan(2e-6 * (twin.objective + 0.5e-6 * y.length))
}

describe('decompose against the float64 twin', () => {
  const lengths = [2, 3, 5, 10, 39, 40, 41, 79, 121, 333]
  it.each(lengths)('n = %d at 4 Hz', async n => {
    const y = randomSignal(n, 4, n)
    expectTwin(await one(y, { sampleRate: 4 }), y, { sampleRate: 4 })
  })

  const settings: Omit<DecomposeOptions, 'sampleRate'>[] = [
    { baselineCorrection: 0 }, { baselineCorrection: 1 }, { baselineCorrection: 'spline_offset' },
    { tau0: 0.5, tau1: 3 }, { deltaKnot: 2.5 }, { deltaKnot: 37 }, { alpha: 0.02, gamma: 0.5 },
  ]
  it.each(settings)('%o', async setting => {
    const y = randomSignal(601, 12.5, 7)
    const options = { sampleRate: 12.5, ...setting }
    expectTwin(await one(y, options), y, options)
  })

  // At low rates a spline's adjoint rings on for many samples after its support.
  const rates = [[1, 200, 5], [2, 300, 10], [64, 1500, 10]] as const
  it.each(rates)('%d Hz, n = %d, knots every %d s', async (sampleRate, n, deltaKnot) => {
    const y = randomSignal(n, sampleRate, 8)
    expectTwin(await one(y, { sampleRate, deltaKnot }), y, { sampleRate, deltaKnot })
  })
})

describe('the parts of a decomposition', () => {
  it('are consistent with each other and with y', async () => {
    const y = randomSignal(500, 8, 9).map(v => 3 * v + 5)
    const found = await one(y, { sampleRate: 8 })
    const { driver, phasic, tonic, residual, splineCoefficients: l, driftCoefficients: d } = found
    const problem = createProblem(500, 8)
    expect(Math.min(...driver)).toBeGreaterThan(0)
    expect(rms(phasic, phasicResponse(problem.filter, driver))).toBeLessThan(1e-5)
    expect(rms(tonic, tonicSignal(problem, l, d))).toBeLessThan(1e-5)
    expect(rms(y, phasic.map((v, i) => v + tonic[i]! + residual[i]!))).toBeLessThan(1e-5)
    expect(found.objective).toBeCloseTo(cvxedaObjective(y, driver, l, d, 8, defaults), 6)
  })

  it('scale with y and alpha', async () => {
    const y = randomSignal(300, 8, 10)
    const small = await one(y, { sampleRate: 8 })
    const large = await one(y.map(v => 64 * v), { sampleRate: 8, alpha: 64 * defaults.alpha })
    expect(rms(large.phasic.map(v => v / 64), small.phasic)).toBeLessThan(1e-5)
    expect(rms(large.tonic.map(v => v / 64), small.tonic)).toBeLessThan(1e-5)
  })

  it('a constant moves the tonic part alone', async () => {
    const y = randomSignal(300, 8, 11)
    const plain = await one(y, { sampleRate: 8 })
    const moved = await one(y.map(v => v + 4), { sampleRate: 8 })
    expect(rms(moved.phasic, plain.phasic)).toBeLessThan(1e-4)
    expect(rms(moved.tonic.map(v => v - 4), plain.tonic)).toBeLessThan(1e-4)
    expect(moved.driftCoefficients[0]! - plain.driftCoefficients[0]!).toBeCloseTo(4, 3)
  })
})

describe('a call with many signals', () => {
  it('gives the same bits for any order, size and company', async () => {
    const signals = [100, 61, 100, 1, 61, 100, 100, 100, 100, 100, 100, 100].map((n, i) => randomSignal(n, 4, 20 + i))
    const together = await decompose(gpu, signals, { sampleRate: 4 })
    const reversed = (await decompose(gpu, signals.toReversed(), { sampleRate: 4 })).reverse()
    expect(reversed).toEqual(together)
    for (const i of [0, 1, 3, 11]) expect(await one(signals[i]!, { sampleRate: 4 })).toEqual(together[i])
    expect(together.map(d => d.phasic.length)).toEqual(signals.map(y => y.length))
  })

  it('gives the same bits in as many batches as the device needs', async () => {
    const signals = Array.from({ length: 5 }, (_, i) => randomSignal(240, 4, 40 + i))
    const together = await decompose(gpu, signals, { sampleRate: 4 })
    const narrow: Gpu = Object.create(gpu, { bindingLimit: { value: 2 * 240 * 16 } }) as Gpu
    const batches: number[] = []
    const split = await decompose(narrow, signals, { sampleRate: 4, onProgress: done => batches.push(done) })
    expect(batches.filter(done => done > 0)).toEqual([2, 4, 5])
    expect(split).toEqual(together)
  })

  it('reports progress, counts trivial signals and frees its memory', async () => {
    const before = gpu.memory()
    const progress: [number, number][] = []
    const signals = [new Float32Array(80), randomSignal(80, 4, 1), randomSignal(40, 4, 2)]
    const onProgress = (done: number, total: number) => void progress.push([done, total])
    const found = await decompose(gpu, signals, { sampleRate: 4, onProgress })
    expect(found.map(d => d.status)).toEqual(['trivial', 'solved', 'solved'])
    expect(progress.at(-1)).toEqual([3, 3])
    expect(gpu.memory()).toEqual(before)
  })

  it('returns nothing for nothing', async () => {
    expect(await decompose(gpu, [], { sampleRate: 4 })).toEqual([])
  })

  it('stops when told to', async () => {
    const stop = new AbortController()
    stop.abort(new Error('enough'))
    const stopped = decompose(gpu, [randomSignal(80, 4, 3)], { sampleRate: 4, signal: stop.signal })
    await expect(stopped).rejects.toThrow('enough')
  })
})

describe('honest statuses', () => {
  it('trivial: a constant is all tonic', async () => {
    const found = await one(new Float64Array(100).fill(2.5), { sampleRate: 4 })
    expect(found).toMatchObject({ status: 'trivial', iterations: 0 })
    expect(rms(found.tonic.map(v => v - 2.5))).toBe(0)
    expect(rms(found.driver)).toBe(0)
  })

  it.each([1e4, 1e9, 1e30])('badly-scaled and finite: input of scale %d', async scale => {
    for (const n of [3, 200]) {
      const found = await one(Float64Array.from(randomSignal(n, 8, 12), v => scale * v), { sampleRate: 8 })
      expect(found.status).toBe('badly-scaled')
      expect([found.driver, found.phasic, found.tonic].every(part => part.every(Number.isFinite))).toBe(true)
    }
  })

  it('solved: input so small that any driver costs too much', async () => {
    const found = await one(Float64Array.from(randomSignal(200, 8, 13), v => 1e-20 * v), { sampleRate: 8 })
    expect(found.status).toBe('solved')
    expect(rms(found.phasic)).toBeLessThan(1e-25)
  })
})

describe('bad input', () => {
  const good = randomSignal(20, 4, 1)
  it('names the signal, how many samples are missing, and the first', async () => {
    const gaps = good.map((v, i) => (i === 7 || i === 9 ? NaN : v))
    await expect(decompose(gpu, [good, gaps], { sampleRate: 4 })).rejects.toThrow(FormatError)
    await expect(decompose(gpu, [good, gaps], { sampleRate: 4 })).rejects
      .toThrow('signal 1 has 2 of 20 samples missing or not finite, the first at index 7')
    await expect(decompose(gpu, [[]], { sampleRate: 4 })).rejects.toThrow('signal 0 is empty')
  })

  it('names a signal that is no array, such as a recording given without a list around it', async () => {
    const recording = good as unknown as number[][]
    await expect(decompose(gpu, recording, { sampleRate: 4 })).rejects.toThrow(UsageError)
    await expect(decompose(gpu, recording, { sampleRate: 4 })).rejects
      .toThrow('signal 0 is of type number, expected an array of samples; a single recording goes in as [recording].')
    const hole = [good, null] as unknown as number[][]
    await expect(decompose(gpu, hole, { sampleRate: 4 })).rejects.toThrow('signal 1 is null')
  })

  it('refuses impossible parameters', async () => {
    await expect(decompose(gpu, [good], { sampleRate: -4 })).rejects.toThrow(UsageError)
    const equal = decompose(gpu, [good], { sampleRate: 4, tau0: 1, tau1: 1 })
    await expect(equal).rejects.toThrow('two different time constants')
  })
})

const fixtures = new URL('../../shared/fixtures/cvxeda/', import.meta.url)
const isThere = existsSync(fixtures)
describe.skipIf(!isThere)('golden decompositions', () => {
  const read = (name: string) => readFileSync(new URL(name, fixtures))
  const { cases } = isThere
    ? (JSON.parse(read('index.json').toString()) as { cases: (CvxedaCase & { file: string })[] })
    : { cases: [] }
  it.each(cases.map(c => [c.name, c] as const))('%s', async (_, entry) => {
    const result = await verifyCvxedaCase(gpu, entry, parseSafetensors(read(entry.file), entry.file).tensors)
    expect(result).toMatchObject({ status: 'passed' })
  })

  it('a wrong reference fails', async () => {
    const entry = cases.find(c => c.tier === 'main')!
    const { tensors } = parseSafetensors(read(entry.file), entry.file)
    const r = tensors.get('r')!
    tensors.set('r', { ...r, data: Float32Array.from(r.data as Float32Array, v => v + 0.01 * entry.nrmse_scale) })
    expect(await verifyCvxedaCase(gpu, entry, tensors)).toMatchObject({ status: 'failed', tensor: 'nrmse(r)' })
    const better = { ...entry, objective_tight: 0.99 * entry.objective_tight }
    expect(await verifyCvxedaCase(gpu, better, tensors)).toMatchObject({ status: 'failed', tensor: 'gap' })
  })
})

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { admm } from '../../src/cvxeda/admm.ts'
import { decompose } from '../../src/cvxeda/decompose.ts'
import type { Decomposition } from '../../src/cvxeda/decomposition.ts'
import type { DecomposeOptions } from '../../src/cvxeda/options.ts'
import { phasicResponse } from '../../src/cvxeda/bateman.ts'
import { createProblem, tonicSignal } from '../../src/cvxeda/problem.ts'
import { parseSafetensors, serializeSafetensors } from '../../src/formats/safetensors.ts'
import { cvxedaObjective } from '../../src/reference/cvxeda.ts'
import { FormatError, UsageError } from '../../src/runtime/errors.ts'
import type { Gpu } from '../../src/runtime/gpu.ts'
import { openGpu } from '../../src/runtime/node.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { verifyCvxedaCase, type CvxedaCase, type Method } from '../../src/verify/cvxeda.ts'
import { verifyFixtures } from '../../src/verify/fixtures.ts'
import { defaults, oracle, randomSignal, rms } from './support.ts'
import { cvxedaCases, readBytes } from '../support/golden_values.ts'

let gpu: Gpu
beforeAll(async () => {
  gpu = await openGpu()
})
afterAll(() => gpu.close())

async function one(y: ArrayLike<number>, options: DecomposeOptions): Promise<Decomposition> {
  const [found] = await decompose(gpu, [y], options)
  return found!
}

/** r and t trade offsets at almost no cost: float32 leaves up to about 1e-4 there, the objective shows more. */
function expectClose(found: Decomposition, exact: Decomposition): void {
  const scale = Math.max(1, rms(exact.phasic))
  expect(found.status).toBe(exact.status)
  expect(found.iterations).toBeLessThanOrEqual(35)
  expect(rms(found.phasic, exact.phasic) / scale).toBeLessThan(5e-4)
  expect(rms(found.tonic, exact.tonic) / scale).toBeLessThan(5e-4)
  expect(Math.abs(found.objective - exact.objective)).toBeLessThan(
    2e-6 * (exact.objective + 0.5e-6 * found.driver.length),
  )
}

const expectOracle = async (y: Float32Array, options: DecomposeOptions): Promise<void> =>
  expectClose(await one(y, options), await oracle(y, options))

describe('decompose against float64', () => {
  it.each([2, 3, 5, 10, 39, 40, 41, 79, 121, 333])('n = %d at 4 Hz', (n) =>
    expectOracle(randomSignal(n, 4, n), { sampleRate: 4 }),
  )

  const settings: Omit<DecomposeOptions, 'sampleRate'>[] = [
    { baselineCorrection: 0 },
    { baselineCorrection: 1 },
    { baselineCorrection: 'spline_offset' },
    { tau0: 0.5, tau1: 3 },
    { deltaKnot: 2.5 },
    { deltaKnot: 37 },
    { alpha: 0.02, gamma: 0.5 },
    { deltaKnot: [-100, 25, 150, 275, 400, 525, 650] },
    { deltaKnot: [40, 240, 440] },
  ]
  it.each(settings)('%o', (setting) => expectOracle(randomSignal(601, 12.5, 7), { sampleRate: 12.5, ...setting }))

  // At low rates a spline's adjoint rings on for many samples after its support.
  it.each([
    [1, 200, 5],
    [2, 300, 10],
    [64, 1500, 10],
    [1000, 3000, 10],
  ] as const)('%d Hz, n = %d, knots every %d s', (sampleRate, n, deltaKnot) =>
    expectOracle(randomSignal(n, sampleRate, 8), { sampleRate, deltaKnot }),
  )
})

describe('knots', () => {
  it('listed where they would be placed change nothing', async () => {
    const y = randomSignal(626, 25, 9)
    const listed = await one(y, { sampleRate: 25, deltaKnot: [0, 250, 500, 750] })
    expect(listed).toEqual(await one(y, { sampleRate: 25 }))
    expect(await one(y, { sampleRate: 25, deltaKnot: [10, 260, 510, 760] })).not.toEqual(listed)
  })
})

describe('the parts of a decomposition', () => {
  it('are consistent with each other and with y', async () => {
    const y = randomSignal(500, 8, 9).map((v) => 3 * v + 5)
    const found = await one(y, { sampleRate: 8 })
    const { driver, phasic, tonic, residual, splineCoefficients: l, driftCoefficients: d } = found
    const problem = createProblem(500, 8)
    expect(Math.min(...driver)).toBeGreaterThan(0)
    expect(rms(phasic, phasicResponse(problem.filter, driver))).toBeLessThan(1e-5)
    expect(rms(tonic, tonicSignal(problem, l, d))).toBeLessThan(1e-5)
    expect(
      rms(
        y,
        phasic.map((v, i) => v + tonic[i]! + residual[i]!),
      ),
    ).toBeLessThan(1e-5)
    expect(found.objective).toBeCloseTo(cvxedaObjective(y, found, 8, defaults), 6)
  })

  it('scale with y and alpha', async () => {
    const y = randomSignal(300, 8, 10)
    const small = await one(y, { sampleRate: 8 })
    const large = await one(
      y.map((v) => 64 * v),
      { sampleRate: 8, alpha: 64 * defaults.alpha },
    )
    expect(
      rms(
        large.phasic.map((v) => v / 64),
        small.phasic,
      ),
    ).toBeLessThan(1e-5)
    expect(
      rms(
        large.tonic.map((v) => v / 64),
        small.tonic,
      ),
    ).toBeLessThan(1e-5)
  })

  it('a constant moves the tonic part alone', async () => {
    const y = randomSignal(300, 8, 11)
    const plain = await one(y, { sampleRate: 8 })
    const moved = await one(
      y.map((v) => v + 4),
      { sampleRate: 8 },
    )
    expect(rms(moved.phasic, plain.phasic)).toBeLessThan(1e-4)
    expect(
      rms(
        moved.tonic.map((v) => v - 4),
        plain.tonic,
      ),
    ).toBeLessThan(1e-4)
    expect(moved.driftCoefficients[0]! - plain.driftCoefficients[0]!).toBeCloseTo(4, 3)
  })
})

describe('a call with many signals', () => {
  const shapes = [
    [100, 4],
    [61, 4],
    [100, 12.5],
    [1, 4],
    [61, 12.5],
    [100, 4],
    [100, 8],
    [100, 12.5],
    [100, 4],
    [100, 4.25],
    [61, 4],
  ] as const
  const signals = shapes.map(([n, rate], i) => randomSignal(n, rate, 20 + i))
  const rates = shapes.map(([, rate]) => rate)

  it('of any length and rate gives the same bits for any order, size and company', async () => {
    const together = await decompose(gpu, signals, { sampleRate: rates, form: 'per-signal' })
    const reversed = await decompose(gpu, signals.toReversed(), { sampleRate: rates.toReversed(), form: 'per-signal' })
    expect(reversed.reverse()).toEqual(together)
    for (const [i, y] of signals.entries())
      expect(await one(y, { sampleRate: rates[i]!, form: 'per-signal' })).toEqual(together[i])
    expect(together.map((d) => d.phasic.length)).toEqual(shapes.map(([n]) => n))
  })

  it('has one rate, or one for each signal', async () => {
    const twice = decompose(gpu, signals.slice(0, 3), { sampleRate: [4, 4] })
    await expect(twice).rejects.toThrow('sampleRate lists 2 for 3 signals, expected one for each')
    await expect(decompose(gpu, signals.slice(0, 2), { sampleRate: [4, -1] })).rejects.toThrow('sampleRate is -1')
  })

  it.each(['per-signal', 'along-time'] as const)(
    'gives the same bits in as many batches as the device needs (form %s)',
    async (form) => {
      const many = Array.from({ length: 5 }, (_, i) => randomSignal(240, 4, 40 + i))
      const together = await decompose(gpu, many, { sampleRate: 4, form })
      const narrow: Gpu = Object.create(gpu, { bindingLimit: { value: 13_000 } }) as Gpu
      const batches: number[] = []
      const split = await decompose(narrow, many, { sampleRate: 4, form, onProgress: (done) => batches.push(done) })
      expect(batches.filter((done) => done > 0 && Number.isInteger(done)).length).toBeGreaterThan(1)
      expect(batches.at(-1)).toBe(5)
      expect(split).toEqual(together)
    },
  )

  it('reports progress, counts trivial signals and frees its memory', async () => {
    const before = gpu.memory()
    const progress: [number, number][] = []
    const mixed = [new Float32Array(80), randomSignal(80, 4, 1), randomSignal(40, 4, 2)]
    const onProgress = (done: number, total: number) => void progress.push([done, total])
    const found = await decompose(gpu, mixed, { sampleRate: 4, onProgress })
    expect(found.map((d) => d.status)).toEqual(['trivial', 'solved', 'solved'])
    expect(progress.at(-1)).toEqual([3, 3])
    const done = progress.map(([count]) => count)
    expect(done).toEqual(done.toSorted((a, b) => a - b))
    // Within the two that take work, too.
    expect(done.filter((count) => count > 1 && count < 2).length).toBeGreaterThan(1)
    expect(gpu.memory()).toEqual(before)
  })

  it('returns nothing for nothing', async () => {
    expect(await decompose(gpu, [], { sampleRate: 4 })).toEqual([])
  })

  const methods = [{ form: 'per-signal' }, { form: 'along-time' }, { solver: admm }] as const
  it.each(methods)('stops when told to, before and between iterations, and frees its memory: %o', async (method) => {
    const before = gpu.memory()
    const stop = new AbortController()
    const stopped = decompose(gpu, [randomSignal(20_000, 100, 3)], { sampleRate: 100, signal: stop.signal, ...method })
    setTimeout(() => stop.abort(new Error('enough')))
    await expect(stopped).rejects.toThrow('enough')
    await expect(
      decompose(gpu, [randomSignal(80, 4, 3)], { sampleRate: 4, signal: stop.signal, ...method }),
    ).rejects.toThrow('enough')
    expect(gpu.memory()).toEqual(before)
  })
})

describe('honest statuses', () => {
  it('trivial: a constant is all tonic', async () => {
    const found = await one(new Float64Array(100).fill(2.5), { sampleRate: 4 })
    expect(found).toMatchObject({ status: 'trivial', iterations: 0 })
    expect(rms(found.tonic.map((v) => v - 2.5))).toBe(0)
    expect(rms(found.driver)).toBe(0)
  })

  it.each([1e4, 1e9, 1e30])('badly-scaled and finite: input of scale %d', async (scale) => {
    for (const n of [3, 200]) {
      const found = await one(
        Float64Array.from(randomSignal(n, 8, 12), (v) => scale * v),
        { sampleRate: 8 },
      )
      expect(found.status).toBe('badly-scaled')
      expect([found.driver, found.phasic, found.tonic].every((part) => part.every(Number.isFinite))).toBe(true)
    }
  })

  it('solved: input so small that any driver costs too much', async () => {
    const found = await one(
      Float64Array.from(randomSignal(200, 8, 13), (v) => 1e-20 * v),
      { sampleRate: 8 },
    )
    expect(found.status).toBe('solved')
    expect(rms(found.phasic)).toBeLessThan(1e-25)
  })
})

describe('bad input', () => {
  const good = randomSignal(20, 4, 1)
  it('names the signal, how many samples are missing, and the first', async () => {
    const gaps = good.map((v, i) => (i === 7 || i === 9 ? NaN : v))
    await expect(decompose(gpu, [good, gaps], { sampleRate: 4 })).rejects.toThrow(FormatError)
    await expect(decompose(gpu, [good, gaps], { sampleRate: 4 })).rejects.toThrow(
      'signal 1 has 2 of 20 samples missing or not finite, the first at index 7',
    )
    await expect(decompose(gpu, [[]], { sampleRate: 4 })).rejects.toThrow('signal 0 is empty')
  })

  it('names a signal that is no array, such as a recording given without a list around it', async () => {
    const recording = [...good] as unknown as number[][]
    await expect(decompose(gpu, recording, { sampleRate: 4 })).rejects.toThrow(UsageError)
    await expect(decompose(gpu, recording, { sampleRate: 4 })).rejects.toThrow(
      'signal 0 is a number, expected an array of samples; a single recording goes in as [recording].',
    )
    const typed = Float64Array.from(good) as unknown as number[][]
    await expect(decompose(gpu, typed, { sampleRate: 4 })).rejects.toThrow(
      new UsageError('decompose: expected an array of signals, got a Float64Array; a single one goes in as [one]'),
    )
    const hole = [good, null] as unknown as number[][]
    await expect(decompose(gpu, hole, { sampleRate: 4 })).rejects.toThrow('signal 1 is null')
  })

  it('refuses impossible parameters', async () => {
    await expect(decompose(gpu, [good], { sampleRate: -4 })).rejects.toThrow(UsageError)
    const equal = decompose(gpu, [good], { sampleRate: 4, tau0: 1, tau1: 1 })
    await expect(equal).rejects.toThrow('two different time constants')
    for (const [solver, got] of [
      ['admm', "'admm'"],
      [null, 'null'],
      [() => {}, 'a function'],
    ]) {
      await expect(decompose(gpu, [good], { sampleRate: 4, solver: solver as never })).rejects.toThrow(
        new UsageError(
          `cvxEDA: solver is ${got as string}, expected one of galvani/solvers: import { admm } from 'galvani/solvers'.`,
        ),
      )
    }
    await expect(decompose(gpu, [good], { sampleRate: 4, solver: admm, form: 'per-signal' })).rejects.toThrow(
      "form is for the solver 'interior-point'",
    )
    await expect(decompose('cpu', [good], { sampleRate: 4, solver: admm })).rejects.toThrow('runs on a GPU only')
    await expect(decompose(gpu, [good], { sampleRate: 4, form: 'C' as 'per-signal' })).rejects.toThrow(
      "form is 'C', expected per-signal or along-time",
    )
    await expect(decompose(gpu, [good, good], { sampleRate: 4, deltaKnot: [0, 9, 17] })).rejects.toThrow(
      'knot 2 of deltaKnot',
    )
  })
})

describe('a fixture folder', () => {
  const y = randomSignal(400, 12.5, 30)
  const options = { sampleRate: 12.5, deltaKnot: [-60, 40, 140, 240, 340, 440] }
  const params = {
    tau0: 2,
    tau1: 0.7,
    delta_knot: options.deltaKnot,
    alpha: 8e-4,
    gamma: 1e-2,
    baseline_correction: 2 as const,
  }

  /** A decomposition by the float64 solver, its case changed by `spoil` and its tonic part shifted; and a case of a kernel. */
  async function folderOf(spoil: Partial<CvxedaCase> = {}, shift = 0): Promise<MemoryStore> {
    const { phasic: r, driver: p, tonic: t, objective } = await oracle(y, options)
    const made = {
      name: 'made',
      file: 'made.safetensors',
      fs: 12.5,
      params,
      objective_tight: objective,
      nrmse_scale: 1,
      half_energy: 200,
      tier: 'main',
    }
    const store = new MemoryStore()
    const tensors = Object.entries({ y, r, p, t: t.map((v) => v + shift) }).map(
      ([name, data]) => [name, { shape: [data.length], data }] as const,
    )
    await store.write('made.safetensors', serializeSafetensors(new Map(tensors)))
    await store.write(
      'index.json',
      JSON.stringify({
        cases: [
          { ...made, ...spoil },
          { id: 'other', kind: 'op', file: 'none' },
        ],
      }),
    )
    return store
  }
  const outcomes = async (device: Gpu | 'cpu', store: MemoryStore, method: Method = {}) =>
    (await verifyFixtures(device, store, 'made', method)).map(({ name, status }) => [name, status]).slice(0, -1)

  it('is checked by every solver and form, or the chosen one, or float64', async () => {
    const store = await folderOf()
    const all = ['made (interior-point per-signal)', 'made (interior-point along-time)', 'made (admm)']
    expect(await outcomes(gpu, store)).toEqual(all.map((name) => [name, 'passed']))
    expect(await outcomes(gpu, store, { form: 'along-time' })).toEqual([[all[1], 'passed']])
    expect(await outcomes(gpu, store, { solver: 'admm' })).toEqual([[all[2], 'passed']])
    expect(await verifyFixtures('cpu', store, 'made')).toMatchObject([
      { name: 'made (float64)', method: 'float64', status: 'passed' },
      { name: 'other', status: 'skipped', error: 'needs a GPU' },
    ])
  })

  it.each([
    [{ objective_tight: 0.01 }, 'gap'],
    [{ tier: 'degenerate' }, "status 'solved'"],
    [{ tier: 'trivial' }, 'max |p|'],
  ])('fails where %o is expected', async (spoil, tensor) => {
    expect((await verifyFixtures('cpu', await folderOf(spoil), 'made'))[0]).toMatchObject({ status: 'failed', tensor })
  })

  it('fails where the tonic part is off', async () => {
    expect((await verifyFixtures('cpu', await folderOf({}, 0.002), 'made'))[0]).toMatchObject({
      status: 'failed',
      tensor: 'nrmse(t)',
    })
    expect((await verifyFixtures('cpu', await folderOf({ tier: 'edge' }, 0.002), 'made'))[0]).toMatchObject({
      status: 'passed',
    })
  })

  it('fails a case whose file is missing, under its own name', async () => {
    const store = await folderOf({ file: 'none' } as Partial<CvxedaCase>)
    expect((await verifyFixtures('cpu', store, 'made'))[0]).toMatchObject({ name: 'made (float64)', status: 'failed' })
  })
})

describe('golden decompositions', () => {
  it('a wrong reference fails', async () => {
    const entry = cvxedaCases().find((c) => c.tier === 'main')!
    const { tensors } = parseSafetensors(readBytes(entry), entry.file)
    const r = tensors.get('r')!
    tensors.set('r', { ...r, data: Float32Array.from(r.data as Float32Array, (v) => v + 0.01 * entry.nrmse_scale) })
    expect(await verifyCvxedaCase(gpu, entry, tensors)).toMatchObject({ status: 'failed', tensor: 'nrmse(r)' })
    const better = { ...entry, objective_tight: 0.99 * entry.objective_tight }
    expect(await verifyCvxedaCase(gpu, better, tensors)).toMatchObject({ status: 'failed', tensor: 'gap' })
  })
})

describe('starts', () => {
  const eda = (phase: number) =>
    Float64Array.from(
      { length: 300 },
      (_, i) => 3 + Math.sin(i / 40 + phase) + 2 * Math.exp(-((i % 90) / 25)) + 0.01 * Math.sin(i * i),
    )
  const options = { sampleRate: 10, solver: admm, baselineCorrection: 1 } as const

  it('from its own decomposition ADMM needs fewer iterations, also in another unit than the scaled one', async () => {
    const signals = [eda(0), eda(1).map((v) => 40 * v)]
    const cold = await decompose(gpu, signals, options)
    const warm = await decompose(gpu, signals, { ...options, starts: cold })
    warm.forEach(({ iterations, status }, i) => {
      expect(status).toBe('solved')
      expect(iterations).toBeLessThan(cold[i]!.iterations / 2)
    })
  })

  it('must fit the signals and the solver', async () => {
    const starts = await decompose(gpu, [eda(0)], options)
    await expect(decompose(gpu, [eda(0), eda(1)], { ...options, starts })).rejects.toThrow(
      /starts lists 1 for 2 signals/,
    )
    await expect(decompose(gpu, [eda(0)], { sampleRate: 10, starts })).rejects.toThrow(
      /starts is for the solver 'admm' on a GPU/,
    )
    await expect(decompose(gpu, [eda(0).slice(1)], { ...options, starts })).rejects.toThrow(
      /a start has 300 samples, .* expected 299/,
    )
  })
})

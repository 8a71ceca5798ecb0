// The interior point's two forms against the float64 solver, at lengths and knots where chunks and spans are cut oddly.
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import carryShader from '../../shaders/cvxeda/carry.wgsl'
import driverShader from '../../shaders/cvxeda/driver.wgsl'
import endsShader from '../../shaders/cvxeda/ends.wgsl'
import riccatiShader from '../../shaders/cvxeda/riccati.wgsl'
import tonicShader from '../../shaders/cvxeda/tonic.wgsl'
import { decompose } from '../../src/cvxeda/decompose.ts'
import type { Decomposition } from '../../src/cvxeda/decomposition.ts'
import type { DecomposeOptions } from '../../src/cvxeda/options.ts'
import { chooseForm } from '../../src/cvxeda/interior_layout.ts'
import { interiorPoint } from '../../src/cvxeda/interior_point.ts'
import { createProblem } from '../../src/cvxeda/problem.ts'
import type { Gpu } from '../../src/runtime/gpu.ts'
import { openGpu } from '../../src/runtime/node.ts'
import { Random } from '../../src/runtime/random.ts'
import { zscore } from '../../src/signal/normalize.ts'

let gpu: Gpu
beforeAll(async () => {
  gpu = await openGpu()
})
afterAll(() => gpu.close())

/** Responses of one second's rise at random times on a drifting level, with noise. */
function recording(n: number, sampleRate: number, seed: number): Float64Array {
  const random = new Random(seed)
  const eda = Float64Array.from(
    { length: n },
    (_, i) => 4 + 0.5 * Math.sin(i / sampleRate / 20) + 0.01 * random.normal(),
  )
  for (let at = 0; at < n; at += Math.ceil(sampleRate * (2 + 6 * random.uniform()))) {
    const size = random.uniform()
    for (let i = at; i < n; i++) {
      const t = (i - at) / sampleRate
      eda[i]! += size * (Math.exp(-t / 2) - Math.exp(-t / 0.7))
    }
  }
  return zscore(eda).z
}

const rms = (a: ArrayLike<number>) => Math.sqrt(Array.from(a).reduce((sum, v) => sum + v * v, 0) / a.length)

/** Largest distance of phasic and tonic, in units of the larger of the signal's deviation (1) and the phasic part. */
function distance(found: Decomposition, expected: Decomposition): number {
  const scale = Math.max(1, rms(expected.phasic))
  const between = (a: Float32Array, b: Float32Array) => rms(a.map((v, i) => v - b[i]!)) / scale
  return Math.max(between(found.phasic, expected.phasic), between(found.tonic, expected.tonic))
}

const cases: [name: string, n: number, options: DecomposeOptions][] = [
  ['one sample more than a span', 251, { sampleRate: 25 }],
  ['less than a span', 100, { sampleRate: 25 }],
  ['less than a chunk', 30, { sampleRate: 25 }],
  ['two samples', 2, { sampleRate: 4 }],
  ['spans that no number of chunks divides', 997, { sampleRate: 25, deltaKnot: 10.12 }],
  ['knots much further apart than the recording is long', 400, { sampleRate: 25, deltaKnot: 1000 }],
  ['dense knots: rows outlive several spans', 300, { sampleRate: 25, deltaKnot: 2 }],
  ['wrist sensor', 480, { sampleRate: 4 }],
  ['1,000 Hz', 4100, { sampleRate: 1000 }],
  ['knots that begin before the recording', 700, { sampleRate: 25, deltaKnot: [-130, 120, 370, 620, 870] }],
  ['knots that begin late and end early', 900, { sampleRate: 25, deltaKnot: [307, 500] }],
  ['no drift', 500, { sampleRate: 25, baselineCorrection: 0 }],
  ['constant drift', 500, { sampleRate: 25, baselineCorrection: 1 }],
  ['drift of all splines', 700, { sampleRate: 25, baselineCorrection: 'spline_offset' }],
  ['drift of late splines', 900, { sampleRate: 25, baselineCorrection: 'spline_offset', deltaKnot: [307, 500] }],
  ['other constants', 600, { sampleRate: 12.5, tau0: 0.5, tau1: 3, alpha: 5e-3, gamma: 0.1 }],
]

describe.each(['per-signal', 'along-time'] as const)('form %s', (form) => {
  it.each(cases)('agrees with float64: %s', async (_, n, options) => {
    const signals = [1, 2, 3].map((seed) => recording(n, options.sampleRate as number, seed))
    const found = await decompose(gpu, signals, { ...options, form })
    const expected = await decompose('cpu', signals, options)
    found.forEach((result, i) => {
      expect(result.status).toBe(expected[i]!.status)
      expect(distance(result, expected[i]!)).toBeLessThan(1e-3)
      expect(result.iterations).toBeLessThanOrEqual(35)
      expect(Math.min(...result.driver)).toBeGreaterThanOrEqual(0)
    })
  })

  it('gives the same bits in every run', async () => {
    const signals = [recording(400, 25, 4), recording(400, 25, 5)]
    const [first, second] = [
      await decompose(gpu, signals, { sampleRate: 25, form }),
      await decompose(gpu, signals, { sampleRate: 25, form }),
    ]
    expect(second).toEqual(first)
  })

  it('gives the same bits whatever the other signals of the batch are', async () => {
    const signals = [6, 7, 8, 9, 10].map((seed) => recording(300, 25, seed))
    const together = await decompose(gpu, signals, { sampleRate: 25, form })
    const reversed = await decompose(gpu, [...signals].reverse(), { sampleRate: 25, form })
    const [alone] = await decompose(gpu, [signals[2]!], { sampleRate: 25, form })
    expect(reversed.reverse()).toEqual(together)
    expect(alone).toEqual(together[2])
  })

  it('says so when a step leaves float32 range', async () => {
    const problem = createProblem(200, 25)
    const huge = { y: Float64Array.from({ length: 200 }, (_, i) => 1e38 * Math.sin(i)), alpha: 1e-3 }
    const [found] = await interiorPoint.solve(gpu, problem, [huge], { onProgress: () => {}, form })
    expect(found!.status).toBe('max-iterations')
    expect([...found!.driver].every(Number.isFinite)).toBe(true)
  })
})

it('goes along time beyond what one dispatch may walk, however many signals there are', () => {
  const longest = 2 ** 20
  for (const signals of [1, 100, 1e6]) expect(chooseForm(gpu, longest + 1, signals)).toBe('along-time')
  expect([chooseForm(gpu, longest, 1e6), chooseForm(gpu, longest, 1)]).toEqual(['per-signal', 'along-time'])
})

it('form per-signal refuses what one dispatch would walk too long', async () => {
  const problem = createProblem((1 << 20) + 1, 1000)
  const signal = { y: new Float64Array(problem.n).fill(1), alpha: 1e-3 }
  await expect(
    interiorPoint.solve(gpu, problem, [signal], { onProgress: () => {}, form: 'per-signal' }),
  ).rejects.toThrow(/form per-signal is for signals of up to 1048576 samples/)
})

it('takes more signals than one dispatch has invocations for', async () => {
  // Dense knots: 41 rows a signal, so that 20,000 signals of 40 samples pass 65,535 workgroups of 8.
  const signals = [1, 2, 3, 4].map((seed) => recording(40, 4, seed))
  const options = { sampleRate: 4, deltaKnot: 1.25, form: 'per-signal' } as const
  const expected = await decompose(gpu, signals, options)
  const found = await decompose(
    gpu,
    Array.from({ length: 40_000 }, (_, i) => signals[i % 4]!),
    options,
  )
  expect(found.every(({ status }) => status === 'solved')).toBe(true)
  for (const at of [0, 1, 19_999, 39_999]) expect(found[at]).toEqual(expected[at % 4])
})

it('gives back what it has taken when something does not fit', async () => {
  const before = JSON.stringify(gpu.memory())
  const limit = vi.spyOn(gpu, 'bindingLimit', 'get').mockReturnValue(100_000)
  const call = decompose(gpu, [recording(2000, 4, 1)], { sampleRate: 4, deltaKnot: 1.25, form: 'along-time' })
  await expect(call).rejects.toThrow(/cvxeda sums .* needs \d+ bytes; this device binds at most 100000/)
  limit.mockRestore()
  expect(JSON.stringify(gpu.memory())).toBe(before)
})

it('refuses knots that no memory holds, and those too dense for the GPU, before anything is solved', async () => {
  const signal = recording(100, 4, 1)
  await expect(decompose(gpu, [signal], { sampleRate: 4, deltaKnot: 1e9 })).rejects.toThrow(/expected 1 to 4194304/)
  await expect(decompose(gpu, [signal], { sampleRate: 4, deltaKnot: [0, 2 ** 40] })).rejects.toThrow(
    /expected 1 to 4194304/,
  )
  const onProgress = vi.fn()
  await expect(decompose(gpu, [signal, signal], { sampleRate: [4, 128], deltaKnot: 1, onProgress })).rejects.toThrow(
    /deltaKnot is 1 s, expected at least/,
  )
  expect(onProgress).not.toHaveBeenCalled()
  expect((await decompose('cpu', [signal], { sampleRate: 128, deltaKnot: 0.5 }))[0]!.status).toBe('solved')
})

it('places and fields are called and numbered alike in all its shaders', () => {
  const values = new Map<string, Set<string>>()
  for (const { source } of [carryShader, driverShader, endsShader, riccatiShader, tonicShader]) {
    for (const [, name, value] of source.matchAll(/^const (\w+)(?:: \w+)? = ([^;]+);/gm)) {
      values.set(name!, (values.get(name!) ?? new Set()).add(value!))
    }
  }
  expect(values.size).toBeGreaterThan(30)
  // What the host sets has a value of its own in each.
  expect(
    [...values].filter(([name, { size }]) => size > 1 && !['CHUNKED', 'COLUMNS', 'WINDOW', 'WORKGROUP'].includes(name)),
  ).toEqual([])
})

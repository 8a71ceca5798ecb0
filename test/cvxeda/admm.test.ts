import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { admm } from '../../src/cvxeda/admm.ts'
import { FIRST_PENALTY, layoutOf, levelTable } from '../../src/cvxeda/admm_tables.ts'
import { dualBound } from '../../src/cvxeda/certificate.ts'
import { Newton } from '../../src/cvxeda/newton.ts'
import * as polishing from '../../src/cvxeda/polish.ts'
import { polish, residualOf, type Point } from '../../src/cvxeda/polish.ts'
import { phasicResponse } from '../../src/cvxeda/bateman.ts'
import type { CvxedaParams } from '../../src/cvxeda/params.ts'
import { atOnce } from '../../src/runtime/breather.ts'
import { createProblem, driftColumns, objective, tonicSignal, type Problem } from '../../src/cvxeda/problem.ts'
import type { ScaledSignal, Solution, WarmStart } from '../../src/cvxeda/solver.ts'
import { LimitError } from '../../src/runtime/errors.ts'
import type { Gpu } from '../../src/runtime/gpu.ts'
import { openGpu } from '../../src/runtime/node.ts'
import { Plan } from '../../src/runtime/plan.ts'
import type { Tensor } from '../../src/runtime/tensor.ts'
import { Random } from '../../src/runtime/random.ts'
import { float64, randomSignal, rms } from './support.ts'

let gpu: Gpu
beforeAll(async () => {
  gpu = await openGpu()
})
afterAll(() => gpu.close())

const hooks = { onProgress: () => {} }
const ALPHA = 8e-4

/** A random signal with unit mean square and alpha in its units. */
function scaledSignal(n: number, rate: number, seed: number, alpha = ALPHA): ScaledSignal {
  return { y: Float64Array.from(randomSignal(n, rate, seed)), alpha }
}

function pointOf({ driver, l, d }: Pick<Solution, 'l' | 'd'> & { driver: ArrayLike<number> }): Point {
  return { p: Float64Array.from(driver), l, d }
}

/** Where another solution ended, as a start in the same units. */
function startOf({ driver, l, d }: Pick<Solution, 'driver' | 'l' | 'd'>): WarmStart {
  return { driver, splineCoefficients: l, driftCoefficients: d, mean: 0, scale: 1 }
}

function valueOf(problem: Problem, { y, alpha }: ScaledSignal, point: Point): number {
  return objective(problem, alpha, residualOf(problem, y, point), point.p, point.l)
}

async function expectTwin(problem: Problem, signal: ScaledSignal): Promise<void> {
  const [found] = await admm.solve(gpu, problem, [signal], hooks)
  const twin = await float64(problem, signal)
  const [mine, best] = [pointOf(found!), pointOf(twin)]
  expect(found!.status).toBe('solved')
  expect(found!.iterations).toBeLessThanOrEqual(1000)
  expect(Math.min(...mine.p)).toBeGreaterThanOrEqual(0)
  const least = valueOf(problem, signal, best)
  expect(valueOf(problem, signal, mine) - least).toBeLessThan(1e-4 * (least + 5e-7 * problem.n))
  const r = phasicResponse(problem.filter, best.p)
  const scale = Math.max(1, rms(r))
  expect(rms(phasicResponse(problem.filter, mine.p), r) / scale).toBeLessThan(1e-3)
  expect(rms(tonicSignal(problem, mine.l, mine.d), tonicSignal(problem, best.l, best.d)) / scale).toBeLessThan(1e-3)
}

describe('ADMM against the float64 interior point', () => {
  it.each([2, 3, 5, 40, 79, 121, 333])('n = %d at 4 Hz', async (n) => {
    await expectTwin(createProblem(n, 4), scaledSignal(n, 4, n))
  })

  it('n = 1', async () => {
    await expectTwin(createProblem(1, 4, { baselineCorrection: 0 }), { y: Float64Array.of(1), alpha: ALPHA })
  })

  const settings: Partial<CvxedaParams>[] = [
    { baselineCorrection: 0 },
    { baselineCorrection: 1 },
    { baselineCorrection: 'spline_offset' },
    { tau0: 0.5, tau1: 3 },
    { deltaKnot: 2.5 },
    { deltaKnot: 0.2 },
    { deltaKnot: 60 },
    { deltaKnot: [-30, 70, 170, 270, 370] },
    { deltaKnot: [390, 490] },
    { alpha: 0.02, gamma: 0.5 },
  ]
  it.each(settings)('%o', async (setting) => {
    await expectTwin(createProblem(401, 12.5, setting), scaledSignal(401, 12.5, 7, setting.alpha))
  })

  it.each([
    [1, 200],
    [64, 1500],
    [1000, 3000],
  ])('%d Hz, n = %d', async (rate, n) => {
    await expectTwin(createProblem(n, rate), scaledSignal(n, rate, 8))
  })

  it('a signal in which nothing is phasic', async () => {
    const problem = createProblem(300, 8)
    const signal = { ...scaledSignal(300, 8, 9), alpha: 30 }
    const [found] = await admm.solve(gpu, problem, [signal], hooks)
    expect(found!.status).toBe('solved')
    expect(rms(phasicResponse(problem.filter, found!.driver))).toBeLessThan(1e-3)
  })
})

describe('a call with many signals', () => {
  const problem = createProblem(150, 8)
  const signals = Array.from({ length: 11 }, (_, i) => scaledSignal(150, 8, 20 + i, ALPHA * (1 + i)))

  it('gives the same bits for any order, size and company', async () => {
    const together = await admm.solve(gpu, problem, signals, hooks)
    expect((await admm.solve(gpu, problem, signals.toReversed(), hooks)).reverse()).toEqual(together)
    expect(await admm.solve(gpu, problem, [signals[4]!], hooks)).toEqual([together[4]])
  })

  it('gives the same bits in as many batches as the device needs, and frees its memory', async () => {
    const short = createProblem(30, 8)
    const many = Array.from({ length: 300 }, (_, i) => scaledSignal(30, 8, i))
    const together = await admm.solve(gpu, short, many, hooks)
    const before = gpu.memory()['tensor']
    // As little as holds all gains, so that the ladder of penalties is the same.
    const narrow: Gpu = Object.create(gpu, { bindingLimit: { value: 16 * layoutOf(short, 1e9).total } }) as Gpu
    const counts: number[] = []
    expect(await admm.solve(narrow, short, many, { onProgress: (count) => counts.push(count) })).toEqual(together)
    expect(counts.length).toBeGreaterThan(1)
    expect(counts).toEqual(counts.toSorted((a, b) => a - b))
    expect(counts.at(-1)).toBe(300)
    expect(gpu.memory()['tensor']).toEqual(before)
  })

  it('counts the iterations of both: 25 a run of its block, and the steps of the polish', async () => {
    const polished = vi.spyOn(polishing, 'polish')
    const run = vi.spyOn(Plan.prototype, 'run')
    const [cold] = await admm.solve(gpu, problem, [signals[3]!], hooks)
    const runs = run.mock.calls.length - 1 // but for the sweep before the first block
    await admm.solve(gpu, problem, [signals[3]!], { ...hooks, starts: [startOf(cold!)] })
    const again = run.mock.calls.length - 1 - runs - 1
    const steps = polished.mock.results.map(({ value }) => (value as polishing.Polished).steps)
    const [warm] = await admm.solve(gpu, problem, [signals[3]!], { ...hooks, starts: [startOf(cold!)] })
    vi.restoreAllMocks()
    expect([runs, again].every((count) => count >= 1)).toBe(true)
    expect([cold!.iterations, warm!.iterations]).toEqual([25 * runs + steps[0]!, 25 * again + steps[1]!])
  })

  it('stops when told to', async () => {
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(admm.solve(gpu, problem, signals, { ...hooks, signal })).rejects.toThrow('enough')
    const controller = new AbortController()
    const reading: Gpu = Object.create(gpu, {
      readFloat: {
        value: (tensor: Tensor) => {
          controller.abort(new Error('midway'))
          return gpu.readFloat(tensor)
        },
      },
    }) as Gpu
    await expect(admm.solve(reading, problem, signals, { ...hooks, signal: controller.signal })).rejects.toThrow(
      'midway',
    )
    expect(gpu.memory()['tensor']?.bytes ?? 0).toBe(0)
  })

  it('refuses what it cannot walk in one piece', async () => {
    const long = createProblem(2 ** 20 + 1, 128)
    await expect(admm.solve(gpu, long, [{ y: new Float64Array(long.n).fill(1), alpha: 1 }], hooks)).rejects.toThrow(
      LimitError,
    )
  })
})

describe('a warm start', () => {
  it('takes fewer iterations to the same decomposition', async () => {
    const problem = createProblem(600, 8)
    const signal = scaledSignal(600, 8, 40)
    const [cold] = await admm.solve(gpu, problem, [signal], hooks)
    const [warm] = await admm.solve(gpu, problem, [signal], { ...hooks, starts: [startOf(cold!)] })
    expect(warm!.status).toBe('solved')
    expect(warm!.iterations).toBeLessThan(cold!.iterations / 2)
    const scale = Math.max(1, rms(phasicResponse(problem.filter, cold!.driver)))
    const distance = rms(phasicResponse(problem.filter, warm!.driver), phasicResponse(problem.filter, cold!.driver))
    expect(distance / scale).toBeLessThan(1e-3)
  })

  it('is no worse from anywhere', async () => {
    const problem = createProblem(200, 8)
    const signal = scaledSignal(200, 8, 41)
    const random = new Random(5)
    const start = {
      driver: Float32Array.from({ length: 200 }, () => 2 * random.uniform()),
      d: new Float64Array(2).fill(1),
      l: Float64Array.from({ length: problem.knotCount }, () => random.normal()),
    }
    const [found] = await admm.solve(gpu, problem, [signal], { ...hooks, starts: [startOf(start)] })
    const twin = await float64(problem, signal)
    const least = valueOf(problem, signal, pointOf(twin))
    expect(found!.status).toBe('solved')
    expect(valueOf(problem, signal, pointOf(found!)) - least).toBeLessThan(1e-4 * (least + 1e-4))
  })
})

describe('the parts in float64', () => {
  const problem = createProblem(240, 8)
  const signal = scaledSignal(240, 8, 50)

  it('bound the optimum from below, closely at the optimum', async () => {
    const twin = await float64(problem, signal)
    const best = pointOf(twin)
    const least = valueOf(problem, signal, best)
    const at = (point: Point) => dualBound(problem, signal, residualOf(problem, signal.y, point))
    expect(least - at(best)).toBeGreaterThan(-1e-12)
    expect(least - at(best)).toBeLessThan(1e-6 * least)
    const random = new Random(6)
    for (let i = 0; i < 20; i++) {
      const p = best.p.map((v) => v * 2 * random.uniform())
      expect(at({ p, l: best.l.map((v) => v + random.normal()), d: best.d })).toBeLessThanOrEqual(least)
    }
  })

  it('polish a rough point to a certified one, and keep a good one', async () => {
    const rough = { p: new Float64Array(240).fill(0.5), l: new Float64Array(problem.knotCount), d: new Float64Array(2) }
    const { point, gap, steps } = polish(problem, signal, rough, FIRST_PENALTY)
    expect(gap).toBeLessThan(1e-5)
    expect(steps).toBeGreaterThan(0)
    const twin = await float64(problem, signal)
    const kept = polish(problem, signal, pointOf(twin), FIRST_PENALTY)
    expect(kept.point.p).toEqual(pointOf(twin).p)
    expect(valueOf(problem, signal, point)).toBeGreaterThanOrEqual(valueOf(problem, signal, pointOf(twin)) - 1e-12)
  })

  it.each([
    ['kept in one block', 1000],
    ['in blocks of a run', 1],
    ['in blocks of two runs', 160],
  ])('take Newton steps at which the gradient vanishes: gains %s', (_, kept) => {
    const random = new Random(7)
    const normals = (count: number) => Float64Array.from({ length: count }, () => random.normal())
    const [e, l] = [normals(240), normals(problem.knotCount)]
    const [p, lambda] = [normals(240).map((v) => 0.1 + Math.abs(v)), normals(240).map((v) => 0.1 + Math.abs(v))]
    const [target, alpha] = [0.3, 0.5]
    const newton = new Newton(problem, kept)
    const length = atOnce(newton.solve({ p, lambda, target, alpha, e, l }))
    const { step } = newton
    const whole = new Newton(problem)
    expect(atOnce(whole.solve({ p, lambda, target, alpha, e, l }))).toBe(length)
    expect(whole.step).toEqual(step) // to the last bit
    const next = step.p.map((v, i) => p[i]! + length * v)
    expect(Math.min(...next)).toBeGreaterThan(0)
    const w = lambda.map((v, i) => v / p[i]!)
    const b = p.map((v) => target / v - alpha)
    const r = phasicResponse(problem.filter, step.p)
    const t = tonicSignal(problem, step.l, step.d)
    const rest = e.map((v, i) => v - r[i]! - t[i]!)
    const pull = phasicResponse(problem.filter, rest.toReversed()).reverse()
    expect(rms(pull.map((v, i) => v + b[i]! - w[i]! * step.p[i]!))).toBeLessThan(1e-9)
    for (let j = 0; j < problem.knotCount; j++) {
      const unit = Float64Array.from(l, (_, k) => Number(k === j))
      const column = tonicSignal(problem, unit, new Float64Array(2))
      const along = column.reduce((sum, v, i) => sum + v * rest[i]!, 0)
      expect(along).toBeCloseTo(problem.params.gamma * (l[j]! + step.l[j]!), 8)
    }
    for (const column of driftColumns(problem))
      expect(column.reduce((sum, v, i) => sum + v * rest[i]!, 0)).toBeCloseTo(0, 8)
  })

  it('fit as many penalties as the device has room for, the first one always', () => {
    const wide = layoutOf(problem, 1e9)
    expect([wide.lowest, wide.highest]).toEqual([-18, 2])
    const narrow = layoutOf(problem, 4 * (problem.n + 4 * wide.level))
    expect(narrow.highest - narrow.lowest).toBeLessThan(4)
    expect(narrow.lowest).toBeLessThanOrEqual(Math.log2(FIRST_PENALTY))
    expect(narrow.highest).toBeGreaterThanOrEqual(Math.log2(FIRST_PENALTY))
    expect(narrow.total).toBeLessThanOrEqual(problem.n + 4 * wide.level)
    expect(levelTable(problem, wide, 0.5)).toHaveLength(wide.level * 4)
  })
})

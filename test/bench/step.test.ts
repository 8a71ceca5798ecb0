// What `galvani bench` counts, measures and shows of a training step. No time is judged.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import elementwise from '../../shaders/elementwise.wgsl'
import optimizerShader from '../../shaders/optimizer.wgsl'
import { compareResults } from '../../bench/compare.ts'
import { benchKernels, trafficOf, type KernelResult, type TrafficResult } from '../../bench/kernels.ts'
import { profilePlan } from '../../bench/profile.ts'
import { benchResult, parseBenchResult, type BenchResult } from '../../bench/result.ts'
import { groupBy, judged, layerOf, rate, workOf } from '../../bench/roofline.ts'
import { benchStep, coldStart, prepareStep, withStep, type StepResult } from '../../bench/step.ts'
import { checkTargets } from '../../bench/targets.ts'
import { cpuTime, kernelClock, wallClock } from '../../bench/timing.ts'
import { pageOf } from '../../cli/bench/page.ts'
import { formatDocument, toDocument } from '../../src/formats/documents.ts'
import { add, relu } from '../../src/kernels/elementwise.ts'
import { conv1d } from '../../src/kernels/conv1d/conv1d.ts'
import { recordVariant, type Variant } from '../../src/kernels/variants.ts'
import { presets, type ModelConfig } from '../../src/model/config.ts'
import { initialise } from '../../src/model/init.ts'
import { Rtcan1d } from '../../src/model/rtcan1d.ts'
import { rooflineSvg } from '../../bench/pages/roofline.ts'
import { FormatError, ShapeError } from '../../src/runtime/errors.ts'
import { Gpu } from '../../src/runtime/gpu.ts'
import { openGpu } from '../../src/runtime/node.ts'
import { Plan, type Choice } from '../../src/runtime/plan.ts'
import { Slab } from '../../src/runtime/slab.ts'
import type { Tensor } from '../../src/runtime/tensor.ts'
import { TrainingStep } from '../../src/train/training_step.ts'
import { expectDocument } from '../cli/documents.ts'
import { refuses } from '../cli/support.ts'
import { elementNames } from '../charts/marks.ts'
import { kernelChoices } from '../../src/kernels/choices.ts'
import { planCost } from '../../src/runtime/plan_report.ts'

let gpu: Gpu
beforeAll(async () => void (gpu = await openGpu()))
afterAll(() => gpu.close())

const used = (of = gpu): number => Object.values(of.memory()).reduce((sum, { bytes }) => sum + bytes, 0)

/** A network with a convolution, batch norms, a pool and two linear layers: what trains in a millisecond. */
const TINY: ModelConfig = {
  ...presets.paper,
  shallow: false,
  channels: 8,
  stage_channels: [8],
  units_per_stage: 1,
  unit_sca: false,
  length: 160,
  final_pool: 2,
  music_dim: 6,
  hidden: [8],
}

const PROBES = { fma_peak_gflops: 100, copy_gbps: 5, cpu: null, dispatch_us: 20, submit_us: 50 }
const SOFTWARE = { ...PROBES, cpu: { cores: 2, fma_peak_gflops: 200, copy_gbps: 10 } }

describe('the cost of a plan', () => {
  it('is what its kernels count and what its tensors hold', () => {
    const plan = new Plan(gpu)
    kernelChoices(gpu).named.set('conv1d', 'reg')
    const x = plan.input('x', [2, 10, 6])
    relu(
      plan,
      conv1d(plan, x, plan.input('w', [3, 8, 5]), plan.input('bias', [5]), { stride: 2, padding: 1 }, 'layer.conv'),
    )
    kernelChoices(gpu).named.delete('conv1d')
    const [conv, second] = planCost(plan).dispatches
    // 2 x 5 rows of 5 channels, each 3 taps of 6 channels; rows are padded to 8 of 4 bytes.
    const y = 4 * 2 * 5 * 8
    expect(conv).toEqual({
      ...{
        label: 'layer.conv',
        shader: 'conv1d/reg',
        kernel: 'conv1d/reg.forward',
        constants: expect.anything(),
        groups: [1, 1, 1],
      },
      ...{ flops: 2 * (2 * 5 * 5) * (3 * 6), bytes: 4 * (2 * 10 * 8 + 3 * 8 * 8 + 8) + y },
    })
    expect(second).toMatchObject({ kernel: 'elementwise.relu', bytes: 2 * y })
    expect(planCost(plan).bytes).toBe(conv!.bytes + second!.bytes)
    expect(planCost(plan).flops).toBe(conv!.flops + second!.flops)
    plan.destroy()
  })

  it('counts what is updated in place twice', () => {
    const plan = new Plan(gpu)
    const [parameter, gradient, first_moment] = ['p', 'g', 'm'].map((name) => plan.input(name, [64])) as [
      Tensor,
      Tensor,
      Tensor,
    ]
    const params = { quads: 16, momentum: 0.9, decay: 0, beta1: 0, beta2: 0, gain1: 0, gain2: 0, eps: 0 }
    const args = { parameter, gradient, first_moment, rate: plan.input('rate', [4]), params }
    plan.dispatch(optimizerShader, 'sgd', args, { groups: 1, flops: 256, updates: ['parameter', 'first_moment'] })
    expect(planCost(plan)).toMatchObject({ flops: 256, bytes: 5 * 256 + 16 })
    const wrong = (): void => plan.dispatch(optimizerShader, 'sgd', args, { groups: 1, updates: ['gradient'] })
    expect(wrong).toThrow(ShapeError)
    expect(wrong).toThrow(/cannot update 'gradient'/)
    plan.destroy()
  })
})

describe('a roofline', () => {
  const spent = { ms: 4, cpu_ms: 4 }

  it('is the longer of arithmetic and traffic, dispatch by dispatch', () => {
    const costs = [
      { flops: 3e8, bytes: 1e6 },
      { flops: 0, bytes: 5e6 },
    ]
    const work = workOf(costs, PROBES)
    expect(work).toEqual({ flops: 3e8, bytes: 6e6, floor_ms: 4, floor_ms_cpu: null })
    expect(workOf(costs, SOFTWARE).floor_ms_cpu).toBe(2)
    const rated = rate(work, { ms: 8, cpu_ms: 1 }, PROBES)
    expect(rated.rates).toEqual({
      wall: { gflops: 37.5, gbps: 0.75, of_fma_peak: 0.375, of_copy: 0.15, of_roofline: 0.5 },
      cpu: null,
    })
  })

  it('of a software adapter is judged by CPU time over its cores', () => {
    const rated = rate(workOf([{ flops: 2e8, bytes: 0 }], SOFTWARE), { ms: 10, cpu_ms: 4 }, SOFTWARE)
    expect(judged(rated)).toMatchObject({ gflops: 100, of_fma_peak: 0.5, of_roofline: 0.5 })
    expect(rated.rates.wall.of_roofline).toBe(0.2)
  })

  it('adds up what belongs together', () => {
    const timed = ['a.b.c', 'a.b d', 'a.c'].map((label) => ({
      label,
      shader: 's',
      kernel: 'k',
      constants: {},
      groups: [1, 1, 1] as const,
      flops: 1e8,
      bytes: 0,
      ...spent,
    }))
    const [first, second] = groupBy(timed, layerOf, PROBES)
    expect(first).toMatchObject({
      name: 'a.b',
      dispatches: 2,
      flops: 2e8,
      ms: 8,
      floor_ms: 2,
      rates: { wall: { of_roofline: 0.25 } },
    })
    expect(second).toMatchObject({ name: 'a.c', dispatches: 1 })
  })

  it.each([
    ['residual.stages.0.units.1.sca squeeze', 'residual.stages.0'],
    ['shallow.conv backward weight', 'shallow.conv'],
    ['max pool backward', 'max pool'],
    ['sgd', 'sgd'],
  ])("takes '%s' as part of '%s'", (label, layer) => {
    expect(
      layerOf({ label, kernel: '', shader: 'shader', constants: {}, groups: [1, 1, 1] as const, flops: 0, bytes: 0 }),
    ).toBe(layer)
  })
})

/** The same device, seen through a counter of what is created; without the features that are named. */
function watched(device: GPUDevice, without = ['timestamp-query']): { device: GPUDevice; calls: Map<string, number> } {
  const calls = new Map<string, number>()
  const seen = new Proxy(device, {
    get(target, name) {
      if (name === 'features')
        return new Set<string>([...target.features].filter((feature) => !without.includes(feature)))
      const value: unknown = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      return (...args: unknown[]): unknown => {
        calls.set(String(name), (calls.get(String(name)) ?? 0) + 1)
        return Reflect.apply(value, target, args)
      }
    },
  })
  return { device: seen, calls }
}

describe('a profile', () => {
  const record = (plan: Plan): Plan => {
    const x = plan.input('x', [64, 64])
    plan.output('y', add(plan, relu(plan, x), x))
    return plan
  }

  it.each(['with timestamps', 'without timestamps'])('has an entry for each dispatch, in order, %s', async (which) => {
    const withTimestamps = which === 'with timestamps'
    const { device, calls } = watched(gpu.device, withTimestamps ? [] : ['timestamp-query'])
    const info = { ...gpu.info, isFallbackAdapter: !withTimestamps } // a software adapter's are not asked for
    const own = Gpu.fromDevice(device, { info, wait: (promise) => gpu.wait(promise) })
    const plan = await record(new Plan(own)).compile()
    plan.run()
    await own.idle()
    const rounds: number[] = []
    const profile = await profilePlan(own, plan, 2, (round) => rounds.push(round))
    expect(profile.map(({ kernel }) => kernel)).toEqual(['elementwise.relu', 'elementwise.add'])
    for (const { ms, spread } of profile)
      expect([ms >= 0, spread >= 0, Number.isFinite(ms)]).toEqual([true, true, true])
    expect(profile.map(({ groups }) => groups)).toEqual([
      [(64 * 64) / 4 / 64, 1, 1],
      [(64 * 64) / 4 / 64, 1, 1],
    ])
    expect(calls.get('createQuerySet')).toBe(withTimestamps ? 1 : undefined)
    expect(rounds).toEqual([1, 2])
    plan.destroy()
    expect(used(own)).toBe(0)
    await own.close()
  })
})

describe('a step', () => {
  it('is measured under the names of its document', async () => {
    const before = used()
    const rounds: number[] = []
    const result = await withStep(gpu, { config: TINY, batch: 2 }, (step) =>
      benchStep(gpu, step, 2, { onRound: (round) => rounds.push(round) }),
    )
    expect(rounds).toEqual([1, 2])
    expect(used()).toBe(before)
    const positive = [
      'ms_median',
      'ms_min',
      'dispatches',
      'pipelines',
      'flops',
      'bytes',
      'floor_ms',
      'fma_peak_gflops',
      'copy_gbps',
      'first_step_ms',
      'first_step_cpu_s',
      'cpu_ms',
      'js_ms',
      'js_alone_ms',
      'upload_ms',
      'floor_fraction',
      'gpu_bytes',
    ] as const
    for (const name of positive) expect(result[name], name).toBeGreaterThan(0)
    expect(result).toMatchObject({
      preset: 'paper',
      batch: 2,
      rounds: 2,
      submits: 1,
      adapter: expect.stringMatching(/./),
    })
    expect(result.profile).toHaveLength(result.dispatches)
    expectDocument(toDocument('bench-step', result), ['profile.constants'])
    for (const groups of [result.layers, result.kernels]) {
      expect(groups.reduce((sum, { dispatches }) => sum + dispatches, 0)).toBe(result.dispatches)
      expect(groups.reduce((sum, { floor_ms }) => sum + floor_ms, 0)).toBeCloseTo(result.floor_ms, 8)
    }
    expect(result.rates.cpu === null).toBe(!gpu.info.isFallbackAdapter)
  })

  it('can be started kernel by kernel, which says what each of them takes to compile', async () => {
    const cold = await coldStart(gpu, { config: TINY, batch: 2 })
    expectDocument(toDocument('bench-first-step', cold), ['kernels.constants'])
    const { kernels, first_step_cpu_s } = cold
    const times = kernels.map(({ cpu_s }) => cpu_s)
    expect(times).toEqual([...times].sort((a, b) => b - a))
    expect(times.reduce((sum, s) => sum + s, 0)).toBeLessThanOrEqual(first_step_cpu_s)
    expect(kernels.map(({ kernel }) => kernel)).toContain('optimizer.sgd')
  })

  it('has its kernels measured, each op at each shape once, and the rest as traffic', async () => {
    const before = used()
    await withStep(gpu, { config: TINY, batch: 2 }, async ({ plan }) => {
      const done: number[] = []
      const { kernels, rejected } = await benchKernels(gpu, plan, PROBES, {
        ops: ['conv1d'],
        onOp: (n) => done.push(n),
      })
      const shapes = plan.choices.filter(({ op }) => op === 'conv1d').map(({ shape }) => shape)
      expect(kernels.map(({ shape }) => shape)).toEqual([...new Set(shapes)])
      expect(done).toEqual(kernels.map((_, i) => i))
      expect(rejected).toEqual([])
      for (const { ms, flops, chosen, spread } of kernels)
        expect([ms > 0, flops > 0, chosen, spread >= 0]).toEqual([true, true, true, true])
      expect(kernels.reduce((sum, { uses }) => sum + uses, 0)).toBe(shapes.length)
      const profile = planCost(plan).dispatches.map((cost) => ({ ...cost, ms: 1, cpu_ms: 1, spread: 0 }))
      const traffic = trafficOf(gpu, plan, profile, PROBES)
      const names = traffic.map(({ name }) => name)
      expect(names).toContain('optimizer.sgd')
      expect(names.filter((name) => name.startsWith('conv1d'))).toEqual([])
    })
    expect(used()).toBe(before)
  })

  it('has a kernel in use rejected that computes something else than the plain one', async () => {
    const [plan, shape] = [new Plan(gpu), [4, 64]]
    const of = (name: string, entry: 'add' | 'sigmoid_backward'): Variant<Record<'a' | 'b' | 'y', Tensor>> => ({
      name,
      fits: () => true,
      record: (p, tensors) =>
        p.dispatch(
          elementwise,
          entry,
          { ...tensors, params: { quads: 64, inner: 64, inner_quads: 16 } },
          { groups: 1 },
        ),
    })
    const tensors = { a: plan.input('a', shape), b: plan.input('b', shape), y: plan.tensor(shape, 'f32', 'y') }
    recordVariant(plan, 'sum', '4x64', [of('wrong', 'sigmoid_backward'), of('right', 'add'), of('reg', 'add')], tensors)
    const { kernels, rejected } = await benchKernels(gpu, plan, PROBES)
    plan.destroy()
    expect(kernels).toEqual([])
    const error = expect.stringMatching(/^y differs from reg by/) as string
    expect(rejected).toEqual([
      { op: 'sum', shape: '4x64', kind: { op: 'other' }, variant: 'wrong', chosen: true, error },
    ])
  })

  it('has its kernels timed by CPU time on a software adapter only', () => {
    const clockOn = (isFallbackAdapter: boolean) =>
      kernelClock(Gpu.fromDevice(gpu.device, { info: { ...gpu.info, isFallbackAdapter } }))
    expect([clockOn(true), clockOn(false)]).toEqual([cpuTime, wallClock])
  })

  it('can be measured with every kernel that runs here', async () => {
    await withStep(gpu, { config: TINY, batch: 2 }, async ({ plan }) => {
      const [{ shape, candidates }] = plan.choices.filter(({ op }) => op === 'conv1d backward weight') as [Choice]
      const all = await benchKernels(gpu, plan, PROBES, { ops: ['conv1d backward weight'], allVariants: true })
      const here = all.kernels.filter((kernel) => kernel.shape === shape)
      expect(here.map(({ variant }) => variant)).toEqual(candidates)
      expect(here.filter(({ chosen }) => chosen)).toHaveLength(1)
    })
  })
})

describe('the engine', () => {
  it('creates no object of the device in a run but the commands', async () => {
    const { device, calls } = watched(gpu.device)
    const own = Gpu.fromDevice(device, { info: gpu.info })
    const step = await prepareStep(own, { config: TINY, batch: 2 })
    calls.clear()
    for (let i = 0; i < 20; i++) await step.run()
    // A scope is no object; without it nobody would hear of wrong work.
    expect(Object.fromEntries(calls)).toEqual({ createCommandEncoder: 20, pushErrorScope: 20, popErrorScope: 20 })
    step.destroy()
    await own.close()
  })

  it('takes no more memory after 2,000 steps', async () => {
    const model = new Rtcan1d(gpu, TINY)
    model.weights.load(initialise(TINY, model.summary, 'he', 1), 'initial weights')
    const state = new Slab(gpu, 'momentum', new Map([['momentum', model.weights.parameters.flat.shape]]))
    const step = await TrainingStep.create(gpu, model, 2, { name: 'sgd', momentum: 0.9, weightDecay: 0 }, [state])
    const eda = Float32Array.from({ length: 2 * 3 * TINY.length }, (_, i) => Math.sin(i))
    const batch = { eda, music: Float32Array.from({ length: 12 }, (_, i) => Math.cos(i)) }
    const losses: number[] = []
    let t = 0
    const train = async (steps: number): Promise<void> => {
      for (let i = 0; i < steps; i++) losses.push(...(await step.run(batch, [0, 1], 1e-3, ++t)))
    }
    await train(300)
    const before = [gpu.memory(), process.memoryUsage().rss] as const
    await train(1700)
    losses.push(...(await step.losses()))
    expect(losses).toHaveLength(2000)
    expect(losses.every(Number.isFinite)).toBe(true)
    expect(gpu.memory()).toEqual(before[0])
    // What a collector or allocator has not yet given back is no leak; 75 KiB a step would be.
    expect(process.memoryUsage().rss - before[1]).toBeLessThan(128 * 2 ** 20)
    step.destroy()
    state.destroy()
    model.destroy()
  })
})

describe('what is required', () => {
  it('is judged by the worst kernel in use that takes longer than launching it', () => {
    const { kernels: _, ...step } = stepResult()
    const all = [
      convolution('output', [32, 1250, 64], 64, 7, 0.3),
      convolution('input', [32, 157, 64], 64, 3, 0.17),
      convolution('output', [32, 79, 64], 64, 3, 0.01), // its rows are too few for this requirement
      convolution('output', [32, 1250, 64], 64, 3, 0.02, { flops: 1e6 }), // too little work
      convolution('output', [32, 313, 64], 64, 3, 0.02, { chosen: false }),
      convolution('output', [32, 1250, 64], 32, 1, 0.14),
      convolution('output', [32, 2500, 3], 64, 7, 0.13),
      convolution('output', [1, 32, 6821], 256, 1, 0.2),
      convolution('weight', [1, 32, 6821], 256, 1, 0.1),
      kernel('attention', 'any', 0.25, { kind: { op: 'attention', of: 'output' } }),
      kernel('attention key side', 'any', 0.19, { kind: { op: 'attention', of: 'gradient' } }),
    ]
    const traffic = [group('a', 0.9), group('b', 0.7), group('small', 0.1, 1e3)]
    const targets = checkTargets({
      kernels: all,
      rejected: [],
      traffic,
      step: { ...step, kernels: [] },
      cold: { first_step_ms: 1, first_step_cpu_s: 31 },
    })
    expect(targets.map(({ measured, met, of }) => [measured, met, of])).toEqual([
      [0.17, false, 2],
      [0.14, true, 1],
      [0.13, true, 1],
      [0.1, false, 1],
      [0.25, true, 1],
      [0.19, true, 1],
      [0.2, true, 1],
      [0.7, false, 2],
      [0.25, true, 1],
      [0.9, false, 1],
      [145, true, 1],
      [31, false, 1],
    ])
    expect(targets[0]).toMatchObject({
      required: 0.18,
      unit: 'of FMA peak',
      worst: 'conv1d backward input 32x157x64 64 k3',
    })
  })

  it('is not met by a kernel in use that is wrong', () => {
    const kind = { op: 'attention', of: 'output' } as const
    const rejected = [{ op: 'attention', shape: 'any', kind, variant: 'lane', chosen: true, error: 'wrong' }]
    const targets = checkTargets({
      kernels: [kernel('attention', 'other', 0.9, { kind })],
      rejected,
      traffic: [],
      step: stepResult(),
    })
    expect(targets[4]).toMatchObject({
      row: 'attention forward',
      measured: 0,
      met: false,
      worst: 'attention any, rejected',
    })
  })

  it('is unknown where nothing was measured', () => {
    const [first] = checkTargets({ kernels: [], rejected: [], traffic: [], step: stepResult() })
    expect(first).toMatchObject({ measured: null, met: null, worst: null, of: 0 })
  })
})

describe('two runs', () => {
  const documentOf = (step: Partial<StepResult>, ms: number): BenchResult =>
    benchResult('1.0.0', {
      step: { ...stepResult(), ...step },
      kernels: [kernel('conv1d', 'shape', 0.2, { ms, cpu_ms: 3 * ms })],
      rejected: [],
      traffic: [group('a', 1)],
      targets: [],
    })

  it('are compared by the clock, op by op, and the later one is faster above 1', () => {
    const { ratios, warnings } = compareResults(documentOf({}, 6), documentOf({ ms_median: 5 }, 2))
    expect(ratios).toEqual([
      { name: 'step, preset paper, batch 32', before: 10, after: 5, ratio: 2 },
      { name: 'conv1d shape', before: 6, after: 2, ratio: 3 },
      { name: 'a, 100000000 bytes', before: 5, after: 5, ratio: 1 },
    ])
    expect(warnings).toEqual([])
  })

  it('are compared by CPU time on a software adapter', () => {
    const software = { cpu: SOFTWARE.cpu, cpu_ms: 8 }
    expect(compareResults(documentOf(software, 6), documentOf(software, 2)).ratios.map(({ before }) => before)).toEqual(
      [4, 9, 2.5],
    )
  })

  it('of other adapters, steps or probes say so', () => {
    const { warnings } = compareResults(documentOf({}, 1), documentOf({ adapter: 'other', batch: 8, copy_gbps: 10 }, 1))
    expect(warnings).toEqual([
      expect.stringMatching(/adapters differ: 'x', now 'other'/),
      expect.stringMatching(/batch 32, now .* batch 8/),
      expect.stringMatching(/5.00 GB.s, now 10.0/),
    ])
  })

  it('are read from what was printed, and nothing else', () => {
    const result = documentOf({}, 1)
    const document = toDocument('bench', result)
    expectDocument(document)
    expect(parseBenchResult(formatDocument(document), 'a.json')).toEqual(result)
    for (const text of ['{', 'null', '{"schema":1}', JSON.stringify({ ...result, schema: 2 })]) {
      expect(() => parseBenchResult(text, 'a.json')).toThrow(FormatError)
    }
  })

  it('must be given by a file that is one', async () =>
    await refuses(['bench', '--compare', 'none.json'], 3, /none.json: no such file/))

  it('become a page with every kernel as a dot and every part as a bar', () => {
    const [before, after] = [
      documentOf({}, 6),
      documentOf({ layers: [group('layer <1>', 0.5)], kernels: [group('kernel', 0.5)] }, 2),
    ]
    const page = pageOf(after, { ...compareResults(before, after), warnings: ['the adapters differ'] })
    const names = elementNames(page, ['meta'])
    expect(names.filter((name) => name === 'circle')).toHaveLength(2)
    expect(names.filter((name) => name === 'rect')).toHaveLength(6)
    const text = page
      .replace(/<style>[^<]*<\/style>/, '')
      .replace(/<[^>]+>/g, ' ')
      .replace(/\s+/g, ' ')
    for (const shown of ['the adapters differ', 'layer &#60;1&#62;', 'conv1d shape 6.00 2.00 3.00'])
      expect(text).toContain(shown)
    expect(page).not.toMatch(/NaN|Infinity|undefined/)
  })
})

describe('the roofline chart', () => {
  it('has its corner where a kernel at both limits lies, and powers of ten as they are', () => {
    const chart = rooflineSvg({ gflops: 100, gbps: 5 }, [
      { name: 'a', family: 'f', flops: 2000, bytes: 100, gflops: 100 },
      { name: 'b', family: 'f', flops: 1, bytes: 10, gflops: 0.4 },
    ])
    const [dot] = [...chart.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)"/g)].map(([, x, y]) => [Number(x), Number(y)])
    const corners = [
      .../<path d="(M[^"]+)" fill="none" stroke="currentColor"/.exec(chart)![1]!.matchAll(/[ML]([\d.]+) ([\d.]+)/g),
    ]
    expect(corners.map(([, x, y]) => [Number(x), Number(y)])[1]).toEqual(dot!.map((v) => expect.closeTo(v, 0)))
    expect(chart).toContain('a: 100 GFLOP/s at 20.0 FLOP/byte')
    for (const tick of ['>0.1<', '>1<', '>10<', '>100<']) expect(chart).toContain(tick)
  })
})

describe('galvani bench', () => {
  it('names the ops it knows', async () =>
    await refuses(['bench', 'kernels', '--ops', 'conv2d', '--batch', '1', '--quiet'], 2, /'conv2d' is no op .*conv1d/))
})

function rates(part: number) {
  const all = { gflops: 100 * part, gbps: 5 * part, of_fma_peak: part, of_copy: part, of_roofline: part }
  return { wall: all, cpu: null }
}

/** A convolution by the parts of its shape's name: batch x rows x input channels, output channels, taps. */
function convolution(
  of: 'output' | 'input' | 'weight',
  [batch, rows, inChannels]: readonly [number, number, number],
  outChannels: number,
  taps: number,
  part: number,
  more: Partial<KernelResult> = {},
): KernelResult {
  const op = { output: 'conv1d', input: 'conv1d backward input', weight: 'conv1d backward weight' }[of]
  const kind = { op: 'convolution', of, batch, rows, inChannels, outChannels, kernel: taps } as const
  return kernel(op, `${batch}x${rows}x${inChannels} ${outChannels} k${taps}`, part, { kind, ...more })
}

function kernel(op: string, shape: string, part: number, more: Partial<KernelResult> = {}): KernelResult {
  const work = { flops: 1e9, bytes: 1e6, floor_ms: 10, floor_ms_cpu: null }
  return {
    op,
    shape,
    kind: { op: 'other' },
    variant: 'reg',
    chosen: true,
    uses: 1,
    ms: 10 / part,
    cpu_ms: null,
    spread: 0,
    ...work,
    rates: rates(part),
    ...more,
  }
}

function group(name: string, part: number, bytes = 1e8): TrafficResult {
  return {
    name,
    label: 'first',
    shader: 'elementwise',
    dispatches: 1,
    flops: 1e6,
    bytes,
    floor_ms: 5 * part,
    floor_ms_cpu: null,
    ms: 5,
    cpu_ms: 5,
    rates: rates(part),
  }
}

function stepResult(): StepResult {
  const times = {
    ms_median: 10,
    ms_min: 9,
    spread: 0.1,
    cpu_ms: 20,
    js_ms: 0.9,
    js_alone_ms: 1.1,
    upload_ms: 0.1,
    first_step_ms: 100,
    first_step_cpu_s: 0.1,
  }
  const work = { flops: 1e9, bytes: 1e8, floor_ms: 2.5, floor_ms_cpu: null, floor_fraction: 0.25, rates: rates(0.25) }
  const counts = { batch: 32, rounds: 3, dispatches: 145, pipelines: 40, submits: 1, gpu_bytes: 1e6 }
  return {
    adapter: 'x',
    preset: 'paper',
    ...PROBES,
    ...times,
    ...work,
    ...counts,
    layers: [],
    kernels: [],
    profile: [],
  }
}

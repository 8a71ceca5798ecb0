// The tuner: what it rejects, what it chooses, and what it keeps.
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { cpuTime } from '../../bench/timing.ts'
import elementwise from '../../shaders/elementwise.wgsl'
import { batchNorm } from '../../src/kernels/batchnorm.ts'
import { conv1d, conv1dBackwardWeight, convWeightShape } from '../../src/kernels/conv1d/conv1d.ts'
import { attention } from '../../src/kernels/attention.ts'
import { adapterClass, presets } from '../../src/kernels/presets.ts'
import { recordVariant, type Variant } from '../../src/kernels/variants.ts'
import { untunedLines } from '../../cli/tune.ts'
import { presets as models, type ModelConfig } from '../../src/model/config.ts'
import { DeviceError } from '../../src/runtime/errors.ts'
import { Gpu } from '../../src/runtime/gpu.ts'
import type { AdapterInfo } from '../../src/runtime/gpu_base.ts'
import { openGpu } from '../../src/runtime/node.ts'
import { Plan } from '../../src/runtime/plan.ts'
import type { Tensor } from '../../src/runtime/tensor.ts'
import {
  adapterKey,
  cacheFile,
  emptyCache,
  formatCache,
  parseCache,
  type TuneCache,
  type TunedEntry,
} from '../../src/tune/cache.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { useTunedKernels } from '../../src/train/tuned_kernels.ts'
import { measureCandidates, REFERENCE } from '../../src/tune/measure.ts'
import { race, winner } from '../../src/tune/race.ts'
import { passTimer, type Clock } from '../../src/tune/timer.ts'
import { tune, type Untuned } from '../../src/tune/tune.ts'
import { kernelChoices } from '../../src/kernels/choices.ts'
import { kernelTables } from '../verify/kernel_runs.ts'

let gpu: Gpu
beforeAll(async () => {
  gpu = await openGpu()
})
afterEach(() => {
  vi.restoreAllMocks()
  kernelChoices(gpu).tuned.clear()
  kernelChoices(gpu).named.clear()
})
afterAll(() => gpu.close())

/** A clock on which a dispatch that has been submitted takes 1 ms, and nothing else any time. */
function dispatchClock(): Clock {
  let [encoded, done] = [0, 0]
  const encode: (this: Plan, pass: GPUComputePassEncoder) => void = Reflect.get(Plan.prototype, 'encode')
  vi.spyOn(Plan.prototype, 'encode').mockImplementation(function (this: Plan, pass) {
    encoded += this.dispatches.length
    encode.call(this, pass)
  })
  const submit = gpu.submit.bind(gpu)
  vi.spyOn(gpu, 'submit').mockImplementation((what, encode) => {
    submit(what, encode)
    done += encoded
    encoded = 0
  })
  return () => done
}

interface Sum {
  a: Tensor
  b: Tensor
  y: Tensor
}

/** y = a + b, `times` times, in `quads` of the quads. */
const adds = (name: string, times: number, part = 1): Variant<Sum> => ({
  name,
  fits: () => true,
  record(p, { a, b, y }) {
    const quads = Math.floor((part * a.byteLength) / 16)
    const params = { quads, inner: a.rowStride, inner_quads: a.rowStride / 4 }
    for (let i = 0; i < times; i++)
      p.dispatch(elementwise, 'add', { a, b, y, params }, { groups: Math.ceil(quads / 64), flops: a.size })
  },
})

const multiplies: Variant<Sum> = {
  name: 'wrong',
  fits: () => true,
  record(p, { a, b, y }) {
    const params = { quads: a.byteLength / 16, inner: a.rowStride, inner_quads: a.rowStride / 4 }
    p.dispatch(elementwise, 'sigmoid_backward', { a, b, y, params }, { groups: Math.ceil(params.quads / 64) })
  },
}

const throwing: Variant<Sum> = {
  name: 'broken',
  fits: () => true,
  record() {
    throw new DeviceError('it does not compile')
  },
}

const SHAPE = [4, 64] as const

/** A plan whose only op has these candidates; the inputs hold ones. */
function planOf(variants: readonly Variant<Sum>[]): { plan: Plan; y: Tensor } {
  const plan = new Plan(gpu)
  const [a, b] = [plan.input('a', SHAPE), plan.input('b', SHAPE)]
  const y = plan.tensor(SHAPE, 'f32', 'y')
  recordVariant(plan, 'sum', '4x64', variants, { a, b, y })
  plan.output('y', y)
  return { plan, y }
}

/** What tuning keeps of a plan with these candidates. */
async function tuned(variants: readonly Variant<Sum>[]): Promise<{ entry: TunedEntry | null | undefined } & Untuned> {
  const { plan } = planOf(variants)
  let entry: TunedEntry | null | undefined
  const untuned = await tune(gpu, [plan], {
    clock: dispatchClock(),
    budget: 60,
    onEntry: (_, found) => void (entry = found),
  })
  plan.destroy()
  vi.restoreAllMocks()
  return { entry, ...untuned }
}

describe('a candidate', () => {
  it('that computes something else, leaves values unwritten or does not run is rejected with the reason', async () => {
    const { entry } = await tuned([multiplies, adds('half', 1, 0.5), throwing, adds('reg', 1)])
    expect(entry?.variant).toBe('reg')
    expect(entry?.defaultMs).toBeNull()
    expect(entry?.tried).toEqual([
      {
        variant: 'wrong',
        rejected: expect.stringMatching(
          /^y differs from reg by \d.* of its largest value, 3\.8e-6 is allowed$/,
        ) as string,
      },
      { variant: 'half', rejected: 'y has NaN at 128' },
      { variant: 'broken', rejected: 'it does not compile' },
      { variant: 'reg', ms: 1 },
    ])
    expect(kernelChoices(gpu).tuned.get('sum 4x64')).toBe('reg')
  })

  it('that is slower than the default is not chosen, and one that is faster is', async () => {
    const [slow, quick] = [adds('slow', 40), adds('quick', 1)]
    expect((await tuned([quick, slow, adds('reg', 4)])).entry?.variant).toBe('quick')
    const { entry } = await tuned([slow, quick, adds('reg', 4)])
    expect(entry).toMatchObject({ variant: 'quick', ms: 1, defaultMs: 40 })
  })

  it('that is preferred and wrong is rejected, and the fastest of the others chosen', async () => {
    const { entry } = await tuned([multiplies, adds('quick', 1), adds('reg', 4)])
    expect(entry).toMatchObject({ variant: 'quick', ms: 1, defaultMs: null })
    expect(entry?.tried[0]).toMatchObject({
      variant: 'wrong',
      rejected: expect.stringMatching(/^y differs from reg by/) as string,
    })
  })

  it('has nothing to be compared with where its op has no plain kernel', async () => {
    const { plan } = planOf([adds('other', 1), multiplies])
    const measured = await measureCandidates(gpu, plan.choices[0]!, cpuTime)
    plan.destroy()
    expect(measured.map(({ ms, error }) => ({ ms, error }))).toEqual(
      Array.from({ length: 2 }, () => ({
        ms: null,
        error: `nothing to compare with: sum has no kernel '${REFERENCE}'`,
      })),
    )
  })

  it('is not chosen where the reference itself computes no numbers', async () => {
    const overflows: Variant<Sum> = {
      ...adds('reg', 1),
      record(p, args) {
        if (args.a.storage.buffer) gpu.write(args.a, new Float32Array(args.a.size).fill(Infinity))
        adds('reg', 1).record(p, args)
      },
    }
    kernelChoices(gpu).tuned.set('sum 4x64', 'other') // as was measured before
    expect(await tuned([adds('other', 1), overflows])).toEqual({ entry: null, left: [], wrong: ['sum 4x64'] })
    expect(kernelChoices(gpu).tuned.has('sum 4x64')).toBe(false)
  })

  it('is recorded from then on, unless another one is asked for', async () => {
    const choices = [adds('first', 40), adds('second', 1), adds('reg', 4)]
    await tuned(choices)
    const chosen = (): string | undefined => {
      const { plan } = planOf(choices)
      plan.destroy()
      return plan.choices[0]?.variant
    }
    expect(chosen()).toBe('second')
    expect(kernelChoices(gpu).chosen.get('sum 4x64')).toBe('second')
    kernelChoices(gpu).named.set('sum', 'reg')
    expect(chosen()).toBe('reg')
    kernelChoices(gpu).named.clear()
    kernelChoices(gpu).tuned.set('sum 4x64', 'of another version')
    expect(chosen()).toBe('first')
  })

  it('is tried on memory of its own, which is given back', async () => {
    const { plan } = planOf([adds('other', 2), adds('reg', 1)])
    plan.write('a', new Float32Array(256).fill(1))
    plan.write('b', new Float32Array(256).fill(2))
    await plan.compile()
    const before = gpu.memory()
    await measureCandidates(gpu, plan.choices[0]!, cpuTime)
    expect(gpu.memory()).toEqual(before)
    plan.run()
    expect(await plan.read('y')).toEqual(new Float32Array(256).fill(3))
    plan.destroy()
  })
})

/** A network that is recorded in a moment. */
const TINY: ModelConfig = {
  ...models.paper,
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

describe('real ops', () => {
  /** A normalisation, a convolution with its weight gradient, and attention, at shapes that fill no tile; nothing is compiled. */
  function record(): Plan {
    const plan = new Plan(gpu)
    const x = plan.input('x', [2, 21, 12])
    const w = plan.input('w', convWeightShape(3, 12, 12))
    const vector = (label: string): Tensor => plan.input(label, [12])
    batchNorm(
      plan,
      x,
      { gamma: vector('gamma'), beta: vector('beta'), runningMean: vector('mean'), runningVar: vector('variance') },
      { training: true },
    )
    const g = { stride: 1, padding: 1 }
    const y = conv1d(plan, x, w, null, g)
    conv1dBackwardWeight(plan, y, x, plan.tensor(w.shape), null, g)
    attention(plan, x, y, y, [0, 10, 21], [0, 10, 21])
    return plan
  }

  it('have no candidate that is wrong here, and everything is measured', async () => {
    const plan = record()
    const entries: Record<string, TunedEntry | null> = {}
    const seen: [number, number][] = []
    const untuned = await tune(gpu, [plan, plan], {
      clock: cpuTime,
      budget: 600,
      onEntry: (key, entry) => void (entries[key] = entry),
      onProgress: (done, total) => void seen.push([done, total]),
    })
    plan.destroy()
    expect(untuned).toEqual({ left: [], wrong: [] })
    expect(Object.keys(entries).sort()).toEqual(plan.choices.map(({ op, shape }) => `${op} ${shape}`).sort())
    expect(Object.values(entries).flatMap((entry) => entry?.tried.filter((of) => 'rejected' in of))).toEqual([])
    expect(seen.at(-1)).toEqual([4, 4])
    expect(Object.values(entries).every((entry) => (entry?.tried.length ?? 0) > 1)).toBe(true)
  })

  it('are left for another time when the budget is spent, and are not measured twice', async () => {
    const plan = record()
    const keys = plan.choices.map(({ op, shape }) => `${op} ${shape}`)
    const { left, wrong } = await tune(gpu, [plan], { clock: cpuTime, budget: 0 })
    expect([left.sort(), wrong]).toEqual([[...keys].sort(), []])
    const known = Object.fromEntries(
      keys.map((key): [string, TunedEntry] => [key, { variant: 'reg', ms: 1, defaultMs: 1, tried: [], at: '' }]),
    )
    let calls = 0
    expect(await tune(gpu, [plan], { clock: cpuTime, known, onEntry: () => void calls++ })).toEqual({
      left: [],
      wrong: [],
    })
    expect(calls).toBe(0)
    plan.destroy()
  })

  it('are timed by timestamps where the adapter is said to be a real one', async () => {
    const real = Gpu.fromDevice(gpu.device, {
      info: { ...gpu.info, isFallbackAdapter: false },
      wait: (promise) => gpu.wait(promise),
    })
    const timer = passTimer(real, () => NaN)
    const plan = new Plan(real)
    const x = plan.input('x', [2, 210, 12])
    plan.output('y', conv1d(plan, x, plan.input('w', convWeightShape(3, 12, 12)), null, { stride: 1, padding: 1 }))
    await plan.compile()
    const ms = await timer.time((pass) => {
      for (let i = 0; i < 50; i++) plan.encode(pass)
    })
    expect(ms).toBeGreaterThan(0)
    expect(ms).toBeLessThan(60_000)
    timer.destroy()
    plan.destroy()
    expect(real.memory()['staging']).toBeUndefined()
    await real.close()
  })

  it('leave no memory behind where their timer cannot be made', async () => {
    const { plan } = planOf([adds('other', 2), adds('reg', 1)])
    const real = Gpu.fromDevice(gpu.device, {
      info: { ...gpu.info, isFallbackAdapter: false },
      wait: (promise) => gpu.wait(promise),
    })
    const createBuffer = real.createBuffer.bind(real)
    vi.spyOn(real, 'createBuffer').mockImplementation((label, ...rest) => {
      if (label === 'read timestamps') throw new DeviceError('no more')
      return createBuffer(label, ...rest)
    })
    await expect(measureCandidates(real, plan.choices[0]!, cpuTime)).rejects.toThrow('no more')
    expect(
      Object.values(real.memory())
        .map(({ bytes }) => bytes)
        .filter((bytes) => bytes > 0),
    ).toEqual([])
    plan.destroy()
    await real.close()
  })

  it('are recorded to be measured without a trace in what the device has chosen', async () => {
    kernelChoices(gpu).chosen.set('sum 4x64', 'first')
    const before = new Map(kernelChoices(gpu).chosen)
    const { left } = await useTunedKernels(gpu, new MemoryStore(), 'on', { model: TINY, batch: 2 }, { budget: 0 })
    expect(left.length).toBeGreaterThan(0)
    expect(kernelChoices(gpu).chosen).toEqual(before)
  })

  it('of which none is right any more leave the store', async () => {
    const store = new MemoryStore()
    const measured: TunedEntry = { variant: 'reg', ms: 1, defaultMs: 1, tried: [], at: '' }
    const { left } = await useTunedKernels(gpu, store, 'on', { model: TINY, batch: 2 }, { budget: 0 })
    const entries = Object.fromEntries(left.map((key) => [key, measured]))
    await store.write(cacheFile(gpu), formatCache({ ...emptyCache(gpu), entries }))
    vi.spyOn(Plan.prototype, 'run').mockImplementation(() => {
      throw new DeviceError('nothing runs')
    })
    const { cache, wrong } = await useTunedKernels(
      gpu,
      store,
      'force',
      { model: TINY, batch: 2 },
      { clock: cpuTime, budget: 60 },
    )
    expect(wrong.sort()).toEqual(left.sort())
    expect(cache.entries).toEqual({})
    expect([...kernelChoices(gpu).tuned.keys()]).toEqual([])
    expect(parseCache(gpu, await store.readText(cacheFile(gpu))).entries).toEqual({})
    expect(untunedLines({ left: ['a'], wrong: ['b'] })).toBe(
      '\nnot measured yet: 1; run it again, or give it a longer --budget\nno kernel was right: b',
    )
  })
})

describe('the race', () => {
  it('takes turns five times, and gives up who is far behind, the default excepted', async () => {
    const times: Record<string, number[]> = { noisy: [11, 3, 9, 9, 9], even: [5, 5, 4, 5, 5], hopeless: [11, 1] }
    const asked: string[] = []
    const samples = await race(Object.keys(times), 'noisy', (name) => {
      asked.push(name)
      return Promise.resolve(times[name]?.shift() ?? NaN)
    })
    expect(asked.slice(0, 5)).toEqual(['noisy', 'even', 'hopeless', 'noisy', 'even'])
    expect([...samples]).toEqual([
      ['noisy', [11, 3, 9, 9, 9]],
      ['even', [5, 5, 4, 5, 5]],
      ['hopeless', [11]],
    ])
  })

  it('is won by the fastest, and by the default unless another one saves three percent', () => {
    expect(
      winner(
        new Map([
          ['a', 100],
          ['b', 97.1],
        ]),
        'a',
      ),
    ).toBe('a')
    expect(
      winner(
        new Map([
          ['a', 100],
          ['b', 96.9],
        ]),
        'a',
      ),
    ).toBe('b')
    expect(
      winner(
        new Map([
          ['b', 2],
          ['c', 1],
        ]),
        'rejected',
      ),
    ).toBe('c')
    expect(winner(new Map(), 'a')).toBeNull()
  })
})

describe('the cache', () => {
  const entry: TunedEntry = {
    variant: 'reg',
    ms: 1.5,
    defaultMs: 2,
    tried: [
      { variant: 'tile', ms: 2 },
      { variant: 'reg', ms: 1.5 },
    ],
    at: '2026-01-01T00:00:00Z',
  }
  const filled = () => ({ ...emptyCache(gpu), entries: { 'sum 4x64': entry } })

  /** What is read of a document, and why nothing is. */
  function reading(text: string): { entries: Record<string, TunedEntry>; reason: string } {
    let reason = ''
    const { entries } = parseCache(gpu, text, (why) => void (reason = why))
    return { entries, reason }
  }

  it('comes back as it was written', () => {
    expect(parseCache(gpu, formatCache(filled()))).toEqual(filled())
    expect(reading(formatCache(filled())).reason).toBe('')
  })

  it.each([
    ['no JSON', '{', /^it is not JSON/],
    ['another program’s', '{"schema":2,"entries":[]}', /no table of tuned kernels/],
    ['null', 'null', /^it is damaged/],
  ])('ignores %s document', (_, text, reason) => {
    expect(reading(text)).toEqual({ entries: {}, reason: expect.stringMatching(reason) as string })
  })

  it('drops what was measured with other kernels, on another adapter or driver, or under another schema', () => {
    expect(reading(formatCache({ ...filled(), engine: '0' })).reason).toBe('the kernels have changed since')
    for (const field of Object.keys(adapterKey(gpu))) {
      const foreign = { ...filled(), adapter: { ...adapterKey(gpu), [field]: 'X 9000' } }
      expect(reading(formatCache(foreign)), field).toEqual({
        entries: {},
        reason: expect.stringMatching(/another adapter or driver/) as string,
      })
    }
    const written = JSON.parse(formatCache(filled())) as object
    for (const [schema, says] of [
      [1, 'it was written by an older galvani (schema 1, this one reads 2); run `galvani tune` again'],
      [3, 'it was written by a newer galvani (schema 3, this one reads 2); update galvani'],
    ] as const) {
      expect(reading(JSON.stringify({ ...written, schema }))).toEqual({ entries: {}, reason: says })
    }
  })

  it('drops single entries that make no sense', () => {
    const written = JSON.parse(formatCache(filled())) as TuneCache
    const damaged = { ...written, entries: { good: written.entries['sum 4x64'], bad: { variant: 5 }, none: null } }
    expect(Object.keys(reading(JSON.stringify(damaged)).entries)).toEqual(['good'])
  })

  it('has a file for each adapter, which a new driver takes over', () => {
    const of = (info: Partial<AdapterInfo>): string =>
      cacheFile(Gpu.fromDevice(gpu.device, { info: { ...gpu.info, ...info } }))
    expect(of({ vendor: 'NVIDIA', architecture: 'Hopper', device: '../H200 (141 GB)' })).toBe(
      'kernels-nvidia-hopper-h200-141-gb.json',
    )
    expect(of({ description: 'driver 1' })).toBe(of({ description: 'driver 2' }))
    expect(of({ vendor: '', architecture: '', device: '' })).toBe('kernels-unknown.json')
  })
})

describe('adapters', () => {
  it.each([
    ['lavapipe', 'mesa', 'software', 'llvmpipe: Mesa 25.0.7 (LLVM 15.0.6)'],
    ['swiftshader', 'google', 'swiftshader', 'SwiftShader driver 5.0.0'],
    ['nvidia', 'nvidia', 'hopper', 'NVIDIA H200'],
    ['amd', 'amd', 'rdna-3', 'AMD Radeon RX 7900 XTX (RADV NAVI31)'],
    ['apple', 'apple', 'metal-3', ''],
    ['intel', 'intel', 'xe', 'Intel(R) Iris(R) Xe Graphics'],
    ['other', 'qualcomm', 'adreno-7xx', 'Snapdragon by pineapple'],
  ])('are told apart: %s', (wanted, vendor, architecture, description) => {
    expect(adapterClass({ vendor, architecture, device: '', description, isFallbackAdapter: false })).toBe(wanted)
  })

  it('have a plain kernel of every op, and presets of variants that exist', () => {
    const lists = Object.entries(kernelTables)
    expect(lists.length).toBeGreaterThanOrEqual(8)
    expect(lists.filter(([, list]) => !list.some(({ name }) => name === REFERENCE))).toEqual([])
    const unknown = Object.values(presets).flatMap((preset) =>
      Object.entries(preset).flatMap(([op, names]) =>
        names.filter((name) => !kernelTables[op]?.some((variant) => variant.name === name)),
      ),
    )
    expect(unknown).toEqual([])
  })

  it('have their preset recorded, unless something was measured', () => {
    const info = { ...gpu.info, vendor: 'google', architecture: 'swiftshader', device: '', description: '' }
    const google = Gpu.fromDevice(gpu.device, { info })
    const normalisations = (): string[] => {
      const plan = new Plan(google)
      const vector = (label: string): Tensor => plan.input(label, [4])
      const tensors = {
        gamma: vector('gamma'),
        beta: vector('beta'),
        runningMean: vector('mean'),
        runningVar: vector('variance'),
      }
      batchNorm(plan, plan.input('x', [2, 8, 4]), tensors, { training: true })
      plan.destroy()
      return plan.choices.map(({ variant }) => variant)
    }
    expect(normalisations()).toEqual(['reg'])
    kernelChoices(google).tuned.set('batchnorm', 'columns 4')
    expect(normalisations()).toEqual(['columns 4'])
  })
})

// Wrong calls of the public functions: each is refused in one sentence that says what was expected, before anything is computed.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  decompose,
  decomposeStream,
  Gpu,
  initialise,
  optimizerStep,
  parseSafetensors,
  Plan,
  presets,
  Rtcan1d,
  solveQp,
  UsageError,
} from '../../src/index.ts'
import { analyse } from '../../src/recordings.ts'
import { serializeSafetensors } from '../../src/files.ts'
import { conv1d, gradients, pool1d } from '../../src/kernels.ts'
import shader from '../../shaders/elementwise.wgsl'
import { nearest } from '../../src/runtime/arguments.ts'
import { openCpu } from '../../src/runtime/node_cpu.ts'
import { openGpu } from '../../src/runtime/node.ts'
import {
  evaluateElsewhere,
  evaluateRun,
  loadDataset,
  predict,
  prepareDataset,
  prepareTrials,
  trainRun,
  tune,
} from '../../src/training.ts'

let gpu: Gpu
beforeAll(async () => {
  gpu = await openGpu()
})
afterAll(() => gpu.close())

/** What a caller without types may pass. */
const any = (value: unknown): never => value as never
const signal = Float64Array.from({ length: 40 }, (_, i) => 4 + Math.sin(i / 5))

/** What was thrown, now or later. */
const failure = async (call: () => unknown): Promise<unknown> => {
  try {
    await call()
  } catch (error) {
    return error
  }
  return new Error('nothing was thrown')
}
const message = async (call: () => unknown): Promise<string> => ((await failure(call)) as Error).message

describe('the nearest name', () => {
  it.each([
    ['tau', 'tau0'],
    ['sampleRrate', 'sampleRate'],
    ['samplerate', 'sampleRate'],
    ['deltaKnots', 'deltaKnot'],
  ])('to %s is %s', (word, expected) => {
    expect(nearest(word, ['alpha', 'tau0', 'tau1', 'deltaKnot', 'sampleRate'])).toBe(expected)
  })
})

describe('what another copy of the library made', () => {
  it('is taken by what it can do: workers', async () => {
    const cpu = openCpu({ workers: 1 })
    const other = { workers: cpu.workers, run: cpu.run.bind(cpu) }
    const eda = Array.from({ length: 80 }, (_, i) => 2 + Math.sin(i / 9))
    expect(await decompose(any(other), [eda], { sampleRate: 4 })).toEqual(
      await decompose('cpu', [eda], { sampleRate: 4 }),
    )
    const program = { P: [2], q: [-1], A: [1], l: [0], u: [1] }
    expect(await solveQp(any(other), [program])).toEqual(await solveQp('cpu', [program]))
    cpu.close()
  })
})

it('a Gpu makes plans', () => {
  const plan = gpu.plan()
  expect(plan).toBeInstanceOf(Plan)
  expect(plan.gpu).toBe(gpu)
})

it('a part of a tensor lies within it', () => {
  const tensor = gpu.tensor([3, 8])
  expect(tensor.part([8], 32)).toMatchObject({ byteOffset: 32, byteLength: 32, storage: tensor.storage })
  expect(tensor.part([8], 64).part([4], 16).byteOffset).toBe(80)
  expect(() => tensor.part([8], 80)).toThrow('tensor: [8] from byte 80 on ends beyond its 96')
  gpu.free(tensor)
})

describe('a wrong first argument', () => {
  const config = { ...presets.paper, length: 120 }
  it.each([
    ['Gpu.fromDevice', () => Gpu.fromDevice(any(undefined)), 'Gpu.fromDevice: got undefined, expected the GPUDevice'],
    [
      'Gpu.fromDevice of an adapter',
      () => Gpu.fromDevice(any({ requestDevice() {} })),
      'Gpu.fromDevice: got an object, ',
    ],
    [
      'Plan',
      () => new Plan(any(gpu.device)),
      'Plan: the first argument must be a Gpu (from openGpu), got a GPUDevice, which',
    ],
    [
      'Rtcan1d',
      () => new Rtcan1d(any(null), config),
      'Rtcan1d: the first argument must be a Gpu (from openGpu), got null',
    ],
    [
      'decompose',
      () => decompose(any('gpu'), [signal], { sampleRate: 4 }),
      "decompose: the first argument must be a Gpu (from openGpu), workers (from openCpu) or 'cpu', got 'gpu'",
    ],
    [
      'decompose of a GPUDevice',
      () => decompose(any(gpu.device), [signal], { sampleRate: 4 }),
      'got a GPUDevice, which Gpu.fromDevice(device) makes one of',
    ],
    [
      'decomposeStream',
      () => decomposeStream(any({}), { sampleRate: 4 }),
      'decomposeStream: the first argument must be',
    ],
    ['analyse', () => analyse(any(undefined), []), 'analyse: the first argument must be'],
    [
      'prepareTrials',
      () => prepareTrials(any('tpu'), any({}), any({})),
      'prepareTrials: the first argument must be a Gpu',
    ],
    ['prepareDataset', () => prepareDataset(any(null), any({}), any({})), 'prepareDataset: the first argument must be'],
    ['trainRun', () => trainRun(any({}), any({}), any({}), any({})), 'trainRun: the first argument must be a Gpu'],
    ['predict', () => predict(any(undefined), any({}), any({})), 'predict: the first argument must be a Gpu'],
    ['evaluateRun', () => evaluateRun(any(1), any({}), any({})), 'evaluateRun: the first argument must be a Gpu'],
  ])('of %s', async (_, call, expected) => {
    expect(await message(call)).toContain(expected)
  })
})

describe('options', () => {
  it.each([
    [
      'decompose without any',
      () => decompose('cpu', [signal], any(undefined)),
      'decompose: the options are undefined, expected an object',
    ],
    [
      'decompose',
      () => decompose('cpu', [signal], any({ sampleRate: 4, tau: 2 })),
      "decompose has no option 'tau'; did you mean 'tau0'?",
    ],
    [
      'decomposeStream',
      () => decomposeStream('cpu', any({ sampleRate: 4, settle: 2 })),
      "decomposeStream has no option 'settle'; did you mean ",
    ],
    [
      'analyse',
      () => analyse('cpu', [], any({ minAmplitud: 1 })),
      "analyse has no option 'minAmplitud'; did you mean 'minAmplitude'?",
    ],
    [
      'analyse: solving',
      () => analyse('cpu', [], any({ solving: { tau00: 1 } })),
      "analyse: solving has no option 'tau00'",
    ],
    [
      'openGpu',
      () => openGpu(any({ adaptor: 'llvmpipe' })),
      "openGpu has no option 'adaptor'; did you mean 'adapter'?",
    ],
    ['openCpu', () => openCpu(any({ threads: 2 })), "openCpu has no option 'threads'; did you mean 'workers'?"],
    ['prepareTrials', () => prepareTrials(gpu, any({}), any({ dropSecond: 3 })), "did you mean 'dropSeconds'?"],
    [
      'prepareTrials of nothing',
      () => prepareTrials('cpu', any({}), any({ length: 9, dropSeconds: 0 })),
      'has no trials',
    ],
    [
      'prepareTrials without any',
      () => prepareTrials(gpu, any({}), any(undefined)),
      'prepareTrials: the options are undefined',
    ],
    [
      'prepareDataset',
      () => prepareDataset(gpu, any({}), any({}), any({ onProgres: 1 })),
      "did you mean 'onProgress'?",
    ],
    [
      'loadDataset',
      () => loadDataset(any({}), any({ name: 'a', rate: 4 })),
      "loadDataset has no option 'rate'; did you mean ",
    ],
    ['trainRun', () => trainRun(gpu, any({}), any({}), any({}), any({ onlyfold: '1' })), "did you mean 'onlyFold'?"],
    ['predict', () => predict(gpu, any({}), any({}), any({ abort: 1 })), "predict has no option 'abort'"],
    ['evaluateRun', () => evaluateRun(gpu, any({}), any({}), any({ onWarn: 1 })), "did you mean 'onWarning'?"],
    [
      'evaluateElsewhere',
      () => evaluateElsewhere(gpu, any({}), any({}), any(0), any({ signals: 1 })),
      "did you mean 'signal'?",
    ],
    [
      'Rtcan1d',
      () => new Rtcan1d(gpu, any({ ...presets.paper, stagechannels: [8] })),
      "the model has no option 'stagechannels'; did you mean 'stage_channels'?",
    ],
    ['Rtcan1d without any', () => new Rtcan1d(gpu, any(undefined)), 'the model: the options are undefined'],
    ['tune', () => tune(gpu, [], any({ budgets: 1 })), "tune has no option 'budgets'; did you mean 'budget'?"],
    ['tune of one plan', () => tune(gpu, any(new Plan(gpu))), 'tune: expected an array of plans, got a Plan'],
    [
      'Plan.compile',
      () => new Plan(gpu).compile(any({ keepall: true })),
      "Plan.compile has no option 'keepall'; did you mean 'keepAll'?",
    ],
    [
      'Gpu.fromDevice',
      () => Gpu.fromDevice(gpu.device, any({ onclose: null })),
      "no option 'onclose'; did you mean 'onClose'?",
    ],
  ])('of %s', async (_, call, expected) => {
    expect(await message(call)).toContain(expected)
    expect(await failure(call)).toBeInstanceOf(UsageError)
  })
})

describe('values for the device', () => {
  it.each([
    ['f32', 'input', ['1', 2, 3, 4], 'x: value 0 is a string, expected a number of 32 bits for f32'],
    ['f32', 'input', [1, 2, NaN, 4], 'x: value 2 is NaN, expected a finite number for f32'],
    ['f32', 'input', Float32Array.of(1, Infinity, 3, 4), 'x: value 1 is Infinity, expected a finite number for f32'],
    ['f32', 'tensor', [1, 2, 3, 1e39], 'x: value 3 is 1e+39, expected a number of 32 bits for f32'],
    ['u32', 'tensor', [1, 2, 3, -1], 'x: value 3 is -1, expected an integer from 0 to 4294967295 for u32'],
    ['u32', 'tensor', Float32Array.of(0.5, 1, 2, 3), 'x: value 0 is 0.5, expected an integer from 0 to 4294967295'],
    ['i32', 'tensor', [2 ** 31, 0, 0, 0], 'x: value 0 is 2147483648, expected an integer of 32 bits for i32'],
    ['f32', 'input', null, 'x: got null, expected 4 numbers for shape'],
    ['f32', 'tensor', '1234', 'x: got a string, expected 4 numbers for shape'],
  ] as const)('of %s as %s: %o', async (dtype, kind, data, expected) => {
    const plan = new Plan(gpu)
    const x = plan.input('x', [4], dtype)
    expect(await message(() => (kind === 'input' ? plan.write('x', any(data)) : gpu.write(x, any(data))))).toContain(
      expected,
    )
    plan.destroy()
  })

  it('may be NaN in a tensor written by hand, as a poisoned one is', async () => {
    const x = gpu.tensor([2])
    gpu.write(x, [NaN, 1])
    expect(await gpu.read(x)).toEqual(Float32Array.of(NaN, 1))
    gpu.free(x)
  })
})

describe('a dispatch', () => {
  const params = { quads: 1, inner: 4, inner_quads: 1 }

  it.each([0, -1, 1.5, NaN, [1, 0, 1], [2, 2]])('of %o workgroups', async (groups) => {
    const plan = new Plan(gpu)
    const tensors = { a: plan.input('a', [4]), y: plan.tensor([4]) }
    const call = (): void => plan.dispatch(shader, 'relu', { ...tensors, params }, { groups: any(groups) })
    expect(await message(call)).toContain('workgroups, expected')
    plan.destroy()
  })

  it('with a parameter that is no number of its type', async () => {
    const plan = new Plan(gpu)
    const tensors = { a: plan.input('a', [4]), y: plan.tensor([4]) }
    const call = (): void =>
      plan.dispatch(shader, 'relu', { ...tensors, params: { ...params, quads: 0.5 } }, { groups: 1 })
    expect(await message(call)).toContain('params.quads is 0.5, expected a number that is u32')
    plan.destroy()
  })
})

describe('an operator', () => {
  it('with a geometry that lacks a field says which', async () => {
    const plan = new Plan(gpu)
    const [x, w] = [plan.input('x', [1, 9, 4]), plan.input('w', [3, 4, 4])]
    expect(await message(() => conv1d(plan, x, w, null, any({ padding: 1 })))).toContain(
      "a window's stride is undefined",
    )
    expect(await message(() => conv1d(plan, x, w, null, { stride: 0, padding: 1 }))).toContain("a window's stride is 0")
    expect(await message(() => pool1d(plan, x, any({ kind: 'max', stride: 1, padding: 0 })))).toContain(
      "a window's kernel is",
    )
    plan.destroy()
  })

  it('of an optimizer knows its rules and the shapes of its tensors', async () => {
    const plan = new Plan(gpu)
    const vector = () => gpu.tensor([8])
    const t = { parameter: vector(), gradient: vector(), stepRate: gpu.tensor([4]), state: [vector()] }
    const sgd = { name: 'sgd', momentum: 0.9, weightDecay: 0 } as const
    expect(await message(() => optimizerStep(plan, any({ ...sgd, name: 'rmsprop' }), t))).toContain(
      "the rule is 'rmsprop', expected sgd, adam, adamw",
    )
    expect(await message(() => optimizerStep(plan, sgd, { ...t, stepRate: gpu.tensor([1]) }))).toContain('stepRate')
    expect(await message(() => optimizerStep(plan, { name: 'adam', weightDecay: 0 }, t))).toContain(
      '1 vectors of state, adam has 2',
    )
    expect(await message(() => optimizerStep(plan, sgd, { ...t, gradient: gpu.tensor([4]) }))).toContain('is [4] but')
    plan.destroy()
  })
})

describe('a model', () => {
  const config = {
    ...presets.paper,
    channels: 8,
    stage_channels: [8],
    length: 120,
    final_pool: 2,
    music_dim: 0,
    hidden: [4],
  }

  it('without weights refuses to run, and takes those of a file as they are parsed', async () => {
    const model = new Rtcan1d(gpu, config)
    const plan = new Plan(gpu)
    const { logits } = model.forward(plan, { eda: plan.input('eda', [1, 3, 120]) }, { training: false })
    plan.output('logits', logits)
    await plan.compile()
    expect(await message(() => plan.run())).toContain('this model has no weights yet')
    const initial = initialise(config, model.summary, 'he', 1)
    const file = serializeSafetensors(
      new Map([...initial].map(([name, { shape, data }]) => [name, { shape, data: Float32Array.from(data) }])),
    )
    model.weights.load(parseSafetensors(file, 'file'))
    plan.run()
    expect((await plan.readFloat('logits')).every(Number.isFinite)).toBe(true)
    plan.destroy()
  })

  it('without backward kernels has no loss and no backward, and says where they are', async () => {
    const model = new Rtcan1d(gpu, config)
    const recorded = (gradients: unknown, training = false) => {
      const plan = new Plan(gpu)
      const inputs = { eda: plan.input('eda', [2, 3, 120]) }
      return model.forward(plan, inputs, { training: training, gradients: any(gradients) })
    }
    for (const wrong of [undefined, null, model.weights.gradients]) {
      const forward = recorded(wrong)
      for (const call of [
        () => recorded(wrong, true),
        () => forward.loss(forward.probabilities),
        () => forward.backward(forward.logits),
      ])
        expect(await message(call)).toMatch(/no gradients.*galvani\/kernels.*\{ training: true, gradients \}/)
    }
    const forward = recorded(gradients, true)
    forward.backward(forward.loss(forward.probabilities).dlogits)
    // @ts-expect-error: the compiler knows that what was recorded without them has neither
    void model.forward(new Plan(gpu), { eda: gpu.tensor([2, 3, 120]) }, { training: false }).loss
  })
})

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { gradients } from '../../src/kernels/gradients.ts'
import { toChannelsFirst } from '../../src/kernels/host_layout.ts'
import { oneHot } from '../../src/kernels/softmax.ts'
import { checkConfig, presets, type ModelConfig } from '../../src/model/config.ts'
import { initialise, type InitKind } from '../../src/model/init.ts'
import { Rtcan1d } from '../../src/model/rtcan1d.ts'
import { summarise } from '../../src/model/summary.ts'
import { Weights, type HostTensor } from '../../src/model/weights.ts'
import { map, type NamedArrays } from '../../src/reference/array.ts'
import { rtcan1d, rtcan1dLoss } from '../../src/reference/rtcan1d.ts'
import { FormatError, ShapeError, UsageError } from '../../src/runtime/errors.ts'
import type { Gpu } from '../../src/runtime/gpu.ts'
import { openGpu } from '../../src/runtime/node.ts'
import { Plan } from '../../src/runtime/plan.ts'
import { Random } from '../../src/runtime/random.ts'
import { randomArray } from '../support/golden_values.ts'
import { poison } from '../../src/runtime/poison.ts'

let gpu: Gpu
beforeAll(async () => {
  gpu = await openGpu()
})
afterAll(() => gpu.close())

/** Lengths that divide by nothing: 97, 49, 25, 13, 7, 4 and so on. */
const small = {
  channels: 6,
  stage_channels: [6, 5],
  units_per_stage: 2,
  length: 97,
  clips: 3,
  sca_reduction: 2,
  music_dim: 3,
  hidden: [6, 5],
}
const micro: Readonly<Record<ModelConfig['preset'], ModelConfig>> = {
  paper: { ...presets.paper, ...small, final_pool: 2 },
  released: { ...presets.released, ...small, final_pool: 3 },
}

describe('the summary', () => {
  const lengths = (preset: ModelConfig['preset']) => {
    const { layers } = summarise(presets[preset])
    return layers
      .filter(({ output }) => output.length === 2)
      .map(({ output }) => output[1])
      .filter((n, i, all) => n !== all[i - 1])
  }

  it('of the paper’s network has its shapes and parameters', () => {
    const { parameterCount, features, layers } = summarise(presets.paper)
    expect(lengths('paper')).toEqual([1250, 625, 313, 157, 79, 40, 20, 7])
    expect(parameterCount).toBe(1_948_714)
    expect(features).toBe(64 * 7)
    expect(layers.at(-1)).toMatchObject({
      name: 'classifier.2',
      kind: 'linear',
      input: [128],
      output: [2],
      flops: 2 * 128 * 2,
    })
  })

  it('of the released network has its shapes and parameters', () => {
    const { parameterCount, features } = summarise(presets.released)
    expect(lengths('released')).toEqual([1250, 625, 313, 157, 79, 27, 14])
    expect(features).toBe(64 * 14)
    // No stem (64 x 64 x 7 weights, a scale and a shift per channel), and 448 features more for the first 256 hidden units.
    expect(parameterCount).toBe(1_948_714 - (64 * 64 * 7 + 2 * 64) + 448 * 256)
  })

  it.each(['paper', 'released'] as const)('of %s adds up', (preset) => {
    const { layers, parameters, parameterCount, flops, buffers } = summarise(presets[preset])
    const sizes = parameters.map(({ shape }) => shape.reduce((a, b) => a * b, 1))
    expect(sizes.reduce((a, b) => a + b)).toBe(parameterCount)
    expect(layers.reduce((sum, layer) => sum + layer.parameters, 0)).toBe(parameterCount)
    expect(layers.reduce((sum, layer) => sum + layer.flops, 0)).toBe(flops)
    expect(new Set([...parameters, ...buffers].map(({ name }) => name)).size).toBe(parameters.length + buffers.length)
    expect(layers.find(({ name }) => name === 'shallow.conv')).toEqual({
      name: 'shallow.conv',
      kind: 'conv k7 s2',
      input: [3, 2500],
      output: [64, 1250],
      parameters: 64 * 3 * 7 + 64,
      flops: 2 * 64 * 3 * 7 * 1250,
    })
  })

  it('refuses a signal too short for the network, and names the layer', () => {
    expect(() => summarise({ ...presets.paper, length: 1600 })).toThrow(
      new ShapeError('average pool k14: [64,13] is too short; use a longer signal or a smaller final_pool'),
    )
    expect(summarise({ ...presets.paper, length: 1700 }).features).toBe(64)
    expect(() => summarise({ ...presets.paper, channels: 4 })).toThrow(
      new ShapeError('attention.sca: 4 channels are fewer than the reduction 8'),
    )
  })
})

describe('a configuration', () => {
  it.each<[Partial<Record<keyof ModelConfig, unknown>>, string]>([
    [{ channels: 0 }, 'model setting channels is 0, expected an integer of at least 1'],
    [{ length: 2.5 }, 'model setting length is 2.5, expected an integer of at least 1'],
    [{ classes: 0 }, 'model setting classes is 0, expected an integer of at least 1'],
    [{ music_dim: -1 }, 'model setting music_dim is -1, expected an integer of at least 0'],
    [{ network: 'lstm' }, "model setting network is 'lstm', expected one of rtcan-1d, cnn, mlp, music"],
    [{ network: 'music', music_dim: 0 }, "model setting network is 'music', and music_dim is 0"],
    [{ preset: 'papre' }, "model setting preset is 'papre', expected one of paper, released"],
    [{ rnta_pool: 'max3' }, "model setting rnta_pool is 'max3', expected one of none, avg1, avg2, max2"],
    [{ stem: 1 }, "model setting stem is '1', expected one of true, false"],
    [{ hidden: [4, 0] }, 'model setting hidden is [4,0], expected a list of positive integers'],
    [{ stage_channels: 64 }, 'model setting stage_channels is 64, expected a list of positive integers'],
  ])('with %o is refused', (change, message) => {
    const config = { ...presets.paper, ...change } as ModelConfig
    expect(() => checkConfig(config)).toThrow(new UsageError(message))
  })

  it('of either preset is sound', () => {
    for (const config of Object.values(presets)) expect(checkConfig(config)).toBe(config)
  })

  it('of before there were other networks is RTCAN-1D', () => {
    const { network, ...before } = micro.paper
    expect([network, checkConfig(before)]).toEqual(['rtcan-1d', before])
    expect(summarise(before)).toEqual(summarise(micro.paper))
  })
})

describe('a network to compare with', () => {
  const kinds = (config: ModelConfig) => new Set(summarise(config).layers.map(({ kind }) => kind))
  const convolutions = (config: ModelConfig) =>
    summarise(config).layers.flatMap(({ name, input, output, kind }) =>
      kind.startsWith('conv') ? [{ name, input, output, kind }] : [],
    )

  it.each(['paper', 'released'] as const)(
    'cnn has the convolutions of %s but the shortcuts’, and no attention',
    (preset) => {
      const config = { ...micro[preset], depth: 2 }
      const cnn: ModelConfig = { ...config, network: 'cnn' }
      const passedBy = (name: string) => preset === 'released' && name.includes('.downsample.')
      expect(convolutions(cnn)).toEqual(convolutions(config).filter(({ name }) => !passedBy(name)))
      expect([...kinds(cnn)].filter((kind) => kind.includes('attention'))).toEqual([])
      const names = summarise(cnn).layers.map(({ kind }) => kind.replace(/ .*/, ''))
      // Nothing but conv, BN, ReLU until the pool at the end.
      const end = names.lastIndexOf('average')
      names.slice(0, end).forEach((kind, i) => {
        if (kind === 'conv') expect(names.slice(i + 1, i + 3)).toEqual(['batch', 'relu'])
      })
      expect(summarise(cnn).features).toBe(summarise(config).features)
    },
  )

  it('mlp has the hidden layers on all samples and the music; music on the music alone', () => {
    const shapes = (network: 'mlp' | 'music') => {
      const { parameters, features, buffers } = summarise({ ...micro.paper, network })
      return [features, buffers, ...parameters.filter(({ kind }) => kind === 'linear').map(({ shape }) => shape)]
    }
    const rest = [
      [5, 6],
      [2, 5],
    ]
    expect(shapes('mlp')).toEqual([3 * 97, [], [6, 3 * 97 + 3], ...rest])
    expect(shapes('music')).toEqual([0, [], [6, 3], ...rest])
  })
})

describe('initialisation', () => {
  const config = { ...presets.released, channels: 32, stage_channels: [32, 32, 32, 32], music_dim: 40, hidden: [64] }
  const summary = summarise(config)
  const start = (kind: InitKind, seed = 1) => initialise(config, summary, kind, seed)
  const moments = ({ data }: HostTensor) => {
    const mean = Array.from(data).reduce((sum, v) => sum + v, 0) / data.length
    return { mean, deviation: Math.sqrt(Array.from(data).reduce((sum, v) => sum + (v - mean) ** 2, 0) / data.length) }
  }

  it('depends on the seed alone', () => {
    const [first, again, other] = [start('he', 3), start('he', 3), start('he', 4)]
    const sameBits = (a: HostTensor, b: HostTensor) => Array.from(a.data).every((v, i) => Object.is(v, b.data[i]))
    for (const { name, kind } of summary.parameters) {
      expect(sameBits(first.get(name)!, again.get(name)!), name).toBe(true)
      if (kind === 'conv' || kind === 'linear') expect(sameBits(first.get(name)!, other.get(name)!), name).toBe(false)
    }
  })

  it.each<[InitKind, (fanIn: number) => number]>([
    ['paper', () => 0.01],
    ['he', (fanIn) => Math.sqrt(2 / fanIn)],
  ])('%s has its deviation in every weight', (kind, deviationOf) => {
    const tensors = start(kind)
    for (const spec of summary.parameters.filter((s) => s.kind === 'conv' || s.kind === 'linear')) {
      const { mean, deviation } = moments(tensors.get(spec.name)!)
      const expected = deviationOf(spec.shape.slice(1).reduce((a, b) => a * b))
      const count = spec.shape.reduce((a, b) => a * b)
      expect(Math.abs(mean), spec.name).toBeLessThan((5 * expected) / Math.sqrt(count))
      expect(Math.abs(deviation / expected - 1), spec.name).toBeLessThan(5 / Math.sqrt(2 * count))
    }
  })

  it('draws every weight tensor from a stream of its own, that of its place among the parameters', () => {
    const [tensors, beginnings] = [start('paper', 6), new Map<string, string>()]
    summary.parameters.forEach(({ name, kind }, place) => {
      if (kind !== 'conv' && kind !== 'linear') return
      const random = new Random(6, place)
      const normal = () => Math.sqrt(-2 * Math.log(1 - random.uniform())) * Math.cos(2 * Math.PI * random.uniform())
      const values = Array.from(tensors.get(name)!.data)
      expect(
        values.reduce((worst, value) => Math.max(worst, Math.abs(value - 0.01 * normal())), 0),
        name,
      ).toBeLessThan(1e-8)
      beginnings.set(String(values.slice(0, 4)), name)
    })
    expect(beginnings.size).toBe(summary.parameters.filter(({ kind }) => kind === 'conv' || kind === 'linear').length)
  })

  it('starts biases, scales and statistics where they belong', () => {
    const tensors = start('he')
    const valueOf = (name: string) => new Set(Array.from(tensors.get(name)!.data))
    expect(valueOf('shallow.conv.bias')).toEqual(new Set([0]))
    expect(valueOf('shallow.bn.weight')).toEqual(new Set([1]))
    expect(valueOf('shallow.bn.bias')).toEqual(new Set([0]))
    expect(valueOf('shallow.bn.running_mean')).toEqual(new Set([0]))
    expect(valueOf('shallow.bn.running_var')).toEqual(new Set([1]))
    expect(valueOf('attention.rnta.bn.weight')).toEqual(new Set([0]))
    const paper = initialise(micro.paper, summarise(micro.paper), 'he', 1)
    expect(paper.get('attention.rnta.bn.weight')!.data[0]).toBe(1)
  })
})

describe('weights', () => {
  const summary = summarise(micro.paper)
  const tensors = () => initialise(micro.paper, summary, 'he', 9)

  it('come back as they were loaded, through padded rows and transposed filters', async () => {
    const weights = new Weights(gpu, summary)
    const loaded = new Map(
      [...tensors()].map(([name, t], i) => [name, { ...t, data: Float32Array.from(t.data, (v) => v + i) }]),
    )
    weights.load(loaded, 'start')
    const saved = await weights.save()
    expect([...saved.keys()].sort()).toEqual([...loaded.keys()].sort())
    for (const [name, { shape, data }] of loaded) expect(saved.get(name), name).toEqual({ shape: [...shape], data })
    weights.destroy()
  })

  it.each<[string, (t: Map<string, HostTensor>) => unknown, string]>([
    ['a tensor is missing', (t) => t.delete('shallow.bn.running_var'), "tensor 'shallow.bn.running_var' is missing"],
    [
      'a shape differs',
      (t) => t.set('shallow.conv.weight', { shape: [6, 7, 3], data: new Float32Array(126) }),
      "tensor 'shallow.conv.weight' is [6,7,3], this model expects [6,3,7]",
    ],
    [
      'a value is not finite',
      (t) => t.set('classifier.0.bias', { shape: [6], data: [0, 0, NaN, 0, 0, 0] }),
      "tensor 'classifier.0.bias' is not finite at element 2",
    ],
    [
      'a name is foreign',
      (t) => t.set('classifier.9.bias', { shape: [1], data: [0] }),
      "tensor 'classifier.9.bias' does not belong to this model",
    ],
  ])('are refused when %s', (_, spoil, message) => {
    const weights = new Weights(gpu, summary)
    const spoilt = tensors()
    spoil(spoilt)
    expect(() => weights.load(spoilt, 'model.safetensors')).toThrow(new FormatError(`model.safetensors: ${message}`))
    weights.destroy()
  })
})

/** Random float32 parameters, statistics and inputs of a size that keeps activations near 1. */
function randomStudy(config: ModelConfig, batch: number) {
  const random = new Random(21)
  const { parameters, buffers } = summarise(config)
  const draw = (shape: readonly number[], f: (v: number) => number) =>
    map(randomArray(random, ...shape), (v) => Math.fround(f(v)))
  const named = (
    specs: { name: string; shape: readonly number[] }[],
    f: (name: string, fanIn: number) => (v: number) => number,
  ) =>
    new Map(
      specs.map(({ name, shape }) => [
        name,
        draw(
          shape,
          f(
            name,
            shape.slice(1).reduce((a, b) => a * b, 1),
          ),
        ),
      ]),
    )
  return {
    parameters: named(parameters, (_, fanIn) => (v) => v / Math.sqrt(fanIn)),
    buffers: named(buffers, (name) => (v) => (name.endsWith('running_var') ? Math.exp(v) : v)),
    eda: draw([batch, config.in_channels, config.length], (v) => v),
    music: draw([batch, config.music_dim], (v) => v),
    labels: Array.from({ length: batch }, (_, i) => i % config.classes),
  }
}

type Study = ReturnType<typeof randomStudy>
type Values = Map<string, ArrayLike<number>>

function onReference(config: ModelConfig, study: Study, training: boolean): Values {
  const forward = rtcan1d(config, study.parameters, study.buffers, { eda: study.eda, music: study.music }, training)
  const { loss, grad } = rtcan1dLoss(config, forward.logits, study.labels)
  const { gradients, eda } = forward.backward(grad)
  const named = (prefix: string, arrays: NamedArrays) =>
    [...arrays].map(([name, { data }]) => [prefix + name, data] as const)
  return new Map<string, ArrayLike<number>>([
    ['logits', forward.logits.data],
    ['probabilities', forward.probs.data],
    ['loss', [loss]],
    ['gradient eda', eda.data],
    ...named('gradient ', gradients),
    ...named('buffer ', forward.buffers),
  ])
}

async function onDevice(config: ModelConfig, study: Study, training: boolean): Promise<Values> {
  const batch = study.labels.length
  const model = new Rtcan1d(gpu, config)
  model.weights.load(new Map([...study.parameters, ...study.buffers]), 'study')
  const plan = new Plan(gpu)
  const inputs = { eda: plan.input('eda', study.eda.shape), music: plan.input('music', study.music.shape) }
  const readsSignals = config.network !== 'music'
  const forward = model.forward(plan, inputs, { training, gradients, inputGradient: readsSignals })
  const { loss, dlogits } = forward.loss(plan.input('targets', [batch, config.classes]))
  const dsignals = forward.backward(dlogits)
  const outputs = {
    ...{ logits: forward.logits, probabilities: forward.probabilities, loss },
    ...(readsSignals && { eda: dsignals }),
  }
  for (const [name, tensor] of Object.entries(outputs)) plan.output(name, tensor)
  await plan.compile()
  poison(plan)
  plan.write('eda', study.eda.data)
  plan.write('music', study.music.data)
  plan.write('targets', oneHot(study.labels, config.classes))
  plan.run()
  const values: Values = new Map()
  for (const name of ['logits', 'probabilities', 'loss']) values.set(name, await plan.read(name))
  if (readsSignals)
    values.set(
      'gradient eda',
      toChannelsFirst(await plan.readFloat('eda'), study.eda.shape as [number, number, number]),
    )
  for (const [name, { data }] of await model.weights.download(model.weights.gradients))
    values.set(`gradient ${name}`, data)
  for (const [name, { data }] of await model.weights.save())
    if (study.buffers.has(name)) values.set(`buffer ${name}`, data)
  plan.destroy()
  model.destroy()
  return values
}

const largest = (values: ArrayLike<number>) => Array.from(values).reduce((most, v) => Math.max(most, Math.abs(v)), 0)

/**
 * Largest difference relative to the tensor's largest value. A gradient that is zero by theory (the bias of a convolution in
 * front of batch normalisation, of the keys in front of softmax) is all rounding: it is seen relative to the largest gradient.
 */
function worst(actual: Values, expected: Values): { name: string; error: number } {
  const steepest = Math.max(
    ...[...expected].map(([name, values]) => (name.startsWith('gradient') ? largest(values) : 0)),
  )
  const errors = [...expected].map(([name, values]) => {
    const differences = Array.from(values, (v, i) => v - (actual.get(name)?.[i] ?? NaN))
    const scale = largest(values) > 1e-12 * steepest ? largest(values) : steepest
    return { name, error: differences.some(Number.isNaN) ? Infinity : largest(differences) / scale }
  })
  return errors.reduce((a, b) => (b.error > a.error ? b : a))
}

describe('the network on the device equals its float64 twin, forward and backward,', () => {
  it.each([
    { preset: 'paper', training: true },
    { preset: 'paper', training: false },
    { preset: 'released', training: true },
    { preset: 'released', training: false },
  ] as const)('$preset, training $training', async ({ preset, training }) => {
    const config = micro[preset]
    const study = randomStudy(config, 3)
    const [actual, expected] = [await onDevice(config, study, training), onReference(config, study, training)]
    expect([...actual.keys()].sort()).toEqual([...expected.keys()].sort())
    const { name, error } = worst(actual, expected)
    expect(error, name).toBeLessThan(1e-3)
  })

  it.each([
    { preset: 'paper', network: 'cnn', training: true },
    { preset: 'released', network: 'cnn', training: true },
    { preset: 'released', network: 'cnn', training: false },
    { preset: 'paper', network: 'mlp', training: true },
    { preset: 'paper', network: 'music', training: true },
  ] as const)('$network of $preset, training $training', async ({ preset, network, training }) => {
    const config: ModelConfig = { ...micro[preset], network, depth: 2 }
    const study = randomStudy(config, 3)
    const [actual, expected] = [await onDevice(config, study, training), onReference(config, study, training)]
    if (network === 'music') expected.delete('gradient eda')
    expect([...actual.keys()].sort()).toEqual([...expected.keys()].sort())
    const { name, error } = worst(actual, expected)
    expect(error, name).toBeLessThan(1e-3)
  })

  it('and has no gradient of signals that it does not read', () => {
    const model = new Rtcan1d(gpu, { ...micro.paper, network: 'music' })
    const plan = new Plan(gpu)
    const inputs = { eda: plan.input('eda', [2, 3, 97]), music: plan.input('music', [2, 3]) }
    expect(() => model.forward(plan, inputs, { training: true, gradients, inputGradient: true })).toThrow(
      new UsageError('this network reads no signals'),
    )
    model.destroy()
  })

  it('and says which input is missing or has the wrong shape', () => {
    const model = new Rtcan1d(gpu, micro.paper)
    const record = (eda: number[], music?: number[]) => () => {
      const plan = new Plan(gpu)
      const inputs = { eda: plan.input('eda', eda), ...(music && { music: plan.input('music', music) }) }
      model.forward(plan, inputs, { training: false })
    }
    expect(record([2, 3, 96], [2, 3])).toThrow(new ShapeError('eda: shape is [2,3,96], expected [2,3,97]'))
    expect(record([2, 3, 97], [3, 3])).toThrow(new ShapeError('music: shape is [3,3], expected [2,3]'))
    expect(record([2, 3, 97])).toThrow(new ShapeError('this model needs music features [2,3]'))
    model.destroy()
  })
})

// The float64 network against the fixtures' models and training traces, and against central differences.
import { describe, expect, it } from 'vitest'
import { directionalDerivative } from '../../src/reference/gradcheck.ts'
import { adamState, adamStep, sgdStep } from '../../src/reference/optimizer.ts'
import { rtcan1d, rtcan1dLoss } from '../../src/reference/rtcan1d.ts'
import type { RtcanForward, RtcanInputs } from '../../src/reference/rtcan1d.ts'
import { dot, map, sizeOf, zeros } from '../../src/reference/array.ts'
import type { NamedArrays, NdArray } from '../../src/reference/array.ts'
import type { Loss } from '../../src/reference/loss.ts'
import { fixtureTap } from '../../src/verify/fixture_names.ts'
import { judgeCase } from '../../src/verify/compare.ts'
import type { ModelConfig } from '../../src/model/config.ts'
import { summarise } from '../../src/model/summary.ts'
import { Random } from '../../src/runtime/random.ts'
import { addPrefix, dataOf, fixtureCases, randomArray, readTensors, withPrefix } from '../support/golden_values.ts'
import type { FixtureCase } from '../support/golden_values.ts'

const scalar = (value: number): NdArray => ({ shape: [1], data: Float64Array.of(value) })

interface Study {
  parameters: NamedArrays
  buffers: NamedArrays
  inputs: RtcanInputs
  labels: Float64Array
}

function studyOf(tensors: NamedArrays): Study {
  const music = tensors.get('input.music')
  return {
    parameters: withPrefix(tensors, 'param.'),
    buffers: withPrefix(tensors, 'buffer.'),
    inputs: music ? { eda: tensors.get('input.eda')!, music } : { eda: tensors.get('input.eda')! },
    labels: tensors.get('input.labels')!.data,
  }
}

function run(config: ModelConfig, study: Study, training: boolean): RtcanForward & Loss {
  const forward = rtcan1d(config, study.parameters, study.buffers, study.inputs, training)
  return { ...forward, ...rtcan1dLoss(config, forward.logits, study.labels) }
}

function modelResults(config: ModelConfig, tensors: NamedArrays): NamedArrays {
  const study = studyOf(tensors)
  const evaluated = run(config, study, false)
  const trained = run(config, study, true)
  const { gradients, eda } = trained.backward(trained.grad)
  const named = (taps: NamedArrays): NamedArrays => new Map([...taps].map(([name, tap]) => [fixtureTap(name), tap]))
  const results = ({ logits, probs, loss, taps }: RtcanForward & Loss): NamedArrays =>
    new Map([['logits', logits], ['probs', probs], ['loss', scalar(loss)], ...addPrefix(named(taps), 'tap.')])
  return new Map([
    ...addPrefix(results(evaluated), 'eval.'),
    ...addPrefix(results(trained), 'train.'),
    ...addPrefix(trained.buffers, 'train.buffer.'),
    ...addPrefix(gradients, 'train.grad.'),
    ['train.grad.input.eda', eda],
  ])
}

interface TraceAttributes {
  optimizer: 'sgd' | 'adam' | 'adamw'
  lr: number
  momentum: number
  weight_decay: number
  steps: number
  start?: string
}

type Update = (p: NdArray, gradient: NdArray) => NdArray

/** The rule for one parameter, with the state that it keeps. */
function updateOf(
  shape: readonly number[],
  { optimizer, lr, momentum, weight_decay: weightDecay }: TraceAttributes,
): Update {
  if (optimizer === 'sgd') {
    let velocity = zeros(shape)
    return (p, gradient) => {
      const stepped = sgdStep(p, gradient, velocity, { lr, momentum, weightDecay })
      velocity = stepped.velocity
      return stepped.p
    }
  }
  const options = { lr, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay, decoupled: optimizer === 'adamw' }
  let state = adamState(shape)
  return (p, gradient) => {
    const stepped = adamStep(p, gradient, state, options)
    state = stepped.state
    return stepped.p
  }
}

function traceResults(config: ModelConfig, fixture: FixtureCase, tensors: NamedArrays): NamedArrays {
  const attributes = fixture.attrs as unknown as TraceAttributes
  const { steps, start } = attributes
  const study = studyOf(tensors)
  if (start?.includes('attention.rnta.bn')) {
    for (const name of ['weight', 'bias']) {
      const key = `attention.rnta.bn.${name}`
      study.parameters.set(key, zeros(study.parameters.get(key)!.shape))
    }
  }
  const updates = new Map([...study.parameters].map(([name, { shape }]) => [name, updateOf(shape, attributes)]))
  const losses: number[] = []
  const logits: number[] = []
  for (let step = 0; step < steps; step++) {
    const trained = run(config, study, true)
    losses.push(trained.loss)
    logits.push(...trained.logits.data)
    const { gradients } = trained.backward(trained.grad)
    study.parameters = new Map(
      [...study.parameters].map(([name, p]) => [name, updates.get(name)!(p, gradients.get(name)!)]),
    )
    study.buffers = trained.buffers
  }
  return addPrefix(
    new Map([
      ['loss', { shape: [steps], data: Float64Array.from(losses) }],
      ['logits', { shape: [logits.length], data: Float64Array.from(logits) }],
      ...addPrefix(study.parameters, 'final.param.'),
      ...addPrefix(study.buffers, 'final.buffer.'),
      ['final.eval_logits', run(config, study, false).logits],
    ]),
    fixture.prefix,
  )
}

describe('golden values', () => {
  const fileOf = ({ file, folder }: FixtureCase) => new URL(file, folder).href
  const configs = new Map(fixtureCases('model').map((model) => [fileOf(model), model.config]))
  // The traces of the longer inputs add a minute and no new layer.
  const traced = fixtureCases('train').filter((fixture) => configs.get(fileOf(fixture))!.length < 1000)

  it.each([...fixtureCases('model'), ...traced])('$title', (fixture) => {
    const tensors = readTensors(fixture)
    const config = configs.get(fileOf(fixture))!
    const results = fixture.kind === 'model' ? modelResults(config, tensors) : traceResults(config, fixture, tensors)
    // Strict bounds only: float64 does not flip kinks.
    const judged = judgeCase({ expect: fixture.expect }, tensors, dataOf(results))
    expect([...judged.tensors].filter(([, { ok }]) => !ok)).toEqual([])
    expect(judged.error).toBeLessThanOrEqual(judged.tolerance / 10)
  })
})

/** A network small enough for central differences: lengths 97, 49, 25, 13, 7, 4, 2, 1 or so. */
const small: ModelConfig = {
  preset: 'paper',
  in_channels: 3,
  channels: 4,
  stage_channels: [4, 6],
  depth: 1,
  units_per_stage: 2,
  length: 97,
  clips: 3,
  shallow: true,
  attention: 'sca-rnta',
  sca_scope: 'clip',
  sca_reduction: 2,
  rnta_pool: 'none',
  unit_sca: true,
  stem: true,
  final_stride: 1,
  final_pool: 3,
  music_dim: 2,
  hidden: [6, 5],
  classes: 3,
  head: 'logits',
}
const released = {
  preset: 'released',
  attention: 'rnta-sca',
  sca_scope: 'whole',
  rnta_pool: 'max2',
  stem: false,
  final_stride: 3,
  head: 'softmax',
} as const

/** Random parameters, statistics and inputs, of a size that keeps activations near 1. */
function randomStudy(config: ModelConfig, random: Random): Study {
  const summary = summarise(config)
  // The draws must not depend on the order of the layers.
  const byName = (a: { name: string }, b: { name: string }): number => (a.name < b.name ? -1 : 1)
  const parameters = summary.parameters.sort(byName).map(({ name, shape }) => {
    const fanIn = sizeOf(shape.slice(1))
    return [name, map(randomArray(random, ...shape), (v) => v / Math.sqrt(fanIn))] as const
  })
  const buffers = summary.buffers.sort(byName).map(({ name, shape }) => {
    const drawn = randomArray(random, ...shape)
    return [name, name.endsWith('running_var') ? map(drawn, Math.exp) : drawn] as const
  })
  const music = config.music_dim > 0 ? { music: randomArray(random, 3, config.music_dim) } : {}
  const inputs = { eda: randomArray(random, 3, config.in_channels, config.length), ...music }
  return { parameters: new Map(parameters), buffers: new Map(buffers), inputs, labels: Float64Array.of(1, 0, 2) }
}

describe('the whole network', () => {
  // The losses in training and evaluation are those of this network as it passed the PyTorch fixtures.
  // The losses in training and in evaluation are those of this code as it passed the PyTorch fixtures.
  const variants: [name: string, change: Partial<ModelConfig>, training: number, evaluation: number][] = [
    ['paper', {}, 1.3124077387, 1.3965599568],
    ['released', released, 1.0982271923, 1.1147360328],
    ['released, no SCA', { ...released, attention: 'rnta', unit_sca: false }, 1.1663392515, 1.2214650575],
    ['attention none', { attention: 'none' }, 1.2385065004, 2.787725677],
    ['attention sca', { attention: 'sca' }, 1.5460083854, 2.4762836911],
    ['attention rnta', { attention: 'rnta' }, 1.2254307341, 1.2487099381],
    ['attention rnta-sca', { attention: 'rnta-sca' }, 1.2903166459, 1.3920016046],
    ['attention parallel', { attention: 'parallel' }, 1.2579371945, 1.3952923676],
    ['base', { shallow: false, attention: 'none', unit_sca: false, length: 49 }, 1.2567434701, 1.1422168968],
    ['depth 2, no music', { depth: 2, music_dim: 0 }, 2.0413346545, 2.0846435822],
    ['released, depth 2, avg2', { ...released, depth: 2, rnta_pool: 'avg2' }, 1.1123035528, 1.2923395798],
    ['one signal', { in_channels: 1 }, 1.2846236391, 2.0938291948],
  ]
  const runs = variants.flatMap(([name, change, ...losses]) =>
    [true, false].map((training, i) => ({ name, config: { ...small, ...change }, training, loss: losses[i]! })),
  )

  it.each(runs)('$name, training $training', ({ config, training, loss }) => {
    const random = new Random(3)
    const study = randomStudy(config, random)
    const result = run(config, study, training)
    expect(result.loss).toBeCloseTo(loss, 9)
    const { gradients, eda } = result.backward(result.grad)
    expect([...gradients.keys()].sort()).toEqual([...study.parameters.keys()].sort())

    const expectSlope = (name: string, x: NdArray, gradient: NdArray, moved: (x: NdArray) => Study): void => {
      // A short step: hardly any of the many ReLUs may change sides on the way.
      const direction = map(randomArray(random, ...x.shape), (v) => v / 100)
      const numerical = directionalDerivative((v) => run(config, moved(v), training).loss, x, direction)
      const error = Math.abs(numerical - dot(gradient, direction))
      expect(error, name).toBeLessThan(1e-5 * Math.abs(numerical) + 1e-8)
    }
    for (const [name, x] of study.parameters) {
      expectSlope(name, x, gradients.get(name)!, (v) => ({
        ...study,
        parameters: new Map(study.parameters).set(name, v),
      }))
    }
    expectSlope('input', study.inputs.eda, eda, (v) => ({ ...study, inputs: { ...study.inputs, eda: v } }))
  })

  it('leaves its arguments alone and updates the statistics in training only', () => {
    const study = randomStudy(small, new Random(4))
    const before = structuredClone(study)
    const evaluated = run(small, study, false)
    expect(evaluated.buffers).toEqual(before.buffers)
    const trained = run(small, study, true)
    trained.backward(trained.grad)
    expect(study).toEqual(before)
    for (const [name, value] of trained.buffers) expect(value, name).not.toEqual(before.buffers.get(name))
  })

  it('names the tensor that is missing', () => {
    const study = randomStudy(small, new Random(5))
    study.parameters.delete('attention.rnta.phi.weight')
    expect(() => run(small, study, true)).toThrow('attention.rnta.phi.weight')
  })
})

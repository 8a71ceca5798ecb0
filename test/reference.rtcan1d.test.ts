// The float64 network against the fixtures' models and training traces, and against central differences.
import { describe, expect, it } from 'vitest'
import { sgdStep } from '../src/reference/optimizer.ts'
import { rtcan1d, rtcan1dLoss } from '../src/reference/rtcan1d.ts'
import type { RtcanForward, RtcanInputs } from '../src/reference/rtcan1d.ts'
import { zeros } from '../src/reference/array.ts'
import type { NamedArrays, NdArray } from '../src/reference/array.ts'
import type { Loss } from '../src/reference/loss.ts'
import { judgeCase } from '../src/verify/compare.ts'
import type { ModelConfig } from '../src/model/config.ts'
import { addPrefix, dataOf, fixtureCases, readTensors, withPrefix } from './reference.support.ts'
import type { FixtureCase } from './reference.support.ts'

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
  const results = ({ logits, probs, loss, taps }: RtcanForward & Loss): NamedArrays =>
    new Map([['logits', logits], ['probs', probs], ['loss', scalar(loss)], ...addPrefix(taps, 'tap.')])
  return new Map([
    ...addPrefix(results(evaluated), 'eval.'),
    ...addPrefix(results(trained), 'train.'),
    ...addPrefix(trained.buffers, 'train.buffer.'),
    ...addPrefix(gradients, 'train.grad.'),
    ['train.grad.input.eda', eda],
  ])
}

interface TraceAttributes {
  lr: number
  momentum: number
  weight_decay: number
  steps: number
  start: string
}

function traceResults(config: ModelConfig, fixture: FixtureCase, tensors: NamedArrays): NamedArrays {
  const { lr, momentum, weight_decay: weightDecay, steps, start } = fixture.attrs as unknown as TraceAttributes
  const study = studyOf(tensors)
  if (start.includes('attention.rnta.bn')) {
    for (const name of ['weight', 'bias']) {
      const key = `attention.rnta.bn.${name}`
      study.parameters.set(key, zeros(study.parameters.get(key)!.shape))
    }
  }
  let velocities: NamedArrays = new Map([...study.parameters].map(([name, { shape }]) => [name, zeros(shape)]))
  const losses: number[] = []
  const logits: number[] = []
  for (let step = 0; step < steps; step++) {
    const trained = run(config, study, true)
    losses.push(trained.loss)
    logits.push(...trained.logits.data)
    const { gradients } = trained.backward(trained.grad)
    const stepped = [...study.parameters].map(([name, p]) =>
      [name, sgdStep(p, gradients.get(name)!, velocities.get(name)!, { lr, momentum, weightDecay })] as const)
    study.parameters = new Map(stepped.map(([name, { p }]) => [name, p]))
    velocities = new Map(stepped.map(([name, { velocity }]) => [name, velocity]))
    study.buffers = trained.buffers
  }
  return addPrefix(new Map([
    ['loss', { shape: [steps], data: Float64Array.from(losses) }],
    ['logits', { shape: [logits.length], data: Float64Array.from(logits) }],
    ...addPrefix(study.parameters, 'final.param.'),
    ...addPrefix(study.buffers, 'final.buffer.'),
    ['final.eval_logits', run(config, study, false).logits],
  ]), fixture.prefix)
}

describe.skipIf(fixtureCases('model').length === 0)('fixtures', () => {
  const configs = new Map(fixtureCases('model').map((model) => [model.file, model.config]))

  it.each(fixtureCases('model', 'train'))('$id', (fixture) => {
    const tensors = readTensors(fixture)
    const config = configs.get(fixture.file)!
    const results = fixture.kind === 'model' ? modelResults(config, tensors) : traceResults(config, fixture, tensors)
    // Strict bounds only: float64 does not flip kinks.
    const judged = judgeCase({ expect: fixture.expect }, tensors, dataOf(results))
    if (process.env.REPORT) console.log(fixture.id, judged.ok, judged.tensor, judged.error, judged.tolerance)
    expect([...judged.tensors].filter(([, { ok }]) => !ok)).toEqual([])
  }, 60_000)
})

// Optimizer steps of a tiny network on the device follow the float64 twin, and PyTorch's golden traces, loss by loss.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { presets, type ModelConfig } from '../../src/model/config.ts'
import { initialise } from '../../src/model/init.ts'
import { Rtcan1d } from '../../src/model/rtcan1d.ts'
import { summarise } from '../../src/model/summary.ts'
import type { HostTensors } from '../../src/model/weights.ts'
import { ndarray, type NamedArrays, type NdArray } from '../../src/reference/array.ts'
import { sgdStep } from '../../src/reference/optimizer.ts'
import { rtcan1d, rtcan1dLoss } from '../../src/reference/rtcan1d.ts'
import { optimizerStateCount, type OptimizerConfig } from '../../src/kernels/optimizer.ts'
import type { Gpu } from '../../src/runtime/gpu.ts'
import { openGpu } from '../../src/runtime/node.ts'
import { Random } from '../../src/runtime/random.ts'
import { Slab } from '../../src/runtime/slab.ts'
import { TrainingStep } from '../../src/train/training_step.ts'
import { judgeCase } from '../../src/verify/compare.ts'
import { fixtureCases, readTensors, withPrefix, type FixtureCase } from '../support/golden_values.ts'

const STEPS = 10
const BATCH = 4
const RATE = 0.01
const TOLERANCE = 1e-4

let gpu: Gpu
beforeAll(async () => {
  gpu = await openGpu()
})
afterAll(() => gpu.close())

const tiny = (preset: ModelConfig): ModelConfig => {
  return {
    ...preset,
    channels: 8,
    stage_channels: [8, 8, 12, 8],
    length: 401,
    final_pool: 2,
    music_dim: 3,
    hidden: [9, 5],
  }
}

const labels = [1, 0, 0, 1]
const numbersBelow = (count: number) => [...Array(count).keys()]

/** A new batch for every step. */
function makeBatches({ in_channels, length, music_dim }: ModelConfig) {
  const random = new Random(23)
  const normal = (count: number) => Float32Array.from({ length: count }, () => random.normal())
  return Array.from({ length: STEPS }, () => ({
    eda: normal(BATCH * in_channels * length),
    music: normal(BATCH * music_dim),
  }))
}
type Batch = ReturnType<typeof makeBatches>[number]

interface Training {
  optimizer: OptimizerConfig
  rate: number
  labels: ArrayLike<number>
}

/** Losses before each update, by the kernels. */
async function onDevice(
  config: ModelConfig,
  weights: HostTensors,
  batches: readonly Batch[],
  { optimizer, rate, labels }: Training,
) {
  const model = new Rtcan1d(gpu, config)
  model.weights.load(weights, 'initial weights')
  const { parameters } = model.weights
  const slabs = numbersBelow(optimizerStateCount(optimizer)).map(
    (i) => new Slab(gpu, `state ${i}`, new Map([['state', parameters.flat.shape]])),
  )
  const step = await TrainingStep.create(gpu, model, labels.length, optimizer, slabs)
  const losses: number[] = []
  for (const [i, batch] of batches.entries()) losses.push(...(await step.run(batch, labels, rate, i + 1)))
  losses.push(...(await step.losses()))
  step.destroy()
  slabs.forEach((slab) => slab.destroy())
  model.destroy()
  return losses
}

interface Split {
  parameters: Map<string, NdArray>
  buffers: NamedArrays
}

/** The same in float64, by the twins. */
function inFloat64(config: ModelConfig, { parameters, buffers }: Split, batches: readonly Batch[], momentum: number) {
  const velocity = new Map(
    [...parameters].map(([name, { shape, data }]) => [
      name,
      ndarray(
        shape,
        data.map(() => 0),
      ),
    ]),
  )
  return batches.map(({ eda, music }) => {
    const inputs = {
      eda: ndarray([BATCH, config.in_channels, config.length], eda),
      music: ndarray([BATCH, config.music_dim], music),
    }
    const forward = rtcan1d(config, parameters, buffers, inputs, true)
    const { loss, grad } = rtcan1dLoss(config, forward.logits, labels)
    const { gradients } = forward.backward(grad)
    for (const [name, p] of parameters) {
      const options = { lr: RATE, momentum, weightDecay: 0 }
      const next = sgdStep(p, gradients.get(name)!, velocity.get(name)!, options)
      parameters.set(name, next.p)
      velocity.set(name, next.velocity)
    }
    buffers = forward.buffers
    return loss
  })
}

function split(weights: HostTensors, bufferNames: ReadonlySet<string>): Split {
  const arrays = [...weights].map(
    ([name, { shape, data }]) => [name, ndarray([...shape], Float64Array.from(data))] as const,
  )
  return {
    parameters: new Map(arrays.filter(([name]) => !bufferNames.has(name))),
    buffers: new Map(arrays.filter(([name]) => bufferNames.has(name))),
  }
}

describe.each(['paper', 'released'] as const)('ten steps of preset %s', (preset) => {
  it.each([0, 0.9])('with momentum %s have the losses of float64', async (momentum) => {
    const config = tiny(presets[preset])
    const summary = summarise(config)
    // The released initialiser leaves the attention module without effect at the start; He's does not.
    const weights = initialise({ ...config, preset: 'paper' }, summary, 'he', 5)
    const batches = makeBatches(config)
    const buffers = new Set(summary.buffers.map(({ name }) => name))
    const expected = inFloat64(config, split(weights, buffers), batches, momentum)
    const optimizer = { name: 'sgd', momentum, weightDecay: 0 } as const
    const losses = await onDevice(config, weights, batches, { optimizer, rate: RATE, labels })
    expect(losses).toHaveLength(STEPS)
    const errors = losses.map((loss, i) => Math.abs(loss / expected[i]! - 1))
    expect(Math.max(...errors)).toBeLessThan(TOLERANCE)
  })
})

describe('golden traces', () => {
  const modelOf = (trace: FixtureCase) =>
    fixtureCases('model').find(({ file, folder }) => file === trace.file && folder === trace.folder)!
  // Those of the longer inputs are among the cases of `verify`.
  const traces = fixtureCases('train').filter((trace) => modelOf(trace).config.length < 1000)

  it.each(traces)('$title', async (trace) => {
    const tensors = readTensors(trace)
    const floats = ({ shape, data }: NdArray) => ({ shape, data: Float32Array.from(data) })
    const weights = new Map(
      ['param.', 'buffer.'].flatMap((prefix) =>
        [...withPrefix(tensors, prefix)].map(([name, array]) => [name, floats(array)] as const),
      ),
    )
    const {
      optimizer: name,
      lr: rate,
      momentum,
      weight_decay: weightDecay,
      steps,
    } = trace.attrs as Record<'lr' | 'momentum' | 'weight_decay' | 'steps', number> & {
      optimizer: OptimizerConfig['name']
    }
    const optimizer: OptimizerConfig = name === 'sgd' ? { name, momentum, weightDecay } : { name, weightDecay }
    const music = tensors.get('input.music')
    const batch = {
      eda: floats(tensors.get('input.eda')!).data,
      music: music ? floats(music).data : new Float32Array(0),
    }
    const training = { optimizer, rate, labels: tensors.get('input.labels')!.data }
    const losses = await onDevice(
      modelOf(trace).config,
      weights,
      numbersBelow(steps).map(() => batch),
      training,
    )
    const loss = `${trace.prefix}loss`
    const judged = judgeCase({ ...trace, expect: { [loss]: trace.expect[loss]! } }, tensors, new Map([[loss, losses]]))
    expect(judged).toMatchObject({ ok: true })
  })
})

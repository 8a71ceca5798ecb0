// What a trainer reports and refuses, and what it and its parts leave on the device.
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { presets, type ModelConfig } from '../../src/model/config.ts'
import { initialise } from '../../src/model/init.ts'
import { Rtcan1d } from '../../src/model/rtcan1d.ts'
import { summarise } from '../../src/model/summary.ts'
import { NumericError } from '../../src/runtime/errors.ts'
import type { Gpu } from '../../src/runtime/gpu.ts'
import { openGpu } from '../../src/runtime/node.ts'
import { Random } from '../../src/runtime/random.ts'
import { Slab } from '../../src/runtime/slab.ts'
import type { RunConfig } from '../../src/train/config.ts'
import { inputsOf } from '../../src/train/inputs.ts'
import type { PreparedSet } from '../../src/train/prepare.ts'
import { Predictor, outputsOf } from '../../src/train/predictor.ts'
import { Trainer } from '../../src/train/trainer.ts'
import { TrainingStep } from '../../src/train/training_step.ts'

const model: ModelConfig = {
  ...presets.paper,
  channels: 8,
  stage_channels: [8, 8, 8, 8],
  length: 320,
  final_pool: 2,
  hidden: [16, 8],
  music_dim: 0,
}
const config: RunConfig = {
  dimension: 'arousal',
  labels: 'median',
  folds: 'subject:3',
  validation: 0.15,
  seed: 3,
  signals: ['origin', 'phasic', 'tonic'],
  drop: 3,
  model,
  init: 'he',
  optimizer: { name: 'sgd', momentum: 0, weightDecay: 0 },
  learningRate: 1e-30,
  decay: 1,
  decayEpochs: 15,
  epochs: 1,
  batch: 4,
  patience: 1,
}
const random = new Random(5)
const trials = Array.from({ length: 9 }, (_, i) => ({
  id: `t${i}`,
  subject: `s${i}`,
  stimulus: `song${i}`,
  sampleRate: 4,
  unit: 'uS',
  columns: {},
  source: '',
  signals: Float32Array.from({ length: 3 * model.length }, () => random.normal()),
  status: 'solved' as const,
  filled: 0,
  constant: [],
}))
const set: PreparedSet = {
  name: 'lab',
  synthetic: false,
  trials,
  musicDim: 0,
  skipped: [],
  length: model.length,
  dropSeconds: 3,
}
const labels = Uint8Array.from(trials, (_, i) => i % 2)
const fold = { index: 0, name: '0', train: [0, 1, 2, 3, 4], validation: [5, 6], test: [7, 8] }
const inputs = inputsOf(set, config, fold.train)
const initial = () => initialise(model, summarise(model), 'he', 3)

let gpu: Gpu
beforeAll(async () => {
  gpu = await openGpu()
})
afterAll(() => gpu.close())

describe('an epoch', () => {
  it('has the mean loss of its trials, not of its batches', async () => {
    const spy = vi.spyOn(TrainingStep.prototype, 'losses')
    const trainer = new Trainer(gpu, config, fold, inputs, labels)
    const { progress } = await trainer.run()
    trainer.destroy()
    expect((spy.mock.contexts as TrainingStep[]).map(({ batch }) => batch)).toEqual([4, 1])
    const [four, one] = (await Promise.all(spy.mock.results.map(({ value }) => value as Promise<number[]>))).flat() as [
      number,
      number,
    ]
    spy.mockRestore()
    expect(progress.epochs[0]?.trainLoss).toBeCloseTo((4 * four + one) / 5, 12)
    expect(four).not.toBeCloseTo(one, 3)
  })

  it('whose validation loss is no number ends the fold', async () => {
    const spy = vi
      .spyOn(Predictor.prototype, 'predict')
      .mockResolvedValue(fold.validation.map(() => Float32Array.of(NaN, NaN)))
    const trainer = new Trainer(gpu, config, fold, inputs, labels)
    const run = trainer.run()
    await expect(run).rejects.toThrow(NumericError)
    await expect(run).rejects.toThrow('fold 0: the validation loss is NaN in epoch 1; lower the learning rate')
    trainer.destroy()
    spy.mockRestore()
  })
})

/** Buffers of every kind that are on the device. */
const taken = (): number => Object.values(gpu.memory()).reduce((sum, { buffers }) => sum + buffers, 0)

describe('what fails leaves nothing on the device', () => {
  it('weights that do not fit', async () => {
    const before = taken()
    const none = new Map()
    const trained = { weights: none, scaling: null, subjects: [] }
    await expect(outputsOf(gpu, config, trained, set, fold.test)).rejects.toThrow(/trained model/)
    expect(() => new Trainer(gpu, config, fold, inputs, labels, none)).toThrow(/initial weights/)
    expect(taken()).toBe(before)
  })

  it('a plan that does not compile', async () => {
    const network = new Rtcan1d(gpu, model)
    const velocity = new Slab(gpu, 'velocity', new Map([['velocity', network.weights.parameters.flat.shape]]))
    const before = taken()
    const spy = vi.spyOn(gpu, 'pipeline').mockRejectedValue(new NumericError('late'))
    await expect(Predictor.create(gpu, network, 2)).rejects.toThrow('late')
    await expect(TrainingStep.create(gpu, network, 2, config.optimizer, [velocity])).rejects.toThrow('late')
    spy.mockRestore()
    expect(taken()).toBe(before)
    velocity.destroy()
    network.destroy()
  })

  it('a prediction that is stopped', async () => {
    const before = taken()
    const trained = { weights: initial(), scaling: null, subjects: [] }
    const stopped = AbortSignal.abort(new Error('enough'))
    await expect(outputsOf(gpu, config, trained, set, fold.test, stopped)).rejects.toThrow('enough')
    expect(taken()).toBe(before)
  })
})

// A study that PyTorch trained, whose best epoch is not the last: the same losses, the same epoch kept, the same weights.
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { ModelConfig } from '../../src/model/config.ts'
import type { HostTensors } from '../../src/model/weights.ts'
import type { Gpu } from '../../src/runtime/gpu.ts'
import { openGpu } from '../../src/runtime/node.ts'
import type { RunConfig } from '../../src/train/config.ts'
import { inputsOf } from '../../src/train/inputs.ts'
import type { PreparedSet } from '../../src/train/prepare.ts'
import { Trainer } from '../../src/train/trainer.ts'
import { judgeCase } from '../../src/verify/compare.ts'
import { moreGolden, readTensors, withPrefix, type FixtureCase } from '../support/golden_values.ts'

interface Study extends FixtureCase {
  /** Trials of the two parts: training first. */
  training: number
  validation: number
  attrs: Record<'lr' | 'momentum' | 'weight_decay' | 'decay' | 'decay_epochs' | 'epochs' | 'patience', number>
  chosen_epoch: number
  epochs_run: number
}

let gpu: Gpu
beforeAll(async () => {
  gpu = await openGpu()
})
afterAll(() => gpu.close())

const study = moreGolden('study')[0] as Study
const tensors = readTensors(study)
const numbers = (from: number, count: number) => Array.from({ length: count }, (_, i) => from + i)

function preparedSet(model: ModelConfig): PreparedSet {
  const rows = (name: string, i: number, size: number) =>
    Float32Array.from(tensors.get(name)!.data.subarray(i * size, (i + 1) * size))
  const trials = numbers(0, study.training + study.validation).map((i) => ({
    id: `t${i}`,
    subject: `s${i}`,
    stimulus: `song${i}`,
    sampleRate: 4,
    unit: 'uS',
    columns: {},
    source: '',
    signals: rows('input.eda', i, model.in_channels * model.length),
    music: rows('input.music', i, model.music_dim),
    status: 'solved' as const,
    filled: 0,
    constant: [],
  }))
  return {
    name: 'golden',
    synthetic: true,
    trials,
    musicDim: model.music_dim,
    skipped: [],
    length: model.length,
    dropSeconds: 3,
  }
}

function runConfig(model: ModelConfig): RunConfig {
  const { lr, momentum, weight_decay, decay, decay_epochs, epochs, patience } = study.attrs
  return {
    dimension: 'arousal',
    labels: 'column',
    folds: 'subject:2',
    validation: 0.4,
    seed: 6,
    signals: ['origin', 'phasic', 'tonic'],
    drop: 3,
    model,
    init: 'he',
    optimizer: { name: 'sgd', momentum, weightDecay: weight_decay },
    learningRate: lr,
    decay,
    decayEpochs: decay_epochs,
    epochs,
    patience,
    batch: study.training, // one batch: its order does not matter
  }
}

it('is trained as PyTorch trained it', async () => {
  const config = runConfig(study.config)
  const set = preparedSet(study.config)
  const train = numbers(0, study.training)
  const fold = { index: 0, name: '0', train, validation: numbers(study.training, study.validation), test: [] }
  const labels = Uint8Array.from(tensors.get('input.labels')!.data)
  const initial: HostTensors = new Map(
    ['param.', 'buffer.'].flatMap((prefix) =>
      [...withPrefix(tensors, prefix)].map(
        ([name, { shape, data }]) => [name, { shape, data: Float32Array.from(data) }] as const,
      ),
    ),
  )
  const trainer = new Trainer(gpu, config, fold, inputsOf(set, config, train), labels, initial)
  const { weights, progress } = await trainer.run()
  trainer.destroy()
  const { epochs, bestEpoch } = progress
  expect(bestEpoch).toBe(study.chosen_epoch)
  expect(epochs).toHaveLength(study.epochs_run)
  // What the case is for: neither the first nor the last epoch is kept, and patience ends the training.
  expect(bestEpoch).toBeGreaterThan(2)
  expect(epochs.length).toBe(bestEpoch + study.attrs.patience)
  expect(epochs.length).toBeLessThan(study.attrs.epochs)
  const computed = new Map<string, ArrayLike<number>>([
    ['train_loss', epochs.map(({ trainLoss }) => trainLoss)],
    ['validation_loss', epochs.map(({ validationLoss = NaN }) => validationLoss)],
    ['validation_accuracy', epochs.map(({ validationAccuracy = NaN }) => validationAccuracy)],
    ...[...weights].map(([name, { data }]) => [`best.${name}`, data] as const),
  ])
  const judged = judgeCase({ expect: study.expect }, tensors, computed)
  expect([...judged.tensors].filter(([, { ok }]) => !ok)).toEqual([])
})

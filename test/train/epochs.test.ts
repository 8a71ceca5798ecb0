// Which epochs a fold runs, in what order its trials come, which epoch it keeps, and that a stopped fold still knows.
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Gpu } from '../../src/runtime/gpu.ts'
import { openGpu } from '../../src/runtime/node.ts'
import { Random } from '../../src/runtime/random.ts'
import type { FoldState, Progress } from '../../src/train/checkpoint.ts'
import type { RunConfig } from '../../src/train/config.ts'
import { makeTask } from '../../src/train/task.ts'
import type { Fold } from '../../src/evaluation/folds.ts'
import { inputsOf } from '../../src/train/inputs.ts'
import { Predictor } from '../../src/train/predictor.ts'
import { Trainer } from '../../src/train/trainer.ts'
import { TrainingStep } from '../../src/train/training_step.ts'
import { shuffled } from '../study_reference/statistics.ts'
import { bitsOf, fileBits, sha256, smallConfig, smallStudy, trainSmall, type Trained } from './small_task.ts'

let gpu: Gpu
beforeAll(async () => {
  gpu = await openGpu()
})
afterAll(() => gpu.close())

const {
  set,
  labelled: { labels },
  plan: { folds },
} = makeTask(smallStudy(), smallConfig)

/** Trains a fold; returns its history, and its state after every epoch. */
async function train(fold: Fold, change: Partial<RunConfig>) {
  const config = { ...smallConfig, ...change }
  const trainer = new Trainer(gpu, config, fold, inputsOf(set, config, fold.train), labels)
  const states: FoldState[] = []
  // The progress goes on growing.
  const onCheckpoint = async (state: FoldState): Promise<void> =>
    void states.push({ ...state, progress: structuredClone(state.progress) })
  const { weights, progress } = await trainer.run({ onCheckpoint })
  trainer.destroy()
  return { weights, progress, states }
}

describe('a fold whose best epoch is neither the first nor the last', () => {
  let whole: Trained
  const weightsAfter = (epoch: number) => fileBits(whole.checkpoints[epoch - 1]!, 'model.')
  /** Without what the music is scaled by. */
  const weightsOf = (model: Uint8Array) => new Map([...fileBits(model)].filter(([name]) => !name.startsWith('music.')))
  beforeAll(async () => {
    whole = await trainSmall(gpu, smallStudy())
  })

  it('keeps the weights of that epoch', () => {
    const { epochs, bestEpoch } = whole.result
    const losses = epochs.map(({ validationLoss }) => validationLoss!)
    expect(losses).toHaveLength(5)
    expect(bestEpoch).toBe(losses.indexOf(Math.min(...losses)) + 1)
    expect([1, 5]).not.toContain(bestEpoch)
    expect(weightsOf(whole.model)).toEqual(weightsAfter(bestEpoch))
    for (const other of [1, 2, 3, 4, 5].filter((epoch) => epoch !== bestEpoch))
      expect(weightsAfter(other), String(other)).not.toEqual(weightsAfter(bestEpoch))
  })

  it('knows the best so far after every epoch', () => {
    for (const [i, checkpoint] of whole.checkpoints.entries()) {
      expect(fileBits(checkpoint, 'best.'), `epoch ${i + 1}`).toEqual(
        weightsAfter(Math.min(i + 1, whole.result.bestEpoch)),
      )
    }
  })

  it.each([1, 2, 3, 4, 5])('goes on after epoch %i with the same bits', async (epoch) => {
    const { model, result, checkpoints } = await trainSmall(gpu, smallStudy(), {}, whole.checkpoints[epoch - 1])
    expect(checkpoints.map(sha256)).toEqual(whole.checkpoints.slice(epoch).map(sha256))
    expect(result).toEqual(whole.result)
    expect(sha256(model)).toBe(sha256(whole.model))
  })
})

describe('with these validation losses', () => {
  /** The predictor answers as if each epoch had its loss of the list. */
  async function withLosses(losses: readonly number[], change: Partial<RunConfig>) {
    let epoch = 0
    const spy = vi.spyOn(Predictor.prototype, 'predict').mockImplementation(async (_, trials) => {
      const right = Math.exp(-losses[epoch++]!)
      return trials.map((trial) => Float32Array.from([0, 1], (k) => (k === labels[trial] ? right : 1 - right)))
    })
    const trained = await train(folds[0]!, { ...change, epochs: losses.length, batch: 12 })
    spy.mockRestore()
    return trained
  }
  const ran = ({ epochs, bestEpoch }: Progress) => [epochs.map(({ epoch }) => epoch).join(' '), bestEpoch]

  it.each([
    [1, '1 2 3 4', 3],
    [2, '1 2 3 4 5', 3],
    [3, '1 2 3 4 5 6', 3],
    [4, '1 2 3 4 5 6 7 8', 7],
    [10, '1 2 3 4 5 6 7 8', 7],
  ])('a patience of %i runs as many epochs after the best', async (patience, epochs, best) => {
    const { progress } = await withLosses([1, 0.9, 0.8, 0.85, 0.85, 0.85, 0.7, 0.9], { patience })
    expect(ran(progress)).toEqual([epochs, best])
  })

  it.each([
    [[0.8, 0.6, 0.6, 0.6], 2, 3],
    [[0.6, 0.6, 0.7], 1, 3],
    [[0.6, 0.6, 0.6], 1, 2],
    [[0.5, 0.9, 0.7, 0.6], 1, 4],
  ])('%j, the first of the least is kept', async (losses, best, patience) => {
    const { progress, weights, states } = await withLosses(losses, { patience })
    expect(ran(progress)).toEqual([
      losses
        .slice(0, Math.min(losses.length, best + patience))
        .map((_, i) => i + 1)
        .join(' '),
      best,
    ])
    expect(bitsOf(weights)).toEqual(bitsOf(states[best - 1]!.weights))
    expect(bitsOf(weights)).not.toEqual(bitsOf(states.at(-1)!.weights))
  })

  it('none, the last epoch is kept', async () => {
    const fold = { ...folds[0]!, validation: [] }
    const { progress, weights, states } = await train(fold, { epochs: 3, patience: 1 })
    expect([ran(progress), progress.epochs.map(({ validationLoss }) => validationLoss)]).toEqual([
      ['1 2 3', 3],
      [undefined, undefined, undefined],
    ])
    expect(bitsOf(weights)).toEqual(bitsOf(states[2]!.weights))
  })
})

describe('an epoch', () => {
  /** Steps of three epochs of a fold, as they were asked for: trials, labels, learning rate, number. */
  async function stepsOf(fold: Fold) {
    const spy = vi.spyOn(TrainingStep.prototype, 'run')
    await train(fold, { epochs: 3 })
    const first = set.trials.map(({ signals }) => signals[0]!)
    const size = set.trials[0]!.signals.length
    const steps = spy.mock.calls.map(([{ eda }, own, rate, number]) => ({
      trials: Array.from({ length: eda.length / size }, (_, i) => first.indexOf(eda[i * size]!)),
      labels: [...(own as number[])],
      rate,
      number,
    }))
    spy.mockRestore()
    return steps
  }

  it('takes each trial of the training part once, in an order of its own', async () => {
    const places: string[] = []
    for (const fold of folds) {
      const steps = await stepsOf(fold)
      expect(steps.map(({ trials }) => trials.length)).toEqual([5, 5, 2, 5, 5, 2, 5, 5, 2])
      expect(steps.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9])
      // Halved every two epochs.
      expect(steps.map(({ rate }) => rate)).toEqual([
        ...new Array<number>(6).fill(0.01),
        ...new Array<number>(3).fill(0.005),
      ])
      for (const { trials, labels: own } of steps) expect(own).toEqual(trials.map((trial) => labels[trial]))
      for (let epoch = 0; epoch < 3; epoch++) {
        const order = steps.slice(3 * epoch, 3 * epoch + 3).flatMap(({ trials }) => trials)
        expect([...order].sort((a, b) => a - b)).toEqual(fold.train)
        // A stream for each fold and epoch, as evaluation/random_streams.ts describes them.
        expect(order).toEqual(
          shuffled(fold.train, new Random(smallConfig.seed, 0x10000000 + fold.index * 2 ** 16 + epoch)),
        )
        places.push(order.map((trial) => fold.train.indexOf(trial)).join())
      }
    }
    expect(new Set(places).size).toBe(9)
  })
})

// What a fold has learned does not depend on the people it is tested on, and does on those it learns from: the same training with a
// part of the study scrambled, compared bit by bit.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseLabelScheme } from '../../src/evaluation/label_scheme.ts'
import { labelTrials } from '../../src/evaluation/labels.ts'
import { DIMENSIONS } from '../../src/datasets/trial.ts'
import type { Gpu } from '../../src/runtime/gpu.ts'
import { openGpu } from '../../src/runtime/node.ts'
import { Random } from '../../src/runtime/random.ts'
import { makeTask } from '../../src/train/task.ts'
import type { PreparedTrial } from '../../src/train/prepare.ts'
import { fileBits, smallConfig, smallStudy, TESTED, trainSmall, type Trained } from './small_task.ts'

let gpu: Gpu
let base: Trained
beforeAll(async () => {
  gpu = await openGpu()
  base = await trainSmall(gpu, smallStudy())
})
afterAll(() => gpu.close())

const fold = makeTask(smallStudy(), smallConfig).plan.folds[0]!

const turned = ({ valence, arousal }: { valence: number; arousal: number }) => ({
  valence: 10 - valence,
  arousal: 10 - arousal,
})
const turn = (trial: PreparedTrial): void => void (trial.ratings = turned(trial.ratings!))

/** Other signals, opposite ratings, and songs that nobody else heard. */
function scramble(trial: PreparedTrial, index: number): void {
  const random = new Random(99, index)
  turn(trial)
  trial.signals = trial.signals.map(() => 3 * random.normal())
  trial.music = trial.music!.map((value) => 5 * value + 100)
  trial.stimulus = `unheard${index}`
}

/** The study with the trials of one part changed. */
const changed = (part: readonly number[], change: (trial: PreparedTrial, index: number) => void) =>
  smallStudy((trial, index) => (part.includes(index) ? change(trial, index) : undefined))

const answersOf = ({ result }: Trained) =>
  result.predictions.map(({ trial, probability, baselines }) => ({ trial, probability, baselines }))
const trainLosses = ({ result }: Trained): number[] => result.epochs.map(({ trainLoss }) => trainLoss)

describe('the people that are tested', () => {
  it('leave weights, scaling, epochs and the choice among them as they are, whatever they are', async () => {
    expect(fold.test.map((i) => smallStudy().trials[i]!.subject)).toEqual(
      TESTED.flatMap((person) => new Array<string>(4).fill(person)),
    )
    const other = await trainSmall(gpu, changed(fold.test, scramble))
    expect(fileBits(other.model)).toEqual(fileBits(base.model))
    const { epochs, bestEpoch, steps, trainTrials, validationTrials } = base.result as typeof base.result & {
      steps: number
    }
    expect(other.result).toMatchObject({ epochs, bestEpoch, steps, trainTrials, validationTrials })
    expect(other.checkpoints.map((bytes) => fileBits(bytes))).toEqual(base.checkpoints.map((bytes) => fileBits(bytes)))
    // They were other people.
    for (const [i, { label, probability }] of other.result.predictions.entries()) {
      expect(label).toBe(1 - base.result.predictions[i]!.label)
      expect(probability).not.toBe(base.result.predictions[i]!.probability)
    }
  })

  it('get the same answers, whatever they felt', async () => {
    const other = await trainSmall(gpu, changed(fold.test, turn))
    expect(other.result.predictions.map(({ label }) => label)).toEqual(
      base.result.predictions.map(({ label }) => 1 - label),
    )
    expect(answersOf(other)).toEqual(answersOf(base))
    // Learned from all six, the more frequent class would have turned as well.
    const high = (set: ReturnType<typeof smallStudy>) =>
      makeTask(set, smallConfig).labelled.labels.filter((label) => label === 1).length
    expect([high(smallStudy()), high(changed(fold.test, turn))]).toEqual([15, 11])
    // Most of them heard a song that some of the others heard, and not all say the same.
    expect(new Set(answersOf(base).map(({ baselines }) => baselines.song))).toEqual(new Set([undefined, 0, 1]))
  })
})

describe('the people that are held out', () => {
  it('choose the epoch and nothing else', async () => {
    const other = await trainSmall(gpu, changed(fold.validation, turn))
    expect(trainLosses(other)).toEqual(trainLosses(base))
    expect([base.result.bestEpoch, other.result.bestEpoch]).toEqual([2, 1])
    const weights = ({ checkpoints }: Trained) => checkpoints.map((bytes) => fileBits(bytes, 'model.'))
    expect(weights(other)).toEqual(weights(base))
    for (const name of ['music.mean', 'music.deviation'])
      expect(fileBits(other.model, name)).toEqual(fileBits(base.model, name))
    expect(fileBits(other.model)).not.toEqual(fileBits(base.model))
  })
})

describe('the people that are trained on', () => {
  const one = fold.train.slice(0, 1)
  it.each<[string, (trial: PreparedTrial) => unknown]>([
    ['a rating', turn],
    ['a sample', ({ signals }) => (signals[100]! += 0.5)],
    ['a feature of the music', ({ music }) => (music![2]! += 0.5)],
  ])('count: with %s of one trial changed, the first epoch is another', async (_, change) => {
    const other = await trainSmall(gpu, changed(one, change), { epochs: 1 })
    expect(trainLosses(other)[0]).not.toBe(trainLosses(base)[0])
    expect(fileBits(other.checkpoints[0]!, 'model.')).not.toEqual(fileBits(base.checkpoints[0]!, 'model.'))
  })
})

describe('labels', () => {
  const labelsOf = (scheme: string, dimension: (typeof DIMENSIONS)[number], set: ReturnType<typeof smallStudy>) => {
    const { trials, labels } = labelTrials(set.trials, dimension, parseLabelScheme(scheme))
    return new Map(trials.map(({ id, subject }, i) => [`${subject} ${id}`, labels[i]]))
  }

  it.each(['two-means', 'per-dimension', 'median', 'fixed:5', 'column'])(
    '%s of a person do not depend on what others felt',
    (scheme) => {
      const rated = (change: (trial: PreparedTrial, index: number) => void) =>
        smallStudy((trial, index) => {
          change(trial, index)
          for (const dimension of DIMENSIONS)
            trial.columns[`${dimension}_high`] = trial.ratings![dimension] > 5 ? '1' : '0'
        })
      // Far from all others, or gone.
      const moved = rated(
        (trial, index) =>
          fold.test.includes(index) && (trial.ratings = { valence: 100 * index, arousal: -100 * index }),
      )
      const others = rated(() => undefined)
      others.trials = others.trials.filter((_, index) => !fold.test.includes(index))
      for (const dimension of DIMENSIONS) {
        const all = labelsOf(
          scheme,
          dimension,
          rated(() => undefined),
        )
        const known = [...all].filter(([name]) => !TESTED.includes(name.split(' ')[0]!))
        expect(known).toHaveLength(16)
        expect([...labelsOf(scheme, dimension, others)]).toEqual(known)
        const after = labelsOf(scheme, dimension, moved)
        expect(known.map(([name]) => [name, after.get(name)])).toEqual(known)
        expect(after).not.toEqual(all)
      }
    },
  )
})

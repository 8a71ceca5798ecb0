import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Gpu } from '../../src/runtime/gpu.ts'
import { openGpu } from '../../src/runtime/node.ts'
import { checkRunConfig } from '../../src/train/config.ts'
import { resolveRun } from '../../src/train/defaults.ts'
import { loadModel } from '../../src/train/checkpoint.ts'
import { inputsOf, ModelInputs } from '../../src/train/inputs.ts'
import { LISTENER_SET, listenerRatings, withListeners } from '../../src/train/listeners.ts'
import { outputsOf } from '../../src/train/predictor.ts'
import { makeTask, taskDigest } from '../../src/train/task.ts'
import { loadRunSummary } from '../../src/train/run_files.ts'
import { smallConfig, smallStudy, trainSmall } from './small_task.ts'

let gpu: Gpu
beforeAll(async () => {
  gpu = await openGpu()
})
afterAll(() => gpu.close())

/** Three people; the first two know song x. */
const RATED: [subject: string, stimulus: string, valence: number, arousal: number][] = [
  ['a', 'x', 1, 2],
  ['b', 'x', 3, 8],
  ['a', 'constructor', 5, 5],
  ['c', 'x', 100, 100],
  ['c', 'nobody else', 100, 100],
]
const set = smallStudy()
set.trials = RATED.map(([subject, stimulus, valence, arousal], i) => ({
  ...set.trials[i]!,
  subject,
  stimulus,
  ratings: { valence, arousal },
}))
const TRAIN = [0, 1, 2]

describe('what other listeners said of a song', () => {
  const music = (trials = set.trials) =>
    withListeners({ ...set, trials }, listenerRatings(set.trials, TRAIN)).trials.map(({ music }) => [...music!])

  it('is the mean of the training part, without the own rating', () => {
    expect(music()).toEqual([
      [3, 8], // of b alone
      [1, 2], // of a alone
      [3, 5], // nobody else heard it: all that the training part said
      [2, 5], // of a and b
      [3, 5],
    ])
  })

  it('does not change with what tested people said, not even of the same song', () => {
    const said = set.trials.map((trial, i) => (i < 3 ? trial : { ...trial, ratings: { valence: -9, arousal: -9 } }))
    expect(music(said)).toEqual(music())
    const config = resolveRun({ music: 'listeners', model: { length: set.length, final_pool: 2 } }, { musicDim: 0 })
    const rows = (trials: typeof said) => inputsOf({ ...set, trials }, config, TRAIN).music([0, 1, 2, 3, 4])
    expect(rows(said)).toEqual(rows(set.trials))
  })
})

describe('a run on what listeners said', () => {
  const listeners = { model: { ...smallConfig.model, music_dim: 2 }, musicFrom: 'listeners', epochs: 1 } as const

  it('needs two numbers of music, which its settings give', () => {
    expect(resolveRun({ music: 'listeners' }, { musicDim: 6373 })).toMatchObject({
      musicFrom: 'listeners',
      model: { music_dim: 2 },
    })
    expect(() => checkRunConfig({ ...smallConfig, musicFrom: 'listeners' })).toThrow('music_dim is 4')
  })

  it('is of other data when a rating is another one, though no label is', async () => {
    const of = (shift: number) =>
      taskDigest(
        makeTask(
          smallStudy(({ ratings }, i) => i === 0 && (ratings!.valence += shift)),
          { ...smallConfig, ...listeners },
        ),
      )
    expect(await of(0.01)).not.toBe(await of(0))
  })

  it('reads no music file, and its model knows the ratings that it predicts from', async () => {
    const study = smallStudy((trial) => delete trial.music)
    const { store, result } = await trainSmall(gpu, { ...study, musicDim: 0 }, listeners)
    const model = await loadModel(store, 'folds/fold-0/model.safetensors')
    const rated = Object.values(model.listeners!).flat()
    expect(rated).toHaveLength(result.trainTrials)
    expect(rated.filter(([subject]) => result.testSubjects.includes(subject))).toEqual([])
    const config = { ...smallConfig, ...listeners }
    const tested = study.trials.flatMap(({ subject }, i) => (result.testSubjects.includes(subject) ? [i] : []))
    const said = result.predictions.map(({ probability }) => probability)
    const rowsOf = await outputsOf(gpu, config, model, study, tested)
    expect(rowsOf.map((row) => row[1])).toEqual(said)
    const { listeners: ratings, scaling } = model
    const rows = new ModelInputs(study, config.signals, scaling, ratings).music(tested)!
    expect(new Set(rows).size).toBeGreaterThan(2)
    expect((await loadRunSummary(store))!.dataset.musicSet).toBe(LISTENER_SET)
  })
})

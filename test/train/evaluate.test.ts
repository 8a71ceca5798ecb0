// A result beside its baselines, counted by hand: which trials stand behind each number.
import { describe, expect, it } from 'vitest'
import type { RunConfig } from '../../src/train/config.ts'
import { judgedTrials, modelScores, pool, predictionsOf } from '../../src/train/evaluate.ts'
import { inputsOf } from '../../src/train/inputs.ts'
import { resolveRun } from '../../src/train/defaults.ts'
import type { PreparedSet } from '../../src/train/prepare.ts'
import { isFinished, type FoldResult, type Prediction, type RunSummary } from '../../src/train/run_summary.ts'

type Row = [subject: string, label: number, probability: number, majority: number, svm: number, song?: number]
const predictions = (...rows: Row[]): Prediction[] =>
  rows.map(([subject, label, probability, majority, svm, song], i) => ({
    trial: `t${i}`,
    subject,
    stimulus: `x${i}`,
    label,
    probability,
    baselines: { majority, svm, ...(song !== undefined && { song }) },
  }))

/** A probability of one half is no high one. */
const ROWS = predictions(
  ['a', 1, 0.9, 1, 0, 0],
  ['a', 0, 0.5, 1, 0],
  ['b', 1, 0.5, 1, 0, 1],
  ['b', 0, 0.1, 1, 1, 0],
  ['b', 0, 0.6, 1, 1],
)
describe('predictions', () => {
  it('are of the trials in their order, with what is said of each', () => {
    const trials = ['x', 'y'].map((id) => ({ id, subject: `of ${id}`, stimulus: `song ${id}` }))
    expect(
      predictionsOf(
        trials,
        [1, 0],
        [
          [0.75, 0.25],
          [0.25, 0.75],
        ],
        [{ majority: 1 }],
      ),
    ).toEqual([
      { trial: 'x', subject: 'of x', stimulus: 'song x', label: 1, probability: 0.25, baselines: { majority: 1 } },
      { trial: 'y', subject: 'of y', stimulus: 'song y', label: 0, probability: 0.75, baselines: {} },
    ])
  })

  it('of more than two classes name the likeliest, and are judged by the scores of any number', async () => {
    const trials = [0, 1, 2].map((i) => ({ id: `t${i}`, subject: `s${i}`, stimulus: 'x' }))
    const rows = [[0.2, 0.3, 0.5], [0.5, 0.3, 0.2], [0.6, 0.1, 0.3]] // prettier-ignore
    const said = predictionsOf(trials, [2, 1, 0], rows, [{ majority: 2 }, { majority: 2 }, { majority: 2 }])
    expect(said.map(({ predicted, probability }) => [predicted, probability])).toEqual([[2, 0.5], [0, 0.5], [0, 0.6]]) // prettier-ignore
    const { model, judgement } = await pool([{ ...fold([]), predictions: said }], 1, { classes: 3 })
    expect(model.confusion).toEqual([[1, 0, 0], [1, 0, 0], [0, 0, 1]]) // prettier-ignore
    expect(model).not.toHaveProperty('positive')
    expect(judgement.scores).toMatchObject({ accuracy: 2 / 3, balancedAccuracy: model.balancedAccuracy, f1: NaN })
    expect(judgement.scores.macroF1).toBeCloseTo(model.macro.f1, 12)
    expect(judgement.baselines).toMatchObject([{ name: 'majority', trials: 3, scores: { accuracy: 1 / 3 } }])
  })

  it('are scored as classes of which high is above one half', () => {
    expect(modelScores(ROWS).confusion).toEqual([
      [2, 1],
      [1, 1],
    ])
  })
})

/** A fold of which a result needs no more. */
const fold = (own: Prediction[], name = '0'): FoldResult => ({
  name,
  data: '',
  trainTrials: 0,
  validationTrials: 0,
  testSubjects: [],
  epochs: [],
  bestEpoch: 1,
  predictions: own,
  model: modelScores(own),
})

describe('a pooled result', () => {
  const FOLDS = [fold(ROWS.slice(0, 2)), fold(ROWS.slice(2, 4), '1'), fold(ROWS.slice(4), '2')]

  it('counts all trials together, each with its fold, its repeat and its baselines', async () => {
    expect(judgedTrials(FOLDS, 3).slice(1, 3)).toEqual([
      { trial: 't1', subject: 'a', fold: '0', seed: 3, label: 0, score: 0.5, baselines: { majority: 1, svm: 0 } },
      {
        trial: 't2',
        subject: 'b',
        fold: '1',
        seed: 3,
        label: 1,
        score: 0.5,
        baselines: { majority: 1, svm: 0, song: 1 },
      },
    ])
    const { model, judgement } = await pool(FOLDS, 3)
    expect(model).toEqual(modelScores(ROWS))
    expect(judgement).toMatchObject({ trials: 5, subjects: 2, folds: 3, seeds: [3], scores: { accuracy: 0.6 } })
    expect(judgement.baselines.map(({ name, trials }) => [name, trials])).toEqual([
      ['majority', 5],
      ['song', 3],
      ['svm', 5],
    ])
    // Accuracies 1, 0.5, 0 against 0.5, 0.5, 0: one fold differs.
    expect(judgement.baselines[0]!.wilcoxon).toMatchObject({ n: 1, w: 1, p: 1 })
  })

  it('is stopped with the reason of its signal', async () => {
    const reason = new Error('enough')
    await expect(pool(FOLDS, 3, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  })
})

describe('inputs', () => {
  const LENGTH = 3
  const set: PreparedSet = {
    name: 'lab',
    synthetic: false,
    musicDim: 2,
    skipped: [],
    length: LENGTH,
    dropSeconds: 3,
    trials: [0, 1, 2].map((i) => ({
      id: `t${i}`,
      subject: 's',
      stimulus: `x${i}`,
      sampleRate: 4,
      unit: 'uS',
      columns: {},
      source: '',
      signals: Float32Array.from({ length: 3 * LENGTH }, (_, k) => 100 * i + k),
      status: 'solved',
      filled: 0,
      constant: [],
      ...(i < 2 && { music: Float32Array.of(i, 4 - 2 * i) }),
    })),
  }
  const config = (signals: RunConfig['signals'], music: 'auto' | 'none' = 'none') =>
    resolveRun({ signals, music }, { musicDim: 2 })

  it.each<[RunConfig['signals'], number[]]>([
    [
      ['origin', 'phasic', 'tonic'],
      [0, 1, 2, 3, 4, 5, 6, 7, 8],
    ],
    [
      ['tonic', 'origin', 'phasic'],
      [6, 7, 8, 0, 1, 2, 3, 4, 5],
    ],
    [['origin'], [0, 1, 2]],
    [['phasic'], [3, 4, 5]],
    [['tonic'], [6, 7, 8]],
    [
      ['tonic', 'origin'],
      [6, 7, 8, 0, 1, 2],
    ],
  ])('have the channels %j, in that order, of the trials that are asked for', (signals, expected) => {
    const inputs = inputsOf(set, config(signals), [0])
    expect([...inputs.eda([2, 0])]).toEqual([...expected.map((k) => 200 + k), ...expected])
    expect([...inputs.vector(1)]).toEqual(expected.map((k) => 100 + k))
    expect([inputs.music([0]), inputs.scaling]).toEqual([null, null])
  })

  it('have the music of the same trials after the signals', () => {
    // 0 and 1 have mean and deviation 1/2, 4 and 2 have 3 and 1.
    const inputs = inputsOf(set, config(['phasic'], 'auto'), [0, 1])
    expect([...inputs.music([1, 0])!]).toEqual([1, -1, -1, 1])
    expect([...inputs.vector(1)]).toEqual([103, 104, 105, 1, -1])
    expect(() => inputs.music([2])).toThrow("trial t2: stimulus 'x2' has no row in music.csv; use --music none")
    expect(() => inputsOf(set, config(['phasic'], 'auto'), [0, 2])).toThrow('trial t2: ')
  })
})

it('a run is finished when all folds of its plan are, one fold when it is', () => {
  const run = (...names: string[]) =>
    ({ folds: { count: 2 }, results: names.map((name) => fold([], name)) }) as unknown as RunSummary
  expect([isFinished(run('0', '1')), isFinished(run('1')), isFinished(run())]).toEqual([true, false, false])
  expect([isFinished(run('1'), '1'), isFinished(run('1'), '0'), isFinished(run('0', '1'), '2')]).toEqual([
    true,
    false,
    false,
  ])
})

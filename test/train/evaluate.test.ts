// A result beside its baselines, counted by hand: which trials stand behind each number.
import { describe, expect, it } from 'vitest'
import type { RunConfig } from '../../src/train/config.ts'
import { chance, modelScores, pool, predictionsOf, scores } from '../../src/train/evaluate.ts'
import { inputsOf, ModelInputs } from '../../src/train/inputs.ts'
import { resolveRun } from '../../src/train/defaults.ts'
import type { PreparedSet, PreparedTrial } from '../../src/train/prepare.ts'
import { isFinished, type FoldResult, type Prediction, type RunSummary } from '../../src/train/run_summary.ts'
import { interval, permutationValue } from '../study_reference/statistics.ts'

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
const confusions = ({ model, baselines: { majority, svm, song } }: ReturnType<typeof scores>) =>
  [model, majority, svm, song?.baseline, song?.model].map((of) => of?.confusion)

describe('scores', () => {
  it('are those of each on its own classes, the song-only label on what others heard', () => {
    expect(confusions(scores(ROWS))).toEqual([
      [
        [2, 1],
        [1, 1],
      ],
      [
        [0, 3],
        [0, 2],
      ],
      [
        [1, 2],
        [2, 0],
      ],
      [
        [1, 0],
        [1, 1],
      ],
      [
        [1, 0],
        [1, 1],
      ],
    ])
    expect(modelScores(ROWS)).toEqual(scores(ROWS).model)
  })

  it('of more than two classes have no score of high and no SVM', () => {
    const rows = [
      { label: 2, predicted: 2, baselines: { majority: 2, song: 1 } },
      { label: 1, predicted: 0, baselines: { majority: 2, song: 1 } },
      { label: 0, predicted: 0, baselines: { majority: 2 } },
    ].map((row, i) => ({ trial: `t${i}`, subject: `s${i}`, stimulus: `x${i}`, probability: 0.4, ...row }))
    const { model, baselines } = scores(rows, 3)
    expect(model.confusion).toEqual([
      [1, 0, 0],
      [1, 0, 0],
      [0, 0, 1],
    ])
    expect([model.accuracy, baselines.majority.accuracy, baselines.song?.baseline.accuracy]).toEqual([
      2 / 3,
      1 / 3,
      0.5,
    ])
    expect(model).not.toHaveProperty('positive')
    expect(baselines).not.toHaveProperty('svm')
    expect(chance(rows, 1).interval).toMatchObject({ low: 0, high: 1 })
    expect(pool([fold(rows, '0', 3)], 1, 3).model).toEqual(model)
  })

  it('have no song-only label where nobody else heard a song', () => {
    expect(scores(ROWS.filter(({ baselines }) => baselines.song === undefined)).baselines).not.toHaveProperty('song')
  })
})

/** A fold of which a result needs no more. */
const fold = (own: Prediction[], name = '0', classes = 2): FoldResult => ({
  name,
  data: '',
  trainTrials: 0,
  validationTrials: 0,
  testSubjects: [],
  epochs: [],
  bestEpoch: 1,
  predictions: own,
  ...scores(own, classes),
})

describe('a pooled result', () => {
  const FOLDS = [fold(ROWS.slice(0, 2)), fold(ROWS.slice(2, 4)), fold(ROWS.slice(4))]

  it('counts all trials together, and compares with the majority by fold', () => {
    const { model, baselines, wilcoxon } = pool(FOLDS, 3)
    expect({ model, baselines }).toEqual(scores(ROWS))
    // Accuracies 1, 0.5, 0 against 0.5, 0.5, 0: one fold differs.
    expect(wilcoxon).toEqual({ n: 1, w: 1, p: 1 })
  })

  it('has an interval by person and seed, and an exact permutation test', () => {
    // People of one to nine trials, who are known less and less well.
    const many = predictions(
      ...Array.from({ length: 45 }, (_, i): Row => {
        const person = Math.floor((Math.sqrt(8 * i + 1) - 1) / 2)
        const label = (i * 7) % 3 === 0 ? 1 : 0
        return [`s${person}`, label, (i * 5) % 9 < person ? 0.7 - 0.4 * label : 0.3 + 0.4 * label, 1, 1]
      }),
    )
    const judged = many.map((row) => ({ ...row, predicted: row.probability > 0.5 ? 1 : 0 }))
    const rounded = ({ interval: of, permutation }: ReturnType<typeof chance>) =>
      [of?.low, of?.high, permutation].map((value) => value?.toFixed(12))
    for (const seed of [1, 3, 4]) {
      const expected = rounded({ interval: interval(judged, seed), permutation: permutationValue(judged) })
      expect(rounded(pool([fold(many.slice(0, 20)), fold(many.slice(20))], seed))).toEqual(expected)
      expect(rounded(chance(many, seed))).toEqual(expected)
    }
    const [one, other] = [chance(many, 3), chance(many, 4)]
    expect(one.interval).not.toEqual(other.interval)
    expect(one.permutation).toBe(other.permutation)
  })

  it('has no interval of one person, and no signed ranks of one fold', () => {
    const own = ROWS.map((row) => ({ ...row, subject: 'a' }))
    const alone = pool([fold(own)], 3)
    expect(Object.keys(alone).sort()).toEqual(['baselines', 'model', 'permutation'])
    expect(Object.keys(pool([fold(ROWS)], 3)).sort()).toEqual(['baselines', 'interval', 'model', 'permutation'])
  })
})

describe('baselines of a fold', () => {
  const LENGTH = 2
  /** High where the first sample of the signals is above zero. */
  const trial = (i: number, subject: string, stimulus: string, level: number): PreparedTrial => ({
    id: `t${i}`,
    subject,
    stimulus,
    sampleRate: 4,
    unit: 'uS',
    columns: {},
    source: '',
    signals: Float32Array.of(level, 0, 0, 0, 0, 0),
    status: 'solved',
    filled: 0,
    constant: [],
  })
  const trials = [
    trial(0, 'a', 'x', 8),
    trial(1, 'a', 'y', -8),
    trial(2, 'b', 'x', -8),
    trial(3, 'b', 'y', -8),
    trial(4, 'c', 'x', 8),
    trial(5, 'c', 'y', 8),
    trial(6, 'd', 'x', -8),
    trial(7, 'd', 'z', 8),
  ]
  const labels = Uint8Array.of(1, 0, 0, 0, 1, 1, 0, 1)
  const inputs = new ModelInputs(
    { name: '', synthetic: false, trials, musicDim: 0, skipped: [], length: LENGTH, dropSeconds: 3 },
    ['origin', 'phasic', 'tonic'],
    null,
  )

  const rows = (...high: number[]): number[][] => high.map((probability) => [1 - probability, probability])

  it('learn from training and validation parts, and answer for the test part in its order', async () => {
    const found = await predictionsOf(
      trials,
      labels,
      { train: [0, 1], validation: [3, 2], test: [7, 6, 4] },
      rows(0.3, 0.2, 0.7),
      inputs,
    )
    // Of a and b one of four is high; of x one is high and one low, y is not asked for, and nobody else heard z.
    expect(found).toEqual([
      { trial: 't7', subject: 'd', stimulus: 'z', label: 1, probability: 0.3, baselines: { majority: 0, svm: 1 } },
      { trial: 't6', subject: 'd', stimulus: 'x', label: 0, probability: 0.2, baselines: { majority: 0, svm: 0 } },
      { trial: 't4', subject: 'c', stimulus: 'x', label: 1, probability: 0.7, baselines: { majority: 0, svm: 1 } },
    ])
    const classes = await predictionsOf(
      trials,
      labels,
      { train: [0, 1], validation: [], test: [3] },
      [[0.2, 0.5, 0.3]],
      inputs,
    )
    expect(classes).toMatchObject([{ predicted: 1, probability: 0.5 }])
    expect(classes[0]!.baselines).not.toHaveProperty('svm')
    const other = { train: [0, 1], validation: [4, 5], test: [6, 3] }
    const held = await predictionsOf(trials, labels, other, rows(0.5, 0.5), inputs)
    expect(held.map(({ baselines }) => baselines)).toEqual([
      { majority: 1, svm: 0, song: 1 },
      { majority: 1, svm: 0 },
    ])
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

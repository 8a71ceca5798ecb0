import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { balanceOf, twoMeansLabels } from '../../src/evaluation/class_balance.ts'
import { shownScheme } from '../../src/evaluation/control.ts'
import { type LabelScheme, parseLabelScheme } from '../../src/evaluation/label_scheme.ts'
import { doubtOfLabels, labelRatings, labelTrials } from '../../src/evaluation/labels.ts'
import { threeMeans } from '../../src/evaluation/three_means.ts'
import type { Dimension, Trial } from '../../src/datasets/trial.ts'
import { readTrialTable } from '../../src/datasets/trial_table.ts'
import { parseCsv } from '../../src/formats/csv.ts'
import { FormatError, UsageError } from '../../src/runtime/errors.ts'
import { needs, NO_SHARED } from '../support/needs.ts'

/** Of the paper's labels. */
function classBalance(trials: readonly Trial[], dimension: Dimension) {
  const labelled = twoMeansLabels(trials, dimension)
  return labelled && balanceOf(labelled)
}

const shared = new URL('../../../shared/', import.meta.url)

type Pair = [valence: number, arousal: number]

function trialsOf(subject: string, ratings: (Pair | undefined)[], columns: Record<string, string> = {}): Trial[] {
  return ratings.map((pair, i) => ({
    id: `${subject}_${i}`,
    subject,
    stimulus: `song${i}`,
    sampleRate: 4,
    eda: new Float64Array(0),
    unit: 'uS',
    columns,
    source: `trials.csv:${i + 2}`,
    ...(pair && { ratings: { valence: pair[0], arousal: pair[1] } }),
  }))
}

describe('labelTrials', () => {
  const apart: [number, number][] = [
    [2, 2],
    [3, 2],
    [2, 3],
    [8, 7],
    [7, 8],
    [8, 8],
  ]

  it("uses each subject's own midpoint of the centres", () => {
    const shifted = apart.map(([v, a]): [number, number] => [v + 20, a + 20])
    const both = [...trialsOf('a', apart), ...trialsOf('b', shifted)]
    const { labels, subjects, trials } = labelTrials(both, 'arousal', { kind: 'two-means' })
    expect([...labels]).toEqual([0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1])
    expect(trials.length).toBe(12)
    expect(subjects[0]?.threshold).toBeCloseTo((7 / 3 + 23 / 3) / 2, 12)
    expect(subjects.map(({ high, trials: count }) => [high, count])).toEqual([
      [3, 6],
      [3, 6],
    ])
    // Each dimension has its own.
    const {
      subjects: [aroused],
    } = labelTrials(
      trialsOf(
        'c',
        apart.map(([v, a]) => [v, a + 20]),
      ),
      'arousal',
      { kind: 'two-means' },
    )
    expect(aroused).toMatchObject({ threshold: expect.closeTo(20 + (7 / 3 + 23 / 3) / 2, 12) as number, high: 3 })
  })

  it('flags a subject whose clusters part in the other dimension', () => {
    const valenceOnly = trialsOf('a', [
      [1, 5],
      [2, 4],
      [9, 5],
      [8, 4.1],
    ])
    const [arousal, valence] = (['arousal', 'valence'] as const).map(
      (dimension) => labelTrials(valenceOnly, dimension, { kind: 'two-means' }).subjects[0],
    )
    expect(arousal).toMatchObject({ weak: true, separation: expect.closeTo(0.05, 9) as number })
    expect(valence?.weak).toBe(false)
    expect(labelTrials(valenceOnly, 'arousal', { kind: 'per-dimension' }).subjects[0]?.separation).toBeGreaterThan(0.8)
  })

  it('says of data without ratings what they need, by what they are', () => {
    const [plain] = trialsOf('a', [undefined])
    const says = (dataset?: 'recordings' | 'deap') => () =>
      labelTrials([{ ...plain!, ...(dataset && { dataset }) }], 'arousal', { kind: 'median' })
    expect(says()).toThrow('no trial has a usable arousal label; trials.csv needs valence and arousal ratings')
    expect(says('recordings')).toThrow(
      'a folder of recordings has no ratings: it can be predicted; to train on it, write',
    )
    expect(says('deap')).toThrow('labels "median" need ratings of valence and arousal, two different ones at least')
  })

  it('drops unrated trials and subjects without two distinct ratings, and says so', () => {
    const same: [number, number][] = [
      [5, 5],
      [5, 5],
    ]
    const both = [...trialsOf('a', [...apart, undefined]), ...trialsOf('b', same)]
    const result = labelTrials(both, 'valence', { kind: 'two-means' })
    expect(result.trials.every((trial) => trial.subject === 'a')).toBe(true)
    expect(result.labels.length).toBe(6)
    expect(result.skipped).toEqual([
      { source: 'trials.csv:8', reason: 'not rated' },
      { source: 'subject b', reason: 'fewer than two distinct ratings, so there is no threshold' },
    ])
  })

  it('knows the other schemes', () => {
    const trials = trialsOf(
      'a',
      [
        [1, 9],
        [2, 4],
        [3, 2],
        [9, 1],
      ],
      { arousal_high: '1' },
    )
    const labelled = (scheme: LabelScheme, dimension: Dimension = 'valence'): number[] => [
      ...labelTrials(trials, dimension, scheme).labels,
    ]
    expect(labelled({ kind: 'fixed', threshold: 2 })).toEqual([0, 0, 1, 1])
    expect(labelled({ kind: 'median' })).toEqual([0, 0, 1, 1])
    // Ratings of two digits are no text: the median of 2, 9, 10, 11 is 9.5.
    const wide = trialsOf(
      'b',
      [10, 2, 11, 9].map((valence) => [valence, 5]),
    )
    expect([...labelTrials(wide, 'valence', { kind: 'median' }).labels]).toEqual([1, 0, 1, 0])
    expect(labelled({ kind: 'per-dimension' })).toEqual([0, 0, 0, 1])
    expect(labelled({ kind: 'column' }, 'arousal')).toEqual([1, 1, 1, 1])
    expect(() => labelled({ kind: 'column' })).toThrow(
      "trials.csv:2: column 'valence_high' is missing, expected 0 or 1",
    )
    const bad = trialsOf('a', [[1, 1]], { arousal_high: 'high' })
    expect(() => labelTrials(bad, 'arousal', { kind: 'column' })).toThrow(
      "column 'arousal_high' is 'high', expected 0 or 1",
    )
    expect(() => labelTrials(trialsOf('a', [undefined]), 'arousal', { kind: 'median' })).toThrow(FormatError)
  })

  it('reads what the user wrote', () => {
    expect(parseLabelScheme('fixed:-0.5')).toEqual({ kind: 'fixed', threshold: -0.5 })
    expect(parseLabelScheme('two-means')).toEqual({ kind: 'two-means' })
    for (const text of ['fixed:', 'fixed: ', 'fixed:x', 'fixed:Infinity', 'median:3', 'mean', '']) {
      expect(() => parseLabelScheme(text)).toThrow(/are unknown; use two-means/)
    }
    expect(labelTrials(trialsOf('a', apart), 'arousal', parseLabelScheme('fixed:4')).scheme).toBe('fixed:4')
  })

  it('reproduces the thresholds of 24 real listeners', needs(existsSync(shared), NO_SHARED), async () => {
    const read = (name: string): string => readFileSync(new URL(`data/hku956/${name}`, shared), 'utf8')
    const rows = read('trials.csv')
    const files = { trials: rows, eda: `trial,i,eda_us\n${oneSampleEach(rows)}` }
    const { trials } = await readTrialTable(files, { name: 'hku956' })
    expect(trials.length).toBe(765)
    const table = parseCsv(read('thresholds.csv'), 'thresholds.csv')
    for (const dimension of ['arousal', 'valence'] as const) {
      const { subjects, labels, trials: kept } = labelTrials(trials, dimension, { kind: 'two-means' })
      expect(subjects.length).toBe(24)
      const thresholds = table.numbers(`${dimension}_threshold`)
      const expected = new Map(table.text('subject').map((subject, row) => [subject, thresholds[row]!]))
      for (const { subject, threshold } of subjects) {
        expect(Math.abs(threshold! - expected.get(subject)!)).toBeLessThan(1e-6)
      }
      expect([...labels]).toEqual(kept.map((trial) => Number(trial.columns[`${dimension}_high`])))
      expect(subjects.filter(({ weak }) => weak).length).toBe(dimension === 'arousal' ? 5 : 6)
    }
  })
})

/** People whose ratings come in turns, as in a table that is ordered by song. */
function inTurns(...people: Trial[][]): Trial[] {
  return people[0]!.flatMap((_, i) => people.flatMap((trials) => trials[i] ?? []))
}

describe('a rating at the threshold', () => {
  it.each<[string, Pair[]]>([
    [
      'median',
      [
        [5, 1],
        [5, 2],
        [5, 3],
        [5, 4],
        [5, 5],
      ],
    ],
    [
      'median',
      [
        [5, 3],
        [5, 3],
        [5, 3],
        [5, 9],
      ],
    ],
    [
      'fixed:3',
      [
        [5, 1],
        [5, 3],
        [5, 5],
      ],
    ],
    // Valence parts them: the centres are (0, 1.5) and (10, 4.5).
    [
      'two-means',
      [
        [0, 0],
        [0, 3],
        [10, 3],
        [10, 6],
      ],
    ],
  ])('is low by %s of %j', (scheme, ratings) => {
    const { labels, subjects } = labelTrials(trialsOf('a', ratings), 'arousal', parseLabelScheme(scheme))
    expect(subjects[0]?.threshold).toBe(3)
    expect([...labels]).toEqual(ratings.map(([, arousal]) => (arousal > 3 ? 1 : 0)))
  })
})

describe('what is said of labels', () => {
  const RATED: Pair[] = [
    [1, 2],
    [9, 3],
    [1, 2],
    [9, 3],
  ]

  it('follows the order of the trials, not that of the people', () => {
    const trials = inTurns(trialsOf('b', RATED), trialsOf('a', [...RATED].reverse()))
    const { labels, trials: kept, subjects } = labelTrials(trials, 'arousal', { kind: 'two-means' })
    expect(kept).toEqual(trials)
    expect([...labels]).toEqual(trials.map(({ ratings }) => (ratings!.arousal === 3 ? 1 : 0)))
    expect(subjects.map(({ subject }) => subject)).toEqual(['b', 'a'])
  })

  it('has every field of every scheme', () => {
    const column = { arousal_high: ' 1 ', valence_high: '0' }
    const unrated = trialsOf('c', [undefined], column)
    const one = trialsOf('d', [[4, 12]], column)
    const trials = [...trialsOf('a', RATED, column), ...unrated, ...one]
    const of = (scheme: string, dimension: Dimension = 'arousal') => {
      const { labels, trials: kept, ...said } = labelTrials(trials, dimension, parseLabelScheme(scheme))
      expect(said).toMatchObject({ scheme, dimension })
      return { ...said, labels: labels.join(''), ids: kept.map(({ id }) => id).join(' ') }
    }
    const rated = { subject: 'a', trials: 4, high: 2, threshold: 2.5 }
    const notRated = { source: 'trials.csv:2', reason: 'not rated' }
    const oneRating = { source: 'subject d', reason: 'fewer than two distinct ratings, so there is no threshold' }
    const centers = [
      [1, 2],
      [9, 3],
    ]
    // Ratings of all people, 2 to 12, are the range: the centres are a tenth of it apart, which is not weak yet.
    expect(of('two-means')).toEqual({
      scheme: 'two-means',
      dimension: 'arousal',
      labels: '0101',
      ids: 'a_0 a_1 a_2 a_3',
      subjects: [{ ...rated, separation: 0.1, weak: false, centers }],
      skipped: [notRated, oneRating],
    })
    expect(of('two-means', 'valence').subjects).toEqual([
      { subject: 'a', trials: 4, high: 2, threshold: 5, separation: 1, weak: false, centers },
    ])
    expect(of('per-dimension')).toMatchObject({
      labels: '0101',
      subjects: [{ ...rated, separation: 0.1, weak: false }],
      skipped: [notRated, oneRating],
    })
    expect(of('per-dimension').subjects[0]).not.toHaveProperty('centers')
    expect(of('median')).toMatchObject({
      labels: '0101',
      subjects: [{ ...rated, weak: false }],
      skipped: [notRated, oneRating],
    })
    // One threshold for everybody does for one rating; a column needs none.
    expect(of('fixed:2.5')).toMatchObject({
      labels: '01011',
      ids: 'a_0 a_1 a_2 a_3 d_0',
      subjects: [
        { ...rated, weak: false },
        { subject: 'd', trials: 1, high: 1, threshold: 2.5, weak: false },
      ],
      skipped: [notRated],
    })
    expect(of('column')).toEqual({
      scheme: 'column',
      dimension: 'arousal',
      labels: '111111',
      ids: 'a_0 a_1 a_2 a_3 c_0 d_0',
      subjects: [
        { subject: 'a', trials: 4, high: 4, weak: false },
        { subject: 'c', trials: 1, high: 1, weak: false },
        { subject: 'd', trials: 1, high: 1, weak: false },
      ],
      skipped: [],
    })
    expect(of('column', 'valence').labels).toBe('000000')
  })

  it('is weak, and all is low, where the other rating alone tells a person’s trials apart', () => {
    const trials = [...trialsOf('a', [[1, 5], [9, 5], [9, 5]]), ...trialsOf('b', RATED)] // prettier-ignore
    const { labels, subjects, skipped } = labelTrials(trials, 'arousal', parseLabelScheme('two-means'))
    expect([...labels].slice(0, 3)).toEqual([0, 0, 0])
    expect(subjects[0]).toMatchObject({ subject: 'a', trials: 3, high: 0, threshold: 5, separation: 0, weak: true })
    expect(skipped).toEqual([])
    // By itself that rating has no two values to tell apart.
    const alone = labelTrials(trials, 'arousal', parseLabelScheme('per-dimension'))
    expect(alone.skipped.map(({ source }) => source)).toEqual(['subject a'])
  })

  it('is weak below a tenth of the range', () => {
    const separationOf = (most: number) =>
      labelTrials(
        [
          ...trialsOf('a', RATED),
          ...trialsOf('b', [
            [5, most],
            [6, most],
          ]),
        ],
        'arousal',
        {
          kind: 'two-means',
        },
      ).subjects[0]
    expect(separationOf(12)).toMatchObject({ separation: 1 / 10, weak: false })
    expect(separationOf(13)).toMatchObject({ separation: 1 / 11, weak: true })
  })

  it('as a balance counts labelled trials, and is none without ratings', () => {
    const trials = inTurns(
      trialsOf('b', [...RATED, [9, 3], undefined]),
      trialsOf('a', [
        [1, 2],
        [9, 12],
        [9, 12],
        [1, 2],
      ]),
    )
    const subjects = [
      { subject: 'b', trials: 5, high: 3, weak: false },
      { subject: 'a', trials: 4, high: 2, weak: false },
    ]
    expect(classBalance(trials, 'arousal')).toMatchObject({ trials: 9, high: 5, weak: [], subjects })
    expect(
      classBalance(
        [
          ...trials,
          ...trialsOf('c', [
            [5, 22],
            [6, 2],
          ]),
        ],
        'arousal',
      ),
    ).toMatchObject({
      trials: 11,
      weak: ['b'],
    })
    expect(classBalance(trialsOf('a', [undefined]), 'valence')).toBeNull()
  })
})

describe('labels of songs', () => {
  const heard = (song: string, subject: string, pair?: Pair, published?: Pair): Trial => ({
    ...trialsOf(subject, [pair])[0]!,
    ...{ id: `${subject}_${song}`, stimulus: song, source: `${song} of ${subject}` },
    ...(published && { stimulusRatings: { valence: published[0], arousal: published[1] } }),
  })
  const song: LabelScheme = { kind: 'song' }

  it('are high where the mean of all who rated a song is, whatever the listener said', () => {
    // Means of valence and arousal: x (2, 4), y (8, 4.5), z (8, 5.5); centres (2, 4) and (8, 5).
    const trials = [
      ...[heard('x', 'a', [1, 9]), heard('x', 'b', [3, -1]), heard('y', 'a', [8, 4.5])],
      ...[heard('z', 'a', [8, 5]), heard('z', 'b', [8, 6]), heard('z', 'c'), heard('w', 'c')],
    ]
    const centers = [
      [2, 4],
      [8, 5],
    ]
    const valence = labelTrials(trials, 'valence', song)
    expect([...valence.labels]).toEqual([0, 0, 1, 1, 1, 1])
    // The listener who rated nothing has the label of the song; the song that nobody rated has none.
    expect(valence.trials.at(-1)!.source).toBe('z of c')
    expect(valence.skipped).toEqual([{ source: 'w of c', reason: 'its song is not rated' }])
    expect(valence.songs).toEqual({
      ...{ means: 'of-trials', count: 3, high: 2, threshold: 5, centers, separation: 1, weak: false },
    })
    expect(valence.subjects).toEqual([
      { subject: 'a', trials: 3, high: 2, threshold: 5, weak: false },
      { subject: 'b', trials: 2, high: 1, threshold: 5, weak: false },
      { subject: 'c', trials: 1, high: 1, threshold: 5, weak: false },
    ])
    const arousal = labelTrials(trials, 'arousal', song)
    expect(arousal.scheme).toBe('song')
    expect([...arousal.labels]).toEqual([0, 0, 0, 1, 1, 1]) // above 4.5, not at it
    expect(arousal.songs).toMatchObject({ high: 1, threshold: 4.5, separation: 1 / 1.5 })
  })

  it('are of the published means where there are any', () => {
    const trials = [
      heard('x', 'a', [9, 9], [0.1, 0.1]),
      heard('y', 'a', [0, 0], [0.9, 0.8]),
      heard('y', 'b', undefined, [0.9, 0.8]),
      heard('z', 'b', [9, 9]),
    ]
    const { labels, songs, skipped } = labelTrials(trials, 'arousal', song)
    expect([...labels]).toEqual([0, 1, 1])
    expect(songs).toMatchObject({ means: 'published', count: 2, threshold: expect.closeTo(0.45, 12) as number })
    expect(skipped).toEqual([{ source: 'z of b', reason: 'its song is not rated' }])
  })

  it.each<[string, Trial[], string]>([
    [
      'songs that are not known',
      [heard('x', 'a', [1, 1]), heard('y', 'a', [2, 2]), heard('z', 'b', [3, 3])],
      'labels "song" need songs that several people rated, and no two rated trials are of one stimulus',
    ],
    [
      'songs of one mean',
      [heard('x', 'a', undefined, [1, 1]), heard('y', 'a', undefined, [1, 1])],
      'labels "song" need two songs with different mean ratings; all that are rated have the same',
    ],
    ['nothing that is rated', [heard('x', 'a'), heard('y', 'a')], 'mean ratings; none is rated'],
    [
      'a song with two means',
      [heard('x', 'a', undefined, [1, 1]), heard('x', 'b', undefined, [1, 2])],
      'x of b: another trial of song x has other mean ratings; a song has one of each',
    ],
  ])('need more than %s', (_, trials, says) => {
    expect(() => labelTrials(trials, 'arousal', song)).toThrow(FormatError)
    expect(() => labelTrials(trials, 'arousal', song)).toThrow(says)
  })

  it('are what is left where there are no ratings of listeners', () => {
    const trials = [heard('x', 'a', undefined, [0.1, 0.1]), heard('y', 'a', undefined, [0.9, 0.8])]
    for (const scheme of ['two-means', 'median', 'fixed:0.5'])
      expect(() => labelTrials(trials, 'arousal', parseLabelScheme(scheme))).toThrow(
        `the data have no ratings by listeners, which labels "${scheme}" need, only means of songs: use --labels song.`,
      )
    const pmemo = trials.map((trial) => ({ ...trial, dataset: 'pmemo2019' }))
    expect(() => labelTrials(pmemo, 'arousal', parseLabelScheme('two-means'))).toThrow(
      'PMEmo2019 has no per-listener ratings, which labels "two-means" need: use the 2018/01 release, or --labels song.',
    )
  })

  it('are told apart from those of listeners, for whoever reads a result', () => {
    expect(doubtOfLabels('song')).toBe(
      'labels are of songs, not of listeners; a model that knows the song can be right without reading skin conductance',
    )
    for (const scheme of ['two-means', 'per-dimension', 'median', 'fixed:3', 'column'])
      expect(doubtOfLabels(scheme)).toBeUndefined()
    const control = doubtOfLabels(shownScheme('median', true))
    expect(control).toBe(
      'labels were shuffled within each person: a control, whose results must be those of chance, whatever the model',
    )
    expect(doubtOfLabels(shownScheme('song', true))).toBe(`${control}; ${doubtOfLabels('song')}`)
  })
})

describe('of people who heard each song twice', () => {
  const pass = (of: Dimension, ratings: Pair[]): Trial[] =>
    trialsOf('a', ratings).map((trial) => ({ ...trial, id: `${trial.id}_${of}`, pass: of }))
  // In the arousal pass one song more was heard, which alone moves the threshold.
  const both = [...pass('arousal', [[1, 2], [1, 4], [1, 12]]), ...pass('valence', [[1, 2], [1, 4]])] // prettier-ignore

  it('each pass is labelled by its own ratings', () => {
    const { labels, subjects } = labelTrials(both, 'arousal', { kind: 'median' })
    expect([...labels]).toEqual([0, 0, 1, 0, 1])
    expect(subjects).toEqual([
      { subject: 'a', pass: 'arousal', trials: 3, high: 1, threshold: 4, weak: false },
      { subject: 'a', pass: 'valence', trials: 2, high: 1, threshold: 3, weak: false },
    ])
  })

  it('a balance counts the pass of its dimension', () => {
    expect(classBalance(both, 'arousal')).toMatchObject({ trials: 3, high: 1 })
    expect(classBalance([...both, ...trialsOf('b', [[1, 1], [2, 9]])], 'arousal')).toMatchObject({ trials: 5 }) // prettier-ignore
    expect(classBalance(both.slice(0, 3), 'valence')).toBeNull()
  })
})

describe('a rating that is no number', () => {
  it.each([NaN, Infinity, -Infinity])('is refused by its trial: %d', (value) => {
    for (const scheme of ['two-means', 'median', 'fixed:1', 'song', 'column']) {
      const own = trialsOf('a', [[1, 1], [2, value], [3, 3]], { arousal_high: '1' }) // prettier-ignore
      expect(() => labelTrials(own, 'arousal', parseLabelScheme(scheme))).toThrow(
        `trials.csv:3: its arousal is ${value}, expected a finite rating`,
      )
    }
    const [trial] = trialsOf('a', [[1, 1]])
    expect(() =>
      labelTrials([{ ...trial!, stimulusRatings: { valence: value, arousal: 1 } }], 'arousal', { kind: 'song' }),
    ).toThrow(`trials.csv:2: its mean valence is ${value}, expected a finite rating`)
  })
})

describe('labels of ratings that not every dataset has', () => {
  const liked = (subject: string, ...cells: string[]): Trial[] =>
    cells.map((liking, i) => ({
      ...trialsOf(subject, [undefined], { liking })[0]!,
      id: `${subject}_${i}`,
      source: `line ${i} of ${subject}`,
      ratingScale: [1, 9],
    }))
  const labelsOf = (scheme: string, trials: Trial[]) => labelTrials(trials, 'liking', parseLabelScheme(scheme))

  it('are of the column of that name', () => {
    const trials = [...liked('a', '1', ' 2.5 ', '8', ''), ...liked('b', '5', '5')]
    const { labels, subjects, skipped, dimension } = labelsOf('per-dimension', trials)
    expect([dimension, ...labels]).toEqual(['liking', 0, 0, 1])
    expect(subjects).toMatchObject([
      { subject: 'a', trials: 3, high: 1, threshold: (1.75 + 8) / 2, separation: 6.25 / 7 },
    ])
    expect(skipped).toEqual([
      { source: 'line 3 of a', reason: 'not rated' },
      { source: 'subject b', reason: 'fewer than two distinct ratings, so there is no threshold' },
    ])
    expect([...labelsOf('median', trials).labels]).toEqual([0, 0, 1])
    expect([...labelsOf('fixed:2', trials).labels]).toEqual([0, 1, 1, 1, 1])
  })

  it('are refused where the column is none, holds something else, or leaves the scale', () => {
    expect(() =>
      labelsOf(
        'median',
        trialsOf('a', [
          [1, 1],
          [2, 2],
        ]),
      ),
    ).toThrow(
      // prettier-ignore
      "no trial is rated in liking; it is read from a column 'liking', which DEAP, AMIGOS and trial tables with such a column have",
    )
    const says = (cell: string) => () => labelsOf('median', liked('a', '1', cell))
    expect(says('much')).toThrow(
      "line 1 of a: column 'liking' is 'much', expected a number, or nothing for a trial without a rating",
    )
    expect(says('9.5')).toThrow('line 1 of a: liking is 9.5, expected a rating from 1 to 9')
    expect(says('2')).not.toThrow()
  })
})

describe('labels of three levels', () => {
  it('are low, middle and high by the midpoints of three centres of each person', () => {
    const own = [1, 2, 2, 5, 8, 9].map((arousal): Pair => [3, arousal])
    const trials = [...trialsOf('a', own), ...trialsOf('b', [[1, 1], [1, 2]])] // prettier-ignore
    const { labels, subjects, skipped } = labelTrials(trials, 'arousal', parseLabelScheme('per-dimension'), 3)
    expect([...labels]).toEqual([0, 0, 0, 1, 2, 2])
    const { thresholds, centers } = threeMeans([1, 2, 2, 5, 8, 9])
    expect(subjects).toEqual([
      { subject: 'a', trials: 6, high: 2, thresholds, separation: (centers[1] - centers[0]) / 8, weak: false },
    ])
    expect(skipped).toEqual([
      { source: 'subject b', reason: 'fewer than three distinct ratings, so there are no two thresholds' },
    ])
  })
})

describe('labels of quadrants', () => {
  const own: Pair[] = [[1, 1], [9, 2], [2, 8], [8, 9], [9, 9]] // prettier-ignore

  it('are 1 for high valence and 2 for high arousal, by the thresholds of both', () => {
    for (const scheme of ['two-means', 'per-dimension', 'median', 'fixed:5']) {
      const one = (of: 'arousal' | 'valence') => labelTrials(trialsOf('a', own), of, parseLabelScheme(scheme))
      const { labels, subjects } = labelTrials(trialsOf('a', own), 'quadrant', parseLabelScheme(scheme))
      const [arousal, valence] = [one('arousal'), one('valence')]
      expect([...labels], scheme).toEqual(own.map((_, i) => 2 * arousal.labels[i]! + valence.labels[i]!))
      expect(subjects, scheme).toEqual([
        { ...arousal.subjects[0], dimension: 'arousal' },
        { ...valence.subjects[0], dimension: 'valence' },
      ])
    }
    expect([...labelTrials(trialsOf('a', own), 'quadrant', parseLabelScheme('fixed:5')).labels]).toEqual([
      0, 1, 2, 3, 3,
    ])
    const column = trialsOf('a', own, { arousal_high: '1', valence_high: '0' })
    expect([...labelTrials(column, 'quadrant', { kind: 'column' }).labels]).toEqual([2, 2, 2, 2, 2])
  })

  it('need a label of both, and say once why a trial has none', () => {
    // b finds songs more or less arousing, and all as pleasant.
    const trials = [...trialsOf('a', own), ...trialsOf('b', [[3, 1], [3, 2], undefined])] // prettier-ignore
    const { trials: kept, subjects, skipped } = labelTrials(trials, 'quadrant', { kind: 'per-dimension' })
    expect(kept).toEqual(trials.slice(0, 5))
    expect(subjects.map(({ subject }) => subject)).toEqual(['a', 'a'])
    expect(skipped).toEqual([
      { source: 'trials.csv:4', reason: 'not rated' },
      { source: 'subject b', reason: 'fewer than two distinct ratings, so there is no threshold' },
    ])
    expect(() => labelTrials(trials.slice(5), 'quadrant', { kind: 'per-dimension' })).toThrow(
      'no trial has a usable valence label',
    )
  })
})

/** One sample for each trial: the labels need no signal. */
function oneSampleEach(text: string): string {
  return parseCsv(text, 'trials.csv')
    .text('trial')
    .map((id) => `${id},0,1\n`)
    .join('')
}

describe('ratings as they are', () => {
  const trials = [...trialsOf('a', [[2, 3.5], undefined, [4, 1]]), ...trialsOf('b', [[5, 5]])]

  it('are those of each rated trial, whoever rated them', () => {
    const { labels, trials: kept, skipped, scheme, subjects } = labelRatings(trials, 'arousal')
    expect([...labels]).toEqual([3.5, 1, 5])
    expect(kept).toEqual([trials[0], trials[2], trials[3]])
    expect(skipped).toEqual([{ source: 'trials.csv:3', reason: 'not rated' }])
    expect([scheme, subjects]).toEqual(['rating', []])
    expect([...labelRatings(trials, 'valence').labels]).toEqual([2, 4, 5])
    expect([...labelRatings(trialsOf('a', [[1, 1]], { liking: '7.5' }), 'liking').labels]).toEqual([7.5])
  })

  it('are refused where there are none', () => {
    expect(() => labelRatings(trials, 'quadrant')).toThrow(UsageError)
    expect(() => labelRatings(trialsOf('a', [undefined]), 'arousal')).toThrow('no trial has a usable arousal label')
    expect(() => labelRatings(trials, 'dominance')).toThrow('no trial is rated in dominance')
    expect(() => labelRatings(trialsOf('a', [[NaN, 1]]), 'arousal')).toThrow('its valence is NaN')
    const ofSongs = trialsOf('a', [undefined]).map((trial) => ({
      ...trial,
      stimulusRatings: { valence: 1, arousal: 2 },
    }))
    expect(() => labelRatings(ofSongs, 'arousal')).toThrow(
      'the data have no ratings by listeners, only means of songs; predict classes of songs in their place',
    )
  })
})

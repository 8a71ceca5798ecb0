// What is said of a dataset before anything is computed: its facts, its doubts, and what can be done with it.
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import type { OpenedDataset } from '../../src/datasets/layout.ts'
import { openDataset } from '../../src/datasets/open_dataset.ts'
import type { Dimension, Ratings, Trial } from '../../src/datasets/trial.ts'
import { inspectDataset } from '../../src/evaluation/inspection.ts'
import { parseCsv } from '../../src/formats/csv.ts'
import { FormatError } from '../../src/runtime/errors.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { NodeStore } from '../../src/store/node.ts'
import { needs, NO_SHARED } from '../support/needs.ts'

const shared = fileURLToPath(new URL('../../../shared/data/', import.meta.url))

const rated = (valence: number, arousal: number): { ratings: Ratings } => ({ ratings: { valence, arousal } })

/** Ten seconds that never stand still, about 3 µS. */
const trial = (subject: string, song: number, more: Partial<Trial> = {}): Trial => ({
  ...{ id: `${subject}_${song}${more.pass ?? ''}`, subject, stimulus: `song${song}`, sampleRate: 4, unit: 'uS' },
  ...{ columns: {}, source: `${subject} ${song}` },
  eda: Float64Array.from({ length: 40 }, (_, i) => 3 + Math.sin(i / 7) + 1e-4 * (i % 5)),
  ...more,
})

/** One sample of it replaced, or all from there on. */
const spoiled = (at: number, value: number, end = at + 1): Pick<Trial, 'eda'> => ({
  eda: trial('x', 0).eda.map((sample, i) => (i >= at && i < end ? value : sample)),
})

const opened = (trials: Iterable<Trial>, more: Partial<OpenedDataset> = {}): OpenedDataset => ({
  ...{ kind: 'trials', name: 'study', synthetic: false, skipped: [], notes: [], expected: [...trials].length },

  trials: async function* () {
    yield* trials
  },
  ...more,
})

/** Of one person twelve trials, in two clusters that part in both dimensions. */
const listener = (subject: string, more: Partial<Trial> = {}): Trial[] =>
  Array.from({ length: 12 }, (_, song) =>
    trial(subject, song, { ...(song < 6 ? rated(1, 2 + song / 10) : rated(9, 8 + song / 10)), ...more }),
  )

const stepsOf = ({ uses }: Awaited<ReturnType<typeof inspectDataset>>): Record<string, string> =>
  Object.fromEntries(uses.map(({ step, possible, sentence }) => [step, `${possible ? 'yes' : 'no'}: ${sentence}`]))

describe('ratings that not every dataset has', () => {
  const liked = (liking: (song: number) => string) =>
    listener('a').map((of, song) => ({ ...of, columns: { liking: liking(song), dominance: ' ' } }))

  it('are counted by themselves, and can be learnt', async () => {
    const found = await inspectDataset(
      opened([...liked((song) => (song < 9 ? '1' : song < 11 ? '7' : '')), ...listener('b')]),
    )
    const [balance, ...others] = found.labels.filter(
      ({ dimension }) => dimension !== 'arousal' && dimension !== 'valence',
    )
    expect(others).toEqual([])
    expect(balance).toMatchObject({ scheme: 'per-dimension', dimension: 'liking', trials: 11, high: 2 })
    expect(stepsOf(found)['train and eval']).toBe(
      'yes: Labels of each listener (two-means): 24 trials for arousal, 24 trials for valence. ' +
        'With --labels per-dimension also 11 trials for liking.',
    )
  })

  it('are none where the column holds something else', async () => {
    const found = await inspectDataset(opened([...liked(() => 'much'), ...listener('b')]))
    expect(found.labels.at(-1)).toMatchObject({
      dimension: 'liking',
      reason: expect.stringContaining("'much'") as string,
    })
    expect(stepsOf(found)['train and eval']).not.toContain('also')
  })
})

describe('a dataset that is well', () => {
  it('has its facts, no doubts, and can be used', async () => {
    const trials = [...listener('a', { ratingScale: [1, 9] }), ...listener('b', { ratingScale: [1, 9] })]
    const done: number[] = []
    const found = await inspectDataset(opened(trials, { musicDim: 3, musicSet: 'any' }), {
      onTrial: (_, count) => void done.push(count),
    })
    expect(done).toEqual(Array.from({ length: 24 }, (_, i) => i + 1))
    const { summary, labels, uses: _, ...rest } = found
    expect(rest).toEqual({
      ...{ kind: 'trials', name: 'study', synthetic: false, title: 'a table of trials, the open form' },
      ...{ passes: null, scale: [1, 9], stimulusRatings: null, music: { dim: 3, set: 'any' } },
      ratings: {
        ...{ count: 24, valence: { least: 1, most: 9 }, arousal: { least: 2, most: 9.1 } },
        correlation: expect.closeTo(0.997, 2) as number,
      },
      ...{ doubts: [], subjectsToLookAt: [], trialsToLookAt: [], unrated: [], unusable: [], skipped: [], notes: [] },
    })
    expect(summary).toMatchObject({ trials: 24, subjects: 2, stimuli: 12, rated: 24 })
    const schemes = ['two-means', 'per-dimension', 'median', 'song', 'fixed:5']
    expect(labels.map(({ scheme, dimension }) => `${scheme} ${dimension}`)).toEqual(
      schemes.flatMap((scheme) => [`${scheme} arousal`, `${scheme} valence`]),
    )
    for (const balance of labels) expect(balance).toMatchObject({ trials: 24, high: 12 })
    expect(stepsOf(found)).toEqual({
      prepare: 'yes: 24 of 24 trials.',
      'train and eval': 'yes: Labels of each listener (two-means): 24 trials for arousal, 24 trials for valence.',
      predict: 'yes: 24 trials; ratings are not needed.',
      music: 'no: 0 of 24 trials have 3 features (any) of what was heard.',
    })
  })

  it('has a column of labels judged as well', async () => {
    const trials = listener('a', { columns: { arousal_high: '1' } })
    const { labels } = await inspectDataset(opened(trials))
    expect(labels.filter(({ scheme }) => scheme === 'column')).toEqual([
      expect.objectContaining({ dimension: 'arousal', trials: 12, high: 12 }),
      { scheme: 'column', dimension: 'valence', reason: "a 0: column 'valence_high' is missing, expected 0 or 1" },
    ])
  })
})

describe('doubts', () => {
  it('name the trials that are flagged, those that are not rated, and those that cannot be prepared', async () => {
    const trials = [
      ...listener('a'),
      ...listener('b').slice(0, 9),
      trial('b', 9, { ...spoiled(7, 0), ...rated(1, 1) }),
      trial('b', 10, { ...spoiled(3, NaN, 9) }),
      trial('b', 11, { eda: new Float64Array(13).fill(2) }),
    ]
    const found = await inspectDataset(opened(trials))
    expect(found.trialsToLookAt.map(({ id, flags }) => [id, flags])).toEqual([
      ['b_9', ['zero']],
      ['b_10', ['missing']],
      ['b_11', ['flat']],
    ])
    expect(found.trialsToLookAt[0]).toMatchObject({ zero: 1 / 40, subject: 'b', stimulus: 'song9', source: 'b 9' })
    expect(found.unrated).toEqual(['b_10', 'b_11'])
    expect(found.unusable).toEqual([
      { source: 'trial b_10', reason: expect.stringMatching(/^b 10: 1.50 s of samples are missing/) as string },
      { source: 'trial b_11', reason: expect.stringMatching(/^b 11: 13 samples .* are too short/) as string },
    ])
    expect(stepsOf(found)).toMatchObject({
      prepare: 'yes: 22 of 24 trials; 2 are too short or have gaps over 1 s.',
      predict: 'yes: 22 trials; ratings are not needed.',
    })
    // Cut less, the short one is long enough.
    const { unusable } = await inspectDataset(opened(trials), { dropSeconds: 2 })
    expect(unusable.map(({ source }) => source)).toEqual(['trial b_10'])
  })

  it('name the subjects: few trials, unrated, without two ratings, close centres, one class, many flags', async () => {
    const few = listener('few').slice(3, 12)
    const ten = listener('ten').slice(2, 12)
    const unrated = listener('unrated').map(({ ratings: _, ...rest }) => rest)
    const same = listener('same', rated(5, 5))
    // Valence parts the clusters; arousal hardly moves, and the second cluster has the higher mean of it.
    const close = listener('close').map((one, i) => ({ ...one, ...rated(i < 6 ? 1 : 9, 5 + i / 100) }))
    // Ten low ratings and, by the other dimension, two more that are as low: no arousal is above the midpoint.
    const one = listener('one').map((of, i) => ({ ...of, ...rated(i < 2 ? 1 : 9, 4) }))
    const flagged = listener('flagged').map((of, i) => (i < 6 ? { ...of, ...spoiled(9, 0) } : of))
    const almost = listener('almost').map((of, i) => (i < 5 ? { ...of, ...spoiled(9, 0) } : of))
    const all = [...listener('well'), ...few, ...ten, ...unrated, ...same, ...close, ...one, ...flagged, ...almost]
    const { subjectsToLookAt } = await inspectDataset(opened(all))
    expect(subjectsToLookAt).toEqual([
      { subject: 'few', trials: 9, reasons: ['few trials: 9'] },
      { subject: 'unrated', trials: 12, reasons: ['no trial is rated'] },
      { subject: 'same', trials: 12, reasons: ['fewer than two distinct ratings, so no label'] },
      { subject: 'close', trials: 12, reasons: ['centres close together in arousal: 0.8 % of the range'] },
      {
        ...{ subject: 'one', trials: 12 },
        reasons: ['centres close together in arousal: 0.0 % of the range', 'every arousal label is low'],
      },
      { subject: 'flagged', trials: 12, reasons: ['6 of 12 trials are flagged'] },
    ])
  })

  it.each<[string, Partial<Trial>, Partial<OpenedDataset>, string[]]>([
    ['generated data', {}, { synthetic: true }, ['The data are generated: results say nothing about people.']],
    [
      'fewer trials than the files promise',
      {},
      { expected: 20, skipped: [{ source: 's', reason: 'r' }] },
      ['By their names and headers the files should hold 20 trials; 13 were read.'],
    ],
    ['trials that were left out', {}, { expected: 14, skipped: [{ source: 's', reason: 'r' }] }, []],
    [
      'several units and rates',
      { unit: 'unknown', sampleRate: 8 },
      {},
      ['The trials have several units: uS, unknown.', 'The trials have several rates: 4, 8 Hz.'],
    ],
    [
      'a conductance below 0',
      spoiled(5, -0.1),
      {},
      ['Values below 0 in 1 of 13 trials, which no conductance has: z-scored, filtered, or not in µS.'],
    ],
    ['values below 0 of which nobody knows the unit', { ...spoiled(5, -0.1), unit: 'unknown' }, {}, ['The trials have several units: uS, unknown.']], // prettier-ignore
  ])('say %s', async (_, last, of, doubts) => {
    const trials = [...listener('a'), trial('b', 1, last)]
    expect((await inspectDataset(opened(trials, of))).doubts).toEqual(doubts)
  })

  it('name many rates by the least and the largest', async () => {
    const trials = Array.from({ length: 7 }, (_, i) => trial('a', i, { sampleRate: 4 + i }))
    expect((await inspectDataset(opened(trials))).doubts).toEqual(['The trials have several rates: 7 from 4 to 10 Hz.'])
  })

  it.each([1e-3, 1e3])('say a level that no skin has: 3 µS times %d', async (factor) => {
    const trials = listener('a').map((one) => ({ ...one, eda: one.eda.map((value) => factor * value) }))
    const [doubt] = (await inspectDataset(opened(trials))).doubts
    expect(doubt).toMatch(/^The median level, \S+ µS, is outside of what skin conducts \(0.05 to 60 µS\)/)
    const unknown = trials.map((one) => ({ ...one, unit: 'unknown' }))
    expect((await inspectDataset(opened(unknown))).doubts).toEqual([])
  })
})

describe('what can be done with', () => {
  it('a dataset that rates songs, not what each listener said', async () => {
    const published = listener('a').map(({ ratings, ...rest }) => ({ ...rest, stimulusRatings: ratings! }))
    const other = published.map((one) => ({ ...one, subject: 'b', id: `b${one.id}` }))
    const found = await inspectDataset(
      opened([...published, ...other].map((one) => ({ ...one, dataset: 'pmemo2019' }))),
    )
    expect(found).toMatchObject({ ratings: null, stimulusRatings: { count: 12 }, subjectsToLookAt: [] })
    expect(stepsOf(found)['train and eval']).toBe(
      'yes: Only with --labels song: 24 trials for arousal, 24 trials for valence. PMEmo2019 has no per-listener ratings, ' +
        'which labels "two-means" need: use the 2018/01 release, or --labels song.',
    )
  })

  it('recordings without ratings, one person alone, and nothing at all', async () => {
    const recordings = await inspectDataset(opened([trial('a', 1), trial('b', 2)], { kind: 'recordings' }))
    expect(recordings.subjectsToLookAt).toEqual([]) // few trials matter to labels alone
    expect(stepsOf(recordings)['train and eval']).toBe(
      'no: No trial is rated; what was recorded can be prepared and predicted, not trained on.',
    )
    expect(stepsOf(await inspectDataset(opened(listener('a'))))['train and eval']).toBe(
      'no: All trials are of one person; folds keep people apart and need several.',
    )
    const same = listener('a').map((one) => ({ ...one, ratings: { valence: 5, arousal: 5 } }))
    expect(stepsOf(await inspectDataset(opened(same)))['train and eval']).toMatch(
      /^no: Ratings are too few or all the same, so that there are no labels;/,
    )
    const nothing = await inspectDataset(opened([]))
    expect(nothing).toMatchObject({ ratings: null, labels: [], scale: null })
    expect(nothing.uses.map(({ possible }) => possible)).toEqual([false, false, false, false])
  })

  it('a dataset that ends in a file that cannot be read: what was read until then, and why', async () => {
    async function* trials(): AsyncGenerator<Trial> {
      yield* listener('a')
      throw new FormatError('EDA/108_EDA.csv: time steps are 0.08 to 0.10 s; need an even rate. Add --resample.')
    }
    const found = await inspectDataset(opened([], { trials, notes: ['assumed'], expected: 99 }))
    const refused = 'EDA/108_EDA.csv: time steps are 0.08 to 0.10 s; need an even rate. Add --resample.'
    expect(found).toMatchObject({ refused, summary: { trials: 12 }, notes: ['assumed'], doubts: [] })
    expect(found.uses).toEqual([])
    // What is no fault of the data is nobody's refusal.
    // eslint-disable-next-line require-yield
    async function* broken(): AsyncGenerator<Trial> {
      throw new TypeError('a fault')
    }
    await expect(inspectDataset(opened([], { trials: broken }))).rejects.toThrow(TypeError)
  })
})

it('what is no dataset, and options that are none, are refused in words', async () => {
  const says = (dataset: unknown, options?: object) =>
    inspectDataset(dataset as OpenedDataset, options).then(String, (error: unknown) => String(error))
  expect(await says(new MemoryStore())).toBe(
    'UsageError: inspectDataset: the dataset is a MemoryStore, expected what openDataset gives',
  )
  expect(await says(opened([]), { dropSecond: 1 })).toMatch(/did you mean 'dropSeconds'/)
  expect(await says(opened([]), { dropSeconds: -1 })).toMatch(/dropSeconds is -1, expected 0 s or more$/)
})

it('people who heard each song once for each dimension are counted once, and labelled by the pass of the dimension', async () => {
  const pass = (of: Dimension, songs: number): Trial[] =>
    ['a', 'b'].flatMap((subject) =>
      listener(subject)
        .slice(0, songs)
        .map((one) => ({ ...one, id: `${one.id}${of}`, pass: of })),
    )
  const found = await inspectDataset(opened([...pass('arousal', 12), ...pass('valence', 9)]))
  expect(found).toMatchObject({ passes: { arousal: 24, valence: 18 }, ratings: { count: 24 } })
  for (const { dimension, trials } of found.labels) expect(trials).toBe(dimension === 'arousal' ? 24 : 18)
  // Twelve songs are enough, whichever pass they were heard in; nine are not, though they make eighteen trials.
  expect(found.subjectsToLookAt).toEqual([])
  const { subjectsToLookAt } = await inspectDataset(opened([...pass('arousal', 9), ...pass('valence', 9)]))
  expect(subjectsToLookAt.map(({ reasons }) => reasons)).toEqual([['few trials: 9'], ['few trials: 9']])
})

it('stops when it is told to', async () => {
  const controller = new AbortController()
  const work = inspectDataset(opened(listener('a')), {
    signal: controller.signal,
    onTrial: (_, done) => void (done === 3 && controller.abort(new Error('enough'))),
  })
  await expect(work).rejects.toThrow('enough')
})

it('says what is known of 24 real listeners', needs(existsSync(shared), NO_SHARED), async () => {
  const found = await inspectDataset(await openDataset(new NodeStore(`${shared}hku956`)))
  expect(found.summary).toMatchObject({ trials: 765, subjects: 24, flagged: { zero: 13, missing: 0 } })
  expect(found.ratings).toMatchObject({ count: 765, correlation: expect.closeTo(0.2102, 4) as number })
  const table = parseCsv(readFileSync(`${shared}hku956/thresholds.csv`, 'utf8'), 'thresholds.csv')
  for (const { scheme, dimension, subjects, high } of found.labels) {
    if (scheme !== 'two-means') continue
    expect(subjects!.map(({ subject }) => subject).sort()).toEqual(table.text('subject').sort())
    const expected = new Map(table.text('subject').map((of, row) => [of, table.numbers(`${dimension}_threshold`)[row]]))
    for (const { subject, threshold } of subjects!) expect(threshold).toBeCloseTo(expected.get(subject)!, 6)
    expect(high! / 765).toBeCloseTo(dimension === 'arousal' ? 0.522 : 0.578, 3)
  }
})

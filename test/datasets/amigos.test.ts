import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { amigos } from '../../src/datasets/amigos.ts'
import type { OpenOptions } from '../../src/datasets/layout.ts'
import type { Trial } from '../../src/datasets/trial.ts'
import { FormatError, UsageError } from '../../src/runtime/errors.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { survives } from '../formats/mutants.ts'
import { cells, matFile, nothing, numbers, texts, type MatOptions, type Value } from '../support/mat_writer.ts'
import { needs, NO_SHARED } from '../support/needs.ts'

const SAMPLES = 650
const nameOf = (participant: string) => `Data_Preprocessed_${participant}.mat`
/** [samples, 17]: every other column counts from 1000 on, so that none is taken for GSR. */
const recording = (gsr: number[], channels = 17): Value =>
  numbers([gsr.length, channels], [...Array.from({ length: gsr.length * (channels - 1) }, (_, i) => 1000 + i), ...gsr])
const ramp = (first: number, samples = SAMPLES) => Array.from({ length: samples }, (_, i) => first + i)
const ratings = (arousal: number, valence: number): Value =>
  numbers([1, 12], [arousal, valence, 3, 4, 5, 0, 0, 1, 0, 0, 0, NaN])

/** Three videos, of which the last was not seen. */
const videos = (changes: Record<string, Value> = {}): Record<string, Value> => ({
  joined_data: cells([1, 3], [recording(ramp(2)), recording(ramp(3).fill(NaN, 10, 20)), numbers([0, 0], [])]),
  labels_selfassessment: cells([1, 3], [ratings(2.5, 7.25), ratings(1, 9), numbers([1, 0], [])]),
  labels_ext_annotation: cells([1, 3], [nothing, nothing, nothing]),
  VideoIDs: cells([1, 3], [texts(['10']), texts(['138']), texts(['N1'])]),
  ...changes,
})
const file = (changes: Record<string, Value> = {}, options: MatOptions = {}) => matFile(videos(changes), options)

async function read(files: Record<string, Uint8Array>, options: Partial<OpenOptions> = {}) {
  const opened = await amigos.open(new MemoryStore(files), { name: 'study', ...options })
  const trials: Trial[] = []
  for await (const trial of opened.trials()) trials.push(trial)
  return { opened, trials }
}
const readOne = (changes: Record<string, Value> = {}, options: Partial<OpenOptions> = {}) =>
  read({ [nameOf('P01')]: file(changes) }, options)

describe('a folder of AMIGOS', () => {
  it.each([
    [nameOf('P01'), true],
    [nameOf('P40'), true],
    [`Data_Preprocessed_P09/${nameOf('P09')}`, true],
    [nameOf('P02').toUpperCase(), true],
    [`data_preprocessed_p09/${nameOf('P09')}`, true],
    [nameOf('P41'), false],
    [nameOf('P00'), false],
    [`other/${nameOf('P09')}`, false],
    ['s01.dat', false],
  ])('is known by its files: %s', async (path, isOne) => {
    expect(await amigos.recognises(new MemoryStore({ [path]: '' }))).toBe(isOne)
  })

  it.each<[string, MatOptions]>([
    ['deflated', {}],
    ['big-endian', { packed: false, bigEndian: true }],
    ['of wrong checksums', { badChecksum: true }],
  ])('is read, %s', async (_, options) => {
    const { trials, opened } = await read({ [nameOf('P01')]: file({}, options) })
    expect(trials.map(({ id }) => id)).toEqual(['P01_10', 'P01_138'])
    expect(trials[0]).toEqual({
      id: 'P01_10',
      subject: 'P01',
      stimulus: '10',
      sampleRate: 128,
      eda: Float64Array.from(ramp(2)),
      unit: 'unknown',
      ratings: { arousal: 2.5, valence: 7.25 },
      ratingScale: [1, 9],
      dataset: 'amigos',
      baselineSeconds: 5,
      columns: {
        arousal: '2.5',
        valence: '7.25',
        dominance: '3',
        liking: '4',
        familiarity: '5',
        neutral: '0',
        disgust: '0',
        happiness: '1',
        surprise: '0',
        anger: '0',
        fear: '0',
        sadness: '',
      },
      source: 'Data_Preprocessed_P01.mat, joined_data{1} (video 10), column 17',
    })
    expect(trials[1]!.eda).toEqual(Float64Array.from(ramp(3).fill(NaN, 10, 20)))
    expect(opened).toMatchObject({ kind: 'amigos', name: 'study' })
    expect(opened.skipped).toEqual([
      { source: 'Data_Preprocessed_P01.mat (video N1)', reason: 'no recording: its cell of joined_data is empty' },
    ])
  })

  it('has its participants in order, whichever way their files lie, and says who is missing', async () => {
    const { trials, opened } = await read({
      [`Data_Preprocessed_P10/${nameOf('P10')}`]: file(),
      [nameOf('P02')]: file(),
    })
    expect(trials.map(({ id }) => id)).toEqual(['P02_10', 'P02_138', 'P10_10', 'P10_138'])
    expect(opened.notes).toHaveLength(3)
    expect(opened.notes[0]).toMatch(
      /do not say their rate, which is taken as 128 Hz; the first 5 s of each trial are baseline/,
    )
    expect(opened.notes[1]).toMatch(/unit of the GSR is not documented; it is taken as a conductance, as it is/)
    expect(opened.notes[2]).toMatch(/^38 of 40 participants are not there: P01, P03, .*P09, P11/)
    expect(opened.skipped.map(({ source }) => source)).toEqual(
      ['P02', 'P10'].map((participant) => `${nameOf(participant)} (video N1)`),
    )
  })

  it('says the same when it is read again', async () => {
    const store = new MemoryStore({
      [nameOf('P01')]: file({ labels_selfassessment: cells([1, 3], [nothing, nothing, nothing]) }),
    })
    const opened = await amigos.open(store, { name: 'study' })
    const seen: unknown[] = []
    for (let i = 0; i < 2; i++) {
      let trials = 0
      for await (const trial of opened.trials()) trials += trial.eda.length
      seen.push({ trials, skipped: [...opened.skipped], notes: [...opened.notes] })
    }
    expect(seen[1]).toEqual(seen[0])
  })

  it('is synthetic where a file says it', async () => {
    expect((await readOne()).opened.synthetic).toBe(true)
    const real = file({}, { text: 'MATLAB 5.0 MAT-file, Platform: PCWIN64' })
    expect((await read({ [nameOf('P01')]: real })).opened.synthetic).toBe(false)
  })

  it('is of another rate where the caller knows better', async () => {
    const { trials } = await readOne({}, { sampleRate: 64 })
    expect(trials[0]).toMatchObject({ sampleRate: 64, baselineSeconds: 5 })
    await expect(readOne({}, { sampleRate: 0 })).rejects.toThrow(UsageError)
  })

  it.each<[string, Value]>([
    [
      'numbers in cells',
      cells(
        [1, 3],
        [10, 138, 7].map((id) => numbers([1, 1], [id], { stored: 'uint8' })),
      ),
    ],
    [
      'texts in cells in cells',
      cells(
        [1, 3],
        ['10', '138', 'N1'].map((id) => cells([1, 1], [texts([id])])),
      ),
    ],
    ['numbers', numbers([1, 3], [10, 138, 7])],
    ['rows of text', texts(['10 ', '138', 'N1 '])],
  ])('takes VideoIDs that are %s', async (_, VideoIDs) => {
    expect((await readOne({ VideoIDs })).trials.map(({ stimulus }) => stimulus)).toEqual(['10', '138'])
  })
})

describe('a video of AMIGOS', () => {
  const withData = (...data: Value[]) => ({
    joined_data: cells([1, 3], [...data, ...Array<Value>(3 - data.length).fill(nothing)]),
  })

  it('whose GSR is NaN throughout, or that ends within the baseline, is left out', async () => {
    const { trials, opened } = await readOne(withData(recording(ramp(1).fill(NaN)), recording(ramp(1, 640))))
    expect(trials).toEqual([])
    expect(opened.skipped.map(({ reason }) => reason)).toEqual([
      'its GSR is NaN from end to end',
      'its 640 samples end within the 5 s of baseline',
      'no recording: its cell of joined_data is empty',
    ])
  })

  it('without an id is left out', async () => {
    const { trials, opened } = await readOne({ VideoIDs: cells([1, 3], [nothing, texts(['138']), texts(['N1'])]) })
    expect(trials.map(({ id }) => id)).toEqual(['P01_138'])
    expect(opened.skipped[0]).toMatchObject({ source: 'Data_Preprocessed_P01.mat (video number 1)' })
  })

  it('without a self-assessment is kept, and named', async () => {
    const labels_selfassessment = cells([1, 3], [nothing, ratings(NaN, 4), nothing])
    const { trials, opened } = await readOne({ labels_selfassessment })
    expect(trials.map((trial) => trial.ratings)).toEqual([undefined, undefined])
    expect(trials.map(({ columns }) => [columns['arousal'], columns['valence']])).toEqual([
      ['', ''],
      ['', '4'],
    ])
    expect(opened.notes.at(-1)).toBe('Data_Preprocessed_P01.mat: no self-assessment of arousal and valence for 10, 138')
  })

  it('is inverted on demand: what is 0 or NaN is missing, and the zeros are counted', async () => {
    const gsr = ramp(2)
    gsr.splice(0, 4, 0, 4, NaN, -0.5)
    const { trials, opened } = await readOne(withData(recording(gsr)), { gsr: 'invert' })
    expect([...trials[0]!.eda.subarray(0, 5)]).toEqual([NaN, 0.25, NaN, -2, 1 / 6])
    expect(trials[0]!.unit).toBe('unknown')
    expect(opened.notes[1]).toMatch(/taken as a resistance, of which 1\/x is a conductance of unknown unit/)
    expect(opened.notes.at(-1)).toBe(
      'Data_Preprocessed_P01.mat: 1 samples of GSR are 0, which has no 1/x, and count as missing',
    )
  })

  it('is not negated', async () => {
    await expect(readOne({}, { gsr: 'negate' })).rejects.toThrow(UsageError)
    await expect(readOne({}, { gsr: 'negate' })).rejects.toThrow(
      /^study: the GSR of AMIGOS .* use 'as-is' or 'invert' \(1\/x\)$/,
    )
  })
})

describe('what is no AMIGOS', () => {
  const labels = (value: Value) => ({ labels_selfassessment: cells([1, 3], [value, nothing, nothing]) })
  it.each<[string, Record<string, Value>, string]>([
    [
      'an arousal off the scale',
      labels(ratings(0.5, 5)),
      'Data_Preprocessed_P01.mat (video 10): its arousal is 0.5, expected 1 to 9',
    ],
    [
      'a valence off the scale',
      labels(ratings(5, 10)),
      'Data_Preprocessed_P01.mat (video 10): its valence is 10, expected 1 to 9',
    ],
    [
      'other self-assessments',
      labels(numbers([1, 4], [1, 2, 3, 4])),
      'Data_Preprocessed_P01.mat (video 10): labels_selfassessment holds double [1, 4], expected numbers [1, 12]',
    ],
    [
      'EEG alone',
      { joined_data: cells([1, 3], [recording(ramp(1), 14), nothing, nothing]) },
      'Data_Preprocessed_P01.mat (video 10): joined_data holds double [650, 14], expected numbers [samples, 17] of which the last column is GSR',
    ],
    [
      'another number of cells',
      { joined_data: cells([1, 2], [nothing, nothing]) },
      "Data_Preprocessed_P01.mat: 'joined_data' has 2 cells for 3 VideoIDs; expected one each",
    ],
    [
      'numbers in place of cells',
      { joined_data: recording(ramp(1)) },
      "Data_Preprocessed_P01.mat: 'joined_data' is of the class double, expected cells",
    ],
    [
      'a video twice',
      { VideoIDs: cells([1, 3], [texts(['10']), texts(['N1']), numbers([1, 1], [10])]) },
      'Data_Preprocessed_P01.mat: video 10 occurs twice in VideoIDs',
    ],
  ])('%s is refused', async (_, changes, sentence) => {
    await expect(readOne(changes)).rejects.toThrow(expect.objectContaining({ name: 'FormatError', message: sentence }))
  })

  it('a file without a variable, of version 7.3, cut off or of another kind is refused by its name', async () => {
    const refused = async (bytes: Uint8Array, sentence: string | RegExp): Promise<void> => {
      await expect(read({ [nameOf('P09')]: bytes })).rejects.toThrow(FormatError)
      await expect(read({ [nameOf('P09')]: bytes })).rejects.toThrow(sentence)
    }
    const { VideoIDs, joined_data } = videos()
    await refused(
      matFile({ VideoIDs: VideoIDs!, joined_data: joined_data! }),
      "Data_Preprocessed_P09.mat: no variable 'labels_selfassessment'; it has VideoIDs, joined_data",
    )
    await refused(
      matFile({}, { text: 'MATLAB 7.3 MAT-file' }),
      "Data_Preprocessed_P09.mat is a MATLAB 7.3 (HDF5) file; re-save it in MATLAB with save(…, '-v7').",
    )
    await refused(
      file().subarray(0, 1000),
      /^Data_Preprocessed_P09.mat: the element at byte 128 claims \d+ bytes, but 864 are left/,
    )
    await refused(new Uint8Array(10), /^Data_Preprocessed_P09.mat: no MATLAB file/)
  })

  it('a participant with two files, and a folder without any, are refused', async () => {
    const twice = { [nameOf('P01')]: file(), [`Data_Preprocessed_P01/${nameOf('P01')}`]: file() }
    await expect(read(twice)).rejects.toThrow('Data_Preprocessed_P01.mat are of one participant; keep one of them')
    await expect(read({})).rejects.toThrow('study: no files of AMIGOS; expected Data_Preprocessed_P01.mat to P40.mat')
  })

  it.each<[string, MatOptions]>([
    ['deflated', {}],
    ['plain', { packed: false }],
  ])('damage of a %s file is refused or read', async (_, options) => {
    // At 4 Hz the baseline has 20 samples; in a small file damage meets more than numbers.
    const joined_data = cells([1, 3], [recording(ramp(2, 30)), recording(ramp(3, 24)), nothing])
    await survives(
      file({ joined_data }, options),
      300,
      (mutant) => read({ [nameOf('P01')]: mutant }, { sampleRate: 4 }),
      ({ trials }) => {
        for (const { ratings: given } of trials)
          if (given) expect(Math.min(given.arousal, given.valence)).toBeGreaterThanOrEqual(1)
      },
    )
  })
})

const shared = new URL('../../../shared/data/formats/', import.meta.url)

describe('shared files of AMIGOS', needs(existsSync(shared), NO_SHARED), () => {
  interface Video {
    video: string
    samples: number
    gsr_sum: number | null
    arousal: number
    valence: number
  }
  it.each([
    ['amigos_matlab.mat', 15, ['20', 'N1', 'P1', 'B1', 'U1']],
    ['amigos_scipy.mat', 20, []],
  ])('%s has the values that are known of it', async (name, count, left) => {
    const expected = JSON.parse(readFileSync(new URL('expected.json', shared), 'utf8')) as Record<
      string,
      { cells: Video[] }
    >
    const known = expected[name]!.cells.filter(({ gsr_sum: sum }) => sum !== null)
    const { trials, opened } = await read({ [nameOf('P07')]: readFileSync(new URL(name, shared)) })
    expect(known).toHaveLength(count)
    expect(trials.map(({ stimulus, eda, ratings }) => ({ video: stimulus, samples: eda.length, ...ratings }))).toEqual(
      known.map(({ video, samples, arousal, valence }) => ({ video, samples, arousal, valence })),
    )
    for (const [i, { eda }] of trials.entries())
      expect(eda.reduce((sum, value) => sum + value, 0)).toBeCloseTo(known[i]!.gsr_sum!, 6)
    expect(opened.skipped.map(({ source }) => /video (\w+)/.exec(source)![1])).toEqual(left)
  })
})

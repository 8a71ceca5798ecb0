import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import type { OpenedDataset } from '../../src/datasets/layout.ts'
import { readMusicTables, songKey, withMusic, type MusicTableOptions } from '../../src/datasets/music_features.ts'
import { collect } from '../../src/datasets/open_dataset.ts'
import type { Trial } from '../../src/datasets/trial.ts'
import { memorySource, type Source } from '../../src/store/source.ts'
import { needs, NO_SHARED } from '../support/needs.ts'

const ANY = { any: true }
const read = (files: Record<string, string | Uint8Array>, options: MusicTableOptions = ANY) =>
  readMusicTables(
    Object.entries(files).map(([name, content]) => memorySource(name, content)),
    options,
  )
/** The vectors of one table, as plain numbers. */
const vectors = async (content: string | Uint8Array, options?: MusicTableOptions) =>
  Object.fromEntries(
    [...(await read({ 'a.csv': content }, options)).byStem].map(([key, vector]) => [key, Array.from(vector)]),
  )

/** A table of openSMILE's size: value c of a song is its number and c / 8192. */
const full = (songs: readonly number[], name = (column: number) => `f[${column}]`): string => {
  const columns = Array.from({ length: 6373 }, (_, c) => c)
  return [
    ['name', 'frameTime', ...columns.map(name)].join(';'),
    ...songs.map((song) =>
      [`'${song}.wav'`, '0.000000', ...columns.map((c) => (song + c / 8192).toExponential(6))].join(';'),
    ),
  ].join('\n')
}

it('what are no sources, and options that are none, are refused in words', async () => {
  const says = (sources: unknown, options?: object) =>
    readMusicTables(sources as Source[], options).then(String, (error: unknown) => String(error))
  expect(await says(undefined)).toMatch(/^UsageError: readMusicTables: expected an array of sources, got undefined/)
  expect(await says(['music.csv'])).toMatch(/^UsageError: readMusicTables: a source is a string, expected a Source/)
  expect(await says([], { anny: true })).toMatch(/did you mean 'any'/)
})

describe('a table of music features', () => {
  it('is openSMILE’s CSV', async () => {
    const table =
      "name;frameTime;a_sma;b_sma[1]\n'music/10.wav';0.000000;1.932437e+00;-5.666667e-01\n'It's.wav';0.000000;1;2\n"
    const { names, dim, set, byStem, notes } = await read({ 'a.csv': table })
    expect([names, dim, set, notes]).toEqual([['a_sma', 'b_sma[1]'], 2, 'unknown', []])
    expect(byStem.get('10')).toEqual(Float32Array.of(1.932437, -0.5666667))
    expect([...byStem.keys()]).toEqual(['10', "it's"])
  })

  it('is ARFF, with a class and comments', async () => {
    const table = [
      '% by hand',
      "@RELATION 'is13_compare'",
      '@attribute name string',
      '@attribute "a b" numeric',
      '@Attribute c real',
      '@attribute class {x,y}',
      '@DATA',
      '',
      '% songs',
      "'a, b.wav',1,2,?",
      'c.wav,3,4,?',
    ].join('\r\n')
    const { names, set, byStem } = await read({ 'a.arff': table })
    expect([names, set]).toEqual([['a b', 'c'], 'IS13_ComParE'])
    expect([...byStem]).toEqual([
      ['a, b', Float32Array.of(1, 2)],
      ['c', Float32Array.of(3, 4)],
    ])
  })

  it.each([
    ['PMEmo’s', 'musicId,f,g\n108,1,2\n'],
    ['an open one', 'stimulus,f,g\n108,1,2\n'],
    ['one with a byte order mark and tabs', '\uFEFFsong\tf\tg\n108\t1\t2'],
    ['one that pandas numbered', ',musicId,f,g\n0,108,1,2\n'],
    ['one with quotes around all', '"f","stimulus","g"\r\n"1","108","2"\r\n'],
    ['one of openSMILE’s Python package', 'file,start,end,f,g\nwav/108.wav,0 days,0 days 00:00:15,1,2\n'],
    ['one with Excel’s line', 'sep=;\nsong;f;g\n108;1;2\n'],
    ['one of old Macs', 'song;f;g\r108;1;2\r'],
    ['several, put together by cat', 'song,f,g\n108,1,2\nsong,f,g\n'],
  ])('is %s', async (_, table) => expect(await vectors(table)).toEqual({ 108: [1, 2] }))

  it('may have a name in an old code page after many in ASCII', async () => {
    const rows = Array.from({ length: 300 }, (_, i) => `${i},1,2`).join('\n')
    const text = `song,f,g\n${rows}\ncaf\u00e9.mp3,3,4\n`
    const latin = Uint8Array.from(text, (character) => character.charCodeAt(0))
    expect((await vectors(latin))['café']).toEqual([3, 4])
    expect((await vectors(text))['café']).toEqual([3, 4])
  })

  it.each([-2, -1, 0, 1])('is the same where it is cut %i bytes from a line end', async (from) => {
    const head = 'song,f\r\n'
    const long = `${'a'.repeat((1 << 20) + from - head.length - 2)},1`
    const table = `${head}${long}\r\n2,x\r\n`
    await expect(vectors(table)).rejects.toThrow("a.csv:3: column 2 ('f') is 'x'")
    expect(Object.keys(await vectors(table.replace('x', '3')))).toEqual(['2', long.slice(0, -2)])
  })

  it('may be longer than what is read at once', async () => {
    const songs = Array.from({ length: 40 }, (_, i) => i + 1)
    const { byStem } = await read({ 'a.csv': full(songs).replaceAll('\n', '\r\n') }, {})
    expect([...byStem.keys()]).toEqual(songs.map(String))
    expect([...byStem.values()].map((vector) => [vector.length, vector[8]])).toEqual(
      songs.map((song) => [6373, Math.fround(Number((song + 8 / 8192).toExponential(6)))]),
    )
  })

  it.each([
    [
      'another number of columns',
      full([1]).replace(/;[^;\n]*(\n|$)/g, '$1'),
      'a.csv: 6372 feature columns, expected 6373 (openSMILE IS13_ComParE or ComParE_2016).',
    ],
    [
      'no name for the songs',
      'id,f\n1,2\n',
      "a.csv:1: no column names the songs (name, musicId, stimulus, song or file); the first is 'id'",
    ],
    ['two', 'song,name,f\n1,1,2\n', "a.csv:1: 'song' and 'name' could both name the songs"],
    ['no features', 'song\n1\n', "a.csv:1: no feature columns beside 'song'"],
    ['no rows', 'song,f\n', 'a.csv: a header without rows'],
    ['nothing', '\n', 'a.csv: the file is empty'],
    ['words', 'song,f,g\n1,2,x\n', "a.csv:2: column 3 ('g') is 'x', expected a finite number"],
    ['NaN', 'song,f,g\n1,2,3\n\n2,nan,3\n', "a.csv:4: column 2 ('f') is 'nan'"],
    ['a question mark', '@attribute name string\n@attribute f numeric\n@data\na,?\n', "a.csv:4: column 2 ('f') is '?'"],
    ['an empty cell', 'song,f,g\n1,,3\n', "a.csv:2: column 2 ('f') is ''"],
    ['more than float32 holds', 'song,f\n1,1e39\n', "is '1e39', expected a finite number"],
    ['infinity', 'song,f\n1,1e999\n', "is '1e999', expected a finite number"],
    ['decimal commas', 'song;f\n1;0,5\n', "is '0,5', expected a finite number"],
    ['a short row', 'song,f,g\n1,2\n', 'a.csv:2: 2 cells, expected 3 as in the header'],
    ['a song without a name', "song,f\n'',2\n", 'a.csv:2: the song has no name'],
    ['songs that openSMILE was not told the names of', "name;frameTime;f\n'unknown';0;2\n", 'use its -instname'],
    ['frames', "name;frameTime;f\n'a';0.00;1\n'a';0.01;2\n", "a.csv:3: several rows of 'a' are of different times"],
    ['segments', 'file,start,end,f\na,0 days,x,1\na,1 days,y,2\n', "a.csv:3: several rows of 'a'"],
    ['frames without times', `song,f\n${'a,1\n'.repeat(21)}`, "a.csv:22: several rows of 'a'"],
    [
      'two songs of one name',
      'song,f\nx/12.mp3,1\ny/12.mp3,2\n',
      "a.csv:3: 'y/12.mp3' and 'x/12.mp3' (a.csv) are both song '12'",
    ],
    ['a number twice', 'song,f\n1,1\n01,2\n', "'01' and '1' (a.csv) are both song '1'"],
    [
      'two feature sets',
      'song,feature_set,f\n1,mine,1\n2,yours,2\n',
      "a.csv:3: the feature set is 'yours', of the rows before 'mine'",
    ],
    [
      'a broken header',
      '@attribute name string\n@atribute f numeric\n@data\na,1\n',
      "a.csv:2: '@atribute f numeric' is no line of an ARFF header",
    ],
    ['a header that ends', '@attribute name string\n', 'a.csv: the file is empty or ends within its header'],
  ])('with %s is refused', async (what, table, says) => {
    await expect(vectors(table, what === 'another number of columns' ? {} : ANY)).rejects.toMatchObject({
      name: 'FormatError',
      message: expect.stringContaining(says) as string,
    })
  })

  it.each([
    ['UTF-16', new Uint8Array(new Uint16Array([...'\uFEFFsong,f\n1,2\n'].map((c) => c.charCodeAt(0))).buffer)],
    ['a program', Uint8Array.from({ length: 64 }, (_, i) => i % 7)],
  ])('in %s is refused', async (_, bytes) =>
    expect(vectors(bytes)).rejects.toThrow('a.csv: the file is no text in UTF-8 or an older code page'),
  )

  it('whose row names a set of its own has as many columns as that has', async () => {
    const { set, dim } = await read({ 'a.csv': 'stimulus,feature_set,digest,f\n1,mine-1,abc,2\n' }, {})
    expect([set, dim]).toEqual(['mine-1', 1])
    await expect(read({ 'a.csv': 'stimulus,feature_set,f\n1,IS13_ComParE,2\n' }, {})).rejects.toThrow(
      '1 feature columns',
    )
  })
})

describe('the feature set', () => {
  const table = full([1])
  it.each([
    ['is13_static.csv', {}, 'IS13_ComParE'],
    ['results/compare2016_static.csv', {}, 'ComParE_2016'],
    ['out_IS13_ComParE.csv', {}, 'IS13_ComParE'],
    ['static_features.csv', {}, 'unknown'],
    ['this130.csv', {}, 'unknown'],
    ['static_features.csv', { set: 'IS13_ComParE' }, 'IS13_ComParE'],
  ])('of %s with %j is %s', async (name, options, set) => {
    const found = await read({ [name]: table }, options)
    expect(found.set).toBe(set)
    expect(found.notes.join()).toMatch(set === 'unknown' ? /does not say whether/ : /^$/)
  })

  it('is not what something else says', async () => {
    await expect(read({ 'is13.csv': table }, { set: 'ComParE_2016' })).rejects.toThrow(
      'is13.csv: says that its features are IS13_ComParE, not ComParE_2016',
    )
    const arff = '@relation IS13_ComParE\n@attribute name string\n@attribute f numeric\n@data\n1,2\n'
    await expect(read({ 'compare2016.arff': arff })).rejects.toThrow('rename the file')
  })

  it('is one for all tables', async () => {
    const sets = { 'is13.csv': table, 'compare2016.csv': full([2]) }
    await expect(read(sets, {})).rejects.toThrow(
      'compare2016.csv has features of ComParE_2016, is13.csv of IS13_ComParE; these are not mixed',
    )
    const { set, notes, byStem } = await read({ 'rest.csv': full([2]), 'is13.csv': table }, {})
    expect([set, notes, byStem.size]).toEqual([
      'IS13_ComParE',
      ['rest.csv does not say its feature set; it is taken for IS13_ComParE like is13.csv.'],
      2,
    ])
  })
})

describe('several tables', () => {
  it('may name columns otherwise, and are matched by position', async () => {
    const older = full([2], (c) => (c < 3 ? `pcm_f[${c}]` : `f[${c}]`))
    const { names, notes } = await read({ 'a_is13.csv': full([1]), 'b_is13.csv': older }, {})
    expect(names[0]).toBe('f[0]')
    expect(notes).toEqual([
      'b_is13.csv names 3 columns otherwise than a_is13.csv; columns were matched by their position.',
    ])
  })

  it('with the same columns in another order are refused', async () => {
    const turned = full([2], (c) => `f[${6372 - c}]`)
    await expect(read({ 'a.csv': full([1]), 'b.csv': turned }, {})).rejects.toThrow(
      "b.csv: column 'f[6372]' is not where it is in a.csv",
    )
  })

  it('of any features have the same names', async () => {
    await expect(read({ 'a.csv': 'song,f,g\n1,1,2\n', 'b.csv': 'song,f,h\n2,1,2\n' })).rejects.toThrow("column 'h'")
    await expect(read({ 'a.csv': 'song,f,g\n1,1,2\n', 'b.csv': 'song,f\n2,1\n' })).rejects.toThrow(
      'b.csv has 1 feature columns, a.csv 2',
    )
  })

  it('may repeat songs, whose last row counts', async () => {
    const { byStem, notes } = await read({ 'a.csv': 'song,f\n1,1\n1,2\n2,3\n', 'b.csv': 'song,f\n2,4\n3,5\n' })
    expect([...byStem.values()].map(([value]) => value)).toEqual([2, 4, 5])
    expect(notes).toEqual(['2 songs have several rows (1, 2); the last one of each counts.'])
  })

  it('are at least one', async () => expect(read({})).rejects.toMatchObject({ name: 'UsageError' }))
})

it.each([
  ['music/12.mp3', '12'],
  ['C:\\Songs\\012.WAV', '12'],
  ['12', '12'],
  ['000', '0'],
  ['12.0', '12'],
  ['Track 01.flac', 'track 01'],
  ['Mr. Brown', 'mr. brown'],
  ['v2.5', 'v2.5'],
  ['cafe\u0301.ogg', 'caf\u00e9'],
  ['__proto__', '__proto__'],
])('%s is song %s', (name, key) => expect(songKey(name)).toBe(key))

describe('a dataset with music features', () => {
  const opened = (stimuli: readonly string[], own?: Float32Array): OpenedDataset => ({
    kind: 'trials',
    name: 'study',
    synthetic: false,
    expected: stimuli.length,
    ...(own && { musicDim: own.length }),
    skipped: [],
    notes: ['a note'],
    async *trials() {
      for (const [i, stimulus] of stimuli.entries()) {
        const trial: Trial = {
          id: String(i),
          subject: 's',
          stimulus,
          sampleRate: 4,
          eda: new Float64Array(8),
          unit: 'uS',
          columns: {},
          source: `trials.csv:${i + 2}`,
        }
        yield own ? { ...trial, music: own } : trial
      }
    },
  })
  const features = () => read({ 'a.csv': 'song,f,g\n1.mp3,1,2\nB,3,4\nc,5,6\n' }, { any: true, set: 'mine' })

  it('has the vector of each song, and says what does not match', async () => {
    const set = await collect(withMusic(opened(['b.wav', '01', 'x', 'b.wav']), await features()))
    expect(set.trials.map(({ music }) => music && Array.from(music))).toEqual([[3, 4], [1, 2], undefined, [3, 4]])
    expect([set.musicDim, set.musicSet]).toEqual([2, 'mine'])
    expect(set.notes).toEqual([
      'a note',
      '1 of 3 stimuli have no music features: x.',
      '1 of 3 songs with music features were heard in no trial: c.',
    ])
  })

  it('says it once, however often it is read, and keeps none of its own', async () => {
    const both = withMusic(opened(['1', 'x'], Float32Array.of(9)), await features())
    const [first, second] = [await collect(both), await collect(both)]
    expect(second).toEqual(first)
    expect(first.trials.map(({ music }) => music?.length)).toEqual([2, undefined])
    expect(first.notes!.filter((note) => /itself were left out/.test(note))).toHaveLength(1)
    expect(first.notes).toHaveLength(4)
  })

  it('is refused when nothing matches, or two stimuli are one song', async () => {
    await expect(collect(withMusic(opened(['x', 'y']), await features()))).rejects.toThrow(
      'study: no stimulus has music features: the trials heard x, y, the tables have 1, b, c',
    )
    await expect(collect(withMusic(opened(['1', '01']), await features()))).rejects.toThrow(
      "trials.csv:3: the stimuli '1' and '01' are one song by their names",
    )
  })
})

const shared = fileURLToPath(new URL('../../../shared/data/opensmile/', import.meta.url))
describe('openSMILE’s own tables', needs(existsSync(shared), NO_SHARED), () => {
  const source = (name: string) => memorySource(name, readFileSync(shared + name))

  it('are the same songs and values in CSV and ARFF', async () => {
    const [csv, arff] = [
      await readMusicTables([source('is13_static.csv')]),
      await readMusicTables([source('is13_static.arff')]),
    ]
    expect([csv.set, csv.dim, csv.notes]).toEqual(['IS13_ComParE', 6373, []])
    expect([...csv.byStem.keys()]).toEqual(['music10', 'voice5', 'noise3'])
    expect(arff.names).toEqual(csv.names)
    // ARFF has seven digits of large whole numbers, of which CSV has all.
    const apart = [...csv.byStem].flatMap(([key, vector]) =>
      Array.from(vector, (value, f) => Math.abs(arff.byStem.get(key)![f]! - value) / Math.max(1, Math.abs(value))),
    )
    expect([apart.length, Math.max(...apart) < 1e-6]).toEqual([3 * 6373, true])
    expect([...csv.byStem.get('music10')!.subarray(0, 2)]).toEqual([Math.fround(1.932437), Math.fround(0.5666667)])
    expect(csv.byStem.get('noise3')!.at(-1)).toBe(Math.fround(4.627428e1))
  })

  it('are of two sets that are not mixed', async () => {
    await expect(readMusicTables([source('is13_static.arff'), source('compare2016_static.csv')])).rejects.toThrow(
      'not mixed',
    )
  })

  it('of frames are refused', async () => {
    await expect(readMusicTables([source('voice5_is13_lld.csv')])).rejects.toThrow(
      'voice5_is13_lld.csv: 130 feature columns, expected 6373 (openSMILE IS13_ComParE or ComParE_2016).',
    )
    await expect(readMusicTables([source('voice5_is13_lld.csv')], ANY)).rejects.toThrow('frames or segments')
  })
})

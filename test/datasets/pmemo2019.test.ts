import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import type { OpenOptions } from '../../src/datasets/layout.ts'
import { openDataset } from '../../src/datasets/open_dataset.ts'
import type { Trial } from '../../src/datasets/trial.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { NodeStore } from '../../src/store/node.ts'
import type { Store } from '../../src/store/store.ts'
import { needs, NO_SHARED } from '../support/needs.ts'

const shared = fileURLToPath(new URL('../../../shared/data/pmemo-mini', import.meta.url))

type Files = Record<string, string | Uint8Array>

async function readStore(store: Store, options: OpenOptions = {}) {
  const opened = await openDataset(store, options)
  const trials: Trial[] = []
  for await (const trial of opened.trials()) trials.push(trial)
  return { ...opened, trials }
}
const read = (files: Files, options: OpenOptions = {}) => readStore(new MemoryStore(files), options)
const refusal = async (files: Files, options: OpenOptions = {}) =>
  await read(files, options).then(
    () => 'was read',
    (error: Error) => `${error.name}: ${error.message}`,
  )

/** 50 Hz, of which each listener's samples are given; a row ends with the last of them that has one. */
const table = (header: string, rows: readonly string[]): string =>
  [header, ...rows.map((row, i) => `${(i * 0.02).toFixed(2)},${row}`), ''].join('\n')
const tree = {
  'EDA/10_EDA.csv': table('time(s),100083,P-200017,108_100085', ['1,2,3', '1.5,2.5,3.5', '2,3', '2.5,,']),
  'EDA/9_EDA.csv': table('time(s),100083', ['5', '6', '5']),
  'annotations/static_annotations.csv': 'musicId,Arousal(mean),Valence(mean)\n9,0.4,0.575\n634,0.1,0.2\n',
  'metadata.csv':
    'musicId,fileName,title,artist\n9,9.mp3,"Zoom, in","Michael Bublé"\n10,10.mp3,Ten,\n634,634.mp3,Uber,M\n',
} satisfies Files

describe('PMEmo 2019', () => {
  it('is read song by song, a trial for each listener', async () => {
    const set = await read(tree)
    expect(set).toMatchObject({ kind: 'pmemo2019', name: 'pmemo2019', synthetic: false, expected: 4, skipped: [] })
    const [first] = set.trials
    expect(first).toEqual({
      id: '9_100083',
      subject: '100083',
      stimulus: '9',
      sampleRate: 50,
      eda: Float64Array.of(5, 6, 5),
      unit: 'uS',
      ratingScale: [0, 1],
      stimulusRatings: { arousal: 0.4, valence: 0.575 },
      dataset: 'pmemo2019',
      baselineSeconds: 0,
      columns: { fileName: '9.mp3', title: 'Zoom, in', artist: 'Michael Bublé' },
      source: 'pmemo2019/EDA/9_EDA.csv (listener 100083)',
    })
    expect(set.trials.map(({ id, subject, eda }) => [id, subject, [...eda]])).toEqual([
      ['9_100083', '100083', [5, 6, 5]],
      ['10_100083', '100083', [1, 1.5, 2, 2.5]],
      // A listener's trace ends where the others' go on.
      ['10_200017', '200017', [2, 2.5, 3]],
      ['10_100085', '100085', [3, 3.5]],
    ])
    expect(set.trials[1]!.stimulusRatings).toBeUndefined()
  })

  it('says what it lacks, anew each time it is read', async () => {
    const opened = await openDataset(new MemoryStore(tree))
    const notes = [
      'PMEmo2019 has no per-listener ratings, which labels "two-means" need: use the 2018/01 release, or --labels song.',
      'Which of the two listenings PMEmo2019 kept is not documented; its traces are taken for either dimension.',
      '1 of 3 songs have no EDA: 634.',
      '1 of 2 songs with EDA are not rated: 10.',
    ]
    for (let times = 0; times < 2; times++) {
      for await (const _ of opened.trials()) continue
      expect(opened.notes).toEqual(notes)
    }
    const { 'annotations/static_annotations.csv': _, 'metadata.csv': __, ...bare } = tree
    const set = await read(bare)
    expect(set.trials).toHaveLength(4)
    expect(set.notes.slice(2)).toEqual([
      'There is no metadata.csv, so that songs have numbers only.',
      'There is no annotations/static_annotations.csv, so that no song is rated.',
    ])
    expect((await read({ ...tree, 'metadata.csv': 'musicId,title\n1,"open\n' })).notes[2]).toMatch(
      /^The metadata of the songs were left out: pmemo2019\/metadata\.csv:\d: /,
    )
  })

  it('passes over what is no table, and says what is called otherwise, empty, or without a sample', async () => {
    const set = await read({
      ...tree,
      'EDA/._9_EDA.csv': 'x',
      'EDA/readme.txt': 'x',
      'EDA/9_EDA (1).csv': tree['EDA/9_EDA.csv'],
      'EDA/11_EDA.csv': '',
      'EDA/12_EDA.csv': 'time(s),100083\n',
      'EDA/13_EDA.csv': table('time(s),100083,100084,', ['1,,', '2,NaN,', '3,,']),
    })
    expect(set.trials).toHaveLength(5)
    expect(set.skipped).toEqual([
      { source: 'pmemo2019/EDA/9_EDA (1).csv', reason: 'its name is not <song>_EDA.csv' },
      { source: 'pmemo2019/EDA/11_EDA.csv', reason: 'it has no rows of samples' },
      { source: 'pmemo2019/EDA/12_EDA.csv', reason: 'it has no rows of samples' },
      { source: 'pmemo2019/EDA/13_EDA.csv (listener 100084)', reason: 'its column is empty' },
    ])
  })

  it('keeps missing samples, and takes a trace that cannot be a conductance for one of unknown unit', async () => {
    const set = await read({ 'EDA/1_EDA.csv': table('time(s),100001,100002', ['1,-1', ',0.5', '3,1.5']) })
    expect(set.trials.map(({ eda, unit }) => [[...eda], unit])).toEqual([
      [[1, NaN, 3], 'uS'],
      [[-1, 0.5, 1.5], 'unknown'],
    ])
    expect(set.notes.at(-1)).toBe(
      "1 traces have negative values, as z-scored ones have, so that they are no conductances in microsiemens; their unit is 'unknown': 1_100002.",
    )
    // A sensor may drift a little below zero.
    const drift = table('time(s),100001', ['-0.001', ...new Array<string>(200).fill('1')])
    expect((await read({ 'EDA/1_EDA.csv': drift })).trials[0]!.unit).toBe('uS')
  })

  it('is the same with a BOM, CRLF, quotes, semicolons and decimal commas, tabs, in UTF-16, and as other programs number', async () => {
    const plain = await read(tree)
    const change = (of: (text: string) => string | Uint8Array): Files =>
      Object.fromEntries(Object.entries(tree).map(([path, text]) => [path, path === 'metadata.csv' ? text : of(text)]))
    const utf16 = (text: string): Uint8Array =>
      new Uint8Array(Uint16Array.from(`\uFEFF${text}`, (c) => c.charCodeAt(0)).buffer)
    const forms: [string, (text: string) => string | Uint8Array][] = [
      ['BOM', (text) => `\uFEFF${text}`],
      ['CRLF', (text) => text.replaceAll('\n', '\r\n')],
      ['CR', (text) => text.replaceAll('\n', '\r')],
      ['quotes', (text) => text.replace(/[^,\n]+/g, '"$&"')],
      ['semicolons', (text) => text.replaceAll(',', ';').replace(/\d\.\d/g, (point) => point.replace('.', ','))],
      ['semicolons with points', (text) => text.replaceAll(',', ';')],
      ['tabs', (text) => text.replaceAll(',', '\t')],
      ['UTF-16', utf16],
      ['blank lines', (text) => `\n${text.replaceAll('\n', '\n\n')}`],
      ['floats for songs', (text) => text.replace(/^(9|634),/gm, '$1.0,')],
      ['no line end', (text) => text.trimEnd()],
    ]
    for (const [form, of] of forms) {
      const set = await read(change(of))
      expect(set.trials, form).toEqual(plain.trials)
      expect(set.notes, form).toEqual(plain.notes)
      expect(set.expected, form).toBe(4)
    }
  })

  it('refuses uneven steps unless they may be interpolated', async () => {
    const uneven = { 'EDA/7_EDA.csv': 'time(s),100001\n0,1\n0.08,2\n0.16,3\n0.24,4\n0.32,5\n0.4,6\n0.5,8\n0.6,9\n' }
    expect(await refusal(uneven)).toBe(
      'FormatError: pmemo2019/EDA/7_EDA.csv: time steps are 0.08 to 0.10 s; need an even rate. Add --resample.',
    )
    const set = await read(uneven, { resample: true })
    const [{ sampleRate, eda } = { sampleRate: 0, eda: [] }] = set.trials
    expect(sampleRate).toBe(12.5)
    expect([...eda].map((value) => Number(value.toFixed(9)))).toEqual([1, 2, 3, 4, 5, 6, 7.6, 8.6])
    expect(set.notes.at(-1)).toBe('The uneven time steps of 1 were interpolated to even ones: EDA/7_EDA.csv.')
    const given = await read(uneven, { sampleRate: 12 })
    expect(given.trials[0]).toMatchObject({ sampleRate: 12, eda: Float64Array.of(1, 2, 3, 4, 5, 6, 8, 9) })
    expect(given.notes).toContain('The rate of 12 Hz was given; the time columns were not looked at.')
  })

  it('bridges no more than a second, and leaves even times alone', async () => {
    const rows = ['0,1', '0.5,2', '1,3', '2,5', '3.5,8', '4,9', '4.5,10']
    const [holed] = (await read({ 'EDA/7_EDA.csv': `time(s),100001\n${rows.join('\n')}\n` }, { resample: true })).trials
    expect([...holed!.eda]).toEqual([1, 2, 3, 4, 5, NaN, NaN, 8, 9, 10])
    const [plain] = (await read(tree)).trials
    expect((await read(tree, { resample: true })).trials[0]).toEqual(plain)
    // Stamps of 30 Hz, cut to hundredths, are even within their print.
    const printed = Array.from({ length: 900 }, (_, i) => `${(i / 30).toFixed(2)},${i}`).join('\n')
    expect((await read({ 'EDA/1_EDA.csv': `time(s),100001\n${printed}` })).trials[0]!.sampleRate).toBe(30)
  })

  it.each([
    ['EDA/1_EDA.csv', 'time(s),100001\n0,1\n0.02,x\n', "EDA/1_EDA.csv:3: column 2 is 'x', expected a number"],
    [
      'EDA/1_EDA.csv',
      'time(s),100001\n0,1\n0.02,1e999\n',
      "EDA/1_EDA.csv:3: column 2 is '1e999', expected a finite number",
    ],
    ['EDA/1_EDA.csv', 'time(s),100001\n0,1\n0.02,"1,5"\n', "EDA/1_EDA.csv:3: column 2 is '1,5', expected a number"],
    [
      'EDA/1_EDA.csv',
      'time(s);100001\n0;1\n0;1,5\n1;1.5\n',
      "EDA/1_EDA.csv:4: column 2 is '1.5', expected ',' for a decimal mark, as other numbers have it",
    ],
    ['EDA/1_EDA.csv', 'time(s),100001\n0,1\n,2\n0.04,1\n', 'EDA/1_EDA.csv:3: the time is missing'],
    [
      'EDA/1_EDA.csv',
      'time(s),100001\n0,1\n0.02,2\n0.02,1\n',
      'EDA/1_EDA.csv:4: time 0.02 stands after 0.02; the time column must increase',
    ],
    [
      'EDA/1_EDA.csv',
      'time(s),100001\n0,1\n',
      'EDA/1_EDA.csv: 1 samples are too few to tell the sampling rate; give --rate HZ',
    ],
    [
      'EDA/1_EDA.csv',
      'time(s),100001,P100001\n0,1,1\n0.02,2,2\n',
      'EDA/1_EDA.csv:1: columns 2 and 3 are both of listener 100001; keep one of them',
    ],
    [
      'EDA/1_EDA.csv',
      'time(s),100001,EDA\n0,1,1\n0.02,2,2\n',
      "EDA/1_EDA.csv:2: column 3 is called 'EDA', expected the six digits of a listener",
    ],
    [
      'EDA/1_EDA.csv',
      'time(s),100001\n0,1\n0.02,2,9\n',
      "EDA/1_EDA.csv:3: column 3 is called '', expected the six digits of a listener",
    ],
    [
      'EDA/1_EDA.csv',
      ',100001\n0,1\n0.02,2\n',
      "EDA/1_EDA.csv:1: column 1 is '', expected time(s) and a column for each listener",
    ],
    [
      'annotations/static_annotations.csv',
      'musicId,A,V\n9,0.5,1.5\n',
      'annotations/static_annotations.csv:2: the rating in column 3 is 1.5, expected 0 to 1',
    ],
    [
      'annotations/static_annotations.csv',
      'musicId,A,V\n9,0.5,1\n009,0.5,1\n',
      'annotations/static_annotations.csv:3: song 9 occurs twice; keep one row',
    ],
    [
      'annotations/static_annotations.csv',
      'musicId,A,V\nnine,0.5,1\n',
      "annotations/static_annotations.csv:2: 'nine' is no song's number, such as 1 to 1000",
    ],
  ])('is refused by file and line: %s %j', async (path, text, says) => {
    expect(await refusal({ ...tree, [path]: text })).toBe(`FormatError: pmemo2019/${says}`)
  })

  it('is refused where a song has two tables, and without any', async () => {
    expect(await refusal({ ...tree, 'EDA/009_EDA.csv': tree['EDA/9_EDA.csv'] })).toBe(
      'FormatError: EDA/009_EDA.csv and EDA/9_EDA.csv are both of song 9; keep one of them',
    )
    expect(await refusal({ 'annotations/static_annotations.csv': 'musicId,A,V\n' })).toBe(
      'FormatError: pmemo2019: this is PMEmo 2019 without its EDA; add the folder EDA with its files <song>_EDA.csv',
    )
  })

  it('takes ratings in the order that their header names', async () => {
    const ratings = async (text: string) =>
      (await read({ ...tree, 'annotations/static_annotations.csv': text })).trials[0]!.stimulusRatings
    expect(await ratings('musicId,Valence(mean),Arousal(mean)\n9,0.1,0.9\n')).toEqual({ valence: 0.1, arousal: 0.9 })
    expect(await ratings('song,x,y\n9,0.1,0.9\n')).toEqual({ arousal: 0.1, valence: 0.9 })
    expect(await ratings('9,0.1,0.9\n')).toEqual({ arousal: 0.1, valence: 0.9 })
    expect(await ratings('musicId,A,V\n9,,0.9\n')).toBeUndefined()
  })

  it('is no other study whose files are called alike', async () => {
    expect((await read({ 'EDA/1_EDA.csv': 'time,eda\n0,1\n0.25,2\n0.5,1\n0.75,2\n' })).kind).toBe('recordings')
  })

  it('of the real tree has what its files hold', needs(existsSync(shared), NO_SHARED), async () => {
    await expect(readStore(new NodeStore(shared))).rejects.toThrow(
      'pmemo2019/EDA/108_EDA.csv: time steps are 0.08 to 0.10 s; need an even rate. Add --resample.',
    )
    const set = await readStore(new NodeStore(shared), { resample: true })
    expect(set.expected).toBe(8)
    expect(set.trials.map(({ id }) => id)).toEqual([
      ...['108_100083', '108_100081', '108_100085', '108_100087'],
      ...['372_100185', '372_110414', '372_100187', '372_200440'],
    ])
    expect(set.trials.map(({ sampleRate }) => sampleRate)).toEqual([12.5, 12.5, 12.5, 12.5, 10, 10, 10, 10])
    expect(new Set(set.trials.map(({ unit }) => unit))).toEqual(new Set(['unknown']))
    expect([...set.trials[0]!.eda.subarray(0, 3)]).toEqual([0.9157, 0.8951, 0.8882])
    expect(set.trials[4]!.stimulusRatings).toEqual({ arousal: 0.825, valence: 0.175 })
    expect(set.notes).toContain('2 of 4 songs have no EDA: 634, 683.')
  })
})

import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { openDataset } from '../../src/datasets/open_dataset.ts'
import { formatNpy } from '../../src/formats/npz.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { read, refusal } from './reading.ts'

/** 4 Hz; another level gives another recording. */
const samples = (level: number): number[] => Array.from({ length: 40 }, (_, i) => level + (i % 7) / 8)
const csv = (level: number): string =>
  `time,eda_us\n${samples(level)
    .map((value, i) => `${i / 4},${value}\n`)
    .join('')}`
const e4 = (level: number): string =>
  ['1606867200.000000', '4.000000', ...samples(level).map((value) => value.toFixed(6)), ''].join('\r\n')

describe('a folder of recordings', () => {
  it('is a dataset without ratings, whatever the recordings are', async () => {
    const set = await read(
      {
        's1.csv': csv(1),
        's2.csv.gz': new Uint8Array(gzipSync(csv(2))),
        's3.npy': formatNpy({ data: Float64Array.from(samples(3)) }),
      },
      { sampleRate: 4 },
    )
    expect(set).toMatchObject({ kind: 'recordings', name: 'recordings', synthetic: false, expected: 3, skipped: [] })
    expect(set.trials[0]).toEqual({
      id: 's1',
      subject: 's1',
      stimulus: 's1',
      sampleRate: 4,
      eda: Float64Array.from(samples(1)),
      unit: 'uS',
      dataset: 'recordings',
      baselineSeconds: 0,
      columns: {},
      source: 'recordings/s1.csv',
    })
    expect(set.trials.map(({ id, eda }) => [id, eda[0]])).toEqual([
      ['s1', 1],
      ['s2', 2],
      ['s3', 3],
    ])
    expect(set.notes).toEqual([
      'A folder of recordings has no ratings; people and trials are told by the names of files and folders.',
    ])
  })

  it('takes Empatica folders, each a person, with what lies beside the signal', async () => {
    const set = await read({
      'anna/EDA.csv': e4(1),
      'anna/TEMP.csv': '1606867200.000000\r\n4.000000\r\n33\r\n',
      'anna/tags.csv': '',
      'anna/IBI.csv': '1606867200.000000, IBI\r\n',
      'anna/info.txt': '.csv files in this archive are in the following format:\r\n',
      'bert/first/EDA.csv': e4(2),
      'bert/second/EDA.csv': e4(3),
      'bert/second/TEMP.csv': 'damaged',
    })
    expect(set.trials.map(({ id, subject, sampleRate, eda }) => [id, subject, sampleRate, eda.length])).toEqual([
      ['anna_EDA', 'anna', 4, 40],
      ['bert_first_EDA', 'bert', 4, 40],
      ['bert_second_EDA', 'bert', 4, 40],
    ])
    expect(set.notes[1]).toMatch(/^bert_second_EDA: TEMP\.csv beside it was left out: /)
    expect(set.notes[2]).toBe('Passed over, since they are no recordings: anna/info.txt.')
  })

  it('takes BIDS, whose people are in the names', async () => {
    const tsv = `${samples(5).map(String).join('\n')}\n`
    const set = await read({
      'bids/dataset_description.json': '{}',
      'bids/participants.tsv': 'participant_id\tage\nsub-01\t30\n',
      'bids/task-rest_physio.json': '{"SamplingFrequency":4,"StartTime":0,"Columns":["eda"],"eda":{"Units":"uS"}}',
      'bids/sub-01/ses-1/sub-01_ses-1_task-rest_physio.tsv.gz': new Uint8Array(gzipSync(tsv)),
      'bids/sub-01/ses-1/sub-01_ses-1_task-rest_events.tsv': 'onset\tduration\n1\t0\n',
    })
    expect(set.trials.map(({ id, subject, unit }) => [id, subject, unit])).toEqual([
      ['bids_sub-01_ses-1_sub-01_ses-1_task-rest_physio', 'sub-01', 'uS'],
    ])
    expect(set.skipped).toEqual([])
  })

  it('makes several trials of a file with several recordings', async () => {
    const rows = ['a', 'b'].flatMap((id, k) => samples(k + 1).map((value, i) => `${id},${i / 4},${value}`))
    const set = await read({ 'study.csv': `participant,time,eda_us\n${rows.join('\n')}\n` })
    expect(set.trials.map(({ id, subject, columns, eda }) => [id, subject, columns, eda[0]])).toEqual([
      ['study_a', 'study', { part: 'a' }, 1],
      ['study_b', 'study', { part: 'b' }, 2],
    ])
  })

  it('skips what cannot be read with the reason, and what is none without a word for each', async () => {
    const set = await read({
      'good.csv': csv(1),
      'bad.csv': csv(1).replace('0.5,', 'x,'),
      'empty.csv': '',
      'README.md': '# Study',
      '.DS_Store': 'x',
      '._good.csv': 'x',
      'song.mp3': 'x',
      'photos/a.jpg': 'x',
      'notes.txt': 'People were asked to sit still.',
    })
    expect(set.trials.map(({ id }) => id)).toEqual(['good'])
    expect(set.skipped.map(({ source }) => source)).toEqual(['recordings/bad.csv', 'recordings/empty.csv'])
    expect(set.skipped[1]!.reason).toBe('the file is empty, expected rows of data')
    expect(set.notes.at(-1)).toBe('Passed over, since they are no recordings: notes.txt.')
  })

  it('says which recordings are the same twice, and which have a name in common', async () => {
    const set = await read({ 'a.csv': csv(1), 'a (1).csv': csv(1), 'b.csv': csv(2), 'b.txt': csv(3) })
    expect(set.trials.map(({ id }) => id)).toEqual(['a (1)', 'a', 'b.csv', 'b.txt'])
    expect(set.notes).toContain('Trials with the same samples as another one: 1 (a as a (1)).')
  })

  it('gives each trial an id of its own', async () => {
    const rows = ['1', '2'].flatMap((id, k) => samples(k + 1).map((value, i) => `${id},${i / 4},${value}`))
    const several = `participant,time,eda_us\n${rows.join('\n')}\n`
    const set = await read({ 'a.csv': several, 'a_1.csv': csv(3), 'b/c.csv': csv(4), 'b_c.csv': csv(5) })
    expect(set.trials.map(({ id, eda }) => [id, eda[0]])).toEqual([
      ['a_1', 1],
      ['a_2', 2],
      ['a_1_2', 3],
      ['b_c.csv', 4],
      ['b_c.csv_2', 5],
    ])
  })

  it('says what the reader of a recording says, once for all of which it does', async () => {
    const set = await read({ 'a.csv': csv(1), 'b.csv': csv(2) }, { sampleRate: 8 })
    expect(set.trials.map(({ sampleRate }) => sampleRate)).toEqual([8, 8])
    const odd = set.notes.filter((note) => note.startsWith('a, b: '))
    expect(odd.length + set.notes.filter((note) => /^[ab]: /.test(note)).length).toBeLessThanOrEqual(1)
  })

  it('has an unknown unit where the file names none of conductance', async () => {
    const set = await read({ 'a.csv': csv(1).replace('eda_us', 'eda (z-score)') }).catch((error: Error) => error)
    if (set instanceof Error) expect(set.message).toMatch(/unit|z-score/)
    else expect(set.trials[0]!.unit).toBe('unknown')
  })

  it('is refused where nothing in it is one', async () => {
    expect(await refusal({ 'a.csv': 'name,city\nAnna,Rome\n', 'README.md': 'x' }, { name: 'stuff' })).toMatch(
      /^FormatError: stuff is no dataset that is known: looked for .*; found README\.md, a\.csv$/,
    )
    expect(
      await refusal({ 'a.csv': csv(1).replace('0.5,', 'x,'), 'b.csv': 'name,city\nAnna,Rome\n' }, { name: 'stuff' }),
    ).toMatch(
      /^FormatError: stuff is of no dataset that is known, and none of its recordings can be read: stuff\/a\.csv:4/,
    )
  })

  it('is the last resort: no folder that is another dataset is taken for one', async () => {
    expect((await read({ 'EDA/1_EDA.csv': 'time(s),100001\n0,1\n0.02,2\n', 'other.csv': csv(1) })).kind).toBe(
      'pmemo2019',
    )
    expect((await read({ 'deep/EDA/1_EDA.csv': 'time(s),100001\n0,1\n0.02,2\n', 'other.csv': csv(1) })).kind).toBe(
      'pmemo2019',
    )
  })

  it('gives each recording anew, and no finding twice, when it is read again', async () => {
    const opened = await openDataset(new MemoryStore({ 'a.csv': csv(1), 'empty.csv': '' }))
    for (let times = 0; times < 2; times++) {
      const ids: string[] = []
      for await (const { id } of opened.trials()) ids.push(id)
      expect([ids, opened.skipped.length, opened.notes.length]).toEqual([['a'], 1, 1])
    }
  })
})

import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it, vi } from 'vitest'
import { Overview } from '../../src/datasets/overview.ts'
import type { Trial } from '../../src/datasets/trial.ts'
import { loadTrialTable, readTrialTable } from '../../src/datasets/trial_table.ts'
import { FormatError } from '../../src/runtime/errors.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { needs, NO_SHARED } from '../support/needs.ts'

const shared = new URL('../../../shared/data/', import.meta.url)

function summaryOf(trials: readonly Trial[]) {
  const overview = new Overview()
  for (const trial of trials) overview.add(trial)
  return overview.summary()
}

describe('trial tables', () => {
  const trials =
    'trial,subject,song,valence,arousal,n_samples,duration_s,fold\n' +
    'a,s1,x,7,2,4,1,0\nb,s2,x,,3,8,2,1\nc,s2,y,1,9,4,1,1\n'
  const eda = 'trial,i,eda_us\na,0,1\na,1,2\na,2,\na,3,4\nb,0,5\nb,1,6\nb,4,7\nz,0,1\n'
  const read = (files: Partial<Record<'trials' | 'eda' | 'music', string>>, sampleRate?: number) =>
    readTrialTable({ trials, eda, ...files }, { name: 'study', ...(sampleRate && { sampleRate }) })

  it('yields trials as recorded, with what was left out', async () => {
    const set = await read({ music: 'song,f0,f1\nx,0.5,-1\n' })
    expect(set).toMatchObject({ name: 'study', synthetic: false, musicDim: 2 })
    const [a, b] = set.trials
    expect(a).toMatchObject({
      id: 'a',
      subject: 's1',
      stimulus: 'x',
      sampleRate: 4,
      unit: 'uS',
      ratings: { valence: 7, arousal: 2 },
      source: 'study/trials.csv:2 (trial a)',
      music: Float32Array.of(0.5, -1),
    })
    expect([...(a?.eda ?? [])]).toEqual([1, 2, NaN, 4])
    expect(a?.columns['fold']).toBe('0')
    expect(b?.ratings).toBeUndefined()
    expect([...(b?.eda ?? [])]).toEqual([5, 6, NaN, NaN, 7])
    expect(set.skipped).toEqual([
      { source: 'study/trials.csv:4', reason: 'trial c has no samples in eda.csv' },
      { source: 'study/eda.csv:9 (trial z)', reason: 'trial z has no row in trials.csv' },
    ])
  })

  it('takes the rate from the user, a column, times, or lengths', async () => {
    expect((await read({}, 8)).trials[0]?.sampleRate).toBe(8)
    const bare = 'trial,subject\na,s1\n'
    expect((await read({ trials: 'trial,subject,sample_rate_hz\na,s1,32\n' })).trials[0]?.sampleRate).toBe(32)
    expect((await read({ trials: bare, eda: 'trial,time_s,eda\na,0,1\na,0.1,1\na,0.2,1\n' })).trials[0]).toMatchObject({
      sampleRate: 10,
      unit: 'unknown',
    })
    await expect(read({ trials: bare })).rejects.toThrow(
      'study/eda.csv:2 (trial a): nothing tells the sampling rate; give --rate HZ',
    )
    await expect(read({ trials: 'trial,subject,sample_rate_hz\na,s1,0\n' })).rejects.toThrow(
      "study/trials.csv:2: column 'sample_rate_hz' is 0",
    )
    await expect(read({ trials: bare, eda: 'trial,time_s,eda\na,0,1\na,0.1,1\na,0.3,1\n' })).rejects.toThrow(
      'time steps are 0.1 to 0.2 s; need an even rate. Add --resample.',
    )
  })

  it('takes the first of several ways to tell the rate', async () => {
    const table = 'trial,subject,sample_rate_hz,n_samples,duration_s\na,s1,32,4,1\nb,s1,16,8,1\n'
    const timed = 'trial,time_s,eda\na,0,1\na,0.1,1\na,0.2,1\nb,0,1\nb,0.2,1\nb,0.4,1\n'
    const rates = async (trials: string, eda: string, rate?: number) =>
      (await read({ trials, eda }, rate)).trials.map(({ sampleRate }) => sampleRate)
    expect(await rates(table, timed, 8)).toEqual([8, 8])
    expect(await rates(table, timed)).toEqual([32, 16])
    // A rate of the user's is not looked for in the files, be it wrong there.
    expect(await rates(table.replace(',32,', ',x,'), timed, 8)).toEqual([8, 8])
    expect(await rates('trial,subject\na,s1\nb,s1\n', timed)).toEqual([10, 5])
    for (const name of ['time_s', 'time(s)', 'time', 'TIME'])
      expect(await rates('trial,subject\na,s1\n', timed.replace('time_s', name).split('b,')[0]!)).toEqual([10])
    await expect(rates(table.replace(',16,', ',-1,'), timed)).rejects.toThrow(
      "study/trials.csv:3: column 'sample_rate_hz' is -1, expected a positive number of Hz",
    )
  })

  it('takes one rate for all from lengths, the median of theirs', async () => {
    const lengths = (...counts: number[]) =>
      `trial,subject,n_samples,duration_s\n${counts.map((n, i) => `t${i},s1,${n},2\n`).join('')}`
    const samples = [0, 1, 2].map((i) => `t${i},0,1\n`).join('')
    const { trials: three } = await read({ trials: lengths(100, 8, 6), eda: `trial,i,eda\n${samples}` })
    expect(three.map(({ sampleRate }) => sampleRate)).toEqual([4, 4, 4])
  })

  it.each([
    ['eda_us', 'uS'],
    ['EDA_uS', 'uS'],
    ['eda', 'unknown'],
  ])('has the unit of its column %s', async (column, unit) => {
    const [trial] = (await read({ eda: `trial,i,${column}\na,0,1\n` })).trials
    expect(trial?.unit).toBe(unit)
  })

  it('is made-up as soon as one trial is', async () => {
    const of = async (...cells: string[]) => {
      const trials = `trial,subject,synthetic\n${cells.map((cell, i) => `t${i},s,${cell}\n`).join('')}`
      return (await read({ trials }, 4)).synthetic
    }
    const all = [of('0', ' 1 '), of('1', '0'), of('0', ''), of('10')]
    expect(await Promise.all(all)).toEqual([true, true, false, false])
  })

  it('is unrated where one of the two ratings is missing', async () => {
    const rated = async (head: string, row: string) =>
      (await read({ trials: `trial,subject,${head}\na,s1,${row}\n` }, 4)).trials[0]?.ratings
    expect(await rated('valence,arousal', '0,0')).toEqual({ valence: 0, arousal: 0 })
    expect(await rated('arousal,valence', '1,2')).toEqual({ valence: 2, arousal: 1 })
    for (const row of ['1,', ',1', ',', 'NA,1', '1,null'])
      expect(await rated('valence,arousal', row), row).toBeUndefined()
    for (const name of ['valence', 'arousal']) expect(await rated(name, '1'), name).toBeUndefined()
    expect(await rated('Valence,AROUSAL', '3,4')).toEqual({ valence: 3, arousal: 4 })
  })

  it('refuses a rating that is not finite, and every other number that is not', async () => {
    const table = (head: string, row: string) => read({ trials: `trial,subject,${head}\na,s1,1,1\nb,s1,${row}\n` }, 4)
    for (const [row, column, shown] of [
      ['1e999,1', 'valence', '1e999'],
      ['1,-1e999', 'arousal', '-1e999'],
      ['inf,1', 'valence', 'inf'],
      ['1,Infinity', 'arousal', 'Infinity'],
      ['NaN,1', 'valence', 'NaN'],
      ['1, -nan', 'arousal', '-nan'],
    ] as const)
      await expect(table('valence,arousal', row)).rejects.toThrow(
        `study/trials.csv:3: column '${column}' is '${shown}', expected a`,
      )
    await expect(read({ trials: 'trial,subject,sample_rate_hz\na,s1,4\nb,s1,1e999\n' })).rejects.toThrow(
      "study/trials.csv:3: column 'sample_rate_hz' is '1e999', expected a finite number",
    )
    await expect(read({ trials: 'trial,subject,n_samples,duration_s\na,s1,4,0\n' })).rejects.toThrow(
      'study/trials.csv: the median of n_samples / duration_s is Infinity, expected a positive number of Hz',
    )
    await expect(read({ eda: 'trial,i,eda_us\na,0,1\na,1,1e999\n' })).rejects.toThrow(
      "study/eda.csv:3: column 'eda_us' is '1e999', expected a number",
    )
    await expect(read({ music: 'song,f0,f1\nx,1,1e999\n' })).rejects.toThrow(
      "study/music.csv:2: column 3 ('f1') is '1e999'",
    )
    await expect(read({ music: 'song,f0,f1\nx,1,1e39\n' })).rejects.toThrow(
      "study/music.csv:2: column 3 ('f1') is '1e39', expected a finite number",
    )
  })

  it('places samples by their index, from the first one on', async () => {
    const samples = async (eda: string) => [...(await read({ eda: `trial,i,eda_us\n${eda}` })).trials[0]!.eda]
    expect(await samples('a,7,1\na,8,2\na,10,3\n')).toEqual([1, 2, NaN, 3])
    expect(await samples('b,0,9\na,0,1\nb,1,9\na,1,2\n')).toEqual([1, 2])
    expect(await samples(`a,0,1\na,1000000,2\n`)).toHaveLength(1_000_001)
    await expect(samples('a,0,1\na,1000002,2\n')).rejects.toThrow(
      "study/eda.csv:3: column 'i' is 1000002 after 0, so that 1000001 samples are missing beside 2; expected sample indices that increase by 1",
    )
    // In all of the file, not only in one trial.
    await expect(samples('a,0,1\na,600000,2\nb,0,1\nb,600000,2\n')).rejects.toThrow(
      "study/eda.csv:5: column 'i' is 600000 after 0, so that 1199998 samples are missing beside 4",
    )
    await expect(samples('a,0,1\na,1.5,2\n')).rejects.toThrow("study/eda.csv:3: column 'i' is 1.5 after 0")
    await expect(samples('a,3,1\na,2,2\n')).rejects.toThrow("study/eda.csv:3: column 'i' is 2 after 3")
  })

  it('has the music features of `galvani music` and of openSMILE, and says which songs have none', async () => {
    const two = 'trial,subject,stimulus,n_samples,duration_s\na,p1,music/X.mp3,4,1\nb,p1,y,4,1\n'
    const music = 'stimulus,feature_set,digest,f0\nx,mine-1,0a,2\nz,mine-1,0b,3\n'
    const set = await readTrialTable({ trials: two, eda: 'trial,i,eda_us\na,0,1\nb,0,1\n', music }, { name: 'study' })
    expect([set.musicDim, set.musicSet, set.trials.map((trial) => trial.music?.[0])]).toEqual([
      1,
      'mine-1',
      [2, undefined],
    ])
    expect(set.notes).toEqual(['1 of 2 stimuli have no music features: y.'])
    const latin = Uint8Array.from("name;frameTime;f0\n'caf\u00e9.wav';0.0;5\n", (character) => character.charCodeAt(0))
    const french = await readTrialTable(
      { trials: two.replace('y', 'caf\u00e9'), eda: 'trial,i,eda_us\nb,0,1\n', music: latin },
      { name: 'study' },
    )
    expect([french.trials[0]!.music?.[0], french.musicSet]).toEqual([5, undefined])
  })

  it('takes the music of the stimulus, whatever the order of columns and rows', async () => {
    const two = 'trial,subject,stimulus,song\na,s1,x,p\nb,s2,y,p\n'
    const music = async (text: string, table = two) =>
      (await read({ trials: table, music: text }, 4)).trials.map(({ stimulus, music: vector }) => [
        stimulus,
        vector && [...vector],
      ])
    expect(await music('f0,stimulus,f1\n3,y,4\n1,x,2\n')).toEqual([
      ['x', [1, 2]],
      ['y', [3, 4]],
    ])
    expect(await music('song,f0,f1\ny,0,0\nz,1,1\n')).toEqual([
      ['x', undefined],
      ['y', [0, 0]],
    ])
  })

  it('makes each trial its own stimulus where none is named', async () => {
    expect((await read({ trials: 'trial,subject\na,s1\n' }, 4)).trials[0]?.stimulus).toBe('a')
  })

  it('names what is wrong', async () => {
    await expect(read({ trials: 'trial,who\na,s1\n' })).rejects.toThrow(
      "study/trials.csv: no column 'subject'; the columns are trial, who",
    )
    await expect(read({ trials: 'trial,subject\na,s1\na,s2\n' }, 4)).rejects.toThrow(
      'study/trials.csv:3: trial a occurs twice',
    )
    await expect(read({ trials: trials.replace('7,2', 'calm,2') })).rejects.toThrow(
      "study/trials.csv:2: column 'valence' is 'calm', expected a number",
    )
    await expect(read({ eda: 'trial,i,volts\na,0,1\n' })).rejects.toThrow(
      "study/eda.csv: no column 'eda_us'; the columns are trial, i, volts",
    )
    await expect(read({ eda: 'trial,i,eda_us\na,0,1\na,0,2\n' })).rejects.toThrow(
      "study/eda.csv:3: column 'i' is 0 after 0",
    )
    await expect(read({ eda: 'trial,i,eda_us\na,0,1\na,1e9,2\n' })).rejects.toThrow(
      "study/eda.csv:3: column 'i' is 1000000000 after 0",
    )
    await expect(read({ eda: '' })).rejects.toThrow('study/eda.csv: the file is empty')
    await expect(read({ music: 'song,f0\nx,loud\n' })).rejects.toThrow(
      "study/music.csv:2: column 2 ('f0') is 'loud', expected a finite number",
    )
    await expect(read({ music: 'song,\nx\n' })).rejects.toThrow(FormatError)
    await expect(read({ music: 'song\nx\n' })).rejects.toThrow("study/music.csv:1: no feature columns beside 'song'")
  })

  it('puts uneven times onto an even grid where that is asked for', async () => {
    const files = {
      trials: 'trial,subject\na,s1\nb,s1\n',
      eda: 'trial,time_s,eda\na,0,1\na,0.1,2\na,0.3,6\na,0.4,8\nb,0,1\nb,0.1,1\n',
    }
    const { trials, notes } = await readTrialTable(files, { name: 'study', resample: true })
    expect(trials.map(({ sampleRate }) => sampleRate)).toEqual([10, 10])
    expect([...trials[0]!.eda].map((value) => Number(value.toFixed(9)))).toEqual([1, 2, 4, 6, 8])
    expect(notes).toEqual(['Uneven time steps were interpolated to even ones: a.'])
  })

  it('is the same wherever the pieces of its table end', async () => {
    const quoted = 'trial,i,eda_us\r\n"a",0,1\r\n\r\na,1,2\r\nb,0,"5"\r\n"b",1,6\r\nz,0,1'
    const whole = await read({ eda: quoted })
    expect(whole.trials.map(({ eda }) => [...eda])).toEqual([
      [1, 2],
      [5, 6],
    ])
    expect(whole.skipped[1]).toEqual({
      source: 'study/eda.csv:7 (trial z)',
      reason: 'trial z has no row in trials.csv',
    })
    const inPieces = async (text: string, size: number) => {
      const pieces = async function* () {
        for (let at = 0; at < text.length; at += size) yield await Promise.resolve(text.slice(at, at + size))
      }
      return await readTrialTable({ trials, eda: pieces() }, { name: 'study' })
    }
    for (let size = 1; size <= quoted.length; size++) expect(await inPieces(quoted, size), `${size}`).toEqual(whole)
    for (const [text, says] of [
      [quoted.replace('"5"', 'x'), "study/eda.csv:5: column 'eda_us' is 'x', expected a number"],
      [quoted.replace('a,1,2', 'a,,2'), "study/eda.csv:4: column 'i' is '', expected a number"],
      [quoted.replace('a,1,2', 'a,1'), 'study/eda.csv:4: 2 cells, expected 3 as in the first line'],
      [quoted.replace('"5"', '"5'), /^study\/eda.csv:\d: .*[Qq]uote/],
    ] as const)
      for (const size of [1, 2, 3, 1000]) await expect(inPieces(text, size)).rejects.toThrow(says)
  })

  it('of a store is read in pieces, never as a whole', async () => {
    const files = { 'trials.csv': 'trial,subject\na,s1\n', 'eda.csv': 'trial,time_s,eda\na,0,1\na,0.1,2\na,0.2,3\n' }
    const store = new MemoryStore(files)
    const [read, text] = [vi.spyOn(store, 'read'), vi.spyOn(store, 'readText')]
    const asked: [number, number][] = []
    vi.spyOn(store, 'source').mockImplementation(async (path) => {
      const bytes = new TextEncoder().encode(files[path as 'eda.csv'])
      const take = async (start: number, end: number) => {
        asked.push([start, end])
        return await Promise.resolve(bytes.slice(start, end))
      }
      return await Promise.resolve({ name: path, size: bytes.length, read: take })
    })
    const {
      trials: [trial],
    } = await loadTrialTable(store, { name: 'study' })
    expect([trial?.sampleRate, [...trial!.eda]]).toEqual([10, [1, 2, 3]])
    expect(asked.filter(([, end]) => end === files['eda.csv'].length)).toHaveLength(1)
    expect([...read.mock.calls, ...text.mock.calls].flat()).not.toContain('eda.csv')
  })

  it('has one person of a name, whatever blanks are around it and however its accents are coded', async () => {
    const set = await read({
      trials: 'trial,subject,song,sample_rate_hz\n a,Zo\u00eb,x ,4\nb ,Zoe\u0308 ,x,4\nc,Zo\u00eb,,4\n',
      eda: 'trial,i,eda_us\na ,0,1\na,1,2\nb,0,5\nb ,1,6\nc,0,5\nc,1,6\n',
    })
    expect(set.skipped).toEqual([])
    expect(set.trials.map(({ id, subject, stimulus, eda }) => [id, subject, stimulus, ...eda])).toEqual([
      ['a', 'Zo\u00eb', 'x', 1, 2],
      ['b', 'Zo\u00eb', 'x', 5, 6],
      ['c', 'Zo\u00eb', 'c', 5, 6],
    ])
  })

  it('refuses trials and people without a name, or with one that was not decoded', async () => {
    const of = (row: string) => read({ trials: `trial,subject,sample_rate_hz\n${row},4\n` })
    await expect(of(' ,s1')).rejects.toThrow("study/trials.csv:2: column 'trial' is empty, expected a name")
    await expect(of('a,')).rejects.toThrow("study/trials.csv:2: column 'subject' is empty, expected a name")
    await expect(of('a,M\uFFFDller')).rejects.toThrow('with a letter that was lost to another encoding')
  })

  it.each(['latin1', 'utf16le'] as const)('of a store may be in another encoding: %s', async (encoding) => {
    const bytes = (text: string) =>
      new Uint8Array(Buffer.from((encoding === 'latin1' ? '' : '\uFEFF') + text, encoding))
    const store = new MemoryStore({
      'trials.csv': bytes('trial,subject,sample_rate_hz\nm\u00fc,M\u00fcller,4\nm\u00f6,M\u00f6ller,4\n'),
      'eda.csv': bytes('trial,i,eda_us\nm\u00fc,0,1\nm\u00fc,1,2\nm\u00f6,0,3\nm\u00f6,1,4\n'),
    })
    const set = await loadTrialTable(store, { name: 'study' })
    expect(set.trials.map(({ subject, eda }) => [subject, ...eda])).toEqual([
      ['M\u00fcller', 1, 2],
      ['M\u00f6ller', 3, 4],
    ])
  })

  it('of a store may be called in capitals', async () => {
    const store = new MemoryStore({ 'Trials.csv': trials, 'EDA.CSV': eda })
    expect((await loadTrialTable(store, { name: 'study' })).trials).toHaveLength(2)
    await store.write('trials.csv', trials)
    await expect(loadTrialTable(store, { name: 'study' })).rejects.toThrow('keep one of them')
  })

  it('needs no more of its times than where they tell the rate', async () => {
    const timed = 'trial,time_s,eda\na,later,1\na,soon,2\n'
    const bare = 'trial,subject\na,s1\n'
    expect([...(await read({ trials: bare, eda: timed }, 4)).trials[0]!.eda]).toEqual([1, 2])
    await expect(read({ trials: bare, eda: timed })).rejects.toThrow(
      "study/eda.csv:2: column 'time_s' is 'later', expected a number",
    )
  })

  it('loads a folder, and says which file it lacks', async () => {
    const set = await loadTrialTable(new MemoryStore({ 'trials.csv': trials, 'eda.csv': eda }), { name: 'study' })
    expect(set.trials.length).toBe(2)
    expect(set.musicDim).toBe(0)
    await expect(loadTrialTable(new MemoryStore({ 'trials.csv': trials }), { name: 'study' })).rejects.toThrow(
      'study/eda.csv: no such file; a dataset is a folder with trials.csv and eda.csv',
    )
  })

  it('of a folder is read with its music, and at the rate that is given', async () => {
    const files = { 'trials.csv': trials, 'eda.csv': eda, 'music.csv': 'song,f0\nx,3\n' }
    const set = await loadTrialTable(new MemoryStore(files), { name: 'study', sampleRate: 8 })
    expect(set.musicDim).toBe(1)
    expect(set.trials.map(({ sampleRate, music }) => [sampleRate, music?.[0]])).toEqual([
      [8, 3],
      [8, 3],
    ])
    await expect(loadTrialTable(new MemoryStore({ 'eda.csv': eda }), { name: 'study' })).rejects.toThrow(
      'study/trials.csv: no such file',
    )
  })

  it('is summed up', async () => {
    const summary = summaryOf((await read({ music: 'song,f0\nx,1\n' })).trials)
    expect(summary).toMatchObject({
      trials: 2,
      subjects: 2,
      stimuli: 1,
      rated: 1,
      withMusic: 2,
      sampleRates: [4],
      units: ['uS'],
      level: 4, // of 2 and 6
      zero: 0,
      flat: 0,
      seconds: { least: 1, most: 1.25, total: 2.25 },
    })
    expect(summary.missing).toBeCloseTo(3 / 9, 12)
  })

  it('reads a real study', needs(existsSync(shared), NO_SHARED), async () => {
    const file = (name: string): string => readFileSync(new URL(`hku956/${name}`, shared), 'utf8')
    const set = await readTrialTable({ trials: file('trials.csv'), eda: file('eda.csv') }, { name: 'hku956' })
    expect(set.skipped).toEqual([])
    expect(summaryOf(set.trials)).toMatchObject({ trials: 765, subjects: 24, rated: 765, sampleRates: [4], missing: 0 })
    expect(set.trials.reduce((sum, trial) => sum + trial.eda.length, 0)).toBe(157_916)
    for (const trial of set.trials) expect(trial.eda.length).toBe(Number(trial.columns['n_samples']))
  })
})

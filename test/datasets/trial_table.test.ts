import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { summarise } from '../../src/datasets/overview.ts'
import type { Trial } from '../../src/datasets/trial.ts'
import { loadTrialTable, readTrialTable } from '../../src/datasets/trial_table.ts'
import { FormatError } from '../../src/runtime/errors.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { needs, NO_SHARED } from '../support/needs.ts'

const shared = new URL('../../../shared/data/', import.meta.url)

describe('trial tables', () => {
  const trials =
    'trial,subject,song,valence,arousal,n_samples,duration_s,fold\n' +
    'a,s1,x,7,2,4,1,0\nb,s2,x,,3,8,2,1\nc,s2,y,1,9,4,1,1\n'
  const eda = 'trial,i,eda_us\na,0,1\na,1,2\na,2,\na,3,4\nb,0,5\nb,1,6\nb,4,7\nz,0,1\n'
  const read = (files: Partial<Record<'trials' | 'eda' | 'music', string>>, sampleRate?: number) =>
    readTrialTable({ trials, eda, ...files }, { name: 'study', ...(sampleRate && { sampleRate }) })

  it('yields trials as recorded, with what was left out', () => {
    const set = read({ music: 'song,f0,f1\nx,0.5,-1\n' })
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

  it('takes the rate from the user, a column, times, or lengths', () => {
    expect(read({}, 8).trials[0]?.sampleRate).toBe(8)
    const bare = 'trial,subject\na,s1\n'
    expect(read({ trials: 'trial,subject,sample_rate_hz\na,s1,32\n' }).trials[0]?.sampleRate).toBe(32)
    expect(read({ trials: bare, eda: 'trial,time_s,eda\na,0,1\na,0.1,1\na,0.2,1\n' }).trials[0]).toMatchObject({
      sampleRate: 10,
      unit: 'unknown',
    })
    expect(() => read({ trials: bare })).toThrow(
      'study/eda.csv:2 (trial a): nothing tells the sampling rate; give --rate HZ',
    )
    expect(() => read({ trials: 'trial,subject,sample_rate_hz\na,s1,0\n' })).toThrow(
      "study/trials.csv:2: column 'sample_rate_hz' is 0",
    )
    expect(() => read({ trials: bare, eda: 'trial,time_s,eda\na,0,1\na,0.1,1\na,0.3,1\n' })).toThrow(
      'time steps are 0.1 to 0.2 s',
    )
  })

  it('takes the first of several ways to tell the rate', () => {
    const table = 'trial,subject,sample_rate_hz,n_samples,duration_s\na,s1,32,4,1\nb,s1,16,8,1\n'
    const timed = 'trial,time_s,eda\na,0,1\na,0.1,1\na,0.2,1\nb,0,1\nb,0.2,1\nb,0.4,1\n'
    const rates = (trials: string, eda: string, rate?: number) =>
      read({ trials, eda }, rate).trials.map(({ sampleRate }) => sampleRate)
    expect(rates(table, timed, 8)).toEqual([8, 8])
    expect(rates(table, timed)).toEqual([32, 16])
    // A rate of the user's is not looked for in the files, be it wrong there.
    expect(rates(table.replace(',32,', ',x,'), timed, 8)).toEqual([8, 8])
    expect(rates('trial,subject\na,s1\nb,s1\n', timed)).toEqual([10, 5])
    for (const name of ['time_s', 'time(s)', 'time', 'TIME'])
      expect(rates('trial,subject\na,s1\n', timed.replace('time_s', name).split('b,')[0]!)).toEqual([10])
    expect(() => rates(table.replace(',16,', ',-1,'), timed)).toThrow(
      "study/trials.csv:3: column 'sample_rate_hz' is -1, expected a positive number of Hz",
    )
  })

  it('takes one rate for all from lengths, the median of theirs', () => {
    const lengths = (...counts: number[]) =>
      `trial,subject,n_samples,duration_s\n${counts.map((n, i) => `t${i},s1,${n},2\n`).join('')}`
    const samples = [0, 1, 2].map((i) => `t${i},0,1\n`).join('')
    const { trials: three } = read({ trials: lengths(100, 8, 6), eda: `trial,i,eda\n${samples}` })
    expect(three.map(({ sampleRate }) => sampleRate)).toEqual([4, 4, 4])
  })

  it.each([
    ['eda_us', 'uS'],
    ['EDA_uS', 'uS'],
    ['eda', 'unknown'],
  ])('has the unit of its column %s', (column, unit) => {
    const [trial] = read({ eda: `trial,i,${column}\na,0,1\n` }).trials
    expect(trial?.unit).toBe(unit)
  })

  it('is made-up as soon as one trial is', () => {
    const of = (...cells: string[]) =>
      read({ trials: `trial,subject,synthetic\n${cells.map((cell, i) => `t${i},s,${cell}\n`).join('')}` }, 4).synthetic
    expect([of('0', ' 1 '), of('1', '0'), of('0', ''), of('10')]).toEqual([true, true, false, false])
  })

  it('is unrated where one of the two ratings is missing', () => {
    const rated = (head: string, row: string) =>
      read({ trials: `trial,subject,${head}\na,s1,${row}\n` }, 4).trials[0]?.ratings
    expect(rated('valence,arousal', '0,0')).toEqual({ valence: 0, arousal: 0 })
    expect(rated('arousal,valence', '1,2')).toEqual({ valence: 2, arousal: 1 })
    for (const row of ['1,', ',1', ',', 'NaN,1']) expect(rated('valence,arousal', row), row).toBeUndefined()
    for (const name of ['valence', 'arousal']) expect(rated(name, '1'), name).toBeUndefined()
  })

  it('places samples by their index, from the first one on', () => {
    const samples = (eda: string) => [...read({ eda: `trial,i,eda_us\n${eda}` }).trials[0]!.eda]
    expect(samples('a,7,1\na,8,2\na,10,3\n')).toEqual([1, 2, NaN, 3])
    expect(samples('b,0,9\na,0,1\nb,1,9\na,1,2\n')).toEqual([1, 2])
    expect(samples(`a,0,1\na,1000000,2\n`)).toHaveLength(1_000_001)
    expect(() => samples('a,0,1\na,1000001,2\n')).toThrow(/is 1000001 after 0/)
    expect(() => samples('a,0,1\na,1.5,2\n')).toThrow("study/eda.csv:3: column 'i' is 1.5 after 0")
    expect(() => samples('a,3,1\na,2,2\n')).toThrow("study/eda.csv:3: column 'i' is 2 after 3")
  })

  it('takes the music of the stimulus, whatever the order of columns and rows', () => {
    const two = 'trial,subject,stimulus,song\na,s1,x,p\nb,s2,y,p\n'
    const music = (text: string, table = two) =>
      read({ trials: table, music: text }, 4).trials.map(({ stimulus, music: vector }) => [
        stimulus,
        vector && [...vector],
      ])
    expect(music('f0,stimulus,f1\n3,y,4\n1,x,2\n')).toEqual([
      ['x', [1, 2]],
      ['y', [3, 4]],
    ])
    expect(music('song,f0,f1\ny,0,0\nz,1,1\n')).toEqual([
      ['x', undefined],
      ['y', [0, 0]],
    ])
  })

  it('makes each trial its own stimulus where none is named', () => {
    expect(read({ trials: 'trial,subject\na,s1\n' }, 4).trials[0]?.stimulus).toBe('a')
  })

  it('names what is wrong', () => {
    expect(() => read({ trials: 'trial,who\na,s1\n' })).toThrow(
      "study/trials.csv: no column 'subject'; the columns are trial, who",
    )
    expect(() => read({ trials: 'trial,subject\na,s1\na,s2\n' }, 4)).toThrow('study/trials.csv:3: trial a occurs twice')
    expect(() => read({ trials: trials.replace('7,2', 'calm,2') })).toThrow(
      "study/trials.csv:2: column 'valence' is 'calm', expected a number",
    )
    expect(() => read({ eda: 'trial,i,volts\na,0,1\n' })).toThrow(
      "study/eda.csv: no column 'eda_us'; the columns are trial, i, volts",
    )
    expect(() => read({ eda: 'trial,i,eda_us\na,0,1\na,0,2\n' })).toThrow("study/eda.csv:3: column 'i' is 0 after 0")
    expect(() => read({ eda: 'trial,i,eda_us\na,0,1\na,1e9,2\n' })).toThrow(
      "study/eda.csv:3: column 'i' is 1000000000 after 0",
    )
    expect(() => read({ eda: '' })).toThrow('study/eda.csv: the file is empty')
    expect(() => read({ music: 'song,f0\nx,loud\n' })).toThrow(
      "study/music.csv:2: column 'f0' is 'loud', expected a number",
    )
    expect(() => read({ music: 'song,\nx\n' })).toThrow(FormatError)
    expect(() => read({ music: 'song\nx\n' })).toThrow("study/music.csv:1: no feature columns beside 'song'")
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

  it('is summed up in every field', () => {
    const trial = (id: number, sampleRate: number, samples: number[], more: Partial<Trial> = {}): Trial => ({
      id: `t${id}`,
      subject: `s${id % 3}`,
      stimulus: `x${id % 2}`,
      sampleRate,
      eda: Float64Array.from(samples),
      unit: 'uS',
      columns: {},
      source: '',
      ...more,
    })
    const ratings = { valence: 1, arousal: 1 }
    // Six seconds are flat at 32 Hz; thirty samples at 128 Hz are not, as they would be at 4 Hz.
    const flat = [...new Array<number>(192).fill(7), ...Array.from({ length: 8 }, (_, i) => 10 + i)]
    const all = [
      trial(0, 32, flat, { ratings }),
      trial(1, 4, [0, 1, 0, NaN, -2, 3, NaN, 4], { music: Float32Array.of(1) }),
      trial(
        2,
        128,
        Array.from({ length: 128 }, (_, i) => (i < 30 ? 20 : i)),
        { ratings, unit: 'unknown' },
      ),
      trial(3, 4, [5, 6], { ratings }),
    ]
    const total = 200 + 8 + 128 + 2
    // Of 336 numbers 8 are below 7 and 192 are 7.
    expect(summarise(all)).toEqual({
      trials: 4,
      subjects: 3,
      stimuli: 2,
      rated: 3,
      withMusic: 1,
      sampleRates: [4, 32, 128],
      units: ['uS', 'unknown'],
      seconds: { least: 0.5, median: 2, most: 6.25, total: 6.25 + 2 + 1 + 0.5 },
      level: 7,
      missing: 2 / total,
      zero: 2 / total,
      flat: 192 / total,
    })
    expect(summarise([])).toEqual({
      trials: 0,
      subjects: 0,
      stimuli: 0,
      rated: 0,
      withMusic: 0,
      sampleRates: [],
      units: [],
      seconds: { least: 0, median: NaN, most: 0, total: 0 },
      level: NaN,
      missing: 0,
      zero: 0,
      flat: 0,
    })
  })

  it('is summed up', () => {
    const summary = summarise(read({ music: 'song,f0\nx,1\n' }).trials)
    expect(summary).toMatchObject({
      trials: 2,
      subjects: 2,
      stimuli: 1,
      rated: 1,
      withMusic: 2,
      sampleRates: [4],
      units: ['uS'],
      level: 5,
      zero: 0,
      flat: 0,
      seconds: { least: 1, most: 1.25, total: 2.25 },
    })
    expect(summary.missing).toBeCloseTo(3 / 9, 12)
    expect(summarise([]).trials).toBe(0)
  })

  it('reads a real study', needs(existsSync(shared), NO_SHARED), () => {
    const file = (name: string): string => readFileSync(new URL(`hku956/${name}`, shared), 'utf8')
    const set = readTrialTable({ trials: file('trials.csv'), eda: file('eda.csv') }, { name: 'hku956' })
    expect(set.skipped).toEqual([])
    expect(summarise(set.trials)).toMatchObject({ trials: 765, subjects: 24, rated: 765, sampleRates: [4], missing: 0 })
    expect(set.trials.reduce((sum, trial) => sum + trial.eda.length, 0)).toBe(157_916)
    for (const trial of set.trials) expect(trial.eda.length).toBe(Number(trial.columns['n_samples']))
  })
})

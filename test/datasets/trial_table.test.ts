import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { summarise } from '../../src/datasets/overview.ts'
import { loadTrialTable, readTrialTable } from '../../src/datasets/trial_table.ts'
import { FormatError } from '../../src/runtime/errors.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { needs, NO_SHARED } from '../needs.ts'

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

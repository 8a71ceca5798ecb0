import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { readRecording } from '../../src/recording/read.ts'
import { summarise } from '../../src/datasets/overview.ts'
import { loadTrialTable, readTrialTable } from '../../src/datasets/trial_table.ts'
import { formatCsv, parseCsv } from '../../src/formats/csv.ts'
import { FormatError } from '../../src/runtime/errors.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { needs, NO_SHARED } from '../needs.ts'

const shared = new URL('../../../shared/data/', import.meta.url)

/** A recording of n samples whose time stamps go through `print`. */
const timed = (n: number, rate: number, print: (t: number) => string): string =>
  formatCsv(
    ['time_s', 'eda_uS'],
    Array.from({ length: n }, (_, i) => [print(i / rate), i]),
  )

describe('csv', () => {
  it('reads quotes, CRLF, BOM, semicolons, tabs and blank lines', () => {
    const table = parseCsv('\uFEFFa;"b;c"\r\n1;"x ""y"""\r\n\r\n2;z\r\n', 'f.csv')
    expect(table.columns).toEqual(['a', 'b;c'])
    expect(table.text('b;c')).toEqual(['x "y"', 'z'])
    expect([...table.numbers('a')]).toEqual([1, 2])
    expect(table.where(1)).toBe('f.csv:4')
    expect(table.row(0)).toEqual({ a: '1', 'b;c': 'x "y"' })
    expect(parseCsv('a\tb\n1\t2\n', 'f').columns).toEqual(['a', 'b'])
  })

  it('counts lines over cells that span several', () => {
    const table = parseCsv('a,b\n"1\n2",3\n4,x\n', 'f.csv')
    expect(() => table.numbers('b')).toThrow("f.csv:4: column 'b' is 'x', expected a number")
  })

  it('writes what it reads', () => {
    const text = formatCsv(
      ['a', 'b,c'],
      [
        ['say "hi"', 1.5],
        ['two\nlines', -2e-7],
      ],
    )
    const table = parseCsv(text, 'f')
    expect(table.text('a')).toEqual(['say "hi"', 'two\nlines'])
    expect([...table.numbers('b,c')]).toEqual([1.5, -2e-7])
  })

  it('names the file, line and column of what is wrong', () => {
    const table = parseCsv('time,eda\n0,1\n1,abc\n2,\n3,0x1F\n', 'f.csv')
    expect(() => table.numbers('eda')).toThrow("f.csv:3: column 'eda' is 'abc', expected a number")
    expect(() => table.numbers('gsr')).toThrow("f.csv: no column 'gsr'; the columns are time, eda")
    expect(() => parseCsv('a\n1\n\n', 'f').numbers('a')).not.toThrow()
    expect(() => parseCsv('a,b\n1,\n', 'f').numbers('b')).toThrow("f:2: column 'b' is '', expected a number")
    expect([...parseCsv('a,b\n1,\n2,NaN\n3,7\n', 'f').numbers('b', 'nan')]).toEqual([NaN, NaN, 7])
    expect(() => parseCsv('a,b\n1,0x1F\n', 'f').numbers('b', 'nan')).toThrow(FormatError)
    expect(() => parseCsv('a,b\n1,2\n1,2,3\n', 'f.csv')).toThrow('f.csv:3: 3 cells, expected 2 as in the first line')
    expect(() => parseCsv('a,b\n1,"2\n', 'f.csv')).toThrow(/^f\.csv:\d: Quote Not Closed/)
    expect(() => parseCsv('a,a\n1,2\n', 'f.csv')).toThrow("f.csv:1: two columns are called 'a'; rename one")
    for (const text of ['', ' \n\n', '\uFEFF']) {
      expect(() => parseCsv(text, 'f.csv')).toThrow('f.csv: the file is empty')
    }
  })
})

describe('readRecording', () => {
  it('finds time and conductance by name, in any case', () => {
    const { sampleRate, eda, source } = readRecording('Time(s),EDA,hr\n0,1.5,60\n0.25,,61\n0.5,2,62\n', 'a.csv')
    expect(sampleRate).toBe(4)
    expect([...eda]).toEqual([1.5, NaN, 2])
    expect(source).toBe('a.csv')
  })

  it('takes columns and rate from the user', () => {
    const text = 'clock,left,right\n0,1,2\n1,3,4\n'
    expect(readRecording(text, 'a', { timeColumn: 'clock', edaColumn: 'right' })).toMatchObject({
      sampleRate: 1,
      eda: Float64Array.of(2, 4),
    })
    expect(readRecording(text, 'a', { sampleRate: 32, edaColumn: 'left' }).sampleRate).toBe(32)
    expect(() => readRecording(text, 'a.csv')).toThrow(
      'a.csv:1: cannot tell which column is skin conductance; give --eda COL, one of clock, left, right',
    )
    expect(() => readRecording(text, 'a.csv', { edaColumn: 'left' })).toThrow(
      'a.csv:1: no time column; give --rate HZ, or --time COL',
    )
    expect(() => readRecording(text, 'a.csv', { edaColumn: 'middle', sampleRate: 4 })).toThrow(
      "no column 'middle'; the columns are clock, left, right",
    )
    expect(() => readRecording(text, 'a.csv', { timeColumn: 'when', edaColumn: 'left' })).toThrow("no column 'when'")
  })

  it('reads Empatica E4 files and bare lists', () => {
    const e4 = readRecording('1500000000.000000\r\n4.000000\r\n0.795385\r\n0.815312\r\n', 'EDA.csv')
    expect(e4).toEqual({ sampleRate: 4, eda: Float64Array.of(0.795385, 0.815312), source: 'EDA.csv', firstLine: 3 })
    expect(() => readRecording('1500000000\n0\n1\n', 'EDA.csv')).toThrow(
      'EDA.csv:2: the sampling rate is 0, expected a positive number of Hz',
    )
    expect(() => readRecording('1500000000\n4\n1\nx\n', 'EDA.csv')).toThrow(
      "EDA.csv:4: column '1' is 'x', expected a number",
    )
    expect([...readRecording('0.5\n\n0.7\n', 'v.csv', { sampleRate: 4 }).eda]).toEqual([0.5, NaN, 0.7])
    expect(() => readRecording('0.5\n0.7\n', 'v.csv')).toThrow('v.csv: no header and no time column; give --rate HZ')
    expect(() => readRecording('0,1\n1,2\n', 'v.csv')).toThrow('v.csv:1: 2 columns without a header')
  })

  it('works out the rate behind rounded stamps', () => {
    const sixDigits = (t: number): string => String(Number(t.toPrecision(6)))
    expect(readRecording(timed(11520, 128, sixDigits), 'a').sampleRate).toBe(128)
    expect(readRecording(timed(50_000, 100, sixDigits), 'a').sampleRate).toBe(100)
    expect(readRecording(timed(600, 12.5, String), 'a').sampleRate).toBe(12.5)
    // Three decimals at 256 Hz: single steps are off by a quarter, the grid is even.
    expect(
      readRecording(
        timed(5000, 256, (t) => t.toFixed(3)),
        'a',
      ).sampleRate,
    ).toBeCloseTo(256, 2)
    expect(readRecording(timed(3, 12.5, String), 'a').sampleRate).toBeCloseTo(12.5, 9)
  })

  it('refuses uneven, standing and unreadable time', () => {
    // Every tenth step is a quarter longer, more than the rounding to two decimals can explain.
    const jerky = timed(200, 12.5, (t) => (t + 0.02 * Math.floor(t / 0.8 + 1e-9)).toFixed(2))
    expect(() => readRecording(jerky, 'a.csv')).toThrow(
      'a.csv: time steps are 0.08 to 0.1 s; need an even rate. Resample it first, or give --rate HZ',
    )
    const hole = timed(1000, 4, (t) => (t < 100 ? t : t + 0.25).toFixed(2))
    expect(() => readRecording(hole, 'a')).toThrow('time steps are 0.25 to 0.5 s')
    expect(() => readRecording('time_s,eda\n0,1\n0,1\n0,1\n', 'a')).toThrow('the time column must increase')
    expect(() => readRecording('time_s,eda\n0,1\n', 'a')).toThrow('1 samples are too few')
    expect(() => readRecording('time_s,eda\n0,1\n12:30,1\n', 'a.csv')).toThrow(
      "a.csv:3: column 'time_s' is '12:30', expected a number",
    )
    expect(() => readRecording('', 'a.csv')).toThrow('a.csv: the file is empty')
    expect(() => readRecording('time_s,eda\n', 'a.csv', { sampleRate: 4 })).toThrow(
      'a.csv: no samples after the header',
    )
    expect(readRecording(hole, 'a', { sampleRate: 4 }).sampleRate).toBe(4)
  })

  it('reads every sample recording', needs(existsSync(shared), NO_SHARED), () => {
    const files = readdirSync(new URL('eda/', shared)).filter((name) => name.endsWith('.csv'))
    expect(files.length).toBeGreaterThan(10)
    for (const name of files) {
      const { sampleRate, eda } = readRecording(readFileSync(new URL(`eda/${name}`, shared), 'utf8'), name)
      expect(sampleRate, name).toBe(Number(/_(\d+)p?(\d*)hz/.exec(name)?.slice(1).filter(Boolean).join('.')))
      expect(eda.every(Number.isFinite), name).toBe(true)
    }
    const e4 = readRecording(readFileSync(new URL('formats/EDA.csv', shared), 'utf8'), 'EDA.csv')
    expect([e4.sampleRate, e4.eda.length, e4.eda[0]]).toEqual([4, 240, 0.795385])
  })
})

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

// What is odd about a table and must not pass in silence: units, levels, marks, rates, rows that are cut off.
import { describe, expect, it } from 'vitest'
import { isoTime } from '../../src/reading/recording.ts'
import { level, read, readOne, rowsOf } from './tables.ts'

const N = 480
const table = (header: string, row: (t: number, value: string, i: number) => string = (t, value) => `${t},${value}`) =>
  `${header}\n${rowsOf(N, 4, row).join('\n')}\n`
const scaled = (header: string, factor: number): string =>
  table(header, (t, value) => `${t},${(Number(value) * factor).toPrecision(6)}`)
const notesOf = async (content: string): Promise<readonly string[]> => (await readOne(content)).notes ?? []

describe('a unit', () => {
  it.each(['EDA_z', 'EDA zscore', 'EDA_norm', 'EDA_mV', 'EDA-volts', 'eda_adc', 'EDA_counts', 'EDA_standardised'])(
    'that is none of conductance may stand in the name: %s',
    async (name) => {
      await expect(readOne(table(`time,${name}`))).rejects.toThrow(/a\.csv: its unit is .*, which is none of skin cond/)
    },
  )
  it.each(['EDA_Raw', 'EDA_C', 'EDA filtered', 'GSR_v'])('is not every last word of a name: %s', async (name) => {
    expect(await notesOf(table(`time,${name}`))).toEqual([])
  })
  it.each([
    [
      'EDA (µS)',
      1000,
      /^in µS its level is \d{4} µS, and skin has 0\.01 to 100 µS: the unit may be another \(--unit\)$/,
    ],
    ['EDA (S)', 1, /^in S its level is 5\d+ µS.*the unit may be another/],
    ['EDA (kOhm)', 1, /^in kΩ its level is 19\d µS.*the unit may be another/],
    ['EDA (µS)', 1e-6, /^in µS its level is 0\.000005\d* µS.*the sensor was off the skin, or the unit is another/],
  ])('%s that leaves a level that skin does not have is doubted', async (name, factor, doubt) => {
    const notes = await notesOf(scaled(`time,${name}`, factor))
    expect(notes.at(-1)).toMatch(doubt)
  })
  it('of whole numbers may be counts', async () => {
    const whole = table('time,EDA', (t, value) => `${t},${Math.round(10 * Number(value))}`)
    expect(await notesOf(whole)).toEqual([expect.stringMatching(/^all values are whole numbers, as raw counts/)])
  })
})

describe('a mark of missing samples', () => {
  const marked = (mark: string): string =>
    table('time,EDA', (t, value, i) => `${t},${[100, 101, 300].includes(i) ? mark : value}`)
  it.each(['-1', '-9', '-1000', '-99.99', '-1E+10', '65535', '2147483647'])('may be %s', async (mark) => {
    const { eda, notes } = await readOne(marked(mark))
    expect([...eda.keys()].filter((i) => Number.isNaN(eda[i]!))).toEqual([100, 101, 300])
    expect(notes).toEqual([`3 samples are ${Number(mark)}, which was taken for a missing one`])
  })
  it.each(['#NULL!', 'N.A.', '(null)', '-nan(ind)', '.'])('may be the word %s', async (mark) => {
    expect((await readOne(marked(mark))).eda.filter(Number.isNaN)).toHaveLength(3)
  })
  it('is no negative number among others', async () => {
    const drifting = table('time,EDA', (t, value, i) => `${t},${i % 3 === 0 ? -(i % 4) : value}`)
    expect((await readOne(drifting)).eda.filter(Number.isNaN)).toHaveLength(0)
  })
})

describe('a rate', () => {
  it('that the words of the file and its times tell differently is said', async () => {
    const said = `Sampling rate: 8 Hz\n\n${table('time,EDA')}`
    expect(await notesOf(said)).toEqual([
      'the file says 8 Hz, its times are 4 Hz; its times were followed (--rate says otherwise)',
    ])
    expect(await notesOf(`Sampling rate: 4 Hz\n\n${table('time,EDA')}`)).toEqual([])
  })
  it('by a named unit at which nothing is recorded is refused where another unit has a usual one', async () => {
    await expect(readOne(table('time (ms),EDA'))).rejects.toThrow(
      "a.csv: column 'time (ms)' says milliseconds, which would be 4000 Hz (--time-unit ms), and in seconds it would be 4 Hz (--time-unit s); say which",
    )
    await expect(readOne(table('time (s),EDA', (t, value) => `${125 * t},${value}`))).rejects.toThrow(
      /seconds, which would be 0\.032 Hz .* in milliseconds it would be 32 Hz/,
    )
    expect((await readOne(table('time (ms),EDA'), { timeUnit: 's' })).sampleRate).toBe(4)
  })
  it('of rows that share their stamps is that of the rows', async () => {
    const shared = `time,EDA\n${rowsOf(3840, 32, (t, value) => `${Math.floor(2 * t) / 2},${value}`).join('\n')}`
    expect((await readOne(shared)).sampleRate).toBeCloseTo(32, 1)
  })
})

describe('a last row', () => {
  it('without a line end and without its last digits is left out, which is said', async () => {
    const cut = table('time,EDA').slice(0, -3)
    const { eda, notes } = await readOne(cut)
    expect([eda.length, notes]).toEqual([N - 1, ['the last row (line 481) is cut off and was left out']])
    expect((await readOne(table('time,EDA').slice(0, -1))).eda.length).toBe(N)
    const short = table('time,EDA', (t, value) => `${t},${Number(value)}`)
    expect((await readOne(short.slice(0, -1))).eda.length).toBe(N)
  })
})

describe('rows of several sensors', () => {
  const at = 5 * N
  it('leave those of skin conductance where it has a value', async () => {
    const mixed = rowsOf(
      at,
      20,
      (t, _, i) => `${t},${i % 5 === 0 ? '' : 512},${i % 5 === 0 ? level(t).toFixed(4) : ''}`,
    )
    const { eda, sampleRate, notes } = await readOne(`time,gaze x,EDA (µS)\n${mixed.join('\n')}`)
    expect([eda.length, sampleRate, eda[1]]).toEqual([N, 4, Number(level(0.25).toFixed(4))])
    expect(notes).toEqual([`its values stand in ${N} of ${at} rows, between those of other sensors`])
  })
  it('of one moment keep the value', async () => {
    const twice = rowsOf(N, 4, (t, value, i) => (i % 10 === 0 ? `${t},\n${t},${value}` : `${t},${value}`))
    expect((await readOne(`time,EDA\n${twice.join('\n')}`)).eda.filter(Number.isNaN)).toHaveLength(0)
  })
  it('may have a column of markers that is empty in most of them', async () => {
    const markers = table('time,EDA,marker', (t, value, i) => `${t},${value},${i % 50 === 0 ? 'stim' : ''}`)
    expect((await readOne(markers)).eda.length).toBe(N)
    const noons = table(
      'Time,EDA,stimulus,label',
      (t, value) => `05/17/2024 09:41:${(7 + t / 10).toFixed(3).padStart(6, '0')} AM,${value},a,rest`,
    )
    expect((await readOne(noons)).sampleRate).toBe(40)
    // None of the evenly chosen rows that are judged has one.
    const rare = rowsOf(4000, 100, (t, value, i) => `${t};${value};${i % 40 === 0 ? 'M1' : ''}`)
    expect((await readOne(`time (s);EDA;marker\n${rare.join('\n')}`)).eda.length).toBe(4000)
  })
})

describe('columns', () => {
  it.each([
    ['GSR RAW', 'GSR Resistance CAL', 'GSR Conductance CAL'],
    ['GSR', 'GSRV', 'GSR_US'],
  ])('of one sensor: of %s, %s and %s the last is the conductance', async (raw, other, name) => {
    const { eda } = await readOne(table(`time,${raw},${other},${name}`, (t, value) => `${t},812,1,${value}`))
    expect(eda[0]).toBe(Number(level(0).toFixed(4)))
  })
  it('of two hands are refused all the same', async () => {
    const hands = table('time,EDA left (µS),EDA right', (t, value) => `${t},${value},${value}`)
    await expect(readOne(hands)).rejects.toThrow(/2 columns could be skin conductance/)
  })
  it('may have units that are not known in the row of units', async () => {
    const units = table('Time,A: Skin Conductance,B: Skin\nsec,uS,Grad', (t, value) => `${t},${value},33.1`)
    expect((await readOne(units)).eda.length).toBe(N)
  })
  it('without a name of time: the one that rises evenly is time, which is said; a count of rows is none', async () => {
    const rising = table('Moment,EDA')
    expect(await notesOf(rising)).toEqual([
      "time was read from column 'Moment', since its numbers rise evenly (--time COL)",
    ])
    await expect(readOne(table('Nummer,EDA', (_, value, i) => `${i},${value}`))).rejects.toThrow(/no time column/)
  })
})

describe('a start', () => {
  it.each([
    ['719529', 'MATLAB'],
    ['2440587.5', 'Julian days'],
    ['25569', 'Excel'],
  ])('is told of days before 1970 by their number: %s of %s', async (before) => {
    const from = Date.UTC(2024, 4, 17, 9, 41, 7) / 86_400_000 + Number(before)
    for (const name of ['time', 'datenum']) {
      const days = table(`${name},EDA`, (t, value) => `${(from + t / 86_400).toFixed(10)},${value}`)
      const { start, sampleRate } = await readOne(days)
      expect([isoTime(start!).slice(0, 19), Number(sampleRate.toFixed(2))]).toEqual(['2024-05-17T09:41:07', 4])
    }
  })
  it("of LabChart is its count of days, whatever its owner's dates look like", async () => {
    const days = Date.UTC(2024, 4, 7, 9, 41, 7) / 86_400_000 + 25_569
    for (const text of ['5/7/2024 09:41:07.0', '7.5.2024 09:41:07', '']) {
      const header = `Interval=\t0.25 s\nExcelDateTime=\t${days.toExponential(16)}\t${text}\nChannelTitle=\tGSR\nRange=\t40 µS`
      const { start } = await readOne(table(header, (t, value) => `${t}\t${value}`))
      expect(isoTime(start!)).toBe('2024-05-07T09:41:07.000')
    }
  })
  it('in words before the table may leave the day open, which is said', async () => {
    const begun = (date: string) => `Date: ${date}\nTime: 09:41:07\n\n${table('time,EDA')}`
    const open = await readOne(begun('05-07-2024'))
    expect([isoTime(open.start!), open.notes]).toEqual([
      '2024-07-05T09:41:07.000',
      ['the date of its start was read as day, then month; the file cannot tell'],
    ])
    const [told] = await read(begun('05-17-2024'))
    expect([isoTime(told!.start!), told!.notes]).toEqual(['2024-05-17T09:41:07.000', []])
  })
})

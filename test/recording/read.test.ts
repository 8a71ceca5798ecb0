import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { readRecording } from '../../src/recording/read.ts'
import { formatCsv } from '../../src/formats/csv.ts'
import { needs, NO_SHARED } from '../support/needs.ts'

const shared = new URL('../../../shared/data/', import.meta.url)

/** A recording of n samples whose time stamps go through `print`. */
const timed = (n: number, rate: number, print: (t: number) => string): string =>
  formatCsv(
    ['time_s', 'eda_uS'],
    Array.from({ length: n }, (_, i) => [print(i / rate), i]),
  )

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

// Numbers with groups of thousands, and marks that may be one of decimals or of thousands.
import { describe, expect, it } from 'vitest'
import { numberOf } from '../../src/formats/cells.ts'
import { readOne } from '../reading/tables.ts'

const N = 120
/** Rows of 4 Hz of a resistance about `middle`. */
const rows = (middle: number, row: (t: number, ohm: number) => string): string =>
  Array.from({ length: N }, (_, i) => row(i / 4, middle * (1 + 0.1 * Math.sin(i / 9)))).join('\n')
const written = (x: number, digits: number, mark: string, group: string): string =>
  x
    .toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })
    .replace(/[.,]/g, (one) => (one === '.' ? mark : group))

describe('thousands', () => {
  it.each([
    ['1,234.56', '.', 1234.56],
    ['-12,345,678', '.', -12345678],
    ['1.234,56', ',', 1234.56],
    ['1 234,5', ',', 1234.5],
    ['1\u202f234\u202f567,5', ',', 1234567.5],
    ["1'234.5", '.', 1234.5],
    ['1’234', '.', 1234],
    ['0,123', '.', undefined],
    ['1,23', '.', undefined],
    ['1,234 567', '.', undefined],
    ['12.345', '.', 12.345],
  ] as const)('%s with a decimal %s is %s', (text, decimal, value) => {
    expect(numberOf(text, decimal)).toBe(value)
  })

  it.each([
    ['.', ',', ';'],
    ['.', "'", ';'],
    ['.', '’', '\t'],
    [',', '.', ';'],
    [',', ' ', ';'],
    [',', '\u00a0', '\t'],
    [',', '\u202f', ';'],
  ])('are read with a decimal %j, groups by %j and cells by %j', async (mark, group, separator) => {
    const { eda, notes } = await readOne(
      `time${separator}GSR (ohm)\n${rows(2e5, (t, ohm) => `${t.toFixed(2).replace('.', mark)}${separator}${written(ohm, 2, mark, group)}`)}`,
    )
    expect([eda.length, eda[0]]).toEqual([N, 5])
    expect(notes).toEqual(['its values are in Ω and were converted to µS'])
    const quoted = await readOne(
      `time,GSR (ohm)\n${rows(2e5, (t, ohm) => `${t.toFixed(2)},"${written(ohm, 2, '.', ',')}"`)}`,
    )
    expect(quoted.eda[0]).toBe(5)
  })

  it('stand in times too', async () => {
    const { sampleRate, eda } = await readOne(
      `time (ms);EDA\n${rows(5, (t, us) => `${written(1000 * t, 0, ',', '.')};${us.toFixed(4).replace('.', ',')}`)}`,
    )
    expect([sampleRate, eda[0]]).toEqual([4, 5])
  })

  it('without decimals are said, and decimals that might be thousands too, where the file does not tell', async () => {
    const grouped = await readOne(
      `time;GSR (ohm)\n${rows(2e5, (t, ohm) => `${t.toFixed(2)};${written(ohm, 0, '.', ',')}`)}`,
    )
    expect(grouped.eda[0]).toBe(5)
    expect(grouped.notes).toContain("numbers such as 200,000 in column 'GSR (ohm)' were read as 200000 (thousands)")
    const table = (time: (t: number) => string) =>
      `ms;EDA\n${rows(5, (t, us) => `${time(t)};${us.toFixed(3).replace('.', ',')}`)}`
    const decimals = await readOne(table((t) => String(1000 * t)))
    expect(decimals.eda[0]).toBe(5)
    expect(decimals.notes).toEqual([
      "numbers such as 5,000 in column 'EDA' were read as 5.000; --decimal . reads thousands",
    ])
    expect(
      (
        await readOne(
          table((t) => String(1000 * t)),
          { decimal: ',' },
        )
      ).notes,
    ).toEqual([])
    expect((await readOne(table((t) => (1000 * t).toFixed(1).replace('.', ',')))).notes).toEqual([])
  })

  it('that a column alone tells from decimals are refused with both readings', async () => {
    const table = `ms;EDA (nS)\n${rows(1000, (t, ns) => `${1000 * t};${written(ns, 0, ',', '.')}`)}`
    await expect(readOne(table)).rejects.toThrow(
      "a.csv:2: column 'EDA (nS)' is '1.000', which may be 1000 (--decimal ',') or 1.000 (--decimal '.'); say which",
    )
    expect((await readOne(table, { decimal: ',' })).eda[0]).toBe(1)
    // Numbers about 5 without their zeros jump less as decimals.
    const few = `ms;EDA\n${rows(5, (t, us) => `${1000 * t};${Number(us.toFixed(3))}`)}`
    expect((await readOne(few)).eda[0]).toBe(5)
  })
})

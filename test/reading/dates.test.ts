// Dates in which day and month may be either, and what of a file tells them.
import { describe, expect, it } from 'vitest'
import { isoTime } from '../../src/reading/recording.ts'
import { readOne } from './tables.ts'

/** Rows of 4 Hz from a moment on. */
function table(
  from: string,
  n: number,
  stamp: (year: string, month: string, day: string) => string,
  cells = ',',
): string {
  const start = Date.parse(`${from}Z`)
  const rows = Array.from({ length: n }, (_, i) => {
    const [date, time] = new Date(start + 250 * i).toISOString().slice(0, -1).split('T') as [string, string]
    const [year, month, day] = date.split('-') as [string, string, string]
    const value = (5 + 0.3 * Math.sin(i / 30)).toFixed(4)
    return `${stamp(year, month, day)} ${time}${cells}${cells === ';' ? value.replace('.', ',') : value}`
  })
  return [`time${cells}eda`, ...rows].join('\n')
}
const dayFirst = (year: string, month: string, day: string): string => `${day}/${month}/${year}`
const monthFirst = (year: string, month: string, day: string): string => `${month}/${day}/${year}`
const doubt = (notes: readonly string[] = []): string[] => notes.filter((note) => note.startsWith('dates such as'))

describe('which number of a date is the day', () => {
  it.each([
    ['a row after midnight', '2024-04-03T23:59:00', 600],
    // More rows than are looked at before the table is read.
    ['a 13th far below', '2024-04-12T23:00:00', 16_000],
    ['the end of a month', '2024-04-30T23:59:00', 600],
  ])('is told by %s', async (_, from, n) => {
    for (const stamp of [dayFirst, monthFirst]) {
      const { eda, start, notes, sampleRate } = await readOne(table(from, n, stamp))
      expect([eda.length, sampleRate, isoTime(start!)]).toEqual([n, 4, `${from}.000`])
      expect(doubt(notes)).toEqual([])
    }
  })

  it('is said where nothing tells, which is said once, and not where both are one', async () => {
    const open = await readOne(table('2024-04-03T10:00:00', 600, dayFirst))
    expect(isoTime(open.start!)).toBe('2024-03-04T10:00:00.000')
    expect(doubt(open.notes)).toEqual(['dates such as 03/04/2024 were read as month/day; the file cannot tell'])
    // No country with decimal commas writes the month first.
    const comma = await readOne(table('2024-04-03T10:00:00', 600, dayFirst, ';'))
    expect(isoTime(comma.start!)).toBe('2024-04-03T10:00:00.000')
    expect(doubt(comma.notes)).toEqual(['dates such as 03/04/2024 were read as day, then month; the file cannot tell'])
    expect(doubt((await readOne(table('2024-04-04T10:00:00', 600, dayFirst))).notes)).toEqual([])
  })

  it('is not told by rows that contradict each other', async () => {
    const [header, ...rows] = table('2024-04-03T10:00:00', 5000, dayFirst).split('\n')
    rows[2500] = rows[2500]!.replace('03/04', '13/04')
    rows[2600] = rows[2600]!.replace('03/04', '03/14')
    await expect(readOne([header, ...rows].join('\n'))).rejects.toThrow(
      "a.csv:2502: column 'time' holds a day above 12 in both orders of day and month; write its dates alike",
    )
  })
})

describe('times in the words of their languages', () => {
  it.each([
    ['Zeit in Millisekunden', 1000],
    ['temps (millisecondes)', 1000],
    ['Tiempo (seg)', 1],
    ['tiempo (minutos)', 1 / 60],
    ['Idő (perc)', 1 / 60],
    ['时间（毫秒）', 1000],
    ['时间(s)', 1],
    ['Время (с)', 1],
    ['Tijd (seconden)', 1],
  ])('%s', async (name, perSecond) => {
    for (const conductance of ['Hautleitfähigkeit', 'Conductance cutanée', '皮电（μS）', 'КГР', 'Bőrvezetés']) {
      const rows = Array.from({ length: 400 }, (_, i) => `${((i / 20) * perSecond).toFixed(6)},${5 + Math.sin(i / 9)}`)
      const { sampleRate, unit } = await readOne([`${name},${conductance}`, ...rows].join('\n'))
      expect([Number(sampleRate.toFixed(2)), unit]).toEqual([20, 'µS'])
    }
  })

  it('may have their unit behind each number', async () => {
    const rows = Array.from({ length: 400 }, (_, i) => `${i / 4} sec,${5 + Math.sin(i / 9)}`)
    expect((await readOne(['Time,EDA', ...rows].join('\n'))).sampleRate).toBe(4)
  })
})

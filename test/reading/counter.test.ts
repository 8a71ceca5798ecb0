// Samples that a device lost on their way, by the counter that it writes beside them.
import { describe, expect, it } from 'vitest'
import { countedRows } from '../../src/reading/counter.ts'
import { isoTime } from '../../src/reading/recording.ts'
import { read } from './tables.ts'

const header = (device: string, bits: number) =>
  `# OpenSignals Text File Format\n# {"20:16": {"sensor": ["EDA"], "column": ["nSeq", "I1", "A3"], "time": "9:41:7.0", "date": "2024-5-17", ` +
  `"device": "${device}", "sampling rate": 100, "label": ["A3"], "resolution": [${bits}]}}\n# EndOfHeader\n`
const open = async (device: string, counts: readonly number[], bits = 10) => {
  const rows = counts.map((count, i) => `${count}\t0\t${500 + (i % 7)}\t\n`)
  const [recording] = await read(header(device, bits) + rows.join(''), {}, 'a.txt')
  return recording!
}
/** 0, 1, 2 … without some. */
const counting = (n: number, span: number, lost: readonly number[] = []): number[] =>
  Array.from({ length: n }, (_, i) => i)
    .filter((i) => !lost.includes(i))
    .map((i) => i % span)
const missing = (eda: Float64Array): number[] => [...eda.keys()].filter((i) => Number.isNaN(eda[i]!))
const where = (row: number): string => `row ${row}`

describe('a counter of samples', () => {
  it('of 4 bits or 16 makes gaps of those that are lost, which is said', async () => {
    const bitalino = await open('bitalino', counting(1000, 16, [500, 501, 700]))
    expect([bitalino.eda.length, bitalino.firstLine]).toEqual([1000, undefined])
    expect(missing(bitalino.eda)).toEqual([500, 501, 700])
    expect(bitalino.notes).toContain(
      "3 samples were lost in 2 places by the counter 'nSeq', the first before a.txt:504; it counts 16 samples, so a loss of a multiple of 16 does not show",
    )
    const plux = await open('biosignalsplux', counting(70_000, 65_536, [65_535, 65_536, 69_000]), 16)
    expect(missing(plux.eda)).toEqual([65_535, 65_536, 69_000])
    expect(plux.notes).toContain("3 samples were lost in 2 places by the counter 'nSeq', the first before a.txt:65539")
  })

  it('that loses none says nothing; a time of one digit is read', async () => {
    const whole = await open('bitalino', counting(1000, 16))
    expect([whole.eda.length, whole.firstLine, whole.notes!.length]).toEqual([1000, 4, 1])
    expect(isoTime(whole.start!)).toBe('2024-05-17T09:41:07.000')
  })

  it('that repeats, starts again or counts nothing is said', () => {
    const of = (counts: readonly number[]) => countedRows(Float64Array.from(counts), 'n', where)
    const repeating = of([0, 1, 2, 2, 3, 4])
    expect([repeating.rows, repeating.places]).toEqual([
      [0, 1, 2, 4, 5],
      [0, 1, 2, 3, 4],
    ])
    expect(repeating.notes).toEqual([
      "1 row repeats the count of the row before in 'n' and was dropped, the first at row 3",
    ])
    const again = of([...counting(7000, 65_536), ...counting(100, 65_536)])
    expect(again.places.at(-1)).toBe(7099)
    expect(again.notes).toEqual([
      "the counter 'n' starts again at row 7000: the device was started anew, and time may be missing there",
    ])
    const torn = of([0, 1, 2, 3, 4, 5, 6, 7, 4_000_000_000, 4_000_000_001, 4_000_000_002, 4_000_000_003])
    expect(torn.places).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
    expect(torn.notes).toEqual([
      "column 'n' jumps by far more than the recording lasts at row 8, so lost samples do not show",
    ])
    for (const counts of [
      [0, 0, 0, 0, 0],
      [5, 2, 9, 1],
      [0.5, 1.5, 2.5],
      [NaN, 1, 2, 3],
    ])
      expect(of(counts)).toMatchObject({ notes: ["column 'n' does not count the rows, so lost samples do not show"] })
  })
})

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { readEdfData, readEdfHeader } from '../../src/formats/edf.ts'

const sourceOf = (bytes: Uint8Array) => ({
  name: 'a.edf',
  size: bytes.length,
  read: (start: number, end: number) => Promise.resolve(bytes.slice(start, end)),
})
const fixture = (name: string) => readFileSync(new URL(`../reading/fixtures/${name}`, import.meta.url))

describe('an EDF file', () => {
  it('has the fields of its header as they stand there', async () => {
    const header = await readEdfHeader(sourceOf(fixture('continuous.edf')))
    expect(header).toMatchObject({
      kind: 'EDF',
      plus: 'C',
      patient: 'X X X X',
      recording: 'Startdate 16-SEP-2021 LAB-1 X Skin_Amplifier_3',
      date: '16.09.21',
      time: '20.35.00',
      records: 12,
      recordDuration: 1,
      recordBytes: 90,
      begin: 1280,
      notes: [],
    })
    expect(
      header.signals.map(({ label, samples, offset, annotations }) => [label, samples, offset, annotations]),
    ).toEqual([
      ['EEG Fpz-Cz', 8, 0, false],
      ['GSR', 4, 16, false],
      ['Temp skin', 1, 24, false],
      ['EDF Annotations', 32, 26, true],
    ])
  })

  it('gives the wanted signals, in their order, with the time of each record', async () => {
    const source = sourceOf(fixture('interrupted.edf'))
    const { signals, onsets, annotations } = await readEdfData(source, await readEdfHeader(source), [2, 0])
    expect(signals.map(({ length }) => length)).toEqual([12, 96])
    expect(signals[0]![11]).toBeCloseTo(34.1, 10)
    expect([...onsets!]).toEqual([0.25, 1.25, 2.25, 3.25, 4.25, 5.25, 8.75, 9.75, 10.75, 11.75, 12.75, 13.75])
    expect(annotations).toEqual([
      { onset: 3.75, duration: 10.5, text: 'Stimulus 1' },
      { onset: 3.75, duration: 10.5, text: 'Loud' },
    ])
  })

  it('larger than what is read at a time is whole', async () => {
    const plain = fixture('plain.edf')
    // Counts of samples in a record: 8, 4 and 1 become 1000, 4 and 1.
    const header = Buffer.from(plain.subarray(0, 1024))
    header.write('1000    ', 256 + 3 * 216)
    header.write('3000    ', 236)
    const body = new Uint8Array(3000 * 2010)
    const view = new DataView(body.buffer)
    for (let record = 0; record < 3000; record++)
      for (let i = 0; i < 1000; i++) view.setInt16(record * 2010 + 2 * i, (record + i) % 2000, true)
    const source = sourceOf(Buffer.concat([header, body]))
    const read = await readEdfHeader(source)
    const { signals } = await readEdfData(source, read, [0])
    const { scale, shift } = read.signals[0]!
    const counts = signals[0]!.map((value) => Math.round((value - shift) / scale))
    expect(counts.length).toBe(3_000_000)
    expect(counts.findIndex((count, i) => count !== (Math.floor(i / 1000) + (i % 1000)) % 2000)).toBe(-1)
  })
})

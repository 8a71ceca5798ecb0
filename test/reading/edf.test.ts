import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { readEdf } from '../../src/reading/edf.ts'
import { isoTime } from '../../src/reading/recording.ts'
import { readRecording } from '../../src/reading/read.ts'
import { memorySource } from '../../src/store/source.ts'
import { survives } from '../formats/mutants.ts'

const fixture = (name: string) => new Uint8Array(readFileSync(new URL(`fixtures/${name}`, import.meta.url)))
const read = (bytes: Uint8Array, options = {}) => readEdf(memorySource('a.edf', bytes), options)
/** As fixtures/generate.py makes them: 0 to 40.95 µS over -2048 to 2047, so a hundredth of a µS a count. */
const microsiemens = (i: number) => ((((37 * i) % 1500) - 700 + 2048) * 40.95) / 4095
const samples = Array.from({ length: 48 }, (_, i) => microsiemens(i))
const TEXTS = [
  { seconds: 3.5, duration: 10.5, label: 'Stimulus 1' },
  { seconds: 3.5, duration: 10.5, label: 'Loud' },
]

/** The field of the header that begins at this byte, written anew. */
function withField(bytes: Uint8Array, at: number, width: number, text: string): Uint8Array {
  const copy = bytes.slice()
  copy.set(new TextEncoder().encode(text.padEnd(width)), at)
  return copy
}
/** Where the field of a signal lies in a header of three signals or four. */
const fieldOf = (signals: number, signal: number, before: number, width: number) =>
  256 + signals * before + signal * width
const plain = fixture('plain.edf')
const plainBdf = fixture('plain.bdf')

describe('a recording in EDF', () => {
  it.each([
    ['plain.edf', 'EDF', '2021-09-16T20:35:00.000', []],
    ['continuous.edf', 'EDF+C', '2021-09-16T20:35:00.250', TEXTS],
    ['plain.bdf', 'BDF', '2021-09-16T20:35:00.000', []],
    ['continuous.bdf', 'BDF+C', '2021-09-16T20:35:00.000', TEXTS],
  ])('of %s has all that the file says', async (name, format, start, markers) => {
    const [recording, ...others] = await read(fixture(name))
    expect(others).toEqual([])
    expect(recording).toMatchObject({
      sampleRate: 4,
      source: 'a.edf',
      unit: 'µS',
      recorder: 'Skin Amplifier 3',
      markers,
      notes: [],
      reading: { format, channel: 'GSR', unit: 'uS', transducer: 'AgAgCl electrodes', prefilter: 'LP:2Hz' },
    })
    expect(isoTime(recording!.start!)).toBe(start)
    expect(recording!.eda.length).toBe(48)
    recording!.eda.forEach((value, i) => expect(value).toBeCloseTo(samples[i]!, 10))
    expect(recording!.temperature!.sampleRate).toBe(1)
    recording!.temperature!.values.forEach((value, i) => expect(value).toBeCloseTo(33 + i / 10, 10))
  })

  it('that was interrupted has its samples at their times', async () => {
    const [recording] = await read(fixture('interrupted.edf'))
    const { eda, temperature, notes, markers, start } = recording!
    expect(eda.length).toBe(58)
    expect([...eda.slice(24, 34)].every(Number.isNaN)).toBe(true)
    expect(eda[23]).toBeCloseTo(samples[23]!, 10)
    expect(eda[34]).toBeCloseTo(samples[24]!, 10)
    expect(temperature!.values.length).toBe(15)
    expect(notes).toEqual(['it was interrupted once, for 2.5 s in all'])
    expect(markers).toEqual(TEXTS)
    expect(isoTime(start!)).toBe('2021-09-16T20:35:00.250')
  })

  it('is scaled and converted by its unit, or by what is given', async () => {
    const kohm = withField(plain, fieldOf(3, 1, 96, 8), 8, 'kOhm')
    const [recording] = await read(kohm)
    expect(recording!.eda[0]).toBeCloseTo(1000 / 13.48, 10)
    expect(recording!.notes).toEqual(['its values are in kΩ and were converted to µS'])
    const [given] = await read(plain, { unit: 'nS', sampleRate: 16 })
    expect(given!.eda[0]).toBeCloseTo(0.01348, 10)
    expect(given!.sampleRate).toBe(16)
    expect(given!.notes).toEqual(['its file says 4 Hz; the given rate of 16 Hz was taken instead'])
  })

  it('is the channel that is asked for, or the only one of such a unit', async () => {
    const [eeg] = await read(plain, { edaColumns: ['eeg fpz-cz'], unit: 'uV' })
    expect(eeg).toMatchObject({ sampleRate: 8, unit: 'uV' })
    const both = await read(plain, { edaColumns: ['GSR', 'Temp skin'], unit: 'counts' })
    expect(both.map(({ source, part }) => [source, part])).toEqual([
      ['a.edf, GSR', 'GSR'],
      ['a.edf, Temp skin', 'Temp skin'],
    ])
    expect(both[1]).not.toHaveProperty('temperature')
    const unnamed = withField(plain, fieldOf(3, 1, 0, 16), 16, 'Channel 2')
    expect((await read(unnamed))[0]!.reading).toMatchObject({ channel: 'Channel 2' })
    await expect(read(withField(unnamed, fieldOf(3, 1, 96, 8), 8, 'V'))).rejects.toThrow(
      'a.edf: cannot tell which of its channels is skin conductance; give --eda NAME, one of EEG Fpz-Cz, Channel 2, Temp skin',
    )
  })

  it('that is cut off, or whose recorder did not count, has its whole records', async () => {
    const cut = await read(plain.slice(0, -1))
    expect(cut[0]!.eda.length).toBe(44)
    expect(cut[0]!.notes).toEqual(['its header says 12 records, but only 11 are complete; the file was cut off'])
    const uncounted = withField(plain, 236, 8, '-1')
    expect((await read(uncounted))[0]).toMatchObject({ notes: [], eda: { length: 48 } })
    const cutToo = await read(uncounted.slice(0, -1))
    expect(cutToo[0]!.eda.length).toBe(44)
    expect(cutToo[0]!.notes).toEqual([expect.stringMatching(/^its last record is not complete and was left out/)])
    const more = await read(withField(plain, 236, 8, '10'))
    expect(more[0]!.eda.length).toBe(40)
    expect(more[0]!.notes).toEqual(['52 bytes after its 10 records were left out'])
  })

  it.each([
    ['16.09.84', 'Startdate X X X X', undefined],
    ['01.01.85', 'x', '20:35:00.000'],
    ['16.09.87', 'x', '1987-09-16T20:35:00.000'],
    ['16.09.84', 'x', '2084-09-16T20:35:00.000'],
    ['16-09-21', 'Startdate 16-SEP-2121 X X X', '2121-09-16T20:35:00.000'],
  ])('of %s, %s began at %s', async (date, field, start) => {
    const dated = withField(withField(plain, 168, 8, date), 88, 80, field)
    const [recording] = await read(start === undefined ? withField(dated, 176, 8, '00.00.00') : dated)
    expect(recording!.start && isoTime(recording!.start)).toBe(start)
    // A free text is no device, but is not lost.
    expect(recording!.recorder).toBeUndefined()
    expect(recording!.reading!['recording']).toBe(field === 'x' ? 'x' : undefined)
  })

  it('without a date that a calendar has keeps none, with a note', async () => {
    const [recording] = await read(withField(withField(plain, 168, 8, '31.02.21'), 88, 80, ''))
    expect(recording).not.toHaveProperty('start')
    expect(recording).not.toHaveProperty('recorder')
    expect(recording!.notes).toEqual(["its start '31.02.21 20.35.00' is no date and time, and was left out"])
  })

  it.each<[string, Uint8Array, RegExp]>([
    ['end in its header', plain.slice(0, 300), /^a.edf: the file ends within its header$/],
    ['of no bytes', new Uint8Array(), /^a.edf: 0 bytes, too few for the header of EDF$/],
    ['another size of header', withField(plain, 184, 8, '1280'), /a header of 1280 bytes for 3 signals/],
    ['a text for a number', withField(plain, 244, 8, 'one'), /the duration of a record is 'one', expected a number/],
    ['no duration', withField(plain, 244, 8, '0'), /its records have no duration, .* give --rate HZ/],
    [
      'half a sample',
      withField(plain, fieldOf(3, 1, 216, 8), 8, '1.5'),
      /samples in a record of signal 2 \(GSR\) is 1.5/,
    ],
    ['no range', withField(plain, fieldOf(3, 1, 104, 8), 8, '40.95'), /signal 2 \(GSR\) has no range/],
    ['no samples', withField(plain, fieldOf(3, 1, 216, 8), 8, '0'), /signal 2 \(GSR\) has no samples/],
    ['no record', plain.slice(0, 1024), /no complete record after the header/],
    ['a record without time', fixture('interrupted.edf').fill(0, 1280 + 26), /does not say its time/],
  ])('with %s is refused', async (_, bytes, message) => {
    await expect(read(bytes)).rejects.toThrow(message)
  })

  it('does not mind inputs beside it that nothing was connected to', async () => {
    const flat = withField(withField(plain, fieldOf(3, 0, 104, 8), 8, '0'), fieldOf(3, 0, 112, 8), 8, '0')
    const [recording] = await read(flat)
    recording!.eda.forEach((value, i) => expect(value).toBeCloseTo(samples[i]!, 10))
    await expect(read(flat, { edaColumns: ['EEG Fpz-Cz'], unit: 'uV' })).rejects.toThrow(/signal 1 .* has no range/)
    const none = withField(plain, fieldOf(3, 0, 216, 8), 8, '0')
    expect((await read(none))[0]!.eda.length).toBe(48)
  })

  it('through a high-pass is said to have lost its level', async () => {
    const at = fieldOf(3, 1, 136, 80)
    for (const [prefilter, count] of [
      ['HP:0.05Hz LP:5Hz', 1],
      ['HP:50 mHz', 1],
      ['HP:0.000Hz LP:5Hz', 0],
      ['HP:DC', 0],
    ] as const) {
      const notes = (await read(withField(plain, at, 80, prefilter)))[0]!.notes!
      expect(notes.filter((note) => note.startsWith(`its prefilter is '${prefilter}'`)).length).toBe(count)
    }
  })

  it('has a rate without the noise of a division', async () => {
    const sevenths = withField(withField(plain, 244, 8, '0.7'), fieldOf(3, 1, 216, 8), 8, '21')
    expect((await read(sevenths))[0]!.sampleRate).toBe(30)
  })

  it('of two channels of one label is told by their count', async () => {
    const twins = withField(plain, fieldOf(3, 0, 0, 16), 16, 'GSR')
    await expect(read(twins)).rejects.toThrow('2 channels could be skin conductance: GSR, GSR.2; give --eda NAME')
    const [second, ...others] = await read(twins, { edaColumns: ['GSR.2'] })
    expect(others).toEqual([])
    second!.eda.forEach((value, i) => expect(value).toBeCloseTo(samples[i]!, 10))
  })

  it('that calls itself continuous but has gaps has them', async () => {
    const latin1 = Buffer.from(fixture('interrupted.edf')).toString('latin1').replace('EDF+D', 'EDF+C')
    const [recording] = await read(new Uint8Array(Buffer.from(latin1, 'latin1')))
    expect(recording!.eda.length).toBe(58)
    expect(recording!.notes).toEqual([
      'its header calls it continuous, but the times of its records have gaps, which were believed',
      'it was interrupted once, for 2.5 s in all',
    ])
  })

  it('is no text, though an encoding is given for the texts beside it', async () => {
    const recording = await readRecording(memorySource('a.edf', plain), { encoding: 'latin1' })
    expect(recording).toMatchObject({ sampleRate: 4, reading: { format: 'EDF' } })
  })

  it('of annotations alone is none', async () => {
    const latin1 = Buffer.from(fixture('continuous.edf')).toString('latin1')
    const texts = ['EEG Fpz-Cz', 'GSR       ', 'Temp skin '].reduce(
      (text, label) => text.replace(label.padEnd(16), 'EDF Annotations '),
      latin1,
    )
    await expect(read(new Uint8Array(Buffer.from(texts, 'latin1')))).rejects.toThrow(
      'a.edf: it has no channels of samples',
    )
  })

  it('does not take times for memory', async () => {
    const text = Buffer.from(fixture('interrupted.edf')).toString('latin1')
    const far = Buffer.from(text.replace('+13.75', '+9.0e9'), 'latin1')
    await expect(read(far)).rejects.toThrow(/samples are missing between its records/)
    const back = Buffer.from(text.replace('+8.75', '+1.75'), 'latin1')
    await expect(read(back)).rejects.toThrow(
      'a.edf: record 7 begins before the one before it ends; the file is damaged',
    )
  })

  it("has the codes of BioSemi's trigger port", async () => {
    // The EEG becomes Status, whose values are its counts; its high bits are no trigger.
    const renamed = withField(plainBdf, fieldOf(3, 0, 0, 16), 16, 'Status')
    const range = ['-8388608', '8388607', '-8388608', '8388607']
    const status = range.reduce((bytes, text, i) => withField(bytes, fieldOf(3, 0, 104 + 8 * i, 8), 8, text), renamed)
    const body = new DataView(status.buffer, 1024)
    const recordBytes = 39
    for (let i = 0; i < 96; i++) {
      const at = Math.floor(i / 8) * recordBytes + (i % 8) * 3
      body.setUint16(at, i >= 20 && i < 24 ? 0xff05 : i === 60 ? 0xff81 : 0xff00, true)
      body.setUint8(at + 2, i % 3 === 0 ? 0x88 : 0x08)
    }
    expect((await read(status))[0]!.markers).toEqual([
      { seconds: 2.5, duration: 0, label: '5' },
      { seconds: 7.5, duration: 0, label: '129' },
    ])
  })

  it.each(['plain.edf', 'interrupted.edf', 'continuous.bdf'])(
    '%s is refused or read, however damaged',
    async (name) => {
      await survives(fixture(name), 2000, read, (recordings, mutant) => {
        for (const { eda, sampleRate } of recordings) {
          expect(sampleRate).toBeGreaterThan(0)
          if (name === 'plain.edf') expect(eda.length).toBeLessThan(mutant.length)
        }
      })
    },
  )
})

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { zipEntries } from '../../src/reading/archive.ts'
import { isE4, readE4 } from '../../src/reading/empatica_e4.ts'
import { isoTime } from '../../src/reading/recording.ts'
import { memorySource } from '../../src/store/source.ts'
import { survives } from '../formats/mutants.ts'

const eda = '1500000000.000000\r\n4.000000\r\n1.5\r\n2.5\r\n\r\nnan\r\n3.5\r\n'
const readText = (text: string, others = {}, options = {}) => readE4(memorySource('EDA.csv', text, others), options)

describe("an E4's layout", () => {
  it.each([
    '1500000000.000000\n4.000000\n0.1\n',
    '1500000000.25, 1500000000.25\r\n32.0, 32.0\r\n',
    '0.000000\n4.000000\n',
    '1500000000.000000, IBI\n1.2,0.8\n',
  ])('is %j', (head) => expect(isE4(head)).toBe(true))
  it.each(['', '1500000000.0', '0\n4\n', '1500000000.1\n1500000001.1\n', '1.5\n2.5\n', 'a\n4\n'])('is not %j', (head) =>
    expect(isE4(head)).toBe(false),
  )
})

describe("an E4's recording", () => {
  it('has all that its archive says', async () => {
    const bytes = readFileSync(new URL('fixtures/e4.zip', import.meta.url))
    const entries = await zipEntries(memorySource('p01.zip', bytes))
    const [recording, ...others] = await readE4(entries[1]!, {})
    expect(others).toEqual([])
    expect(recording).toMatchObject({
      sampleRate: 4,
      source: 'p01.zip/session/EDA.csv',
      firstLine: 3,
      unit: 'µS',
      recorder: 'Empatica E4',
      wrist: true,
      markers: [
        { seconds: 1.25, duration: 0, label: 'tag' },
        { seconds: 7.5, duration: 0, label: 'tag' },
      ],
      notes: [],
    })
    expect(isoTime(recording!.start!)).toBe('2017-07-14T02:40:00.000Z')
    const expected = Array.from({ length: 48 }, (_, i) => (((37 * i) % 1500) + 1) / 1000)
    expect([...recording!.eda]).toEqual(expected)
    // TEMP.csv begins 2 s later, at 30 °C.
    const { sampleRate, values } = recording!.temperature!
    expect(sampleRate).toBe(4)
    expect([...values.slice(0, 10)]).toEqual([...Array.from({ length: 8 }, () => NaN), 30, 30.1])
    expect(values.length).toBe(48)
  })

  it('keeps missing samples as they are, and takes what is given over what it says', async () => {
    const [recording] = await readText(eda, {}, { sampleRate: 8, unit: 'nS' })
    expect([...recording!.eda]).toEqual([0.0015, 0.0025, NaN, NaN, 0.0035])
    expect(recording!.sampleRate).toBe(8)
    expect(recording).not.toHaveProperty('temperature')
    expect(recording).not.toHaveProperty('markers')
  })

  it('cuts a temperature that began earlier, and leaves out one that is broken, with a note', async () => {
    const early = '1499999999.000000\n4.000000\n1\n2\n3\n4\n5\n6\n'
    expect([...(await readText(eda, { 'TEMP.csv': early }))[0]!.temperature!.values]).toEqual([5, 6])
    const [recording] = await readText(eda, { 'TEMP.csv': '1400000000.0\n4.0\n1\n', 'tags.csv': 'x\n' })
    expect(recording!.notes).toEqual([
      "tags.csv beside it was left out: tags.csv:1: 'x' is no number",
      'TEMP.csv beside it was left out: TEMP.csv: it starts -100000000 s after EDA.csv, so it is of another session',
    ])
  })

  it.each([
    [
      '0.000000\n4.000000\n1\n',
      'EDA.csv:1: the start is 0, expected Unix time in seconds; the session was not recorded',
    ],
    ['99000000000\n4.000000\n1\n', 'EDA.csv:1: the start is 99000000000, expected Unix time in seconds'],
    ['1500000000.0\n0.000000\n1\n', 'EDA.csv:2: the sampling rate is 0, expected a positive number of Hz'],
    ['1500000000.0\n', 'EDA.csv: no samples after the start and the rate'],
    ['1500000000.0\n4.0\n', 'EDA.csv: no samples after the start and the rate'],
    ['1500000000.0\n4.0\n1\nx\n', "EDA.csv:4: 'x' is no number"],
    ['1500000000.0, 1500000000.0\n4.0, 4.0\n1,2\n', 'EDA.csv: 2 columns in the layout of an E4, expected the one'],
  ])('of %j is refused', async (text, message) => {
    await expect(readText(text)).rejects.toThrow(message)
  })

  it('is not in the other files of its folder', async () => {
    await expect(readE4(memorySource('p1/TEMP.csv', eda), {})).rejects.toThrow(
      'p1/TEMP.csv: TEMP.csv of an E4 holds no skin conductance; give the EDA.csv beside it',
    )
    await expect(readText(eda, {}, { edaColumns: ['GSR'] })).rejects.toThrow(
      "no 'GSR' among its channels; they are EDA",
    )
  })

  it('is refused or read, however damaged', async () => {
    const bytes = new TextEncoder().encode(eda)
    await survives(
      bytes,
      2000,
      (mutant) => readE4(memorySource('EDA.csv', mutant, { 'tags.csv': mutant, 'TEMP.csv': mutant }), {}),
      ([recording], mutant) => {
        expect(recording!.sampleRate).toBeGreaterThan(0)
        expect(recording!.eda.length).toBeLessThan(mutant.length)
      },
    )
  })
})

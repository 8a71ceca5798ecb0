import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { isoTime } from '../../src/reading/recording.ts'
import { memorySource } from '../../src/store/source.ts'
import { readXdf } from '../../src/reading/xdf.ts'
import { survives } from '../formats/mutants.ts'

const fixture = new Uint8Array(readFileSync(new URL('fixtures/lsl.xdf', import.meta.url)))
const read = (bytes: Uint8Array, options = {}) => readXdf(memorySource('a.xdf', bytes), options)
const latin1 = Buffer.from(fixture).toString('latin1')
/** The same bytes with a text replaced by one as long. */
function renamed(from: string, to: string): Uint8Array {
  expect(latin1).toContain(from)
  expect(to.length).toBe(from.length)
  return new Uint8Array(Buffer.from(latin1.replace(from, to), 'latin1'))
}
/** Where the n-th chunk of samples of a stream begins. */
function chunkOfSamples(stream: number, n: number): number {
  const tag = String.fromCharCode(3, 0, stream, 0, 0, 0)
  let at = -1
  for (let i = 0; i <= n; i++) at = latin1.indexOf(tag, at + 1)
  return at - 2
}

describe('a recording in XDF', () => {
  it('has all that the file says, its markers on one clock with it', async () => {
    const [recording, ...others] = await read(fixture)
    expect(others).toEqual([])
    expect(recording).toMatchObject({
      source: 'a.xdf',
      unit: 'µS',
      recorder: 'A & B Skin 3',
      notes: [
        'its start is when the recorder was started, which may be some seconds off',
        'its values are in kΩ and were converted to µS',
      ],
      reading: { format: 'XDF', stream: 'Shimmer', type: 'EDA', channel: 'GSR', unit: 'kOhm', nominal_rate: 8 },
    })
    // Its clock runs a thousandth slow: 8 samples of its second last 1.001 s.
    expect(recording!.sampleRate).toBeCloseTo(8 / 1.001, 6)
    expect(recording!.eda.length).toBe(48)
    recording!.eda.forEach((value, i) => expect(value).toBeCloseTo(1000 / (100 + i), 9))
    expect(isoTime(recording!.start!)).toBe('2024-03-05T14:07:09.000+01:00')
    // The first sample is at 90 s of its clock, which is 100 s of the recorder's.
    expect(recording!.markers!.map(({ label, duration }) => [label, duration])).toEqual([
      ['block 1', 0],
      ['block 4', 0],
    ])
    const times = recording!.markers!.map(({ seconds }) => seconds)
    expect(times[0]).toBeCloseTo(1.5, 6)
    expect(times[1]).toBeCloseTo(4.5, 6)
  })

  it('is the channel that is asked for, of any stream', async () => {
    const [counter] = await read(fixture, { edaColumns: ['count'], unit: 'counts' })
    expect([...counter!.eda]).toEqual([1, 4])
    const both = await read(fixture, { edaColumns: ['GSR', 'ppg'], unit: 'counts', sampleRate: 8 })
    expect(both.map(({ part, source, sampleRate }) => [part, source, sampleRate])).toEqual([
      ['GSR', 'a.xdf, GSR', 8],
      ['PPG', 'a.xdf, PPG', 8],
    ])
    expect(both[1]!.eda.every((value) => value === 0)).toBe(true)
    await expect(read(fixture, { edaColumns: ['EEG'] })).rejects.toThrow(
      "a.xdf: no 'EEG' among its channels; they are GSR, PPG, count",
    )
  })

  it('is found by the name of its channel, its unit, or the type of a stream of one channel', async () => {
    expect((await read(renamed('<label>GSR<', '<label>Ch1<')))[0]!.reading).toMatchObject({ channel: 'Ch1' })
    const typed = renamed('<type>Misc<', '<type>GSR <')
    await expect(read(typed, { unit: 'counts' })).rejects.toThrow(
      '2 channels could be skin conductance: Shimmer GSR, Counter GSR',
    )
    const [counter] = await read(typed, { unit: 'counts', edaColumns: ['Counter GSR'] })
    expect(counter!.eda.length).toBe(2)
  })

  it('has numbers as markers where a stream calls itself so', async () => {
    const [recording] = await read(renamed('<type>Misc<', '<type>TRIG<').slice())
    expect(recording!.markers!.length).toBe(2)
    const [with4] = await read(renamed('<type>Misc<', '<type>Stim<'))
    expect(with4!.markers!.map(({ label }) => label)).toEqual(['1', 'block 1', '4', 'block 4'])
  })

  it.each([
    [300, 40],
    [5, 48],
  ])('that was cut off, by %i bytes, is read as far as it goes', async (bytes, samples) => {
    const [recording] = await read(fixture.slice(0, -bytes))
    expect(recording!.eda.length).toBe(samples)
    expect(recording!.notes![0]).toMatch(/^the file is damaged or cut off at byte \d+ of \d+; it was read up to there$/)
  })

  it.each([
    ['a length of no kind', 0, 9, 40],
    ['a sample too few', 9, 7, 47],
  ])('is read on behind %s from the next boundary', async (_, at, byte, samples) => {
    const damaged = fixture.slice()
    damaged[chunkOfSamples(1, 2) + at] = byte
    const [recording] = await read(damaged)
    // What is lost is a gap.
    expect([recording!.eda.length, recording!.eda.filter(Number.isNaN).length]).toEqual([48, 48 - samples])
    expect(recording!.notes![0]).toMatch(/^bytes \d+ to \d+ of the file are damaged and were left out$/)
  })

  it.each<[string, Uint8Array, RegExp]>([
    ['of another kind', new Uint8Array(8), /^a.xdf: no XDF file; one begins with XDF:$/],
    ['without samples', fixture.slice(0, chunkOfSamples(1, 0)), /the stream of 'GSR' has 0 samples/],
    [
      'of no channel',
      renamed('<channel_count>2<', '<channel_count>0<'),
      /'Shimmer' has 0 channels of 'float32' at '8' Hz/,
    ],
    ['of an unknown format', renamed('float32', 'float99'), /2 channels of 'float99'/],
    ['of damaged XML', renamed('</info>', '</inf>>'), /damaged XML/],
  ])('%s is refused', async (_, bytes, message) => {
    await expect(read(bytes)).rejects.toThrow(message)
  })

  it('is refused or read, however damaged', async () => {
    await survives(fixture, 2000, read, (recordings, mutant) => {
      // A hole in time is filled up to a million samples.
      for (const { eda } of recordings) expect(eda.length).toBeLessThan(1e6 + mutant.length)
    })
  })
})

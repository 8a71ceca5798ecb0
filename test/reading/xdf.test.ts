import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { isoTime } from '../../src/reading/recording.ts'
import { memorySource } from '../../src/store/source.ts'
import { readXdf } from '../../src/reading/xdf.ts'
import { survives } from '../formats/mutants.ts'
import { chunk, double, file, le, stream } from '../formats/xdf_writer.ts'

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

/** A stream of one channel of 32-bit whole numbers, in nS. */
const skin = (id: number, rate: number, type = 'EDA') =>
  stream(
    id,
    'int32',
    1,
    rate,
    `<name>Band</name><type>${type}</type><desc><channels><channel><label>EDA</label><unit>nS</unit></channel></channels></desc>`,
  )
const levelAt = (i: number) => 5000 + (i % 700)
/** Its samples, each with a stamp. */
const samplesOf = (id: number, stamps: readonly number[]) =>
  chunk(
    3,
    [
      ...le(id, 4),
      4,
      ...le(stamps.length, 4),
      ...stamps.flatMap((stamp, i) => [8, ...double(stamp), ...le(levelAt(i), 4)]),
    ],
    4,
  )
/** Packets of `size` samples at `rate`, each stamped backwards from when it came, which was late by up to `late` s. */
const packets = (count: number, size: number, rate: number, late: number) =>
  Array.from({ length: count }, (_, i) => 100 + i / rate + late * (((Math.floor(i / size) * 37) % 11) / 10))

describe('a stream in packets', () => {
  it.each([
    [32, 8, 0.02],
    [32, 8, 0.2],
    [4, 4, 0.4],
  ])('at %i Hz, %i samples each, late by up to %f s, has every sample at its rate', async (rate, size, late) => {
    const stamps = packets(1200, size, rate, late)
    const [recording] = await read(file(skin(1, rate), samplesOf(1, stamps)))
    expect(recording!.sampleRate).toBe(rate)
    expect(Array.from(recording!.eda, (value) => Math.round(1000 * value))).toEqual(
      Array.from(stamps, (_, i) => levelAt(i)),
    )
    expect(recording!.notes).toContainEqual(expect.stringMatching(/^its time stamps jitter by [\d.]+ ms .*packets/))
  })

  it('that was interrupted has its gap, and its markers stay on its clock', async () => {
    const stamps = packets(1200, 8, 32, 0.1).map((stamp, i) => stamp + (i >= 640 ? 10 : 0))
    const marker = chunk(3, [...le(2, 4), 1, 1, 8, ...double(130), 1, 1, 65])
    const events = stream(2, 'string', 1, 0, '<name>m</name><type>Markers</type>')
    const [recording] = await read(file(skin(1, 32), events, samplesOf(1, stamps), marker))
    const { eda, sampleRate, markers } = recording!
    expect(eda.length).toBe(1200 + 320)
    expect([...eda.subarray(640, 960)].every(Number.isNaN)).toBe(true)
    expect(sampleRate).toBeCloseTo(32, 1)
    // Packets come 0.05 s late on average.
    expect(markers![0]!.seconds).toBeCloseTo(29.95, 1)
  })

  it('that is late by more than half a second is not put in order by guessing, but by a given rate', async () => {
    const bytes = file(skin(1, 32), samplesOf(1, packets(1200, 8, 32, 2)))
    await expect(read(bytes)).rejects.toThrow(
      /^a.xdf: its time goes back by .* s at sample \d+; cut it .* or give --rate HZ to ignore its times$/,
    )
    const [recording] = await read(bytes, { sampleRate: 16 })
    expect(recording).toMatchObject({ sampleRate: 16, eda: { length: 1200 } })
    expect(recording!.notes).toContain('its file says 32 Hz; the given rate of 16 Hz was taken instead')
  })

  it('of samples that were lost keeps their places empty, and says where', async () => {
    const stamps = Array.from({ length: 400 }, (_, i) => 100 + i / 32).filter((_, i) => i % 100 !== 50)
    const [recording] = await read(file(skin(1, 32), samplesOf(1, stamps)))
    expect([recording!.eda.length, recording!.eda.filter(Number.isNaN).length]).toEqual([400, 4])
    expect(recording!.notes).toContain('4 rows are missing in 4 places, the first before a.xdf, sample 51')
  })
})

describe('a stream beside another of its name', () => {
  it('that stayed empty is left out, which is said', async () => {
    const stamps = packets(200, 8, 32, 0)
    for (const empty of [1, 2]) {
      const [recording, ...others] = await read(file(skin(1, 32), skin(2, 32), samplesOf(3 - empty, stamps)))
      expect(others).toEqual([])
      expect(recording!.eda.length).toBe(200)
      const name = empty === 1 ? 'Band EDA' : 'Band EDA.2'
      expect(recording!.notes![0]).toBe(`the channel '${name}' has no samples and was left out`)
    }
  })

  it('is told by its count', async () => {
    const stamps = packets(200, 8, 32, 0)
    const bytes = file(skin(1, 32), skin(2, 16), samplesOf(1, stamps), samplesOf(2, stamps))
    await expect(read(bytes)).rejects.toThrow('2 channels could be skin conductance: Band EDA, Band EDA.2; give --eda')
    const [second] = await read(bytes, { edaColumns: ['Band EDA.2'], sampleRate: 16 })
    expect(second).toMatchObject({ sampleRate: 16, reading: { nominal_rate: 16 } })
  })

  it('of markers alone is no recording', async () => {
    const events = stream(2, 'string', 1, 0, '<name>m</name><type>Markers</type>')
    await expect(read(file(events))).rejects.toThrow('a.xdf: it has no channels of samples')
  })
})

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { readEmpaticaAvro } from '../../src/reading/empatica_avro.ts'
import { isoTime } from '../../src/reading/recording.ts'
import { memorySource } from '../../src/store/source.ts'
import { survives } from '../formats/mutants.ts'

const fixture = (name: string) => new Uint8Array(readFileSync(new URL(`fixtures/${name}`, import.meta.url)))
const read = (bytes: Uint8Array, options = {}) => readEmpaticaAvro(memorySource('a.avro', bytes), options)
/** The same bytes with another text of the same length in the schema. */
const renamed = (from: string, to: string) =>
  new Uint8Array(
    Buffer.from(Buffer.from(fixture('embraceplus_stored.avro')).toString('latin1').replace(from, to), 'latin1'),
  )

describe("an EmbracePlus's recording", () => {
  it.each(['embraceplus.avro', 'embraceplus_stored.avro'])('of %s has all that the file says', async (name) => {
    const [recording, ...others] = await read(fixture(name))
    expect(others).toEqual([])
    expect(recording).toMatchObject({
      sampleRate: 4,
      source: 'a.avro',
      unit: 'µS',
      recorder: 'EmbracePlus 3YK1A',
      wrist: true,
      markers: [{ seconds: 3.5, duration: 0, label: 'tag' }],
      notes: [],
      reading: { format: 'Empatica Avro', schema: '6.4.0', participant: 'P-07' },
    })
    expect([...recording!.eda]).toEqual(Array.from({ length: 40 }, (_, i) => i / 8))
    // 1 700 000 000 s after 1970, where clocks are two hours ahead.
    expect(isoTime(recording!.start!)).toBe('2023-11-15T00:13:20.000+02:00')
    expect(recording!.temperature).toEqual({ sampleRate: 1, values: Float64Array.of(NaN, 33.5, 33.25, 33) })
  })

  it('takes what is given over what it says', async () => {
    const [recording] = await read(fixture('embraceplus.avro'), { sampleRate: 8, unit: 'nS' })
    expect(recording).toMatchObject({ sampleRate: 8 })
    expect(recording!.notes).toContain('its file says 4 Hz; the given rate of 8 Hz was taken instead')
    expect(recording!.eda[8]).toBeCloseTo(0.001, 12)
    await expect(read(fixture('embraceplus.avro'), { edaColumns: ['GSR'] })).rejects.toThrow(
      "no 'GSR' among its channels",
    )
  })

  it.each([
    ['no_samples', '0 samples at 4 Hz from 1700000000 s on'],
    ['no_start', '3 samples at 4 Hz from 0 s on'],
    ['no_rate', '3 samples at 0 Hz from 1700000000 s on'],
  ])('of minutes in which nothing was measured, %s, is refused', async (name, what) => {
    await expect(read(fixture(`embraceplus_${name}.avro`))).rejects.toThrow(
      `a.avro: its skin conductance has ${what}; nothing was measured in these minutes, leave the file out`,
    )
  })

  it('has a part where its file holds several', async () => {
    const stored = fixture('embraceplus_stored.avro')
    const sync = stored.slice(-16)
    const header = Buffer.from(stored).indexOf(sync) + 16
    const twice = new Uint8Array(Buffer.concat([stored, stored.subarray(header)]))
    expect((await read(twice)).map(({ part, eda }) => [part, eda.length])).toEqual([
      ['1', 40],
      ['2', 40],
    ])
  })

  it('has the rate that its 32 bits stand for', async () => {
    const stored = fixture('embraceplus_stored.avro')
    const four = [...new Uint8Array(Float32Array.of(4).buffer)]
    const at = Buffer.from(stored).indexOf(Buffer.from(four), Buffer.from(stored).indexOf(stored.slice(-16)) + 16)
    stored.set(new Uint8Array(Float32Array.of(3.9999).buffer), at)
    expect((await read(stored))[0]!.sampleRate).toBe(3.9999)
  })

  it('is not in an Avro file of another program', async () => {
    await expect(read(renamed('"rawData"', '"rowData"'))).rejects.toThrow(
      "a.avro: an Avro file without rawData.eda; only those of Empatica's EmbracePlus are read",
    )
  })

  it('of another version is read without what that has not', async () => {
    for (const [from, to] of [
      ['"timezone"', '"timezoom"'],
      ['"deviceSn"', '"deviceNo"'],
      ['"temperature"', '"temparature"'.slice(0, 12) + '"'],
      ['"tagsTimeMicros"', '"tagsTimeMillis"'],
      ['"schemaVersion"', '"schemaRevision'.slice(0, 14) + '"'],
    ] as const) {
      expect(to.length).toBe(from.length)
      const [recording] = await read(renamed(from, to))
      expect(recording!.eda.length).toBe(40)
      expect(recording!.temperature === undefined).toBe(from === '"temperature"')
      expect(recording!.markers!.length).toBe(from === '"tagsTimeMicros"' ? 0 : 1)
      expect(recording!.recorder).toBe(from === '"deviceSn"' ? 'EmbracePlus' : 'EmbracePlus 3YK1A')
      expect(recording!.start!.zone).toBe(from === '"timezone"' ? 'Z' : '+02:00')
    }
  })

  it.each(['embraceplus.avro', 'embraceplus_stored.avro'])('%s is refused or read, however damaged', async (name) => {
    await survives(fixture(name), 2000, read, (recordings) => {
      for (const { eda, sampleRate } of recordings) {
        expect(sampleRate).toBeGreaterThan(0)
        expect(eda.length).toBeLessThan(1000)
      }
    })
  })
})

import { describe, expect, it } from 'vitest'
import { readXdf } from '../../src/formats/xdf.ts'
import { BOUNDARY, chunk, double, file, le, stream } from './xdf_writer.ts'

const sourceOf = (bytes: Uint8Array) => ({
  name: 'a.xdf',
  size: bytes.length,
  read: (start: number, end: number) => Promise.resolve(bytes.slice(start, end)),
})
const all = ({ channels, format }: { channels: number; format: string }) =>
  format === 'string' ? [] : [...Array(channels).keys()]

describe('an XDF file', () => {
  it.each([
    ['float32', [...new Uint8Array(Float32Array.of(1.5, -2).buffer)], [1.5, -2]],
    ['double64', [...double(0.1), ...double(-2)], [0.1, -2]],
    ['int8', [1, 254], [1, -2]],
    ['int16', [1, 1, 254, 255], [257, -2]],
    ['int32', [1, 0, 1, 0, 254, 255, 255, 255], [65537, -2]],
    ['int64', [...le(2n ** 40n, 8), ...le(2n ** 64n - 2n, 8)], [2 ** 40, -2]],
  ])('of %s is read', async (format, raw, expected) => {
    const samples = chunk(3, [...le(7, 4), 1, 1, 8, ...double(12.5), ...raw], 1)
    const { streams } = await readXdf(sourceOf(file(stream(7, format, 2, 0), samples)), all)
    expect(streams[0]!.numbers.map((values) => [...values])).toEqual(expected.map((value) => [value]))
    expect([...streams[0]!.stamps]).toEqual([12.5])
  })

  it('has stamps of its own, or steps of the nominal rate from the last one on', async () => {
    const samples = [...le(1, 4), 1, 4, 0, 1, 8, ...double(10), 2, 0, 3, 0, 4]
    const { streams } = await readXdf(sourceOf(file(stream(1, 'int8', 1, 8), chunk(3, samples))), all)
    expect([...streams[0]!.stamps]).toEqual([0.125, 10, 10.125, 10.25])
    const irregular = await readXdf(sourceOf(file(stream(1, 'int8', 1, 0), chunk(3, samples))), all)
    expect([...irregular.streams[0]!.stamps]).toEqual([0, 10, 10, 10])
  })

  it('of a stream that says itself again goes on', async () => {
    const samples = (value: number) => chunk(3, [...le(1, 4), 1, 1, 0, value])
    const bytes = file(stream(1, 'int8', 1, 1), samples(3), stream(1, 'int8', 1, 1), samples(4))
    const { streams } = await readXdf(sourceOf(bytes), all)
    expect(streams.map(({ numbers }) => [...numbers[0]!])).toEqual([[3, 4]])
  })

  it('keeps the channels that are wanted, in the order of the wish', async () => {
    const samples = chunk(3, [...le(1, 4), 1, 1, 0, 10, 20, 30], 8)
    const bytes = file(stream(1, 'int8', 3, 1), stream(2, 'int8', 1, 1), samples, chunk(3, [...le(2, 4), 1, 1, 0, 5]))
    const { streams } = await readXdf(sourceOf(bytes), ({ id }) => (id === 1 ? [2, 0] : undefined))
    expect(streams[0]!.numbers.map((values) => [...values])).toEqual([[30], [10]])
    expect(streams[1]).toMatchObject({ numbers: [], stamps: { length: 0 } })
  })

  it('has texts of several channels, and lengths in one, four or eight bytes', async () => {
    const texts = [1, 2, 65, 66, 4, 1, 0, 0, 0, 67, 8, 0, 0, 0, 0, 0, 0, 0, 0]
    const { streams } = await readXdf(
      sourceOf(file(stream(1, 'string', 3, 0), chunk(3, [...le(1, 4), 1, 1, 0, ...texts]))),
      all,
    )
    expect(streams[0]!.texts).toEqual([['AB', 'C', '']])
  })

  it('larger than what is read at a time is whole, and found again behind a damage', async () => {
    const perChunk = 300_000
    const block = (number: number) => {
      const content = new Uint8Array(9 + 5 * perChunk)
      content.set([...le(1, 4), 4, ...le(perChunk, 4)])
      const view = new DataView(content.buffer)
      for (let i = 0; i < perChunk; i++) view.setInt32(9 + 5 * i + 1, number * perChunk + i, true)
      return chunk(3, content)
    }
    const blocks = Array.from({ length: 6 }, (_, number) => block(number))
    const whole = file(stream(1, 'int32', 1, 1), ...blocks)
    const { streams, notes } = await readXdf(sourceOf(whole), all)
    expect(notes).toEqual([])
    expect(streams[0]!.numbers[0]!.length).toBe(6 * perChunk)
    expect(streams[0]!.numbers[0]!.findIndex((value, i) => value !== i)).toBe(-1)

    const damage = [Uint8Array.of(2)]
    const damaged = file(
      stream(1, 'int32', 1, 1),
      blocks[0]!,
      damage,
      ...blocks.slice(1, 5),
      chunk(5, BOUNDARY),
      blocks[5]!,
    )
    const again = await readXdf(sourceOf(damaged), all)
    expect(again.notes).toEqual([expect.stringMatching(/^bytes \d+ to \d+ of the file are damaged and were left out$/)])
    expect(again.streams[0]!.numbers[0]!.length).toBe(2 * perChunk)
    expect(again.streams[0]!.numbers[0]!.at(-1)).toBe(6 * perChunk - 1)
  })
})

import { describe, expect, it } from 'vitest'
import { formatNpy, formatNpz } from '../../src/formats/npz.ts'
import { isoTime } from '../../src/reading/recording.ts'
import { readNpy, readNpz } from '../../src/reading/numpy.ts'
import { memorySource } from '../../src/store/source.ts'
import { survives } from '../formats/mutants.ts'

const trace = Float64Array.from({ length: 20 }, (_, i) => 2 + Math.sin(i))
const seconds = Float64Array.from(trace, (_, i) => i / 8)
const file = (bytes: Uint8Array, name = 'a.npy') => memorySource(name, bytes)
const npz = (arrays: Parameters<typeof formatNpz>[0], options = {}) =>
  readNpz(file(formatNpz(arrays), 'a.npz'), options)
/** Columns side by side, row by row. */
const table = (...columns: Float64Array[]) =>
  formatNpy({
    data: Float64Array.from(
      { length: 20 * columns.length },
      (_, i) => columns[i % columns.length]![Math.floor(i / columns.length)]!,
    ),
    shape: [20, columns.length],
  })

describe('a recording in .npy', () => {
  it('of one axis needs a rate', async () => {
    const [recording] = await readNpy(file(formatNpy({ data: trace })), { sampleRate: 8 })
    expect(recording).toMatchObject({ sampleRate: 8, eda: trace, unit: 'µS', reading: { format: 'NumPy' } })
    await expect(readNpy(file(formatNpy({ data: trace })), {})).rejects.toThrow(
      "a.npy: NumPy's arrays do not say their sampling rate; give --rate HZ",
    )
  })

  it('of two columns has its times in the one that only rises', async () => {
    expect(await readNpy(file(table(seconds, trace)), {})).toMatchObject([{ sampleRate: 8, eda: trace }])
    const rows = formatNpy({ data: Float64Array.of(...seconds, ...trace), shape: [2, 20] })
    expect(await readNpy(file(rows), {})).toMatchObject([{ sampleRate: 8, eda: trace }])
    await expect(readNpy(file(table(trace, trace)), {})).rejects.toThrow(
      'a.npy: cannot tell which of its columns is skin conductance; give --eda NAME, one of 1, 2',
    )
    const [second] = await readNpy(file(table(trace, seconds, trace)), { edaColumns: ['3'], timeColumn: '2' })
    expect(second).toMatchObject({ sampleRate: 8, eda: trace, reading: { array: '3', time: '2' } })
  })
})

describe('a recording in .npz', () => {
  it('is found by its name, with its rate or its times', async () => {
    const others = { bvp: { data: seconds }, fs: { data: Float64Array.of(4), shape: [] } }
    expect(await npz({ EDA: { data: trace }, ...others })).toMatchObject([
      { sampleRate: 4, eda: trace, source: 'a.npz' },
    ])
    expect(await npz({ EDA: { data: trace }, time: { data: seconds }, ...others })).toMatchObject([{ sampleRate: 8 }])
    expect(await npz({ EDA: { data: trace }, time: { data: seconds } }, { sampleRate: 2 })).toMatchObject([
      { sampleRate: 2 },
    ])
    expect(await npz({ x: { data: trace }, sampling_rate: { data: Int32Array.of(16) } })).toMatchObject([
      { sampleRate: 16 },
    ])
  })

  it('has its unit from its name, and a start from times since 1970', async () => {
    const times = seconds.map((time) => 1000 * (1_600_000_000 + time))
    const [recording] = await npz({ eda_kohm: { data: trace.map((value) => 1000 / value) }, time_ms: { data: times } })
    recording!.eda.forEach((value, i) => expect(value).toBeCloseTo(trace[i]!, 9))
    expect(recording!.sampleRate).toBeCloseTo(8, 9)
    expect(isoTime(recording!.start!)).toBe('2020-09-13T12:26:40.000Z')
    const [asked] = await npz({ eda: { data: trace }, t: { data: seconds } }, { timeUnit: 'min' })
    expect(asked!.sampleRate).toBeCloseTo(8 / 60, 9)
    expect(asked).not.toHaveProperty('start')
  })

  it('may be several, by name', async () => {
    const left = { eda_left: { data: trace }, eda_right: { data: seconds }, fs: { data: Float64Array.of(4) } }
    await expect(npz(left)).rejects.toThrow('2 columns could be skin conductance: eda_left, eda_right')
    const both = await npz(left, { edaColumns: ['eda_left', 'eda_right'] })
    expect(both.map(({ part, source }) => [part, source])).toEqual([
      ['eda_left', 'a.npz, eda_left'],
      ['eda_right', 'a.npz, eda_right'],
    ])
  })

  it('is refused with what to do where names do not say it', async () => {
    await expect(npz({ a: { data: trace }, b: { data: trace } })).rejects.toThrow('give --eda NAME, one of a, b')
    await expect(npz({ fs: { data: Float64Array.of(4) } })).rejects.toThrow('a.npz: no array of more than one number')
    await expect(npz({ eda: { data: trace }, time: { data: seconds.slice(1) } })).rejects.toThrow(
      "a.npz: 20 samples and 19 times in 'time'; they must be as many, at least 2. Or give --rate HZ",
    )
    await expect(npz({ eda: { data: trace }, time: { data: seconds.map(() => NaN) } })).rejects.toThrow(
      "'time' has times that",
    )
  })

  it('is refused or read, however damaged', async () => {
    const arrays = { eda: { data: trace }, time: { data: seconds }, fs: { data: Float64Array.of(4), shape: [] } }
    const read = async (bytes: Uint8Array) => readNpz(file(bytes, 'a.npz'), {})
    await survives(formatNpz(arrays), 2000, read, (recordings) => {
      for (const { eda } of recordings) expect(eda.length).toBeLessThan(1e6 + 1000)
    })
    await survives(
      table(seconds, trace),
      2000,
      (bytes) => readNpy(file(bytes), {}),
      (recordings, mutant) => {
        for (const { eda } of recordings) expect(eda.length).toBeLessThan(1e6 + mutant.length)
      },
    )
  })
})

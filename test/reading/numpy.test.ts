import { zipSync } from 'fflate'
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
    expect(second).toMatchObject({ sampleRate: 8, eda: trace, reading: { array: '3', time: '2 (seconds)' } })
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

  it('has times in the unit that leaves a rate of skin conductance, and none where two do', async () => {
    const [recording] = await npz({ eda: { data: trace }, t: { data: seconds.map((time) => 1000 * time) } })
    expect(recording).toMatchObject({ sampleRate: 8, reading: { time: 't (milliseconds)' } })
    expect(recording!.notes).toEqual([expect.stringMatching(/^column 't' was taken for milliseconds \(8 Hz\)/)])
    const count = { eda: { data: trace }, time: { data: Float64Array.from(trace, (_, i) => i) } }
    await expect(npz(count)).rejects.toThrow(
      "a.npz: column 'time' rises by 1 a row, which may be seconds (1 Hz, --time-unit s) or milliseconds (1000 Hz, --time-unit ms); say which",
    )
    expect(await npz(count, { timeUnit: 'ms' })).toMatchObject([{ sampleRate: 1000 }])
    expect(await npz(count, { sampleRate: 4 })).toMatchObject([{ sampleRate: 4 }])
    await expect(readNpy(file(table(count.time.data, trace)), {})).rejects.toThrow(/1000 Hz/)
  })

  it('has a rate of its own before one of all, as a number or a text, and says where its times have another', async () => {
    const lone = (value: number) => ({ data: Float64Array.of(value), shape: [] })
    const both = { eda: { data: trace }, fs: lone(1000) }
    expect(await npz({ ...both, fs_eda: lone(4) })).toMatchObject([{ sampleRate: 4, notes: [] }])
    expect(await npz({ ...both, eda_sampling_rate: lone(8) })).toMatchObject([{ sampleRate: 8 }])
    expect(await npz({ ...both, time: { data: seconds } })).toMatchObject([
      {
        sampleRate: 8,
        notes: ["a rate of 1000 Hz stands beside it, but 'time' has 8 Hz, which was taken; --rate says otherwise"],
      },
    ])
    expect((await npz(both, { sampleRate: 4 }))[0]!.notes).toEqual([
      'its file says 1000 Hz; the given rate of 4 Hz was taken instead',
    ])
  })

  it('whose time goes back is refused, with the sample', async () => {
    const again = Float64Array.from(trace, (_, i) => (i % 10) / 8)
    await expect(npz({ eda: { data: trace }, time: { data: again } })).rejects.toThrow(
      'a.npz: its time goes back by 1.13 s at sample 11; cut it into recordings there, or give --rate HZ to ignore its times',
    )
  })

  it("has NumPy's own dates and durations, in an array or a field of one", async () => {
    const ticks = (from: bigint) => BigInt64Array.from(trace, (_, i) => from + BigInt(125 * i))
    const inArchive = (times: Uint8Array, name: string) =>
      readNpz(file(zipSync({ 'eda.npy': formatNpy({ data: trace }), [`${name}.npy`]: times }), 'a.npz'), {})
    // Its header is padded with blanks, which make room for the longer name of the type.
    const retyped = (data: BigInt64Array, type: string) => {
      const text = Buffer.from(formatNpy({ data })).toString('latin1')
      const wider = text.replace("'<i8'", `'${type}'`).replace(' '.repeat(type.length - 3) + '\n', '\n')
      return new Uint8Array(Buffer.from(wider, 'latin1'))
    }
    const [dated] = await inArchive(retyped(ticks(1_600_000_000_000n), '<M8[ms]'), 'when')
    expect([dated!.sampleRate, isoTime(dated!.start!)]).toEqual([8, '2020-09-13T12:26:40.000'])
    const [lasting] = await inArchive(retyped(ticks(0n), '<m8[ms]'), 'time_ms')
    expect(lasting).toMatchObject({ sampleRate: 8, reading: { time: 'time_ms (durations)' } })
    expect(lasting).not.toHaveProperty('start')
    const header =
      "{'descr': [('timestamp', '<M8[ms]'), ('eda', '<f8')], 'fortran_order': False, 'shape': (20,), }".padEnd(117)
    const rows = new DataView(new ArrayBuffer(20 * 16))
    trace.forEach((value, i) => {
      rows.setBigInt64(16 * i, 1_600_000_000_000n + BigInt(125 * i), true)
      rows.setFloat64(16 * i + 8, value, true)
    })
    const bytes = Buffer.concat([
      Buffer.from([0x93, ...Buffer.from('NUMPY'), 1, 0, 118, 0]),
      Buffer.from(`${header}\n`),
      Buffer.from(rows.buffer),
    ])
    const [structured] = await readNpy(file(new Uint8Array(bytes)), {})
    expect(structured).toMatchObject({ sampleRate: 8, eda: trace, start: { zone: '' } })
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

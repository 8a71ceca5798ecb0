import { unzipSync } from 'fflate'
import { describe, expect, it } from 'vitest'
import { formatNpy, formatNpz } from '../../src/formats/npz.ts'
import { ShapeError } from '../../src/runtime/errors.ts'

/** Reads version 1.0 by its description: magic, header length, a Python dictionary, data. */
function parseNpy(bytes: Uint8Array) {
  expect([...bytes.subarray(0, 8)]).toEqual([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0])
  const start = 10 + new DataView(bytes.buffer, bytes.byteOffset).getUint16(8, true)
  const header = new TextDecoder('latin1').decode(bytes.subarray(10, start))
  expect(start % 64).toBe(0)
  expect(header).toMatch(
    /^{'descr': '[<|][fiu]\d', 'fortran_order': False, 'shape': \((\d+,( \d+)*(, \d+)*)?\), } *\n$/,
  )
  const shape = (/\((.*)\)/.exec(header)?.[1] ?? '')
    .split(',')
    .filter((part) => part.trim() !== '')
    .map(Number)
  return { descr: /'descr': '(...)'/.exec(header)?.[1], shape, data: bytes.slice(start) }
}

describe('npy', () => {
  it.each([
    ['<f8', Float64Array.of(0.1, -2, NaN)],
    ['<f4', Float32Array.of(1.5, -2, 3)],
    ['<i4', Int32Array.of(-1, 0, 2 ** 31 - 1)],
    ['<u2', Uint16Array.of(1, 2, 65535)],
    ['<i8', BigInt64Array.of(-1n, 0n, 2n ** 62n)],
    ['|u1', Uint8Array.of(0, 1, 255)],
    ['|i1', Int8Array.of(0, -1, 127)],
  ])('keeps %s to the bit', (descr, data) => {
    const parsed = parseNpy(formatNpy({ data }))
    expect(parsed).toMatchObject({ descr, shape: [3] })
    expect(parsed.data).toEqual(new Uint8Array(data.buffer))
  })

  it('writes a part of a buffer, and any shape', () => {
    const six = Float64Array.of(9, 1, 2, 3, 4, 5, 6, 9).subarray(1, 7)
    expect(parseNpy(formatNpy({ data: six })).data).toEqual(new Uint8Array(six.slice().buffer))
    expect(parseNpy(formatNpy({ data: six, shape: [2, 3] })).shape).toEqual([2, 3])
    expect(parseNpy(formatNpy({ data: six.subarray(0, 1), shape: [] }))).toMatchObject({
      shape: [],
      data: { length: 8 },
    })
    expect(parseNpy(formatNpy({ data: new Float64Array(0) }))).toMatchObject({ shape: [0], data: { length: 0 } })
    const long = Array.from({ length: 30 }, () => 1)
    expect(parseNpy(formatNpy({ data: Uint8Array.of(7), shape: long })).shape).toEqual(long)
  })

  it('writes texts as code points of 32 bits, as long as the longest', () => {
    const bytes = formatNpy({ data: ['Zo\u00eb', '\u{1F600}b', ''] })
    expect(new TextDecoder('latin1').decode(bytes.subarray(10, 40))).toMatch(/^{'descr': '<U3', /)
    const points = new Uint32Array(bytes.slice(-36).buffer)
    expect([...points]).toEqual([90, 111, 235, 0x1f600, 98, 0, 0, 0, 0])
    expect(new TextDecoder('latin1').decode(formatNpy({ data: [] as string[] }).subarray(10, 40))).toMatch(/<U1/)
  })

  it('refuses a shape that the values do not fill', () => {
    expect(() => formatNpy({ data: new Float32Array(5), shape: [2, 3] })).toThrow(ShapeError)
    expect(() => formatNpy({ data: new Float32Array(5), shape: [2, 3] })).toThrow(
      'npy: 5 values do not fill the shape [2, 3]',
    )
  })
})

describe('npz', () => {
  it('is a zip of .npy files by name, the same bytes each time', () => {
    const arrays = {
      EDA_Phasic: { data: Float64Array.from({ length: 500 }, (_, i) => Math.sin(i)) },
      rate: { data: Float64Array.of(4), shape: [] },
    }
    const bytes = formatNpz(arrays)
    const files = unzipSync(bytes)
    expect(Object.keys(files)).toEqual(['EDA_Phasic.npy', 'rate.npy'])
    const { data } = parseNpy(files['EDA_Phasic.npy'] as Uint8Array)
    expect(new Float64Array(data.buffer)).toEqual(arrays.EDA_Phasic.data)
    expect(parseNpy(files['rate.npy'] as Uint8Array).shape).toEqual([])
    expect(formatNpz(arrays)).toEqual(bytes)
  })
})

import { describe, expect, it } from 'vitest'
import { existsSync, readFileSync } from 'node:fs'
import { parseNpy } from '../../src/formats/npy.ts'
import { formatNpy } from '../../src/formats/npz.ts'
import { needs, NO_SHARED } from '../support/needs.ts'
import { survives } from './mutants.ts'

/** A file of version 1, 2 or 3 by its description. */
function npy(
  descr: string,
  shape: string,
  data: Uint8Array | number[],
  { fortran = false, version = 1 } = {},
): Uint8Array {
  const header = `{'descr': ${descr}, 'fortran_order': ${fortran ? 'True' : 'False'}, 'shape': ${shape}, }\n`
  const length = [header.length & 255, header.length >> 8, ...(version > 1 ? [0, 0] : [])]
  const magic = [0x93, ...new TextEncoder().encode('NUMPY'), version, 0]
  return Uint8Array.from([...magic, ...length, ...new TextEncoder().encode(header), ...data])
}
const swapped = (bytes: ArrayBuffer, size: number) =>
  new Uint8Array(bytes).map((_, i, all) => all[i - (i % size) + size - 1 - (i % size)]!)
const read = (bytes: Uint8Array) => parseNpy(bytes, 'a.npy')
const values = (bytes: Uint8Array) => [...read(bytes).values]

describe('an .npy file', () => {
  it.each([
    ['f8', Float64Array.of(0.1, -2)],
    ['f4', Float32Array.of(1.5, -2)],
    ['i8', BigInt64Array.of(-1n, 2n ** 40n)],
    ['u8', BigUint64Array.of(1n, 2n ** 40n)],
    ['i4', Int32Array.of(-1, 2 ** 31 - 1)],
    ['u4', Uint32Array.of(1, 2 ** 32 - 1)],
    ['i2', Int16Array.of(-1, 32767)],
    ['u2', Uint16Array.of(1, 65535)],
  ])('of %s is read in both orders of bytes', (type, data) => {
    const expected = Array.from(data as ArrayLike<number | bigint>, Number)
    expect(values(npy(`'<${type}'`, '(2,)', new Uint8Array(data.buffer)))).toEqual(expected)
    expect(values(npy(`'>${type}'`, '(2,)', swapped(data.buffer, data.BYTES_PER_ELEMENT)))).toEqual(expected)
  })

  it('of small types, and of every version, is read', () => {
    expect(values(npy("'|i1'", '(2,)', [255, 1]))).toEqual([-1, 1])
    expect(values(npy("'|u1'", '(2,)', [255, 1]))).toEqual([255, 1])
    expect(values(npy("'|b1'", '(2,)', [1, 0], { version: 2 }))).toEqual([1, 0])
    expect(values(npy("'<f2'", '(2,)', [0, 0x3e, 0, 0xc0], { version: 3 }))).toEqual([1.5, -2])
  })

  it('is what our writer wrote', () => {
    const data = Float32Array.of(1, 2, 3, 4, 5, 6)
    expect(read(formatNpy({ data, shape: [2, 3] }))).toEqual({ shape: [2, 3], values: Float64Array.from(data) })
    expect(read(formatNpy({ data: Float64Array.of(4), shape: [] }))).toEqual({ shape: [], values: Float64Array.of(4) })
  })

  it('in the order of Fortran comes out in that of C', () => {
    const data = Uint8Array.from({ length: 24 }, (_, i) => i)
    const { shape, values } = read(npy("'|u1'", '(2, 3, 4)', data, { fortran: true }))
    expect(shape).toEqual([2, 3, 4])
    for (let a = 0; a < 2; a++)
      for (let b = 0; b < 3; b++) for (let c = 0; c < 4; c++) expect(values[a * 12 + b * 4 + c]).toBe(a + 2 * b + 6 * c)
  })

  it('of texts, dates and fields is read', () => {
    const utf32 = (text: string) =>
      [...text].flatMap((letter) => [letter.charCodeAt(0) & 255, letter.charCodeAt(0) >> 8, 0, 0])
    expect(read(npy("'<U2'", '(2,)', [...utf32('µS'), ...utf32('V\0')])).texts).toEqual(['µS', 'V'])
    expect(read(npy("'|S3'", '(1,)', [97, 98, 0])).texts).toEqual(['ab'])
    const ticks = new Uint8Array(BigInt64Array.of(1500n, -(2n ** 63n)).buffer)
    expect(read(npy("'<M8[ms]'", '(2,)', ticks))).toEqual({
      shape: [2],
      values: Float64Array.of(1.5, NaN),
      times: ['date'],
    })
    expect(read(npy("'<m8[10us]'", '(2,)', ticks)).values[0]).toBeCloseTo(0.015, 12)
    const record = (time: number, eda: number) => [
      ...new Uint8Array(Float64Array.of(time).buffer),
      ...new Uint8Array(Float32Array.of(eda).buffer),
    ]
    const structured = npy("[('time', '<f8'), ('eda', '<f4')]", '(2,)', [...record(0, 1.5), ...record(0.25, 2.5)])
    expect(read(structured)).toEqual({
      shape: [2, 2],
      fields: ['time', 'eda'],
      values: Float64Array.of(0, 1.5, 0.25, 2.5),
    })
  })

  it.each<[string, Uint8Array, RegExp]>([
    ['of objects', npy("'|O'", '(1,)', [1]), /of Python objects, which could run programs and is never read/],
    ['of complex numbers', npy("'<c16'", '(1,)', new Uint8Array(16)), /a NumPy array of type '<c16'/],
    ['of texts of no bytes', npy("'<U0'", '(99999999999,)', []), /a NumPy array of type '<U0'/],
    ['of nested types', npy("[('a', [('b', '<f8')])]", '(1,)', new Uint8Array(8)), /nested types/],
    ['of no fields', npy('[]', '(99999999999,)', []), /nested types/],
    ['cut off', npy("'<f8'", '(2,)', new Uint8Array(15)), /needs 16 bytes, but 15 are left; the file was cut off/],
    ['that claims too much', npy("'<f8'", '(99999999, 99999999, 99999999)', []), /needs NaN bytes|needs \d+ bytes/],
    ['without a shape', npy("'<f8'", 'None', []), /says no shape and order/],
    ['of another kind', new Uint8Array(20), /no NumPy file/],
    ['of half a header', npy("'<f8'", '(1,)', []).slice(0, 30), /ends within its header/],
  ])('%s is refused', (_, bytes, message) => {
    expect(() => read(bytes)).toThrow(message)
  })

  it('that would not fit into memory is refused', () => {
    const bytes = new Uint8Array(2 ** 27 + 200)
    bytes.set(npy("'|i1'", '(134217729,)', []))
    expect(() => read(bytes)).toThrow('a.npy: an array of shape (134217729,) has too many values; save only the trace')
  })

  it('is refused or read, however damaged', async () => {
    const file = npy("[('time', '<f8'), ('eda', '<f4'), ('n', '|u1')]", '(4,)', new Uint8Array(52), { fortran: true })
    for (const bytes of [file, formatNpy({ data: Int16Array.of(1, 2, 3, 4, 5, 6), shape: [2, 3] })])
      await survives(bytes, 2000, read, (array, mutant) => expect(array.values.length).toBeLessThan(mutant.length))
  })

  const shared = new URL('../../../shared/data/formats/', import.meta.url)
  it('of NumPy itself is read', needs(existsSync(shared), NO_SHARED), () => {
    const expected = JSON.parse(readFileSync(new URL('expected.json', shared), 'utf8'))
    for (const name of ['f4.npy', 'f8_fortran.npy', 'i8.npy', 'f8_big_endian.npy']) {
      const { shape, values } = read(readFileSync(new URL(name, shared)))
      expect({ shape, values: [...values] }).toEqual(expected[name])
    }
  })
})

import { describe, expect, it } from 'vitest'
import { parseSafetensors, serializeSafetensors } from '../../src/formats/safetensors.ts'
import type { TypedArray } from '../../src/formats/elements.ts'
import { FormatError, ShapeError } from '../../src/runtime/errors.ts'
import { cvxedaCases, fixtureCases, readBytes } from '../support/golden_values.ts'

/** A file with a header of our making over `data`. */
function withHeader(header: unknown, data: Uint8Array = new Uint8Array(0)): Uint8Array {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header))
  const file = new Uint8Array(8 + json.length + data.length)
  new DataView(file.buffer).setBigUint64(0, BigInt(json.length), true)
  file.set(json, 8)
  file.set(data, 8 + json.length)
  return file
}

const failure = (bytes: Uint8Array): string => {
  try {
    parseSafetensors(bytes, 'm.safetensors')
  } catch (error) {
    expect(error).toBeInstanceOf(FormatError)
    return (error as Error).message
  }
  throw new Error('expected a FormatError, but the file was read')
}

const tensors = new Map<string, { shape: number[]; data: TypedArray }>([
  ['flag', { shape: [3], data: Uint8Array.of(1, 0, 255) }],
  ['w', { shape: [2, 2], data: Float32Array.of(1.5, -0, NaN, Infinity) }],
  ['steps', { shape: [], data: BigInt64Array.of(-(2n ** 60n)) }],
  ['mean', { shape: [1], data: Float64Array.of(Math.PI) }],
  ['none', { shape: [0, 4], data: new Float32Array(0) }],
  ['__proto__', { shape: [2], data: Int32Array.of(-1, 7) }],
])

describe('a written file', () => {
  it('is read back as it was', () => {
    const { tensors: read, metadata } = parseSafetensors(serializeSafetensors(tensors, { made: 'ö "x"' }), 'm')
    expect(metadata).toEqual({ made: 'ö "x"' })
    expect(read.size).toBe(tensors.size)
    for (const [name, { shape, data }] of tensors) {
      expect(read.get(name)?.shape).toEqual(shape)
      expect(read.get(name)?.data).toEqual(data)
    }
    expect(Object.fromEntries([...read].map(([name, { dtype }]) => [`_${name}`, dtype]))).toEqual({
      _flag: 'U8',
      _w: 'F32',
      _steps: 'I64',
      _mean: 'F64',
      _none: 'F32',
      ___proto__: 'I32',
    })
  })

  it('begins its data at a multiple of 8 and aligns every tensor to its element size', () => {
    const file = serializeSafetensors(tensors)
    const length = Number(new DataView(file.buffer).getBigUint64(0, true))
    expect(length % 8).toBe(0)
    const header = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + length))) as Record<
      string,
      { data_offsets: [number, number] }
    >
    for (const [name, { data }] of tensors) {
      const entry = new Map(Object.entries(header)).get(name)
      expect(entry!.data_offsets[0] % data.BYTES_PER_ELEMENT).toBe(0)
    }
  })

  it('takes only the view that an array is', () => {
    const view = Float32Array.of(9, 1, 2, 9).subarray(1, 3)
    const file = serializeSafetensors(new Map([['v', { shape: [2], data: view }]]))
    expect(parseSafetensors(file, 'm').tensors.get('v')?.data).toEqual(Float32Array.of(1, 2))
  })

  it('needs arrays that fit their shapes', () => {
    const bad = new Map([['w', { shape: [2, 3], data: new Float32Array(5) }]])
    expect(() => serializeSafetensors(bad)).toThrow(new ShapeError("tensor 'w' has 5 elements, expected shape [2, 3]"))
  })
})

describe('element types', () => {
  const one = (dtype: string, bytes: Uint8Array) => {
    const x = { dtype, shape: [bytes.length / 2], data_offsets: [0, bytes.length] }
    return parseSafetensors(withHeader({ x }, bytes), 'm').tensors.get('x')
  }

  it('widens F16 and BF16 exactly', () => {
    const half = new Uint8Array(Uint16Array.of(0x3c00, 0xb555, 0x0001, 0x03ff, 0x8000, 0xfc00, 0x7e00).buffer)
    expect(one('F16', half)).toEqual({
      dtype: 'F16',
      shape: [7],
      data: Float32Array.of(1, -0.333251953125, 2 ** -24, 1023 * 2 ** -24, -0, -Infinity, NaN),
    })
    const bfloat = new Uint8Array(Uint16Array.of(0x4049, 0x8000).buffer)
    expect(one('BF16', bfloat)?.data).toEqual(Float32Array.of(3.140625, -0))
  })

  it('reads a file at an odd address', () => {
    const file = serializeSafetensors(tensors)
    const shifted = new Uint8Array(file.length + 1)
    shifted.set(file, 1)
    expect(parseSafetensors(shifted.subarray(1), 'm').tensors.get('mean')?.data).toEqual(Float64Array.of(Math.PI))
  })
})

describe('a bad file', () => {
  const f32 = (shape: unknown, begin: unknown, end: unknown) => ({ dtype: 'F32', shape, data_offsets: [begin, end] })
  const data = new Uint8Array(16)

  it.each<[string, Uint8Array, RegExp]>([
    ['too short', new Uint8Array(7), /^m.safetensors: 7 bytes, expected a safetensors file/],
    ['header beyond the file', withHeader('{}').fill(255, 0, 8), /header of 18446744073709551615 bytes, .* only 2;/],
    ['no JSON', withHeader('{"x":'), /the header is not JSON/],
    ['no UTF-8', withHeader('{"x": 1}').fill(0xff, 10, 11), /the header is not JSON/],
    ['a list', withHeader('[1]'), /the header is not a JSON object/],
    ['metadata of numbers', withHeader({ __metadata__: { a: 1 } }), /__metadata__ must map names to text/],
    ['no description', withHeader({ w: 3 }), /tensor 'w' has no description/],
    ['unknown dtype', withHeader({ w: { ...f32([1], 0, 4), dtype: 'F8_E4M3' } }, data), /'w' has dtype "F8_E4M3"/],
    ['inherited dtype', withHeader({ w: { ...f32([1], 0, 4), dtype: 'toString' } }, data), /'w' has dtype "toString"/],
    ['negative extent', withHeader({ w: f32([-1, -1], 0, 4) }, data), /'w' has shape \[-1,-1\]/],
    ['fractional extent', withHeader({ w: f32([0.5], 0, 2) }, data), /'w' has shape \[0.5\]/],
    ['extents beyond 2^53', withHeader({ w: f32([2 ** 40, 2 ** 40], 0, 4) }, data), /'w' has shape/],
    ['shape as text', withHeader({ w: f32('1', 0, 4) }, data), /'w' has shape "1"/],
    ['one offset', withHeader({ w: { dtype: 'F32', shape: [1], data_offsets: [0] } }, data), /has data_offsets \[0\]/],
    ['offset as text', withHeader({ w: f32([1], '0', 4) }, data), /'w' has data_offsets \["0",4\]/],
    ['end before begin', withHeader({ w: f32([0], 8, 4) }, data), /'w' lies at \[8, 4\] of 16 data bytes/],
    ['beyond the end', withHeader({ w: f32([5], 0, 20) }, data), /'w' lies at \[0, 20\] of 16 data bytes; the file/],
    ['size against shape', withHeader({ w: f32([2, 3], 0, 16) }, data), /16 bytes, expected 24 for F32 \[2,3\]/],
    ['overlap', withHeader({ a: f32([3], 0, 12), b: f32([2], 8, 16) }, data), /tensors 'a' and 'b' overlap/],
    ['gap', withHeader({ a: f32([1], 0, 4), b: f32([2], 8, 16) }, data), /bytes 4 to 8 before 'b' have no owner/],
    ['rest', withHeader({ a: f32([2], 0, 8) }, data), /8 bytes after the last tensor have no owner/],
  ])('%s', (_, file, message) => expect(failure(file)).toMatch(message))

  it('gives a typed error for every truncation', () => {
    const file = serializeSafetensors(tensors, { made: 'here' })
    for (let length = 0; length < file.length; length++) failure(file.subarray(0, length))
  })

  it('gives a typed error or tensors that fit their shapes for random changes', () => {
    const file = serializeSafetensors(tensors, { made: 'here' })
    let state = 12345
    const random = (below: number) => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0
      return Math.floor((state / 2 ** 32) * below)
    }
    let refused = 0
    const rounds = 20_000
    for (let round = 0; round < rounds; round++) {
      const changed = file.slice()
      for (let change = random(4); change >= 0; change--) {
        changed[random(file.length)] = random(2) ? random(256) : 48 + random(10)
      }
      try {
        for (const { shape, data } of parseSafetensors(changed, 'm').tensors.values()) {
          expect(data.length).toBe(shape.reduce((count, extent) => count * extent, 1))
        }
      } catch (error) {
        if (!(error instanceof FormatError)) throw error
        refused++
      }
    }
    expect(refused).toBeGreaterThan(rounds / 10)
    expect(refused).toBeLessThan(rounds)
  })
})

describe('files of another program', () => {
  it.each(fixtureCases('checkpoint'))('$title', (fixture) => {
    const { tensors: read, metadata } = parseSafetensors(readBytes(fixture), fixture.file)
    expect(metadata).toEqual({ case: fixture.id })
    const { in_channels, length, classes } = fixture.config
    const batch = read.get('input.eda')?.shape[0]
    expect(read.get('input.eda')).toMatchObject({ dtype: 'F32', shape: [batch, in_channels, length] })
    expect(read.get('eval.logits')).toMatchObject({ dtype: 'F32', shape: [batch, classes] })
    expect(read.get('eval.logits')?.data.every(Number.isFinite)).toBe(true)
  })

  it('hold float64 as well', () => {
    const [fixture] = cvxedaCases()
    const { tensors: read } = parseSafetensors(readBytes(fixture!), fixture!.file)
    expect(read.get('y')?.dtype).toBe('F32')
    expect(read.get('l')?.dtype).toBe('F64')
  })
})

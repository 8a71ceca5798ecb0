// Reads NumPy's .npy: a Python dictionary that describes an array, then its elements. Objects, which are pickles, are never read.
// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
import { FormatError } from '../runtime/errors.ts'
import { elementCount, halfToFloat } from './elements.ts'

export interface NpyArray {
  /** Of a structured array, its fields are one more axis at the end. */
  shape: number[]
  /** Row-major; empty for an array of texts. */
  values: Float64Array
  /** Of an array of texts, row-major. */
  texts?: string[]
  /** Names of the fields of a structured array. */
  fields?: string[]
  /** Of the element, or of each field, that is a time: its values are seconds, of a `date` since 1970 in no zone. */
  times?: readonly (TimeKind | undefined)[]
}

/** NumPy's datetime64 and timedelta64. */
export type TimeKind = 'date' | 'duration'

/** How one element is read, or one field of it. */
export interface Field {
  bytes: number
  read: (view: DataView, at: number) => number
  text?: (raw: Uint8Array) => string
  time?: TimeKind
}

const MAGIC = '\x93NUMPY'
/** They become eight bytes each. */
const MOST_VALUES = 2 ** 27

/** @throws FormatError for a type that holds no numbers or texts, and for a file that is cut off */
export function parseNpy(bytes: Uint8Array, source: string): NpyArray {
  const { header, begin } = readHeader(bytes, source)
  const extents = /'shape':\s*\(([\d,\s]*)\)/.exec(header)?.[1]
  const order = /'fortran_order':\s*(True|False)/.exec(header)?.[1]
  if (extents === undefined || order === undefined)
    throw new FormatError(`${source}: the header of the NumPy file says no shape and order: ${header.slice(0, 80)}`)
  const shape = extents
    .split(',')
    .filter((text) => text.trim() !== '')
    .map(Number)
  const { names, types } = typesIn(header, source)
  const layout = types.map((type) => fieldOf(type, source))
  const count = elementCount(shape)
  const size = layout.reduce((sum, field) => sum + field.bytes, 0)
  if (count === undefined || count * size > bytes.length - begin)
    throw new FormatError(
      `${source}: an array of shape (${extents}) needs ${(count ?? NaN) * size} bytes, but ${bytes.length - begin} are left; ` +
        'the file was cut off',
    )
  if (count * layout.length > MOST_VALUES)
    throw new FormatError(`${source}: an array of shape (${extents}) has too many values; save only the trace`)
  const places = order === 'True' ? fortranPlaces(shape, count) : undefined
  const data = bytes.subarray(begin, begin + count * size)
  const [only] = layout
  if (names === undefined && only!.text !== undefined) {
    const texts = Array.from({ length: count }, (_, i) => {
      const at = (places?.[i] ?? i) * size
      return only!.text!(data.subarray(at, at + size))
    })
    return { shape, values: new Float64Array(), texts }
  }
  const values = decode(data, layout, count, places)
  const times = layout.some(({ time }) => time !== undefined) ? { times: layout.map(({ time }) => time) } : {}
  if (names !== undefined) return { shape: [...shape, names.length], values, fields: names, ...times }
  return { shape, values, ...times }
}

function readHeader(bytes: Uint8Array, source: string): { header: string; begin: number } {
  const latin1 = (from: number, to: number): string => new TextDecoder('latin1').decode(bytes.subarray(from, to))
  // As a decoder of latin1 has it, 0x93 is a quotation mark.
  if (bytes.length < 12 || bytes[0] !== MAGIC.charCodeAt(0) || latin1(1, 6) !== MAGIC.slice(1))
    throw new FormatError(`${source}: no NumPy file; one begins with \\x93NUMPY`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const long = bytes[6]! > 1
  const start = long ? 12 : 10
  const begin = start + (long ? view.getUint32(8, true) : view.getUint16(8, true))
  if (begin > bytes.length) throw new FormatError(`${source}: the NumPy file ends within its header`)
  return { header: new TextDecoder().decode(bytes.subarray(start, begin)), begin }
}

/** The type of an element as it stands in the header, or those of its fields with their names. */
function typesIn(header: string, source: string): { names?: string[]; types: string[] } {
  const plain = /'descr':\s*'([^']*)'/.exec(header)?.[1]
  if (plain !== undefined) return { types: [plain] }
  const list = /'descr':\s*\[(.*)\],\s*'/.exec(header)?.[1]
  const fields = [...(list ?? '').matchAll(/\('([^']*)',\s*'([^']*)'\)/g)]
  const rest = (list ?? '?').replace(/\('([^']*)',\s*'([^']*)'\)/g, '')
  if (fields.length === 0 || !/^[,\s]*$/.test(rest))
    throw new FormatError(`${source}: a NumPy array of nested types; save the trace as an array of numbers`)
  return { names: fields.map((field) => field[1]!), types: fields.map((field) => field[2]!) }
}

/** Seconds of the units of dates. */
const DATE_UNITS: Readonly<Record<string, number>> = {
  W: 604_800,
  D: 86_400,
  h: 3600,
  m: 60,
  s: 1,
  ms: 1e-3,
  us: 1e-6,
  ns: 1e-9,
}

/**
 * How an element of a NumPy type such as `<f8` is read.
 * @throws FormatError for a type that holds no numbers, times or texts
 */
export function fieldOf(type: string, source: string): Field {
  const [, order, kind, size, many, unit] = /^([<>|=]?)([a-zA-Z?])(\d{0,6})(?:\[(\d*)(\w+)\])?$/.exec(type) ?? []
  const little = order !== '>'
  const number = kind === '?' ? 'b1' : `${kind}${size}`
  const read = Object.hasOwn(NUMBERS, number) ? NUMBERS[number]! : undefined
  if (read !== undefined) return { bytes: Number(size || 1), read: (view, at) => read(view, at, little) }
  if ((kind === 'M' || kind === 'm') && Object.hasOwn(DATE_UNITS, unit ?? '')) {
    const seconds = DATE_UNITS[unit!]! * Number(many || 1)
    const date = (view: DataView, at: number): number => {
      const ticks = view.getBigInt64(at, little)
      return ticks === NO_DATE ? NaN : Number(ticks) * seconds
    }
    return { bytes: 8, read: date, time: kind === 'M' ? 'date' : 'duration' }
  }
  if ((kind === 'S' || kind === 'U') && Number(size) > 0) {
    const bytes = Number(size) * (kind === 'S' ? 1 : 4)
    return { bytes, read: () => NaN, text: kind === 'S' ? asciiOf : (raw) => unicodeOf(raw, little) }
  }
  if (kind === 'O')
    throw new FormatError(
      `${source}: a NumPy array of Python objects, which could run programs and is never read; save it as numbers ` +
        '(array.astype(float))',
    )
  throw new FormatError(`${source}: a NumPy array of type '${type}'; save it as numbers (array.astype(float))`)
}

/** What stands for no date. */
const NO_DATE = -(2n ** 63n)

type ReadNumber = (view: DataView, at: number, little: boolean) => number

const NUMBERS: Readonly<Record<string, ReadNumber>> = {
  b1: (view, at) => view.getUint8(at),
  i1: (view, at) => view.getInt8(at),
  u1: (view, at) => view.getUint8(at),
  i2: (view, at, little) => view.getInt16(at, little),
  u2: (view, at, little) => view.getUint16(at, little),
  i4: (view, at, little) => view.getInt32(at, little),
  u4: (view, at, little) => view.getUint32(at, little),
  i8: (view, at, little) => Number(view.getBigInt64(at, little)),
  u8: (view, at, little) => Number(view.getBigUint64(at, little)),
  f2: (view, at, little) => halfToFloat(view.getUint16(at, little)),
  f4: (view, at, little) => view.getFloat32(at, little),
  f8: (view, at, little) => view.getFloat64(at, little),
}

const asciiOf = (raw: Uint8Array): string => new TextDecoder('latin1').decode(raw).replace(/\0+$/, '')

/** Four bytes a character. */
function unicodeOf(raw: Uint8Array, little: boolean): string {
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength)
  let text = ''
  for (let at = 0; at + 4 <= raw.length; at += 4) {
    const code = view.getUint32(at, little)
    if (code > 0 && code <= 0x10ffff) text += String.fromCodePoint(code)
  }
  return text
}

/** Where each element of the row-major order lies in a file that counts its first axis fastest. */
function fortranPlaces(shape: readonly number[], count: number): Float64Array {
  const index = shape.map(() => 0)
  const strides = shape.map((_, axis) => shape.slice(0, axis).reduce((product, extent) => product * extent, 1))
  return Float64Array.from({ length: count }, () => {
    const place = strides.reduce((sum, stride, axis) => sum + stride * index[axis]!, 0)
    for (let axis = shape.length - 1; axis >= 0 && ++index[axis]! === shape[axis]; axis--) index[axis] = 0
    return place
  })
}

function decode(
  data: Uint8Array,
  layout: readonly Field[],
  count: number,
  places: Float64Array | undefined,
): Float64Array {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  const values = new Float64Array(count * layout.length)
  const size = layout.reduce((sum, field) => sum + field.bytes, 0)
  for (let i = 0; i < count; i++) {
    let at = (places === undefined ? i : places[i]!) * size
    for (let f = 0; f < layout.length; f++) {
      const field = layout[f]!
      values[i * layout.length + f] = field.read(view, at)
      at += field.bytes
    }
  }
  return values
}

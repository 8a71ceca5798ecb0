// The elements that a MAT-file of version 5 is made of: a type, a length and data, filled up to eight bytes.
import { FormatError } from '../runtime/errors.ts'

/** Where the data of an element lie. */
export interface Element {
  type: number
  begin: number
  end: number
}

/** Types of elements by their numbers in the file. */
export const INT8 = 1
export const INT32 = 5
export const UINT32 = 6
export const MATRIX = 14
export const PACKED = 15
const [UTF8, UTF16, UTF32] = [16, 17, 18]

type ReadNumber = (view: DataView, at: number, little: boolean) => number

/** Types that hold numbers; 64-bit integers beyond 2^53 are rounded. */
const NUMBERS: ReadonlyMap<number, { bytes: number; read: ReadNumber }> = new Map([
  [INT8, { bytes: 1, read: (view: DataView, at: number) => view.getInt8(at) }],
  [2, { bytes: 1, read: (view: DataView, at: number) => view.getUint8(at) }],
  [3, { bytes: 2, read: (view: DataView, at: number, little: boolean) => view.getInt16(at, little) }],
  [4, { bytes: 2, read: (view: DataView, at: number, little: boolean) => view.getUint16(at, little) }],
  [INT32, { bytes: 4, read: (view: DataView, at: number, little: boolean) => view.getInt32(at, little) }],
  [UINT32, { bytes: 4, read: (view: DataView, at: number, little: boolean) => view.getUint32(at, little) }],
  [7, { bytes: 4, read: (view: DataView, at: number, little: boolean) => view.getFloat32(at, little) }],
  [9, { bytes: 8, read: (view: DataView, at: number, little: boolean) => view.getFloat64(at, little) }],
  [12, { bytes: 8, read: (view: DataView, at: number, little: boolean) => Number(view.getBigInt64(at, little)) }],
  [13, { bytes: 8, read: (view: DataView, at: number, little: boolean) => Number(view.getBigUint64(at, little)) }],
])

/** The elements of a stretch of bytes, one after the other. */
export class Elements {
  private readonly view: DataView

  /** Of bytes [at, end); `where` begins the sentences about what is damaged. */
  constructor(
    private readonly bytes: Uint8Array,
    readonly where: string,
    readonly little: boolean,
    private at = 0,
    private readonly end = bytes.length,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  get left(): number {
    return this.end - this.at
  }

  /** The next one. @throws FormatError where it claims more bytes than there are */
  next(): Element {
    if (this.left < 8) throw this.fail('ends where an element should begin')
    const start = this.at
    const word = this.view.getUint32(start, this.little)
    // Up to four bytes lie in the tag itself, whose upper half is then their number.
    const small = word >>> 16
    if (small > 4) throw this.fail(`has a small element of ${small} bytes`)
    if (small > 0) {
      this.at += 8
      return { type: word & 0xffff, begin: start + 4, end: start + 4 + small }
    }
    const length = this.view.getUint32(start + 4, this.little)
    if (length > this.left - 8) throw this.fail(`has an element of ${length} bytes, of which ${this.left - 8} are left`)
    // The last one may lack what fills it up.
    this.at = Math.min(start + 8 + Math.ceil(length / 8) * 8, this.end)
    return { type: word, begin: start + 8, end: start + 8 + length }
  }

  /** The elements inside one. */
  inside({ begin, end }: Element): Elements {
    return new Elements(this.bytes, this.where, this.little, begin, end)
  }

  /** How many numbers an element holds. @throws FormatError for a type that holds none */
  count({ type, begin, end }: Element): number {
    const number = NUMBERS.get(type)
    if (number === undefined) throw this.fail(`has an element of type ${type} where numbers should be`)
    return Math.floor((end - begin) / number.bytes)
  }

  /** Numbers [from, to) of an element that has so many. */
  numbers({ type, begin }: Element, from: number, to: number): Float64Array {
    const { bytes, read } = NUMBERS.get(type)!
    const values = new Float64Array(to - from)
    for (let i = 0; i < values.length; i++) values[i] = read(this.view, begin + (from + i) * bytes, this.little)
    return values
  }

  /** The characters of an element: UTF in any width, or a number each. */
  text(element: Element): string {
    const { type, begin, end } = element
    const bytes = this.bytes.subarray(begin, end)
    if (type === UTF8) return new TextDecoder().decode(bytes)
    if (type === UTF16) return new TextDecoder(this.little ? 'utf-16le' : 'utf-16be').decode(bytes)
    const codes = { ...element, type: type === UTF32 ? UINT32 : type }
    return Array.from(this.numbers(codes, 0, this.count(codes)), (code) =>
      Number.isInteger(code) && code >= 0 && code <= 0x10ffff ? String.fromCodePoint(code) : '\uFFFD',
    ).join('')
  }

  fail(what: string): FormatError {
    return new FormatError(`${this.where} ${what}, at byte ${this.at} of its data; the file is damaged`)
  }
}

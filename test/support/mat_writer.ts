// MAT-files of version 5 in bytes, by MathWorks' description of them: in both orders of bytes, deflated or not, with values stored in any type.
import { zlibSync } from 'fflate'

export interface MatOptions {
  bigEndian?: boolean
  packed?: boolean
  /** The checksum of deflated variables is wrong, and followed by padding. */
  badChecksum?: boolean
  text?: string
}

/** Types of elements by MathWorks' names, with their numbers and widths. */
const TYPES = {
  int8: [1, 1],
  uint8: [2, 1],
  int16: [3, 2],
  uint16: [4, 2],
  int32: [5, 4],
  uint32: [6, 4],
  single: [7, 4],
  double: [9, 8],
  int64: [12, 8],
  uint64: [13, 8],
  matrix: [14, 1],
  packed: [15, 1],
  utf8: [16, 1],
  utf16: [17, 2],
  utf32: [18, 4],
} as const
export type StoredType = keyof typeof TYPES

const CLASSES = {
  cell: 1,
  struct: 2,
  char: 4,
  double: 6,
  single: 7,
  int8: 8,
  uint8: 9,
  int16: 10,
  uint16: 11,
  int32: 12,
  uint32: 13,
  int64: 14,
  uint64: 15,
  opaque: 17,
} as const
export type ClassName = keyof typeof CLASSES

/** The bytes of a matrix called `name`, with its tag. */
export type Value = (name: string, bigEndian: boolean) => number[]

/** Column-major values; MATLAB stores those that are whole in a smaller type than their class. */
export const numbers =
  (
    shape: number[],
    values: ArrayLike<number>,
    {
      className = 'double',
      stored = 'double',
      flags = 0,
    }: { className?: ClassName; stored?: StoredType; flags?: number } = {},
  ): Value =>
  (name, bigEndian) =>
    matrix(className, shape, name, bigEndian, element(stored, Array.from(values), bigEndian), flags)

/** Rows of equal length. */
export const texts =
  (rows: string[], stored: StoredType = 'utf16'): Value =>
  (name, bigEndian) => {
    const width = rows[0]!.length
    const letters = Array.from({ length: width }, (_, column) => rows.map((row) => row[column]!)).flat()
    const codes =
      stored === 'utf8'
        ? [...new TextEncoder().encode(letters.join(''))]
        : letters.map((letter) => letter.charCodeAt(0))
    return matrix('char', [rows.length, width], name, bigEndian, element(stored, codes, bigEndian))
  }

export const cells =
  (shape: number[], values: Value[]): Value =>
  (name, bigEndian) =>
    matrix(
      'cell',
      shape,
      name,
      bigEndian,
      values.flatMap((value) => value('', bigEndian)),
    )

/** An element of no bytes, as MATLAB writes a cell that nothing was put into. */
export const nothing: Value = (_, bigEndian) => element('matrix', [], bigEndian)

/** A struct of one field, which holds a number. */
export const struct: Value = (name, bigEndian) => {
  const fields = [...element('int32', [8], bigEndian), ...element('int8', ascii('field\0\0\0'), bigEndian)]
  return matrix('struct', [1, 1], name, bigEndian, [...fields, ...numbers([1, 1], [1])('', bigEndian)])
}

/** A file of these variables. */
export function matFile(
  variables: Readonly<Record<string, Value>>,
  { bigEndian = false, packed = true, badChecksum = false, text = 'MATLAB 5.0 MAT-file, synthetic' }: MatOptions = {},
): Uint8Array {
  const header = [...ascii(text.padEnd(116)), ...Array<number>(8).fill(0)]
  const mark = [...element('uint16', [0x0100, 0x4d49], bigEndian).slice(4, 8)]
  const body = Object.entries(variables).map(([name, value]) => {
    const bytes = Uint8Array.from(value(name, bigEndian))
    if (!packed) return bytes
    const deflated = [...zlibSync(bytes)]
    const data = badChecksum ? [...deflated.slice(0, -4), 1, 2, 3, 4, 0, 0, 0] : deflated
    return Uint8Array.from([...tag('packed', data.length, bigEndian), ...data])
  })
  return new Uint8Array(Buffer.concat([Uint8Array.from([...header, ...mark]), ...body]))
}

export const ascii = (text: string): number[] => [...new TextEncoder().encode(text)]

/** `flags` are MathWorks' bits: 2 logical, 8 complex. */
function matrix(
  className: ClassName,
  shape: number[],
  name: string,
  bigEndian: boolean,
  data: number[],
  flags = 0,
): number[] {
  const head = [
    ...element('uint32', [CLASSES[className] | (flags << 8), 0], bigEndian),
    ...element('int32', shape, bigEndian),
    ...element('int8', ascii(name), bigEndian),
  ]
  return [...tag('matrix', head.length + data.length, bigEndian), ...head, ...data]
}

const tag = (type: StoredType, length: number, bigEndian: boolean): number[] => [
  ...bytesOf('uint32', TYPES[type][0], bigEndian),
  ...bytesOf('uint32', length, bigEndian),
]

/** Of up to four bytes, data lie in the tag. */
function element(type: StoredType, values: readonly number[], bigEndian: boolean): number[] {
  const [number, width] = TYPES[type]
  const data = values.flatMap((value) => bytesOf(type, value, bigEndian))
  const length = values.length * width
  const isSmall = length > 0 && length <= 4
  const begin = isSmall ? bytesOf('uint32', length * 0x10000 + number, bigEndian) : tag(type, length, bigEndian)
  const size = isSmall ? 4 : Math.ceil(length / 8) * 8
  return [...begin, ...data, ...Array<number>(size - length).fill(0)]
}

function bytesOf(type: StoredType, value: number, bigEndian: boolean): number[] {
  const width = TYPES[type][1]
  const view = new DataView(new ArrayBuffer(width))
  if (type === 'double') view.setFloat64(0, value, true)
  else if (type === 'single') view.setFloat32(0, value, true)
  else for (let i = 0; i < width; i++) view.setUint8(i, Number((BigInt(value) >> BigInt(8 * i)) & 255n))
  const bytes = [...new Uint8Array(view.buffer)]
  return bigEndian ? bytes.reverse() : bytes
}

// Writes MAT-files of version 5 as MATLAB does: deflated variables of numbers, texts and cells, little-endian.
// https://www.mathworks.com/help/pdf_doc/matlab/matfile_format.pdf

import { Zlib } from 'fflate'
import { largestOf, leastOf } from '../signal/extremes.ts'
import { rawBytes } from './elements.ts'

/** Bytes whose number is known before they are made. */
interface Bytes {
  length: number
  pieces: () => Iterable<Uint8Array>
}

/** What a variable or a cell holds; in a cell it has no name. */
export type MatValue = (name: string) => Bytes

/** Types of elements by MathWorks' names: their numbers, and how a value is stored. */
const TYPES = {
  int8: { number: 1, store: (values: readonly number[]) => Int8Array.from(values) },
  uint8: { number: 2, store: (values: readonly number[]) => Uint8Array.from(values) },
  int16: { number: 3, store: (values: readonly number[]) => Int16Array.from(values) },
  uint16: { number: 4, store: (values: readonly number[]) => Uint16Array.from(values) },
  int32: { number: 5, store: (values: readonly number[]) => Int32Array.from(values) },
  uint32: { number: 6, store: (values: readonly number[]) => Uint32Array.from(values) },
  double: { number: 9, store: (values: readonly number[]) => Float64Array.from(values) },
} as const
type StoredType = keyof typeof TYPES
const MATRIX = 14
const PACKED = 15
const CLASSES = { cell: 1, char: 4, double: 6 } as const

/** A file's text, before eight bytes that are 0, the version and the mark of the order of bytes. */
const TEXT_BYTES = 116
/** Fast: noise does not become smaller by trying harder. */
const LEVEL = 1

/** Doubles, column-major, that are stored in the smallest type that holds them all. */
export const numbers =
  (shape: readonly number[], values: readonly number[]): MatValue =>
  (name) =>
    matrix('double', shape, name, element(smallestType(values), values))

/** Doubles that are made when they are written, column by column; `columns` must fill the shape. */
export const columnsOf =
  (shape: readonly [number, number], columns: () => Iterable<Float64Array>): MatValue =>
  (name) => {
    const length = 8 * shape[0] * shape[1]
    function* pieces(): Generator<Uint8Array> {
      yield tag(TYPES.double.number, length)
      for (const column of columns()) yield rawBytes(column)
    }
    return matrix('double', shape, name, { length: 8 + length, pieces })
  }

/** One row of text. */
export const text =
  (letters: string): MatValue =>
  (name) => {
    const codes = Array.from(letters, (letter) => letter.charCodeAt(0))
    return matrix('char', [1, codes.length], name, element('uint16', codes))
  }

/** A row of cells. */
export const cells =
  (values: readonly MatValue[]): MatValue =>
  (name) =>
    matrix('cell', [1, values.length], name, joined(values.map((value) => value(''))))

/** The array of no numbers, which stands in a cell that nothing was put into. */
export const empty: MatValue = numbers([0, 0], [])

/** A file of these variables in pieces. @param breathe awaited between pieces of the work */
export async function matFile(
  title: string,
  variables: Readonly<Record<string, MatValue>>,
  breathe: () => Promise<void>,
): Promise<Uint8Array[]> {
  const header = new Uint8Array(TEXT_BYTES + 12)
  header.set(ascii(title.padEnd(TEXT_BYTES)))
  header.set([0x00, 0x01, 0x49, 0x4d], TEXT_BYTES + 8)
  const file: Uint8Array[] = [header]
  for (const [name, value] of Object.entries(variables)) {
    const packed = await deflated(value(name).pieces(), breathe)
    file.push(
      tag(
        PACKED,
        packed.reduce((sum, { length }) => sum + length, 0),
      ),
    )
    for (const piece of packed) file.push(piece)
  }
  return file
}

async function deflated(pieces: Iterable<Uint8Array>, breathe: () => Promise<void>): Promise<Uint8Array[]> {
  const packed: Uint8Array[] = []
  const stream = new Zlib({ level: LEVEL }, (piece) => void packed.push(piece))
  for (const piece of pieces) {
    stream.push(piece)
    await breathe()
  }
  stream.push(new Uint8Array(), true)
  return packed
}

const ascii = (letters: string): Uint8Array => new TextEncoder().encode(letters)

function smallestType(values: readonly number[]): StoredType {
  if (!values.every(Number.isInteger)) return 'double'
  const [least, most] = [leastOf([0, ...values]), largestOf([0, ...values])]
  if (least >= 0 && most < 2 ** 8) return 'uint8'
  if (least >= -(2 ** 15) && most < 2 ** 15) return 'int16'
  return least >= -(2 ** 31) && most < 2 ** 31 ? 'int32' : 'double'
}

function matrix(className: keyof typeof CLASSES, shape: readonly number[], name: string, data: Bytes): Bytes {
  const inside = joined([
    element('uint32', [CLASSES[className], 0]),
    element('int32', shape),
    element('int8', [...ascii(name)]),
    data,
  ])
  return joined([{ length: 8, pieces: () => [tag(MATRIX, inside.length)] }, inside])
}

function joined(parts: readonly Bytes[]): Bytes {
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  function* pieces(): Generator<Uint8Array> {
    for (const part of parts) yield* part.pieces()
  }
  return { length, pieces }
}

const tag = (type: number, length: number): Uint8Array => rawBytes(Uint32Array.of(type, length))

/** Of up to four bytes, data lie in the tag. */
function element(type: StoredType, values: readonly number[]): Bytes {
  const { number, store } = TYPES[type]
  const data = rawBytes(store(values))
  const isSmall = data.length > 0 && data.length <= 4
  const start = isSmall ? 4 : 8
  const bytes = new Uint8Array(start + (isSmall ? 4 : Math.ceil(data.length / 8) * 8))
  bytes.set(isSmall ? rawBytes(Uint16Array.of(number, data.length)) : tag(number, data.length))
  bytes.set(data, start)
  return { length: bytes.length, pieces: () => [bytes] }
}

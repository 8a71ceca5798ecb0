// MATLAB's arrays: numbers, texts, and cells that hold arrays. Values are column-major, as MATLAB and the file have them.
import { elementCount } from './elements.ts'
import type { Elements } from './mat_elements.ts'
import { INT32, type Element } from './mat_elements.ts'

/** What stands in front of an array's values. */
export interface MatHead {
  /** Empty inside a cell. */
  name: string
  /** MATLAB's word for it: double, logical, cell, struct ... */
  className: string
  /** Extents, at least two; none for what has no extents, such as a table. */
  shape: number[]
}

export type MatArray = MatHead & (MatNumbers | MatTexts | MatCells | MatOther)

/** Numbers of any class, and logical values as 0 and 1. */
export interface MatNumbers {
  kind: 'numbers'
  /** Values [from, to) in column-major order, all by default: of a matrix, column j is [j * rows, (j + 1) * rows). */
  values: (from?: number, to?: number) => Float64Array
}

export interface MatTexts {
  kind: 'texts'
  /** A text a row, with the blanks that fill it up. */
  texts: string[]
}

export interface MatCells {
  kind: 'cells'
  /** Column-major. */
  cells: MatArray[]
}

/** A struct, an object, a function, a sparse or complex matrix: it is named, not read. */
export interface MatOther {
  kind: 'other'
}

/** By their numbers in the file. */
const CLASSES =
  '? cell struct object char sparse double single int8 uint8 int16 uint16 int32 uint32 int64 uint64 function opaque'.split(
    ' ',
  )
const COMPLEX = 8
const LOGICAL = 2
/** Extents of an array. */
const MOST_AXES = 32
/** Cells within cells. */
const DEEPEST = 64
/** Bytes of the least element. */
const TAG_BYTES = 8

/** The first three elements of a matrix. @throws FormatError */
export function matHead(elements: Elements): MatHead {
  // A matrix of no bytes at all is MATLAB's [].
  if (elements.left === 0) return { name: '', className: 'double', shape: [0, 0] }
  const flags = elements.next()
  if (elements.count(flags) < 2) throw elements.fail('has a matrix without its class')
  const [word] = elements.numbers(flags, 0, 1)
  const [number, bits] = [word! & 0xff, word! >> 8]
  const className = CLASSES[number]
  if (className === undefined || number === 0) throw elements.fail(`has a matrix of the unknown class ${number}`)
  const shape = className === 'opaque' ? [] : readShape(elements)
  const name = elements.text(elements.next())
  if (bits & COMPLEX) return { name, className: `complex ${className}`, shape }
  return { name, className: bits & LOGICAL ? 'logical' : className, shape }
}

function readShape(elements: Elements): number[] {
  const element = elements.next()
  const rank = elements.count(element)
  const shape = [...elements.numbers(element, 0, Math.min(rank, MOST_AXES))]
  if (element.type !== INT32 || rank < 2 || rank > MOST_AXES || elementCount(shape) === undefined)
    throw elements.fail(`has a matrix of ${rank} extents [${shape.join(', ')}]`)
  return shape
}

/** @throws FormatError where it is damaged */
export function matArray(elements: Elements, depth = 0): MatArray {
  const head = matHead(elements)
  const count = elementCount(head.shape)!
  if (head.className === 'cell') return { ...head, kind: 'cells', cells: readCells(elements, count, depth) }
  if (head.className === 'char') return { ...head, kind: 'texts', texts: readTexts(elements, head.shape, count) }
  if (!/^(double|single|logical|u?int\d+)$/.test(head.className)) return { ...head, kind: 'other' }
  return { ...head, kind: 'numbers', values: readNumbers(elements, head.shape, count) }
}

function readCells(elements: Elements, count: number, depth: number): MatArray[] {
  if (depth === DEEPEST) throw elements.fail('has cells within cells without end')
  if (count > elements.left / TAG_BYTES)
    throw elements.fail(`claims ${count} cells, for which ${elements.left} bytes are left`)
  return Array.from({ length: count }, () => matArray(elements.inside(elements.next()), depth + 1))
}

function readNumbers(elements: Elements, shape: readonly number[], count: number): MatNumbers['values'] {
  if (count === 0) return () => new Float64Array()
  // MATLAB stores whole numbers in as few bytes as they need, whatever their class.
  const data = elements.next()
  if (elements.count(data) < count) throw tooShort(elements, data, shape)
  return (from = 0, to = count) => elements.numbers(data, from, to)
}

function readTexts(elements: Elements, shape: readonly number[], count: number): string[] {
  const rows = shape[0]!
  if (count === 0) return []
  const data = elements.next()
  if (data.end - data.begin < count) throw tooShort(elements, data, shape)
  const text = elements.text(data)
  // Of one row, the characters in the file are those of the text, whichever way its width was counted.
  if (rows === 1) return [text]
  // MATLAB counts units of UTF-16, SciPy whole characters.
  const letters = text.length === count ? text.split('') : [...text]
  if (letters.length !== count) throw tooShort(elements, data, shape)
  return Array.from({ length: rows }, (_, row) =>
    Array.from({ length: count / rows }, (_, column) => letters[row + column * rows]!).join(''),
  )
}

const tooShort = (elements: Elements, { begin, end }: Element, shape: readonly number[]): Error =>
  elements.fail(`has an array of the extents [${shape.join(', ')}] in ${end - begin} bytes`)

// NumPy arrays of a Python pickle: the few names that such a pickle may ask for, and what lies in the arrays.
// The bytes of an array come as a str of Python 2, as text whose characters are the bytes (Python 3 at protocol 2),
// as bytes (protocols 3 and 4) or as a bytearray (protocol 5). A call only notes what was asked for; all checks, and
// the one copy that text needs, are made for an array that is read.

import { FormatError } from '../runtime/errors.ts'
import { elementCount } from './elements.ts'
import { fieldOf } from './npy.ts'
import { Callable, LongText, type PickleNames, Stateful, unpickle } from './pickle.ts'

/** An array whose elements are read one by one, out of the bytes of the file. */
export interface PickledArray {
  shape: readonly number[]
  /** The element at one index per axis, each within its extent. */
  at: (...index: number[]) => number
}

/** `_codecs.encode(text, encoding)`. */
class EncodedText {
  constructor(
    readonly text: unknown,
    readonly encoding: unknown,
  ) {}
}

/** `numpy.dtype(name, align, copy)`; its state says the order of bytes. */
class TypeRecord extends Stateful {
  constructor(readonly name: unknown) {
    super()
  }
}

/** An array; its state is (version, shape, type, whether in Fortran order, bytes). */
class ArrayRecord extends Stateful {}

const CLASS_OF_ARRAYS = Symbol('numpy.ndarray')

/** The first value of an array's state. */
const STATE_VERSION = 1

const reconstruct = new Callable(([type]) => (type === CLASS_OF_ARRAYS ? new ArrayRecord() : undefined))
const fromBuffer = new Callable(([bytes, type, shape, order]) => {
  const fortran = order === 'F' ? true : order === 'C' ? false : undefined
  return new ArrayRecord([STATE_VERSION, shape, type, fortran, bytes])
})

const allowedGlobals = new Map<string, unknown>([
  ['numpy.ndarray', CLASS_OF_ARRAYS],
  ['numpy.dtype', new Callable(([name]) => new TypeRecord(name))],
  ['_codecs.encode', new Callable(([text, encoding]) => new EncodedText(text, encoding))],
  ...['numpy.core', 'numpy._core'].flatMap((numpy) => [
    [`${numpy}.multiarray._reconstruct`, reconstruct] as const,
    [`${numpy}.numeric._frombuffer`, fromBuffer] as const,
  ]),
])

/** Up to 255 bytes, of which a str of Python 2 may be a name, become text, one character a byte. */
const LONGEST_NAME = 255

class NumpyNames implements PickleNames {
  constructor(private readonly source: string) {}

  global(name: string): unknown {
    if (!allowedGlobals.has(name))
      throw new FormatError(`${this.source}: the pickle asks for ${name}; only NumPy arrays are read. Nothing was run.`)
    return allowedGlobals.get(name)
  }

  persistent(): never {
    throw new FormatError(`${this.source}: the pickle refers to something outside it; only NumPy arrays are read`)
  }

  string(bytes: Uint8Array): string | Uint8Array {
    return bytes.length > LONGEST_NAME ? bytes : String.fromCharCode(...bytes)
  }
}

/**
 * Reads a pickled dictionary of NumPy arrays, as Python 2 or 3 writes it at protocols 2 to 5; of it the arrays `names`.
 * Nothing in the file is run. The arrays keep `bytes`.
 * @throws FormatError for a pickle that names anything else, holds no such arrays, or is cut off
 */
export function parsePickledArrays<Name extends string>(
  bytes: Uint8Array,
  names: readonly Name[],
  source: string,
): Record<Name, PickledArray> {
  const { value } = unpickle(bytes, source, new NumpyNames(source))
  const wanted = names.map((name) => `'${name}'`).join(' and ')
  if (!(value instanceof Map))
    throw new FormatError(`${source}: the pickle holds no dictionary; expected one of ${wanted}`)
  const arrays = names.map((name) => {
    if (!value.has(name)) throw new FormatError(`${source}: the pickle holds no '${name}'; expected ${wanted}`)
    return [name, arrayOf(value.get(name), `${source}: '${name}'`)] as const
  })
  return Object.fromEntries(arrays) as Record<Name, PickledArray>
}

/** `label` is what messages begin with. */
function arrayOf(value: unknown, label: string): PickledArray {
  if (!(value instanceof ArrayRecord)) throw new FormatError(`${label} is no NumPy array`)
  const state: unknown[] = Array.isArray(value.state) ? value.state : []
  const [version, extents, type, order, content] = state
  const count = elementCount(extents)
  const fortran = order === true || order === 1
  if (
    version !== STATE_VERSION ||
    state.length !== 5 ||
    count === undefined ||
    !(fortran || order === false || order === 0)
  )
    throw new FormatError(`${label} is no NumPy array with a shape, a type and an order`)
  const shape = extents as number[]
  const name = typeName(type, label)
  const field = fieldOf(name, label)
  if (field.text !== undefined || field.time !== undefined)
    throw new FormatError(`${label} is of the NumPy type '${name}'; expected numbers`)
  const data = bytesOf(content, label)
  if (data.length !== count * field.bytes)
    throw new FormatError(
      `${label} of shape [${shape.join(', ')}] and type '${name}' needs ${count * field.bytes} bytes, but has ${data.length}`,
    )
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  const strides = stridesOf(shape, fortran).map((stride) => stride * field.bytes)
  return {
    shape,
    at: (...index) =>
      field.read(
        view,
        index.reduce((sum, i, axis) => sum + i * strides[axis]!, 0),
      ),
  }
}

/** As the header of an .npy file has it: `<f8`. A type without a state is in the machine's own order, which is little-endian. */
function typeName(type: unknown, label: string): string {
  if (!(type instanceof TypeRecord) || typeof type.name !== 'string')
    throw new FormatError(`${label} is a NumPy array without a type of its elements`)
  if (type.state === undefined) return `<${type.name}`
  const state: unknown[] = Array.isArray(type.state) ? type.state : []
  const [, order, subarray, names, fields] = state
  if (typeof order !== 'string' || !['<', '>', '=', '|'].includes(order))
    throw new FormatError(`${label} is of the NumPy type '${type.name}' with no order of bytes`)
  if (subarray !== null || names !== null || fields !== null)
    throw new FormatError(`${label} is a NumPy array of nested types; expected numbers`)
  return order + type.name
}

function bytesOf(content: unknown, label: string): Uint8Array {
  if (content instanceof Uint8Array) return content
  const encoded = content instanceof EncodedText && content.encoding === 'latin1'
  const text = encoded ? content.text : content
  if (text instanceof LongText) return latin1Of(text.utf8, label)
  if (typeof text !== 'string') throw new FormatError(`${label} is a NumPy array whose elements are no bytes`)
  return latin1Of(new TextEncoder().encode(text), label)
}

/** A byte for each character of a text in UTF-8, of which one takes two bytes above 127. */
function latin1Of(utf8: Uint8Array, label: string): Uint8Array {
  let characters = 0
  for (let i = 0; i < utf8.length; i++) if (!continues(utf8[i]!)) characters++
  const bytes = new Uint8Array(characters)
  let at = 0
  for (let i = 0; i < characters; i++) {
    const first = utf8[at]!
    if (first < 0x80) {
      bytes[i] = first
      at++
    } else if ((first === 0xc2 || first === 0xc3) && at + 1 < utf8.length && continues(utf8[at + 1]!)) {
      bytes[i] = (first << 6) | (utf8[at + 1]! & 0x3f)
      at += 2
    } else throw new FormatError(`${label} has a character at byte ${at} of its text that is no byte of an array`)
  }
  if (at < utf8.length) throw new FormatError(`${label} has a text that is no UTF-8 at byte ${at}`)
  return bytes
}

/** Bytes of a character after its first. */
const continues = (byte: number): boolean => (byte & 0xc0) === 0x80

/** Elements from one index to the next along each axis. */
function stridesOf(shape: readonly number[], fortran: boolean): number[] {
  const product = (extents: readonly number[]): number => extents.reduce((all, extent) => all * extent, 1)
  return shape.map((_, axis) => product(fortran ? shape.slice(0, axis) : shape.slice(axis + 1)))
}

// NumPy's .npz: a zip of .npy files, one an array, named by its key. numpy.load reads it.
// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html (version 1.0)

import { zipSync } from 'fflate'
import { ShapeError } from '../runtime/errors.ts'
import { elementCount, rawBytes } from './elements.ts'
import type { TypedArray } from './elements.ts'

const MAGIC = [0x93, ...new TextEncoder().encode('NUMPY'), 1, 0]
/** The data begin at a multiple of this. */
const ALIGNMENT = 64
/** The earliest time that zip knows, so that equal arrays give equal bytes; it is local time, as zip's is. */
const NO_TIME = new Date(1980, 0, 1)

/** Row-major values, numbers or texts; without `shape` a vector, with `[]` a scalar. */
export interface NumpyArray {
  data: TypedArray | readonly string[]
  shape?: readonly number[]
}

/** One array as an .npy file. @throws ShapeError when the shape has not as many elements as the data */
export function formatNpy({ data, shape = [data.length] }: NumpyArray): Uint8Array {
  if (elementCount([...shape]) !== data.length) {
    throw new ShapeError(`npy: ${data.length} values do not fill the shape [${shape.join(', ')}]`)
  }
  const extents = shape.length === 1 ? `${shape[0]},` : shape.join(', ')
  const elements = isTexts(data) ? codePoints(data) : data
  const descr = isTexts(data) ? `<U${data.length > 0 ? elements.length / data.length : 1}` : descriptor(data)
  const header = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${extents}), }`
  const fixed = MAGIC.length + 2
  const start = Math.ceil((fixed + header.length + 1) / ALIGNMENT) * ALIGNMENT
  const bytes = new Uint8Array(start + elements.byteLength)
  bytes.set(MAGIC)
  new DataView(bytes.buffer).setUint16(MAGIC.length, start - fixed, true)
  bytes.set(new TextEncoder().encode(`${header.padEnd(start - fixed - 1)}\n`), fixed)
  bytes.set(rawBytes(elements), start)
  return bytes
}

/** Named arrays as one compressed .npz file. @throws ShapeError as formatNpy */
export function formatNpz(arrays: Readonly<Record<string, NumpyArray>>): Uint8Array<ArrayBuffer> {
  const files = Object.entries(arrays).map(([name, array]) => [`${name}.npy`, formatNpy(array)] as const)
  return zipSync(Object.fromEntries(files), { mtime: NO_TIME })
}

const isTexts = (data: NumpyArray['data']): data is readonly string[] => Array.isArray(data)

/** Texts as NumPy's `<U`: all as long as the longest, in code points of 32 bits, filled up with zeros. */
function codePoints(texts: readonly string[]): Uint32Array {
  const points = texts.map((text) => Array.from(text, (letter) => letter.codePointAt(0)!))
  const width = points.reduce((most, { length }) => Math.max(most, length), 1)
  const out = new Uint32Array(texts.length * width)
  points.forEach((own, i) => out.set(own, i * width))
  return out
}

function descriptor(data: TypedArray): string {
  const name = data.constructor.name
  const kind = name.startsWith('Float') ? 'f' : /^(Big)?Uint/.test(name) ? 'u' : 'i'
  return `${data.BYTES_PER_ELEMENT === 1 ? '|' : '<'}${kind}${data.BYTES_PER_ELEMENT}`
}

// MATLAB's MAT-files of version 5 (`save -v6` and `-v7`): a header of 128 bytes, then a variable an element, each deflated or not.
// https://www.mathworks.com/help/pdf_doc/matlab/matfile_format.pdf
import { FormatError } from '../runtime/errors.ts'
import type { ByteSource } from './byte_source.ts'
import { BEST_RATIO, inflateFirst } from './inflate.ts'
import { HEAD_BYTES, kindOf } from './magic.ts'
import { matArray, matHead, type MatArray, type MatHead } from './mat_array.ts'
import { type Element, Elements, MATRIX, PACKED } from './mat_elements.ts'

export interface MatFile {
  /** What the program that wrote it says of itself, without the blanks at its end. */
  text: string
  /** By name. */
  variables: ReadonlyMap<string, MatVariable>
}

/** A variable whose values still lie in the file. */
export interface MatVariable extends MatHead {
  /** All of it, unpacked. @throws FormatError where it is damaged */
  read: () => Promise<MatArray>
}

const HEADER_BYTES = 128
const TEXT_BYTES = 116
const VERSION_5 = 1
const VERSION_7_3 = 2
/** Enough for the flags, the extents and the name of most variables. */
const FIRST_BYTES = 512
/** Deflated bytes that unpack to as many: a block that deflate only stores is unpacked when all its 64 KB are there. */
const FIRST_PACKED = 1 << 17
/** Of one variable, unpacked: MATLAB writes no larger ones in this version. */
const LARGEST = 2 ** 31

/** What stands in front of every value: its variables, of which none is unpacked yet. @throws FormatError */
export async function openMat(source: ByteSource): Promise<MatFile> {
  const header = await readHeader(source)
  const variables = new Map<string, MatVariable>()
  for (let at = HEADER_BYTES; at < source.size;) {
    const tag = await readTag(source, at, header.little)
    if (tag === undefined) break
    const variable = await readVariable(source, tag, header.little)
    if (variables.has(variable.name))
      throw new FormatError(`${source.name}: two variables are called '${variable.name}'; save one of them`)
    variables.set(variable.name, variable)
    at = tag.end
  }
  return { text: header.text, variables }
}

async function readHeader(source: ByteSource): Promise<{ text: string; little: boolean }> {
  const head = await source.read(0, Math.min(source.size, HEAD_BYTES))
  const text = latin1(head.subarray(0, TEXT_BYTES)).replace(/[\0 ]+$/, '')
  const mark = latin1(head.subarray(HEADER_BYTES - 2, HEADER_BYTES))
  const little = mark === 'IM'
  const known = little || mark === 'MI'
  const version = known ? new DataView(head.buffer, head.byteOffset).getUint16(HEADER_BYTES - 4, little) >> 8 : 0
  if (text.startsWith('MATLAB 7.3') || version === VERSION_7_3 || kindOf(head) === 'hdf5')
    throw new FormatError(`${source.name} is a MATLAB 7.3 (HDF5) file; re-save it in MATLAB with save(…, '-v7').`)
  if (head.length < HEADER_BYTES && text.startsWith('MATLAB 5.0'))
    throw cutOff(source, `the header needs ${HEADER_BYTES} bytes, but the file ends at byte ${head.length}`)
  if (version !== VERSION_5)
    throw new FormatError(
      `${source.name}: no MATLAB file of version 5 to 7.2; one has the letters 'IM' or 'MI' at byte ${HEADER_BYTES - 2}`,
    )
  return { text, little }
}

/** Undefined where nothing but zeros is left, too few for a tag. */
async function readTag(source: ByteSource, at: number, little: boolean): Promise<Element | undefined> {
  const bytes = await source.read(at, Math.min(source.size, at + 8))
  if (bytes.length < 8) {
    if (bytes.every((byte) => byte === 0)) return undefined
    throw cutOff(source, `the tag of the element at byte ${at} has ${bytes.length} of 8 bytes`)
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  const [type, length] = [view.getUint32(0, little), view.getUint32(4, little)]
  if (type !== PACKED && type !== MATRIX)
    throw new FormatError(
      `${source.name}: an element of type ${type} at byte ${at}, where a variable should be; the file is damaged`,
    )
  if (length > source.size - at - 8)
    throw cutOff(source, `the element at byte ${at} claims ${length} bytes, but ${source.size - at - 8} are left`)
  return { type, begin: at + 8, end: at + 8 + length }
}

async function readVariable(source: ByteSource, { type, begin, end }: Element, little: boolean): Promise<MatVariable> {
  const where = `${source.name}: the variable at byte ${begin - 8}`
  const head = (first: Uint8Array): MatHead => matHead(new Elements(first, where, little))
  if (type === MATRIX) {
    const first = await source.read(begin, Math.min(end, begin + FIRST_BYTES))
    const read = async (): Promise<MatArray> => matArray(new Elements(await source.read(begin, end), where, little))
    return { ...head(first), read }
  }
  // Two bytes of zlib's header; its checksum at the end is not looked at, since some files have a wrong one.
  const packed = (to: number): Promise<Uint8Array> => source.read(begin + 2, Math.max(begin + 2, Math.min(end, to)))
  const first = inflateFirst(await packed(begin + FIRST_PACKED), FIRST_BYTES, where)
  const size = unpackedSize(first, end - begin, where, little)
  const read = async (): Promise<MatArray> => {
    const bytes = inflateFirst(await packed(end), 8 + size, where)
    if (bytes.length < 8 + size)
      throw new FormatError(`${where} unpacks to ${bytes.length} bytes, expected ${8 + size}; the file is damaged`)
    return matArray(new Elements(bytes.subarray(8), where, little))
  }
  return { ...head(first.subarray(8, 8 + size)), read }
}

/** Bytes of the one matrix in a deflated element. */
function unpackedSize(first: Uint8Array, packed: number, where: string, little: boolean): number {
  const view = new DataView(first.buffer, first.byteOffset, first.length)
  if (first.length < 8 || view.getUint32(0, little) !== MATRIX)
    throw new FormatError(`${where} does not unpack to a matrix; the file is damaged`)
  const size = view.getUint32(4, little)
  if (size > Math.min(LARGEST, packed * BEST_RATIO))
    throw new FormatError(
      `${where} claims ${size} bytes from ${packed} packed ones, which is not possible; the file is damaged`,
    )
  return size
}

const cutOff = (source: ByteSource, what: string): FormatError =>
  new FormatError(`${source.name}: ${what}; the file was cut off`)

const latin1 = (bytes: Uint8Array): string => new TextDecoder('latin1').decode(bytes)

// safetensors: u64 little-endian header length, JSON header {name: {dtype, shape, data_offsets}}, raw data.
// https://github.com/huggingface/safetensors (format section of its README)

import { FormatError, ShapeError } from '../runtime/errors.ts'
import type { ByteSource } from './byte_source.ts'
import { decodeElements, elementBytes, elementCount, isCount, isElementType, rawBytes } from './elements.ts'
import type { ElementType, TypedArray } from './elements.ts'

/** One tensor of a file. */
export interface SafeTensor {
  /** Element type in the file; F16 and BF16 arrive widened to a Float32Array, BOOL as a Uint8Array of 0 and 1. */
  dtype: ElementType
  /** Row-major extents; empty for a scalar. */
  shape: number[]
  data: TypedArray
}

/** A file's tensors by name, and its text fields. */
export interface Safetensors {
  tensors: Map<string, SafeTensor>
  metadata: Record<string, string>
}

interface Entry {
  name: string
  dtype: ElementType
  shape: number[]
  begin: number
  end: number
}

/**
 * Reads a safetensors file. The whole header is checked against the file before any tensor is allocated: every range
 * fits its shape, and the ranges cover the data exactly, without gap or overlap.
 * @throws FormatError naming the file and the tensor.
 */
export function parseSafetensors(bytes: Uint8Array, source: string): Safetensors {
  const { header, dataStart } = readHeader(bytes, source)
  const { __metadata__: metadata, ...rest } = header
  const dataLength = bytes.length - dataStart
  const entries = Object.entries(rest).map(([name, value]) => checkEntry(name, value, dataLength, source))
  checkCoverage(entries, dataLength, source)
  const tensors = new Map<string, SafeTensor>()
  for (const { name, dtype, shape, begin, end } of entries) {
    const data = decodeElements(dtype, bytes.subarray(dataStart + begin, dataStart + end))
    tensors.set(name, { dtype, shape, data })
  }
  return { tensors, metadata: checkMetadata(metadata, source) }
}

/** A tensor to write: its values, whole or in pieces that follow each other. */
export interface WritableTensor {
  shape: readonly number[]
  data: TypedArray | readonly TypedArray[]
}

/**
 * A file of tensors with the element type of their arrays, so what was read from F16 or BF16 is written as F32 and BOOL
 * as U8. Larger elements come first, which aligns every tensor to its own element size.
 * @throws ShapeError when an array does not have as many elements as its shape.
 */
export function serializeSafetensors(
  tensors: ReadonlyMap<string, WritableTensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const pieces = [...safetensorsPieces(tensors, metadata)]
  const bytes = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const piece of pieces) {
    bytes.set(piece, at)
    at += piece.length
  }
  return bytes
}

/** The same file in pieces, of which the values are views of the arrays. @throws ShapeError as above, before the first */
export function safetensorsPieces(
  tensors: ReadonlyMap<string, WritableTensor>,
  metadata: Readonly<Record<string, string>> = {},
): Iterable<Uint8Array> {
  const ordered = [...tensors]
    .map(([name, { shape, data }]) => ({ name, shape, pieces: isPieces(data) ? data : [data] }))
    .sort((a, b) => bytesOfElement(b.pieces) - bytesOfElement(a.pieces))
  const header: [string, unknown][] = Object.keys(metadata).length > 0 ? [['__metadata__', metadata]] : []
  let end = 0
  for (const { name, shape, pieces } of ordered) {
    const elements = pieces.reduce((sum, { length }) => sum + length, 0)
    if (name === '__metadata__' || elementCount(shape) !== elements) {
      throw new ShapeError(`tensor '${name}' has ${elements} elements, expected shape [${shape.join(', ')}]`)
    }
    const begin = end
    end += elements * bytesOfElement(pieces)
    header.push([name, { dtype: dtypeOf(pieces[0] ?? new Float32Array()), shape, data_offsets: [begin, end] }])
  }
  return [headerBytes(Object.fromEntries(header)), ...ordered.flatMap(({ pieces }) => pieces.map(rawBytes))]
}

const isPieces = (data: WritableTensor['data']): data is readonly TypedArray[] => Array.isArray(data)

const bytesOfElement = ([first]: readonly TypedArray[]): number => first?.BYTES_PER_ELEMENT ?? 4

/** The header's length, and the header, filled up to whole 8 bytes with blanks. */
function headerBytes(header: object): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify(header))
  const bytes = new Uint8Array(8 + Math.ceil(json.length / 8) * 8).fill(0x20, 8)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(bytes.length - 8), true)
  bytes.set(json, 8)
  return bytes
}

/** The texts of a file, without its tensors. @throws FormatError when they cannot be read */
export async function readMetadata(source: ByteSource): Promise<Record<string, string>> {
  const { buffer, byteOffset, length } = await source.read(0, 8)
  const header = length < 8 ? 0n : new DataView(buffer, byteOffset).getBigUint64(0, true)
  const bytes = await source.read(0, Math.min(8 + Number(header), source.size))
  return checkMetadata(readHeader(bytes, source.name).header['__metadata__'], source.name)
}

function readHeader(bytes: Uint8Array, source: string): { header: Record<string, unknown>; dataStart: number } {
  if (bytes.length < 8) {
    throw new FormatError(`${source}: ${bytes.length} bytes, expected a safetensors file (at least 8 bytes)`)
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const length = view.getBigUint64(0, true)
  if (length > BigInt(bytes.length - 8)) {
    throw new FormatError(
      `${source}: header of ${length} bytes, but the file goes on for only ${bytes.length - 8}; ` +
        'it is truncated or not a safetensors file',
    )
  }
  const dataStart = 8 + Number(length)
  const header = parseJson(bytes.subarray(8, dataStart), source)
  if (!isRecord(header)) throw new FormatError(`${source}: the header is not a JSON object`)
  return { header, dataStart }
}

function parseJson(bytes: Uint8Array, source: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (error) {
    throw new FormatError(`${source}: the header is not JSON (${(error as Error).message})`)
  }
}

function checkEntry(name: string, value: unknown, dataLength: number, source: string): Entry {
  const fail = (what: string) => new FormatError(`${source}: tensor '${name}' ${what}`)
  if (!isRecord(value)) throw fail('has no description {dtype, shape, data_offsets}')
  const { dtype, shape, data_offsets: offsets } = value
  if (!isElementType(dtype)) throw fail(`has dtype ${JSON.stringify(dtype)}, which is not one of safetensors' that fit`)
  const count = elementCount(shape)
  if (count === undefined) throw fail(`has shape ${JSON.stringify(shape)}, expected whole numbers`)
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount)) {
    throw fail(`has data_offsets ${JSON.stringify(offsets)}, expected [begin, end]`)
  }
  const [begin, end] = offsets as [number, number]
  if (begin > end || end > dataLength) {
    throw fail(`lies at [${begin}, ${end}] of ${dataLength} data bytes; the file is truncated or its header is wrong`)
  }
  const expected = count * elementBytes(dtype)
  if (end - begin !== expected) {
    throw fail(`has ${end - begin} bytes, expected ${expected} for ${dtype} ${JSON.stringify(shape)}`)
  }
  return { name, dtype, shape: shape as number[], begin, end }
}

function checkCoverage(entries: readonly Entry[], dataLength: number, source: string): void {
  let covered = 0
  let previous = ''
  for (const { name, begin, end } of [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin < covered) throw new FormatError(`${source}: tensors '${previous}' and '${name}' overlap`)
    if (begin > covered) throw new FormatError(`${source}: bytes ${covered} to ${begin} before '${name}' have no owner`)
    covered = end
    previous = name
  }
  if (covered !== dataLength) {
    throw new FormatError(`${source}: ${dataLength - covered} bytes after the last tensor have no owner`)
  }
}

function checkMetadata(metadata: unknown, source: string): Record<string, string> {
  if (metadata === undefined) return {}
  if (!isRecord(metadata) || Object.values(metadata).some((value) => typeof value !== 'string')) {
    throw new FormatError(`${source}: __metadata__ must map names to text`)
  }
  return metadata as Record<string, string>
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function dtypeOf(data: TypedArray): ElementType {
  if (data instanceof Float32Array) return 'F32'
  if (data instanceof Float64Array) return 'F64'
  if (data instanceof BigInt64Array) return 'I64'
  if (data instanceof BigUint64Array) return 'U64'
  const sign = data instanceof Int32Array || data instanceof Int16Array || data instanceof Int8Array ? 'I' : 'U'
  return `${sign}${(8 * data.BYTES_PER_ELEMENT) as 8 | 16 | 32}`
}

// safetensors: u64 little-endian header length, JSON header {name: {dtype, shape, data_offsets}}, raw data.
// https://github.com/huggingface/safetensors (format section of its README)

import { FormatError, ShapeError } from '../runtime/errors.ts'
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

/**
 * Writes tensors with the element type of their arrays, so what was read from F16 or BF16 is written as F32 and BOOL
 * as U8. Larger elements come first, which aligns every tensor to its own element size.
 * @throws ShapeError when an array does not have as many elements as its shape.
 */
export function serializeSafetensors(
  tensors: ReadonlyMap<string, { shape: readonly number[]; data: TypedArray }>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const ordered = [...tensors].sort(([, a], [, b]) => b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT)
  const header: [string, unknown][] = Object.keys(metadata).length > 0 ? [['__metadata__', metadata]] : []
  let end = 0
  for (const [name, { shape, data }] of ordered) {
    if (name === '__metadata__' || elementCount(shape) !== data.length) {
      throw new ShapeError(`tensor '${name}' has ${data.length} elements, expected shape [${shape.join(', ')}]`)
    }
    const begin = end
    end += data.byteLength
    header.push([name, { dtype: dtypeOf(data), shape, data_offsets: [begin, end] }])
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)))
  const dataStart = 8 + Math.ceil(json.length / 8) * 8
  const bytes = new Uint8Array(dataStart + end).fill(0x20, 8, dataStart)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(dataStart - 8), true)
  bytes.set(json, 8)
  let at = dataStart
  for (const [, { data }] of ordered) {
    bytes.set(rawBytes(data), at)
    at += data.byteLength
  }
  return bytes
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

// Element types of tensor files, and their raw little-endian bytes as typed arrays.
// Typed arrays use the byte order of the machine; every platform that WebGPU exists on is little-endian.

/** Arrays that tensors of a file come as. */
export type TypedArray =
  | Float64Array
  | Float32Array
  | BigInt64Array
  | BigUint64Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array

/** Element types by their safetensors names. */
export type ElementType =
  'F64' | 'F32' | 'F16' | 'BF16' | 'I64' | 'U64' | 'I32' | 'U32' | 'I16' | 'U16' | 'I8' | 'U8' | 'BOOL'

interface Element {
  bytes: number
  /** Own copy of raw bytes whose length is a multiple of `bytes`. */
  decode(raw: Uint8Array): TypedArray
}

const copyOf = (raw: Uint8Array): ArrayBuffer => new Uint8Array(raw).buffer

const elements: Record<ElementType, Element> = {
  F64: { bytes: 8, decode: (raw) => new Float64Array(copyOf(raw)) },
  F32: { bytes: 4, decode: (raw) => new Float32Array(copyOf(raw)) },
  F16: { bytes: 2, decode: (raw) => Float32Array.from(new Uint16Array(copyOf(raw)), halfToFloat) },
  BF16: { bytes: 2, decode: decodeBfloat16 },
  I64: { bytes: 8, decode: (raw) => new BigInt64Array(copyOf(raw)) },
  U64: { bytes: 8, decode: (raw) => new BigUint64Array(copyOf(raw)) },
  I32: { bytes: 4, decode: (raw) => new Int32Array(copyOf(raw)) },
  U32: { bytes: 4, decode: (raw) => new Uint32Array(copyOf(raw)) },
  I16: { bytes: 2, decode: (raw) => new Int16Array(copyOf(raw)) },
  U16: { bytes: 2, decode: (raw) => new Uint16Array(copyOf(raw)) },
  I8: { bytes: 1, decode: (raw) => new Int8Array(copyOf(raw)) },
  U8: { bytes: 1, decode: (raw) => new Uint8Array(copyOf(raw)) },
  BOOL: { bytes: 1, decode: (raw) => new Uint8Array(copyOf(raw)) },
}

export const isElementType = (name: unknown): name is ElementType =>
  typeof name === 'string' && Object.hasOwn(elements, name)

/** Bytes of one stored element. */
export const elementBytes = (type: ElementType): number => elements[type].bytes

/** Values of raw bytes, copied. F16 and BF16 widen exactly to a Float32Array; BOOL is 0 or 1 in a Uint8Array. */
export const decodeElements = (type: ElementType, raw: Uint8Array): TypedArray => elements[type].decode(raw)

/** Bytes of an array's values (a view, not a copy). */
export const rawBytes = (data: TypedArray): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength)

/** As in PyTorch. */
const MAX_RANK = 64

/** Number of elements of a shape, or undefined if it is not a list of whole numbers >= 0 with a safe product. */
export function elementCount(shape: unknown): number | undefined {
  if (!Array.isArray(shape) || shape.length > MAX_RANK) return undefined
  let count = 1
  for (const extent of shape as unknown[]) {
    if (!isCount(extent)) return undefined
    count *= extent
    if (!Number.isSafeInteger(count)) return undefined
  }
  return count
}

/** A whole number >= 0 that float64 holds exactly. */
export const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0

/** IEEE 754 binary16 bits to their value; exact. */
export function halfToFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 31
  const fraction = bits & 1023
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 31) return fraction ? NaN : sign * Infinity
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

/** bfloat16 is the upper half of a float32. */
function decodeBfloat16(raw: Uint8Array): Float32Array {
  const bits = Uint32Array.from(new Uint16Array(copyOf(raw)), (half) => half << 16)
  return new Float32Array(bits.buffer)
}

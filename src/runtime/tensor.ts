import { nameOf } from './arguments.ts'
import { DeviceError, ShapeError } from './errors.ts'
import { checkShape, formatShape, innerOf, padTo4, rowsOf, sizeOf, type Shape } from './shape.ts'

/** Element types of tensors. */
export type DType = 'f32' | 'u32' | 'i32'
/** A tensor's values on the host, by its dtype. */
export type HostArray = Float32Array | Uint32Array | Int32Array

/** Storage bindings start at multiples of this many bytes (the WebGPU default limit). */
export const STORAGE_ALIGN = 256

/** Where bytes live. A plan's transient storage has no buffer until the plan is compiled, and may grow until then. */
export class Storage {
  buffer: GPUBuffer | null = null
  /** Whether what was written stays: memory of a plan that is no output is written again by others of its tensors. */
  kept: boolean
  constructor(
    public bytes: number,
    readonly kind: 'persistent' | 'transient',
  ) {
    this.kept = kind === 'persistent'
  }

  /** Adds room for a tensor of its own place at the end, so that one kernel can read many tensors through one binding. */
  append(shape: Shape, dtype: DType, label: string): Tensor {
    if (this.buffer) throw new DeviceError(`${label} comes too late: its memory is assigned already`)
    const tensor = new Tensor(this, shape, dtype, label, Math.ceil(this.bytes / STORAGE_ALIGN) * STORAGE_ALIGN)
    this.bytes = tensor.byteOffset + tensor.byteLength
    return tensor
  }
}

/**
 * A shape, a dtype and a place. The innermost extent is padded to a multiple of 4 elements (`rowStride`) and the padding is
 * zero: every kernel writes whole vec4s and may rely on reading zeros there.
 */
export class Tensor {
  readonly rowStride: number
  constructor(
    readonly storage: Storage,
    readonly shape: Shape,
    readonly dtype: DType,
    readonly label: string,
    readonly byteOffset = 0,
  ) {
    checkShape(shape, label)
    if (!(dtype in arrayOf)) throw new ShapeError(`${label}: dtype is ${String(dtype)}, expected f32, u32 or i32`)
    this.rowStride = padTo4(innerOf(shape))
  }

  /** Number of logical elements, without padding. */
  get size(): number {
    return sizeOf(this.shape)
  }

  /** Product of all extents but the innermost. */
  get rows(): number {
    return rowsOf(this.shape)
  }

  /** Bytes in memory, with padding. */
  get byteLength(): number {
    return this.rows * this.rowStride * 4
  }

  get buffer(): GPUBuffer {
    if (!this.storage.buffer)
      throw new DeviceError(`tensor ${this.label} has no memory: its plan is not compiled, or no dispatch uses it`)
    return this.storage.buffer
  }

  /** The same bytes under another shape; rows must keep their stride. */
  reshape(shape: Shape, label = this.label): Tensor {
    const keepsRows = innerOf(shape) === innerOf(this.shape)
    const dense = innerOf(shape) % 4 === 0 && innerOf(this.shape) % 4 === 0
    if (sizeOf(shape) !== this.size || !(keepsRows || dense)) {
      throw new ShapeError(`${this.label}: cannot view ${formatShape(this.shape)} as ${formatShape(shape)}`)
    }
    return new Tensor(this.storage, shape, this.dtype, label, this.byteOffset)
  }

  /** A tensor within this one's bytes, `from` bytes behind their beginning. @throws ShapeError where it ends beyond them */
  part(shape: Shape, from: number, label = this.label): Tensor {
    if (from + bytesOf(shape) > this.byteLength)
      throw new ShapeError(
        `${this.label}: ${formatShape(shape)} from byte ${from} on ends beyond its ${this.byteLength}`,
      )
    return new Tensor(this.storage, shape, this.dtype, label, this.byteOffset + from)
  }
}

/** @throws ShapeError for what is no tensor, such as a buffer */
export function requireTensor(where: string, tensor: unknown): asserts tensor is Tensor {
  if (typeof tensor === 'object' && tensor !== null && 'storage' in tensor) return
  throw new ShapeError(
    `${where} is ${nameOf(tensor)}, expected a Tensor; gpu.wrap(buffer, shape) makes one of a GPUBuffer`,
  )
}

/** Bytes that a tensor of this shape takes, rows padded. */
export const bytesOf = (shape: Shape): number => rowsOf(shape) * padTo4(innerOf(shape)) * 4

const arrayOf = { f32: Float32Array, u32: Uint32Array, i32: Int32Array } as const

/** What a dtype holds: a typed array would take anything and make another number of it. */
const RANGES = {
  f32: {
    holds: (value: number) => !Number.isFinite(value) || Number.isFinite(Math.fround(value)),
    what: 'a number of 32 bits',
  },
  u32: { holds: (value: number) => value >>> 0 === value, what: 'an integer from 0 to 4294967295' },
  i32: { holds: (value: number) => (value | 0) === value, what: 'an integer of 32 bits' },
} as const

function refuse({ label, dtype }: Tensor, data: ArrayLike<unknown>, at: number, what: string): never {
  const found = typeof data[at] === 'number' ? data[at] : nameOf(data[at])
  throw new ShapeError(`${label}: value ${at} is ${found}, expected ${what} for ${dtype}`)
}

function checkSize(tensor: Tensor, data: ArrayLike<number>): void {
  const { length } = Object(data) as Partial<ArrayLike<number>>
  const isList = typeof length === 'number' && typeof data === 'object'
  if (isList && length === tensor.size) return
  const got = isList ? `${length} values` : nameOf(data)
  throw new ShapeError(
    `${tensor.label}: got ${got}, expected ${tensor.size} numbers for shape ${formatShape(tensor.shape)}`,
  )
}

function checkValues(tensor: Tensor, data: ArrayLike<unknown>): void {
  if (data instanceof arrayOf[tensor.dtype]) return
  const { holds, what } = RANGES[tensor.dtype]
  for (let i = 0; i < data.length; i++) {
    const value = data[i]
    if (typeof value !== 'number' || !holds(value)) refuse(tensor, data, i, what)
  }
}

/** @throws ShapeError for another size, or at the first value that is NaN or infinite, of which no kernel would make anything else */
export function checkFinite(tensor: Tensor, data: ArrayLike<number>): void {
  checkSize(tensor, data)
  for (let i = 0; i < data.length; i++) if (data[i]! - data[i]! !== 0) refuse(tensor, data, i, 'a finite number')
}

/**
 * Dense host rows as padded rows: a copy, or the array itself where it is that already. `data` may be any array-like of the tensor's logical size.
 * @throws ShapeError for another size, or a value that the dtype does not hold
 */
export function packRows(tensor: Tensor, data: ArrayLike<number>): HostArray {
  checkSize(tensor, data)
  checkValues(tensor, data)
  const inner = innerOf(tensor.shape)
  if (inner === tensor.rowStride && data instanceof arrayOf[tensor.dtype]) return data
  const out = new arrayOf[tensor.dtype](tensor.rows * tensor.rowStride)
  if (inner === tensor.rowStride) {
    out.set(data)
    return out
  }
  for (let r = 0; r < tensor.rows; r++) {
    for (let i = 0; i < inner; i++) out[r * tensor.rowStride + i] = data[r * inner + i]!
  }
  return out
}

/** Padded rows, as they were mapped, as a dense array: a copy, or over the same bytes where they are dense already. */
export function unpackRows(tensor: Tensor, mapped: ArrayBuffer): HostArray {
  const padded = new arrayOf[tensor.dtype](mapped, 0, tensor.rows * tensor.rowStride)
  const inner = innerOf(tensor.shape)
  if (inner === tensor.rowStride) return padded
  const out = new arrayOf[tensor.dtype](tensor.size)
  for (let r = 0; r < tensor.rows; r++) {
    out.set(padded.subarray(r * tensor.rowStride, r * tensor.rowStride + inner), r * inner)
  }
  return out
}

// PyTorch state_dict files (.pt): pickled descriptions of strided tensors over shared raw storages.
// Nothing in a pickle is executed; torch_names.ts lists all that a file may name.

import { FormatError } from '../runtime/errors.ts'
import { decodeElements, elementBytes, elementCount, isCount } from './elements.ts'
import type { ElementType, TypedArray } from './elements.ts'
import { readTorchContainer } from './torch_container.ts'
import { TensorRecord } from './torch_names.ts'
import type { StorageRef } from './torch_names.ts'

/** One tensor of a checkpoint. */
export interface TorchTensor {
  /** Element type of the storage; F16 and BF16 arrive widened to a Float32Array, BOOL as a Uint8Array of 0 and 1. */
  dtype: ElementType
  /** Row-major extents; empty for a scalar. */
  shape: number[]
  /** Row-major whatever the strides were. Tensors that share a storage may share memory. */
  data: TypedArray
}

/** Where a tensor's elements lie in its storage. */
interface Layout {
  storage: StorageRef
  offset: number
  shape: number[]
  strides: number[]
  count: number
}

/**
 * Reads a state_dict saved by torch.save, in the zip container or the legacy one, from whatever device.
 * @throws FormatError for anything but a dictionary of tensors, and for damaged files; checked before allocating.
 */
export function parseTorchCheckpoint(bytes: Uint8Array, source: string): Map<string, TorchTensor> {
  const { object, storages } = readTorchContainer(bytes, source)
  if (!(object instanceof Map)) {
    throw new FormatError(`${source}: holds no state_dict; save one with torch.save(model.state_dict(), ...)`)
  }
  const layouts = new Map<string, Layout>()
  for (const [name, value] of object) {
    if (typeof name !== 'string') throw new FormatError(`${source}: a key of the state_dict is not text`)
    layouts.set(name, checkLayout(name, value, source))
  }
  checkTotal(layouts.values(), bytes.length, source)
  const decoded = new Map<string, TypedArray>()
  const tensors = new Map<string, TorchTensor>()
  for (const [name, layout] of layouts) {
    const { key, type } = layout.storage
    const id = `${type} ${key}`
    const values = decoded.get(id) ?? decodeStorage(storages.get(key), layout.storage, name, source)
    decoded.set(id, values)
    tensors.set(name, { dtype: type, shape: layout.shape, data: gather(values, layout) })
  }
  return tensors
}

function checkLayout(name: string, value: unknown, source: string): Layout {
  const fail = (what: string) => new FormatError(`${source}: '${name}' ${what}`)
  if (!(value instanceof TensorRecord)) {
    throw fail('is not a tensor; expected a state_dict, saved with torch.save(model.state_dict(), ...)')
  }
  const [storage, offset, shape, strides] = value.args
  const count = elementCount(shape)
  if (
    !isStorageRef(storage) ||
    !isCount(offset) ||
    count === undefined ||
    !Array.isArray(strides) ||
    strides.length !== (shape as number[]).length ||
    !strides.every(isCount)
  ) {
    throw fail('is no tensor of whole-number shape, strides and offset over a storage')
  }
  const extents = shape as number[]
  const last = extents.reduce((sum, extent, axis) => sum + (extent - 1) * strides[axis]!, offset)
  if (count > 0 && last >= storage.elements) {
    throw fail(`reaches element ${last} of its storage, which has ${storage.elements}`)
  }
  return { storage, offset, shape: extents, strides: strides, count }
}

const isStorageRef = (value: unknown): value is StorageRef =>
  typeof value === 'object' && value !== null && 'stored' in value

/** Strides of 0 and shared storages let a tiny file describe tensors without bound. */
function checkTotal(layouts: Iterable<Layout>, fileBytes: number, source: string): void {
  let total = 0
  for (const { count } of layouts) total += count
  const slack = 2 ** 20
  if (total > fileBytes + slack) {
    throw new FormatError(
      `${source}: ${fileBytes} bytes describe tensors of ${total} elements; ` + 'it repeats its storages without end',
    )
  }
}

function decodeStorage(raw: Uint8Array | undefined, storage: StorageRef, name: string, source: string): TypedArray {
  const { key, type, stored } = storage
  const expected = stored * elementBytes(type)
  if (raw?.length !== expected) {
    throw new FormatError(
      `${source}: storage ${key} of '${name}' has ${raw?.length ?? 'no'} bytes, ` +
        `expected ${expected} for ${stored} ${type} elements`,
    )
  }
  return decodeElements(type, raw)
}

/** Elements in row-major order; a view where they already lie so. */
function gather(values: TypedArray, { storage, offset, shape, strides, count }: Layout): TypedArray {
  const first = storage.begin + offset
  if (isRowMajor(shape, strides)) return values.subarray(first, first + count)
  const picked = new (values.constructor as new (length: number) => TypedArray)(count)
  const index = shape.map(() => 0)
  let at = first
  for (let i = 0; i < count; i++) {
    picked[i] = values[at] as never
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const extent = shape[axis]!
      const stride = strides[axis]!
      index[axis] = index[axis]! + 1
      at += stride
      if (index[axis]! < extent) break
      at -= extent * stride
      index[axis] = 0
    }
  }
  return picked
}

function isRowMajor(shape: readonly number[], strides: readonly number[]): boolean {
  let expected = 1
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const extent = shape[axis]!
    if (extent !== 1 && strides[axis] !== expected) return false
    expected *= extent
  }
  return true
}

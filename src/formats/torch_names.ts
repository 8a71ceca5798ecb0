// Everything a PyTorch checkpoint may name. A call returns a plain record of what was asked for; nothing else happens.

import { FormatError } from '../runtime/errors.ts'
import { isCount } from './elements.ts'
import type { ElementType } from './elements.ts'
import { Callable } from './pickle.ts'
import type { PickleNames } from './pickle.ts'

/** A stretch of one stored array: `elements` values from element `begin` of storage `key`. */
export interface StorageRef {
  key: string
  type: ElementType
  /** Elements of the whole stored array. */
  stored: number
  begin: number
  elements: number
}

/** The arguments of torch._utils._rebuild_tensor_v2, unchecked: (storage, offset, size, stride, ...). */
export class TensorRecord {
  constructor(readonly args: readonly unknown[]) {}
}

const storageTypes: Readonly<Record<string, ElementType>> = {
  DoubleStorage: 'F64',
  FloatStorage: 'F32',
  HalfStorage: 'F16',
  BFloat16Storage: 'BF16',
  LongStorage: 'I64',
  IntStorage: 'I32',
  ShortStorage: 'I16',
  CharStorage: 'I8',
  ByteStorage: 'U8',
  BoolStorage: 'BOOL',
}

class StorageType {
  constructor(readonly element: ElementType) {}
}

const allowedGlobals = new Map<string, unknown>([
  // Python 3 creates it empty and sets the items afterwards; copying a list given here would let a file ask for
  // the copy again and again.
  ['collections.OrderedDict', new Callable((args) => (args.length === 0 ? new Map() : undefined))],
  ['torch._utils._rebuild_tensor_v2', new Callable((args) => new TensorRecord(args))],
  ['torch._utils._rebuild_parameter', new Callable(([data]) => data)],
  ...Object.entries(storageTypes).map(([name, type]) => [`torch.${name}`, new StorageType(type)] as const),
])

/** Names of one file; collects the stored arrays that its pickle refers to. */
export class TorchNames implements PickleNames {
  /** First reference to each stored array, by key. */
  readonly storages = new Map<string, StorageRef>()

  constructor(private readonly source: string) {}

  global(name: string): unknown {
    if (!allowedGlobals.has(name)) {
      throw new FormatError(`${this.source}: the pickle asks for ${name}; only tensors are read. Nothing was run.`)
    }
    return allowedGlobals.get(name)
  }

  /** Old checkpoints keep their texts so. */
  string(bytes: Uint8Array): string {
    return new TextDecoder().decode(bytes)
  }

  /** ('storage', type, key, location, elements[, view]); the location, such as cuda:0, does not change the data. */
  persistent(id: unknown): StorageRef {
    const [kind, type, key, , stored, view] = Array.isArray(id) ? (id as unknown[]) : []
    if (kind !== 'storage' || !(type instanceof StorageType) || typeof key !== 'string' || !isCount(stored)) {
      throw new FormatError(`${this.source}: the pickle refers to something outside it that is no storage of numbers`)
    }
    const ref = { key, type: type.element, stored, ...this.stretch(view, stored) }
    if (!this.storages.has(key)) this.storages.set(key, ref)
    return ref
  }

  /** Legacy files may keep only a view (key, begin, elements) of a stored array. */
  private stretch(view: unknown, stored: number): { begin: number; elements: number } {
    if (view === undefined || view === null) return { begin: 0, elements: stored }
    const [, begin, elements] = Array.isArray(view) ? (view as unknown[]) : []
    if (!isCount(begin) || !isCount(elements) || begin + elements > stored) {
      throw new FormatError(`${this.source}: a storage view lies outside its storage of ${stored} elements`)
    }
    return { begin, elements }
  }
}

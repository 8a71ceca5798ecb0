// Writes the bytes of torch.save by hand, so that the tests need neither PyTorch nor its files.

import { zipSync } from 'fflate'
import { rawBytes } from '../../src/formats/elements.ts'
import type { TypedArray } from '../../src/formats/elements.ts'

export const concat = (...parts: (Uint8Array | number[])[]): Uint8Array =>
  Uint8Array.from(parts.flatMap((part) => [...part]))

const le = (value: number, bytes: number): number[] => Array.from({ length: bytes }, (_, i) => (value >> (8 * i)) & 255)
const ascii = (text: string): number[] => [...new TextEncoder().encode(text)]

// Pickle instructions, protocol 2, as PyTorch writes them.
export const PROTO = [0x80, 2]
export const STOP = [0x2e]
export const MARK = [0x28]
export const NONE = [0x4e]
export const TUPLE = [0x74]
export const REDUCE = [0x52]
export const EMPTY_TUPLE = [0x29]
export const EMPTY_DICT = [0x7d]
export const SETITEM = [0x73]
export const SETITEMS = [0x75]
export const BUILD = [0x62]
export const BINPERSID = [0x51]
export const text = (value: string): number[] => [0x58, ...le(ascii(value).length, 4), ...ascii(value)]
export const global = (module: string, name: string): number[] => [0x63, ...ascii(`${module}\n${name}\n`)]
export function int(value: number): number[] {
  if (value >= 0 && value < 256) return [0x4b, value]
  return value >= 0 && value < 65536 ? [0x4d, ...le(value, 2)] : [0x4a, ...le(value, 4)]
}
export const tuple = (...items: number[][]): number[] => [...MARK, ...items.flat(), ...TUPLE]
export const call = (callable: number[], ...args: number[][]): number[] => [...callable, ...tuple(...args), ...REDUCE]
export const orderedDict = (): number[] => [...global('collections', 'OrderedDict'), ...EMPTY_TUPLE, ...REDUCE]

export interface SavedTensor {
  storageType: string
  key: string
  storage: TypedArray
  location?: string
  /** Legacy view of the storage: (key, begin, elements). */
  view?: [string, number, number]
  offset?: number
  size: number[]
  stride: number[]
}

/** Elements the pickle claims; a hostile test makes it differ from the storage. */
export interface Claims {
  elements?: number
}

export function tensor(saved: SavedTensor, { elements = saved.storage.length }: Claims = {}, legacy = false): number[] {
  const { storageType, key, location = 'cpu', view, offset = 0, size, stride } = saved
  const viewOps = view ? tuple(text(view[0]), int(view[1]), int(view[2])) : NONE
  const id = [text('storage'), global('torch', storageType), text(key), text(location), int(elements)]
  const persistent = [...tuple(...id, ...(legacy ? [viewOps] : [])), ...BINPERSID]
  return call(
    global('torch._utils', '_rebuild_tensor_v2'),
    persistent,
    int(offset),
    tuple(...size.map(int)),
    tuple(...stride.map(int)),
    [0x89],
    orderedDict(),
  )
}

/** state_dict with an attribute `_metadata`, as Module.state_dict() has. */
export function stateDict(entries: Record<string, number[]>): Uint8Array {
  const items = Object.entries(entries).flatMap(([name, value]) => [...text(name), ...value])
  const metadata = [...EMPTY_DICT, ...text('_metadata'), ...orderedDict(), ...SETITEM]
  return concat(PROTO, orderedDict(), MARK, items, SETITEMS, metadata, BUILD, STOP)
}

export function zipContainer(
  pickle: Uint8Array,
  storages: Record<string, TypedArray>,
  extra: Record<string, Uint8Array> = {},
): Uint8Array {
  const version = concat(ascii('3\n'))
  const files: Record<string, Uint8Array> = { 'archive/data.pkl': pickle, 'archive/version': version, ...extra }
  for (const [key, data] of Object.entries(storages)) files[`archive/data/${key}`] = rawBytes(data).slice()
  return zipSync(files, { level: 0 })
}

export function legacyContainer(pickle: Uint8Array, storages: Record<string, TypedArray>): Uint8Array {
  const magic = concat(PROTO, [0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19], STOP)
  const protocol = concat(PROTO, int(1001), STOP)
  const system = concat(PROTO, EMPTY_DICT, text('little_endian'), [0x88], SETITEM, STOP)
  const keys = concat(PROTO, [0x5d], MARK, Object.keys(storages).flatMap(text), [0x65], STOP)
  const raw = Object.values(storages).map((data) => concat(le(data.length, 4), le(0, 4), rawBytes(data)))
  return concat(magic, protocol, system, pickle, keys, ...raw)
}

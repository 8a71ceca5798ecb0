// The two files torch.save has written: a zip archive (torch >= 1.6), and before it a stream of pickles and raw arrays.

import { unzipSync } from 'fflate'
import type { UnzipFileInfo } from 'fflate'
import { FormatError } from '../runtime/errors.ts'
import { elementBytes, isCount } from './elements.ts'
import { unpickle } from './pickle.ts'
import { TorchNames } from './torch_names.ts'

export interface TorchContainer {
  /** The saved object, tensors as TensorRecord. */
  object: unknown
  /** Raw bytes of each stored array. */
  storages: ReadonlyMap<string, Uint8Array>
}

const ZIP = 0x50
const PICKLE = 0x80
const OLD_PICKLE_GLOBAL = 0x63

/** @throws FormatError */
export function readTorchContainer(bytes: Uint8Array, source: string): TorchContainer {
  if (bytes[0] === ZIP && bytes[1] === 0x4b) return readZip(bytes, source)
  // An old-style pickle is no checkpoint either, but reading on names what a hostile one asks for.
  if (bytes[0] === PICKLE || bytes[0] === OLD_PICKLE_GLOBAL) return readLegacy(bytes, source)
  throw new FormatError(`${source}: neither a zip archive nor a pickle; expected a file of torch.save`)
}

/** NAME/data.pkl and NAME/data/KEY, all stored without compression. */
function readZip(bytes: Uint8Array, source: string): TorchContainer {
  const files = unzip(bytes, source)
  const pickles = [...files.keys()].filter((name) => name.endsWith('/data.pkl'))
  const [pickle] = pickles
  if (pickle === undefined || pickles.length > 1) {
    throw new FormatError(`${source}: a zip archive of ${pickles.length} data.pkl, expected 1; is it from torch.save?`)
  }
  const root = pickle.slice(0, -'data.pkl'.length)
  if (new TextDecoder().decode(files.get(`${root}byteorder`)).startsWith('big')) throw bigEndian(source)
  const { value } = unpickle(files.get(pickle)!, source, new TorchNames(source))
  const prefix = `${root}data/`
  const storages = [...files].filter(([name]) => name.startsWith(prefix))
  return { object: value, storages: new Map(storages.map(([name, raw]) => [name.slice(prefix.length), raw])) }
}

function unzip(bytes: Uint8Array, source: string): Map<string, Uint8Array> {
  let total = 0
  const filter = ({ name, size, compression }: UnzipFileInfo): boolean => {
    // An empty name is what lies behind the end of a damaged directory, whose count of entries may be in the billions.
    if (name === '') throw new FormatError(`${source}: the directory of the zip archive is damaged`)
    if (!/^[^/]+\/(data\.pkl|byteorder|data\/[^/]+)$/.test(name)) return false
    if (compression !== 0) throw new FormatError(`${source}: '${name}' is compressed, which torch.save never does`)
    total += size
    if (total > bytes.length) throw new FormatError(`${source}: '${name}' claims ${size} bytes, more than the file has`)
    return true
  }
  try {
    return new Map(Object.entries(unzipSync(bytes, { filter })))
  } catch (error) {
    if (error instanceof FormatError) throw error
    const reason = (error as Error).message
    throw new FormatError(`${source}: not a complete zip archive (${reason}); the file may be truncated`)
  }
}

const LEGACY_MAGIC = 0x1950a86a20f9469cfc6cn
const LEGACY_PROTOCOL = 1001

/** Pickles of magic, protocol, system, object and storage keys; then per key an i64 element count and raw data. */
function readLegacy(bytes: Uint8Array, source: string): TorchContainer {
  const names = new TorchNames(source)
  let at = 0
  const next = (): unknown => {
    const { value, end } = unpickle(bytes, source, names, at)
    at = end
    return value
  }
  if (next() !== LEGACY_MAGIC || next() !== LEGACY_PROTOCOL) {
    throw new FormatError(`${source}: a pickle, but not one of torch.save`)
  }
  const system = next()
  if (system instanceof Map && system.get('little_endian') === false) throw bigEndian(source)
  const object = next()
  const keys = next()
  if (!Array.isArray(keys)) throw new FormatError(`${source}: the list of storages is missing`)
  const storages = new Map<string, Uint8Array>()
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (const key of keys as unknown[]) {
    const ref = typeof key === 'string' ? names.storages.get(key) : undefined
    if (!ref) throw new FormatError(`${source}: the list of storages names one that no tensor uses`)
    const begin = at + 8
    const elements = begin <= bytes.length ? Number(view.getBigInt64(at, true)) : ref.stored
    const end = begin + elements * elementBytes(ref.type)
    if (!isCount(elements) || end > bytes.length) {
      throw new FormatError(
        `${source}: storage ${ref.key} of ${elements} ${ref.type} elements at byte ${at} ` +
          `needs more than the ${bytes.length} bytes of the file; it may be truncated`,
      )
    }
    storages.set(ref.key, bytes.subarray(begin, end))
    at = end
  }
  return { object, storages }
}

const bigEndian = (source: string): FormatError =>
  new FormatError(`${source}: written on a big-endian machine, which is not supported`)

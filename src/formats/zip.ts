// The directory of a zip archive, and its entries one by one, so that an archive of a day is never unpacked as a whole.
// https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
import { FormatError } from '../runtime/errors.ts'
import type { ByteSource } from './byte_source.ts'
import { BEST_RATIO, inflateUpTo } from './inflate.ts'

export interface ZipEntry {
  /** Path inside the archive, with `/`; only ever a name, no place on a disk. */
  name: string
  /** Bytes when unpacked. */
  size: number
  /** @throws FormatError when the entry is damaged, encrypted or packed by a method other than deflate */
  unpack: () => Promise<Uint8Array<ArrayBuffer>>
}

interface Described {
  name: string
  flags: number
  method: number
  checksum: number
  packed: number
  size: number
  /** Where its local header begins. */
  offset: number
}

const END = 0x06054b50
const END_BYTES = 22
const LONGEST_COMMENT = 65535
const DIRECTORY_ENTRY = 0x02014b50
const LOCAL_ENTRY = 0x04034b50
const END_64 = 0x06064b50
const END_64_BYTES = 56
/** It stands right before the end, and says where the end of a large archive is. */
const LOCATOR_64 = 0x07064b50
const LOCATOR_BYTES = 20
/** Number of the field in which an entry has what does not fit into 32 bits. */
const SIZES_64 = 1
/** What stands for it there. */
const LARGEST_32 = 0xffffffff
/** A name is UTF-8; without it, it is in whatever the program that packed it had. */
const UTF8_NAME = 0x800
const ENCRYPTED = 1
const STORED = 0
const DEFLATED = 8
/** Of one entry, unpacked: more than a day of an armband with all its sensors. */
const LARGEST = 2 ** 30

/** The files of an archive; folders and what macOS adds are left out. @throws FormatError */
export async function zipDirectory(source: ByteSource): Promise<ZipEntry[]> {
  const described = (await describedEntries(source)).filter(({ name }) => isFile(name))
  checkSizes(described, source)
  return described.map((entry) => ({ name: entry.name, size: entry.size, unpack: () => unpack(entry, source) }))
}

const isFile = (name: string): boolean => !name.endsWith('/') && !/(^|\/)(__MACOSX\/|\.DS_Store$|\._)/.test(name)

async function describedEntries(source: ByteSource): Promise<Described[]> {
  const tailStart = Math.max(0, source.size - END_BYTES - LONGEST_COMMENT)
  const tail = viewOf(await source.read(tailStart, source.size))
  let end = tail.byteLength - END_BYTES
  while (end >= 0 && tail.getUint32(end, true) !== END) end--
  if (end < 0)
    throw new FormatError(`${source.name}: a zip archive without its end; it was not copied or downloaded completely`)
  const { count, length, start } = (await largeEnd(source, tailStart + end)) ?? {
    count: tail.getUint16(end + 10, true),
    length: tail.getUint32(end + 12, true),
    start: tail.getUint32(end + 16, true),
  }
  if (start + length > source.size) throw damaged(source)
  const directory = await source.read(start, start + length)
  return readDirectory(directory, count, source)
}

/** Where the directory of a zip64 archive is; nothing for an archive of another kind. */
async function largeEnd(
  source: ByteSource,
  end: number,
): Promise<{ count: number; length: number; start: number } | undefined> {
  const locator = viewOf(await source.read(Math.max(0, end - LOCATOR_BYTES), end))
  if (locator.byteLength < LOCATOR_BYTES || locator.getUint32(0, true) !== LOCATOR_64) return undefined
  const at = Number(locator.getBigUint64(8, true))
  if (at + END_64_BYTES > source.size) throw damaged(source)
  const view = viewOf(await source.read(at, at + END_64_BYTES))
  if (view.getUint32(0, true) !== END_64) throw damaged(source)
  const [count, length, start] = [32, 40, 48].map((field) => Number(view.getBigUint64(field, true)))
  return { count: count!, length: length!, start: start! }
}

function readDirectory(bytes: Uint8Array, count: number, source: ByteSource): Described[] {
  const view = viewOf(bytes)
  const entries: Described[] = []
  let at = 0
  for (let i = 0; i < count; i++) {
    if (at + 46 > bytes.length || view.getUint32(at, true) !== DIRECTORY_ENTRY) throw damaged(source)
    const nameEnd = at + 46 + view.getUint16(at + 28, true)
    const extraEnd = nameEnd + view.getUint16(at + 30, true)
    const next = extraEnd + view.getUint16(at + 32, true)
    if (next > bytes.length) throw damaged(source)
    const flags = view.getUint16(at + 8, true)
    const sizes = [24, 20, 42].map((field) => view.getUint32(at + field, true))
    const [size, packed, offset] = withLarge(sizes, viewOf(bytes.subarray(nameEnd, extraEnd)))
    entries.push({
      name: nameOf(bytes.subarray(at + 46, nameEnd), flags),
      flags,
      method: view.getUint16(at + 10, true),
      checksum: view.getUint32(at + 16, true),
      packed: packed!,
      size: size!,
      offset: offset!,
    })
    at = next
  }
  return entries
}

/** Numbers that do not fit into their 32 bits are in the entry's extra field, one after another. */
function withLarge(sizes: readonly number[], extra: DataView): number[] {
  for (let at = 0; at + 4 <= extra.byteLength; at += 4 + extra.getUint16(at + 2, true)) {
    if (extra.getUint16(at, true) !== SIZES_64) continue
    let next = at + 4
    const end = Math.min(extra.byteLength, next + extra.getUint16(at + 2, true))
    return sizes.map((size) => {
      if (size !== LARGEST_32 || next + 8 > end) return size
      next += 8
      return Number(extra.getBigUint64(next - 8, true))
    })
  }
  return [...sizes]
}

/** Different bytes must stay different names, whatever they stand for. */
function nameOf(raw: Uint8Array, flags: number): string {
  const text = new TextDecoder().decode(raw)
  const isOther = (flags & UTF8_NAME) === 0 && text.includes('\uFFFD')
  return (isOther ? new TextDecoder('latin1').decode(raw) : text).replaceAll('\\', '/')
}

/** Nothing is unpacked for an archive whose entries overlap, or claim more than their packed bytes can hold. */
function checkSizes(entries: readonly Described[], source: ByteSource): void {
  const sum = (of: (entry: Described) => number): number => entries.reduce((total, entry) => total + of(entry), 0)
  const most = ({ method, packed }: Described): number =>
    method === STORED ? packed : method === DEFLATED ? packed * BEST_RATIO : Infinity
  const impossible = entries.find((entry) => entry.size > most(entry))
  if (sum(({ packed }) => packed) > source.size) throw damaged(source)
  if (impossible !== undefined)
    throw new FormatError(
      `${source.name}: '${impossible.name}' claims ${impossible.size} bytes from ${impossible.packed} packed ones, ` +
        'which is not possible; the archive is damaged',
    )
}

async function unpack(entry: Described, source: ByteSource): Promise<Uint8Array<ArrayBuffer>> {
  const { name, flags, method, packed, size, offset } = entry
  const what = `${source.name}: '${name}'`
  if (flags & ENCRYPTED) throw new FormatError(`${what} is encrypted; unpack the archive and give the folder`)
  if (method !== STORED && method !== DEFLATED)
    throw new FormatError(`${what} is packed by method ${method}, which is not read; unpack it and give the folder`)
  if (size > LARGEST)
    throw new FormatError(
      `${what} unpacks to ${size} bytes, which are too many; unpack the archive and give the folder`,
    )
  const header = viewOf(await source.read(offset, offset + 30))
  if (header.byteLength < 30 || header.getUint32(0, true) !== LOCAL_ENTRY) throw damaged(source)
  const begin = offset + 30 + header.getUint16(26, true) + header.getUint16(28, true)
  const raw = await source.read(begin, begin + packed)
  if (raw.length < packed) throw damaged(source)
  const bytes = method === STORED ? raw.slice() : inflateUpTo(raw, size, what)
  if (bytes.length !== size || crc32(bytes) !== entry.checksum)
    throw new FormatError(`${what} is damaged: its checksum does not match; copy or download the archive again`)
  return bytes
}

const damaged = (source: ByteSource): FormatError =>
  new FormatError(`${source.name}: the directory of the zip archive is damaged; copy or download it again`)

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** Remainders of the 256 bytes by zip's polynomial. */
const REMAINDERS = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1
  return rest
})

function crc32(bytes: Uint8Array): number {
  let rest = 0xffffffff
  for (let i = 0; i < bytes.length; i++) rest = (rest >>> 8) ^ REMAINDERS[(rest ^ bytes[i]!) & 255]!
  return ~rest >>> 0
}

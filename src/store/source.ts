// Where bytes of a recording come from: a file on disk, a File of a page, bytes in memory.
import { FormatError } from '../runtime/errors.ts'

/** A file that can be read in pieces, so that no more of it is held than is needed. */
export interface Source {
  /** What messages call it, such as its path. */
  readonly name: string
  /** Bytes. */
  readonly size: number
  /** Bytes [start, end), fewer where the file ends. @throws FormatError when it cannot be read */
  read(start: number, end: number): Promise<Uint8Array<ArrayBuffer>>
  /** A file in the same folder or archive, or in one above it (`../name`, three times at most), if there is one. */
  beside?(name: string): Promise<Source | undefined>
}

/** Bytes at a time when a source is read from end to end. */
const CHUNK = 1 << 20

/** Everything in order, in pieces. */
export async function* chunksOf(source: Source, chunk = CHUNK): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  for (let at = 0; at < source.size; at += chunk) yield await source.read(at, Math.min(at + chunk, source.size))
}

/** UTF-8 text in order, in pieces, without a byte order mark. */
export async function* textOf(source: Source): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  for await (const chunk of chunksOf(source)) yield decoder.decode(chunk, { stream: true })
  yield decoder.decode()
}

/** All bytes at once, for formats that are small or need them all. @throws FormatError above `limit` bytes */
export async function allBytes(source: Source, limit = 1 << 30): Promise<Uint8Array<ArrayBuffer>> {
  if (source.size > limit)
    throw new FormatError(`${source.name}: ${source.size} bytes are too many for a file of this kind (${limit})`)
  return await source.read(0, source.size)
}

/** Bytes or text in memory; `others` are the files beside it. */
export function memorySource(
  name: string,
  content: Uint8Array | string,
  others?: Readonly<Record<string, Uint8Array | string>>,
): Source {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
  const beside = (other: string): Promise<Source | undefined> => {
    const found = others && Object.hasOwn(others, other) ? others[other] : undefined
    return Promise.resolve(found === undefined ? undefined : memorySource(other, found, others))
  }
  return {
    name,
    size: bytes.length,
    read: (start, end) => Promise.resolve(bytes.slice(start, end)),
    beside,
  }
}

/** A `File` or `Blob`, as a page gets it from a drop, an input or a fetch. */
export function blobSource(blob: Blob, name = 'name' in blob ? String(blob.name) : 'recording'): Source {
  return {
    name,
    size: blob.size,
    read: async (start, end) => new Uint8Array(await blob.slice(start, end).arrayBuffer()),
  }
}

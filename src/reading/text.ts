// Text out of a source: unpacked, decoded by what its bytes are, in pieces.
import { encodingOf } from '../formats/encoding.ts'
import { FormatError } from '../runtime/errors.ts'
import { chunksOf, type Source } from '../store/source.ts'

/** Bytes that are looked at to tell the encoding. */
const LOOKED_AT = 1 << 16
/** Bytes of gzip at a time, which are some ten times as many of text: between two the reading can be stopped. */
const PACKED = 1 << 16

export interface Text {
  encoding: string
  gzipped: boolean
  /** All of it, in order, without a byte order mark. */
  chunks: AsyncIterable<string>
}

/**
 * Opens a source as text. gzip is told by its magic bytes, the encoding by `encodingOf`. @throws FormatError for bytes that are no text
 */
export async function openText(source: Source, encoding?: string): Promise<Text> {
  const start = await source.read(0, 2)
  const gzipped = start[0] === 0x1f && start[1] === 0x8b
  const bytes = gzipped ? unpacked(source) : chunksOf(source)
  const iterator = bytes[Symbol.asyncIterator]()
  const first = await firstBytes(iterator)
  const found = encoding ?? encodingOf(first.subarray(0, LOOKED_AT))
  if (found === undefined)
    throw new FormatError(`${source.name}: is neither text nor a format that is read`, { noRecording: true })
  return { encoding: found, gzipped, chunks: decoded(first, iterator, decoderOf(found, source.name)) }
}

/** All of a small file as text, whatever its encoding. @throws FormatError for bytes that are no text */
export async function wholeText(source: Source): Promise<string> {
  let text = ''
  for await (const chunk of (await openText(source)).chunks) text += chunk
  return text
}

async function firstBytes(iterator: AsyncIterator<Uint8Array>): Promise<Uint8Array> {
  let found = new Uint8Array(0)
  while (found.length < LOOKED_AT) {
    const next = await iterator.next()
    if (next.done) break
    const joined = new Uint8Array(found.length + next.value.length)
    joined.set(found)
    joined.set(next.value, found.length)
    found = joined
  }
  return found
}

function decoderOf(encoding: string, name: string): TextDecoder {
  try {
    return new TextDecoder(encoding)
  } catch {
    throw new FormatError(
      `${name}: '${encoding}' is no encoding that is known; --encoding takes utf-8, utf-16le, windows-1252 and their like`,
    )
  }
}

async function* decoded(
  first: Uint8Array,
  rest: AsyncIterator<Uint8Array>,
  decoder: TextDecoder,
): AsyncGenerator<string> {
  yield decoder.decode(first, { stream: true })
  for (let next = await rest.next(); !next.done; next = await rest.next())
    yield decoder.decode(next.value, { stream: true })
  yield decoder.decode()
}

async function* unpacked(source: Source): AsyncGenerator<Uint8Array> {
  const { writable, readable } = new DecompressionStream('gzip')
  const writer = writable.getWriter()
  const reader = readable.getReader()
  // A pipe would take the whole file at once: the stream's queue has room for thousands of pieces, however large they are.
  const write = async (): Promise<void> => {
    for await (const chunk of chunksOf(source, PACKED)) await writer.write(chunk)
    await writer.close()
  }
  write()
    .catch((error: unknown) => writer.abort(error))
    .catch(() => undefined)
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value
  } catch (error) {
    if (error instanceof FormatError) throw error
    throw new FormatError(`${source.name}: its gzip data are damaged or cut off; fetch or pack it again`)
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}

// The one door: whatever file a recording comes in, by its content.
import { adviceFor, HEAD_BYTES, kindOf, kindOfZip, type Kind } from '../formats/magic.ts'
import { breather } from '../runtime/breather.ts'
import { FormatError, GalvaniError } from '../runtime/errors.ts'
import { zipEntries } from './archive.ts'
import { readBids } from './bids.ts'
import { candidates } from './candidates.ts'
import { listed } from './channel.ts'
import { readEdf } from './edf.ts'
import { readEmpaticaAvro } from './empatica_avro.ts'
import { isE4, readE4 } from './empatica_e4.ts'
import { readNpy, readNpz } from './numpy.ts'
import type { ReadingOptions } from './options.ts'
import type { Recording } from './recording.ts'
import type { Source } from '../store/source.ts'
import { openText } from './text.ts'
import { readTextTable } from './text_table.ts'
import { readXdf } from './xdf.ts'

type Reader = (source: Source, options: ReadingOptions) => Promise<Recording[]>

const READERS: Readonly<Partial<Record<Kind, Reader>>> = {
  text: readTextFile,
  gzip: readTextFile,
  zip: (source, options) => readArchive(source, options),
  edf: readEdf,
  bdf: readEdf,
  xdf: readXdf,
  avro: readEmpaticaAvro,
  npy: readNpy,
  npz: readNpz,
}

/**
 * Every recording of a file, at least one; what the file is, is told by its content (docs/recordings.md lists what is read).
 * @throws FormatError with one sentence that names the file and what to do
 */
export async function readRecordings(source: Source, options: ReadingOptions = {}): Promise<Recording[]> {
  if (source.size === 0) throw new FormatError(`${source.name}: the file is empty, expected rows of data`)
  const kind = kindOf(await source.read(0, HEAD_BYTES))
  // A known encoding makes a text of what looks like none.
  const reader = READERS[kind] ?? (options.encoding === undefined ? undefined : readTextFile)
  if (!reader) throw unread(source, kind)
  if (kind === 'zip') return await reader(source, options) // by its files, each through this door
  try {
    const found = await reader(watched(source, options), options)
    options.onProgress?.(source.size, source.size)
    return found
  } catch (error) {
    options.signal?.throwIfAborted() // a stream that was stopped is told as a damaged one
    throw error
  }
}

/** The source, whose reads let other tasks run, stop when the signal says so, and tell what is done with: all that was read before. */
function watched(source: Source, { signal, onProgress }: ReadingOptions): Source {
  const { name, size } = source
  const breathe = breather(signal)
  let done = 0
  return {
    name,
    size,
    read: async (start, end) => {
      await breathe()
      onProgress?.(Math.min(done, size), size)
      const bytes = await source.read(start, end)
      done += bytes.length
      return bytes
    },
    ...(source.beside && { beside: (other) => source.beside!(other) }),
  }
}

/**
 * The recording of a file that holds one.
 * @throws FormatError as `readRecordings` does, and when there are several
 */
export async function readRecording(source: Source, options: ReadingOptions = {}): Promise<Recording> {
  const [recording, ...more] = await readRecordings(source, options)
  if (more.length > 0)
    throw new FormatError(
      `${source.name}: holds ${more.length + 1} recordings (${listed([recording!, ...more].map(({ part }) => part ?? ''))}); use readRecordings`,
    )
  return recording!
}

const unread = ({ name }: Source, kind: Kind): FormatError =>
  new FormatError(`${name} ${adviceFor(kind) ?? 'is neither text nor a format that is read'}`, {
    noRecording: adviceFor(kind) === undefined,
  })

async function readTextFile(source: Source, options: ReadingOptions): Promise<Recording[]> {
  const head = new TextDecoder('latin1').decode(await source.read(0, HEAD_BYTES))
  if (isE4(head)) return await readE4(source, options)
  const bids = await readBids(source, options)
  return bids ?? (await readTextTable(await openText(source, options.encoding), source.name, options))
}

/**
 * Of an archive each file that can be read is a recording, as in a folder: what is no recording at all is passed over, and why another
 * could not be read is a note of the first that was.
 */
async function readArchive(source: Source, options: ReadingOptions, depth = 0): Promise<Recording[]> {
  const entries = await zipEntries(source)
  const inside = entries.map(({ name }) => name.slice(source.name.length + 1))
  const kind = kindOfZip(inside)
  if (kind === 'npz') return await readNpz(watched(source, options), options)
  if (kind !== 'zip') throw unread(source, kind)
  if (depth > DEEPEST)
    throw new FormatError(`${source.name}: is an archive in an archive in an archive; unpack it and give the folder`)
  const found: { path: string; recordings: Recording[] }[] = []
  const refused: GalvaniError[] = []
  const byPath = new Map(inside.map((path, i) => [path, entries[i]!]))
  const chosen = candidates(inside).map((path) => ({ path, entry: byPath.get(path)! }))
  const total = chosen.reduce((sum, { entry }) => sum + entry.size, 0)
  let before = 0
  for (const { path, entry } of chosen) {
    try {
      const onProgress = (done: number): void => options.onProgress?.(before + done, total)
      found.push({ path, recordings: await readEntry(entry, { ...options, onProgress }, depth) })
    } catch (error) {
      if (!(error instanceof GalvaniError)) throw error
      refused.push(error)
    }
    before += entry.size
  }
  const faulty = refused.filter(({ facts }) => facts['noRecording'] !== true)
  if (found.length === 0)
    throw (
      faulty[0] ??
      refused[0] ??
      new FormatError(`${source.name}: no file of this archive may be a recording; it holds ${listed(inside)}`, {
        noRecording: true,
      })
    )
  const isOne = found.length + faulty.length === 1
  const all = found.flatMap(({ path, recordings }) =>
    isOne ? recordings : recordings.map((one) => withPart(one, path.replace(/(\.[^./]+)?(\.gz)?$/i, ''))),
  )
  // Once for the archive: of a study each recording would repeat what is wrong with all others.
  const notes = faulty.map(({ message }) => `left out of the archive: ${message}`)
  return all.map((one, i) => (i === 0 ? { ...one, notes: [...(one.notes ?? []), ...notes] } : one))
}

/** Whoever exports a study may pack the archives of its sessions once more. */
const DEEPEST = 1

async function readEntry(entry: Source, options: ReadingOptions, depth: number): Promise<Recording[]> {
  const isArchive = entry.size > 0 && kindOf(await entry.read(0, HEAD_BYTES)) === 'zip'
  return isArchive ? await readArchive(entry, options, depth + 1) : await readRecordings(entry, options)
}

const withPart = (recording: Recording, inside: string): Recording => ({
  ...recording,
  part: [inside.replaceAll('/', '_'), recording.part].filter((one) => one !== undefined).join('_'),
})

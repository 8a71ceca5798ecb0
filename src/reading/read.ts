// The one door: whatever file a recording comes in, by its content.
import { adviceFor, HEAD_BYTES, kindOf, kindOfZip, type Kind } from '../formats/magic.ts'
import { breather } from '../runtime/breather.ts'
import { FormatError, GalvaniError } from '../runtime/errors.ts'
import { zipEntries } from './archive.ts'
import { readBids } from './bids.ts'
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
  zip: readArchive,
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
  const kind = options.encoding === undefined ? kindOf(await source.read(0, HEAD_BYTES)) : 'text'
  const reader = READERS[kind]
  if (!reader) throw unread(source, kind)
  if (reader === readArchive) return await reader(source, options) // by its files, each through this door
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

/** Files in archives that may be recordings, by the endings of their names. */
const MAY_BE = /\.(csv|tsv|txt|edf|bdf|xdf|avro|npy|npz)(\.gz)?$/i
const baseName = (name: string): string => name.replace(/^.*[/\\]/, '')

/** An E4's archive holds one EDA.csv among files of other sensors; of other archives each file that can be read is a recording. */
async function readArchive(source: Source, options: ReadingOptions): Promise<Recording[]> {
  const { onProgress } = options
  const entries = await zipEntries(source)
  const inside = entries.map(({ name }) => name.slice(source.name.length + 1))
  const kind = kindOfZip(inside)
  if (kind === 'npz') return await readNpz(source, options)
  if (kind !== 'zip') throw unread(source, kind)
  const files = entries.filter(({ name }) => MAY_BE.test(name) && !baseName(name).startsWith('._'))
  const ofEda = files.filter(({ name }) => baseName(name) === 'EDA.csv')
  const chosen = ofEda.length > 0 ? ofEda : files
  const found: Recording[] = []
  const refused: GalvaniError[] = []
  const total = chosen.reduce((sum, { size }) => sum + size, 0)
  let before = 0
  for (const file of chosen) {
    try {
      const recordings = await readRecordings(file, {
        ...options,
        ...(onProgress && { onProgress: (done: number) => onProgress(before + done, total) }),
      })
      const own = file.name.slice(source.name.length + 1).replace(/(\.[^./]+)?(\.gz)?$/i, '')
      for (const one of recordings) found.push(chosen.length === 1 ? one : withPart(one, own))
    } catch (error) {
      if (!(error instanceof GalvaniError)) throw error
      refused.push(error)
    }
    before += file.size
  }
  if (found.length > 0) {
    const notes = refused.map(({ message }) => `left out of the archive: ${message}`)
    return found.map((one) => ({ ...one, notes: [...(one.notes ?? []), ...notes] }))
  }
  throw (
    refused[0] ??
    new FormatError(`${source.name}: no file of this archive may be a recording; it holds ${listed(inside)}`)
  )
}

const withPart = (recording: Recording, inside: string): Recording => ({
  ...recording,
  part: [inside.replaceAll('/', '_'), recording.part].filter((one) => one !== undefined).join('_'),
})

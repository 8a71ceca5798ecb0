// The files of a zip archive as sources, each unpacked when it is read.
import { zipDirectory, type ZipEntry } from '../formats/zip.ts'
import type { Source } from '../store/source.ts'
import { folderOf } from './candidates.ts'

/** The entry that was unpacked last: of an archive of a study no more is held than one file. */
interface Unpacked {
  entry?: ZipEntry
  bytes?: Promise<Uint8Array<ArrayBuffer>>
}

/** Every file of the archive, its `beside` being those in its folder. @throws FormatError for an archive that is damaged */
export async function zipEntries(archive: Source): Promise<Source[]> {
  const entries = await zipDirectory(archive)
  const sources = new Map<string, Source>()
  const last: Unpacked = {}
  for (const entry of entries) sources.set(entry.name, entrySource(archive, entry, sources, last))
  return [...sources.values()]
}

function entrySource(archive: Source, entry: ZipEntry, all: ReadonlyMap<string, Source>, last: Unpacked): Source {
  const folder = folderOf(entry.name)
  return {
    name: `${archive.name}/${entry.name}`,
    size: entry.size,
    read: async (start, end) => {
      if (last.entry !== entry) Object.assign(last, { entry, bytes: entry.unpack() })
      return (await last.bytes!).slice(start, end)
    },
    beside: (name) => Promise.resolve(all.get(besideIn(folder, name))),
  }
}

/** Path of a file in the folder `a/b/`, or, by `../`, in one above it; empty for a name that leads elsewhere. */
function besideIn(folder: string, name: string): string {
  if (!/^(\.\.\/)*[^/]+$/.test(name)) return ''
  const above = /^(\.\.\/)*/.exec(name)![0].length / 3
  const parts = folder.split('/').slice(0, -1)
  return [...parts.slice(0, Math.max(0, parts.length - above)), name.slice(3 * above)].join('/')
}

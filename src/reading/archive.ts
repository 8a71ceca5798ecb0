// The files of a zip archive as sources, each unpacked when it is first read.
import { zipDirectory, type ZipEntry } from '../formats/zip.ts'
import type { Source } from '../store/source.ts'

/** Every file of the archive, its `beside` being those in its folder. @throws FormatError for an archive that is damaged or too large */
export async function zipEntries(archive: Source): Promise<Source[]> {
  const entries = await zipDirectory(archive)
  const sources = new Map<string, Source>()
  for (const entry of entries) sources.set(entry.name, entrySource(archive, entry, sources))
  return [...sources.values()]
}

function entrySource(archive: Source, entry: ZipEntry, all: ReadonlyMap<string, Source>): Source {
  const folder = entry.name.slice(0, entry.name.lastIndexOf('/') + 1)
  let unpacked: Promise<Uint8Array<ArrayBuffer>> | undefined
  return {
    name: `${archive.name}/${entry.name}`,
    size: entry.size,
    read: async (start, end) => {
      unpacked ??= entry.unpack()
      return (await unpacked).slice(start, end)
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

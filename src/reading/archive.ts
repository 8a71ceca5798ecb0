// The files of a zip archive as sources, each unpacked when it is read.
import { zipDirectory, type ZipEntry } from '../formats/zip.ts'
import type { Source } from '../store/source.ts'

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

const folderOf = (name: string): string => name.slice(0, name.lastIndexOf('/') + 1)

/** Path of a file in the folder `a/b/`, or, by `../`, in one above it; empty for a name that leads elsewhere. */
function besideIn(folder: string, name: string): string {
  if (!/^(\.\.\/)*[^/]+$/.test(name)) return ''
  const above = /^(\.\.\/)*/.exec(name)![0].length / 3
  const parts = folder.split('/').slice(0, -1)
  return [...parts.slice(0, Math.max(0, parts.length - above)), name.slice(3 * above)].join('/')
}

/** Files that may be recordings, by the endings of their names; what a file is, its content tells. */
const MAY_BE = /\.(csv|tsv|txt|edf|bdf|xdf|avro|npy|npz|zip|acq)(\.gz)?$/i
/** What galvani itself writes beside the table of a recording. */
const OWN_TABLE = /\.(events|epochs|intervals)\.csv$/
/** What an Empatica folder holds beside its EDA.csv. */
const OTHER_SENSORS = /^(ACC|BVP|HR|IBI|TEMP|tags)\.csv$/

/** Those among the paths of an archive that may be recordings. */
export function candidates(paths: readonly string[]): string[] {
  const all = new Set(paths)
  return paths.filter((path) => {
    const folder = folderOf(path)
    const isOther = OTHER_SENSORS.test(path.slice(folder.length)) && all.has(`${folder}EDA.csv`)
    const isOwn = OWN_TABLE.test(path) && all.has(path.replace(OWN_TABLE, '.csv'))
    return MAY_BE.test(path) && !isOther && !isOwn
  })
}

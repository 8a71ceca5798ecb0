// Which files of a folder or an archive may be recordings, by their names; what a file is, its content tells.

/** Endings of names of files that are looked into. */
export const ENDINGS = ['csv', 'tsv', 'txt', 'edf', 'bdf', 'xdf', 'avro', 'npy', 'npz', 'zip', 'acq'] as const
const MAY_BE = new RegExp(`\\.(${ENDINGS.join('|')})(\\.gz)?$`, 'i')
/** What galvani itself writes beside the table of a recording. */
const OWN_TABLE = /\.(events|epochs|intervals)\.csv$/
/** What an Empatica folder holds beside its EDA.csv. */
const OTHER_SENSORS = /^(ACC|BVP|HR|IBI|TEMP|tags)\.csv$/
/** What BIDS tells of its recordings in tables, and of the people of a study in the folder with its description. */
const BIDS_TABLE = /^(sub|task)-.*_(events|scans|sessions|channels|electrodes)\.tsv$/
const BIDS_PEOPLE = 'participants.tsv'
const BIDS_STUDY = 'dataset_description.json'

/** Those among all paths of an archive, or all names of a folder, that may be recordings. */
export function candidates(paths: readonly string[]): string[] {
  const all = new Set(paths)
  return paths.filter((path) => {
    const folder = folderOf(path)
    const name = path.slice(folder.length)
    const isOther = OTHER_SENSORS.test(name) && all.has(`${folder}EDA.csv`)
    const isBids = BIDS_TABLE.test(name) || (name === BIDS_PEOPLE && all.has(folder + BIDS_STUDY))
    const isOwn = OWN_TABLE.test(path) && all.has(path.replace(OWN_TABLE, '.csv'))
    return MAY_BE.test(path) && !isOther && !isOwn && !isBids
  })
}

/** The folder of a path, with a slash at its end; empty for a name alone. */
export const folderOf = (path: string): string => path.slice(0, path.lastIndexOf('/') + 1)

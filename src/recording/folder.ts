// The recordings of a folder in which other files may lie too.
import { readRecordings } from '../reading/read.ts'
import type { Recording } from '../reading/recording.ts'
import { memorySource } from '../store/source.ts'
import { FormatError, GalvaniError } from '../runtime/errors.ts'
import type { Store } from '../store/store.ts'

/**
 * Every recording among the store's files, those in folders below left out; `onLeftOut` hears why others are none.
 * @throws FormatError if there is none
 */
export async function recordingsOf(
  store: Store,
  source: string,
  onLeftOut: (message: string) => void,
): Promise<Recording[]> {
  const files = (await store.list('')).filter((name) => name.toLowerCase().endsWith('.csv'))
  const recordings: Recording[] = []
  for (const file of files) {
    try {
      for (const one of await readRecordings(memorySource(file, await store.read(file)))) recordings.push(one)
    } catch (error) {
      if (!(error instanceof GalvaniError)) throw error
      onLeftOut(error.message)
    }
  }
  if (recordings.length === 0) throw new FormatError(`${source}: none of its ${files.length} CSV files is a recording`)
  return recordings
}

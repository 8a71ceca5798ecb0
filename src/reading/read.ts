// The one door: whatever file a recording comes in, by its content.
import { FormatError } from '../runtime/errors.ts'
import { listed } from './channel.ts'
import type { ReadingOptions } from './options.ts'
import type { Recording } from './recording.ts'
import type { Source } from './source.ts'
import { openText } from './text.ts'
import { readTextTable } from './text_table.ts'

/**
 * Every recording of a file, at least one; what the file is, is told by its content (docs/recordings.md lists what is read).
 * @throws FormatError with one sentence that names the file and what to do
 */
export async function readRecordings(source: Source, options: ReadingOptions = {}): Promise<Recording[]> {
  if (source.size === 0) throw new FormatError(`${source.name}: the file is empty, expected rows of data`)
  const text = await openText(source, options.encoding)
  return await readTextTable(text, source.name, options)
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

// Tables of the same recording as programs write it.
import { memorySource } from '../../src/store/source.ts'
import { readRecordings } from '../../src/reading/read.ts'
import type { ReadingOptions } from '../../src/reading/options.ts'
import type { Recording } from '../../src/reading/recording.ts'

/** A level with a response now and then, µS. */
export const level = (t: number): number => 5 + 0.3 * Math.sin(t / 7) + 0.1 * Math.exp(-(((t % 20) - 5) ** 2) / 4)

/** Rows of `n` samples at `rate` Hz, each as `row` prints its time and value. */
export const rowsOf = (n: number, rate: number, row: (t: number, value: string, i: number) => string): string[] =>
  Array.from({ length: n }, (_, i) => row(i / rate, level(i / rate).toFixed(4), i))

/** What is read of a text or of bytes in a file called `name`. */
export const read = async (
  content: string | Uint8Array,
  options?: ReadingOptions,
  name = 'a.csv',
): Promise<Recording[]> => await readRecordings(memorySource(name, content), options)

/** Of a file that holds one recording. */
export async function readOne(content: string | Uint8Array, options?: ReadingOptions): Promise<Recording> {
  const [recording, ...more] = await read(content, options)
  if (more.length > 0) throw new Error(`${more.length + 1} recordings`)
  return recording!
}

// What a program's own text layout says beside the numbers, found by the lines it begins with.
import type { StartTime } from './recording.ts'
import type { TimeUnit } from './options.ts'

/** Facts of a layout that go before what is told from the table itself. */
export interface TextLayout {
  /** Of the program or device. */
  format: string
  /** Lines before the first row of data. */
  skip?: number
  separator?: string
  /** A name for each column. */
  columns?: readonly string[]
  /** Unit of each column, or of all values. */
  units?: readonly string[]
  timeUnit?: TimeUnit
  /** Hz. */
  sampleRate?: number
  start?: StartTime
  /** What recorded it. */
  recorder?: string
  /** Column that counts samples, lost ones too, and begins again at 0 when its bits are full. */
  counter?: string
  /** Columns that are skin conductance. */
  edaColumns?: readonly string[]
  /** Raw counts of a converter to µS, by column. */
  transfer?: { toMicrosiemens: (counts: number) => number; says: string }
  notes?: readonly string[]
}

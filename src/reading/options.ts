// What a file of a recording may not say itself, or says wrongly: every decision of the reader can be taken for it.

export const TIME_UNITS = ['s', 'ms', 'us', 'ns', 'min', 'h', 'days'] as const
/** Unit of a column of time stamps that are numbers; `days` are Excel's. */
export type TimeUnit = (typeof TIME_UNITS)[number]

/** How a file is read; what is left out is found by content. */
export interface ReadingOptions {
  /** Hz; wins over a time column and over the file's own words. */
  sampleRate?: number
  /** Column of time stamps. */
  timeColumn?: string
  timeUnit?: TimeUnit
  /** Columns or channels of skin conductance; a recording each. */
  edaColumns?: readonly string[]
  /** Unit of the values: one of conductance or resistance is converted to µS, any other name is kept. */
  unit?: string
  /** Column that tells several recordings in one table apart; `none`: the table is one. */
  by?: string
  /** Between cells. */
  separator?: string
  /** Decimal mark. */
  decimal?: '.' | ','
  /** Lines before the header. */
  skip?: number
  /** A label of the Encoding Standard, such as `utf-16le`. */
  encoding?: string
  /** Called with bytes read and bytes in all. */
  onProgress?: (done: number, total: number) => void
  /** Stops the reading; the promise rejects with its reason. */
  signal?: AbortSignal
}

// What the two releases of PMEmo have in common: songs and listeners by their numbers, ratings from 0 to 1, and what is a trial.
// Zhang et al., "The PMEmo Dataset for Music Emotion Recognition", ICMR 2018.
import { parseCsv } from '../formats/csv.ts'
import { wholeText } from '../reading/text.ts'
import { FormatError } from '../runtime/errors.ts'
import type { Store } from '../store/store.ts'
import type { Stamps } from './even_traces.ts'
import { shownNames } from './findings.ts'
import type { DatasetKind, OpenedDataset } from './layout.ts'
import { readMusicTables, withMusic } from './music_features.ts'
import type { PositionRow, PositionTable } from './position_table.ts'
import { entryOf, sourceAt } from './tree.ts'
import type { Dimension, Ratings, Trial } from './trial.ts'

export const SCALE = [0, 1] as const
/** A conductance has no negative values; those of a sensor that drifts about zero are few. */
const MOST_NEGATIVE = 0.01

/** The number of a song, as `7`, of a cell such as `007` or `7.0`. */
export function songOf(cell: string): string | undefined {
  const digits = /^\s*(\d+)(?:\.0+)?\s*$/.exec(cell)?.[1]
  return digits === undefined ? undefined : String(Number(digits))
}

/** The six digits that a listener's id ends in; a prefix or, of a table that went through other programs, `.0` may stand around them. */
export const listenerOf = (cell: string): string | undefined => /(\d{6})(?:\.0+)?\s*$/.exec(cell)?.[1]

export const bySong = (a: { song: string }, b: { song: string }): number => Number(a.song) - Number(b.song)

/** A rating of a row, NaN where there is none. @throws FormatError for one off the scale */
export function ratingOf(table: PositionTable, row: PositionRow, column: number): number {
  const value = table.number(row, column)
  if (value < SCALE[0] || value > SCALE[1])
    throw new FormatError(
      `${table.where(row)}: the rating in column ${column + 1} is ${value}, expected ${SCALE[0]} to ${SCALE[1]}`,
    )
  return value
}

/** Rows below the header, if there is one: of the rows that follow, each begins with a song's number. */
export function songRows(table: PositionTable): (PositionRow & { song: string })[] {
  const found: (PositionRow & { song: string })[] = []
  for (const [i, row] of table.rows.entries()) {
    const song = songOf(row.cells[0] ?? '')
    if (song !== undefined) found.push({ ...row, song })
    else if (i > 0)
      throw new FormatError(`${table.where(row)}: '${row.cells[0]!.trim()}' is no song's number, such as 1 to 1000`)
  }
  return found
}

/** How a reader's options tell the time of a table. */
export interface Timing {
  /** Hz; the times are not looked at. */
  sampleRate: number | undefined
  resample: boolean | undefined
}

/** Times in seconds in the first column of rows, with their decimals as printed. */
export function stampsOf(table: PositionTable, rows: readonly PositionRow[]): Stamps {
  return {
    times: Float64Array.from(rows, (row) => table.number(row, 0)),
    decimals: rows.map(({ cells }) => /[.,](\d+)\s*$/.exec(cells[0]!)?.[1]!.length ?? 0),
    where: (sample) => table.where(rows[sample]!),
  }
}

/** Without the missing samples at its end: a table is as long as the longest of its traces. */
export function untilLast(trace: Float64Array): Float64Array {
  let end = trace.length
  while (end > 0 && Number.isNaN(trace[end - 1])) end--
  return trace.subarray(0, end)
}

/** What is known of the songs. */
export interface Songs {
  /** Columns of metadata.csv by song, without the number. */
  metadata: ReadonlyMap<string, Record<string, string>>
  /** What all listeners said on average. */
  ratings: ReadonlyMap<string, Ratings>
}

/** The rows of `metadata.csv` by song. One that is missing or damaged costs a note: no trial depends on it. */
export async function readMetadata(
  store: Store,
  name: string,
): Promise<{ metadata: Songs['metadata']; notes: string[] }> {
  const metadata = new Map<string, Record<string, string>>()
  const path = await entryOf(store, '', /^metadata\.csv$/i)
  if (path === undefined) return { metadata, notes: ['There is no metadata.csv, so that songs have numbers only.'] }
  const label = `${name}/${path}`
  try {
    const table = parseCsv(await wholeText(await sourceAt(store, path, label)), label)
    const [key] = table.columns as [string]
    for (const [row, cell] of table.text(key).entries()) {
      const song = songOf(cell)
      if (song === undefined) continue
      const { [key]: _, ...columns } = table.row(row)
      metadata.set(song, columns)
    }
    return { metadata, notes: [] }
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    return { metadata: new Map(), notes: [`The metadata of the songs were left out: ${error.message}`] }
  }
}

export const givenRateNotes = (sampleRate: number | undefined): string[] =>
  sampleRate === undefined ? [] : [`The rate of ${sampleRate} Hz was given; the time columns were not looked at.`]

/** The dataset with the music features that lie beside its recordings, if there are any. @throws FormatError for a table of others */
export async function withOwnMusic(store: Store, opened: OpenedDataset): Promise<OpenedDataset> {
  const { name } = opened
  const folders = ['', await entryOf(store, '', /^features$/i)].filter((folder) => folder !== undefined)
  const found = await Promise.all(folders.map((folder) => entryOf(store, folder, /^static_features\.csv$/i)))
  const [path, other] = found.filter((one) => one !== undefined)
  if (path === undefined) return opened
  if (other !== undefined) throw new FormatError(`${name}: ${path} and ${other} could be the same; keep one of them`)
  return withMusic(opened, await readMusicTables([await sourceAt(store, path, `${name}/${path}`)]))
}

/** What the tables of the songs say that the recordings lack, or lack themselves. */
export function songNotes(recorded: readonly string[], { metadata, ratings }: Songs): string[] {
  const known = [...(metadata.size > 0 ? metadata : ratings).keys()]
  const has = new Set(recorded)
  const silent = known.filter((song) => !has.has(song))
  const unrated = ratings.size === 0 ? [] : recorded.filter((song) => !ratings.has(song))
  return [
    ...(silent.length > 0 ? [`${silent.length} of ${known.length} songs have no EDA: ${shownNames(silent)}.`] : []),
    ...(unrated.length > 0
      ? [`${unrated.length} of ${recorded.length} songs with EDA are not rated: ${shownNames(unrated)}.`]
      : []),
  ]
}

/** Whether a trace cannot be a conductance, such as one that was z-scored. */
export function isNoConductance(eda: Float64Array): boolean {
  let negative = 0
  for (const value of eda) if (value < 0) negative++
  return negative > MOST_NEGATIVE * eda.length
}

/** For the traces of which `isNoConductance` holds. */
export const noConductanceNotes = (traces: readonly string[]): string[] =>
  traces.length === 0
    ? []
    : [
        `${traces.length} traces have negative values, as z-scored ones have, so that they are no conductances in microsiemens; ` +
          `their unit is 'unknown': ${shownNames(traces)}.`,
      ]

/** What a trial of either release is made of. */
export interface PmemoTrace {
  dataset: DatasetKind
  song: string
  listener: string
  pass?: Dimension
  ratings?: Ratings | undefined
  sampleRate: number
  eda: Float64Array
  source: string
}

export function pmemoTrial({ song, listener, pass, ratings, eda, ...rest }: PmemoTrace, songs: Songs): Trial {
  const stimulusRatings = songs.ratings.get(song)
  return {
    id: `${song}_${listener}${pass === undefined ? '' : `_${pass[0]!.toUpperCase()}`}`,
    subject: listener,
    stimulus: song,
    eda,
    unit: isNoConductance(eda) ? 'unknown' : 'uS',
    ...(ratings && { ratings }),
    ratingScale: SCALE,
    ...(pass && { pass }),
    ...(stimulusRatings && { stimulusRatings }),
    baselineSeconds: 0,
    columns: { ...songs.metadata.get(song) },
    ...rest,
  }
}

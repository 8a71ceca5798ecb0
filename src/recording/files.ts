// What is written of one analysed recording called NAME: tables as CSV or npz, a picture, and a JSON that says how it came about.
import { quoted } from '../formats/csv.ts'
import { formatNpz, type NumpyArray } from '../formats/npz.ts'
import type { Analysis } from './analyse.ts'
import { eventRelated, intervalRelated, type EpochOptions, type Row } from './epochs.ts'
import { thumbnail } from './contact_sheet.ts'
import { nearest } from '../runtime/arguments.ts'
import { decompositionSvg } from './picture.ts'
import { isoTime, type Marker, type StartTime } from '../reading/recording.ts'
import { UsageError } from '../runtime/errors.ts'
import { DOUBTED } from './responses.ts'
import { countedOf, eventColumns, SAMPLE_COLUMNS, sampleTable, type Column, type SampleColumn } from './tables.ts'

export const TIMES = ['relative', 'absolute'] as const
/** Times in a table: seconds from the first sample alone, or the moment by the file's clock as well. */
export type Times = (typeof TIMES)[number]

export const FORMATS = ['csv', 'npz'] as const
/** Format of the tables. */
export type Format = (typeof FORMATS)[number]

/** Rows of a piece of a table, as text at one time: hours at 1000 Hz are more than a string can hold. */
export const BLOCK_ROWS = 8192

/** Names of the files of a recording. */
export const fileNames = (name: string, format: Format) => ({
  tables: format === 'csv' ? [`${name}.csv`, `${name}.events.csv`] : [`${name}.npz`],
  picture: `${name}.svg`,
  json: `${name}.json`,
})

/** @throws UsageError for what cannot be the columns of a table of samples */
export function checkColumns(columns: readonly SampleColumn[] | undefined, format: Format): void {
  if (!columns) return
  if (format !== 'csv')
    throw new UsageError(`columns are chosen of NAME.csv, which format ${format} does not write; leave them out`)
  for (const [i, name] of columns.entries()) {
    if (!SAMPLE_COLUMNS.includes(name))
      throw new UsageError(
        `columns: '${name}' is none of NAME.csv; did you mean ${nearest(name, SAMPLE_COLUMNS)}? It has ${SAMPLE_COLUMNS.join(', ')}`,
      )
    if (columns.indexOf(name) !== i) throw new UsageError(`columns: ${name} is named twice; name it once`)
  }
}

/** What the tables show of an analysis. */
export type Tabled = Pick<Analysis, 'signals' | 'events' | 'start'>

/** A file's content in pieces, which are made while it is written. */
export type Pieces = Iterable<Uint8Array<ArrayBuffer>>

/**
 * The tables, in the order of `fileNames`. CSV: a row a sample (`time_s`, the parts, NeuroKit2's marks of the responses that count) and a
 * row a response, with its `doubt` and, where the recording says when it began, its `onset_time`; nine digits a number, an empty cell
 * for NaN; of `columns` those alone, in their order, behind the `time` of absolute times. npz: the parts sample by sample and the responses one by one, the doubt as its place in `DOUBTED`. Each table comes in pieces,
 * which `Store.write` and, spread, a `Blob` take.
 */
export function tableFiles(
  analysis: Tabled,
  format: Format,
  times: Times = 'relative',
  columns?: readonly SampleColumn[],
): Pieces[] {
  checkColumns(columns, format)
  const { signals, events, start } = analysis
  if (format === 'npz') return [[npzTables(analysis)]]
  const clock = times === 'absolute' && start ? { time: clockColumn(signals, start) } : {}
  const all = sampleTable(signals, events)
  const chosen = columns ? Object.fromEntries(columns.map((name) => [name, all[name]])) : all
  return [csvOf({ ...clock, ...chosen }), csvOf(eventTable(analysis))]
}

/** The moment of each sample by the file's clock. */
const clockColumn = ({ eda: { length }, sampleRate }: Analysis['signals'], start: StartTime): TextColumn => ({
  length,
  at: (row) => isoTime(start, row / sampleRate),
})

/** Tables of what happens around events, and during those that last, by their names: CSV in any format; none without an event. */
export function epochFiles(
  name: string,
  analysis: Pick<Analysis, 'signals' | 'events' | 'quality'>,
  markers: readonly Marker[],
  { from, to, events = markers }: EpochOptions,
): Record<string, Pieces> {
  const tables = { epochs: eventRelated(analysis, events, from, to), intervals: intervalRelated(analysis, events) }
  return Object.fromEntries(
    Object.entries(tables)
      .filter(([, rows]) => rows.length > 0)
      .map(([kind, rows]) => [`${name}.${kind}.csv`, csvOf(columnsOf(rows))]),
  )
}

const columnsOf = (rows: readonly Row[]): Cells =>
  Object.fromEntries(
    Object.entries(rows[0]!).map(([column, first]) => [
      column,
      typeof first === 'number'
        ? Float64Array.from(rows, (row) => row[column] as number)
        : rows.map((row) => quoted(row[column] as string)),
    ]),
  )

interface TextColumn {
  readonly length: number
  at(row: number): string
}

type Cells = Readonly<Record<string, Column | TextColumn | readonly string[]>>

function eventTable({ signals: { sampleRate }, events, start }: Tabled): Cells {
  const ofEvents = eventColumns(events)
  const seconds = (sample: number): number => sample / sampleRate
  return {
    onset_s: ofEvents.SCR_Onsets.map(seconds),
    peak_s: ofEvents.SCR_Peaks.map(seconds),
    ...(start && { onset_time: onsetTimes(events, start, sampleRate) }),
    ...ofEvents,
    doubt: events.map(({ doubt }) => doubt),
  }
}

const onsetTimes = (events: Analysis['events'], start: StartTime, sampleRate: number): string[] =>
  events.map(({ onset }) => isoTime(start, onset / sampleRate))

const csvOf = (columns: Cells): Pieces => ({ [Symbol.iterator]: () => csvPieces(columns) })

function* csvPieces(columns: Cells): Generator<Uint8Array<ArrayBuffer>> {
  const series = Object.values(columns)
  const rows = series[0]?.length ?? 0
  const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text)
  yield bytes(`${Object.keys(columns).join(',')}\n`)
  for (let from = 0; from < rows; from += BLOCK_ROWS) {
    let text = ''
    for (let i = from; i < Math.min(from + BLOCK_ROWS, rows); i++) {
      let mark = ''
      for (const column of series) {
        text += mark + cellOf(column.at(i)!)
        mark = ','
      }
      text += '\n'
    }
    yield bytes(text)
  }
}

function cellOf(value: number | string): string {
  if (typeof value === 'string' || Number.isInteger(value)) return String(value)
  return Number.isNaN(value) ? '' : String(Number(value.toPrecision(9)))
}

function npzTables({ signals, events }: Tabled): Uint8Array<ArrayBuffer> {
  const columns = Object.entries(sampleTable(signals, events))
  const parts = columns.filter((one): one is [string, Float64Array] => one[1] instanceof Float64Array)
  const arrays = new Map<string, NumpyArray>([
    ['sampling_rate', { data: Float64Array.of(signals.sampleRate), shape: [] }],
  ])
  const ofEvents = eventColumns(events)
  for (const [name, data] of [...parts, ...Object.entries(ofEvents)]) arrays.set(name, { data })
  for (const name of ['SCR_Onsets', 'SCR_Peaks'] as const) arrays.set(name, { data: Int32Array.from(ofEvents[name]) })
  arrays.set('doubt', { data: Int32Array.from(events, ({ doubt }) => DOUBTED.indexOf(doubt)) })
  return formatNpz(Object.fromEntries(arrays))
}

/** Mean level, responses and the amplitude from which on they count, in a few words. */
export function factsOf({
  features,
  unit,
  eventThreshold,
}: Pick<Analysis, 'features' | 'unit' | 'eventThreshold'>): string[] {
  const { EDA_Tonic_Mean: level, SCR_Peaks_N: count, SCR_Rate: rate, SCR_Peaks_Amplitude_Mean: amplitude } = features
  if (Number.isNaN(level)) return ['nothing to measure']
  const least = `from ${Number(eventThreshold.toPrecision(2))} ${unit} on`
  const responses = `${count} ${count === 1 ? 'response' : 'responses'} ${least} (${rate.toFixed(1)}/min)`
  const facts = [`level ${level.toPrecision(3)} ${unit}`, responses]
  return count > 0 ? [...facts, `mean amplitude ${amplitude.toPrecision(2)} ${unit}`] : facts
}

/** Signal, parts, responses and flaws as one SVG, titled `name`. */
export function pictureFile(name: string, analysis: Analysis): string {
  const { unit, signals, events, quality } = analysis
  const time = Float64Array.from(signals.eda, (_, i) => i / signals.sampleRate)
  return decompositionSvg({
    ...signals,
    time,
    unit,
    title: name,
    summary: factsOf(analysis).join(', '),
    events,
    flaws: quality.spans,
  })
}

/** The recording's picture on the contact sheet, SVG. */
export const thumbnailOf = ({ signals, events }: Pick<Analysis, 'signals' | 'events'>): string =>
  thumbnail(
    signals.eda,
    signals.tonic,
    countedOf(events).map(({ peak }) => peak),
  )

/** What to know before use, the gravest first. */
export const notesOf = ({ reason, warnings }: Pick<Analysis, 'reason' | 'warnings'>): string[] =>
  reason === undefined ? warnings : [reason, ...warnings]

// What is written of one analysed recording called NAME: tables as CSV or npz, a picture, and a JSON that says how it came about.
import { formatNpz, type NumpyArray } from '../formats/npz.ts'
import type { Analysis } from './analyse.ts'
import { eventRelated, intervalRelated, type EpochOptions, type Row } from './epochs.ts'
import { thumbnail, type ContactEntry } from './contact_sheet.ts'
import { decompositionSvg } from './picture.ts'
import { isoTime, type Marker, type StartTime } from '../reading/recording.ts'
import { DOUBTED } from './responses.ts'
import { countedOf, eventColumns, sampleColumns } from './tables.ts'

export const FORMATS = ['csv', 'npz'] as const
/** Format of the tables. */
export type Format = (typeof FORMATS)[number]

/** Rows that are text at one time: hours at 1000 Hz are more than a string can hold. */
const BLOCK_ROWS = 8192

/** Names of the files of a recording. */
export const fileNames = (name: string, format: Format) => ({
  tables: format === 'csv' ? [`${name}.csv`, `${name}.events.csv`] : [`${name}.npz`],
  picture: `${name}.svg`,
  json: `${name}.json`,
})

/** What the tables show of an analysis. */
export type Tabled = Pick<Analysis, 'signals' | 'events' | 'start'>

/**
 * The tables, in the order of `fileNames`. CSV: a row a sample (`time_s`, the parts, NeuroKit2's marks of the responses that count) and a
 * row a response, with its `doubt` and, where the recording says when it began, its `onset_time`; nine digits a number, an empty cell
 * for NaN. npz: the parts sample by sample and the responses one by one, the doubt as its place in `DOUBTED`.
 */
export function tableFiles(analysis: Tabled, format: Format): Uint8Array[] {
  const { signals, events } = analysis
  if (format === 'npz') return [npzTables(analysis)]
  return [csvOf(sampleColumns(signals, events)), csvOf(eventTable(analysis))]
}

/** Tables of what happens around events, and during those that last, by their names: CSV in any format; none without an event. */
export function epochFiles(
  name: string,
  analysis: Pick<Analysis, 'signals' | 'events' | 'quality'>,
  markers: readonly Marker[],
  { from, to, events = markers }: EpochOptions,
): Record<string, Uint8Array> {
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

const quoted = (text: string): string => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

type Cells = Readonly<Record<string, Float64Array | readonly string[]>>

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

function csvOf(columns: Cells): Uint8Array {
  const series = Object.values(columns)
  const rows = series[0]?.length ?? 0
  const cell = (value: number | string): string =>
    typeof value === 'string' ? value : Number.isNaN(value) ? '' : String(Number(value.toPrecision(9)))
  const line = (i: number): string => `${series.map((column) => cell(column[i]!)).join(',')}\n`
  const blocks = [`${Object.keys(columns).join(',')}\n`].map((head) => new TextEncoder().encode(head))
  for (let from = 0; from < rows; from += BLOCK_ROWS) {
    const count = Math.min(BLOCK_ROWS, rows - from)
    blocks.push(new TextEncoder().encode(Array.from({ length: count }, (_, i) => line(from + i)).join('')))
  }
  return joined(blocks)
}

function joined(blocks: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(blocks.reduce((sum, { length }) => sum + length, 0))
  let end = 0
  for (const block of blocks) {
    bytes.set(block, end)
    end += block.length
  }
  return bytes
}

function npzTables({ signals, events }: Tabled): Uint8Array {
  const parts = Object.entries(sampleColumns(signals, events)).filter(([name]) => name.startsWith('EDA_'))
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

/** A recording's place on the contact sheet, linked to its picture. */
export function contactEntry(name: string, analysis: Analysis): ContactEntry {
  const { status, signals, events } = analysis
  const picture = thumbnail(
    signals.eda,
    signals.tonic,
    countedOf(events).map(({ peak }) => peak),
  )
  return {
    name,
    status,
    notes: notesOf(analysis),
    facts: factsOf(analysis),
    picture,
    link: fileNames(name, 'csv').picture,
  }
}

/** What to know before use, the gravest first. */
export const notesOf = ({ reason, warnings }: Pick<Analysis, 'reason' | 'warnings'>): string[] =>
  reason === undefined ? warnings : [reason, ...warnings]

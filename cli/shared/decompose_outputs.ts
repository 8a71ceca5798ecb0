// The files of one decomposed recording, and the page over all of them.
import { formatNpz, type NumpyArray } from '../../src/formats/npz.ts'
import { contactSheet, thumbnail, type ContactEntry } from '../../src/recording/contact_sheet.ts'
import { decompositionSvg } from '../../src/recording/picture.ts'
import {
  eventColumns, sampleColumns, type Columns, type DecomposedEda, type EdaFeatures,
} from '../../src/recording/tables.ts'
import type { SignalQuality } from '../../src/recording/quality.ts'
import type { ScrEvent } from '../../src/recording/responses.ts'
import type { Store } from '../../src/store/store.ts'
import { outputsOf, type Format } from './decompose_inputs.ts'

/** Rows that are text at one time: hours at 1000 Hz are more than a string can hold. */
const BLOCK_ROWS = 8192

export interface Decomposed {
  name: string
  /** Of the recording. */
  unit: string
  signals: DecomposedEda
  events: ScrEvent[]
  features: EdaFeatures
  quality: SignalQuality
  /** What to know before use. */
  notes: string[]
}

/** Tables, picture and, last, the JSON, so that where there is a JSON the rest is complete. @returns the files' names */
export async function writeOutputs(store: Store, decomposed: Decomposed, result: object, format: Format): Promise<string[]> {
  const { tables, json, picture } = outputsOf(decomposed.name, format)
  const outputs = [...tables, json, picture]
  const contents = format === 'csv' ? csvTables(decomposed) : [npzTables(decomposed)]
  for (const [i, table] of tables.entries()) await store.write(table, contents[i] as string | Uint8Array)
  await store.write(picture, pictureOf(decomposed))
  await store.write(json, `${JSON.stringify({ ...result, outputs }, null, 1)}\n`)
  return outputs
}

function csvTables({ signals, events }: Decomposed): [Uint8Array, Uint8Array] {
  const seconds = (sample: number): number => sample / signals.sampleRate
  const ofEvents = eventColumns(events)
  const times = { onset_s: ofEvents.SCR_Onsets.map(seconds), peak_s: ofEvents.SCR_Peaks.map(seconds) }
  return [csvOf(sampleColumns(signals, events)), csvOf({ ...times, ...ofEvents })]
}

/** Nine digits a number; NaN is an empty cell. */
function csvOf(columns: Columns): Uint8Array {
  const series = Object.values(columns)
  const rows = series[0]?.length ?? 0
  const cell = (value: number): string => (Number.isNaN(value) ? '' : String(Number(value.toPrecision(9))))
  const line = (i: number): string => `${series.map((column) => cell(column[i] as number)).join(',')}\n`
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

/** The parts sample by sample and the responses one by one, as NeuroKit2's dictionaries have them. */
function npzTables({ signals, events }: Decomposed): Uint8Array {
  const parts = Object.entries(sampleColumns(signals, events)).filter(([name]) => name.startsWith('EDA_'))
  const arrays = new Map<string, NumpyArray>([['sampling_rate', { data: Float64Array.of(signals.sampleRate), shape: [] }]])
  const ofEvents = eventColumns(events)
  for (const [name, data] of [...parts, ...Object.entries(ofEvents)]) arrays.set(name, { data })
  for (const name of ['SCR_Onsets', 'SCR_Peaks'] as const) arrays.set(name, { data: Int32Array.from(ofEvents[name]) })
  return formatNpz(Object.fromEntries(arrays))
}

/** Mean level and responses in a few words. */
export function factsOf({ features, unit }: Pick<Decomposed, 'features' | 'unit'>): string[] {
  const { EDA_Tonic_Mean: level, SCR_Peaks_N: count, SCR_Rate: rate, SCR_Peaks_Amplitude_Mean: amplitude } = features
  const responses = `${count} ${count === 1 ? 'response' : 'responses'} (${rate.toFixed(1)}/min)`
  const facts = [`level ${level.toPrecision(3)} ${unit}`, responses]
  return count > 0 ? [...facts, `mean amplitude ${amplitude.toPrecision(2)} ${unit}`] : facts
}

function pictureOf(decomposed: Decomposed): string {
  const { name, unit, signals, events, quality } = decomposed
  const time = Float64Array.from(signals.eda, (_, i) => i / signals.sampleRate)
  const summary = factsOf(decomposed).join(', ')
  return decompositionSvg({ ...signals, time, unit, title: name, summary, events, flaws: quality.spans })
}

/** A recording's place on the contact sheet. */
export function contactEntry(decomposed: Decomposed, status: string): ContactEntry {
  const { name, signals, events, notes } = decomposed
  const picture = thumbnail(signals.eda, signals.tonic, events.map(({ peak }) => peak))
  return { name, status, notes, facts: factsOf(decomposed), picture, link: outputsOf(name, 'csv').picture }
}

export const writeContactSheet = (store: Store, title: string, entries: readonly ContactEntry[]): Promise<void> =>
  store.write('index.html', contactSheet(title, entries))

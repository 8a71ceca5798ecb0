// BIDS physiological recordings: `*_physio.tsv(.gz)` without a header, what it holds in a JSON of the same name, and what happened in
// the `_events.tsv` of the run.
import { FormatError } from '../runtime/errors.ts'
import { readEvents } from './events.ts'
import type { ReadingOptions } from './options.ts'
import type { Marker, Recording } from './recording.ts'
import { allBytes, type Source } from '../store/source.ts'
import { openText, wholeText } from './text.ts'
import { readTextTable } from './text_table.ts'

/** File names decide in BIDS; all of them are of one kind. */
const NAME = /([^/\\]+)_(physio|stim)\.tsv(\.gz)?$/i

interface Sidecar {
  SamplingFrequency?: unknown
  StartTime?: unknown
  Columns?: unknown
  Manufacturer?: unknown
  ManufacturersModelName?: unknown
  [column: string]: unknown
}

/** The recordings of such a file; undefined for a file of another name or without its JSON. @throws FormatError */
export async function readBids(source: Source, options: ReadingOptions): Promise<Recording[] | undefined> {
  const base = NAME.exec(source.name)
  const entities = base?.[1]!.split('_') ?? []
  const file = base && (await sidecarFile(source, entities, `${base[2]!}.json`))
  if (!file) return undefined
  const json = await sidecarOf(file)
  const columns = Array.isArray(json.Columns) ? json.Columns.map(String) : undefined
  if (!columns) throw new FormatError(`${file.name}: has no list of Columns, which BIDS demands; add it`)
  const rate = Number(json.SamplingFrequency)
  if (!(rate > 0))
    throw new FormatError(
      `${file.name}: SamplingFrequency is ${String(json.SamplingFrequency)}, expected a positive number of Hz`,
    )
  const units = columns.map((name) => unitOf(json[name]))
  const recorder = [json.Manufacturer, json.ManufacturersModelName].filter((one) => typeof one === 'string').join(' ')
  const begin = typeof json.StartTime === 'number' ? json.StartTime : 0
  const events = await eventsOf(source, entities)
  const text = await openText(source, options.encoding)
  const found = await readTextTable(text, source.name, options, {
    format: 'BIDS physio',
    skip: 0,
    separator: '\t',
    columns,
    units,
    sampleRate: rate,
    ...(recorder !== '' && { recorder }),
    notes: [
      ...(begin === 0 ? [] : [`it begins ${begin} s after the first scan (StartTime)`]),
      ...(events?.onsets && begin !== 0
        ? [`its markers are the events of ${events.name}: their onsets minus StartTime`]
        : []),
      ...(events?.onsets && json.StartTime === undefined
        ? [`${file.name} has no StartTime, so the onsets of ${events.name} were taken to count from the first sample`]
        : []),
      ...(events?.fault === undefined ? [] : [events.fault]),
    ],
  })
  return found.map((recording) => {
    // Of a table of several recordings each begins with a row of its own.
    const sinceScan = begin + ((recording.firstLine ?? 1) - 1) / recording.sampleRate
    const markers = events?.onsets?.map((event) => ({ ...event, seconds: event.seconds - sinceScan }))
    return { ...recording, sinceScan, ...(markers && { markers }) }
  })
}

/** What the table of events says that holds for the recording, by its own clock; one that is broken costs a note, not the recording. */
async function eventsOf(
  source: Source,
  entities: readonly string[],
): Promise<{ name: string; onsets?: Marker[]; fault?: string } | undefined> {
  const file = await sidecarFile(source, entities, 'events.tsv')
  if (!file) return undefined
  const name = file.name.replace(/^.*[/\\]/, '')
  try {
    return { name, onsets: readEvents(await wholeText(file), file.name) }
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    return { name, fault: `the events beside it were left out: ${error.message}` }
  }
}

/** Folders above the recording that are looked into: its subject's, its session's, and the dataset's. */
const LEVELS = 4

/** By BIDS's principle of inheritance: the file nearest above whose name says nothing else than the recording's. */
async function sidecarFile(source: Source, entities: readonly string[], ending: string): Promise<Source | undefined> {
  const subsets = Array.from({ length: 1 << Math.min(entities.length, 8) }, (_, bits) =>
    entities.filter((_entity, i) => (bits >> i) & 1),
  ).sort((a, b) => b.length - a.length)
  for (let level = 0; level < LEVELS; level++) {
    for (const some of subsets) {
      const found = await source.beside?.(`${'../'.repeat(level)}${[...some, ending].join('_')}`)
      if (found) return found
    }
  }
  return undefined
}

async function sidecarOf(file: Source): Promise<Sidecar> {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(await allBytes(file, 1 << 24)))
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Sidecar
  } catch (error) {
    if (error instanceof FormatError) throw error
  }
  throw new FormatError(`${file.name}: is no JSON object, which says what its table holds; repair it`)
}

const unitOf = (column: unknown): string => {
  const units = (column as { Units?: unknown } | undefined)?.Units
  return typeof units === 'string' ? units : ''
}

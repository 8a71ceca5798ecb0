// What the JSON of one recording says, and what becomes of a file that is none.
import { DECOMPOSITION_SET } from '../cvxeda/decomposition_set.ts'
import { digest } from '../formats/digest.ts'
import { isoTime, type Recording } from '../reading/recording.ts'
import type { GalvaniError } from '../runtime/errors.ts'
import type { Analysis, AnalyseOptions } from './analyse.ts'
import type { ContactEntry } from './contact_sheet.ts'
import type { SampleColumn } from './tables.ts'
import { factsOf, fileNames, notesOf, type Format } from './files.ts'

/** What the JSON beside each table says; amplitudes and levels are in the recording's unit. */
export interface RecordingResult extends Partial<
  Pick<
    Analysis,
    | 'reason'
    | 'device'
    | 'form'
    | 'warnings'
    | 'unit'
    | 'filled'
    | 'iterations'
    | 'objective'
    | 'zscore'
    | 'solver'
    | 'parameters'
    | 'features'
    | 'qualitySegments'
  >
> {
  file: string
  /** What tells it from the other recordings of its file. */
  part?: string
  /** `refused`: a recording that cannot be analysed; `skipped`: a file of a folder that is no recording. */
  status: Analysis['status'] | 'refused' | 'skipped'
  samples?: number
  /** Hz. */
  sampleRate?: number
  durationS?: number
  /** Of the first sample: ISO 8601 as the clock of the file shows it, with its zone if the file has one. */
  startTime?: string
  /** What recorded it, as the file says. */
  recorder?: string
  /** What the file says happened, seconds after the first sample. */
  markers?: { seconds: number; duration: number; label: string }[]
  /** How the file was read: format, encoding, columns. */
  reading?: Readonly<Record<string, string | number>>
  /** Least amplitude of a response, if it was given. */
  minAmplitude?: number
  /** From this amplitude on, µS, a rise was a response; of a recording in another unit, `eventThreshold` in that. */
  eventThresholdUs?: number
  eventThreshold?: number
  quality?: Omit<Analysis['quality'], 'spans'>
  /** Of the table of samples, if they were chosen. */
  columns?: readonly SampleColumn[]
  outputs?: string[]
  /** SHA-256 of the recording as it was read, and of the settings with which it was analysed. */
  inputDigest?: string
  settingsDigest?: string
}

/** The JSON beside the tables: the result, and its picture on the page over all recordings, for whoever takes the batch up again. */
export interface RecordingDocument extends RecordingResult {
  /** SVG. */
  thumbnail: string
}

/** What became of one recording, or of one file. */
export interface Outcome {
  result: RecordingResult
  entry: ContactEntry
  /** Why it was refused. */
  error?: GalvaniError
}

/** Tells whether a recording was read before: its samples, and all else that its results depend on or repeat. */
export async function inputDigest({ eda, temperature, source: _, firstLine: __, ...rest }: Recording): Promise<string> {
  const { values = new Float64Array(0), sampleRate } = temperature ?? {}
  return await digest([eda, values, JSON.stringify([rest, sampleRate], (_key, value: unknown) => sorted(value))])
}

/** Tells whether results were made with the same settings by the same solvers. */
export async function settingsDigest(options: AnalyseOptions, format: Format): Promise<string> {
  const { signal: _, onProgress: __, ...given } = options
  const settings = { gaps: 'refuse', zscore: true, solving: {}, times: 'relative', ...given }
  return await digest([DECOMPOSITION_SET, format, JSON.stringify(settings, (_key, value: unknown) => sorted(value))])
}

/** Objects with their keys in order, so that the order in which settings were named is no difference. */
const sorted = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value

/** Of an analysed recording, without the digests. */
export function resultOf(
  file: string,
  { part, eda, sampleRate, start, recorder, markers, reading }: Recording,
  analysis: Analysis,
  { minAmplitude }: Pick<AnalyseOptions, 'minAmplitude'>,
): RecordingResult {
  const { signals: _, events: __, start: ___, quality, status, reason, warnings, features, ...rest } = analysis
  const { eventThreshold, ...solving } = rest
  const { spans: ____, ...shares } = quality
  return {
    file,
    ...(part !== undefined && { part }),
    status,
    ...(reason !== undefined && { reason }),
    warnings,
    samples: eda.length,
    sampleRate,
    durationS: eda.length / sampleRate,
    ...(start && { startTime: isoTime(start) }),
    ...(recorder !== undefined && { recorder }),
    ...(markers && markers.length > 0 && { markers: markers.map((marker) => ({ ...marker })) }),
    ...(reading && { reading }),
    ...solving,
    ...(minAmplitude !== undefined && { minAmplitude }),
    ...(analysis.unit === 'µS' ? { eventThresholdUs: eventThreshold } : { eventThreshold }),
    features,
    quality: shares,
  }
}

/** The place of a result on the page over all recordings. */
export function entryOf(name: string, result: RecordingResult, thumbnail: string): ContactEntry {
  const { status, reason, warnings = [], features, unit, sampleRate, durationS } = result
  const eventThreshold = result.eventThresholdUs ?? result.eventThreshold
  if (!features || unit === undefined || eventThreshold === undefined)
    return { name, status, notes: reason === undefined ? [] : [reason] }
  return {
    name,
    status,
    notes: notesOf({ ...(reason !== undefined && { reason }), warnings }),
    facts: [...factsOf({ features, unit, eventThreshold }), `${sampleRate} Hz`, lasting(durationS!)],
    picture: thumbnail,
    link: fileNames(name, 'csv').picture,
  }
}

/** `2 min 30 s`. */
export function lasting(seconds: number): string {
  const whole = Math.round(seconds)
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60]
  if (hours > 0) return `${hours} h ${minutes} min`
  return minutes > 0 ? `${minutes} min ${rest} s` : `${rest} s`
}

/** Of a file that cannot be analysed, or is none of a folder's recordings. */
export function withReason(
  file: string,
  name: string,
  status: 'refused' | 'skipped',
  { message }: GalvaniError,
): Outcome {
  return { result: { file, status, reason: message }, entry: { name, status, notes: [message] } }
}

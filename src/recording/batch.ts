// Any number of recordings in groups: read, analysed in one call, written, so that thousands need no more memory than one group.
import { toDocument } from '../formats/documents.ts'
import { GalvaniError, UsageError } from '../runtime/errors.ts'
import type { Gpu } from '../runtime/gpu.ts'
import { writeJson } from '../store/json.ts'
import type { Store } from '../store/store.ts'
import { analysePrepared, errorOfOne, prepareOrError, type Analysis, type AnalyseOptions } from './analyse.ts'
import type { ContactEntry } from './contact_sheet.ts'
import type { EpochOptions } from './epochs.ts'
import { contactEntry, epochFiles, fileNames, pictureFile, tableFiles, type Format } from './files.ts'
import type { PreparedRecording } from './prepare.ts'
import { readRecording, type RecordingOptions } from './read.ts'

/** Samples that are analysed together; a thousand recordings of 30 s at 50 Hz. */
const GROUP_SAMPLES = 1_500_000

/** A file that is to be analysed. */
export interface RecordingFile {
  /** What messages call it, such as its path. */
  file: string
  /** What the files of its results are called. */
  name: string
  /** Found beside files of other kinds: what cannot be read is skipped, not refused. */
  inFolder?: boolean
  /** @throws FormatError when it cannot be read */
  text: () => Promise<string>
}

/** How files are read, analysed and written. */
export interface BatchOptions extends AnalyseOptions {
  reading?: RecordingOptions
  /** Of the tables; default csv. */
  format?: Format
  /** Writes `NAME.epochs.csv` and, for events that last, `NAME.intervals.csv`. */
  epochs?: EpochOptions
}

/** What the JSON beside each table says; amplitudes and levels are in the recording's unit. */
export interface RecordingResult extends Partial<
  Pick<
    Analysis,
    | 'reason'
    | 'warnings'
    | 'unit'
    | 'filled'
    | 'iterations'
    | 'objective'
    | 'zscore'
    | 'solver'
    | 'device'
    | 'parameters'
    | 'features'
    | 'qualitySegments'
  >
> {
  file: string
  /** `refused`: a recording that cannot be analysed; `skipped`: a file of a folder that is no recording. */
  status: Analysis['status'] | 'refused' | 'skipped'
  samples?: number
  /** Hz. */
  sampleRate?: number
  /** Least amplitude of a response, if it was given. */
  minAmplitude?: number
  /** From this amplitude on, µS, a rise was a response; of a recording in another unit, `eventThreshold` in that. */
  eventThresholdUs?: number
  eventThreshold?: number
  quality?: Omit<Analysis['quality'], 'spans'>
  outputs?: string[]
}

/** What became of one file. */
export interface Outcome {
  result: RecordingResult
  entry: ContactEntry
  /** Why the recording was refused. */
  error?: GalvaniError
}

interface Ready {
  input: RecordingFile
  prepared: PreparedRecording
}

/**
 * Outcomes in the order of the inputs, each written before the next group is read. What is wrong with one recording leaves the others
 * alone. `device` may be a function, which is called once, before the first recording is decomposed.
 */
export async function analyseFiles(
  device: Gpu | 'cpu' | (() => Promise<Gpu | 'cpu'>),
  inputs: readonly RecordingFile[],
  store: Store,
  options: BatchOptions = {},
): Promise<Outcome[]> {
  const { signal: abort } = options
  const outcomes = new Map<RecordingFile, Outcome>()
  let group: Ready[] = []
  let samples = 0
  let opened: Gpu | 'cpu' | undefined
  const flush = async (): Promise<void> => {
    if (group.length === 0) return
    opened ??= typeof device === 'function' ? await device() : device
    const before = outcomes.size
    const onProgress = (done: number): void => options.onProgress?.(before + done, inputs.length)
    const found = await analysePrepared(
      opened,
      group.map(({ prepared }) => prepared),
      { ...options, onProgress },
    )
    for (const [i, ready] of group.entries()) {
      abort?.throwIfAborted()
      const analysis = found[i]!
      outcomes.set(
        ready.input,
        analysis instanceof GalvaniError
          ? refused(ready.input, analysis)
          : await write(ready, analysis, store, options),
      )
    }
    ;[group, samples] = [[], 0]
  }
  for (const input of inputs) {
    abort?.throwIfAborted()
    const ready = await readyOrRefused(input, options)
    if ('entry' in ready) outcomes.set(input, ready)
    else {
      group.push(ready)
      samples += ready.prepared.recording.eda.length
    }
    if (samples >= GROUP_SAMPLES) await flush()
  }
  await flush()
  const all = inputs.map((input) => outcomes.get(input)!)
  const [first] = all
  // Options that suit no recording are the user's mistake, not the recordings'.
  if (first?.error && all.every(({ error }) => error instanceof UsageError)) throw first.error
  return all
}

async function readyOrRefused(input: RecordingFile, options: BatchOptions): Promise<Ready | Outcome> {
  const recording = await readOne(input, options.reading)
  if (recording instanceof GalvaniError)
    return input.inFolder ? withReason(input, 'skipped', recording) : refused(input, recording)
  const prepared = prepareOrError(recording, options)
  return prepared instanceof GalvaniError ? refused(input, prepared) : { input, prepared }
}

async function readOne({ file, text }: RecordingFile, options?: RecordingOptions) {
  try {
    return readRecording(await text(), file, options)
  } catch (error) {
    if (error instanceof UsageError) throw error // of all recordings, such as a column's name
    return errorOfOne(error)
  }
}

const withReason = (
  { file, name }: RecordingFile,
  status: 'refused' | 'skipped',
  { message }: GalvaniError,
): Outcome => ({ result: { file, status, reason: message }, entry: { name, status, notes: [message] } })

const refused = (input: RecordingFile, error: GalvaniError): Outcome => ({
  ...withReason(input, 'refused', error),
  error,
})

/** Writes tables, picture and, last, the JSON, so that where there is a JSON the rest is complete. */
async function write(
  { input, prepared }: Ready,
  analysis: Analysis,
  store: Store,
  { format = 'csv', minAmplitude, epochs }: BatchOptions,
): Promise<Outcome> {
  const { tables, picture, json } = fileNames(input.name, format)
  const more = epochs ? epochFiles(input.name, analysis, prepared.recording.markers ?? [], epochs) : {}
  const outputs = [...tables, ...Object.keys(more), json, picture]
  const {
    recording: { eda, sampleRate },
  } = prepared
  const {
    signals: _,
    events: __,
    start: ____,
    eventThreshold,
    quality,
    status,
    reason,
    warnings,
    unit,
    filled,
    features,
    ...solving
  } = analysis
  const { spans: ___, ...shares } = quality
  const result: RecordingResult = {
    file: input.file,
    status,
    ...(reason !== undefined && { reason }),
    warnings,
    samples: eda.length,
    sampleRate,
    unit,
    filled,
    ...solving,
    ...(minAmplitude !== undefined && { minAmplitude }),
    ...(unit === 'µS' ? { eventThresholdUs: eventThreshold } : { eventThreshold }),
    features,
    quality: shares,
    outputs,
  }
  const contents = tableFiles(analysis, format)
  for (const [i, table] of tables.entries()) await store.write(table, contents[i]!)
  for (const [table, bytes] of Object.entries(more)) await store.write(table, bytes)
  await store.write(picture, pictureFile(input.name, analysis))
  await writeJson(store, json, toDocument('recording', result))
  return { result, entry: contactEntry(input.name, analysis) }
}

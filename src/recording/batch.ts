// Any number of files: read, analysed in groups, each recording written as soon as it is solved, so that thousands need no more memory
// than one group, and what is done stays done.
import { parseDocument, toDocument } from '../formats/documents.ts'
import type { ReadingOptions } from '../reading/options.ts'
import { readRecordings } from '../reading/read.ts'
import type { Recording } from '../reading/recording.ts'
import type { Source } from '../store/source.ts'
import { DeviceError, FormatError, GalvaniError, LimitError, UsageError } from '../runtime/errors.ts'
import type { Work } from '../cvxeda/choose_device.ts'
import { isCpu, type Device } from '../runtime/device.ts'
import { writeJson } from '../store/json.ts'
import type { Store } from '../store/store.ts'
import { analysePrepared, prepareOrError, type Analysis, type AnalyseOptions } from './analyse.ts'
import { eventNotes, type EpochOptions } from './epochs.ts'
import {
  BLOCK_ROWS,
  checkColumns,
  epochFiles,
  fileNames,
  pictureFile,
  tableFiles,
  thumbnailOf,
  type Format,
  type Pieces,
  type Times,
} from './files.ts'
import { UniqueNames } from './names.ts'
import type { PreparedRecording } from './prepare.ts'
import { Progress, STAGES } from './progress.ts'
import type { SampleColumn } from './tables.ts'
import {
  entryOf,
  inputDigest,
  resultOf,
  settingsDigest,
  withReason,
  type Outcome,
  type RecordingDocument,
  type RecordingResult,
} from './result.ts'

/**
 * Samples that are analysed together, less than half a second's work, so that no recording waits long for its group: some two dozen of 30 s
 * at 50 Hz on the CPU, ten times as many on a GPU.
 */
const CPU_SAMPLES = 40_000
const GPU_SAMPLES = 400_000

/** A file that is to be analysed. */
export interface RecordingFile {
  /** What messages call it, such as its path. */
  file: string
  /** What the files of its results are called. */
  name: string
  /** Found beside files of other kinds: what is no recording is skipped, not refused. */
  inFolder?: boolean
  /** Bytes, which tell its share of the work; 1 where it is not known. */
  size?: number
  /** @throws FormatError when it cannot be read */
  open: () => Promise<Source>
}

/** How files are read, analysed and written. */
export interface BatchOptions extends Omit<AnalyseOptions, 'onProgress'> {
  /**
   * Called with the files of which everything is written, all files, and the share of the work that is done, from 0 to 1: of the bytes
   * that are to be read, solved and written, so that it moves within a long recording.
   */
  onProgress?: (done: number, total: number, share: number) => void
  reading?: ReadingOptions
  /** Of the tables; default csv. */
  format?: Format
  /** `absolute`: CSV tables begin with a column `time`, where the file says when the recording began. */
  times?: Times
  /** Columns of `NAME.csv`, in their order; default all. */
  columns?: readonly SampleColumn[]
  /** Writes `NAME.epochs.csv` and, for events that last, `NAME.intervals.csv`. */
  epochs?: EpochOptions
  /** Recordings whose JSON has the same samples and settings are not analysed again. */
  resume?: boolean
}

/** Opens where recordings are decomposed, for about so much work; hears where those were that a resumed batch has already. */
export type OpenDevice = (work: Work, earlier: Analysis['device'] | undefined) => Promise<Device>

interface Ready {
  place: number
  file: string
  name: string
  prepared: PreparedRecording
  digests: Pick<RecordingResult, 'inputDigest' | 'settingsDigest'>
  /** What it is of the batch's work, in bytes of its file. */
  work: number
}

/**
 * Outcomes in the order of the files and of the recordings in them. What is wrong with one leaves the others alone, whatever it is.
 * `device` may be a function, which is called once, before the first recording is decomposed.
 */
export async function analyseFiles(
  device: Device | OpenDevice,
  files: readonly RecordingFile[],
  store: Store,
  options: BatchOptions = {},
): Promise<Outcome[]> {
  checkColumns(options.columns, options.format ?? 'csv')
  const batch = new Batch(device, files, store, options)
  for (const [index, file] of files.entries()) await batch.add(file, index)
  const all = await batch.finish()
  const [first] = all
  // Options that suit no recording are the user's mistake, not the recordings'.
  if (first?.error && all.every(({ error }) => error instanceof UsageError)) throw first.error
  return all
}

class Batch {
  readonly #outcomes: Outcome[] = []
  readonly #names = new UniqueNames()
  #group: Ready[] = []
  #samples = 0
  /** Files of which everything is written. */
  #done = 0
  #opened: Device | undefined
  /** What the first recordings were solved by, in this run or in the one that it goes on with, so that all are solved alike. */
  #earlier: Pick<RecordingResult, 'device' | 'form'> | undefined
  #settings: string | undefined
  readonly #progress: Progress
  readonly #total: number

  constructor(
    private readonly device: Device | OpenDevice,
    files: readonly RecordingFile[],
    private readonly store: Store,
    private readonly options: BatchOptions,
  ) {
    this.#total = files.length
    const work = files.reduce((sum, file) => sum + workOf(file), 0)
    this.#progress = new Progress(work, (share) => options.onProgress?.(this.#done, this.#total, share))
  }

  async add(input: RecordingFile, index: number): Promise<void> {
    const { signal: abort } = this.options
    abort?.throwIfAborted()
    const work = workOf(input)
    const recordings = await this.#read(input, STAGES.reading * work)
    if (recordings instanceof GalvaniError) {
      this.#refuse(input, recordings)
      this.#progress.drop(work)
    } else {
      this.#progress.finish(STAGES.reading * work)
      for (const recording of recordings) await this.#take(input, recording, work / recordings.length)
    }
    if (this.#group.length === 0) this.#filesDone(index + 1)
    if (this.#samples >= this.#groupSamples()) await this.#flush(index + 1)
  }

  async finish(): Promise<Outcome[]> {
    await this.#flush(this.#total)
    return this.#outcomes
  }

  async #read(input: RecordingFile, work: number): Promise<Recording[] | GalvaniError> {
    try {
      return await readRecordings(await input.open(), {
        ...this.options.reading,
        onProgress: (done, total) => this.#progress.at((work * done) / total),
        ...(this.options.signal && { signal: this.options.signal }),
      })
    } catch (error) {
      if (error instanceof UsageError) throw error
      this.options.signal?.throwIfAborted()
      return refusalOf(error, input.file)
    }
  }

  async #take(input: RecordingFile, recording: Recording, work: number): Promise<void> {
    const wanted = recording.part === undefined ? input.name : `${input.name}_${recording.part}`
    const name = this.#names.take(wanted)
    const { epochs } = this.options
    const said = withNotes(recording, [
      ...(name === wanted ? [] : [`the files of its results are called ${name}`]),
      ...(epochs ? eventNotes(recording, epochs) : []),
    ])
    const prepared = this.#prepare(said, input.file)
    const unread = (STAGES.solving + STAGES.writing) * work
    if (prepared instanceof GalvaniError) {
      this.#progress.drop(unread)
      return this.#refuse({ file: input.file, name }, prepared)
    }
    const { format = 'csv' } = this.options
    this.#settings ??= await settingsDigest(settingsOf(this.options), format)
    const digests = { inputDigest: await inputDigest(said), settingsDigest: this.#settings }
    const earlier = this.options.resume === true ? await this.#earlierResult(name, digests) : undefined
    if (earlier) {
      const { thumbnail, ...result } = earlier
      this.#earlier ??= result
      this.#outcomes.push({ result, entry: entryOf(name, result, thumbnail) })
      this.#progress.drop(unread)
      return
    }
    const place = this.#outcomes.push(withReason(input.file, name, 'refused', new FormatError('not analysed yet'))) - 1
    this.#group.push({ place, file: input.file, name, prepared, digests, work })
    this.#samples += recording.eda.length
  }

  #prepare(recording: Recording, file: string): PreparedRecording | GalvaniError {
    try {
      return prepareOrError(recording, this.options)
    } catch (error) {
      return refusalOf(error, file)
    }
  }

  /** What nobody thought of in one recording must not end the others: a group that fails is taken one by one. */
  async #analyse(
    device: Device,
    group: readonly Ready[],
    options: AnalyseOptions,
  ): Promise<(Analysis | GalvaniError)[]> {
    try {
      return await analysePrepared(
        device,
        group.map(({ prepared }) => prepared),
        options,
      )
    } catch (error) {
      this.options.signal?.throwIfAborted()
      const [only, ...others] = group
      if (others.length === 0) return [refusalOf(error, only!.file)]
      if (error instanceof GalvaniError) throw error // of the device
      const found: (Analysis | GalvaniError)[] = []
      for (const ready of group) found.push((await this.#analyse(device, [ready], options))[0]!)
      return found
    }
  }

  /** The result of an earlier run on the same samples with the same settings, if all its files are there. */
  async #earlierResult(name: string, digests: Ready['digests']): Promise<RecordingDocument | undefined> {
    const { json } = fileNames(name, this.options.format ?? 'csv')
    if (!(await this.store.exists(json))) return undefined
    try {
      const result = parseDocument('recording', await this.store.readText(json), json) as unknown as RecordingDocument
      const isSame = result.inputDigest === digests.inputDigest && result.settingsDigest === digests.settingsDigest
      const isWhole = await Promise.all((result.outputs ?? [json]).map((output) => this.store.exists(output)))
      return isSame && isWhole.every(Boolean) ? withNaN(result) : undefined
    } catch (error) {
      if (error instanceof FormatError) return undefined // of an older version, or not ours
      throw error
    }
  }

  #refuse({ file, name, inFolder }: Pick<RecordingFile, 'file' | 'name' | 'inFolder'>, error: GalvaniError): void {
    if (inFolder === true && error.facts['noRecording'] === true)
      this.#outcomes.push(withReason(file, name, 'skipped', error))
    else this.#outcomes.push({ ...withReason(file, name, 'refused', error), error })
  }

  async #flush(filesRead: number): Promise<void> {
    const { signal: abort } = this.options
    if (this.#group.length > 0) {
      this.#opened ??= await this.#open(filesRead)
      const group = this.#group
      ;[this.#group, this.#samples] = [[], 0]
      const form = this.options.solving?.form ?? this.#earlier?.form
      const work = STAGES.solving * group.reduce((sum, ready) => sum + ready.work, 0)
      const found = await this.#analyse(this.#opened, group, {
        ...this.options,
        ...(form && { solving: { ...this.options.solving, form } }),
        onProgress: (done, total) => this.#progress.at((work * done) / total),
      })
      this.#progress.finish(work)
      for (const [i, ready] of group.entries()) {
        abort?.throwIfAborted()
        const outcome = await this.#write(ready, found[i]!).catch((error: unknown) => {
          abort?.throwIfAborted() // a store says of it that it could not write
          throw error
        })
        if (!outcome.error) this.#earlier ??= outcome.result
        this.#outcomes[ready.place] = outcome
      }
    }
    this.#filesDone(filesRead)
  }

  #groupSamples(): number {
    return this.#opened === undefined || isCpu(this.#opened) ? CPU_SAMPLES : GPU_SAMPLES
  }

  /** The files that were not read yet are taken to be like those that were. */
  async #open(filesRead: number): Promise<Device> {
    if (typeof this.device !== 'function') return this.device
    const files = this.#total / filesRead
    const work = { signals: Math.round(this.#group.length * files), samples: Math.round(this.#samples * files) }
    return await this.device(work, this.#earlier?.device)
  }

  #filesDone(done: number): void {
    this.#done = done
    this.#progress.tell()
  }

  /** Writes tables, picture and, last, the JSON, so that where there is a JSON the rest is complete. */
  async #write(ready: Ready, analysis: Analysis | GalvaniError): Promise<Outcome> {
    const { file, name, prepared, digests } = ready
    const work = STAGES.writing * ready.work
    if (analysis instanceof GalvaniError) {
      this.#progress.drop(work)
      return { ...withReason(file, name, 'refused', analysis), error: analysis }
    }
    const { format = 'csv' } = this.options
    const { tables, picture, json } = fileNames(name, format)
    const { epochs, columns } = this.options
    const around = epochs ? epochFiles(name, analysis, prepared.recording.markers ?? [], epochs) : {}
    const result: RecordingResult = {
      ...resultOf(file, prepared.recording, analysis, this.options),
      ...(columns && { columns }),
      outputs: [...tables, ...Object.keys(around), json, picture],
      ...digests,
    }
    const document: RecordingDocument = { ...result, thumbnail: thumbnailOf(analysis) }
    await this.store.remove(json)
    const contents = tableFiles(analysis, format, this.options.times, columns)
    try {
      for (const [i, table] of tables.entries()) {
        const onRows = (rows: number): void =>
          this.#progress.at(work * Math.min(1, rows / prepared.recording.eda.length))
        await this.store.write(table, watched(contents[i]!, onRows, this.options.signal))
      }
      for (const [table, content] of Object.entries(around)) await this.store.write(table, content)
      await this.store.write(picture, pictureFile(name, analysis))
      await writeJson(this.store, json, toDocument('recording', document))
    } catch (error) {
      // A table that was whole before the next one was stopped would stand there without its JSON.
      for (const output of result.outputs!) await this.store.remove(output).catch(() => undefined)
      throw error
    }
    this.#progress.finish(work)
    return { result, entry: entryOf(name, result, document.thumbnail) }
  }
}

const workOf = ({ size = 1 }: RecordingFile): number => Math.max(1, size)

/** Pieces of a table, between which the work may be stopped; `onRows` hears about how many rows are written. */
function* watched(pieces: Pieces, onRows: (rows: number) => void, abort: AbortSignal | undefined) {
  let rows = 0
  for (const piece of pieces) {
    abort?.throwIfAborted()
    yield piece
    onRows((rows += BLOCK_ROWS))
  }
}

const withNotes = (recording: Recording, notes: readonly string[]): Recording => ({
  ...recording,
  notes: [...(recording.notes ?? []), ...notes],
})

/** JSON has null for NaN, of which features are the only place. */
const withNaN = (document: RecordingDocument): RecordingDocument => ({
  ...document,
  features: Object.fromEntries(
    Object.entries(document.features!).map(([name, value]) => [name, (value as number | null) ?? NaN]),
  ) as unknown as NonNullable<RecordingDocument['features']>,
})

/** What decides the results, without how the files are read. */
function settingsOf(options: BatchOptions): AnalyseOptions {
  const { reading: _, format: __, resume: ___, onProgress: ____, ...settings } = options
  return settings
}

/** What is wrong with one file; a fault of ours in it must not end the others. A lost device does. */
function refusalOf(error: unknown, file: string): GalvaniError {
  if (error instanceof DeviceError && !(error instanceof LimitError)) throw error
  if (error instanceof GalvaniError) return error
  const { message } = error as Error
  return new FormatError(
    `${file}: it was given up (${message}), which is a fault of galvani; please report it with the file`,
  )
}

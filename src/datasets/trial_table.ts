// The open interchange form: any lab can bring its study as two or three CSV files in one folder.
import { type CsvTable, parseCsv } from '../formats/csv.ts'
import { FormatError } from '../runtime/errors.ts'
import type { Store } from '../store/store.ts'
import { groupBy } from './group.ts'
import { rateFromTimes } from '../signal/timing.ts'
import type { Trial, TrialSet } from './trial.ts'

/** A hole in the sample index longer than this is a mistake in the file, not a gap in the recording. */
const LARGEST_HOLE = 1_000_000

/** Contents of the files of a trial table. */
export interface TrialTableFiles {
  trials: string
  eda: string
  music?: string
}

/** How a trial table is read. */
export interface TrialTableOptions {
  /** Name of the dataset; messages put it before the file names. */
  name: string
  /** Hz of every trial; wins over what the files say. */
  sampleRate?: number
}

/**
 * Reads a trial table.
 *
 * `trials.csv`, one row per trial:
 *
 * | column | |
 * |---|---|
 * | `trial`, `subject` | ids, required; `trial` is unique |
 * | `stimulus` or `song` | what was heard; repeats across subjects |
 * | `valence`, `arousal` | self-report on any one scale; empty = not rated |
 * | `sample_rate_hz`, or `n_samples` and `duration_s` | the rate, unless `eda.csv` has times |
 * | `valence_high`, `arousal_high` | 0 or 1, used by `--labels column` only |
 * | `synthetic` | 1 marks generated data |
 * | any other | kept; `--folds column:NAME` can use it |
 *
 * `eda.csv`, one row per sample, in order within each trial: `trial`, then `i` (sample index; a skipped one is a
 * missing sample) or `time_s`, then `eda_us` (microsiemens) or `eda` (unit unknown). Empty or NaN = missing.
 *
 * `music.csv`, optional, one row per stimulus: `stimulus` (or `song`), then one column per feature.
 *
 * Trials without samples are skipped with the reason; trials whose stimulus has no music row have no `music`.
 * @throws FormatError naming file, line and column
 */
export function readTrialTable(files: TrialTableFiles, { name, sampleRate }: TrialTableOptions): TrialSet {
  const table = parseCsv(files.trials, `${name}/trials.csv`)
  const traces = readTraces(parseCsv(files.eda, `${name}/eda.csv`))
  const music = files.music === undefined ? undefined : readMusic(parseCsv(files.music, `${name}/music.csv`))
  const rates = sampleRate === undefined ? declaredRates(table) : undefined
  const ids = uniqueIds(table)
  const subjects = table.text('subject')
  const stimulusColumn = table.find('stimulus', 'song')
  const stimuli = stimulusColumn === undefined ? ids : table.text(stimulusColumn)
  const ratings = readRatings(table)
  const set: TrialSet = { name, synthetic: isSynthetic(table), trials: [], musicDim: music?.dim ?? 0, skipped: [] }
  ids.forEach((id, row) => {
    const source = table.where(row)
    const trace = traces.byTrial.get(id)
    if (!trace) {
      set.skipped.push({ source, reason: `trial ${id} has no samples in eda.csv` })
      return
    }
    const stimulus = stimuli[row]!
    const vector = music?.byStimulus.get(stimulus)
    const trial: Trial = {
      id,
      subject: subjects[row]!,
      stimulus,
      sampleRate: sampleRate ?? rates?.[row] ?? trace.rate(),
      eda: trace.samples(),
      unit: traces.unit,
      columns: table.row(row),
      source: `${source} (trial ${id})`,
    }
    const rating = ratings(row)
    if (rating) trial.ratings = rating
    if (vector) trial.music = vector
    set.trials.push(trial)
  })
  const known = new Set(ids)
  for (const [id, trace] of traces.byTrial) {
    if (!known.has(id)) set.skipped.push({ source: trace.source(), reason: `trial ${id} has no row in trials.csv` })
  }
  return set
}

/**
 * Reads the trial table in a folder.
 * @throws FormatError if the folder holds none, or a file is malformed
 */
export async function loadTrialTable(store: Store, options: TrialTableOptions): Promise<TrialSet> {
  for (const file of ['trials.csv', 'eda.csv']) {
    if (await store.exists(file)) continue
    throw new FormatError(`${options.name}/${file}: no such file; a dataset is a folder with trials.csv and eda.csv`)
  }
  const files: TrialTableFiles = { trials: await store.readText('trials.csv'), eda: await store.readText('eda.csv') }
  if (await store.exists('music.csv')) files.music = await store.readText('music.csv')
  return readTrialTable(files, options)
}

function uniqueIds(table: CsvTable): string[] {
  const ids = table.text('trial')
  const seen = new Set<string>()
  ids.forEach((id, row) => {
    if (seen.has(id)) throw new FormatError(`${table.where(row)}: trial ${id} occurs twice; each trial has one row`)
    seen.add(id)
  })
  return ids
}

function readRatings(table: CsvTable): (row: number) => { valence: number; arousal: number } | undefined {
  if (!table.has('valence') || !table.has('arousal')) return () => undefined
  const valences = table.numbers('valence', 'nan')
  const arousals = table.numbers('arousal', 'nan')
  return (row) => {
    const [valence, arousal] = [valences[row]!, arousals[row]!]
    return Number.isNaN(valence) || Number.isNaN(arousal) ? undefined : { valence, arousal }
  }
}

const isSynthetic = (table: CsvTable): boolean =>
  table.has('synthetic') && table.text('synthetic').some((cell) => cell.trim() === '1')

/** Rate of each trial by its own column, or one for all: the median of n_samples / duration_s. */
function declaredRates(table: CsvTable): ArrayLike<number> | undefined {
  if (table.has('sample_rate_hz')) {
    const rates = table.numbers('sample_rate_hz')
    const bad = rates.findIndex((rate) => !(rate > 0))
    if (bad < 0) return rates
    throw new FormatError(
      `${table.where(bad)}: column 'sample_rate_hz' is ${rates[bad]}, expected a positive number of Hz`,
    )
  }
  if (!table.has('n_samples') || !table.has('duration_s') || table.length === 0) return undefined
  const seconds = table.numbers('duration_s')
  const ratios = table
    .numbers('n_samples')
    .map((count, row) => count / seconds[row]!)
    .sort()
  return new Float64Array(table.length).fill(ratios[Math.floor(ratios.length / 2)]!)
}

interface Traces {
  unit: string
  byTrial: Map<string, Trace>
}

interface Trace {
  source(): string
  samples(): Float64Array
  rate(): number
}

function readTraces(table: CsvTable): Traces {
  const edaColumn = table.find('eda_us', 'eda') ?? 'eda_us'
  const timeColumn = table.find('time_s', 'time(s)', 'time')
  const values = table.numbers(edaColumn, 'nan')
  const index = table.has('i') ? table.numbers('i') : undefined
  const times = timeColumn && { seconds: table.numbers(timeColumn), text: table.text(timeColumn) }
  const ids = table.text('trial')
  const rowsOf = groupBy(ids.keys(), (row) => ids[row]!)
  const byTrial = new Map<string, Trace>()
  for (const [id, rows] of rowsOf) {
    const source = (): string => `${table.where(rows[0]!)} (trial ${id})`
    byTrial.set(id, {
      source,
      samples: () => (index ? placed(table, rows, index, values) : Float64Array.from(rows, (row) => values[row]!)),
      rate: () => {
        if (!times) {
          throw new FormatError(
            `${source()}: nothing tells the sampling rate; give --rate HZ, a sample_rate_hz ` +
              'column in trials.csv, or a time_s column here',
          )
        }
        const seconds = Float64Array.from(rows, (row) => times.seconds[row]!)
        return rateFromTimes(
          seconds,
          rows.map((row) => times.text[row]!),
          source(),
        )
      },
    })
  }
  return { unit: edaColumn.toLowerCase() === 'eda_us' ? 'uS' : 'unknown', byTrial }
}

/** Puts each sample where its index says, counted from the trial's first one; what is left out is NaN. */
function placed(table: CsvTable, rows: number[], index: Float64Array, values: Float64Array): Float64Array {
  const first = index[rows[0]!]!
  const last = index[rows.at(-1)!]!
  let before = first - 1
  for (const row of rows) {
    const i = index[row]!
    if (!Number.isInteger(i) || i <= before || i - before > LARGEST_HOLE) {
      throw new FormatError(
        `${table.where(row)}: column 'i' is ${i} after ${before}, expected sample indices that increase by 1`,
      )
    }
    before = i
  }
  const samples = new Float64Array(last - first + 1).fill(NaN)
  for (const row of rows) samples[index[row]! - first] = values[row]!
  return samples
}

function readMusic(table: CsvTable): { dim: number; byStimulus: Map<string, Float32Array> } {
  const key = table.find('stimulus', 'song') ?? 'stimulus'
  const stimuli = table.text(key)
  const features = table.columns.filter((column) => column !== key).map((column) => table.numbers(column))
  if (features.length === 0) throw new FormatError(`${table.source}:1: no feature columns beside '${key}'`)
  const byStimulus = new Map<string, Float32Array>()
  stimuli.forEach((stimulus, row) => {
    byStimulus.set(
      stimulus,
      Float32Array.from(features, (column) => column[row]!),
    )
  })
  return { dim: features.length, byStimulus }
}

// The open interchange form: any lab can bring its study as two or three CSV files in one folder.
import { numberOf, shown } from '../formats/cells.ts'
import { type CsvTable, delimiterOf, parseCsv } from '../formats/csv.ts'
import { visitRows } from '../formats/rows.ts'
import { isTooMany } from '../reading/grid.ts'
import { openText, wholeText } from '../reading/text.ts'
import { FormatError } from '../runtime/errors.ts'
import { allBytes, memorySource, type Source } from '../store/source.ts'
import type { Store } from '../store/store.ts'
import { evenTraces, resampledNotes, type EvenTraces } from './even_traces.ts'
import type { Layout } from './layout.ts'
import { HeardSongs, readMusicTables, UNKNOWN_SET, type MusicFeatures } from './music_features.ts'
import { entryOf, sourceAt } from './tree.ts'
import type { Trial, TrialSet } from './trial.ts'

/** Contents of the files of a trial table. */
export interface TrialTableFiles {
  trials: string
  /** Whole or in pieces, which may end anywhere. */
  eda: string | AsyncIterable<string>
  /** Text, or bytes in whatever encoding they are. */
  music?: string | Uint8Array
}

/** How a trial table is read. */
export interface TrialTableOptions {
  /** Name of the dataset; messages put it before the file names. */
  name: string
  /** Hz of every trial; wins over what the files say. */
  sampleRate?: number
  /** Trials with uneven times are interpolated linearly to even ones, not refused. */
  resample?: boolean
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
 * | `valence`, `arousal` | self-report on any one scale; empty or NA = not rated, NaN is refused |
 * | `sample_rate_hz`, or `n_samples` and `duration_s` | the rate, unless `eda.csv` has times |
 * | `dominance`, `liking` | further self-reports, kept as text until a run is to predict one of them |
 * | `valence_high`, `arousal_high` | 0 or 1, used by `--labels column` only |
 * | `synthetic` | 1 marks generated data |
 * | any other | kept; `--folds column:NAME` can use it |
 *
 * `eda.csv`, one row per sample, in order within each trial: `trial`, then `i` (sample index; a skipped one is a
 * missing sample) or `time_s`, then `eda_us` (microsiemens) or `eda` (unit unknown). Empty or NaN = missing. In all of the file not more
 * samples may be skipped than a million, or ten times its rows.
 *
 * `music.csv`, optional, one row per stimulus: `stimulus` (or `song`), then one column per feature; or any table that `readMusicTables`
 * reads. `readMusicTables` says what makes a song and a stimulus one.
 *
 * Trials without samples are skipped with the reason; trials whose stimulus has no music row have no `music`.
 * @throws FormatError naming file, line and column
 */
export async function readTrialTable(
  files: TrialTableFiles,
  { name, sampleRate, resample }: TrialTableOptions,
): Promise<TrialSet> {
  const table = parseCsv(files.trials, `${name}/trials.csv`)
  const music = await readMusic(files.music, `${name}/music.csv`)
  const rates = sampleRate === undefined ? declaredRates(table) : undefined
  const ids = uniqueIds(table)
  const known = new Set(ids)
  const subjects = namesIn(table, 'subject')
  const stimulusColumn = table.find('stimulus', 'song')
  const stimuli =
    stimulusColumn === undefined ? ids : table.text(stimulusColumn).map((cell, i) => nameIn(cell) || ids[i]!)
  const ratings = readRatings(table)
  const timed = sampleRate === undefined && rates === undefined
  const traces = await readTraces(files.eda, `${name}/eda.csv`, { known, timed })
  const set: TrialSet = { name, synthetic: isSynthetic(table), trials: [], musicDim: music?.dim ?? 0, skipped: [] }
  if (music && music.set !== UNKNOWN_SET) set.musicSet = music.set
  const heard = music && new HeardSongs(music)
  const resampled: string[] = []
  ids.forEach((id, row) => {
    const source = table.where(row)
    const trace = traces.byTrial.get(id)
    if (!trace) {
      set.skipped.push({ source, reason: `trial ${id} has no samples in eda.csv` })
      return
    }
    const stimulus = stimuli[row]!
    const rate = sampleRate ?? rates?.[row]
    const samples = Float64Array.from(trace.samples)
    const timed = rate === undefined ? atTimes(traces, id, trace, { samples, resample }) : undefined
    if (timed?.resampled) resampled.push(id)
    const trial: Trial = {
      id,
      subject: subjects[row]!,
      stimulus,
      sampleRate: rate ?? timed!.sampleRate,
      eda: timed?.traces[0] ?? samples,
      unit: traces.unit,
      columns: table.row(row),
      source: `${source} (trial ${id})`,
    }
    const rating = ratings(row)
    if (rating) trial.ratings = rating
    const vector = heard?.of(trial)
    if (vector) trial.music = vector
    set.trials.push(trial)
  })
  for (const [id, trace] of traces.byTrial) {
    if (!known.has(id))
      set.skipped.push({
        source: `${traces.source}:${trace.line} (trial ${id})`,
        reason: `trial ${id} has no row in trials.csv`,
      })
  }
  const notes = [
    ...(music?.notes ?? []),
    ...(heard?.unmatchedNotes() ?? []),
    ...(resampled.length > 0 ? resampledNotes(resampled) : []),
  ]
  return notes.length > 0 ? { ...set, notes } : set
}

/**
 * Reads the trial table in a folder.
 * @throws FormatError if the folder holds none, or a file is malformed
 */
export async function loadTrialTable(store: Store, options: TrialTableOptions): Promise<TrialSet> {
  const file = async (called: string): Promise<Source | undefined> => {
    const path = await entryOf(store, '', FILES[called as keyof typeof FILES])
    return path === undefined ? undefined : await sourceAt(store, path, `${options.name}/${called}`)
  }
  const required = async (called: string): Promise<Source> => {
    const found = await file(called)
    if (found) return found
    throw new FormatError(`${options.name}/${called}: no such file; a dataset is a folder with trials.csv and eda.csv`)
  }
  const [trials, eda, music] = [await required('trials.csv'), await required('eda.csv'), await file('music.csv')]
  const files: TrialTableFiles = { trials: await wholeText(trials), eda: (await openText(eda)).chunks }
  if (music) files.music = await allBytes(music)
  return readTrialTable(files, options)
}

/** Some systems and programs write names in capitals. */
const FILES = { 'trials.csv': /^trials\.csv$/i, 'eda.csv': /^eda\.csv$/i, 'music.csv': /^music\.csv$/i } as const

/** The name in a cell: blanks around it and how its accents are coded tell nobody apart. */
const nameIn = (cell: string): string => cell.trim().normalize('NFC')

/** @throws FormatError for an empty cell, and for one that was not decoded */
function namesIn(table: CsvTable, column: string): string[] {
  return table.text(column).map((cell, row) => {
    const name = nameIn(cell)
    if (name === '') throw new FormatError(`${table.where(row)}: column '${column}' is empty, expected a name`)
    if (name.includes('\uFFFD'))
      throw new FormatError(
        `${table.where(row)}: column '${column}' is '${name}', with a letter that was lost to another encoding; save the file as UTF-8`,
      )
    return name
  })
}

function uniqueIds(table: CsvTable): string[] {
  const ids = namesIn(table, 'trial')
  const seen = new Set<string>()
  ids.forEach((id, row) => {
    if (seen.has(id)) throw new FormatError(`${table.where(row)}: trial ${id} occurs twice; each trial has one row`)
    seen.add(id)
  })
  return ids
}

function readRatings(table: CsvTable): (row: number) => { valence: number; arousal: number } | undefined {
  const columns = [table.find('valence'), table.find('arousal')]
  const [valences, arousals] = columns.map((column) => (column === undefined ? undefined : ratingsIn(table, column)))
  return (row) => {
    const [valence = NaN, arousal = NaN] = [valences?.[row], arousals?.[row]]
    return Number.isNaN(valence) || Number.isNaN(arousal) ? undefined : { valence, arousal }
  }
}

/** @throws FormatError for NaN as well, which may be a trial without a rating or a calculation that went wrong */
function ratingsIn(table: CsvTable, column: string): Float64Array {
  const odd = table.text(column).findIndex((cell) => /^\s*[+-]?nan\s*$/i.test(cell))
  if (odd < 0) return table.numbers(column, 'nan')
  throw new FormatError(
    `${table.where(odd)}: column '${column}' is '${table.text(column)[odd]!.trim()}', expected a number, or nothing for a trial without a rating`,
  )
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
  const rate = ratios[Math.floor(ratios.length / 2)]!
  if (rate > 0 && rate < Infinity) return new Float64Array(table.length).fill(rate)
  throw new FormatError(
    `${table.source}: the median of n_samples / duration_s is ${rate}, expected a positive number of Hz`,
  )
}

/** What is kept of the rows of a trial. */
interface Trace {
  /** Line of its first row, from 1. */
  line: number
  /** It has a row in `trials.csv`; of others no more is kept than the line. */
  isKnown: boolean
  samples: number[]
  /** Index of the last row, where there is one. */
  last: number
  seconds: number[]
  /** Digits after the point of each time. */
  decimals: number[]
}

interface Traces {
  source: string
  unit: string
  timed: boolean
  byTrial: Map<string, Trace>
}

/** The columns that trials are made of, in one pass that keeps no more: of trials that are not known, only where they begin. */
async function readTraces(
  text: string | AsyncIterable<string>,
  source: string,
  { known, timed }: { known: ReadonlySet<string>; timed: boolean },
): Promise<Traces> {
  const { head, skip, chunks } = await withHead(text, source)
  const header = parseCsv(head, source)
  const value = header.find('eda_us', 'eda') ?? 'eda_us'
  const time = header.find('time_s', 'time(s)', 'time')
  const at = (column: string): number => {
    header.text(column) // throws where there is none
    return header.columns.indexOf(column)
  }
  const [valueAt, trialAt] = [at(value), at('trial')]
  const indexAt = header.columns.indexOf('i')
  const timeAt = timed && time !== undefined ? at(time) : -1
  const byTrial = new Map<string, Trace>()
  const byCell = new Map<string, Trace>()
  const size = { rows: 0, missing: 0 }
  const number = (row: readonly string[], column: number, line: number): number => {
    const found = numberOf(row[column]!)
    if (found === undefined || Math.abs(found) === Infinity || (column !== valueAt && Number.isNaN(found)))
      throw new FormatError(
        `${source}:${line}: column '${header.columns[column]!}' is '${shown(row[column]!.trim())}', expected a number`,
      )
    return found
  }
  await visitRows(chunks, { separator: delimiterOf(head) ?? '', skip }, source, (row, line) => {
    if (row.length === 1 && row[0] === '') return
    if (row.length !== header.columns.length)
      throw new FormatError(
        `${source}:${line}: ${row.length} cells, expected ${header.columns.length} as in the first line`,
      )
    const cell = row[trialAt]!
    let trace = byCell.get(cell)
    if (!trace) {
      const id = flat(nameIn(cell))
      trace = byTrial.get(id) ?? { line, isKnown: known.has(id), samples: [], last: NaN, seconds: [], decimals: [] }
      byTrial.set(id, trace)
      byCell.set(flat(cell), trace)
    }
    const sample = number(row, valueAt, line)
    if (!trace.isKnown) return
    size.rows++
    if (indexAt >= 0) place(trace, number(row, indexAt, line), size, `${source}:${line}`)
    trace.samples.push(sample)
    if (timeAt < 0) return
    trace.seconds.push(number(row, timeAt, line))
    trace.decimals.push((row[timeAt]!.trim().split('.')[1] ?? '').length)
  })
  return { source, unit: value.toLowerCase() === 'eda_us' ? 'uS' : 'unknown', timed: timeAt >= 0, byTrial }
}

/** The first line that is not blank, the lines up to its end, and everything from the beginning on. */
async function withHead(
  text: string | AsyncIterable<string>,
  source: string,
): Promise<{ head: string; skip: number; chunks: AsyncIterable<string> }> {
  const pieces = piecesOf(text)
  let begin = ''
  let found: RegExpExecArray | null = null
  for (let next = await pieces.next(); !next.done; next = await pieces.next()) {
    begin += next.value
    found = FIRST_LINE.exec(begin)
    if (found) break
  }
  const [, blank, head] = found ?? FIRST_LINE.exec(`${begin}\n`) ?? []
  if (head === undefined) throw new FormatError(`${source}: the file is empty, expected rows of data`)
  const chunks = (async function* () {
    yield begin
    yield* pieces
  })()
  return { head, skip: blank!.split(/\r\n|\n|\r/).length, chunks }
}

/** Blank lines, and the first that is none. */
const FIRST_LINE = /^((?:[^\S\r\n]*(?:\r\n|\n|\r))*)([^\r\n]*\S[^\r\n]*)[\r\n]/

async function* piecesOf(text: string | AsyncIterable<string>): AsyncGenerator<string> {
  if (typeof text === 'string') yield text.replace(/^\uFEFF/, '')
  else yield* text
}

/** A copy of its own: a piece of a long text would keep all of that. */
const flat = (id: string): string => [...id].join('')

/** Makes room for a sample where its index says, counted from the trial's first one; what is left out is NaN. */
function place(trace: Trace, index: number, size: { rows: number; missing: number }, where: string): void {
  const { samples, last: before } = trace
  const hole = samples.length === 0 ? 1 : index - before
  const refused = (reason: string): FormatError =>
    new FormatError(`${where}: column 'i' is ${index} after ${samples.length === 0 ? index - 1 : before}, ${reason}`)
  if (!Number.isSafeInteger(index) || hole < 1) throw refused('expected sample indices that increase by 1')
  if (isTooMany(size.missing + hole - 1, size.rows))
    throw refused(
      `so that ${size.missing + hole - 1} samples are missing beside ${size.rows}; expected sample indices that increase by 1`,
    )
  size.missing += hole - 1
  for (let missing = 1; missing < hole; missing++) samples.push(NaN)
  trace.last = index
}

/** The samples of a trial on the grid of its own times. */
function atTimes(
  { source, timed }: Traces,
  id: string,
  { line, seconds, decimals }: Trace,
  { samples, resample }: { samples: Float64Array; resample: boolean | undefined },
): EvenTraces {
  const where = `${source}:${line} (trial ${id})`
  if (!timed)
    throw new FormatError(
      `${where}: nothing tells the sampling rate; give --rate HZ, a sample_rate_hz ` +
        'column in trials.csv, or a time_s column here',
    )
  const stamps = { times: Float64Array.from(seconds), decimals, where: () => where }
  return evenTraces(stamps, [samples], where, { resample })
}

/** Features of a study's own may be of any number. */
async function readMusic(content: string | Uint8Array | undefined, source: string): Promise<MusicFeatures | undefined> {
  return content === undefined ? undefined : await readMusicTables([memorySource(source, content)], { any: true })
}

/** The open form as a layout: its trials are read at once. */
export const trialTable: Layout = {
  kind: 'trials',
  looksFor: 'trials.csv and eda.csv (the open form)',
  refuses: {
    gsr: 'the unit of a trial table is in its header',
  },
  // One of the two is a table that lacks the other, but eda.csv may be a plain recording.
  recognises: async (store) => {
    if ((await entryOf(store, '', FILES['trials.csv'])) !== undefined) return true
    return (await store.exists('eda.csv')) && (await firstLine(store, 'eda.csv')).toLowerCase().includes('trial')
  },
  async open(store, { name, sampleRate, resample }) {
    const { trials, ...set } = await loadTrialTable(store, {
      name,
      ...(sampleRate !== undefined && { sampleRate }),
      ...(resample !== undefined && { resample }),
    })
    async function* all(): AsyncIterable<Trial> {
      yield* trials
    }
    return { ...set, kind: 'trials', trials: all, expected: trials.length, notes: set.notes ?? [] }
  },
}

async function firstLine(store: Store, path: string): Promise<string> {
  const head = await (await store.source(path)).read(0, 1 << 12)
  return /^[^\r\n]*/.exec(new TextDecoder().decode(head))![0]
}

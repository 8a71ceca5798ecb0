import { type CsvTable, parseCsv } from '../formats/csv.ts'
import { FormatError } from '../runtime/errors.ts'
import { rateFromTimes } from '../signal/timing.ts'
import type { Recording } from '../reading/recording.ts'

const TIME_NAMES = ['time_s', 'time(s)', 'time', 'timestamp', 'seconds', 't']
const EDA_NAMES = ['eda_us', 'eda', 'eda(microsiemens)', 'eda_microsiemens', 'gsr', 'gsr_us', 'scr', 'conductance']
/** Empatica files start with a Unix time; the device came out long after this one (2001). */
const EARLIEST_UNIX_TIME = 1e9

/** What a file of a recording may not say itself. */
export interface RecordingOptions {
  /** Hz; wins over a time column. */
  sampleRate?: number
  /** Column of seconds; found by its name if left out. */
  timeColumn?: string
  /** Column of skin conductance; found by its name if left out. */
  edaColumn?: string
}

/**
 * Reads one skin-conductance trace from text:
 * - Empatica E4 `EDA.csv`: start time (Unix seconds), rate (Hz), then a value a line, no header;
 * - a table with a header: a conductance column and a time column in seconds, or `sampleRate`;
 * - a bare list of numbers with `sampleRate`.
 * Empty and NaN cells are missing samples.
 * @throws FormatError naming file, line and column
 */
export function readRecording(text: string, source: string, options: RecordingOptions = {}): Recording {
  const firstLine = text.slice(0, text.search(/[\r\n]|$/)).replace(/^\uFEFF/, '')
  const headerless = firstLine.trim() !== '' && firstLine.split(/[,;\t]/).every((cell) => Number.isFinite(Number(cell)))
  const recording = headerless
    ? readBare(parseCsv(text, source, { header: false }), options)
    : readColumns(parseCsv(text, source), options)
  if (recording.eda.length === 0) throw new FormatError(`${source}: no samples after the header`)
  return recording
}

/** Numbers without a header: Empatica's layout, or values only. */
function readBare(table: CsvTable, { sampleRate }: RecordingOptions): Recording {
  const { source } = table
  if (table.columns.length !== 1) {
    throw new FormatError(
      `${source}:1: ${table.columns.length} columns without a header; add a header line with time_s and eda_uS`,
    )
  }
  const values = table.numbers('1', 'nan')
  if (values[0]! >= EARLIEST_UNIX_TIME) {
    const rate = values[1] ?? NaN
    if (!(rate > 0)) {
      throw new FormatError(`${source}:2: the sampling rate is ${rate}, expected a positive number of Hz`)
    }
    return { sampleRate: sampleRate ?? rate, eda: values.slice(2), source, firstLine: 3 }
  }
  if (sampleRate === undefined) throw new FormatError(`${source}: no header and no time column; give --rate HZ`)
  return { sampleRate, eda: values, source, firstLine: 1 }
}

function readColumns(table: CsvTable, options: RecordingOptions): Recording {
  const { source } = table
  const timeColumn = options.timeColumn ?? table.find(...TIME_NAMES)
  const edaColumn = options.edaColumn ?? table.find(...EDA_NAMES) ?? onlyOther(table, timeColumn)
  if (edaColumn === undefined) {
    throw new FormatError(
      `${source}:1: cannot tell which column is skin conductance; give --eda COL, ` +
        `one of ${table.columns.join(', ')}`,
    )
  }
  requireOneRecording(table)
  const samples = { eda: table.numbers(edaColumn, 'nan'), source, firstLine: 2 }
  if (options.sampleRate !== undefined) return { sampleRate: options.sampleRate, ...samples }
  if (timeColumn === undefined) {
    throw new FormatError(
      `${source}:1: no time column; give --rate HZ, or --time COL, one of ${table.columns.join(', ')}`,
    )
  }
  return { sampleRate: rateFromTimes(table.numbers(timeColumn), table.text(timeColumn), source), ...samples }
}

/** @throws FormatError for a table of several trials: end to end they are no recording */
function requireOneRecording(table: CsvTable): void {
  const column = table.find('trial', 'subject', 'participant')
  if (column === undefined) return
  const values = new Set(table.text(column))
  if (values.size < 2) return
  throw new FormatError(
    `${table.source}:1: column '${column}' names ${values.size} different ones; this is a table of several ` +
      'recordings, prepare it as a study (galvani prepare) or split it by that column',
  )
}

function onlyOther(table: CsvTable, timeColumn: string | undefined): string | undefined {
  const others = table.columns.filter((column) => column !== timeColumn)
  return others.length === 1 ? others[0] : undefined
}

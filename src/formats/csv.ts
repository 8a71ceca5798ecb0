// Delimited text with typed access. Every complaint names file, line and column.
import { CsvError, type Options, parse } from 'csv-parse/browser/esm/sync'
import { FormatError } from '../runtime/errors.ts'

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i
const MISSING = /^(nan|na|n\/a|null)?$/i
const LINE_ENDS = ['\r\n', '\n', '\r']

/** A parsed table: named columns of equal length. Row 0 is the first one after the header. */
export class CsvTable {
  readonly source: string
  readonly columns: readonly string[]
  readonly length: number
  readonly #rows: string[][]
  readonly #lineOf: (row: number) => number

  constructor(source: string, columns: string[], rows: string[][], lineOf: (row: number) => number) {
    this.source = source
    this.columns = columns
    this.length = rows.length
    this.#rows = rows
    this.#lineOf = lineOf
  }

  has(column: string): boolean {
    return this.columns.includes(column)
  }

  /** The first of `names` that is a column, or undefined. Upper and lower case are the same. */
  find(...names: string[]): string | undefined {
    for (const name of names) {
      const found = this.columns.find((column) => column.toLowerCase() === name.toLowerCase())
      if (found !== undefined) return found
    }
    return undefined
  }

  /** @throws FormatError if the column is missing */
  text(column: string): string[] {
    const index = this.#index(column)
    return this.#rows.map((row) => row[index]!)
  }

  /**
   * A column of numbers, all finite. Empty cells and NaN, NA, null are NaN where `missing` is 'nan', else an error.
   * @throws FormatError if the column is missing or a cell holds no number, or one that is too large for one
   */
  numbers(column: string, missing: 'nan' | 'error' = 'error'): Float64Array {
    const index = this.#index(column)
    const out = new Float64Array(this.length)
    for (let i = 0; i < this.length; i++) {
      const text = this.#rows[i]![index]!.trim()
      if (missing === 'nan' && MISSING.test(text)) out[i] = NaN
      else if (NUMBER.test(text) && Number.isFinite(Number(text))) out[i] = Number(text)
      else {
        const expected = NUMBER.test(text) ? 'a finite number' : 'a number'
        throw new FormatError(`${this.where(i)}: column '${column}' is '${shorten(text)}', expected ${expected}`)
      }
    }
    return out
  }

  /** One row as column -> text. */
  row(index: number): Record<string, string> {
    const cells = this.#rows[index]!
    return Object.fromEntries(this.columns.map((column, i) => [column, cells[i]!]))
  }

  /** `file:line` of a row, for messages. */
  where(row: number): string {
    return `${this.source}:${this.#lineOf(row)}`
  }

  #index(column: string): number {
    const index = this.columns.indexOf(column)
    if (index < 0) {
      throw new FormatError(`${this.source}: no column '${column}'; the columns are ${listed(this.columns)}`)
    }
    return index
  }
}

export interface CsvOptions {
  /** False: the first line is data, and the columns are called `1`, `2`, ... */
  header?: boolean
}

/**
 * Parses comma-, semicolon- or tab-separated text (the header line tells which), with quotes, CRLF or LF, BOM or not.
 * Blank lines are skipped, but in a file of one column they are missing values.
 * @throws FormatError for an empty file, rows of unequal length, repeated column names and broken quotes
 */
export function parseCsv(text: string, source: string, { header = true }: CsvOptions = {}): CsvTable {
  if (text.trim() === '') throw new FormatError(`${source}: the file is empty, expected rows of data`)
  const delimiter = delimiterOf(text)
  const settings: Options = {
    bom: true,
    delimiter: delimiter ?? ',',
    skip_empty_lines: delimiter !== undefined,
    record_delimiter: LINE_ENDS,
  }
  const rows = withPosition(source, () => parse(text, settings))
  if (delimiter === undefined) while (rows.at(-1)?.[0]?.trim() === '') rows.pop()
  // Line numbers double the parsing time, so they are only worked out when a message needs them.
  let lines: number[] | undefined
  const lineOf = (record: number): number => (lines ??= recordLines(text, settings))[record] ?? 0
  if (!header)
    return new CsvTable(
      source,
      (rows[0] ?? []).map((_, i) => String(i + 1)),
      rows,
      lineOf,
    )
  const columns = (rows.shift() ?? []).map((name, i) => name.trim() || String(i + 1))
  const repeated = columns.find((name, i) => columns.indexOf(name) !== i)
  if (repeated !== undefined) throw new FormatError(`${source}:1: two columns are called '${repeated}'; rename one`)
  return new CsvTable(source, columns, rows, (row) => lineOf(row + 1))
}

/** A table as comma-separated text; cells with commas, quotes or line ends are quoted. */
export function formatCsv(columns: readonly string[], rows: Iterable<readonly (string | number)[]>): string {
  const lines = [columns.map(quoted).join(',')]
  for (const row of rows) lines.push(row.map((cell) => quoted(String(cell))).join(','))
  return `${lines.join('\n')}\n`
}

/** A cell as it stands in comma-separated text. */
export const quoted = (cell: string): string => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)

/** The separator that occurs most in the first line; undefined if none does. */
export function delimiterOf(text: string): string | undefined {
  const first = text.slice(0, text.search(/[\r\n]|$/))
  const counts = [',', ';', '\t'].map((mark) => ({ mark, count: first.split(mark).length - 1 }))
  const best = counts.reduce((a, b) => (b.count > a.count ? b : a))
  return best.count > 0 ? best.mark : undefined
}

/** Last line of each record, from 1. */
function recordLines(text: string, settings: Options): number[] {
  const lines: number[] = []
  const note = (_: unknown, context: { lines: number }): null => {
    lines.push(context.lines)
    return null
  }
  parse(text, { ...settings, on_record: note } as Options)
  return lines
}

function withPosition(source: string, action: () => string[][]): string[][] {
  try {
    return action()
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    const where = `${source}:${String(error['lines'])}`
    if (error.code === 'CSV_RECORD_INCONSISTENT_FIELDS_LENGTH') {
      const found = (error['record'] as string[]).length
      const expected = /expect (\d+)/.exec(error.message)?.[1]
      throw new FormatError(`${where}: ${found} cells, expected ${expected} as in the first line`)
    }
    throw new FormatError(`${where}: ${error.message.replace(/ (on|at) line \d+/, '')}`)
  }
}

const shorten = (text: string): string => (text.length > 40 ? `${text.slice(0, 40)}...` : text)

/** At most a dozen names, so that a wide table does not fill the screen. */
function listed(columns: readonly string[]): string {
  const shown = columns.slice(0, 12).join(', ')
  return columns.length > 12 ? `${shown} and ${columns.length - 12} more` : shown
}

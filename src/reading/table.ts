// The columns of a text table that a recording is made of, read in one pass that keeps nothing else.
import { FormatError } from '../runtime/errors.ts'
import { isGrouped, isNumber, numberOf, shown } from '../formats/cells.ts'
import { trimmed, type Dialect } from '../formats/dialect.ts'
import { Growing } from '../formats/growing.ts'
import { visitRows } from '../formats/rows.ts'
import { Marks } from '../formats/thousands.ts'
import { toldReading, type Clock } from './clock.ts'
import type { IdColumn } from './roles.ts'
import { largestOf, leastOf } from '../signal/extremes.ts'

/** Rows [from, …) of one value. */
export interface Run {
  from: number
  value: string
}

export interface TableColumns {
  rows: number
  /** Of each column of skin conductance, [rows]; NaN is missing. */
  eda: Float64Array[]
  /** [rows], where there is a clock. */
  seconds?: Float64Array
  /** By which the times were read: the one that was asked for, or its other order of day and month, as all rows tell. */
  clock?: Clock
  /** [rows], of the column that counts samples; NaN where it holds no number. */
  counts?: Float64Array
  /** Text of the first and of the last stamps. */
  stamps: string[]
  /** Of each id column, in order. */
  runs: Run[][]
  /** Line of a row, from 1. */
  lineOf: (row: number) => number
  notes: string[]
}

/** What is kept of a table. */
export interface Wanted {
  eda: readonly number[]
  time: readonly number[]
  clock: Clock | undefined
  /** A given rate does without times: a cell that holds none is passed over. */
  timesMayMiss: boolean
  /** The decimal mark is given: no number may be read in another way. */
  isMarkGiven: boolean
  ids: readonly IdColumn[]
  /** Column that counts samples. */
  counter: number | undefined
}

/** A column of more runs than this names rows, not recordings: what is behind them is not looked at. */
const MOST_RUNS = 200_000
/** Stamps that are kept as text. */
const KEPT_STAMPS = 200

/** @throws FormatError naming the line of a row that is too short or too long, or of a cell that is no number */
export async function readTable(
  chunks: AsyncIterable<string>,
  dialect: Dialect,
  wanted: Wanted,
  source: string,
): Promise<TableColumns> {
  const { columns, decimal } = dialect
  const width = columns.length
  const least = largestOf([...wanted.eda, ...wanted.time, ...wanted.ids.map(({ column }) => column)]) + 1
  const eda = wanted.eda.map(() => new Growing())
  const seconds = wanted.clock && new Growing()
  const others = wanted.clock?.other && new Growing()
  const marks = wanted.isMarkGiven ? [] : wanted.eda.map(() => new Marks(decimal))
  const counts = wanted.counter === undefined ? undefined : new Growing()
  const runs: Run[][] = wanted.ids.map(() => [])
  const lines = new Lines()
  const stamps: string[] = []
  const notes: string[] = []
  let rows = 0
  /** Rows of nothing, which count only in a table of one column, between others. */
  let blank = 0

  const add = (row: readonly string[], line: number): void => {
    lines.note(rows, line)
    for (const [k, column] of wanted.eda.entries()) {
      const cell = row[column] ?? ''
      const value = numberOf(cell, decimal)
      if (value === undefined)
        throw new FormatError(
          `${source}:${line}: column '${columns[column]!}' is '${shown(cell)}', expected a number${hint(cell, decimal)}`,
        )
      eda[k]!.push(value)
      marks[k]?.see(cell, value, line)
    }
    counts?.push(numberOf(row[wanted.counter!] ?? '', decimal) ?? NaN)
    if (wanted.clock && seconds) {
      const cell = timeCell(row, wanted.time)
      const time = wanted.clock.seconds(cell)
      const other = wanted.clock.other?.seconds(cell) ?? NaN
      if (Number.isNaN(time) && Number.isNaN(other) && !wanted.timesMayMiss)
        throw new FormatError(
          `${source}:${line}: column '${columns[wanted.time[0]!]!}' is '${shown(cell)}', expected a time`,
        )
      seconds.push(time)
      others?.push(other)
      if (stamps.length < KEPT_STAMPS) stamps.push(cell)
      else stamps[KEPT_STAMPS / 2 + (rows % (KEPT_STAMPS / 2))] = cell
    }
    for (const [k, { column }] of wanted.ids.entries()) {
      const value = (row[column] ?? '').trim()
      const own = runs[k]!
      if (own.at(-1)?.value !== value && own.length < MOST_RUNS) own.push({ from: rows, value })
    }
    rows++
  }

  const usual = usualWidth(dialect)
  await visitRows(chunks, dialect, source, (row, line, unended) => {
    const cells = row.length > width ? withoutComment(row, width) : row
    if (isBlank(cells)) {
      blank++
      return
    }
    if (cells.length === 1 && /^\s*#/.test(cells[0]!)) return
    if (width === 1) for (; blank > 0; blank--) add([''], line - blank)
    blank = 0
    if (
      unended &&
      (trimmed(cells).length < usual || wanted.eda.some((column) => isCutOff(cells[column] ?? '', column, dialect)))
    ) {
      notes.push(`the last row (line ${line}) is cut off and was left out`)
      return
    }
    if (cells.length < least || cells.length > width)
      throw new FormatError(`${source}:${line}: ${cells.length} cells, expected ${width} as in the first line`)
    add(cells, line)
  })
  if (rows === 0) throw new FormatError(`${source}: no samples after the header`)
  for (const [k, column] of marks.entries())
    for (const note of sayMark(column, columns[wanted.eda[k]!]!, dialect, source)) notes.push(note)
  const timed = wanted.clock && seconds && timesOf(wanted.clock, seconds.values(), others?.values())
  const odd = timed && !wanted.timesMayMiss ? timed.seconds.findIndex(Number.isNaN) : -1
  if (odd >= 0)
    throw new FormatError(
      `${source}:${lines.of(odd)}: column '${columns[wanted.time[0]!]!}' holds a day above 12 in both orders of day and month; write its dates alike`,
    )
  return {
    rows,
    eda: eda.map((column) => column.values()),
    ...timed,
    ...(counts && { counts: counts.values() }),
    stamps,
    runs,
    lineOf: (row) => lines.of(row),
    notes,
  }
}

/** The times in the order of day and month that all rows tell. */
function timesOf(
  clock: Clock,
  seconds: Float64Array,
  others: Float64Array | undefined,
): { seconds: Float64Array; clock: Clock } {
  if (!clock.other || !others) return { seconds, clock }
  const told = toldReading(seconds, others)
  if (told === 'other') return { seconds: others, clock: { ...clock.other, notes: [] } }
  return { seconds, clock: told === undefined ? clock : { ...clock, notes: [] } }
}

/** What was assumed of a mark that may be one of decimals or of thousands. @throws FormatError where the column tells otherwise */
function sayMark(marks: Marks, name: string, dialect: Dialect, source: string): string[] {
  const doubt = marks.doubt()
  if (!doubt) return []
  const { reading, cell, line } = doubt
  const { decimal } = dialect
  const other = decimal === '.' ? ',' : '.'
  const [decimals, thousands] = [cell.replace(',', '.'), cell.replace(/[.,]/, '')]
  if (reading === 'refused')
    throw new FormatError(
      `${source}:${line}: column '${name}' is '${cell}', which may be ${thousands} (--decimal '${other}') or ${decimals} (--decimal '${decimal}'); say which`,
    )
  if (reading === 'thousands')
    return [`numbers such as ${cell} in column '${name}' were read as ${thousands} (thousands)`]
  // Elsewhere in the file the mark may be plain, such as in 0,25.
  const isTold = dialect.rows.some((row) =>
    row.some((one) => one.includes(decimal) && isNumber(one, decimal) && !isGrouped(one, other)),
  )
  return isTold
    ? []
    : [`numbers such as ${cell} in column '${name}' were read as ${decimals}; --decimal ${other} reads thousands`]
}

/** Cells that rows of the file have, without empty ones at their ends. */
const usualWidth = ({ rows }: Dialect): number => leastOf(rows.slice(0, 20).map((row) => trimmed(row).length))

/** A number with fewer decimals than all others of its column, which have as many as each other, may lack its last digits. */
function isCutOff(cell: string, column: number, { rows, decimal }: Dialect): boolean {
  const decimals = (text: string): number => text.trim().split(decimal)[1]?.length ?? 0
  const [usual, ...more] = new Set(rows.slice(0, 200).map((row) => decimals(row[column] ?? '')))
  return more.length === 0 && decimals(cell) < usual!
}

/** Some programs write comments behind the last cell. */
const withoutComment = (row: readonly string[], width: number): readonly string[] =>
  row[width]!.trim().startsWith('#') ? row.slice(0, width) : trimmed(row)

const timeCell = (row: readonly string[], [first, second]: readonly number[]): string =>
  second === undefined ? (row[first!] ?? '') : `${row[first!] ?? ''} ${row[second] ?? ''}`

function isBlank(cells: readonly string[]): boolean {
  for (const cell of cells) if (cell !== '' && cell.trim() !== '') return false
  return true
}

const hint = (cell: string, decimal: '.' | ','): string => {
  const other = decimal === '.' ? ',' : '.'
  return numberOf(cell, other) === undefined ? '' : `; its decimal mark may be '${other}' (--decimal '${other}')`
}

/** Lines of rows: kept only where the row after is not on the line after. */
class Lines {
  readonly #rows: number[] = []
  readonly #lines: number[] = []

  note(row: number, line: number): void {
    const last = this.#rows.length - 1
    if (last >= 0 && this.#lines[last]! + row - this.#rows[last]! === line) return
    this.#rows.push(row)
    this.#lines.push(line)
  }

  of(row: number): number {
    let [low, high] = [0, this.#rows.length - 1]
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (this.#rows[middle]! <= row) low = middle
      else high = middle - 1
    }
    return this.#lines[low]! + row - this.#rows[low]!
  }
}

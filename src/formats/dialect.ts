// How a text table is written, told from its first lines: separator, decimal mark, lines before the header, header, row of units.
import { FormatError } from '../runtime/errors.ts'
import { isGrouped, isMissing, isNumber, shown, type DecimalMark } from './cells.ts'
import { splitLine } from './rows.ts'
import { largestOf } from '../signal/extremes.ts'
import { isStamp } from './stamp.ts'

export interface Dialect {
  /** One character; a blank stands for any run of blanks, the empty text for a single column. */
  separator: string
  decimal: DecimalMark
  /** Lines before the first row of data, header and all. */
  skip: number
  /** Name of each column, unique; from `1` on where the table has no header. */
  columns: string[]
  hasHeader: boolean
  /** What the row of units says of each column, if there is one. */
  units?: string[]
  /** What stands before the header, without comment marks. */
  preamble: string[]
  /** Whole rows of the lines looked at, for whoever asks what the columns hold. */
  rows: string[][]
}

/** What is known of a dialect beforehand. */
export interface DialectOptions {
  separator?: string
  decimal?: DecimalMark
  /** Lines before the header. */
  skip?: number
}

const SEPARATORS = ['\t', ';', ',', '|', ' ', ''] as const
const DECIMALS = ['.', ','] as const
const COMMENT = /^\s*(#|%|\/\/)/
/** Excel's own line that names the separator. */
const DIRECTIVE = /^"?sep=(.|\\t)"?[,;\t]*$/i
/** Rows that say how a column was made, not what it is. */
const PROCESSING = /^(cal|raw|uncal|calibrated|uncalibrated)$/i
/** Lines that the separator is judged by. */
const JUDGED = 200
/** Rows of a header at most. */
const HEADER_ROWS = 5

/**
 * Tells how a table is written from its first lines (without the last one if that may be cut off).
 * @throws FormatError when no line is a row of numbers, or the decimal mark cannot be told
 */
export function dialectOf(lines: readonly string[], source: string, options: DialectOptions = {}): Dialect {
  const begin = options.skip ?? 0
  const directive = DIRECTIVE.exec(lines[begin]?.trim() ?? '')
  const said = directive?.[1]!.replace('\\t', '\t')
  const separator = options.separator ?? said
  const first = begin + (directive ? 1 : 0)
  const table = lines.slice(first).map((line) => (COMMENT.test(line) ? '' : line))
  const judged = formOf(table, separator, options.decimal)
  if (!judged)
    throw new FormatError(`${source}: no line of it is a row of numbers; it is no table of a recording`, {
      noRecording: true,
    })
  const cells = table.map((line) => splitLine(line, judged.separator))
  const form = widened(judged, cells)
  const top = firstRow(cells, form)
  const header = headerAbove(cells, top, form)
  const comment = header.names === undefined ? headerInComment(lines, first + top, form) : undefined
  const names = header.names ?? comment
  const width = Math.max(form.width, trimmed(names ?? []).length)
  const all = names && withRowNames(names, width, cells.slice(top), source)
  return {
    separator: form.separator,
    decimal: form.decimal,
    skip: first + top,
    columns: uniqueNames(all ?? [], width),
    hasHeader: names !== undefined,
    ...(header.units && { units: header.units }),
    preamble: lines
      .slice(0, first + header.from)
      .map((line) => line.replace(COMMENT, '').trim())
      .filter(Boolean),
    rows: cells.slice(top).filter((row) => isData(row, form)),
  }
}

interface Form {
  separator: string
  decimal: DecimalMark
  /** Cells of a row, without empty ones at its end. */
  width: number
  /** Columns that hold numbers or time stamps in nearly every row. */
  counted: boolean[]
}

/** The separator and decimal mark by which most cells are numbers or stamps and fewest are words. */
function formOf(table: readonly string[], separator?: string, decimal?: DecimalMark): Form | undefined {
  const lines = spread(table.filter((line) => line.trim() !== ''))
  // Where rows have tabs or semicolons, blanks stand inside of cells, as in dates.
  const isMarked = ['\t', ';'].some((mark) => lines.filter((line) => line.includes(mark)).length > 0.9 * lines.length)
  let best: { form: Form; score: number } | undefined
  for (const mark of separator === undefined ? SEPARATORS : [separator]) {
    const isThere = mark === '' || lines.some((line) => line.includes(mark))
    if (separator === undefined && (!isThere || (mark === ' ' && isMarked))) continue
    const rows = evenRows(lines.map((line) => splitLine(line, mark)))
    for (const point of decimal === undefined ? DECIMALS : [decimal]) {
      if (mark === ',' && point === ',' && separator === undefined && !lines.some((line) => line.includes('"')))
        continue
      const judged = judge(rows, mark, point)
      if (judged && judged.score > (best?.score ?? -Infinity) + 1e-9) best = judged
    }
  }
  if (best && separator === undefined && decimal === undefined && isDecimalComma(table, best.form))
    return judge(
      lines.map((line) => [line]),
      '',
      ',',
    )?.form
  return best?.form
}

/**
 * Rows without empty cells at their ends, unless a row as long as most has something there: a column of markers is empty in most rows.
 */
function evenRows(rows: readonly string[][]): readonly (readonly string[])[] {
  if (rows.length === 0) return rows
  const full = mostFrequent(rows.map((row) => row.length))
  const widest = largestOf(
    rows.filter((row) => row.length === full).map((row) => trimmed(row).length),
    1,
  )
  return rows.map((row) => (row.length === full ? row.slice(0, widest) : trimmed(row)))
}

/** With the columns at its end that only rows have which were not among the judged ones. */
function widened(form: Form, cells: readonly string[][]): Form {
  const full = mostFrequent(cells.map((row) => row.length))
  const width = largestOf(
    cells
      .filter((row) => row.length === full && isData(row, { ...form, width: full }))
      .map((row) => trimmed(row).length),
    form.width,
  )
  return { ...form, width, counted: Array.from({ length: width }, (_, i) => form.counted[i] ?? false) }
}

/** Evenly chosen lines: what holds at the beginning need not hold at the end. */
function spread(lines: readonly string[]): readonly string[] {
  const stride = Math.ceil(lines.length / JUDGED)
  return lines.filter((_, i) => i % stride === stride - 1)
}

function judge(rows: readonly (readonly string[])[], separator: string, decimal: DecimalMark) {
  const good = (cell: string): boolean => isNumber(cell, decimal) || isStamp(cell)
  const numeric = rows.filter((row) => row.some(good))
  if (numeric.length === 0) return undefined
  const width = mostFrequent(numeric.map((row) => row.length))
  const regular = numeric.filter((row) => row.length === width)
  const share = (of: (cell: string) => boolean, column: number): number =>
    regular.filter((row) => of(row[column]!)).length / regular.length
  const counted = Array.from({ length: width }, (_, column) => {
    return share((cell) => good(cell) || isMissing(cell), column) >= 0.8 && share(good, column) > 0
  })
  if (!counted.some(Boolean)) return undefined
  const mean = (of: (cell: string) => boolean): number =>
    regular.reduce((sum, row) => sum + row.filter(of).length, 0) / regular.length
  const isWord = (cell: string): boolean => !good(cell) && !isMissing(cell)
  // A word with marks in it is a row that was not parted.
  const words = mean(isWord) + mean((cell) => isWord(cell) && /[,;|\t]/.test(cell))
  return {
    form: { separator, decimal, width, counted },
    // A mark that may be one of decimals is none of thousands.
    score: ((mean(good) - words / 2 - mean((cell) => isGrouped(cell, decimal)) / 10) * regular.length) / rows.length,
  }
}

/**
 * Numbers with decimal commas, one a line (`5,1478`), look like two columns of whole numbers. They are one where the first does not
 * rise from row to row, as a time or a counter does, and the second always has the same number of digits or leading zeros.
 */
function isDecimalComma(table: readonly string[], { separator, width }: Form): boolean {
  if (separator !== ',' || width !== 2) return false
  const rows = table.filter((line) => line.trim() !== '').map((line) => line.split(',').map((cell) => cell.trim()))
  const pairs = rows.filter((row) => row.length === 2 && /^[+-]?\d+$/.test(row[0]!) && /^\d+$/.test(row[1]!))
  const others = rows.filter((row) => !pairs.includes(row))
  if (pairs.length < 2 || others.some((row) => row.length > 1)) return false
  const rises = pairs.every(([whole], i) => i === 0 || Number(whole) > Number(pairs[i - 1]![0]))
  const digits = new Set(pairs.map(([, part]) => part!.length))
  return !rises && (digits.size === 1 || pairs.some(([, part]) => part!.startsWith('0') && part!.length > 1))
}

/** The first line from which on nearly all are rows of data. */
function firstRow(cells: readonly string[][], form: Form): number {
  const last = cells.findLastIndex((row) => isData(row, form))
  for (let i = 0; i <= last; i++) {
    if (!isData(cells[i]!, form)) continue
    const ahead = cells.slice(i, i + 50).filter((row) => trimmed(row).length > 0)
    if (ahead.filter((row) => isData(row, form)).length >= 0.8 * ahead.length) return withBadRow(cells, i, form)
  }
  return last
}

/** Rows with a broken cell between the header and the first whole row belong to the data, where they are complained of. */
function withBadRow(cells: readonly string[][], top: number, form: Form): number {
  let first = top
  while (first > 0 && !isWords(cells[first - 1]!, form) && trimmed(cells[first - 1]!).length === form.width) first--
  return first === 0 || isWords(cells[first - 1]!, form) ? first : top
}

function isData(row: readonly string[], { width, counted, decimal }: Form): boolean {
  const some = counted.some((is, i) => is && i < row.length && (isNumber(row[i]!, decimal) || isStamp(row[i]!)))
  const all = counted.every((is, i) => !is || i >= row.length || isNumberLike(row[i]!, decimal))
  return some && all && trimmed(row).length <= width
}

const isNumberLike = (cell: string, decimal: DecimalMark): boolean =>
  isNumber(cell, decimal) || isStamp(cell) || isMissing(cell)

/** No column of numbers holds one here. */
function isWords(row: readonly string[], { counted, decimal }: Form): boolean {
  return (
    trimmed(row).length > 0 &&
    counted.every((is, i) => !is || !(isNumber(row[i] ?? '', decimal) || isStamp(row[i] ?? '')))
  )
}

interface Header {
  names?: string[]
  units?: string[]
  /** Line of its first row. */
  from: number
}

/** The lines of words above the data: names, perhaps a row of units, perhaps one of how the columns were processed. */
function headerAbove(cells: readonly string[][], top: number, form: Form): Header {
  let from = top
  const least = form.width > 1 ? 2 : 1
  const most = form.width > 1 ? HEADER_ROWS : 1
  while (from > 0 && top - from < HEADER_ROWS) {
    const taken = cells.slice(from, top).filter((one) => trimmed(one).length > 0 && !isUnits(one)).length
    if (taken >= most) break
    const row = cells[from - 1]!
    const isBlank = trimmed(row).length === 0
    if (isBlank && from === top) {
      from--
      continue
    }
    if (isBlank || !isWords(row, form) || row.filter((cell) => cell.trim() !== '').length < least) break
    from--
  }
  const rows = cells.slice(from, top).filter((row) => trimmed(row).length > 0)
  const units = rows.length > 1 ? rows.find((row, i) => i > 0 && isUnits(row)) : undefined
  const names = rows.findLast(
    (row) => row !== units && !trimmed(row).every((cell) => PROCESSING.test(cell.trim()) || cell.trim() === ''),
  )
  return {
    from,
    ...(names && { names: names.map((cell) => cell.trim()) }),
    ...(units && { units: units.map((cell) => cell.trim().replace(/^[([]|[)\]]$/g, '')) }),
  }
}

const UNIT =
  /^\(?\[?(s|sec|seconds?|ms|msec|milliseconds?|min|minutes?|h|hours?|hz|us|µs|μs|ns|[µμmkn]?s(iemens)?|[µμu]siemens|micros(iemens)?|k?m?(ohms?|Ω|ω)|[mµμu]?v(olts?)?|°?c|°f|g|m\/s\^?2|m\/\(s\^2\)|bpm|%|n\/?a|no[_ ]units?|unitless|a\.?u\.?|raw|counts?|yyyy.*|-)?\)?\]?$/i
/** Share of cells that are units in a row of these; a device has some of its own. */
const UNITS = 0.6
const isUnits = (row: readonly string[]): boolean => {
  const said = trimmed(row)
  return said.length > 0 && said.filter((cell) => UNIT.test(cell.trim())).length >= UNITS * said.length
}

/** numpy.savetxt and its like write the header as a comment. */
function headerInComment(
  lines: readonly string[],
  top: number,
  { separator, width, counted, decimal }: Form,
): string[] | undefined {
  const line = lines[top - 1]
  if (line === undefined || !COMMENT.test(line)) return undefined
  const names = trimmed(splitLine(line.replace(COMMENT, '').trim(), separator)).map((cell) => cell.trim())
  const areWords = names.every((name, i) => !counted[i] || (name !== '' && !isNumberLike(name, decimal)))
  return names.length === width && areWords && (width > 1 || /^\S+$/.test(names[0]!)) ? names : undefined
}

/**
 * R writes no name above the names of its rows. Any other header with fewer names than the rows have cells leaves open which is which.
 * @throws FormatError for that
 */
function withRowNames(
  names: readonly string[],
  width: number,
  rows: readonly (readonly string[])[],
  source: string,
): readonly string[] {
  if (names.length >= width) return names
  const first = rows
    .slice(0, 50)
    .filter((row) => row.length >= width)
    .map((row) => row[0]!.trim())
  const areNumbered = first.every(
    (cell, i) => /^\d+$/.test(cell) && (i === 0 || Number(cell) === Number(first[i - 1]) + 1),
  )
  if (names.length === width - 1 && areNumbered && first.length > 1) return ['row', ...names]
  throw new FormatError(
    `${source}: its rows have ${width} cells, its header names ${names.length}; name every column, or, where numbers have decimal commas, ` +
      'separate the cells by semicolons',
  )
}

/** Empty names become the column's number, repeated ones get their count. */
function uniqueNames(names: readonly string[], width: number): string[] {
  const taken = new Map<string, number>()
  return Array.from({ length: width }, (_, i) => {
    const name = names[i] === undefined || names[i] === '' ? String(i + 1) : names[i]
    const count = (taken.get(name) ?? 0) + 1
    taken.set(name, count)
    return count === 1 ? name : `${name}.${count}`
  })
}

/** Without the empty cells at the end: programs that end each row with a separator make one. */
export function trimmed(row: readonly string[]): readonly string[] {
  let end = row.length
  while (end > 0 && row[end - 1]!.trim() === '') end--
  return end === row.length ? row : row.slice(0, end)
}

function mostFrequent(values: readonly number[]): number {
  const counts = new Map<number, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  return [...counts].reduce((best, one) => (one[1] > best[1] ? one : best))[0]
}

/** For messages: `comma`, `tab`. */
export const separatorName = (separator: string): string =>
  ({ ',': 'comma', ';': 'semicolon', '\t': 'tab', '|': 'bar', ' ': 'blanks', '': 'none' })[separator] ??
  shown(separator)

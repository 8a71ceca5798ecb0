// Rows of a text table as they stream by, each with the number of its line.
import { CsvError, parse } from 'csv-parse/browser/esm/sync'
import { FormatError } from '../runtime/errors.ts'

/** Text of one quoted cell at most; a longer one is a quote that nobody closed. */
const LONGEST_QUOTED = 1 << 24

/** Hears each row: its cells, its line from 1, and whether it is the end of a text that does not end in a line end. */
export type RowVisitor = (cells: readonly string[], line: number, unended: boolean) => void

/** The cells of a line without quotes around line ends. */
export function splitLine(line: string, separator: string): string[] {
  if (line.includes('"')) {
    try {
      return parse(line, { ...settings(separator), relax_quotes: true })[0] ?? ['']
    } catch {
      return [line]
    }
  }
  if (separator === '') return [line]
  return separator === ' ' ? line.trim().split(/[ \t]+/) : line.split(separator)
}

const settings = (separator: string) => ({
  delimiter: separator === '' ? '\u0000' : separator === ' ' ? [' ', '\t'] : separator,
  relax_column_count: true,
  ltrim: separator === ' ',
  rtrim: separator === ' ',
  ...(separator === ' ' && { on_record: (record: string[]) => record.filter((cell) => cell !== '') }),
})

/**
 * Visits all rows from line `skip` (counted from 0) on, a blank line as a row of one empty cell. Lines without a quote are split as they
 * are, one after the other, so that nothing of them stays behind; blocks with one are parsed by the rules of RFC 4180.
 * @throws FormatError for quotes that are not closed
 */
export async function visitRows(
  chunks: AsyncIterable<string>,
  { separator, skip }: { separator: string; skip: number },
  source: string,
  visit: RowVisitor,
): Promise<void> {
  let carry = ''
  let line = 1
  for await (const chunk of chunks) {
    const text = carry + chunk
    // Lines before the table may hold anything, quotes that mean nothing too.
    const [begin, passed] = line <= skip ? endOfLines(text, skip + 1 - line) : [0, 0]
    line += passed
    const end = line <= skip ? begin : begin + lastLineEnd(text.slice(begin))
    carry = text.slice(end)
    if (carry.length > LONGEST_QUOTED)
      throw new FormatError(
        `${source}:${line}: a line or a quoted cell of more than ${LONGEST_QUOTED} characters; is a quote not closed?`,
      )
    if (end > begin) line += visitBlock(text.slice(begin, end), separator, line, source, visit)
  }
  if (carry !== '' && line > skip) visitBlock(carry, separator, line, source, visit)
}

/** Where the first `count` lines of a text end, or as many as there are, and how many that were. */
function endOfLines(text: string, count: number): [end: number, lines: number] {
  const lineEnd = /\r\n|\n|\r(?!$)/g
  let [end, lines] = [0, 0]
  while (lines < count && lineEnd.exec(text)) [end, lines] = [lineEnd.lastIndex, lines + 1]
  return [end, lines]
}

/** End of the last line whose quotes are all closed. A carriage return at the very end may be half a line end. */
function lastLineEnd(text: string): number {
  const last = Math.max(text.lastIndexOf('\n'), text.slice(0, -1).lastIndexOf('\r')) + 1
  if (last === 0 || !text.includes('"')) return last
  let [open, end] = [false, 0]
  for (let i = 0; i < last; i++) {
    const c = text.charCodeAt(i)
    if (c === 34) open = !open
    else if (!open && (c === 10 || (c === 13 && text.charCodeAt(i + 1) !== 10))) end = i + 1
  }
  return end
}

/** Returns the number of lines. */
function visitBlock(text: string, separator: string, line: number, source: string, visit: RowVisitor): number {
  const unended = !/[\r\n]$/.test(text)
  if (text.includes('"')) {
    const rows = parsed(unended ? text : text.replace(/\r\n?$|\n$/, ''), separator, line, source)
    for (const [i, row] of rows.entries()) visit(row, line + i, unended && i === rows.length - 1)
    return text.split(/\r\n|\n|\r/).length - (unended ? 0 : 1)
  }
  // Old Macs' line ends, alone or among others.
  const lines = /\r(?!\n)/.test(text) ? text.replace(/\r\n?/g, '\n') : text
  let count = 0
  for (let at = 0; at < lines.length; count++) {
    const found = lines.indexOf('\n', at)
    const end = found < 0 ? lines.length : found
    const cut = end > at && lines.charCodeAt(end - 1) === 13 ? end - 1 : end
    visit(splitLine(lines.slice(at, cut), separator), line + count, unended && found < 0)
    at = end + 1
  }
  return count
}

function parsed(text: string, separator: string, line: number, source: string): string[][] {
  try {
    return parse(text, { ...settings(separator), record_delimiter: ['\r\n', '\n', '\r'] })
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    const at = line + Number(error['lines']) - 1
    throw new FormatError(`${source}:${at}: ${error.message.replace(/ (on|at) line \d+/, '')}`)
  }
}

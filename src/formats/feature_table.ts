// Tables of features, a row a sound, as openSMILE and others write them: text with a header line, or ARFF. A row has thousands of
// numbers, so rows are read one after the other, and only the name of the sound may stand in quotes that mean anything.
import { FormatError } from '../runtime/errors.ts'
import { shown } from './cells.ts'
import { delimiterOf } from './csv.ts'
import { encodingOf } from './encoding.ts'

/** One sound. */
export interface FeatureRow {
  /** The sound as the table calls it. */
  name: string
  /** From 1. */
  line: number
  /** Where in the sound the row begins, as the table writes it, if it does. */
  time?: string
  /** The feature set, if the row names it. */
  set?: string
  values: Float32Array
}

/** A table whose header was read. */
export interface FeatureTable {
  /** Names of the features, in order. */
  names: string[]
  /** What an ARFF file calls itself. */
  relation?: string
  /** @throws FormatError naming line and column of what is no finite number, and lines of another length */
  rows: AsyncGenerator<FeatureRow>
}

/** Columns that name the sound, whatever their case; PMEmo's is `musicId`, that of openSMILE's Python package `file`. */
const KEYS = ['name', 'musicid', 'stimulus', 'song', 'file']
/** Columns that are no features, beside one of these names for the sound or beside any. */
const START = { any: ['frametime'], file: ['start'] }
const OTHERS = { any: ['feature_set', 'digest'], file: ['end'] }
/** Bytes of one line at most. */
const LONGEST_LINE = 1 << 26
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i
/** Excel's own line that names the separator. */
const DIRECTIVE = /^"?sep=.\s*"?$/i

/** What the columns of a table are, by index. */
interface Columns {
  separator: string
  /** Of every cell of a row. */
  names: string[]
  key: number
  start: number
  set: number
  features: number[]
}

/**
 * Reads the header of a feature table, given in pieces that may end anywhere. Separator (comma, semicolon, tab) and kind are told from it.
 * @throws FormatError for a file without a header that names the sounds
 */
export async function openFeatureTable(chunks: AsyncIterable<Uint8Array>, source: string): Promise<FeatureTable> {
  const lines = linesOf(chunks, source)
  const first = await nextLine(lines, source)
  const isArff = first.text.startsWith('@') || first.text.startsWith('%')
  const { columns, relation } = isArff
    ? await arffHeader(first, lines, source)
    : { columns: csvColumns(first, source), relation: undefined }
  const names = columns.features.map((at) => columns.names[at]!)
  if (names.length === 0)
    throw new FormatError(`${source}:${first.line}: no feature columns beside '${columns.names[columns.key]}'`)
  const header = isArff ? undefined : first.text
  return { names, ...(relation !== undefined && { relation }), rows: rowsOf(lines, columns, header, source) }
}

interface Line {
  text: string
  line: number
}

/** Lines that are not blank; each is decoded by itself, since a name in an old code page may come late in a long file. */
async function* linesOf(chunks: AsyncIterable<Uint8Array>, source: string): AsyncGenerator<Line> {
  let carry: Uint8Array = new Uint8Array(0)
  let line = 0
  for await (const chunk of chunks) {
    const bytes = carry.length === 0 ? chunk : joined(carry, chunk)
    let begin = 0
    // The last byte waits for the next piece: a carriage return there may be half a line end.
    for (let at = 0; at < bytes.length - 1; at++) {
      const byte = bytes[at]!
      if (byte !== 10 && (byte !== 13 || bytes[at + 1] === 10)) continue
      yield* decoded(bytes.subarray(begin, at), ++line, source)
      begin = at + 1
    }
    carry = bytes.slice(begin)
    if (carry.length > LONGEST_LINE) throw new FormatError(`${source}: a line of it has no end; it is no table`)
  }
  if (carry.length > 0) yield* decoded(carry, line + 1, source)
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length)
  both.set(a)
  both.set(b, a.length)
  return both
}

function* decoded(bytes: Uint8Array, line: number, source: string): Generator<Line> {
  const encoding = encodingOf(bytes)
  if (encoding === undefined || encoding.startsWith('utf-16'))
    throw new FormatError(
      `${source}: the file is no text in UTF-8 or an older code page; save the table as CSV (UTF-8) or ARFF`,
    )
  const text = new TextDecoder(encoding).decode(bytes).trim()
  if (text !== '') yield { text, line }
}

async function nextLine(lines: AsyncGenerator<Line>, source: string): Promise<Line> {
  for (let next = await lines.next(); !next.done; next = await lines.next())
    if (!DIRECTIVE.test(next.value.text)) return next.value
  throw new FormatError(`${source}: the file is empty or ends within its header, expected a table of features`)
}

function csvColumns({ text, line }: Line, source: string): Columns {
  const separator = delimiterOf(text) ?? ','
  return columnsOf(cellsOf(text, separator).map(unquoted), separator, `${source}:${line}`)
}

/** @throws FormatError when no column names the sounds, or two do */
function columnsOf(names: string[], separator: string, where: string): Columns {
  const lower = names.map((name) => name.toLowerCase())
  const keys = lower.flatMap((name, at) => (KEYS.includes(name) ? [at] : []))
  const [key, other] = keys
  if (key === undefined)
    throw new FormatError(
      `${where}: no column names the songs (name, musicId, stimulus, song or file); the first is '${shown(names[0]!)}'`,
    )
  if (other !== undefined)
    throw new FormatError(`${where}: '${names[key]}' and '${names[other]}' could both name the songs; remove one`)
  const isFile = lower[key] === 'file'
  const among = ({ any, file }: { any: string[]; file: string[] }): string[] => (isFile ? [...any, ...file] : any)
  const start = lower.findIndex((name) => among(START).includes(name))
  const left = [...among(START), ...among(OTHERS)]
  const features = names.flatMap((name, at) =>
    // A first column without a name numbers the rows, as pandas and R write it.
    at === key || left.includes(lower[at]!) || (at === 0 && name === '') ? [] : [at],
  )
  return { separator, names, key, start, set: lower.indexOf('feature_set'), features }
}

const ATTRIBUTE = /^@attribute\s+('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|\S+)\s+(.+)$/i

/** Lines from `@relation` to `@data`; `class`, which openSMILE writes last, is no feature. */
async function arffHeader(
  first: Line,
  lines: AsyncGenerator<Line>,
  source: string,
): Promise<{ columns: Columns; relation?: string }> {
  const names: string[] = []
  let relation: string | undefined
  for (let { text, line } = first; !/^@data\b/i.test(text); { text, line } = await nextLine(lines, source)) {
    if (text.startsWith('%')) continue
    const attribute = ATTRIBUTE.exec(text)
    const said = /^@relation\s+(.+)$/i.exec(text)?.[1]
    if (said !== undefined) relation = unquoted(said)
    else if (attribute) names.push(unquoted(attribute[1]!))
    else throw new FormatError(`${source}:${line}: '${shown(text)}' is no line of an ARFF header`)
  }
  if (names.length === 0) throw new FormatError(`${source}: no @attribute before @data`)
  const columns = columnsOf(names, ',', source)
  const last = names.length - 1
  const features = columns.features.filter((at) => at !== last || names[at]!.toLowerCase() !== 'class')
  return { columns: { ...columns, features }, ...(relation !== undefined && { relation }) }
}

async function* rowsOf(
  lines: AsyncGenerator<Line>,
  { separator, names, key, start, set, features }: Columns,
  header: string | undefined,
  source: string,
): AsyncGenerator<FeatureRow> {
  for await (const { text, line } of lines) {
    // Comments of ARFF; and the header again, where tables were put one after the other.
    if (header === undefined ? text.startsWith('%') : text === header) continue
    const cells = cellsOf(text, separator)
    if (cells.length !== names.length)
      throw new FormatError(`${source}:${line}: ${cells.length} cells, expected ${names.length} as in the header`)
    const values = new Float32Array(features.length)
    for (let f = 0; f < features.length; f++) {
      const at = features[f]!
      const cell = cells[at]!
      const value = finite(cell) ?? finite(unquoted(cell))
      if (value === undefined)
        throw new FormatError(
          `${source}:${line}: column ${at + 1} ('${shown(names[at]!)}') is '${shown(cell.trim())}', expected a finite number`,
        )
      values[f] = value
    }
    yield {
      name: unquoted(cells[key]!),
      line,
      ...(start >= 0 && { time: unquoted(cells[start]!) }),
      ...(set >= 0 && { set: unquoted(cells[set]!) }),
      values,
    }
  }
}

/** The number a cell holds, if it is one in float32 as well. */
function finite(cell: string): number | undefined {
  if (!NUMBER.test(cell)) return undefined
  const value = Math.fround(Number(cell))
  return Number.isFinite(value) ? value : undefined
}

/** The cells of a line; separators within the quotes around a name do not part it. openSMILE leaves quotes within a name as they are. */
function cellsOf(line: string, separator: string): string[] {
  const cells = line.split(separator)
  if (!/['"]/.test(line)) return cells
  const whole: string[] = []
  for (let at = 0; at < cells.length; at++) {
    const quote = /^\s*(['"])/.exec(cells[at]!)?.[1]
    const end = quote === undefined || closes(cells[at]!, quote, 1) ? at : endOf(cells, at, quote)
    whole.push(cells.slice(at, end + 1).join(separator))
    at = end
  }
  return whole
}

/** Where a cell that was begun in quotes ends: there, where none does. */
function endOf(cells: readonly string[], at: number, quote: string): number {
  for (let end = at + 1; end < cells.length; end++) if (closes(cells[end]!, quote, 0)) return end
  return at
}

const closes = (cell: string, quote: string, after: number): boolean =>
  cell.trim().length > after && cell.trimEnd().endsWith(quote)

/** A cell without the quotes around it, and what stands for a quote within. */
function unquoted(cell: string): string {
  const text = cell.trim()
  const quote = text[0]
  if ((quote !== "'" && quote !== '"') || text.length < 2 || !text.endsWith(quote)) return text
  return text
    .slice(1, -1)
    .replaceAll(`\\${quote}`, quote)
    .replaceAll(quote + quote, quote)
}

// A table of text as recordings: dialect, columns, time, unit, one after the other.
import { FormatError } from '../runtime/errors.ts'
import { dialectOf, separatorName, type Dialect } from '../formats/dialect.ts'
import { acqKnowledge } from './acqknowledge.ts'
import { clockOf, type Clock } from './clock.ts'
import { orderStamps } from './clock_changes.ts'
import { atPlaces, countedRows } from './counter.ts'
import { toGrid } from './grid.ts'
import { labChart } from './lab_chart.ts'
import { removeMarks } from './marks.ts'
import { openSignals } from './open_signals.ts'
import type { ReadingOptions } from './options.ts'
import { preambleFacts } from './preamble.ts'
import type { Recording } from './recording.ts'
import { rolesOf, type Roles } from './roles.ts'
import { groupsOf, type Group } from './split.ts'
import { readTable, type TableColumns } from './table.ts'
import type { Text } from './text.ts'
import type { TextLayout } from './text_layout.ts'
import { inMicrosiemens, unitSaidBy } from './unit.ts'

/** Characters that a dialect is told from. */
const HEAD = 1 << 17

/** All that is known of a table before it is read to its end. */
interface Plan {
  source: string
  dialect: Dialect
  layout: TextLayout
  roles: Roles
  clock: Clock | undefined
  /** Hz, by an option or the file's own words; undefined where the time stamps tell. */
  sampleRate: number | undefined
  options: ReadingOptions
}

/**
 * Every recording of a text table, in the order of the file. `facts` go before what the table itself tells, such as those of a file
 * beside it. @throws FormatError with one sentence that names the file, the line or the column
 */
export async function readTextTable(
  text: Text,
  source: string,
  options: ReadingOptions,
  facts?: TextLayout,
): Promise<Recording[]> {
  const { lines, chunks } = await withHead(text.chunks)
  if (lines.length === 0)
    throw new FormatError(`${source}: its first line has over ${HEAD} characters, which no table of a recording has`, {
      noRecording: true,
    })
  if (lines.every((line) => line.trim() === ''))
    throw new FormatError(`${source}: the file is empty, expected rows of data`)
  const layout = facts ?? openSignals(lines, source) ?? acqKnowledge(lines) ?? labChart(lines) ?? { format: 'table' }
  const plan = planOf(lines, layout, source, options)
  const { dialect, roles, clock } = plan
  const counter = dialect.columns.indexOf(plan.layout.counter ?? '')
  const table = await readTable(
    chunks,
    dialect,
    {
      ...roles,
      clock,
      timesMayMiss: options.sampleRate !== undefined,
      isMarkGiven: options.decimal !== undefined,
      counter: counter < 0 ? undefined : counter,
    },
    source,
  )
  const groups = groupsOf(
    {
      rows: table.rows,
      ids: roles.ids,
      runs: table.runs,
      ...(table.seconds && { seconds: table.seconds }),
      by: options.by,
    },
    source,
  )
  const reading = {
    format: layout.format,
    encoding: text.encoding + (text.gzipped ? ', gzip' : ''),
    separator: separatorName(dialect.separator),
    decimal: dialect.decimal,
    lines_before_data: dialect.skip,
    time: clock ? `${roles.time.map((i) => dialect.columns[i]!).join(' and ')} (${clock.found})` : 'none',
  }
  return groups.flatMap((group) =>
    roles.eda.flatMap((column, k) =>
      recordingsOf(plan, table, group, k, { ...reading, eda: dialect.columns[column]! }),
    ),
  )
}

function planOf(lines: readonly string[], layout: TextLayout, source: string, options: ReadingOptions): Plan {
  const { skip = 0 } = layout
  const told = dialectOf(lines.slice(skip), source, {
    ...((options.separator ?? layout.separator) !== undefined && {
      separator: (options.separator ?? layout.separator)!,
    }),
    ...(options.decimal && { decimal: options.decimal }),
    ...(options.skip !== undefined && { skip: Math.max(0, options.skip - skip) }),
  })
  const dialect: Dialect = {
    ...told,
    skip: told.skip + skip,
    preamble: [...lines.slice(0, skip), ...told.preamble],
    ...(layout.columns && { columns: padded(layout.columns, told.columns), hasHeader: true }),
    ...(layout.units && { units: [...layout.units] }),
  }
  const words = preambleFacts(dialect.preamble.map((line) => line.replace(/^\s*(#|%|\/\/)\s*/, '')))
  const said: TextLayout = {
    ...words,
    ...layout,
    notes: [...(layout.notes ?? []), ...(layout.start ? [] : words.notes)],
    ...(words.unit !== undefined &&
      !layout.units &&
      !dialect.units && { units: dialect.columns.map(() => words.unit!) }),
  }
  const chosen = options.edaColumns ?? layout.edaColumns
  const roles = rolesOf(dialect, source, { ...options, ...(chosen && { edaColumns: chosen }) })
  const clock = roles.time.length === 0 ? undefined : clockFor(dialect, roles, said, source, options)
  const sampleRate = options.sampleRate ?? (clock ? undefined : said.sampleRate)
  if (sampleRate === undefined && !clock) {
    const which = dialect.hasHeader ? `, or --time COL, one of ${dialect.columns.join(', ')}` : ''
    throw new FormatError(
      `${source}: no ${dialect.hasHeader ? '' : 'header and no '}time column; give --rate HZ${which}`,
    )
  }
  return { source, dialect, layout: said, roles, clock, sampleRate, options }
}

const padded = (names: readonly string[], found: readonly string[]): string[] =>
  Array.from({ length: Math.max(names.length, found.length) }, (_, i) => names[i] ?? found[i]!)

/** With a given rate the time is only good for the start; what is odd about it must not stop the reading. */
function clockFor(
  { columns, rows, units, decimal }: Dialect,
  { time }: Roles,
  layout: TextLayout,
  source: string,
  options: ReadingOptions,
): Clock | undefined {
  const cells = rows.slice(0, 1000).map((row) => time.map((i) => row[i] ?? '').join(' '))
  const [column] = time
  const unit = layout.timeUnit ?? units?.[column!]
  const asked = options.timeUnit
  try {
    return clockOf(
      { name: columns[column!]!, cells, decimal, ...(unit !== undefined && { unit }), ...(asked && { asked }) },
      source,
    )
  } catch (error) {
    if (options.sampleRate === undefined || !(error instanceof FormatError)) throw error
    return undefined
  }
}

/** The recordings of one column in one group of rows: several where its time starts again. */
function recordingsOf(
  plan: Plan,
  table: TableColumns,
  all: Group,
  k: number,
  reading: Record<string, string | number>,
): Recording[] {
  const { source, dialect, layout, roles, sampleRate, options } = plan
  const { clock } = table
  const group = clock && sampleRate === undefined ? withValues(all, table.eda[k]!) : all
  const column = roles.eda[k]!
  const name = dialect.columns[column]!
  const take = (all: Float64Array): Float64Array =>
    group.rows ? Float64Array.from(group.rows, (row) => all[row]!) : all.slice(group.from, group.to)
  const rowOf = (i: number): number => group.rows?.[i] ?? group.from + i
  const where = (i: number): string => `${source}:${table.lineOf(rowOf(i))}`
  const values = take(table.eda[k]!)
  const own = group.part === undefined ? source : `${source} (${group.part})`
  const marks = removeMarks(values)
  const asked = options.unit
  const unit = inOwnUnit(values, own, asked, layout, dialect, column)
  const sparse =
    group === all
      ? []
      : [
          `its values stand in ${group.rows!.length} of ${all.rows?.length ?? all.to - all.from} rows, between those of other sensors`,
        ]
  const told = group.part === undefined ? [] : [`its table holds several recordings; this is ${group.part}`]
  const notes = [
    ...told,
    ...sparse,
    ...(layout.notes ?? []),
    ...roles.notes,
    ...(clock?.notes ?? []),
    ...table.notes,
    ...marks,
    ...unit.notes,
  ]
  const hand = roles.eda.length > 1 ? name : undefined
  const base = { unit: unit.unit, ...(layout.recorder && { recorder: layout.recorder }), reading }
  if (sampleRate !== undefined || !table.seconds || !clock) {
    const counted = table.counts && countedRows(take(table.counts), layout.counter!, where)
    const eda = counted ? atPlaces(unit.eda, counted) : unit.eda
    const isWhole = eda.length === unit.eda.length && isDense(table, group)
    const back = options.sampleRate === undefined || !table.seconds ? [] : fallsOf(take(table.seconds), where)
    return [
      {
        sampleRate: sampleRate!,
        eda,
        source: own,
        ...partOf([group.part, hand]),
        ...base,
        ...startOf(plan, table, group.from),
        ...(isWhole && { firstLine: table.lineOf(group.from) }),
        notes: [...notes, ...(counted?.notes ?? []), ...back],
      },
    ]
  }
  const seconds = take(table.seconds)
  const ordered = orderStamps(seconds, { wall: clock.wall, where })
  return ordered.stretches.map(({ from, to }, s): Recording => {
    const again = ordered.stretches.length > 1 ? String(s + 1) : undefined
    const grid = toGrid(seconds.slice(from, to), unit.eda.slice(from, to), own, {
      digit: clock.digit(table.stamps),
      where: (i) => where(from + i),
    })
    const isWhole = grid.eda.length === to - from && isDense(table, { from: rowOf(from), to: rowOf(to - 1) + 1 })
    return {
      sampleRate: grid.sampleRate,
      eda: grid.eda,
      source: own,
      ...partOf([group.part, hand, again]),
      ...base,
      ...startOf(plan, table, rowOf(from)),
      ...(isWhole && { firstLine: table.lineOf(rowOf(from)) }),
      notes: [
        ...notes,
        ...ordered.notes,
        ...grid.notes,
        ...saidRate(layout.sampleRate, grid.sampleRate),
        ...(again === undefined
          ? []
          : [
              `its time starts again, so the table was read as ${ordered.stretches.length} recordings; this is the ${again}. one`,
            ]),
      ],
    }
  })
}

/** Only the rows that hold a value, where most of these stand alone between rows of faster sensors. */
function withValues(group: Group, values: Float64Array): Group {
  const rows = group.rows ?? Int32Array.from({ length: group.to - group.from }, (_, i) => group.from + i)
  const kept = rows.filter((row) => !Number.isNaN(values[row]!))
  const alone = rows.reduce(
    (sum, row, i) => sum + (i > 0 && !Number.isNaN(values[row]!) && Number.isNaN(values[rows[i - 1]!]!) ? 1 : 0),
    0,
  )
  return alone > 0.5 * kept.length && kept.length > 2 ? { ...group, rows: kept } : group
}

/** Where the file's words and its times differ. */
const saidRate = (said: number | undefined, found: number): string[] =>
  said === undefined || Math.abs(said / found - 1) < 0.02
    ? []
    : [
        `the file says ${said} Hz, its times are ${Number(found.toPrecision(4))} Hz; its times were followed (--rate says otherwise)`,
      ]

/** What a given rate passes over: a time that goes back may be another recording. */
function fallsOf(seconds: Float64Array, where: (row: number) => string): string[] {
  const first = seconds.findIndex((time, i) => i > 0 && time < seconds[i - 1]!)
  return first < 0
    ? []
    : [`its time goes back, first at ${where(first)}, which the given rate passes over; it may hold several recordings`]
}

const partOf = (names: readonly (string | undefined)[]): { part?: string } => {
  const said = names.filter((name) => name !== undefined && name !== '')
  return said.length === 0 ? {} : { part: said.join('_') }
}

/** Every line of the group is one row. */
const isDense = ({ lineOf }: TableColumns, { from, to, rows }: Group): boolean =>
  rows === undefined && lineOf(to - 1) - lineOf(from) === to - 1 - from

function startOf({ layout }: Plan, table: TableColumns, row: number): Pick<Recording, 'start'> {
  const { clock } = table
  const own = row === 0 ? clock?.start(table.stamps[0]!) : clock && shifted(clock, table, row)
  const start = own ?? (row === 0 ? layout.start : undefined)
  return start && Number.isFinite(start.wallMs) ? { start } : {}
}

/** The moment of a row, from the moment of the first one. */
function shifted(clock: Clock, { stamps, seconds }: TableColumns, row: number): Recording['start'] {
  const first = clock.start(stamps[0]!)
  return first && { ...first, wallMs: first.wallMs + 1000 * (seconds![row]! - seconds![0]!) }
}

function inOwnUnit(
  values: Float64Array,
  source: string,
  asked: string | undefined,
  { transfer, units, edaColumns }: TextLayout,
  dialect: Dialect,
  column: number,
) {
  const name = dialect.columns[column]!
  if (transfer && asked === undefined && (edaColumns ?? []).includes(name))
    return { eda: values.map(transfer.toMicrosiemens), unit: 'µS', notes: [transfer.says] }
  const said = (units ?? dialect.units)?.[column] || unitSaidBy(name)
  return inMicrosiemens(values, source, asked, said === '' ? undefined : said)
}

/** The first lines, without one that may be cut off, and everything from the beginning on. */
async function withHead(chunks: AsyncIterable<string>): Promise<{ lines: string[]; chunks: AsyncIterable<string> }> {
  const iterator = chunks[Symbol.asyncIterator]()
  let head = ''
  let ended = false
  while (head.length < HEAD && !ended) {
    const next = await iterator.next()
    if (next.done === true) ended = true
    else head += next.value
  }
  const lines = head.slice(0, HEAD).split(/\r\n|\n|\r/)
  if (!ended || head.length > HEAD || (lines.length > 20 && lines.at(-1) !== '')) lines.pop()
  async function* all(): AsyncGenerator<string> {
    yield head
    if (!ended)
      for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value
  }
  return { lines, chunks: all() }
}

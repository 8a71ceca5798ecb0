// What each column of a table is: time, skin conductance, or what tells recordings apart.
import { FormatError } from '../runtime/errors.ts'
import type { Dialect } from '../formats/dialect.ts'
import { isNumber, numberOf } from '../formats/cells.ts'
import { isStamp } from '../formats/stamp.ts'
import { conductanceAmong, conductanceScore, indexOfName, listed, mayBeConductance } from './channel.ts'
import { wordsOf } from './names.ts'
import type { ReadingOptions } from './options.ts'

export interface Roles {
  /** Columns of time stamps: one, or a date and a time of day; none where the rate is given. */
  time: number[]
  eda: number[]
  /** Columns that may tell several recordings apart. */
  ids: IdColumn[]
  notes: string[]
}

/** A column that names what its rows belong to. */
export interface IdColumn {
  column: number
  name: string
  /** Whose rows are recordings of their own in any case (people, sessions), or parts of one perhaps (conditions). */
  kind: 'recording' | 'condition'
}

const RECORDING_WORDS = [
  'id',
  'ids',
  'subject',
  'subjects',
  'subj',
  'sub',
  'participant',
  'participants',
  'person',
  'pid',
  'vp',
  'proband',
  'user',
  'vpn',
  'code',
  'name',
  'respondent',
  'ppn',
  'patient',
  'hand',
  'side',
  'player',
  'session',
  'file',
  'filename',
  'recording',
  'record',
  'run',
  'trial',
  'participante',
  'sujet',
  'sujeto',
  'sujeito',
  'soggetto',
  'teilnehmer',
  'versuchsperson',
  'deelnemer',
  'proefpersoon',
  'szemely',
  'resztvevo',
  'ppt',
  'sid',
  'uid',
  'pers',
  'nr',
  '被试',
  '受试者',
  '编号',
  '被験者',
  'испытуемыи',
  'участник',
]
const CONDITION_WORDS = [
  'condition',
  'cond',
  'block',
  'phase',
  'task',
  'stimulus',
  'stim',
  'video',
  'song',
  'group',
  'label',
  'event',
  'marker',
  'stage',
]
/** Numbers of packets, samples and rows are no ids. */
const COUNTERS = ['packet', 'packetnumber', 'sample', 'seq', 'nseq', 'index', 'row', 'device', 'frame']

/** From the likeliest. */
const TIME_WORDS = [
  'time',
  'timestamp',
  'ts',
  'epoch',
  'when',
  'tiempo',
  'temps',
  'tempo',
  'tid',
  'tijd',
  'timestamps',
  'datetime',
  'zeit',
  'zeitstempel',
  'uhrzeit',
  'seconds',
  'sec',
  'secs',
  'milliseconds',
  'millis',
  'milli',
  'msec',
  'minutes',
  'minute',
  'hours',
  'hour',
  'ms',
  'us',
  'min',
  's',
  'elapsed',
  't',
  'clock',
  'localtimestamp',
  'unix',
  'unixtime',
  'datenum',
  'days',
  'ticks',
  'hora',
  'heure',
  'horodatage',
  'ora',
  'secondes',
  'segundos',
  'secondi',
  'seconden',
  'czas',
  'zaman',
  'ido',
  'idobelyeg',
  'masodperc',
  'perc',
  'время',
  'сек',
]

/** @throws FormatError when a column that was asked for is not there, or skin conductance cannot be told */
export function rolesOf(dialect: Dialect, source: string, options: ReadingOptions): Roles {
  const { columns, hasHeader } = dialect
  const asked = options.by !== undefined && options.by !== 'none' ? [indexOfName(columns, options.by, source)] : []
  const { time, notes } = timeColumns(dialect, source, options)
  const ids = hasHeader
    ? idColumns(dialect, time, asked)
    : asked.map((column) => ({ column, name: columns[column]!, kind: 'recording' as const }))
  const taken = new Set([...time, ...ids.map(({ column }) => column)])
  const eda = edaColumns(dialect, taken, source, options)
  return { time, eda, ids: ids.filter(({ column }) => !eda.includes(column)), notes }
}

function timeColumns(
  dialect: Dialect,
  source: string,
  { timeColumn, edaColumns: asked = [] }: ReadingOptions,
): Pick<Roles, 'time' | 'notes'> {
  const { columns, hasHeader, rows } = dialect
  if (timeColumn !== undefined) return { time: [indexOfName(columns, timeColumn, source)], notes: [] }
  if (!hasHeader)
    return { time: columns.length > 1 && rises(dialect, 0) && !asked.includes(columns[0]!) ? [0] : [], notes: [] }
  const found = [...columns.keys()].filter(
    (i) => timeScore(columns[i]!) > 0 && !asked.includes(columns[i]!) && holdsTimes(dialect, i),
  )
  const dates = found.filter((i) =>
    rows.every((row) => (row[i] ?? '') === '' || /^\d+[-/.]\d+[-/.]\d+$/.test(row[i]!.trim())),
  )
  const named = found.filter((i) => !dates.includes(i))
  // A column of dates and times needs no name.
  const stamps = [...columns.keys()].filter((i) =>
    rows.every((row) => isStamp(row[i] ?? '') && /\d[:时時]\d/.test(row[i] ?? '')),
  )
  const others = named.length > 0 ? named : stamps
  const best = others.reduce<number | undefined>(
    (a, b) => (a === undefined || timeScore(columns[b]!) > timeScore(columns[a]!) ? b : a),
    undefined,
  )
  if (best === undefined) return unnamedTime(dialect, asked)
  const isTimeOfDay = rows.some((row) => /^\d{1,2}:/.test((row[best] ?? '').trim()))
  if (isTimeOfDay && dates.length === 1) return { time: [dates[0]!, best], notes: [] }
  const rivals = others.filter((i) => i !== best && timeScore(columns[i]!) === timeScore(columns[best]!))
  const notes =
    rivals.length === 0
      ? []
      : [
          `time was read from column '${columns[best]!}'; ${listed(rivals.map((i) => `'${columns[i]!}'`))} may be one as well (--time COL)`,
        ]
  return { time: [best], notes }
}

/** Without a name of time: the one column that rises as a time does. Whole numbers one apart count rows. */
function unnamedTime(dialect: Dialect, asked: readonly string[]): Pick<Roles, 'time' | 'notes'> {
  const { columns, rows, decimal } = dialect
  const rising = [...columns.keys()].filter((i) => {
    const name = columns[i]!
    if (asked.includes(name) || conductanceScore(name) > 0 || wordsOf(name).some((word) => COUNTERS.includes(word)))
      return false
    const values = rows.map((row) => numberOf(row[i] ?? '', decimal) ?? NaN)
    return isSteady(values) && !isIndex(values)
  })
  if (rising.length !== 1) return { time: [], notes: [] }
  const name = columns[rising[0]!]!
  return { time: rising, notes: [`time was read from column '${name}', since its numbers rise evenly (--time COL)`] }
}

/** From row to row by nearly the same step. */
function isSteady(values: readonly number[]): boolean {
  const steps = values.slice(1).map((value, i) => value - values[i]!)
  const usual = steps.slice().sort((a, b) => a - b)[steps.length >> 1] ?? 0
  return usual > 0 && steps.filter((step) => Math.abs(step - usual) <= usual / 2).length > 0.9 * steps.length
}

/** 0 for a name that is none of time. */
function timeScore(name: string): number {
  if (conductanceScore(name) > 0) return 0
  const words = wordsOf(name)
  if (['datum', 'date', 'day', 'fecha', '日期', 'дата'].includes(words[0] ?? '') && words.length === 1) return 1
  const rank = TIME_WORDS.findIndex((word) => words.includes(word))
  if (rank < 0) return /^(time|timestamp|zeit)|(time|zeit|tijd)$|时间|時間|时刻|時刻/.test(words.join('')) ? 2 : 0
  const whole = words.length === 1 || TIME_WORDS.includes(words.join(''))
  return 3 + (TIME_WORDS.length - rank) / TIME_WORDS.length + (whole ? 1 : 0)
}

const holdsTimes = ({ rows, decimal }: Dialect, column: number): boolean => {
  const cells = rows
    .slice(0, 50)
    .map((row) => row[column] ?? '')
    .filter((cell) => cell.trim() !== '')
  return (
    cells.length > 0 &&
    cells.every((cell) => isNumber(cell, decimal) || isStamp(cell) || /^\d+[-/.]\d+[-/.]\d+/.test(cell.trim()))
  )
}

/** A column without a name is one of time when its numbers or stamps rise from row to row. */
function rises({ rows, decimal }: Dialect, column: number): boolean {
  const cells = rows.slice(0, 200).map((row) => row[column] ?? '')
  if (cells.every(isStamp)) return true
  const values = cells.map((cell) => numberOf(cell, decimal) ?? NaN)
  return values.every((value, i) => i === 0 || value >= values[i - 1]!) && values[0]! < values.at(-1)!
}

function idColumns({ columns, rows, decimal }: Dialect, time: readonly number[], asked: readonly number[]): IdColumn[] {
  return [...columns.keys()].flatMap((column): IdColumn[] => {
    const name = columns[column]!
    if (asked.length > 0) return asked.includes(column) ? [{ column, name, kind: 'recording' }] : []
    if (time.includes(column) || conductanceScore(name) > 0) return []
    const words = wordsOf(name)
    if (words.some((word) => COUNTERS.includes(word))) return []
    if (words.some((word) => RECORDING_WORDS.includes(word))) return [{ column, name, kind: 'recording' }]
    const isText = rows.every(
      (row) => numberOf(row[column] ?? '', decimal) === undefined && !isStamp(row[column] ?? ''),
    )
    if (isText || words.some((word) => CONDITION_WORDS.includes(word))) return [{ column, name, kind: 'condition' }]
    return []
  })
}

function edaColumns(
  { columns, hasHeader, rows, decimal }: Dialect,
  taken: ReadonlySet<number>,
  source: string,
  { edaColumns: asked }: ReadingOptions,
): number[] {
  if (asked) return conductanceAmong(columns, asked, source)
  const free = [...columns.keys()].filter((i) => !taken.has(i))
  if (!hasHeader) {
    if (free.length === 1) return free
    throw new FormatError(
      `${source}: ${columns.length} columns without a header; give --eda and --time by number, or add a header line such as time_s,eda_uS`,
    )
  }
  const named = free.filter((i) => conductanceScore(columns[i]!) > 0)
  if (named.length > 0) {
    const names = named.map((i) => columns[i]!)
    return conductanceAmong(names, undefined, source).map((i) => named[i]!)
  }
  // A column of another name is taken for skin conductance only where it is the only one of numbers.
  const numbers = free.filter(
    (i) => mayBeConductance(columns[i]!) && !isIndex(rows.map((row) => numberOf(row[i] ?? '', decimal))),
  )
  if (numbers.length === 1) return numbers
  return conductanceAmong(columns, undefined, source)
}

/** 0, 1, 2 … as pandas writes before a table. */
const isIndex = (values: readonly (number | undefined)[]): boolean =>
  values.length > 2 &&
  values.every(
    (value, i) => value !== undefined && Number.isInteger(value) && (i === 0 || value === values[i - 1]! + 1),
  )

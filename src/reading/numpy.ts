// NumPy's .npy and .npz: arrays that say nothing of themselves but their names, in a structured array or an archive.
import { parseNpy, type NpyArray } from '../formats/npy.ts'
import { zipDirectory } from '../formats/zip.ts'
import { FormatError } from '../runtime/errors.ts'
import { conductanceAmong, conductanceScore, indexOfName } from './channel.ts'
import { toGrid } from './grid.ts'
import type { ReadingOptions, TimeUnit } from './options.ts'
import type { Recording, StartTime } from './recording.ts'
import { allBytes, type Source } from '../store/source.ts'
import { inMicrosiemens, unitInName } from './unit.ts'

interface Column {
  name: string
  values: Float64Array
  /** Seconds since 1970. */
  dates?: true
}

/** What stands beside the columns, a number or a text each. */
type Scalars = ReadonlyMap<string, number | string>

/** One array: a trace, a table whose columns have numbers for names, or a structured array. @throws FormatError */
export async function readNpy(source: Source, options: ReadingOptions): Promise<Recording[]> {
  const array = parseNpy(await wholeFile(source, options), source.name)
  const columns = columnsOf('', array)
  const [first, second, ...others] = columns
  // Without names the only column is the trace, and of two the one that only rises is the time.
  const unnamed = array.fields === undefined && options.edaColumns === undefined && options.timeColumn === undefined
  if (unnamed && first !== undefined && second === undefined)
    return tracesOf([first], undefined, new Map(), source, options)
  if (unnamed && second !== undefined && others.length === 0 && onlyRises(first!.values))
    return tracesOf([second], first, new Map(), source, options)
  return recordingsOf(columns, new Map(), source, options)
}

/** Named arrays: traces, perhaps their times, and numbers such as the sampling rate. @throws FormatError */
export async function readNpz(source: Source, options: ReadingOptions): Promise<Recording[]> {
  const columns: Column[] = []
  const scalars = new Map<string, number | string>()
  const unread: FormatError[] = []
  for (const { name, unpack } of await zipDirectory(source)) {
    options.signal?.throwIfAborted()
    if (!name.endsWith('.npy')) continue
    const key = name.slice(0, -'.npy'.length)
    const bytes = await unpack()
    try {
      const array = parseNpy(bytes, `${source.name}: '${key}'`)
      const lone =
        array.texts?.length === 1 ? array.texts[0]! : array.values.length === 1 ? array.values[0]! : undefined
      if (lone !== undefined) scalars.set(key, lone)
      else for (const column of columnsOf(key, array)) columns.push(column)
    } catch (error) {
      if (!(error instanceof FormatError)) throw error
      unread.push(error)
    }
  }
  options.onProgress?.(source.size, source.size)
  // An array that cannot be read is none of ours, unless nothing else is there.
  if (columns.length === 0) throw unread[0] ?? new FormatError(`${source.name}: no array of more than one number`)
  return recordingsOf(columns, scalars, source, options)
}

async function wholeFile(source: Source, { signal, onProgress }: ReadingOptions): Promise<Uint8Array> {
  const bytes = await allBytes(source)
  signal?.throwIfAborted()
  onProgress?.(source.size, source.size)
  return bytes
}

/** Columns are the shorter axis of a table; those without a name are counted from 1. Texts, and arrays of more axes, have none. */
function columnsOf(key: string, { shape, values, texts, fields, dates }: NpyArray): Column[] {
  const axes = shape.filter((extent) => extent !== 1 || fields !== undefined)
  if (texts !== undefined || values.length === 0 || axes.length > 2) return []
  if (axes.length < 2) return [{ name: key === '' ? '1' : key, values, ...(dates && { dates }) }]
  const [rows, count] = axes as [number, number]
  const across = fields !== undefined || rows >= count
  const [columns, length] = across ? [count, rows] : [rows, count]
  const before = key === '' ? '' : `${key} `
  return Array.from({ length: columns }, (_, c) => ({
    name: fields?.[c] ?? `${before}${c + 1}`,
    values: Float64Array.from({ length }, (_, i) => values[across ? i * count + c : c * count + i]!),
  }))
}

const onlyRises = (values: Float64Array): boolean => values.every((value, i) => i === 0 || value > values[i - 1]!)

const TIME = /^(time|times|timestamps?|t|ts|seconds?|secs?|datetime|date_time)$/
const RATE = /^(sampling_?(rate|freq(uency)?)|sample_?rate|s?freq(uency)?|fs|sr|rate|hz)$/
const UNIT = /^(eda_?|gsr_?)?units?$/

function recordingsOf(
  columns: readonly Column[],
  scalars: Scalars,
  source: Source,
  options: ReadingOptions,
): Recording[] {
  const names = columns.map(({ name }) => name)
  const time =
    options.timeColumn !== undefined
      ? columns[indexOfName(names, options.timeColumn, source.name)]!
      : columns.find(({ name, dates }) => dates === true || TIME.test(withoutUnit(name)))
  const rest = columns.filter((column) => column !== time)
  const restNames = rest.map(({ name }) => name)
  const lone = rest.length === 1 && options.edaColumns === undefined && conductanceScore(restNames[0]!) === 0
  const chosen = lone ? rest : conductanceAmong(restNames, options.edaColumns, source.name).map((i) => rest[i]!)
  return tracesOf(chosen, time, scalars, source, options)
}

const withoutUnit = (name: string): string =>
  name.toLowerCase().replace(/[\s_]*\(?(s|sec|ms|us|ns|min|h|days)\)?$/, '') || name

function tracesOf(
  chosen: readonly Column[],
  time: Column | undefined,
  scalars: Scalars,
  source: Source,
  options: ReadingOptions,
): Recording[] {
  const beside = (pattern: RegExp): number | string | undefined =>
    [...scalars].find(([name]) => pattern.test(name.toLowerCase()))?.[1]
  const said = beside(UNIT)
  const rate = options.sampleRate ?? (time === undefined ? beside(RATE) : undefined)
  return chosen.map((column) => {
    const part = chosen.length > 1 ? column.name : undefined
    const name = part === undefined ? source.name : `${source.name}, ${part}`
    const { start, ...grid } = time
      ? timedSamples(column, time, name, options)
      : { sampleRate: NaN, eda: column.values, notes: [] }
    const sampleRate = rate ?? grid.sampleRate
    if (typeof sampleRate !== 'number' || !(sampleRate > 0))
      throw new FormatError(`${name}: NumPy's arrays do not say their sampling rate; give --rate HZ`)
    const unitSaid = typeof said === 'string' ? said : unitInName(column.name)?.name
    const inUnit = inMicrosiemens(grid.eda, name, options.unit, unitSaid)
    return {
      sampleRate,
      eda: inUnit.eda,
      source: name,
      ...(part !== undefined && { part }),
      unit: inUnit.unit,
      ...(start && { start }),
      notes: [...grid.notes, ...inUnit.notes],
      reading: { format: 'NumPy', array: column.name, ...(time && { time: time.name }) },
    }
  })
}

/** Seconds in one, and where a count since 1970 begins to be one of today (2001). */
const SECONDS: Readonly<Record<TimeUnit, number>> = {
  s: 1,
  ms: 1e-3,
  us: 1e-6,
  ns: 1e-9,
  min: 60,
  h: 3600,
  days: 86_400,
}
const EARLIEST_UNIX_TIME = 1e9
const LATEST_UNIX_TIME = 1e10

function timedSamples(
  { values }: Column,
  time: Column,
  name: string,
  { timeUnit }: ReadingOptions,
): { sampleRate: number; eda: Float64Array; notes: string[]; start?: StartTime } {
  if (time.values.length !== values.length || values.length < 2)
    throw new FormatError(
      `${name}: ${values.length} samples and ${time.values.length} times in '${time.name}'; ` +
        'they must be as many, at least 2. Or give --rate HZ',
    )
  if (!time.values.every(Number.isFinite))
    throw new FormatError(`${name}: '${time.name}' has times that are no numbers; give --rate HZ`)
  const first = time.values[0]!
  const unit = time.dates ? 's' : (timeUnit ?? unitOfTimes(time.name, first))
  const begin = first * SECONDS[unit]
  const isUnix = begin >= EARLIEST_UNIX_TIME && begin < LATEST_UNIX_TIME
  const grid = toGrid(
    time.values.map((value) => (value - first) * SECONDS[unit]),
    values,
    name,
  )
  const start = { wallMs: Math.round(1000 * begin), zone: time.dates ? '' : 'Z' }
  return { ...grid, ...((isUnix || time.dates) && { start }) }
}

/** By the end of its name, such as `time_ms`, or by the size of a count since 1970; else seconds. */
function unitOfTimes(name: string, first: number): TimeUnit {
  const named = /[\s_(](s|ms|us|ns|min|h|days)\)?$/i.exec(name)?.[1]?.toLowerCase() as TimeUnit | undefined
  const counted = (['ms', 'us', 'ns'] as const).find((unit) => {
    const seconds = first * SECONDS[unit]
    return seconds >= EARLIEST_UNIX_TIME && seconds < LATEST_UNIX_TIME
  })
  return named ?? counted ?? 's'
}

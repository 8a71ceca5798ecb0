// NumPy's .npy and .npz: arrays that say nothing of themselves but their names, in a structured array or an archive.
import { parseNpy, type NpyArray, type TimeKind } from '../formats/npy.ts'
import { zipDirectory } from '../formats/zip.ts'
import { FormatError } from '../runtime/errors.ts'
import { conductanceAmong, conductanceScore, indexOfName } from './channel.ts'
import { clockOf, type Clock } from './clock.ts'
import { rateOf } from './given_rate.ts'
import { toGrid } from './grid.ts'
import type { ReadingOptions } from './options.ts'
import { requireOrder } from './order.ts'
import type { Recording, StartTime } from './recording.ts'
import { allBytes, type Source } from '../store/source.ts'
import { inMicrosiemens, unitInName } from './unit.ts'

interface Column {
  name: string
  values: Float64Array
  /** Of NumPy's own times, in seconds. */
  time?: TimeKind
}

/** What stands beside the columns, a number or a text each. */
type Scalars = ReadonlyMap<string, number | string>

/** One array: a trace, a table whose columns have numbers for names, or a structured array. @throws FormatError */
export async function readNpy(source: Source, options: ReadingOptions): Promise<Recording[]> {
  const array = parseNpy(await allBytes(source), source.name)
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
  // An array that cannot be read is none of ours, unless nothing else is there.
  if (columns.length === 0) throw unread[0] ?? new FormatError(`${source.name}: no array of more than one number`)
  return recordingsOf(columns, scalars, source, options)
}

/** Columns are the shorter axis of a table; those without a name are counted from 1. Texts, and arrays of more axes, have none. */
function columnsOf(key: string, { shape, values, texts, fields, times }: NpyArray): Column[] {
  const axes = shape.filter((extent) => extent !== 1 || fields !== undefined)
  if (texts !== undefined || values.length === 0 || axes.length > 2) return []
  const timeOf = (field: number): { time?: TimeKind } => (times?.[field] ? { time: times[field] } : {})
  if (axes.length < 2) return [{ name: key === '' ? '1' : key, values, ...timeOf(0) }]
  const [rows, count] = axes as [number, number]
  const across = fields !== undefined || rows >= count
  const [columns, length] = across ? [count, rows] : [rows, count]
  const before = key === '' ? '' : `${key} `
  return Array.from({ length: columns }, (_, c) => ({
    name: fields?.[c] ?? `${before}${c + 1}`,
    values: Float64Array.from({ length }, (_, i) => values[across ? i * count + c : c * count + i]!),
    ...timeOf(fields === undefined ? 0 : c),
  }))
}

const onlyRises = (values: Float64Array): boolean => values.every((value, i) => i === 0 || value > values[i - 1]!)

const TIME = /^(time|times|timestamps?|t|ts|seconds?|secs?|datetime|date_time)$/
const RATE_WORDS = '(sampling_?(rate|freq(uency)?)|sample_?rate|s?freq(uency)?|fs|sr|rate|hz)'
/** First of skin conductance alone, then of everything. */
const RATES = ['(eda|gsr)_?', ''].map((of) => new RegExp(`^(${of}${RATE_WORDS}|${RATE_WORDS}${of && '_?(eda|gsr)'})$`))
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
      : columns.find(({ name, time: kind }) => kind === 'date' || TIME.test(withoutUnit(name)))
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
  const rate = RATES.map((pattern) => Number(beside(pattern))).find((value) => value > 0)
  return chosen.map((column) => {
    const part = chosen.length > 1 ? column.name : undefined
    const name = part === undefined ? source.name : `${source.name}, ${part}`
    const timed = time ? timedSamples(column, time, name, options) : untimed(column, rate, name, options)
    const unitSaid = typeof said === 'string' ? said : unitInName(column.name)?.name
    const inUnit = inMicrosiemens(timed.eda, name, options.unit, unitSaid)
    return {
      sampleRate: timed.sampleRate,
      eda: inUnit.eda,
      source: name,
      ...(part !== undefined && { part }),
      unit: inUnit.unit,
      ...(timed.start && { start: timed.start }),
      notes: [...timed.notes, ...(time ? otherRate(rate, timed.sampleRate, time.name, options) : []), ...inUnit.notes],
      reading: {
        format: 'NumPy',
        array: column.name,
        ...(time && { time: timed.found === undefined ? time.name : `${time.name} (${timed.found})` }),
      },
    }
  })
}

interface Timed {
  sampleRate: number
  eda: Float64Array
  notes: string[]
  start?: StartTime
  /** What the times were taken for. */
  found?: string
}

function untimed({ values }: Column, rate: number | undefined, name: string, { sampleRate }: ReadingOptions): Timed {
  if (rate === undefined && sampleRate === undefined)
    throw new FormatError(`${name}: NumPy's arrays do not say their sampling rate; give --rate HZ`)
  return { ...rateOf(rate ?? NaN, sampleRate), eda: values }
}

/** A rate beside the times may be that of another array; where it is this one's, one of the two is wrong. */
function otherRate(rate: number | undefined, own: number, time: string, { sampleRate }: ReadingOptions): string[] {
  if (rate === undefined || sampleRate !== undefined || Math.abs(rate / own - 1) < 0.01) return []
  return [`a rate of ${rate} Hz stands beside it, but '${time}' has ${own} Hz, which was taken; --rate says otherwise`]
}

/** Times of the array that are looked at to tell what they are. */
const HEAD = 1000

function timedSamples({ values }: Column, time: Column, name: string, options: ReadingOptions): Timed {
  const given = options.sampleRate
  const clock = given === undefined ? clockFor(time, name, options) : clockIfAny(time, name, options)
  const start = clock?.start(String(time.values[0]))
  const about = { ...(start && { start }), ...(clock && { found: clock.found }) }
  if (given !== undefined) return { ...rateOf(NaN, given), eda: values, ...about }
  if (time.values.length !== values.length || values.length < 2)
    throw new FormatError(
      `${name}: ${values.length} samples and ${time.values.length} times in '${time.name}'; ` +
        'they must be as many, at least 2. Or give --rate HZ',
    )
  const seconds = time.values.map((value) => clock!.seconds(String(value)))
  const first = seconds[0]!
  for (let i = 0; i < seconds.length; i++) seconds[i]! -= first
  requireOrder(seconds, name)
  const grid = toGrid(seconds, values, name, { where: (i) => `${name}, sample ${i + 1}` })
  return { ...grid, ...about, notes: [...clock!.notes, ...grid.notes] }
}

/** With a given rate the times are only good for the start. */
function clockIfAny(time: Column, name: string, options: ReadingOptions): Clock | undefined {
  try {
    return clockFor(time, name, options)
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    return undefined
  }
}

/** As of a column of a table; NumPy's own times say what they are. */
function clockFor(time: Column, name: string, { timeUnit }: ReadingOptions): Clock {
  if (!time.values.every(Number.isFinite))
    throw new FormatError(`${name}: '${time.name}' has times that are no numbers; give --rate HZ`)
  if (time.time === undefined) {
    const cells = Array.from(time.values.subarray(0, HEAD), String)
    return clockOf({ name: time.name, cells, decimal: '.', ...(timeUnit && { asked: timeUnit }) }, name)
  }
  const isDate = time.time === 'date'
  return {
    seconds: Number,
    start: (cell) => (isDate ? { wallMs: Math.round(1000 * Number(cell)), zone: '' } : undefined),
    digit: () => 0,
    wall: isDate,
    found: isDate ? 'dates' : 'durations',
    notes: [],
  }
}

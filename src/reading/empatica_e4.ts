// Empatica's E4: EDA.csv, and tags.csv and TEMP.csv beside it in its folder or archive.
import { FormatError } from '../runtime/errors.ts'
import { conductanceAmong } from './channel.ts'
import { rateOf } from './given_rate.ts'
import type { ReadingOptions } from './options.ts'
import type { Marker, Recording } from './recording.ts'
import { allBytes, type Source } from '../store/source.ts'
import { fromMoment, type SensorTrace } from './temperature.ts'
import { inMicrosiemens } from './unit.ts'

/** 2001; the E4 came out long after it. */
const EARLIEST_UNIX_TIME = 1e9
/** In milliseconds a time would lie above it. */
const LATEST_UNIX_TIME = 1e10
/** Bytes; a day of skin conductance has 3 million. */
const LARGEST = 2 ** 27
/** No sensor of an E4 is faster. */
const FASTEST = 64
/** A folder of an E4 holds these too, in the same layout. */
const OTHER_FILES = /(^|[/\\])(ACC|BVP|HR|IBI|TEMP|tags)\.csv$/i

/**
 * Whether a file that begins so has the layout of an E4: a line of a Unix time, once a column, then a line of the rate, or, of the
 * intervals between heartbeats, which have none, their name. A session that failed has the time 0, which only its six decimals tell from a
 * plain list of numbers.
 */
export function isE4(head: string): boolean {
  const lines = plainLines(head)
  if (/^\d{10}(\.\d+)?, *IBI$/.test(lines[0]!.trim())) return true
  const [starts, rates] = lines.slice(0, 2).map((line) => line.split(',').map((cell) => cell.trim()))
  if (starts === undefined || rates?.length !== starts.length) return false
  const isTime = (cell: string): boolean =>
    /^0\.0{6}$/.test(cell) || (/^\d{10}(\d{3})?(\.\d+)?$/.test(cell) && Number(cell) >= EARLIEST_UNIX_TIME)
  const isRate = (cell: string): boolean => /^\d+(\.\d+)?$/.test(cell) && Number(cell) <= FASTEST
  return starts.every((cell) => isTime(cell) && cell === starts[0]) && rates.every(isRate)
}

/** The one recording of an EDA.csv; its time of start is UTC. @throws FormatError */
export async function readE4(source: Source, options: ReadingOptions): Promise<Recording[]> {
  const other = OTHER_FILES.exec(source.name)?.[2]
  if (other !== undefined)
    throw new FormatError(
      `${source.name}: ${other}.csv of an E4 holds no skin conductance; give the EDA.csv beside it`,
      {
        noRecording: true,
      },
    )
  conductanceAmong(['EDA'], options.edaColumns, source.name, 'channels')
  const { start, rate, values } = await readColumn(source)
  const given = rateOf(rate, options.sampleRate)
  const { eda, unit, notes } = inMicrosiemens(values, source.name, options.unit, 'µS')
  for (const note of given.notes) notes.push(note)
  const tags = await readBeside(source, 'tags.csv', notes, (file) => readTags(file, start))
  const temperature = await readBeside(source, 'TEMP.csv', notes, (file) => readTemperature(file, start))
  return [
    {
      sampleRate: given.sampleRate,
      eda,
      source: source.name,
      firstLine: 3,
      unit,
      start: { wallMs: 1000 * start, zone: 'Z' },
      recorder: 'Empatica E4',
      wrist: true,
      ...(tags && { markers: tags }),
      ...(temperature && { temperature }),
      notes,
      reading: { format: 'Empatica E4' },
    },
  ]
}

async function readColumn(source: Source): Promise<SensorTrace> {
  const { name } = source
  const lines = await linesOf(source)
  const columns = lines[0]!.split(',').length
  if (columns !== 1)
    throw new FormatError(`${name}: ${columns} columns in the layout of an E4, expected the one of EDA.csv`)
  const [stamp, rate, ...values] = lines.map((line, i) => numberOf(line, `${name}:${i + 1}`))
  const start = stamp! >= 1000 * EARLIEST_UNIX_TIME ? stamp! / 1000 : stamp!
  if (!(start >= EARLIEST_UNIX_TIME && start < LATEST_UNIX_TIME))
    throw new FormatError(
      `${name}:1: the start is ${start}, expected Unix time in seconds; the session was not recorded properly`,
    )
  if (rate === undefined || values.length === 0)
    throw new FormatError(`${name}: no samples after the start and the rate; the session was not recorded properly`)
  if (!(rate > 0)) throw new FormatError(`${name}:2: the sampling rate is ${rate}, expected a positive number of Hz`)
  return { start, rate, values: Float64Array.from(values) }
}

const linesOf = async (source: Source): Promise<string[]> =>
  plainLines(new TextDecoder().decode(await allBytes(source, LARGEST)))

/** Lines as the device writes them: what other programs add, quotes, decimal commas and blank lines at the ends, is taken off. */
function plainLines(text: string): string[] {
  const lines = text
    .replace(/^\uFEFF/, '')
    .trim()
    .replaceAll('"', '')
    .split(/\r\n|\n|\r/)
  return /^\d{10},0{2,6}$/.test(lines[0]!.trim()) ? lines.map((line) => line.replace(',', '.')) : lines
}

/** An empty line or NaN is a missing sample. */
function numberOf(line: string, place: string): number {
  const text = line.trim()
  if (text === '' || text.toLowerCase() === 'nan') return NaN
  const value = Number(text)
  if (!Number.isFinite(value)) throw new FormatError(`${place}: '${text.slice(0, 40)}' is no number`)
  return value
}

/** What a file beside it says; one that is broken costs a note, not the recording. */
async function readBeside<T>(
  source: Source,
  name: string,
  notes: string[],
  read: (file: Source) => Promise<T>,
): Promise<T | undefined> {
  const file = await source.beside?.(name)
  try {
    return file && (await read(file))
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    notes.push(`${name} beside it was left out: ${error.message}`)
    return undefined
  }
}

/** Unix times, one a line; the file is empty where the button was not pressed. */
async function readTags(source: Source, start: number): Promise<Marker[]> {
  const lines = await linesOf(source)
  const times = lines.map((line, i) => numberOf(line, `${source.name}:${i + 1}`)).filter((time) => !Number.isNaN(time))
  return times.map((time) => ({ seconds: time - start, duration: 0, label: 'tag' }))
}

/** From the first sample of skin conductance on; the temperature begins a little earlier or later. */
async function readTemperature(source: Source, start: number): Promise<Recording['temperature']> {
  const trace = await readColumn(source)
  const aligned = fromMoment(trace, start)
  if (aligned === undefined)
    throw new FormatError(
      `${source.name}: it starts ${trace.start - start} s after EDA.csv, so it is of another session`,
    )
  return aligned
}

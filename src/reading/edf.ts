// EDF, EDF+, BDF and BDF+: which signal is skin conductance, when it began, what happened meanwhile.
import { readEdfData, readEdfHeader, type EdfData, type EdfHeader, type EdfSignal } from '../formats/edf.ts'
import { FormatError } from '../runtime/errors.ts'
import { conductanceAmong, conductanceScore } from './channel.ts'
import type { ReadingOptions } from './options.ts'
import type { Marker, Recording, StartTime } from './recording.ts'
import type { Source } from '../store/source.ts'
import { temperatureAmong } from './temperature.ts'
import { inMicrosiemens, unitNamed } from './unit.ts'

/** A recording for each wanted signal of skin conductance. @throws FormatError */
export async function readEdf(source: Source, options: ReadingOptions): Promise<Recording[]> {
  const { name } = source
  const header = await readEdfHeader(source)
  const eda = wantedSignals(header.signals, options.edaColumns, name)
  if (header.records === 0) throw new FormatError(`${name}: no complete record after the header, so no samples`)
  const beside = (index: number): number[] => (index < 0 || eda.includes(index) ? [] : [index])
  const temperature = beside(temperatureIn(header.signals))
  const status = beside(
    header.kind === 'BDF' && !header.plus ? header.signals.findIndex(({ label }) => label === 'Status') : -1,
  )
  const data = await readEdfData(source, header, [...eda, ...temperature, ...status], (done) => {
    options.signal?.throwIfAborted()
    options.onProgress?.(done, source.size)
  })
  const first = firstOnset(header, data, name)
  const traces = [...eda, ...temperature].map((index, i) => trace(header, index, data.signals[i]!, data, options, name))
  const { start, notes: startNotes } = startOf(header, first)
  const recorder = recorderOf(header)
  const markers = [
    ...data.annotations.map(({ onset, duration, text }) => ({ seconds: onset - first, duration, label: text })),
    ...status.flatMap((index) => triggers(data.signals.at(-1)!, header, header.signals[index]!)),
  ].sort((a, b) => a.seconds - b.seconds)
  const skin = temperature.length > 0 ? traces.at(-1) : undefined
  return eda.map((index, i) => {
    const signal = header.signals[index]!
    const { values, sampleRate, notes } = traces[i]!
    const inUnit = inMicrosiemens(values, name, options.unit, signal.dimension)
    return {
      sampleRate: options.sampleRate ?? sampleRate,
      eda: inUnit.eda,
      source: eda.length > 1 ? `${name}, ${signal.label}` : name,
      ...(eda.length > 1 && { part: signal.label }),
      unit: inUnit.unit,
      ...(start && { start }),
      ...(recorder !== undefined && { recorder }),
      markers,
      ...(skin && { temperature: { sampleRate: skin.sampleRate, values: skin.values } }),
      notes: [...header.notes, ...startNotes, ...notes, ...inUnit.notes],
      reading: describe(header, signal),
    }
  })
}

function describe(header: EdfHeader, { label, dimension, transducer, prefilter }: EdfSignal): Record<string, string> {
  const format = header.plus ? `${header.kind}+${header.plus}` : header.kind
  const recording = SUBFIELDS.test(header.recording) ? '' : header.recording
  const said = { format, channel: label, unit: dimension, transducer, prefilter, recording }
  return Object.fromEntries(Object.entries(said).filter(([, text]) => text !== ''))
}

/** By label; where no label says it, by the one unit of conductance or resistance. */
function wantedSignals(signals: readonly EdfSignal[], asked: readonly string[] | undefined, name: string): number[] {
  const real = [...signals.keys()].filter((i) => !signals[i]!.annotations)
  const labels = real.map((i) => signals[i]!.label)
  const byUnit = real.filter((i) => unitNamed(signals[i]!.dimension) !== undefined)
  const unlabelled = asked === undefined && labels.every((label) => conductanceScore(label) === 0)
  if (unlabelled && byUnit.length === 1) return byUnit
  return conductanceAmong(labels, asked, name, 'channels').map((i) => real[i]!)
}

const temperatureIn = (signals: readonly EdfSignal[]): number =>
  temperatureAmong(signals.map(({ label, dimension }) => ({ name: label, unit: dimension }))) ?? -1

/** Seconds between the start of the header and the first sample: the fraction of a second that only the + formats have. */
function firstOnset({ plus }: EdfHeader, { onsets }: EdfData, name: string): number {
  if (plus === 'D' && (onsets === undefined || onsets.some((onset) => !Number.isFinite(onset))))
    throw new FormatError(`${name}: a record of an interrupted recording does not say its time; the file is damaged`)
  const first = onsets?.[0] ?? 0
  return Number.isFinite(first) ? first : 0
}

interface Trace {
  values: Float64Array
  /** Hz. */
  sampleRate: number
  notes: string[]
}

function trace(
  { plus, recordDuration, signals }: EdfHeader,
  index: number,
  values: Float64Array,
  { onsets }: EdfData,
  options: ReadingOptions,
  name: string,
): Trace {
  const { samples } = signals[index]!
  if (recordDuration === 0 && options.sampleRate === undefined)
    throw new FormatError(`${name}: its records have no duration, so its rate is not known; give --rate HZ`)
  const sampleRate = recordDuration === 0 ? options.sampleRate! : samples / recordDuration
  if (plus !== 'D') return { values, sampleRate, notes: [] }
  return { sampleRate, ...spread(values, samples, onsets!, sampleRate, name) }
}

/** Missing samples that the interruptions of one recording may come to: a day at 256 Hz. */
const MOST_MISSING = 24 * 3600 * 256

/** Each record at its time, NaN between them. */
function spread(
  values: Float64Array,
  samples: number,
  onsets: Float64Array,
  rate: number,
  name: string,
): { values: Float64Array; notes: string[] } {
  let [end, gaps] = [0, 0]
  const places = Array.from(onsets, (onset, record) => {
    const place = Math.round((onset - onsets[0]!) * rate)
    // Onsets are rounded when they are printed.
    if (place < end - 1)
      throw new FormatError(`${name}: record ${record + 1} begins before the one before it ends; the file is damaged`)
    const at = Math.max(place, end)
    if (at > end) gaps++
    end = at + samples
    return at
  })
  const missing = end - values.length
  if (missing > MOST_MISSING)
    throw new FormatError(`${name}: ${missing} samples are missing between its records; split it at its interruptions`)
  const spread = new Float64Array(end).fill(NaN)
  places.forEach((at, record) => spread.set(values.subarray(record * samples, (record + 1) * samples), at))
  const seconds = Number((missing / rate).toPrecision(3))
  return {
    values: spread,
    notes: gaps > 0 ? [`it was interrupted ${gaps === 1 ? 'once' : `${gaps} times`}, for ${seconds} s in all`] : [],
  }
}

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC']
/** Two digits of a year from here on are of the last century. */
const FIRST_YEAR = 85
/** What stands for a date that was removed. */
const NO_DATE = '01.01.85'

/** The clock of the header, whose date may have been removed, and its fraction of a second. */
function startOf(header: EdfHeader, first: number): { start?: StartTime; notes: string[] } {
  const { date, time, recording } = header
  const clock = /^(\d\d)[.:](\d\d)[.:](\d\d)$/.exec(time)?.slice(1).map(Number)
  const day = /^(\d\d)[./:-](\d\d)[./:-](\d\d)$/.exec(date)?.slice(1).map(Number)
  const written = /^Startdate (\d\d)-([A-Z]{3})-(\d{4})\b/i.exec(recording)
  const timeMs = clock ? 1000 * (3600 * clock[0]! + 60 * clock[1]! + clock[2]! + first) : NaN
  if (date === NO_DATE || /^Startdate X\b/i.test(recording))
    return timeMs > 0 && timeMs < 86_400_000
      ? { start: { wallMs: timeMs, zone: '', dateless: true }, notes: [] }
      : { notes: [] }
  const dayMs = written
    ? dayOf(Number(written[3]), MONTHS.indexOf(written[2]!.toUpperCase()), Number(written[1]))
    : day
      ? dayOf(day[2]! + (day[2]! < FIRST_YEAR ? 2000 : 1900), day[1]! - 1, day[0]!)
      : NaN
  const wallMs = dayMs + timeMs
  if (!Number.isFinite(wallMs)) return { notes: [`its start '${date} ${time}' is no date and time, and was left out`] }
  return { start: { wallMs, zone: '' }, notes: [] }
}

/** NaN for a day that no calendar has. */
function dayOf(year: number, month: number, day: number): number {
  const date = new Date(Date.UTC(year, month, day))
  return date.getUTCMonth() === month && date.getUTCDate() === day ? date.getTime() : NaN
}

/** In the + formats, and by many programs in the plain ones, the field is `Startdate DATE ADMINISTRATION TECHNICIAN EQUIPMENT …`. */
const SUBFIELDS = /^Startdate(?: \S+){3} (\S+)/i

/** X is what is not known. */
function recorderOf({ recording }: EdfHeader): string | undefined {
  const equipment = SUBFIELDS.exec(recording)?.[1]
  return equipment === undefined || equipment === 'X' ? undefined : equipment.replaceAll('_', ' ')
}

/** The codes of a trigger port, in the low 16 bits of BioSemi's Status; pins that rest at 1 are no part of a code. */
function triggers(values: Float64Array, { recordDuration }: EdfHeader, { samples, scale, shift }: EdfSignal): Marker[] {
  const codeAt = (i: number): number => Math.round((values[i]! - shift) / scale) & 0xffff
  const rest = codeAt(0)
  const found: Marker[] = []
  for (let i = 1; i < values.length; i++) {
    const code = codeAt(i)
    if (code !== codeAt(i - 1) && code !== rest)
      found.push({ seconds: (i * recordDuration) / samples, duration: 0, label: String(code ^ rest) })
  }
  return found
}

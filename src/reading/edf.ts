// EDF, EDF+, BDF and BDF+: which signal is skin conductance, when it began, what happened meanwhile.
import { readEdfData, readEdfHeader, type EdfData, type EdfHeader, type EdfSignal } from '../formats/edf.ts'
import { FormatError } from '../runtime/errors.ts'
import { conductanceAmong, conductanceScore } from './channel.ts'
import { distinct } from './distinct.ts'
import { rateOf } from './given_rate.ts'
import type { ReadingOptions } from './options.ts'
import type { Marker, Recording, StartTime } from './recording.ts'
import type { Source } from '../store/source.ts'
import { temperatureAmong } from './temperature.ts'
import { inMicrosiemens, unitNamed } from './unit.ts'
import { shortest } from '../signal/timing.ts'

/** A recording for each wanted signal of skin conductance. @throws FormatError */
export async function readEdf(source: Source, options: ReadingOptions): Promise<Recording[]> {
  const { name } = source
  const header = await readEdfHeader(source)
  const labels = distinct(header.signals.map(({ label }) => label))
  const eda = wantedSignals(header.signals, labels, options.edaColumns, name)
  if (header.records === 0) throw new FormatError(`${name}: no complete record after the header, so no samples`)
  const beside = (index: number): number[] => (index < 0 || eda.includes(index) ? [] : [index])
  const temperature = beside(temperatureIn(header.signals))
  const triggers = new Triggers(header)
  const data = await readEdfData(source, header, [...eda, ...temperature], {
    ...(triggers.signal >= 0 && { watch: triggers }),
  })
  const first = firstOnset(header, data, name)
  const traces = [...eda, ...temperature].map((index, i) => trace(header, index, data.signals[i]!, data, options, name))
  const { start, notes: startNotes } = startOf(header, first)
  const recorder = recorderOf(header)
  const markers = [
    ...data.annotations.map(({ onset, duration, text }) => ({ seconds: onset - first, duration, label: text })),
    ...triggers.markers,
  ].sort((a, b) => a.seconds - b.seconds)
  const skin = temperature.length > 0 ? traces.at(-1) : undefined
  return eda.map((index, i) => {
    const signal = header.signals[index]!
    const { values, sampleRate, notes } = traces[i]!
    const rate = rateOf(sampleRate, options.sampleRate)
    const inUnit = inMicrosiemens(values, name, options.unit, signal.dimension)
    return {
      sampleRate: rate.sampleRate,
      eda: inUnit.eda,
      source: eda.length > 1 ? `${name}, ${labels[index]!}` : name,
      ...(eda.length > 1 && { part: labels[index]! }),
      unit: inUnit.unit,
      ...(start && { start }),
      ...(recorder !== undefined && { recorder }),
      markers,
      ...(skin && { temperature: { sampleRate: skin.sampleRate, values: skin.values } }),
      notes: [...header.notes, ...startNotes, ...notes, ...rate.notes, ...inUnit.notes, ...filtered(signal)],
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

/** Of a level that a high-pass has taken out nothing is left to tell. */
function filtered({ prefilter }: EdfSignal): string[] {
  const corner = Number(/\bHP:\s*([\d.]+) *m?Hz/i.exec(prefilter)?.[1])
  return corner > 0
    ? [`its prefilter is '${prefilter}': what is slower was taken out, so its level is none of skin`]
    : []
}

/** By label; where no label says it, by the one unit of conductance or resistance. */
function wantedSignals(
  signals: readonly EdfSignal[],
  labels: readonly string[],
  asked: readonly string[] | undefined,
  name: string,
): number[] {
  const real = [...signals.keys()].filter((i) => !signals[i]!.annotations)
  const names = real.map((i) => labels[i]!)
  const byUnit = real.filter((i) => unitNamed(signals[i]!.dimension) !== undefined)
  const unlabelled = asked === undefined && names.every((label) => conductanceScore(label) === 0)
  if (unlabelled && byUnit.length === 1) return byUnit
  return conductanceAmong(names, asked, name, 'channels').map((i) => real[i]!)
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
  const sampleRate = recordDuration === 0 ? options.sampleRate! : shortest(samples / recordDuration, 0)
  if (plus === 'D') return { sampleRate, ...spread(values, samples, onsets!, sampleRate, name) }
  if (onsets === undefined || !isInterrupted(onsets, recordDuration)) return { values, sampleRate, notes: [] }
  const spreadOut = spread(values, samples, onsets, sampleRate, name)
  const note = 'its header calls it continuous, but the times of its records have gaps, which were believed'
  return { ...spreadOut, sampleRate, notes: [note, ...spreadOut.notes] }
}

/** Seconds between two records that are no rounding of print, nor a clock that drifts. */
const GAP = 0.1

const isInterrupted = (onsets: Float64Array, duration: number): boolean =>
  onsets.every(Number.isFinite) && onsets.some((onset, i) => i > 0 && onset - onsets[i - 1]! > duration + GAP)

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
class Triggers {
  /** -1 where there is none. */
  readonly signal: number
  readonly markers: Marker[] = []
  #rest: number | undefined
  #code = 0
  #seen = 0

  constructor(private readonly header: EdfHeader) {
    const isBioSemi = header.kind === 'BDF' && !header.plus
    this.signal = isBioSemi ? header.signals.findIndex(({ label }) => label === 'Status') : -1
  }

  /** The next record. */
  see(digital: Int32Array): void {
    for (const value of digital) {
      const code = value & 0xffff
      this.#rest ??= code
      if (code !== this.#code && code !== this.#rest) this.markers.push(this.#marker(digital.length, code ^ this.#rest))
      this.#code = code
      this.#seen++
    }
  }

  #marker(samples: number, code: number): Marker {
    return { seconds: (this.#seen * this.header.recordDuration) / samples, duration: 0, label: String(code) }
  }
}

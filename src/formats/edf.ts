// European Data Format and its kin: EDF and EDF+ of 16 bits, BDF and BDF+ of 24. A header of text in fields of fixed width, then records
// of equal duration, in each of which every signal has a fixed number of samples.
// https://www.edfplus.info/specs/edf.html, edfplus.html; https://www.biosemi.com/faq/file_format.htm
import { FormatError } from '../runtime/errors.ts'
import type { ByteSource } from './byte_source.ts'

export interface EdfHeader {
  kind: 'EDF' | 'BDF'
  /** `C` and `D` are the + formats: continuous, and with interruptions between records. */
  plus?: 'C' | 'D'
  /** The fields as they stand in the file. */
  patient: string
  recording: string
  date: string
  time: string
  signals: readonly EdfSignal[]
  /** Whole records that are in the file. */
  records: number
  /** Seconds. */
  recordDuration: number
  recordBytes: number
  /** Where the first record begins. */
  begin: number
  /** What the header gets wrong, a sentence each. */
  notes: string[]
}

export interface EdfSignal {
  label: string
  transducer: string
  /** Unit of the physical values. */
  dimension: string
  prefilter: string
  /** In each record. */
  samples: number
  /** Where it begins in a record. */
  offset: number
  /** physical = scale * digital + shift; not finite where the header gives the signal no range. */
  scale: number
  shift: number
  /** Not a signal but texts in time. */
  annotations: boolean
}

export interface EdfAnnotation {
  /** Seconds after the start of the header. */
  onset: number
  duration: number
  text: string
}

export interface EdfData {
  /** [samples], of each wanted signal. */
  signals: Float64Array[]
  /** Seconds after the start of the header, of each record, NaN where it does not say; only with a signal of annotations. */
  onsets?: Float64Array
  annotations: EdfAnnotation[]
}

const FIXED_BYTES = 256
const SIGNAL_BYTES = 256
/** Bytes at a time. */
const CHUNK = 1 << 22

/** @throws FormatError that names the field that is wrong */
export async function readEdfHeader(source: ByteSource): Promise<EdfHeader> {
  const { name } = source
  const fixed = await source.read(0, FIXED_BYTES)
  if (fixed.length < FIXED_BYTES) throw new FormatError(`${name}: ${fixed.length} bytes, too few for the header of EDF`)
  const kind = fixed[0] === 0xff ? 'BDF' : 'EDF'
  const field = fieldsOf(fixed)
  field(8)
  const [patient, recording] = [field(80), field(80)]
  const [date, time] = [field(8), field(8)]
  const begin = whole(field(8), `${name}: the number of bytes in the header`)
  const reserved = field(44)
  const declared = whole(field(8), `${name}: the number of records`)
  const recordDuration = number(field(8), `${name}: the duration of a record`)
  const count = whole(field(4), `${name}: the number of signals`)
  if (count < 1 || begin !== FIXED_BYTES + count * SIGNAL_BYTES)
    throw new FormatError(`${name}: a header of ${begin} bytes for ${count} signals; the file is damaged`)
  if (recordDuration < 0) throw new FormatError(`${name}: the duration of a record is ${recordDuration} s`)
  const described = await source.read(FIXED_BYTES, begin)
  if (FIXED_BYTES + described.length < begin) throw new FormatError(`${name}: the file ends within its header`)
  const signals = readSignals(described, count, kind, name)
  const recordBytes = signals.reduce((sum, { samples }) => sum + samples, 0) * sampleBytes(kind)
  const plus = /^[EB]DF\+([CD])/.exec(reserved)?.[1] as 'C' | 'D' | undefined
  const header = { kind, patient, recording, date, time, signals, recordDuration, recordBytes, begin } as const
  return { ...header, ...(plus && { plus }), ...recordsOf(declared, source.size - begin, recordBytes) }
}

/** A recorder that was interrupted leaves -1 for their number, or fewer than it says. */
function recordsOf(declared: number, bytes: number, recordBytes: number): { records: number; notes: string[] } {
  const whole = Math.floor(bytes / recordBytes)
  const rest = bytes - whole * recordBytes
  if (declared < 0)
    return {
      records: whole,
      notes: rest > 0 ? ['its last record is not complete and was left out: the recorder was interrupted'] : [],
    }
  if (whole < declared)
    return {
      records: whole,
      notes: [`its header says ${declared} records, but only ${whole} are complete; the file was cut off`],
    }
  const extra = bytes - declared * recordBytes
  return {
    records: declared,
    notes: extra > 0 ? [`${extra} bytes after its ${declared} records were left out`] : [],
  }
}

const sampleBytes = (kind: 'EDF' | 'BDF'): number => (kind === 'EDF' ? 2 : 3)

/** Fields of fixed width one after another, without the blanks that fill them. */
function fieldsOf(bytes: Uint8Array): (width: number) => string {
  let at = 0
  return (width) => {
    const raw = bytes.subarray(at, at + width)
    at += width
    return textOf(raw)
  }
}

/** The header is ASCII by its specification; a µ comes in either of two encodings. */
function textOf(raw: Uint8Array): string {
  const end = raw.indexOf(0)
  const bytes = end < 0 ? raw : raw.subarray(0, end)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes).trim()
  } catch {
    return new TextDecoder('latin1').decode(bytes).trim()
  }
}

/** A decimal comma is against the specification, and in use. */
function number(text: string, what: string): number {
  const value = text === '' ? NaN : Number(text.replace(',', '.'))
  if (!Number.isFinite(value)) throw new FormatError(`${what} is '${text}', expected a number; the file is damaged`)
  return value
}

function whole(text: string, what: string): number {
  const value = number(text, what)
  if (!Number.isInteger(value)) throw new FormatError(`${what} is ${text}, expected a whole number`)
  return value
}

/** Each field of all signals, then the next field of all. */
function readSignals(bytes: Uint8Array, count: number, kind: 'EDF' | 'BDF', name: string): EdfSignal[] {
  const field = fieldsOf(bytes)
  const column = (width: number): string[] => Array.from({ length: count }, () => field(width))
  const [labels, transducers, dimensions] = [column(16), column(80), column(8)]
  const [physicalLow, physicalHigh, digitalLow, digitalHigh] = [column(8), column(8), column(8), column(8)]
  const [prefilters, sampleCounts] = [column(80), column(8)]
  let offset = 0
  return labels.map((label, i) => {
    const what = (which: string): string => `${name}: ${which} of signal ${i + 1} (${label})`
    const samples = whole(sampleCounts[i]!, what('the number of samples in a record'))
    if (samples < 0) throw new FormatError(`${what('the number of samples in a record')} is ${samples}`)
    const annotations = /^[EB]DF Annotations$/.test(label)
    const range = [
      number(physicalLow[i]!, what('the physical minimum')),
      number(physicalHigh[i]!, what('the physical maximum')),
      number(digitalLow[i]!, what('the digital minimum')),
      number(digitalHigh[i]!, what('the digital maximum')),
    ] as const
    const [low, high, from, to] = range
    // Inputs that nothing is connected to often have none; that concerns whoever wants their samples.
    const scale = from === to || low === high ? NaN : (high - low) / (to - from)
    const begin = offset
    offset += samples * sampleBytes(kind)
    return {
      label,
      transducer: transducers[i]!,
      dimension: dimensions[i]!,
      prefilter: prefilters[i]!,
      samples,
      offset: begin,
      scale,
      shift: low - scale * from,
      annotations,
    }
  })
}

/** What else is done with the records on the way. */
export interface EdfPass {
  /** A signal that is not kept but looked at, a record at a time, as its digital values. */
  watch?: { signal: number; see: (digital: Int32Array) => void }
}

/**
 * Samples of the wanted signals (indices in the header) as they lie in the file, records end to end, and all annotations. No more of the
 * file is held than some records. @throws FormatError for a wanted signal without samples or without a range
 */
export async function readEdfData(
  source: ByteSource,
  header: EdfHeader,
  wanted: readonly number[],
  { watch }: EdfPass = {},
): Promise<EdfData> {
  const { records, recordBytes, begin, kind } = header
  for (const i of wanted) requireSamples(header.signals[i]!, i, source.name)
  const signals = wanted.map((i) => new Float64Array(records * header.signals[i]!.samples))
  const watched = watch && header.signals[watch.signal]!
  const texts = header.signals.filter(({ annotations }) => annotations)
  const onsets = texts.length > 0 ? new Float64Array(records) : undefined
  const annotations: EdfAnnotation[] = []
  const atOnce = Math.max(1, Math.floor(CHUNK / recordBytes))
  for (let first = 0; first < records; first += atOnce) {
    const end = Math.min(records, first + atOnce)
    const bytes = await source.read(begin + first * recordBytes, begin + end * recordBytes)
    for (let record = first; record < end; record++) {
      const raw = bytes.subarray((record - first) * recordBytes, (record - first + 1) * recordBytes)
      wanted.forEach((i, w) => {
        const signal = header.signals[i]!
        const { samples, scale, shift } = signal
        const into = signals[w]!
        decode(raw, kind, signal, (sample, digital) => (into[record * samples + sample] = scale * digital + shift))
      })
      if (watched) {
        const digital = new Int32Array(watched.samples)
        decode(raw, kind, watched, (sample, value) => (digital[sample] = value))
        watch.see(digital)
      }
      texts.forEach((signal, t) => {
        const found = readTexts(raw.subarray(signal.offset, signal.offset + signal.samples * sampleBytes(kind)))
        // In the first list of a record the first text is empty: its time is that of the record.
        if (t === 0) onsets![record] = found[0]?.text === '' ? found[0].onset : NaN
        for (const one of found) if (one.text !== '') annotations.push(one)
      })
    }
  }
  return { signals, ...(onsets && { onsets }), annotations }
}

function requireSamples({ label, samples, scale }: EdfSignal, index: number, name: string): void {
  const what = `${name}: signal ${index + 1} (${label})`
  if (samples === 0) throw new FormatError(`${what} has no samples`)
  if (!Number.isFinite(scale))
    throw new FormatError(`${what} has no range from its minimum to its maximum, so it cannot be scaled`)
}

function decode(
  record: Uint8Array,
  kind: EdfHeader['kind'],
  { offset, samples }: EdfSignal,
  take: (sample: number, digital: number) => void,
): void {
  let at = offset
  for (let i = 0; i < samples; i++) {
    take(
      i,
      kind === 'EDF'
        ? ((record[at]! | (record[at + 1]! << 8)) << 16) >> 16
        : ((record[at]! | (record[at + 1]! << 8) | (record[at + 2]! << 16)) << 8) >> 8,
    )
    at += sampleBytes(kind)
  }
}

const TEXT_END = 0x14
const DURATION = '\x15'

/** Lists of `+onset[0x15 duration]0x14 text 0x14 text 0x14 0x00`; what is none is left out. */
function readTexts(bytes: Uint8Array): EdfAnnotation[] {
  const found: EdfAnnotation[] = []
  for (let at = 0; at < bytes.length; at++) {
    // Zeros fill the rest of the record.
    if (bytes[at] === 0) continue
    const zero = bytes.indexOf(0, at)
    const list = bytes.subarray(at, zero < 0 ? bytes.length : zero)
    const stamped = list.indexOf(TEXT_END)
    at += list.length
    if (stamped < 0) continue
    const [onset, duration = '0'] = textOf(list.subarray(0, stamped)).split(DURATION)
    const times = { onset: Number(onset), duration: Number(duration) }
    const texts = textOf(list.subarray(stamped + 1)).split('\x14')
    if (/^[+-]\d/.test(onset!) && Number.isFinite(times.onset) && times.duration >= 0)
      for (const text of texts) found.push({ ...times, text: text.trim() })
  }
  return found
}

// Empatica's EmbracePlus: Avro files of some minutes each.
// https://support.empatica.com/hc/en-us/articles/17727336158365-Raw-data-in-the-Empatica-Cloud
import { parseAvro } from '../formats/avro.ts'
import { FormatError } from '../runtime/errors.ts'
import { conductanceAmong } from './channel.ts'
import { rateOf } from './given_rate.ts'
import type { ReadingOptions } from './options.ts'
import type { Recording, StartTime } from './recording.ts'
import { allBytes, type Source } from '../store/source.ts'
import { fromMoment, type SensorTrace } from './temperature.ts'
import { inMicrosiemens } from './unit.ts'
import { shortest } from '../signal/timing.ts'

/** The trace of a file. @throws FormatError for an Avro file of another program, and for one without skin conductance */
export async function readEmpaticaAvro(source: Source, options: ReadingOptions): Promise<Recording[]> {
  const { name } = source
  const bytes = await allBytes(source)
  const { values: sessions } = parseAvro(bytes, name)
  if (sessions.length === 0) throw new FormatError(`${name}: an Avro file without a value`)
  return sessions.map((session, i) => ({
    ...readSession(session, name, options),
    ...(sessions.length > 1 && { part: String(i + 1) }),
  }))
}

function readSession(session: unknown, name: string, options: ReadingOptions): Recording {
  const raw = member(session, 'rawData')
  const trace = traceOf(member(raw, 'eda'))
  if (trace === undefined)
    throw new FormatError(`${name}: an Avro file without rawData.eda; only those of Empatica's EmbracePlus are read`)
  conductanceAmong(['eda'], options.edaColumns, name, 'channels')
  const { start, rate, values } = trace
  if (values.length === 0 || !(start > 0 && start < LATEST) || !(rate > 0))
    throw new FormatError(
      `${name}: its skin conductance has ${values.length} samples at ${rate} Hz from ${start} s on; nothing was measured ` +
        'in these minutes, leave the file out',
    )
  const { eda, unit, notes } = inMicrosiemens(values, name, options.unit, 'µS')
  const given = rateOf(rate, options.sampleRate)
  const temperature = traceOf(member(raw, 'temperature'))
  const aligned = temperature && temperature.rate > 0 ? fromMoment(temperature, start) : undefined
  const recorder = [member(session, 'deviceModel'), member(session, 'deviceSn')].filter(
    (text) => typeof text === 'string',
  )
  return {
    sampleRate: given.sampleRate,
    eda,
    source: name,
    unit,
    start: startOf(start, member(session, 'timezone')),
    ...(recorder.length > 0 && { recorder: recorder.join(' ') }),
    markers: tagsOf(member(member(raw, 'tags'), 'tagsTimeMicros')).map((seconds) => ({
      seconds: seconds - start,
      duration: 0,
      label: 'tag',
    })),
    ...(aligned && { temperature: aligned }),
    wrist: true,
    notes: [...given.notes, ...notes],
    reading: {
      format: 'Empatica Avro',
      ...versionOf(member(session, 'schemaVersion')),
      ...participantOf(member(session, 'enrollment')),
    },
  }
}

/** The year 2286, beyond which a number of microseconds is none of a clock. */
const LATEST = 1e10
/** A second. */
const MICROSECONDS = 1e6
/** Rates are 32 bits wide: within this share a short decimal is what was meant. */
const FLOAT32 = 6e-8

/** A part of a record that may have none, in a schema that another version of the device may have. */
const member = (record: unknown, name: string): unknown =>
  typeof record === 'object' && record !== null && Object.hasOwn(record, name)
    ? (record as Record<string, unknown>)[name]
    : undefined

function traceOf(sensor: unknown): SensorTrace | undefined {
  const [start, rate, values] = ['timestampStart', 'samplingFrequency', 'values'].map((name) => member(sensor, name))
  if (typeof start !== 'number' || typeof rate !== 'number' || !isNumbers(values)) return undefined
  return { start: start / MICROSECONDS, rate: shortest(rate, FLOAT32), values: Float64Array.from(values) }
}

const isNumbers = (values: unknown): values is number[] =>
  Array.isArray(values) && values.every((value) => typeof value === 'number')

const tagsOf = (times: unknown): number[] => (isNumbers(times) ? times.map((time) => time / MICROSECONDS) : [])

/** Stamps are UTC; `timezone` is what the wearer's clock was ahead of it, in seconds. */
function startOf(seconds: number, timezone: unknown): StartTime {
  const ahead = typeof timezone === 'number' && Math.abs(timezone) < 86_400 ? Math.round(timezone / 60) : 0
  const two = (number: number): string => String(number).padStart(2, '0')
  const [hours, minutes] = [Math.floor(Math.abs(ahead) / 60), Math.abs(ahead) % 60]
  return {
    wallMs: Math.round(1000 * seconds) + 60_000 * ahead,
    zone: ahead === 0 ? 'Z' : `${ahead < 0 ? '-' : '+'}${two(hours)}:${two(minutes)}`,
  }
}

function participantOf(enrollment: unknown): { participant?: string } {
  const id = member(enrollment, 'participantID')
  return typeof id === 'string' && id !== '' ? { participant: id } : {}
}

function versionOf(version: unknown): { schema?: string } {
  const parts = ['major', 'minor', 'patch'].map((name) => member(version, name))
  return isNumbers(parts) ? { schema: parts.join('.') } : {}
}

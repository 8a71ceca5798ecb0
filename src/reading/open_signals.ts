// OpenSignals text (biosignalsplux, BITalino): a line of JSON in a comment, then tab-separated counts of a converter.
import { FormatError } from '../runtime/errors.ts'
import { parseStamp } from '../formats/stamp.ts'
import type { TextLayout } from './text_layout.ts'

const FIRST_LINE = /^#\s*OpenSignals Text File Format/i

/** What the JSON says of one device; all of it may be missing. */
interface Device {
  sensor?: unknown
  column?: unknown
  date?: unknown
  time?: unknown
  device?: unknown
  resolution?: unknown
  label?: unknown
  'sampling rate'?: unknown
  'device name'?: unknown
}

/** @throws FormatError when the header is no JSON, or several devices share the file */
export function openSignals(lines: readonly string[], source: string): TextLayout | undefined {
  if (!FIRST_LINE.test(lines[0] ?? '')) return undefined
  const end = lines.findIndex((line) => /^#\s*EndOfHeader/i.test(line))
  const json = lines.slice(1, end < 0 ? 3 : end).find((line) => line.includes('{'))
  const devices = Object.values(parsed(json?.replace(/^#\s*/, '') ?? '', source)) as Device[]
  const [device] = devices
  if (devices.length !== 1 || device === undefined)
    throw new FormatError(
      `${source}: its header names ${devices.length} devices; save each device to a file of its own`,
    )
  const columns = texts(device.column)
  const sensors = texts(device.sensor)
  const labels = texts(device.label)
  const channels = labels.length === sensors.length ? labels : columns.slice(-sensors.length)
  const eda = channels.filter((_, i) => /^(eda|gsr|edabit|eda[a-z0-9]*)$/i.test(sensors[i]!))
  const bits = eda.map((name) => bitsOf(numbers(device.resolution), name, columns, channels))
  const start = parseStamp(`${textOf(device.date)} ${textOf(device.time)}`, 'day-first')
  return {
    format: 'OpenSignals',
    skip: end < 0 ? 3 : end + 1,
    separator: '\t',
    columns,
    ...(columns.includes('nSeq') && { counter: 'nSeq' }),
    ...(typeof device['sampling rate'] === 'number' && { sampleRate: device['sampling rate'] }),
    ...(start && { start: { wallMs: start.wallMs, zone: start.zone } }),
    recorder: [textOf(device.device), textOf(device['device name'])].filter(Boolean).join(' '),
    ...(eda.length > 0 && { edaColumns: eda }),
    ...transferOf(textOf(device.device), bits[0] ?? NaN),
  }
}

/** The list of resolutions goes with the columns, with the channels, or holds for all; NaN where it goes with none. */
function bitsOf(
  bits: readonly number[],
  name: string,
  columns: readonly string[],
  channels: readonly string[],
): number {
  if (bits.length === columns.length) return bits[columns.indexOf(name)]!
  if (bits.length === channels.length) return bits[channels.indexOf(name)]!
  return bits.length === 1 ? bits[0]! : NaN
}

/**
 * The makers' transfer functions: biosignalsplux EDA, µS = counts / 2^n * 3 V / 0.12; BITalino EDA, µS = counts / 2^n * 3.3 V / 0.132
 * (data sheets of PLUX, "Electrodermal Activity (EDA) Sensor").
 */
function transferOf(device: string, bits: number): Pick<TextLayout, 'transfer'> {
  if (!(bits >= 6 && bits <= 24)) return {}
  const isBitalino = /bitalino/i.test(device)
  if (!isBitalino && !/plux/i.test(device)) return {}
  const [volts, gain] = isBitalino ? [3.3, 0.132] : [3, 0.12]
  return {
    transfer: {
      toMicrosiemens: (counts) => ((counts / 2 ** bits) * volts) / gain,
      says: `raw counts of ${bits} bits were converted to µS by the transfer function of ${isBitalino ? 'BITalino' : 'biosignalsplux'} (counts / 2^${bits} * ${volts} / ${gain})`,
    },
  }
}

function parsed(json: string, source: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(json)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  } catch {
    // said below
  }
  throw new FormatError(`${source}:2: the header of OpenSignals is no JSON; export the file again`)
}

const texts = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : [])
const numbers = (value: unknown): number[] => (Array.isArray(value) ? value.map(Number) : [])
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

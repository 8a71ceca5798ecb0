// XDF, which LabRecorder writes of the streams of the Lab Streaming Layer: which channel of which stream is skin conductance, its samples
// on the recorder's clock, and the streams of markers beside it.
import { readXdf as readStreams, type XdfHeader, type XdfStream } from '../formats/xdf.ts'
import { elementAt, textAt, type XmlElement } from '../formats/xml.ts'
import { FormatError } from '../runtime/errors.ts'
import { conductanceAmong, conductanceScore } from './channel.ts'
import { toGrid } from './grid.ts'
import type { ReadingOptions } from './options.ts'
import type { Marker, Recording, StartTime } from './recording.ts'
import type { Source } from '../store/source.ts'
import { parseStamp } from '../formats/stamp.ts'
import { onRecorderClock } from './stream_clock.ts'
import { temperatureAmong } from './temperature.ts'
import { inMicrosiemens, unitNamed } from './unit.ts'

interface Channel {
  header: XdfHeader
  /** In its stream. */
  index: number
  name: string
  unit: string
}

/** A recording for each wanted channel of skin conductance. @throws FormatError */
export async function readXdf(source: Source, options: ReadingOptions): Promise<Recording[]> {
  const { name } = source
  const channels: Channel[] = []
  const keep = (header: XdfHeader): readonly number[] | undefined => {
    if (isMarkers(header)) return header.format === 'string' ? [] : [...Array(header.channels).keys()]
    const own = channelsOf(header)
    for (const channel of own) channels.push(channel)
    const wanted = own.filter((channel) => mayBeWanted(channel, options.edaColumns)).map(({ index }) => index)
    return wanted.length > 0 ? wanted : undefined
  }
  const { info, streams, notes } = await readStreams(source, keep, (done) => {
    options.signal?.throwIfAborted()
    options.onProgress?.(done, source.size)
  })
  const chosen = wantedChannels(channels, options.edaColumns, name)
  const start = startOf(textAt(info, 'datetime'))
  const startNotes = start ? ['its start is when the recorder was started, which may be some seconds off'] : []
  return chosen.map((channel) => {
    const { stream, values } = samplesOf(channel, streams, name)
    const stamps = stampsOf(stream, name)
    const first = stamps[0]!
    const seconds = stamps.map((stamp) => stamp - first)
    const grid = toGrid(seconds, values, name)
    const inUnit = inMicrosiemens(grid.eda, name, options.unit, channel.unit)
    const skin = temperatureIn(channel, channels, streams, seconds, name)
    return {
      sampleRate: options.sampleRate ?? grid.sampleRate,
      eda: inUnit.eda,
      source: chosen.length > 1 ? `${name}, ${channel.name}` : name,
      ...(chosen.length > 1 && { part: channel.name }),
      unit: inUnit.unit,
      ...(start && { start }),
      recorder: recorderOf(stream.info),
      markers: streams
        .filter(isMarkers)
        .flatMap((markers) => markersOf(markers, first, name))
        .sort(byTime),
      ...(skin && { temperature: skin }),
      notes: [...notes, ...startNotes, ...grid.notes, ...inUnit.notes],
      reading: describe(channel),
    }
  })
}

const byTime = (a: Marker, b: Marker): number => a.seconds - b.seconds

function describe({ header, name, unit }: Channel): Record<string, string | number> {
  const said = {
    format: 'XDF',
    stream: textAt(header.info, 'name'),
    type: textAt(header.info, 'type'),
    channel: name,
    unit,
  }
  return { ...Object.fromEntries(Object.entries(said).filter(([, text]) => text !== '')), nominal_rate: header.rate }
}

/** Texts, or numbers that come when they come, of a stream that calls itself so. */
const isMarkers = ({ format, rate, info }: XdfHeader): boolean =>
  format === 'string' || (rate === 0 && /marker|event|trigger|stim/i.test(textAt(info, 'type')))

/** A lone channel without a telling label is what its stream is. */
function channelsOf(header: XdfHeader): Channel[] {
  const [stream, type] = [textAt(header.info, 'name'), textAt(header.info, 'type')]
  const described = elementAt(header.info, 'desc', 'channels')?.children.filter(({ name }) => name === 'channel') ?? []
  return Array.from({ length: header.channels }, (_, index) => {
    const [label, unit] = [textAt(described[index], 'label'), textAt(described[index], 'unit')]
    const name = label === '' ? `${stream} ${index + 1}` : label
    const telling = [label, type, stream].find((text) => conductanceScore(text) > 0)
    return { header, index, name: header.channels === 1 ? (telling ?? (label === '' ? stream : label)) : name, unit }
  })
}

/** What cannot be skin conductance or temperature is not kept; an asked name may have the stream's before it. */
const mayBeWanted = ({ name, unit }: Channel, asked: readonly string[] | undefined): boolean =>
  (asked ?? []).some((text) => name.toLowerCase().includes(text.trim().toLowerCase()) || text.includes(name)) ||
  conductanceScore(name) > 0 ||
  unitNamed(unit) !== undefined ||
  temperatureAmong([{ name, unit }]) !== undefined

/** By name, which its stream goes before where two have the same; where no name says it, by the one unit of conductance or resistance. */
function wantedChannels(channels: readonly Channel[], asked: readonly string[] | undefined, name: string): Channel[] {
  const times = new Map<string, number>()
  for (const channel of channels) times.set(channel.name, (times.get(channel.name) ?? 0) + 1)
  const names = channels.map((channel) =>
    times.get(channel.name)! > 1 ? `${textAt(channel.header.info, 'name')} ${channel.name}` : channel.name,
  )
  const byUnit = channels.filter(({ unit }) => unitNamed(unit) !== undefined)
  const unlabelled = asked === undefined && names.every((text) => conductanceScore(text) === 0)
  if (unlabelled && byUnit.length === 1) return byUnit
  return conductanceAmong(names, asked, name, 'channels').map((i) => ({ ...channels[i]!, name: names[i]! }))
}

function samplesOf(
  { header, index, name: channel }: Channel,
  streams: readonly XdfStream[],
  name: string,
): { stream: XdfStream; values: Float64Array } {
  const stream = streams.find(({ id }) => id === header.id)!
  const values = stream.numbers[stream.kept.indexOf(index)]
  if (values === undefined || values.length < 2)
    throw new FormatError(
      `${name}: the stream of '${channel}' has ${stream.stamps.length} samples, too few for a recording`,
    )
  return { stream, values }
}

/** @throws FormatError for a time that is no number */
function stampsOf({ stamps, clock, info }: XdfStream, name: string): Float64Array {
  const moved = onRecorderClock(stamps, clock)
  if (!moved.every(Number.isFinite))
    throw new FormatError(`${name}: stream '${textAt(info, 'name')}' has a time that is no number; the file is damaged`)
  return moved
}

function markersOf(stream: XdfStream, first: number, name: string): Marker[] {
  return Array.from(stampsOf(stream, name), (stamp, i) => {
    const label = stream.format === 'string' ? stream.texts[i]! : stream.numbers.map((values) => values[i]!)
    return { seconds: stamp - first, duration: 0, label: label.join(' ').trim() }
  })
}

/** The one channel of temperature in the same stream. */
function temperatureIn(
  { header, index }: Channel,
  channels: readonly Channel[],
  streams: readonly XdfStream[],
  seconds: Float64Array,
  name: string,
): Recording['temperature'] {
  const beside = channels.filter((channel) => channel.header.id === header.id && channel.index !== index)
  const found = temperatureAmong(beside)
  if (found === undefined) return undefined
  const { sampleRate, eda: values } = toGrid(seconds, samplesOf(beside[found]!, streams, name).values, name)
  return { sampleRate, values }
}

function recorderOf(info: XmlElement): string {
  const acquisition = elementAt(info, 'desc', 'acquisition')
  const maker = [textAt(acquisition, 'manufacturer'), textAt(acquisition, 'model')].filter((text) => text !== '')
  return maker.length > 0 ? maker.join(' ') : textAt(info, 'name')
}

/** As `2024-03-05T14:07:09+0100`. */
function startOf(datetime: string): StartTime | undefined {
  const stamp = parseStamp(datetime, 'day-first')
  return stamp && !stamp.dateless ? { wallMs: stamp.wallMs, zone: stamp.zone } : undefined
}

// XDF, which LabRecorder writes of the streams of the Lab Streaming Layer: which channel of which stream is skin conductance, its samples
// on the recorder's clock, and the streams of markers beside it.
import { parseStamp } from '../formats/stamp.ts'
import { readXdf as readStreams, type XdfHeader, type XdfStream } from '../formats/xdf.ts'
import { elementAt, textAt, type XmlElement } from '../formats/xml.ts'
import { FormatError } from '../runtime/errors.ts'
import { conductanceAmong, conductanceScore } from './channel.ts'
import { distinct } from './distinct.ts'
import { rateOf } from './given_rate.ts'
import { toGrid, type Gridded } from './grid.ts'
import type { ReadingOptions } from './options.ts'
import { requireOrder } from './order.ts'
import type { Marker, Recording, StartTime } from './recording.ts'
import type { Source } from '../store/source.ts'
import { evened, onRecorderClock } from './stream_clock.ts'
import { temperatureAmong } from './temperature.ts'
import { inMicrosiemens, unitNamed } from './unit.ts'
import { shortest } from '../signal/timing.ts'

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
  const { info, streams, notes } = await readStreams(source, keep)
  const { chosen, notes: choiceNotes } = wantedChannels(channels, streams, options.edaColumns, name)
  const start = startOf(textAt(info, 'datetime'))
  const startNotes = start ? ['its start is when the recorder was started, which may be some seconds off'] : []
  return chosen.map((channel) => {
    const { stream, values } = samplesOf(channel, streams, name)
    const stamps = stampsOf(stream, name)
    const grid = gridOf(stream, stamps, values, name, options.sampleRate)
    const inUnit = inMicrosiemens(grid.eda, name, options.unit, channel.unit)
    const skin = temperatureIn(channel, channels, streams, stamps, name, options.sampleRate)
    return {
      sampleRate: grid.sampleRate,
      eda: inUnit.eda,
      source: chosen.length > 1 ? `${name}, ${channel.name}` : name,
      ...(chosen.length > 1 && { part: channel.name }),
      unit: inUnit.unit,
      ...(start && { start }),
      recorder: recorderOf(stream.info),
      markers: streams
        .filter(isMarkers)
        .flatMap((markers) => markersOf(markers, grid.first, name))
        .sort(byTime),
      ...(skin && { temperature: skin }),
      notes: [...notes, ...choiceNotes, ...startNotes, ...grid.notes, ...inUnit.notes],
      reading: describe(channel),
    }
  })
}

/** The samples, and when the first of them was on the recorder's clock. A given rate does without the stamps. */
function gridOf(
  { rate }: XdfStream,
  stamps: Float64Array,
  values: Float64Array,
  name: string,
  given: number | undefined,
): Gridded & { first: number } {
  const begin = stamps[0]!
  if (given !== undefined) return { ...rateOf(rate > 0 ? rate : NaN, given), eda: values, first: begin }
  const seconds = stamps.map((stamp) => stamp - begin)
  const where = (i: number): string => `${name}, sample ${i + 1}`
  const even = rate > 0 ? evened(seconds, rate) : undefined
  if (even === undefined) {
    requireOrder(seconds, name)
    return { ...toGrid(seconds, values, name, { where }), first: begin }
  }
  const grid = toGrid(even.stamps, values, name, { where })
  const jitter = Number((1000 * even.jitter).toPrecision(3))
  const note = `its time stamps jitter by ${jitter} ms (root mean square), as those of packets do; the samples were spaced evenly`
  const span = even.stamps.at(-1)! - even.stamps[0]!
  const sampleRate = shortest(grid.sampleRate, Math.min((2 * even.jitter) / span, 1e-3))
  return { ...grid, sampleRate, notes: [note, ...grid.notes], first: begin + even.stamps[0]! }
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

/**
 * By name, which its stream goes before where two have the same; where no name says it, by the one unit of conductance or resistance. A
 * stream that stayed empty, as that of a device that was started again does, is none of them unless it is asked for.
 */
function wantedChannels(
  channels: readonly Channel[],
  streams: readonly XdfStream[],
  asked: readonly string[] | undefined,
  name: string,
): { chosen: Channel[]; notes: string[] } {
  const named = withNames(channels)
  const isEmpty = ({ header }: Channel): boolean => streams.find(({ id }) => id === header.id)!.stamps.length === 0
  const skin = named.filter((channel) => conductanceScore(channel.name) > 0 || unitNamed(channel.unit) !== undefined)
  const empty = asked === undefined && !skin.every(isEmpty) ? skin.filter(isEmpty) : []
  const among = named.filter((channel) => !empty.includes(channel))
  const names = among.map((channel) => channel.name)
  const byUnit = among.filter(({ unit }) => unitNamed(unit) !== undefined)
  const unlabelled = asked === undefined && names.every((text) => conductanceScore(text) === 0)
  const chosen =
    unlabelled && byUnit.length === 1 ? byUnit : conductanceAmong(names, asked, name, 'channels').map((i) => among[i]!)
  return { chosen, notes: empty.map((channel) => `the channel '${channel.name}' has no samples and was left out`) }
}

function withNames(channels: readonly Channel[]): Channel[] {
  const times = new Map<string, number>()
  for (const { name } of channels) times.set(name, (times.get(name) ?? 0) + 1)
  const names = channels.map(({ name, header }) =>
    times.get(name)! > 1 ? `${textAt(header.info, 'name')} ${name}` : name,
  )
  return distinct(names).map((name, i) => ({ ...channels[i]!, name }))
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
  stamps: Float64Array,
  name: string,
  given: number | undefined,
): Recording['temperature'] {
  const beside = channels.filter((channel) => channel.header.id === header.id && channel.index !== index)
  const found = temperatureAmong(beside)
  if (found === undefined) return undefined
  const { stream, values } = samplesOf(beside[found]!, streams, name)
  const grid = gridOf(stream, stamps, values, name, given)
  return { sampleRate: grid.sampleRate, values: grid.eda }
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

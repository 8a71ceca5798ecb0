// Extensible Data Format, which LabRecorder writes: chunks of headers in XML, samples, and what the clocks of the streams read.
// https://github.com/sccn/xdf/wiki/Specifications
import { FormatError } from '../runtime/errors.ts'
import type { ByteSource } from './byte_source.ts'
import { Growing } from './growing.ts'
import { parseXml, textAt, type XmlElement } from './xml.ts'

export interface XdfHeader {
  id: number
  info: XmlElement
  channels: number
  format: keyof typeof FORMATS | 'string'
  /** Hz; 0 for samples that come when they come. */
  rate: number
}

export interface XdfStream extends XdfHeader {
  /** Seconds of the stream's own clock. */
  stamps: Float64Array
  /** The channels that were asked for, and the numbers of each, [samples]; none for texts. */
  kept: readonly number[]
  numbers: Float64Array[]
  /** [samples][channels], of a stream of texts. */
  texts: string[][]
  /** When the clock was compared, by itself, and what to add to it then. */
  clock: { at: number; offset: number }[]
}

export interface Xdf {
  info: XmlElement | undefined
  streams: XdfStream[]
  notes: string[]
}

/** Of numbers, each with its bytes and how they are read. */
const FORMATS = {
  float32: [4, (view, at) => view.getFloat32(at, true)],
  double64: [8, (view, at) => view.getFloat64(at, true)],
  int8: [1, (view, at) => view.getInt8(at)],
  int16: [2, (view, at) => view.getInt16(at, true)],
  int32: [4, (view, at) => view.getInt32(at, true)],
  int64: [8, (view, at) => Number(view.getBigInt64(at, true))],
} as const satisfies Record<string, readonly [number, (view: DataView, at: number) => number]>

const FILE_HEADER = 1
const STREAM_HEADER = 2
const SAMPLES = 3
const CLOCK_OFFSET = 4
/** What every chunk of a boundary holds, to find the way again in a damaged file. */
const BOUNDARY = [0x43, 0xa5, 0x46, 0xdc, 0xcb, 0xf5, 0x41, 0x0f, 0xb3, 0x0e, 0xd5, 0x46, 0x73, 0x83, 0xcb, 0xe4]
const MAGIC = 'XDF:'
/** No device has more, and lists are made of them. */
const MOST_CHANNELS = 65_536
/** Bytes at a time. */
const WINDOW = 1 << 22

/**
 * Streams of a file. `keep` says, once a stream, the indices of its channels whose numbers are wanted, or `undefined` for none of
 * its samples. A file that was cut off is read as far as it goes, with a note.
 * @throws FormatError
 */
export async function readXdf(
  source: ByteSource,
  keep: (header: XdfHeader) => readonly number[] | undefined,
): Promise<Xdf> {
  const file = new Window(source)
  if (new TextDecoder('latin1').decode(await file.at(0, 4)) !== MAGIC)
    throw new FormatError(`${source.name}: no XDF file; one begins with ${MAGIC}`)
  const parts: Xdf = { info: undefined, streams: [], notes: [] }
  const collectors = new Map<number, Collector>()
  for (let at = MAGIC.length; at < source.size;) {
    const chunk = await chunkAt(file, at)
    if (chunk === undefined || !readChunk(chunk, source.name, parts, collectors, keep)) {
      const next = await afterBoundary(file, at)
      parts.notes.push(
        next === undefined
          ? `the file is damaged or cut off at byte ${at} of ${source.size}; it was read up to there`
          : `bytes ${at} to ${next} of the file are damaged and were left out`,
      )
      at = next ?? source.size
    } else at = chunk.end
  }
  parts.streams = [...collectors.values()].map((collector) => collector.finished())
  return parts
}

interface Chunk {
  tag: number
  content: Uint8Array
  end: number
}

/** The bytes of a file through a window that moves forward. */
class Window {
  private begin = 0
  private bytes: Uint8Array = new Uint8Array()

  constructor(readonly source: ByteSource) {}

  /** Fewer bytes than `length` where the file ends. */
  async at(start: number, length: number): Promise<Uint8Array> {
    const end = Math.min(start + length, this.source.size)
    if (start < this.begin || end > this.begin + this.bytes.length) {
      this.bytes = await this.source.read(start, Math.min(this.source.size, Math.max(end, start + WINDOW)))
      this.begin = start
    }
    return this.bytes.subarray(start - this.begin, end - this.begin)
  }
}

/** Nothing where no whole chunk is. */
async function chunkAt(file: Window, at: number): Promise<Chunk | undefined> {
  const head = await file.at(at, 11)
  const length = lengthIn(head, 0)
  if (length === undefined || length.value < 2 || length.end + length.value > file.source.size - at) return undefined
  const begin = at + length.end
  const bytes = await file.at(begin, length.value)
  return { tag: bytes[0]! | (bytes[1]! << 8), content: bytes.subarray(2), end: begin + length.value }
}

/** A byte that says of how many bytes a number is, then the number. */
function lengthIn(bytes: Uint8Array, at: number): { value: number; end: number } | undefined {
  const size = bytes[at]
  if ((size !== 1 && size !== 4 && size !== 8) || at + 1 + size > bytes.length) return undefined
  const view = viewOf(bytes)
  const value =
    size === 1
      ? view.getUint8(at + 1)
      : size === 4
        ? view.getUint32(at + 1, true)
        : Number(view.getBigUint64(at + 1, true))
  return { value, end: at + 1 + size }
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** Where the next boundary after `at` ends. */
async function afterBoundary(file: Window, at: number): Promise<number | undefined> {
  for (let from = at; from < file.source.size; from += WINDOW) {
    const bytes = await file.at(from, WINDOW + BOUNDARY.length)
    for (let i = bytes.indexOf(BOUNDARY[0]!); i >= 0; i = bytes.indexOf(BOUNDARY[0]!, i + 1))
      if (BOUNDARY.every((byte, b) => bytes[i + b] === byte)) return from + i + BOUNDARY.length
  }
  return undefined
}

/** Whether the chunk holds what it should. */
function readChunk(
  { tag, content }: Chunk,
  name: string,
  parts: Xdf,
  collectors: Map<number, Collector>,
  keep: (header: XdfHeader) => readonly number[] | undefined,
): boolean {
  if (tag === FILE_HEADER) {
    parts.info = parseXml(new TextDecoder().decode(content), name)
    return true
  }
  if (tag !== STREAM_HEADER && tag !== SAMPLES && tag !== CLOCK_OFFSET) return true
  if (content.length < 4) return false
  const id = viewOf(content).getUint32(0, true)
  if (tag === STREAM_HEADER) {
    // A stream that says itself a second time goes on.
    if (collectors.has(id)) return true
    const header = headerOf(id, parseXml(new TextDecoder().decode(content.subarray(4)), name), name)
    collectors.set(id, new Collector(header, keep(header)))
    return true
  }
  const collector = collectors.get(id)
  if (collector === undefined) return false
  return tag === SAMPLES ? collector.samples(content) : collector.clockOffset(content)
}

function headerOf(id: number, info: XmlElement, name: string): XdfHeader {
  const [channels, rate] = [Number(textAt(info, 'channel_count')), Number(textAt(info, 'nominal_srate'))]
  const format = textAt(info, 'channel_format')
  if (
    !Number.isInteger(channels) ||
    channels < 1 ||
    channels > MOST_CHANNELS ||
    !(rate >= 0 && Number.isFinite(rate)) ||
    !isFormat(format)
  )
    throw new FormatError(
      `${name}: stream '${textAt(info, 'name')}' has ${textAt(info, 'channel_count')} channels of '${format}' at ` +
        `'${textAt(info, 'nominal_srate')}' Hz; the file is damaged`,
    )
  return { id, info, channels, format, rate }
}

const isFormat = (text: string): text is XdfHeader['format'] => text === 'string' || Object.hasOwn(FORMATS, text)

/** Gathers the samples of a stream, of those channels that are wanted. */
class Collector {
  private readonly stamps = new Growing()
  private readonly numbers: Growing[]
  private readonly texts: string[][] = []
  private readonly clock: { at: number; offset: number }[] = []
  private lastStamp = 0

  constructor(
    private readonly header: XdfHeader,
    private readonly wanted: readonly number[] | undefined,
  ) {
    this.numbers = (wanted ?? []).map(() => new Growing())
  }

  clockOffset(content: Uint8Array): boolean {
    if (content.length < 20) return false
    const view = viewOf(content)
    this.clock.push({ at: view.getFloat64(4, true), offset: view.getFloat64(12, true) })
    return true
  }

  /** Samples with a stamp of their own, or a step of the nominal rate after the one before. */
  samples(content: Uint8Array): boolean {
    if (this.wanted === undefined) return true
    const count = lengthIn(content, 4)
    if (count === undefined) return false
    const view = viewOf(content)
    let at = count.end
    for (let i = 0; i < count.value; i++) {
      const stamped = content[at]
      if ((stamped !== 0 && stamped !== 8) || at + 1 + stamped > content.length) return false
      const stamp = stamped === 8 ? view.getFloat64(at + 1, true) : this.lastStamp + this.step()
      const end =
        this.header.format === 'string'
          ? this.readTexts(content, at + 1 + stamped)
          : this.readNumbers(view, at + 1 + stamped)
      if (end === undefined) return false
      this.stamps.push(stamp)
      this.lastStamp = stamp
      at = end
    }
    return at === content.length
  }

  private step = (): number => (this.header.rate > 0 ? 1 / this.header.rate : 0)

  private readNumbers(view: DataView, at: number): number | undefined {
    const [bytes, read] = FORMATS[this.header.format as keyof typeof FORMATS]
    const end = at + this.header.channels * bytes
    if (end > view.byteLength) return undefined
    this.wanted!.forEach((channel, w) => this.numbers[w]!.push(read(view, at + channel * bytes)))
    return end
  }

  private readTexts(content: Uint8Array, at: number): number | undefined {
    const texts: string[] = []
    let end = at
    for (let channel = 0; channel < this.header.channels; channel++) {
      const length = lengthIn(content, end)
      if (length === undefined || length.end + length.value > content.length) return undefined
      end = length.end + length.value
      texts.push(new TextDecoder().decode(content.subarray(length.end, end)))
    }
    this.texts.push(texts)
    return end
  }

  finished(): XdfStream {
    const { header, texts, clock } = this
    const numbers = this.numbers.map((values) => values.values())
    return { ...header, stamps: this.stamps.values(), kept: this.wanted ?? [], numbers, texts, clock }
  }
}

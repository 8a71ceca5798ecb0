// WAV: uncompressed sound, PCM or floating point.
import { FormatError } from '../runtime/errors.ts'

/** A sound as it was recorded. */
export interface Sound {
  /** Hz. */
  sampleRate: number
  /** Samples of each channel, all of one length; full scale is 1. */
  channels: Float32Array[]
}

const PCM = 1
const FLOAT = 3
const EXTENSIBLE = 0xfffe
/** What else the format field may say, by the names that people know. */
const COMPRESSED: Readonly<Record<number, string>> = { 2: 'ADPCM', 6: 'A-law', 7: 'µ-law', 17: 'ADPCM', 85: 'MP3' }
/** Sizes of `data` that a program wrote which could not go back to fill them in. */
const OPEN_END = [0, 0xffffffff]

type ReadSample = (view: DataView, at: number) => number

/** By the format and the bits of a sample. */
const SAMPLES: Readonly<Record<string, ReadSample>> = {
  [`${PCM}/8`]: (view, at) => (view.getUint8(at) - 128) / 128,
  [`${PCM}/16`]: (view, at) => view.getInt16(at, true) / 2 ** 15,
  [`${PCM}/24`]: (view, at) => (view.getInt8(at + 2) * 65536 + view.getUint16(at, true)) / 2 ** 23,
  [`${PCM}/32`]: (view, at) => view.getInt32(at, true) / 2 ** 31,
  [`${FLOAT}/32`]: (view, at) => view.getFloat32(at, true),
  [`${FLOAT}/64`]: (view, at) => view.getFloat64(at, true),
}

export const isWav = (bytes: Uint8Array): boolean => tagAt(bytes, 0) === 'RIFF' && tagAt(bytes, 8) === 'WAVE'

/**
 * Reads a WAV file: PCM of 8, 16, 24 or 32 bits, or floats of 32 or 64, of any number of channels.
 * @throws FormatError for other encodings, and for a file that ends before its samples do
 */
export function parseWav(bytes: Uint8Array, source: string): Sound {
  if (!isWav(bytes)) throw new FormatError(`${source}: no WAV file (RIFF … WAVE)`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let format: Format | undefined
  for (let at = 12; at + 8 <= bytes.length;) {
    const size = view.getUint32(at + 4, true)
    const begin = at + 8
    const tag = tagAt(bytes, at)
    if (tag === 'data') {
      if (!format) throw new FormatError(`${source}: its samples come before their format; the file is damaged`)
      return samplesOf(view, begin, OPEN_END.includes(size) ? bytes.length - begin : size, format, source)
    }
    if (begin + size > bytes.length) break
    if (tag === 'fmt ') format = formatOf(view, begin, size, source)
    at = begin + size + (size & 1)
  }
  throw new FormatError(`${source}: the file has no samples (data); it is damaged or was cut off`)
}

interface Format {
  read: ReadSample
  channels: number
  sampleRate: number
  /** Of one sample. */
  bytes: number
}

function formatOf(view: DataView, at: number, size: number, source: string): Format {
  if (size < 16)
    throw new FormatError(`${source}: its format has ${size} bytes, expected 16 or more; the file is damaged`)
  const said = view.getUint16(at, true)
  const code = said === EXTENSIBLE && size >= 26 ? view.getUint16(at + 24, true) : said
  const [channels, sampleRate, bits] = [
    view.getUint16(at + 2, true),
    view.getUint32(at + 4, true),
    view.getUint16(at + 14, true),
  ]
  const read = SAMPLES[`${code}/${bits}`]
  if (!read)
    throw new FormatError(
      `${source}: its samples are ${COMPRESSED[code] ?? `of format ${code}`} of ${bits} bits; save it as PCM of 16 bits`,
    )
  if (channels === 0 || sampleRate === 0)
    throw new FormatError(`${source}: ${channels} channels at ${sampleRate} Hz; the file is damaged`)
  return { read, channels, sampleRate, bytes: bits / 8 }
}

function samplesOf(view: DataView, begin: number, size: number, format: Format, source: string): Sound {
  const { read, channels, sampleRate, bytes } = format
  if (begin + size > view.byteLength)
    throw new FormatError(
      `${source}: ${size} bytes of samples were announced, but ${view.byteLength - begin} are left; the file was cut off`,
    )
  const frame = channels * bytes
  const length = Math.floor(size / frame)
  const samples = Array.from({ length: channels }, (_, c) =>
    Float32Array.from({ length }, (_, i) => read(view, begin + i * frame + c * bytes)),
  )
  return { sampleRate, channels: samples }
}

function tagAt(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + 4))
}

// The sound that a file holds. WAV is read here; MP3 and FLAC by packages that are installed beside galvani or not.
import { isWav, parseWav, type Sound } from '../formats/wav.ts'
import { FormatError } from '../runtime/errors.ts'

/** What decoders of packages answer. */
interface Decoded {
  channelData: Float32Array[]
  samplesDecoded: number
  sampleRate: number
  errors: readonly { message: string }[]
}

/** Share of the samples that a file announces which may be missing: encoders count the silence around a sound differently. */
const MAY_MISS = 0.02
/** Samples that may be missing however short it is: the frames of an MP3 that only hold what others need. */
const MOST_EDGE = 3 * 1152

/**
 * Reads a sound, known by its first bytes and not by its ending: WAV; MP3 with the package mpg123-decoder; FLAC with
 * @wasm-audio-decoders/flac.
 * @throws FormatError for other files, damaged or silent ones, and where the package is missing
 */
export async function decodeSound(bytes: Uint8Array, source: string): Promise<Sound> {
  const sound = await soundOf(bytes, source)
  if ((sound.channels[0]?.length ?? 0) === 0) throw new FormatError(`${source}: the file holds no sound`)
  if (!sound.channels.every((channel) => channel.every(Number.isFinite)))
    throw new FormatError(`${source}: a sample of it is no finite number`)
  return sound
}

async function soundOf(bytes: Uint8Array, source: string): Promise<Sound> {
  if (bytes.length === 0) throw new FormatError(`${source}: the file is empty`)
  if (isWav(bytes)) return parseWav(bytes, source)
  const begin = tagEnd(bytes)
  if (String.fromCharCode(...bytes.subarray(begin, begin + 4)) === 'fLaC')
    return whole(await decodeFlac(bytes.subarray(begin), source), flacLength(bytes, begin), source)
  if (begin > 0 || (bytes[0] === 0xff && (bytes[1]! & 0xe6) === 0xe2))
    return whole(await decodeMp3(bytes, source), mp3Length(bytes, begin), source)
  throw new FormatError(`${source}: neither WAV, MP3 nor FLAC; convert it first, for example by ffmpeg`)
}

/** Length of the ID3v2 tag that a file begins with, 0 without one. */
function tagEnd(bytes: Uint8Array): number {
  if (String.fromCharCode(...bytes.subarray(0, 3)) !== 'ID3') return 0
  // Seven bits a byte.
  return 10 + bytes.subarray(6, 10).reduce((size, byte) => size * 128 + byte, 0)
}

async function decodeMp3(bytes: Uint8Array, source: string): Promise<Decoded> {
  const { MPEGDecoder } = await import('mpg123-decoder').catch(missing('mpg123-decoder', 'MP3', source))
  const decoder = new MPEGDecoder()
  await decoder.ready
  try {
    return decoder.decode(bytes)
  } finally {
    decoder.free()
  }
}

async function decodeFlac(bytes: Uint8Array, source: string): Promise<Decoded> {
  const name = '@wasm-audio-decoders/flac'
  const { FLACDecoder } = await import('@wasm-audio-decoders/flac').catch(missing(name, 'FLAC', source))
  const decoder = new FLACDecoder()
  await decoder.ready
  try {
    return await decoder.decodeFile(bytes)
  } finally {
    decoder.free()
  }
}

const missing =
  (name: string, kind: string, source: string) =>
  (error: unknown): never => {
    if ((error as { code?: string }).code !== 'ERR_MODULE_NOT_FOUND') throw error
    throw new FormatError(
      `${source}: ${kind} is read by the package ${name}, which is not installed; npm install ${name}`,
    )
  }

/** Decoders pass over what they cannot read, so what came is compared with what the file announces. */
function whole({ channelData, samplesDecoded, sampleRate, errors }: Decoded, length: number, source: string): Sound {
  const [error] = errors
  if (error) throw new FormatError(`${source}: cannot be decoded (${error.message.trim()})`)
  if (samplesDecoded < length * (1 - MAY_MISS) - MOST_EDGE)
    throw new FormatError(
      `${source}: ${samplesDecoded} of ${length} samples can be decoded; the file is damaged or cut off`,
    )
  return { sampleRate, channels: channelData.map((channel) => channel.subarray(0, samplesDecoded)) }
}

/** Samples by the first block of a FLAC file, 0 where it does not say. */
function flacLength(bytes: Uint8Array, begin: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < begin + 26) return 0
  return (view.getUint8(begin + 21) & 15) * 2 ** 32 + view.getUint32(begin + 22)
}

/** Samples by the frame that encoders put first in an MP3, which counts the others; 0 where there is none. */
function mp3Length(bytes: Uint8Array, begin: number): number {
  const head = String.fromCharCode(...bytes.subarray(begin, begin + 200))
  const at = head.search(/Xing|Info/)
  const hasCount = at >= 0 && bytes.length >= begin + at + 12 && (bytes[begin + at + 7]! & 1) === 1
  if (!hasCount) return 0
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  // Bit 3 of the second byte of a frame tells MPEG 1, whose frames are twice as long, from 2.
  const perFrame = (bytes[begin + 1]! & 8) === 8 ? 1152 : 576
  return view.getUint32(begin + at + 8) * perFrame
}

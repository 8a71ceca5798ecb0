// Sounds for tests, written as WAV files of any kind.

export interface WavOptions {
  sampleRate?: number
  /** The format field: 1 PCM, 3 float, 0xfffe the extensible header, whose own format is `subformat`. */
  format?: number
  subformat?: number
  bits?: number
  /** Chunks between the format and the samples, by their names. */
  between?: Record<string, number>
  /** What the chunk of samples says of its size, if not the truth. */
  dataSize?: number
}

/** Channels of one length, full scale 1, as a WAV file. */
export function wavOf(channels: readonly ArrayLike<number>[], options: WavOptions = {}): Uint8Array {
  const { sampleRate = 8000, format = 1, bits = 16, subformat = 1, between = {} } = options
  const extra = format === 0xfffe ? 24 : 0
  const frames = channels[0]!.length
  const bytes = bits / 8
  const size = frames * channels.length * bytes
  const chunks: [string, Uint8Array][] = Object.entries(between).map(([name, length]) => [name, new Uint8Array(length)])
  const fmt = new DataView(new ArrayBuffer(16 + extra))
  fmt.setUint16(0, format, true)
  fmt.setUint16(2, channels.length, true)
  fmt.setUint32(4, sampleRate, true)
  fmt.setUint32(8, sampleRate * channels.length * bytes, true)
  fmt.setUint16(12, channels.length * bytes, true)
  fmt.setUint16(14, bits, true)
  if (extra > 0) fmt.setUint16(24, subformat, true)
  const data = new DataView(new ArrayBuffer(size))
  const isFloat = (format === 0xfffe ? subformat : format) === 3
  for (let i = 0; i < frames; i++)
    channels.forEach((channel, c) =>
      writeSample(data, (i * channels.length + c) * bytes, channel[i]!, isFloat ? -bits : bits),
    )
  const all = [['fmt ', new Uint8Array(fmt.buffer)], ...chunks, ['data', new Uint8Array(data.buffer)]] as [
    string,
    Uint8Array,
  ][]
  const parts = all.flatMap(([name, content]) => [
    ascii(name),
    uint32(name === 'data' ? (options.dataSize ?? content.length) : content.length),
    content,
    new Uint8Array(content.length & 1),
  ])
  const body = join(parts)
  return join([ascii('RIFF'), uint32(4 + body.length), ascii('WAVE'), body])
}

/** `bits` below zero are of floats. */
function writeSample(view: DataView, at: number, value: number, bits: number): void {
  if (bits === -32) view.setFloat32(at, value, true)
  else if (bits === -64) view.setFloat64(at, value, true)
  else if (bits === 8) view.setUint8(at, Math.round(value * 127) + 128)
  else {
    const whole = Math.round(value * (2 ** (bits - 1) - 1))
    for (let byte = 0; byte < bits / 8; byte++) view.setUint8(at + byte, Math.floor(whole / 2 ** (8 * byte)) & 255)
  }
}

const ascii = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0))
const uint32 = (value: number): Uint8Array => new Uint8Array(new Uint32Array([value]).buffer)

function join(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

/** Samples of a sine, full scale 1. */
export const sine = (hertz: number, seconds: number, sampleRate: number, amplitude = 0.5): Float32Array =>
  Float32Array.from(
    { length: Math.round(seconds * sampleRate) },
    (_, i) => amplitude * Math.sin((2 * Math.PI * hertz * i) / sampleRate),
  )

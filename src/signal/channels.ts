import { FormatError } from '../runtime/errors.ts'
import { zscore } from './normalize.ts'
import { interpolate, type Interpolation } from './resample.ts'

/** The model's input channels, in this order. */
export const CHANNELS = ['origin', 'phasic', 'tonic'] as const
/** One of the model's input channels. */
export type Channel = (typeof CHANNELS)[number]

/** How the parts of a trial become channels. */
export interface ChannelOptions {
  /** Hz, of the signals handed in. */
  sampleRate: number
  /** Cut from the start; default 3 s. */
  dropSeconds?: number
  /** Points per channel; default 2500. */
  length?: number
  /** How a channel gets that many points; default `linear`. */
  interpolation?: Interpolation
  /** Names the trial in messages. */
  source: string
}

/** A trial's channels. */
export interface ChannelData {
  /** [3, length], row-major: origin, phasic, tonic. */
  data: Float32Array
  length: number
  /** Channels that did not vary after the cut and are therefore zeros. */
  constant: Channel[]
}

/**
 * The paper's steps after the decomposition (RTCAN-1D, section 4.1): drop the first 3 s, z-score each channel of the
 * trial, and interpolate it linearly, ends on ends, to 2500 points.
 * `origin` is the z-scored recording itself, not phasic + tonic; all three have the same length.
 * @throws FormatError if fewer than 2 samples are left after the cut
 */
export function toChannels(signals: Record<Channel, ArrayLike<number>>, options: ChannelOptions): ChannelData {
  const { sampleRate, dropSeconds = 3, length = 2500, interpolation = 'linear', source } = options
  requireLength(signals.origin.length, sampleRate, dropSeconds, source)
  const drop = Math.round(dropSeconds * sampleRate)
  const data = new Float32Array(CHANNELS.length * length)
  const unvarying: Channel[] = []
  CHANNELS.forEach((name, index) => {
    const { z, constant } = zscore(Float64Array.from(signals[name]).subarray(drop))
    if (constant) unvarying.push(name)
    data.set(interpolate(z, length, interpolation), index * length)
  })
  return { data, length, constant: unvarying }
}

/**
 * Tells a trial that is too short before any work is spent on it.
 * @throws FormatError if `samples` is less than `dropSeconds` and 2 samples
 */
export function requireLength(samples: number, sampleRate: number, dropSeconds: number, source: string): void {
  const needed = Math.round(dropSeconds * sampleRate) + 2
  if (samples >= needed) return
  const seconds = (samples / sampleRate).toPrecision(3)
  throw new FormatError(
    `${source}: ${samples} samples (${seconds} s) at ${sampleRate} Hz are too short; ` +
      `${dropSeconds} s are dropped and 2 samples must remain, so at least ${needed} are needed`,
  )
}

// A recording made ready to be decomposed: its quality as read, gaps filled or cut out, and all of it on one scale.
import type { Recording } from '../reading/recording.ts'
import { FormatError } from '../runtime/errors.ts'
import { fillGaps, splitAtGaps, type Part } from '../signal/gaps.ts'
import { zscore } from '../signal/normalize.ts'
import { signalQuality, type SignalQuality } from '../signal/quality.ts'

/** A recording of less than one response (rise and decay) has nothing to decompose. */
const SHORTEST_SECONDS = 5

/** How a recording is made ready for its decomposition. */
export interface PrepareOptions {
  /** What a gap of more than 1 s does: refuse the recording (default), or split it into the parts that lie between. */
  gaps?: 'refuse' | 'split'
  /** Decompose (eda - mean) / std, as the default of alpha is meant for; default true. */
  zscore?: boolean
}

export interface PreparedRecording {
  recording: Recording
  /** Stretches to decompose, in the recording's own unit. */
  parts: Part[]
  /** The same as they are decomposed: (samples - mean) / std. */
  signals: Float64Array[]
  mean: number
  std: number
  quality: SignalQuality
  /** Seconds between long gaps that are too short to decompose. */
  leftOut: number
}

/** @throws FormatError naming the file and the place of a gap, or what makes the recording too short */
export function prepareRecording(recording: Recording, options: PrepareOptions = {}): PreparedRecording {
  const { eda, sampleRate, source } = recording
  requireSeconds(eda.length, sampleRate, source)
  const all = partsOf(recording, options.gaps ?? 'refuse')
  const parts = all.filter(({ samples }) => samples.length >= SHORTEST_SECONDS * sampleRate)
  if (parts.length === 0)
    throw new FormatError(`${source}: no part between its gaps has ${SHORTEST_SECONDS} s; leave this recording out`)
  const count = (some: readonly Part[]): number => some.reduce((sum, { samples }) => sum + samples.length, 0)
  return {
    recording,
    parts,
    ...standardised(parts, options.zscore ?? true),
    quality: signalQuality(eda, sampleRate),
    leftOut: (count(all) - count(parts)) / sampleRate,
  }
}

function partsOf({ eda, sampleRate, source, firstLine }: Recording, gaps: 'refuse' | 'split'): Part[] {
  if (gaps === 'split') return splitAtGaps(eda, sampleRate, source, firstLine)
  try {
    return [{ start: 0, ...fillGaps(eda, sampleRate, source, firstLine) }]
  } catch (error) {
    if (!(error instanceof FormatError) || error.facts['gapSeconds'] === undefined) throw error
    throw new FormatError(`${error.message}, or add --gaps split`)
  }
}

/** All parts on one scale, so that they have one alpha. */
function standardised(parts: readonly Part[], wanted: boolean): Pick<PreparedRecording, 'signals' | 'mean' | 'std'> {
  if (!wanted) return { signals: parts.map(({ samples }) => samples), mean: 0, std: 1 }
  const joined = new Float64Array(parts.reduce((sum, { samples }) => sum + samples.length, 0))
  let end = 0
  const places = parts.map(({ samples }) => {
    joined.set(samples, end)
    return [end, (end += samples.length)] as const
  })
  const { z, mean, std } = zscore(joined)
  return { signals: places.map(([from, to]) => z.subarray(from, to)), mean, std }
}

function requireSeconds(samples: number, sampleRate: number, source: string): void {
  const seconds = samples / sampleRate
  if (seconds >= SHORTEST_SECONDS) return
  throw new FormatError(
    `${source}: ${samples} samples (${Number(seconds.toPrecision(3))} s) at ${sampleRate} Hz are too short; ` +
      `at least ${SHORTEST_SECONDS} s are needed`,
  )
}

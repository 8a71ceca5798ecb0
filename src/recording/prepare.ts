// A recording made ready to be decomposed: its quality as read, gaps filled or cut out, what is no skin conductance taken out, and all
// of it on one scale.
import { checkParams } from '../cvxeda/params.ts'
import type { Recording } from '../reading/recording.ts'
import { FormatError } from '../runtime/errors.ts'
import { joined, type Stretch } from '../signal/artefacts.ts'
import { fillGaps, splitAtGaps, type Part } from '../signal/gaps.ts'
import { zscore } from '../signal/normalize.ts'
import { EXCLUDING, signalQuality, withSpans, type SignalQuality } from '../signal/quality.ts'
import { fadedAfter, fading, tailOf, type Tail } from './start_up.ts'
import { noiseFloor } from './threshold.ts'

/** A recording of less than the rise of a response has nothing to decompose. */
const SHORTEST_SECONDS = 3
/** What is no skin conductance is bridged by a line up to this length, so that the parts beside it keep one tonic level. */
const BRIDGED_SECONDS = 20
/** µS; a sensor on the wrist that measures less is off the skin (Kleckner et al., IEEE Trans. Biomed. Eng. 65(7), 2018). */
const OFF_WRIST = 0.05

/** How a recording is made ready for its decomposition. */
export interface PrepareOptions {
  /** What a gap of more than 1 s does: refuse the recording (default), or split it into the parts that lie between. */
  gaps?: 'refuse' | 'split'
  /** Decompose (eda - mean) / std, as the default of alpha is meant for; default true. */
  zscore?: boolean
  /** Unit of the recordings that do not say theirs; default µS. */
  unit?: string
  /** A sensor off the skin writes this or less, in the unit; default 0.05 µS for a recording from the wrist, none for others. */
  offSkin?: number
  /** Time constants of a response. */
  solving?: { tau0?: number; tau1?: number }
}

export interface PreparedRecording {
  recording: Recording
  unit: string
  /** Stretches to decompose, in the recording's own unit, without their tails. */
  parts: Part[]
  /** For each part the response that began before it, if one shows. */
  tails: (Tail | undefined)[]
  /** The parts as they are decomposed: (samples - mean) / std. */
  signals: Float64Array[]
  mean: number
  std: number
  quality: SignalQuality
  /** Rises that noise or the steps of the sensor may make of themselves, in the unit. */
  noiseFloor: number
  /** Seconds between long gaps that are too short to decompose. */
  leftOut: number
}

/** @throws FormatError naming the file and the place of a gap, or what makes the recording too short */
export function prepareRecording(recording: Recording, options: PrepareOptions = {}): PreparedRecording {
  const { eda, sampleRate, source } = recording
  requireSeconds(eda.length, sampleRate, source)
  if (options.gaps !== 'split') requireNoGap(recording)
  const unit = recording.unit ?? options.unit ?? 'µS'
  const offSkin = options.offSkin ?? (recording.wrist && unit === 'µS' ? OFF_WRIST : -Infinity)
  const quality = signalQuality(eda, sampleRate, { unit, offSkin })
  const excluded = joined(quality.spans.filter(({ flaw }) => EXCLUDING.includes(flaw)))
  const { bridged, kept } = withoutExcluded(recording, excluded)
  const all = splitAtGaps(bridged, sampleRate, source, recording.firstLine)
  const whole = all.filter(({ samples }) => samples.length >= SHORTEST_SECONDS * sampleRate)
  if (whole.length === 0)
    throw new FormatError(`${source}: no part between its gaps has ${SHORTEST_SECONDS} s; leave this recording out`)
  const { std } = zscore(joinedSamples(whole))
  const { tau0, tau1 } = checkParams(sampleRate, options.solving ?? {})
  const tails = whole.map(({ samples }) => tailOf(samples, sampleRate, std, { tau0, tau1 }))
  const parts = whole.map((part, i) => withoutTail(part, tails[i], sampleRate))
  const count = (some: readonly Part[]): number => some.reduce((sum, { samples }) => sum + samples.length, 0)
  return {
    recording,
    unit,
    parts,
    tails,
    ...standardised(parts, options.zscore ?? true),
    quality: withStartUp(quality, whole, tails, sampleRate, eda.length),
    noiseFloor: noiseFloor(kept, sampleRate, std),
    leftOut: (count(all) - count(whole)) / sampleRate,
  }
}

function requireNoGap({ eda, sampleRate, source, firstLine }: Recording): void {
  try {
    fillGaps(eda, sampleRate, source, firstLine)
  } catch (error) {
    if (!(error instanceof FormatError) || error.facts['gapSeconds'] === undefined) throw error
    throw new FormatError(`${error.message}, or add --gaps split`)
  }
}

/**
 * What is no skin conductance as missing (`kept`), and the same with its short stretches bridged by lines. Where nothing else is left, the
 * recording stays as it is: its quality says what it is, and no response in it counts.
 */
function withoutExcluded({ eda, sampleRate }: Recording, excluded: readonly Stretch[]) {
  const kept = Float64Array.from(eda)
  for (const { start, end } of excluded) kept.fill(NaN, start, end)
  if (kept.every(Number.isNaN)) return { bridged: eda, kept: eda }
  const bridged = Float64Array.from(kept)
  for (const { start, end } of excluded) {
    const [before, after] = [kept[start - 1], kept[end]]
    if (end - start > BRIDGED_SECONDS * sampleRate || before === undefined || after === undefined) continue
    for (let i = start; i < end; i++) bridged[i] = before + ((after - before) * (i - start + 1)) / (end - start + 1)
  }
  return { bridged, kept }
}

function withoutTail(part: Part, tail: Tail | undefined, sampleRate: number): Part {
  if (!tail) return part
  return { ...part, samples: part.samples.map((value, i) => value - fading(tail, i / sampleRate)) }
}

/** The stretches in which a tail fades are flawed as well. */
function withStartUp(
  quality: SignalQuality,
  parts: readonly Part[],
  tails: PreparedRecording['tails'],
  sampleRate: number,
  samples: number,
): SignalQuality {
  const fades = parts.flatMap(({ start, samples: { length } }, i) => {
    const tail = tails[i]
    if (!tail) return []
    return [
      { flaw: 'startUp' as const, start, end: start + Math.min(length, Math.ceil(fadedAfter(tail) * sampleRate)) },
    ]
  })
  return fades.length === 0 ? quality : withSpans(samples, [...quality.spans, ...fades])
}

function joinedSamples(parts: readonly Part[]): Float64Array {
  const all = new Float64Array(parts.reduce((sum, { samples }) => sum + samples.length, 0))
  let end = 0
  for (const { samples } of parts) {
    all.set(samples, end)
    end += samples.length
  }
  return all
}

/** All parts on one scale, so that they have one alpha. */
function standardised(parts: readonly Part[], wanted: boolean): Pick<PreparedRecording, 'signals' | 'mean' | 'std'> {
  if (!wanted) return { signals: parts.map(({ samples }) => samples), mean: 0, std: 1 }
  const { z, mean, std } = zscore(joinedSamples(parts))
  let end = 0
  return { signals: parts.map(({ samples }) => z.subarray(end, (end += samples.length))), mean, std }
}

function requireSeconds(samples: number, sampleRate: number, source: string): void {
  const seconds = samples / sampleRate
  if (seconds >= SHORTEST_SECONDS) return
  throw new FormatError(
    `${source}: ${samples} samples (${Number(seconds.toPrecision(3))} s) at ${sampleRate} Hz are too short; ` +
      `at least ${SHORTEST_SECONDS} s are needed`,
  )
}

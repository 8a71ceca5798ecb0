// What a reader should know of a recording's results before using them, one plain sentence each.
import type { Decomposition } from '../cvxeda/decomposition.ts'
import type { PreparedRecording } from './prepare.ts'
import { excludedSamples, qualityWarnings, rangeOf } from '../signal/quality.ts'
import type { ScrEvent } from './responses.ts'
import { usualFloor } from './threshold.ts'

/** Hz; the rise of a response, about a second, has fewer samples than its onset and amplitude need below. */
const LEAST_RATE = 4
/** A tonic part may leave the range of its recording by this share of it, at the ends and under responses. */
const TONIC_MARGIN = 0.25

/** Times the usual floor from which on a threshold is out of the ordinary. */
const WORTH_SAYING = 1.5

/** What to do about a decomposition that was returned but may be wrong. */
export const DOUBTS: Partial<Record<Decomposition['status'], string>> = {
  'solved-inaccurate': 'the tolerance was nearly reached; look at the figure before use',
  'max-iterations':
    'the tolerance was not reached; look at the figure before use, or cut the recording into shorter parts',
  'badly-scaled': 'alpha is too small for numbers of this size; leave --no-zscore out, or raise --alpha',
}

/** What to know before use: of the recording as it was read, of its responses and its tonic part, all in its unit. */
export function recordingWarnings(
  prepared: PreparedRecording,
  events: readonly ScrEvent[],
  tonic: Float64Array,
  threshold: number,
): string[] {
  const floor = usualFloor(prepared.unit)
  const warnings = [...readingWarnings(prepared), ...tonicWarnings(prepared, tonic)]
  if (events.length > 0 && threshold < floor) {
    warnings.push(
      `responses from ${short(threshold)} ${prepared.unit} on are counted, less than the ${floor} ${prepared.unit} that are usual for one: they may be noise`,
    )
  }
  return warnings
}

/** What is to be said of a recording before it is decomposed: how it was read, its flaws, its rate, its noise, its level. */
export function readingWarnings({
  recording: { eda, sampleRate, notes = [] },
  unit,
  quality,
  leftOut,
  noiseFloor,
}: PreparedRecording): string[] {
  const floor = usualFloor(unit)
  const warnings = [...notes, ...qualityWarnings(quality)]
  if (sampleRate < LEAST_RATE) {
    warnings.push(
      `${sampleRate} Hz are few: below ${LEAST_RATE} Hz the rise of a response has too few samples for its onset and amplitude`,
    )
  }
  if (leftOut > 0) warnings.push(`${leftOut.toFixed(1)} s between gaps are too short to decompose and left out`)
  if (floor > 0 && noiseFloor > WORTH_SAYING * floor) {
    warnings.push(
      `noise or coarse steps hide responses under ${short(noiseFloor)} ${unit}; the usual threshold of ${floor} ${unit} does not hold here`,
    )
  }
  if (unit === 'µS' && rangeOf(eda)[0] < 0) {
    warnings.push('values below 0 are no skin conductance in µS; name the unit of the recording by --unit')
  }
  return warnings
}

/** By how much the tonic part leaves what was recorded, where that is skin conductance. */
function tonicWarnings({ recording: { eda }, quality, unit }: PreparedRecording, tonic: Float64Array): string[] {
  const excluded = excludedSamples(quality, eda.length)
  const [least, largest] = rangeOf(eda.map((value, i) => (excluded[i] ? NaN : value)))
  const [lowest, highest] = rangeOf(tonic.map((value, i) => (excluded[i] ? NaN : value)))
  const margin = TONIC_MARGIN * (largest - least) || Math.abs(least) // of a constant, which is tonic to rounding
  const beyond = Math.max(least - lowest, highest - largest)
  if (!(beyond > margin)) return []
  const by = `${short(beyond)} ${unit}`
  return [
    `the tonic part leaves the range of the recording by ${by}: noise, artefacts or drift were taken for responses; look at the figure before use`,
  ]
}

/** Two digits. */
const short = (value: number): string => String(Number(value.toPrecision(2)))

// What a reader should know of a recording's results before using them, one plain sentence each.
import type { Decomposition } from '../cvxeda/decomposition.ts'
import type { PreparedRecording } from './prepare.ts'
import { qualityWarnings, rangeOf } from '../signal/quality.ts'
import type { ScrEvent } from './responses.ts'

/** µS; smaller responses are taken for noise by convention. */
const USUAL_LEAST_AMPLITUDE = 0.01

/** What to do about a decomposition that was returned but may be wrong. */
export const DOUBTS: Partial<Record<Decomposition['status'], string>> = {
  'solved-inaccurate': 'the tolerance was nearly reached; look at the figure before use',
  'max-iterations':
    'the tolerance was not reached; look at the figure before use, or cut the recording into shorter parts',
  'badly-scaled': 'alpha is too small for numbers of this size; leave --no-zscore out, or raise --alpha',
}

/** What to know before use: of the recording as it was read, of its responses and its tonic part, all in `unit`. */
export function recordingWarnings(
  prepared: PreparedRecording,
  events: readonly ScrEvent[],
  tonic: Float64Array,
  unit: string,
): string[] {
  const {
    recording: { eda },
    quality,
    leftOut,
  } = prepared
  const warnings = qualityWarnings(quality)
  const [least, largest] = rangeOf(eda)
  const margin = (largest - least) / 2 || Math.abs(least) // of a constant, which is tonic to rounding
  if (tonic.some((level) => level < least - margin || level > largest + margin)) {
    warnings.push(
      'the tonic part goes far beyond the recording: fast noise or artefacts were taken for responses; remove them first',
    )
  }
  if (leftOut > 0) warnings.push(`${leftOut.toFixed(1)} s between gaps are too short to decompose and left out`)
  if (unit !== 'µS') return warnings
  if (least < 0) {
    warnings.push('values below 0 are no skin conductance in µS; name the unit of the recording by --unit')
  }
  const amplitude = events.reduce((most, event) => Math.max(most, event.amplitude), 0)
  if (events.length > 0 && amplitude < USUAL_LEAST_AMPLITUDE) {
    warnings.push(
      `the largest response has ${amplitude.toPrecision(2)} µS, less than the ${USUAL_LEAST_AMPLITUDE} µS that are usual for one: this may be noise`,
    )
  }
  return warnings
}

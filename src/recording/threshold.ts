// From which amplitude on a rise of the phasic part counts as a response.
import { coarse, coarseStepOf, noiseOf, quantile } from '../signal/noise.ts'

/** µS; smaller responses are taken for noise by convention. */
export const USUAL_LEAST_AMPLITUDE = 0.01
/** Conductance in one µS. */
const UNITS: Readonly<Record<string, number>> = { µS: 1, μS: 1, uS: 1, nS: 1000, mS: 1e-3, S: 1e-6 }
/**
 * What noise alone makes of a phasic part: of recordings of ten minutes without a response, 95 % have no rise of this many times their
 * noise, at any rate. Where there is little else in the recording, the tonic part sinks below it and leaves the phasic part free to
 * follow the noise upwards and downwards; rises are then higher by as many times again as the noise has a share in the recording's
 * deviation. A drift through the steps of a coarse sensor makes no rise of this many steps (docs/events.md has the measurements).
 */
const TIMES_NOISE = 4
const TIMES_NOISE_ALONE = 2.4
const TIMES_STEP = 2
/** Beside a large response, what its shape and the model's differ by makes small ones: this share of the robust largest. */
const LEAST_SHARE = 0.02
/** The largest that few artefacts cannot move. */
const ROBUST_LARGEST = 0.9

/** Least amplitude by convention in a unit; 0 in one that is no conductance. */
export const usualFloor = (unit: string): number => USUAL_LEAST_AMPLITUDE * (UNITS[unit] ?? 0)

/**
 * How much of a rise noise and steps of a recording may make; samples that are NaN do not count. `deviation` is that of the recording.
 */
export function noiseFloor(eda: Float64Array, sampleRate: number, deviation: number): number {
  const ofSamples = noiseOf({ means: eda, size: 1, rate: sampleRate })
  const share = deviation > 0 ? Math.min(1, ofSamples / deviation) : 0
  const times = TIMES_NOISE + TIMES_NOISE_ALONE * share
  return Math.max(times * noiseOf(coarse(eda, sampleRate)), TIMES_STEP * coarseStepOf(eda))
}

/** A share of the robust largest of amplitudes; 0 without any. */
export const shareOfLargest = (amplitudes: ArrayLike<number>): number =>
  LEAST_SHARE * quantile(amplitudes, ROBUST_LARGEST)

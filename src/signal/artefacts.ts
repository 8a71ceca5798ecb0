// Where a recording moves faster than skin does: a movement of the electrodes, a lost contact, shaking.
import { coarse, coarseStepOf, noiseOf, quantile } from './noise.ts'

/** µS per second, the fastest that skin changes, and µS, the most that it conducts (Kleckner et al., IEEE Trans. Biomed. Eng. 65(7), 2018). */
export const FASTEST_SLOPE = 10
export const LARGEST_CONDUCTANCE = 60
/** Seconds before and behind what is no signal that are not trusted either (the same). */
export const NEIGHBOUR_SECONDS = 5
/**
 * A response takes about a second to rise and two to lose half of itself (Boucsein, "Electrodermal Activity", 2012). Where more than these
 * shares of all that happens between a second before and three seconds after come at once, it is none of the skin's doing.
 */
const RISE = { seconds: 0.25, share: 0.75 }
const FALL = { seconds: 0.5, share: 0.45 }
const BEFORE_SECONDS = 1
const AFTER_SECONDS = 3
/** Changes that may be noise, a few steps of a coarse sensor, or that are small beside the recording's spread are not judged. */
const TIMES_NOISE = 25
const TIMES_STEP = 10
const SHARE_OF_SPREAD = 0.02
/** Hz; below, a quarter of a second is not seen. */
const LEAST_RATE = 4

/** Samples [start, end). */
export interface Stretch {
  start: number
  end: number
}

/**
 * Stretches of steps faster than skin, with their neighbours, joined where they touch. The limit in µS per second holds for
 * conductance in µS alone, which numbers that mostly lie beyond what skin conducts are not; that a change is abrupt is judged in any unit.
 */
export function fastStretches(eda: ArrayLike<number>, sampleRate: number, inMicrosiemens: boolean): Stretch[] {
  const blocks = coarse(eda, sampleRate)
  const { means, size, rate } = blocks
  const spread = quantile(means, 0.95) - quantile(means, 0.05)
  const least = Math.max(TIMES_NOISE * noiseOf(blocks), TIMES_STEP * coarseStepOf(eda), SHARE_OF_SPREAD * spread)
  const hasLimit = inMicrosiemens && quantile(means, 0.5) <= LARGEST_CONDUCTANCE
  const samples = (seconds: number): number => Math.max(1, Math.round(seconds * rate))
  const isAbrupt = (i: number): boolean => {
    const change = rangeBetween(means, i - samples(BEFORE_SECONDS), i + samples(AFTER_SECONDS))
    const rise = sampleRate < LEAST_RATE ? 0 : means[i + samples(RISE.seconds)]! - means[i]!
    const fall = means[i]! - means[i + samples(FALL.seconds)]!
    return change > least && (rise > RISE.share * change || fall > FALL.share * change)
  }
  const found: Stretch[] = []
  for (let i = 0; i + 1 < means.length; i++) {
    const tooSteep = hasLimit && Math.abs(means[i + 1]! - means[i]!) * rate > FASTEST_SLOPE
    if (tooSteep || isAbrupt(i)) found.push({ start: i * size, end: (i + 2) * size })
  }
  return joined(found.map((one) => widened(one, NEIGHBOUR_SECONDS * sampleRate, eda.length)))
}

/** A stretch with as many samples more on both sides, within [0, n). */
export const widened = ({ start, end }: Stretch, samples: number, n: number): Stretch => ({
  start: Math.max(0, Math.round(start - samples)),
  end: Math.min(n, Math.round(end + samples)),
})

/** The same samples in stretches that do not touch, in order. */
export function joined(stretches: readonly Stretch[]): Stretch[] {
  const found: Stretch[] = []
  for (const { start, end } of stretches.toSorted((a, b) => a.start - b.start)) {
    const last = found.at(-1)
    if (last && start <= last.end) last.end = Math.max(last.end, end)
    else found.push({ start, end })
  }
  return found
}

/** Largest less least of [from, last]; what lies outside or is missing does not count. */
function rangeBetween(x: Float64Array, from: number, last: number): number {
  let [least, most] = [Infinity, -Infinity]
  for (let i = Math.max(0, from); i <= Math.min(last, x.length - 1); i++) {
    if (x[i]! < least) least = x[i]!
    if (x[i]! > most) most = x[i]!
  }
  return most - least
}

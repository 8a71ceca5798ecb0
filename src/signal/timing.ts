import { FormatError } from '../runtime/errors.ts'
import { largestOf } from './extremes.ts'

/** Seconds between two samples that no skin-conductance sensor exceeds. */
export const SLOWEST_STEP = 2
/** Steps may differ from the median step by this share. */
const EVENNESS = 0.1

/**
 * Sampling rate in Hz of a column of time stamps in seconds, each printed with so many decimals.
 *
 * A step over 10 % off the median step is an error, unless it is only the rounding of print: then no two steps differ by more than the
 * last printed digit, and every stamp lies within it of an even grid. The rate is the average one, as the shortest decimal the digits allow.
 * @throws FormatError for uneven, repeated or decreasing stamps, or fewer than two
 */
export function rateFromTimes(times: Float64Array, decimals: readonly number[], source: string): number {
  const n = times.length
  if (n < 2) throw new FormatError(`${source}: ${n} samples are too few to tell the sampling rate; give --rate HZ`)
  const steps = times
    .slice(1)
    .map((time, i) => time - times[i]!)
    .sort()
  const median = steps[Math.floor(steps.length / 2)]!
  const [least, most] = [steps[0]!, steps[n - 2]!]
  if (!(median > 0)) {
    throw new FormatError(
      `${source}: the median time step is ${median} s; the time column must increase, or give --rate HZ`,
    )
  }
  const digit = lastDigit(decimals)
  const even = least >= (1 - EVENNESS) * median && most <= (1 + EVENNESS) * median
  const isRounded = digit <= median / 2 && most - least <= digit * (1 + 1e-6) && onGrid(times, digit)
  if (!even && !isRounded) {
    throw new FormatError(`${source}: time steps are ${range(least, most)} s; need an even rate. Add --resample.`)
  }
  const span = times[n - 1]! - times[0]!
  if (median > SLOWEST_STEP) {
    throw new FormatError(
      `${source}: the time column rises by ${short(median)} a sample, expected seconds; is it in milliseconds? ` +
        'Give --rate HZ instead',
    )
  }
  return shortest((n - 1) / span, Math.min(digit / span, 1e-3))
}

/** Value of the last printed digit, from the later stamps: programs print a fixed number of significant digits. */
function lastDigit(decimals: readonly number[]): number {
  return 10 ** -largestOf(decimals.slice(-Math.max(10, Math.ceil(decimals.length / 10))))
}

/** True if the stamps stay within one printed digit of the straight line from the first to the last. */
function onGrid(times: Float64Array, digit: number): boolean {
  const first = times[0]!
  const step = (times.at(-1)! - first) / (times.length - 1)
  return times.every((time, i) => Math.abs(time - first - i * step) <= digit * (1 + 1e-6))
}

/** The decimal with the fewest digits within a relative tolerance of x; x itself if none is short. */
export function shortest(x: number, tolerance: number): number {
  for (let digits = 1; digits <= 12; digits++) {
    const rounded = Number(x.toPrecision(digits))
    if (Math.abs(rounded - x) <= Math.max(tolerance, 1e-9) * x) return rounded
  }
  return x
}

const short = (x: number): string => String(Number(x.toPrecision(3)))

/** With as many decimals on either side: `0.08 to 0.10`. */
function range(least: number, most: number): string {
  const ends = [short(least), short(most)]
  const decimals = largestOf(ends.map((end) => end.split('.')[1]?.length ?? 0))
  return ends.map((end) => (end.includes('e') ? end : Number(end).toFixed(decimals))).join(' to ')
}

// Traces that share a column of times, on an even grid.
import { FormatError } from '../runtime/errors.ts'
import { shownNames } from './findings.ts'
import { rateFromTimes, shortest, SLOWEST_STEP } from '../signal/timing.ts'

/** Between two stamps further apart than this, in seconds, nothing is known of the skin. */
const LONGEST_BRIDGED = 1

/** Share of a step by which a point may be beside a stamp and take its sample, be the next one far away or missing. */
const AT_A_STAMP = 1e-6

/** Times in seconds, [samples], as they are printed: each with so many decimals. */
export interface Stamps {
  times: Float64Array
  decimals: readonly number[]
  /** Names the file and line of a stamp. */
  where: (sample: number) => string
}

export interface EvenTraces {
  /** Hz. */
  sampleRate: number
  /** [traces][samples]; NaN where one is missing. */
  traces: Float64Array[]
  /** The grid is another one than that of the stamps. */
  resampled: boolean
}

/** For the files, or parts of files, whose traces were. */
export const resampledNotes = (names: readonly string[]): string[] =>
  names.length === 0
    ? []
    : [`The uneven time steps of ${names.length} were interpolated to even ones: ${shownNames(names)}.`]

/**
 * Traces [traces][samples] at even stamps as they are, with their rate. Those at uneven ones are refused, or, if asked for, interpolated
 * linearly at the rate of the median step; between two stamps more than a second apart samples are then missing.
 * @throws FormatError for steps over 10 % off the median step, and for stamps that do not increase
 */
export function evenTraces(
  stamps: Stamps,
  traces: Float64Array[],
  source: string,
  { resample = false }: { resample?: boolean | undefined },
): EvenTraces {
  const { times, decimals } = stamps
  requireIncreasing(stamps)
  try {
    return { sampleRate: rateFromTimes(times, decimals, source), traces, resampled: false }
  } catch (error) {
    if (!resample || !(error instanceof FormatError) || !(medianStep(times) <= SLOWEST_STEP)) throw error
  }
  const step = medianStep(times)
  const sampleRate = shortest(1 / step, 1e-6)
  const grid = Float64Array.from(
    { length: Math.floor((times.at(-1)! - times[0]!) * sampleRate * (1 + 1e-9)) + 1 },
    (_, k) => times[0]! + k / sampleRate,
  )
  const longest = Math.max(LONGEST_BRIDGED, 2 * step)
  const even = traces.map((trace) => interpolated(times, trace, grid, longest))
  return { sampleRate, traces: even, resampled: true }
}

function requireIncreasing({ times, where }: Stamps): void {
  const at = times.findIndex((time, i) => Number.isNaN(time) || (i > 0 && !(time > times[i - 1]!)))
  if (at < 0) return
  throw new FormatError(
    Number.isNaN(times[at]!)
      ? `${where(at)}: the time is missing`
      : `${where(at)}: time ${times[at]} stands after ${times[at - 1]}; the time column must increase`,
  )
}

/** NaN for fewer than two. */
function medianStep(times: Float64Array): number {
  const steps = times
    .slice(1)
    .map((time, i) => time - times[i]!)
    .sort()
  return steps[steps.length >> 1] ?? NaN
}

/** Linear between the samples on either side, unless one is missing or they lie too far apart. */
function interpolated(times: Float64Array, trace: Float64Array, grid: Float64Array, longest: number): Float64Array {
  const out = new Float64Array(grid.length).fill(NaN)
  const last = times.length - 2
  for (let k = 0, left = 0; k < grid.length; k++) {
    const time = grid[k]!
    while (left < last && times[left + 1]! <= time) left++
    const [from, to] = [times[left]!, times[left + 1]!]
    const weight = (time - from) / (to - from)
    if (weight < AT_A_STAMP) out[k] = trace[left]!
    else if (weight > 1 - AT_A_STAMP) out[k] = trace[left + 1]!
    else if (to - from <= longest) out[k] = trace[left]! * (1 - weight) + trace[left + 1]! * weight
  }
  return out
}

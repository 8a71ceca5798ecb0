// How much a recording trembles on the time scale of a response, and how coarse its numbers are.

/** Seconds; four of these make the rise of a response. */
const BLOCK_SECONDS = 0.25
/** Median of |x| of a standard normal x, and the deviation of its second difference. */
const MEDIAN_OF_NORMAL = 0.6745
const SECOND_DIFFERENCE = Math.sqrt(6)
/** Of the steps that are none, this share is smaller than the resolution by rounding alone. */
const LEAST_STEPS = 0.1

/** Means of a quarter of a second each, from the first sample on; the samples themselves below 8 Hz. */
export interface Coarse {
  means: Float64Array
  /** Samples of a mean. */
  size: number
  /** Means per second. */
  rate: number
}

export function coarse(x: ArrayLike<number>, sampleRate: number): Coarse {
  const size = Math.max(1, Math.floor(BLOCK_SECONDS * sampleRate))
  const means = Float64Array.from({ length: Math.floor(x.length / size) }, (_, block) => {
    let sum = 0
    for (let i = block * size; i < (block + 1) * size; i++) sum += x[i]!
    return sum / size
  })
  return { means, size, rate: sampleRate / size }
}

/**
 * Deviation of the means of a quarter of a second about what the skin does, from their second differences: the median of these knows
 * neither drift nor, as long as they fill less than half of the time, responses. Stretches with NaN do not count; 0 without any other.
 */
export function noiseOf({ means }: Coarse): number {
  const differences = means.slice(2).map((value, i) => Math.abs(value - 2 * means[i + 1]! + means[i]!))
  return quantile(differences, 0.5) / MEDIAN_OF_NORMAL / SECOND_DIFFERENCE
}

/** The smallest change that the numbers show: the step of a coarse sensor, a part of the noise of a fine one. */
export const resolutionOf = (x: ArrayLike<number>): number => smallestOf(stepsOf(x))

/**
 * The step of a sensor whose numbers stand still more often than they move; 0 for another, whose steps drown in its noise and are in
 * `noiseOf` already.
 */
export function coarseStepOf(x: ArrayLike<number>): number {
  const steps = stepsOf(x)
  return quantile(steps, 0.5) > 0 ? 0 : smallestOf(steps)
}

/** Those that are none are left out as missing: `filter` is many times slower. */
const smallestOf = (steps: Float64Array): number =>
  quantile(
    steps.map((step) => (step > 0 ? step : NaN)),
    LEAST_STEPS,
  )

function stepsOf(x: ArrayLike<number>): Float64Array {
  const steps = new Float64Array(Math.max(0, x.length - 1))
  for (let i = 0; i < steps.length; i++) steps[i] = Math.abs(x[i + 1]! - x[i]!)
  return steps
}

/** Of the values that are not NaN; 0 without any. */
export function quantile(x: ArrayLike<number>, share: number): number {
  const values = new Float64Array(x.length)
  let count = 0
  for (let i = 0; i < x.length; i++) if (!Number.isNaN(x[i])) values[count++] = x[i]!
  return count === 0 ? 0 : select(values.subarray(0, count), Math.floor(share * (count - 1)))
}

/** What would stand at a place if the values were sorted; reorders them. Of millions a sort takes seconds, this a tenth of it. */
function select(values: Float64Array, place: number): number {
  let [low, high] = [0, values.length - 1]
  while (low < high) {
    const pivot = middleOf(values[low]!, values[(low + high) >> 1]!, values[high]!)
    let [i, j] = [low, high]
    while (i <= j) {
      while (values[i]! < pivot) i++
      while (values[j]! > pivot) j--
      if (i > j) break
      const value = values[i]!
      values[i++] = values[j]!
      values[j--] = value
    }
    // Between j and i lies the pivot itself.
    if (place <= j) high = j
    else if (place >= i) low = i
    else break
  }
  return values[place]!
}

const middleOf = (a: number, b: number, c: number): number => Math.max(Math.min(a, b), Math.min(Math.max(a, b), c))

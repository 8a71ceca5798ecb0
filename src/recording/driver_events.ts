// Responses counted from the driver as well: a burst on the fall of a response, where the phasic part does not rise, is another one.
import { doubtAt, scrEvents, type ScrEvent, type ScrInput } from './responses.ts'
import { amplitudeOfArea, peakTime, type Shape } from './start_up.ts'
import { USUAL_LEAST_AMPLITUDE } from './threshold.ts'

/** Seconds: the deviation of the bell that the driver is smoothed with, since at high rates its single samples mean nothing. */
const BELL_SECONDS = 0.4
const BELL_WIDTH = 4
/** Two bursts are parted by a valley below this share of the lower one. */
const VALLEY = 0.8
/** A burst without a rise needs this many times the amplitude of one with a rise: noise makes bursts more easily than rises. */
const TIMES_THRESHOLD = 1.5
/** What a response's shape and the model's differ by makes bursts on its fall, for so many seconds, up to this share of it. */
const FALL_SECONDS = 10
const SHARE_OF_RISEN = 0.1
/** Seconds; a burst so near to the rise of a response is that response. */
const SAME_SECONDS = 1

/** `ScrInput`, of which the driver is read, and the time constants of its responses. */
export interface DriverInput extends ScrInput {
  shape: Shape
}

interface Burst {
  /** First and last sample. */
  from: number
  to: number
  peak: number
}

/**
 * The responses of `scrEvents`, and between them those bursts of the driver that make no rise, in order. Amplitudes are those that each has
 * alone: above what the fall of earlier responses leaves, or by the area of the burst. The onset of a burst is in its middle, its peak as
 * much later as a response takes to rise.
 * @throws ShapeError when the signals differ in length
 */
export function driverEvents(input: DriverInput): ScrEvent[] {
  const { phasic, driver, sampleRate, minAmplitude = USUAL_LEAST_AMPLITUDE, shape } = input
  const risen = scrEvents(input).map((event) => ({ ...event, amplitude: aboveFall(phasic, event, shape.tau0) }))
  const near = SAME_SECONDS * sampleRate
  const smooth = smoothed(driver, sampleRate)
  const rise = Math.round(peakTime(shape) * sampleRate)
  const hidden = burstsOf(smooth).flatMap((burst): ScrEvent[] => {
    const { area, onset } = momentsOf(driver, smooth, burst)
    const amplitude = amplitudeOfArea(shape, area / sampleRate)
    const before = risen.findLast((event) => event.onset < onset && onset - event.onset < FALL_SECONDS * sampleRate)
    const least = Math.max(TIMES_THRESHOLD * minAmplitude, SHARE_OF_RISEN * (before?.amplitude ?? Infinity))
    if (!(amplitude >= least)) return []
    const [first, last] = [Math.min(burst.from, onset - near / 2), Math.max(burst.to, onset + near)]
    if (risen.some((event) => event.onset >= first && event.onset <= last)) return []
    const peak = lastFinite(phasic, onset, onset + rise)
    const doubt = doubtAt(input, { onset, peak })
    return [
      {
        ...{ onset, peak, height: phasic[peak]!, amplitude, riseTime: (peak - onset) / sampleRate },
        ...{ recovery: NaN, recoveryTime: NaN, driverArea: area / sampleRate, doubt },
      },
    ]
  })
  return [...risen, ...hidden].sort((a, b) => a.onset - b.onset)
}

/** Height above what the fall of earlier responses would have left at the peak (Edelberg's way; Boucsein 2012, 2.3.1.2.3). */
const aboveFall = (phasic: ArrayLike<number>, { onset, peak, height, riseTime }: ScrEvent, decay: number): number =>
  onset === peak ? height : height - phasic[onset]! * Math.exp(-riseTime / decay)

/** Weighted with a bell; what is NaN stays so, and does not reach into its neighbours. */
function smoothed(driver: ArrayLike<number>, sampleRate: number): Float64Array {
  const deviation = BELL_SECONDS * sampleRate
  const wide = Math.ceil(BELL_WIDTH * deviation)
  const bell = Float64Array.from({ length: 2 * wide + 1 }, (_, i) => Math.exp(-(((i - wide) / deviation) ** 2) / 2))
  const result = new Float64Array(driver.length)
  for (let i = 0; i < driver.length; i++) {
    const value = driver[i]!
    if (Number.isNaN(value)) result[i] = NaN
    else if (value > 0) {
      for (let k = Math.max(0, i - wide); k <= Math.min(driver.length - 1, i + wide); k++) {
        result[k] = result[k]! + value * bell[k - i + wide]!
      }
    }
  }
  return result
}

/** From valley to valley; a peak that no deep enough valley parts from a higher one is part of that. */
function burstsOf(x: Float64Array): Burst[] {
  const bursts: Burst[] = []
  let burst: Burst | undefined
  let valley = 0
  const close = (to: number): void => {
    if (burst) bursts.push({ ...burst, to })
    burst = undefined
  }
  for (let i = 0; i < x.length; i++) {
    const value = x[i]!
    if (!(value > 0)) close(i - 1)
    else if (!burst) [burst, valley] = [{ from: i, to: i, peak: i }, i]
    else if (value < x[valley]!) valley = i
    else if (x[valley]! < VALLEY * Math.min(x[burst.peak]!, value) && isPeak(x, i)) {
      close(valley - 1)
      burst = { from: valley, to: i, peak: i }
      valley = i
    } else if (value > x[burst.peak]!) [burst.peak, valley] = [i, i]
  }
  close(x.length - 1)
  return bursts
}

const isPeak = (x: Float64Array, i: number): boolean => !(x[i + 1]! > x[i]!)

/** Area of a burst above the higher of its two valleys, and the sample in its middle. */
function momentsOf(
  driver: ArrayLike<number>,
  smooth: Float64Array,
  { from, to }: Burst,
): { area: number; onset: number } {
  const top = smooth.subarray(from, to + 1)
  const total = top.reduce((sum, value) => sum + value, 0)
  const above = 1 - (Math.max(top[0]!, top.at(-1)!) * top.length) / total
  let [area, moment] = [0, 0]
  for (let i = from; i <= to; i++) {
    area += driver[i]!
    moment += i * driver[i]!
  }
  return { area: area * Math.max(0, above), onset: area > 0 ? Math.round(moment / area) : from }
}

/** The last of [from, to] before the signal ends or is missing. */
function lastFinite(x: ArrayLike<number>, from: number, to: number): number {
  let last = from
  while (last < to && Number.isFinite(x[last + 1])) last++
  return last
}

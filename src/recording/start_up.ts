// A response that began before its recording. cvxEDA's filter starts at rest and cannot tell one: it would bend the tonic part and invent
// slow responses for the first half minute. What fades at the start is therefore fitted first, taken off, and given back to the phasic part.
import { coarse, noiseOf } from '../signal/noise.ts'

/** Seconds at the start that show it, and the fewest. */
const WINDOW_SECONDS = 10
const FEWEST_SECONDS = 4
/** A response that begins within the window ends it: a rise of so many deviations of the noise, once the first one must have peaked. */
const RISE_DEVIATIONS = 6
const PEAKED_SECONDS = 1.5
/** How long ago a response may have begun that still shows. */
const AGES = Array.from({ length: 32 }, (_, i) => 0.25 * (i + 1))
/** Below so many deviations of its own, or this share of the recording's, nothing is taken off. */
const LEAST_DEVIATIONS = 10
const LEAST_SHARE = 0.1
/** It has faded when it has fallen to this share. */
const FADED = 0.1
const FADING_STEP = 0.1

/** Time constants of the Bateman function, seconds. */
export interface Shape {
  tau0: number
  tau1: number
}

/** A response that began `age` seconds before its stretch. */
export interface Tail extends Shape {
  age: number
  /** In the unit of the recording. */
  amplitude: number
}

const bateman = ({ tau0, tau1 }: Shape, t: number): number => Math.exp(-t / tau0) - Math.exp(-t / tau1)
/** Seconds from the onset of a response to its peak. */
export const peakTime = ({ tau0, tau1 }: Shape): number => (Math.log(tau0 / tau1) * tau0 * tau1) / (tau0 - tau1)

/** Peak of the response to an impulse of the driver. */
export const amplitudeOfArea = (shape: Shape, area: number): number => area * Math.abs(bateman(shape, peakTime(shape)))

/** What is left of it `t` seconds after the start of the stretch. */
export const fading = (tail: Tail, t: number): number =>
  (tail.amplitude * bateman(tail, tail.age + t)) / bateman(tail, peakTime(tail))

/** Seconds until a tail has faded. */
export function fadedAfter(tail: Tail): number {
  const peak = Math.max(0, peakTime(tail) - tail.age)
  const rest = FADED * fading(tail, peak)
  let t = peak
  while (fading(tail, t) > rest) t += FADING_STEP
  return t
}

/**
 * The response that fades at the start of a stretch that misses nothing, if one does, by least squares beside a parabola for the tonic
 * level; `deviation` is that of the whole recording.
 */
export function tailOf(stretch: Float64Array, sampleRate: number, deviation: number, shape: Shape): Tail | undefined {
  const blocks = coarse(stretch, sampleRate)
  const noise = noiseOf(blocks)
  const level = untilRise(blocks.means.subarray(0, Math.round(WINDOW_SECONDS * blocks.rate)), noise, blocks.rate)
  if (level.length < FEWEST_SECONDS * blocks.rate) return undefined
  const middle = (blocks.size - 1) / 2 / sampleRate
  const rest = withoutParabola(level)
  const fits = AGES.map((age) => {
    const unit = { ...shape, age, amplitude: 1 }
    const curve = withoutParabola(level.map((_, i) => fading(unit, i / blocks.rate + middle)))
    const norm = Math.sqrt(dot(curve, curve))
    return { age, norm, amplitude: dot(curve, rest) / norm ** 2 }
  })
  const best = fits.reduce((a, b) => (b.amplitude * b.norm > a.amplitude * a.norm ? b : a))
  const tail = { ...shape, age: best.age, amplitude: best.amplitude }
  const seen = best.amplitude * best.norm > LEAST_DEVIATIONS * noise && fading(tail, 0) > LEAST_SHARE * deviation
  return seen ? tail : undefined
}

/** What comes before the first rise that is none of a response's that has begun already. */
function untilRise(level: Float64Array, noise: number, rate: number): Float64Array {
  let least = Infinity
  for (let i = Math.round(PEAKED_SECONDS * rate); i < level.length; i++) {
    least = Math.min(least, level[i]!)
    if (level[i]! > least + RISE_DEVIATIONS * noise) return level.subarray(0, i)
  }
  return level
}

/** What a parabola leaves of values at equal distances. */
function withoutParabola(values: Float64Array): Float64Array {
  const n = values.length
  let rest = Float64Array.from(values)
  const taken: Float64Array<ArrayBuffer>[] = []
  for (const power of [0, 1, 2]) {
    // Columns orthogonal to each other, one after the other.
    let column = rest.map((_, i) => (i / n) ** power)
    for (const other of taken) column = without(column, other)
    taken.push(column)
    rest = without(rest, column)
  }
  return rest
}

function without(values: Float64Array<ArrayBuffer>, column: Float64Array): Float64Array<ArrayBuffer> {
  const share = dot(values, column) / dot(column, column)
  return values.map((value, i) => value - share * column[i]!)
}

const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0)

// How much of each minute of a recording passes the four rules of Kleckner et al., "Simple, Transparent, and Flexible Automated Quality
// Assessment Procedures for Ambulatory Electrodermal Activity Data", IEEE Trans. Biomed. Eng. 65(7), 2018.
import { FASTEST_SLOPE, LARGEST_CONDUCTANCE, NEIGHBOUR_SECONDS } from './artefacts.ts'
import { coarse } from './noise.ts'

const SEGMENT_SECONDS = 60
/** µS. */
export const LEAST_CONDUCTANCE = 0.05
/** °C of skin that wears a sensor. */
const TEMPERATURE = [30, 40] as const

/** Shares of a minute, 0 to 1, that break each rule, and that break none. */
export interface QualitySegment {
  /** Seconds. */
  start: number
  /** Below 0.05 or above 60 µS, or missing. */
  range: number
  /** More than 10 µS/s up or down. */
  slope: number
  /** Of the skin, below 30 or above 40 °C; absent where the recording has none. */
  temperature?: number
  /** Within 5 s of any of these, and none of them. */
  neighbours: number
  valid: number
}

/** Temperatures on a grid of their own, from the same moment on. */
export interface Temperature {
  sampleRate: number
  values: ArrayLike<number>
}

/** Judges a recording in µS minute by minute; the last one may be shorter. */
export function qualitySegments(eda: Float64Array, sampleRate: number, temperature?: Temperature): QualitySegment[] {
  const outside = Uint8Array.from(eda, (value) => Number(!(value >= LEAST_CONDUCTANCE && value <= LARGEST_CONDUCTANCE)))
  const steep = steepSamples(eda, sampleRate)
  const cold = temperature ? coldSamples(eda.length, sampleRate, temperature) : undefined
  const bad = outside.map((one, i) => one | steep[i]! | (cold?.[i] ?? 0))
  const beside = near(bad, NEIGHBOUR_SECONDS * sampleRate)
  const neighbours = beside.map((one, i) => one & (1 - bad[i]!))
  const size = Math.round(SEGMENT_SECONDS * sampleRate)
  return Array.from({ length: Math.ceil(eda.length / size) }, (_, segment) => {
    const [from, to] = [segment * size, Math.min(eda.length, (segment + 1) * size)]
    const share = (mask: Uint8Array): number => mask.subarray(from, to).reduce((sum, one) => sum + one, 0) / (to - from)
    return {
      start: from / sampleRate,
      range: share(outside),
      slope: share(steep),
      ...(cold && { temperature: share(cold) }),
      neighbours: share(neighbours),
      valid: 1 - share(beside),
    }
  })
}

/** Slopes are those between means of a quarter of a second, which noise at high rates leaves alone. */
function steepSamples(eda: Float64Array, sampleRate: number): Uint8Array {
  const { means, size, rate } = coarse(eda, sampleRate)
  const steep = new Uint8Array(eda.length)
  for (let i = 0; i + 1 < means.length; i++) {
    if (Math.abs(means[i + 1]! - means[i]!) * rate > FASTEST_SLOPE) steep.fill(1, i * size, (i + 2) * size)
  }
  return steep
}

function coldSamples(samples: number, sampleRate: number, temperature: Temperature): Uint8Array {
  const [least, largest] = TEMPERATURE
  return Uint8Array.from({ length: samples }, (_, i) => {
    const value = temperature.values[Math.floor((i / sampleRate) * temperature.sampleRate)]
    return Number(value !== undefined && !(value >= least && value <= largest))
  })
}

/** 1 where a 1 is no further than `distance` samples away. */
function near(mask: Uint8Array, distance: number): Uint8Array {
  const found = new Uint8Array(mask.length)
  for (const order of [1, -1]) {
    let last = -Infinity
    for (let k = 0; k < mask.length; k++) {
      const i = order === 1 ? k : mask.length - 1 - k
      if (mask[i] === 1) last = k
      if (k - last <= distance) found[i] = 1
    }
  }
  return found
}

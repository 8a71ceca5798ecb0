// A sound of any rate and any number of channels as one row of samples at one rate.
import type { Sound } from '../formats/wav.ts'

/** Zero crossings of the sinc on each side. */
const HALF_WIDTH = 24
/** Share of the lower of the two bands that passes; the rest is where the filter falls off. */
const PASSES = 0.95

/** The mean of all channels. */
export function mixDown({ channels }: Sound): Float32Array {
  const [only, ...others] = channels
  if (others.length === 0) return only!
  const mixed = new Float32Array(only!.length)
  for (let i = 0; i < mixed.length; i++) {
    let sum = 0
    for (const channel of channels) sum += channel[i]!
    mixed[i] = sum / channels.length
  }
  return mixed
}

/**
 * The samples at another rate, by a sinc under a Hann window that lets through what both rates can carry. Sample 0 stays sample 0; what lies
 * before and after the sound is silence.
 */
export function atRate(samples: Float32Array, from: number, to: number): Float32Array {
  if (from === to) return samples
  const shared = divisor(from, to)
  const [up, down] = [to / shared, from / shared]
  const cutoff = PASSES * Math.min(1, to / from)
  const reach = Math.ceil(HALF_WIDTH / cutoff)
  const taps = 2 * reach
  const filters = new Map<number, Float64Array>()
  const out = new Float32Array(Math.ceil((samples.length * to) / from))
  for (let i = 0; i < out.length; i++) {
    const phase = (i * down) % up
    const first = (i * down - phase) / up - reach + 1
    let filter = filters.get(phase)
    if (!filter) filters.set(phase, (filter = filterOf(phase / up, cutoff, reach)))
    let sum = 0
    const [begin, end] = [Math.max(0, -first), Math.min(taps, samples.length - first)]
    for (let k = begin; k < end; k++) sum += filter[k]! * samples[first + k]!
    out[i] = sum
  }
  return out
}

/** Weights of the samples around a point that lies `fraction` of a step after one of them; they sum to 1. */
function filterOf(fraction: number, cutoff: number, reach: number): Float64Array {
  const weights = Float64Array.from({ length: 2 * reach }, (_, k) => {
    const distance = k - reach + 1 - fraction
    const x = Math.PI * cutoff * distance
    const window = Math.abs(distance) < reach ? 0.5 + 0.5 * Math.cos((Math.PI * distance) / reach) : 0
    return window * (x === 0 ? 1 : Math.sin(x) / x)
  })
  const sum = weights.reduce((a, b) => a + b, 0)
  return weights.map((weight) => weight / sum)
}

const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b))

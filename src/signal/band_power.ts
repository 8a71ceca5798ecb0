// Power of a signal by frequency, for slow bands such as those of skin conductance.

/** Frequencies from `low` up to but without `high`, Hz. */
export interface Band {
  low: number
  high: number
}

/** Samples a second that are kept: eight times the fastest frequency that is asked for. */
const KEPT_RATE = 4
export const FASTEST_BAND = KEPT_RATE / 8

/**
 * Power of `x` [n] in each band, in its unit squared: of the periodogram under a Hann window, the straight line through the signal taken off.
 * Samples are averaged in blocks down to 4 Hz or a little more first. The whole of the frequencies above 0 sums to about the variance.
 * 0 in a band in which no frequency lies that the duration can tell: it is shorter than a period, or sampled too slowly.
 * Bands may go up to 0.5 Hz.
 */
export function bandPowers(x: ArrayLike<number>, sampleRate: number, bands: readonly Band[]): number[] {
  const block = Math.max(1, Math.floor(sampleRate / KEPT_RATE))
  const kept = windowed(withoutLine(averaged(x, block)))
  const rate = sampleRate / block
  const n = kept.length
  const last = Math.floor(Math.min(n / 2, (n * FASTEST_BAND) / rate))
  const powers = bands.map(() => 0)
  for (let k = 1; k <= last; k++) {
    const frequency = (k * rate) / n
    const which = bands.flatMap(({ low, high }, b) => (frequency >= low && frequency < high ? [b] : []))
    if (which.length === 0) continue
    const power = powerAt(kept, k)
    for (const b of which) powers[b] = powers[b]! + power
  }
  return powers
}

function averaged(x: ArrayLike<number>, block: number): Float64Array {
  return Float64Array.from({ length: Math.floor(x.length / block) }, (_, i) => {
    let sum = 0
    for (let k = i * block; k < (i + 1) * block; k++) sum += x[k]!
    return sum / block
  })
}

/** Less its least-squares line. */
function withoutLine(x: Float64Array): Float64Array {
  const n = x.length
  const centre = (n - 1) / 2
  const mean = x.reduce((sum, value) => sum + value, 0) / n
  let [product, squares] = [0, 0]
  for (let i = 0; i < n; i++) {
    product += (i - centre) * (x[i]! - mean)
    squares += (i - centre) ** 2
  }
  const slope = squares > 0 ? product / squares : 0
  return x.map((value, i) => value - mean - slope * (i - centre))
}

/** Under a Hann window whose squares have the mean 1. */
const windowed = (x: Float64Array): Float64Array =>
  x.map((value, i) => value * Math.sqrt(8 / 3) * Math.sin((Math.PI * (i + 0.5)) / x.length) ** 2)

/** Of the k-th frequency and its mirror image. */
function powerAt(x: Float64Array, k: number): number {
  const n = x.length
  let [real, imaginary] = [0, 0]
  for (let i = 0; i < n; i++) {
    const angle = (2 * Math.PI * ((k * i) % n)) / n
    real += x[i]! * Math.cos(angle)
    imaginary += x[i]! * Math.sin(angle)
  }
  return ((2 * k === n ? 1 : 2) * (real * real + imaginary * imaginary)) / (n * n)
}

// Signals to decompose when only time matters: made up from a seed, or cut from a real recording; z-scored, since
// cvxEDA's alpha is meant for that.
import { UsageError } from '../src/runtime/errors.ts'
import { Random } from '../src/runtime/random.ts'
import { zscore } from '../src/signal/normalize.ts'

/** Decay and rise time of a response in seconds: cvxEDA's defaults. */
const DECAY = 2
const RISE = 0.7
/** Mean seconds between two responses (Poisson). */
const INTERVAL = 8
/** Responses that began this many seconds before the first sample are still seen. */
const BEFORE = 10
/** Deviation of the noise; a response is 1 high in the median. */
const NOISE = 0.01

export interface SignalSet {
  signals: number
  n: number
  /** Hz */
  sampleRate: number
  seed: number
}

/**
 * Skin conductance of n samples: Bateman responses at random times, with log-normal heights, on a tonic level of a
 * slope and two slow waves (60 to 180 s), with white noise.
 */
export function syntheticEda(n: number, sampleRate: number, random: Random): Float64Array {
  const [slowDecay, fastDecay] = [Math.exp(-1 / (DECAY * sampleRate)), Math.exp(-1 / (RISE * sampleRate))]
  const peakTime = (Math.log(DECAY / RISE) * DECAY * RISE) / (DECAY - RISE)
  const peak = Math.exp(-peakTime / DECAY) - Math.exp(-peakTime / RISE)
  const wait = (): number => -INTERVAL * Math.log(1 - random.uniform())
  const tonic = tonicLevel(random)
  const eda = new Float64Array(n)
  let slow = 0
  let fast = 0
  let onset = wait() - BEFORE
  for (let i = -Math.ceil(BEFORE * sampleRate); i < n; i++) {
    const t = i / sampleRate
    slow *= slowDecay
    fast *= fastDecay
    for (; onset <= t; onset += wait()) {
      const height = Math.exp(0.5 * random.normal()) / peak
      slow += height * Math.exp(-(t - onset) / DECAY)
      fast += height * Math.exp(-(t - onset) / RISE)
    }
    if (i >= 0) eda[i] = tonic(t) + slow - fast + NOISE * random.normal()
  }
  return eda
}

function tonicLevel(random: Random): (seconds: number) => number {
  const slope = 0.02 * random.normal()
  const waves = [0, 1].map(() => {
    const rate = (2 * Math.PI) / (60 + 120 * random.uniform())
    return { rate, phase: 2 * Math.PI * random.uniform(), height: random.normal() }
  })
  return (t) => waves.reduce((level, { rate, phase, height }) => level + height * Math.sin(rate * t + phase), slope * t)
}

/** Signal i depends on the seed and on i alone, so that a larger set begins with the smaller one. */
export function syntheticSignals({ signals, n, sampleRate, seed }: SignalSet): Float64Array[] {
  return Array.from({ length: signals }, (_, i) => zscore(syntheticEda(n, sampleRate, new Random(seed, i))).z)
}

/**
 * Windows of a recording without gaps, at random places; they may overlap.
 * @throws UsageError for a recording shorter than one window
 */
export function randomWindows(
  recording: Float64Array,
  { signals, n, seed }: Omit<SignalSet, 'sampleRate'>,
): Float64Array[] {
  const room = recording.length - n
  if (room < 0) throw new UsageError(`--n ${n}: the recording has only ${recording.length} samples`)
  const random = new Random(seed)
  return Array.from({ length: signals }, () => {
    const start = random.integer(room + 1)
    return zscore(recording.subarray(start, start + n)).z
  })
}

// What may be wrong with a recording, seen from its samples alone.
import { fastStretches, joined, NEIGHBOUR_SECONDS, widened, type Stretch } from './artefacts.ts'
import { resolutionOf } from './noise.ts'

/** Wrist sensors at 4 Hz repeat coarse values for up to 2 s while all is well. */
const FLAT_SECONDS = 5
const RAIL_SECONDS = 1
/** No sensor of conductance goes below this; a least value above is where the skin came to rest. */
const LOWEST_CONDUCTANCE = 0
/** A signal that runs into a rail is further off than this many of its smallest steps half a second before or after it. */
const APPROACH_SECONDS = 0.5
const APPROACH_STEPS = 4
/** Shares below this are worth no sentence. */
const WORTH_SAYING = 0.01

/** What can be wrong with samples. */
export const FLAWS = ['missing', 'flat', 'clipped', 'offSkin', 'fast', 'startUp'] as const
/** See `SignalQuality`. */
export type Flaw = (typeof FLAWS)[number]

/** Samples with one of these are no skin conductance: they hold no response and count for no level and no rate. */
export const EXCLUDING: readonly Flaw[] = ['clipped', 'offSkin', 'fast', 'startUp']

/** Samples [start, end) with one flaw. */
export interface Span extends Stretch {
  flaw: Flaw
}

/** Shares of all samples, 0 to 1. */
export interface SignalQuality {
  /** NaN. */
  missing: number
  /** In runs of one value of at least 5 s: the sensor was off, or its steps are too coarse. */
  flat: number
  /** In runs of at least 1 s at the largest value, or a least one of 0 or below, into which the signal runs: beyond the range of the sensor. */
  clipped: number
  /** At or below the value that a sensor off the skin writes, or within 5 s of it. */
  offSkin: number
  /** Within 5 s of a step faster than skin: a movement, or lost contact. */
  fast: number
  /** While a response fades that began before the recording. */
  startUp: number
  /** Where, in order of time; those of different flaws may overlap. */
  spans: Span[]
}

/** What a recording's numbers mean. */
export interface QualityOptions {
  /** Of the recording; default µS, in which the limits of skin are known. */
  unit?: string
  /** A sensor off the skin writes this or less; default: it is never off. */
  offSkin?: number
}

/** Judges a recording as it was read, before any gap is filled: samples [n], NaN is missing; `sampleRate` in Hz. */
export function signalQuality(
  eda: ArrayLike<number>,
  sampleRate: number,
  { unit = 'µS', offSkin = -Infinity }: QualityOptions = {},
): SignalQuality {
  const widely = NEIGHBOUR_SECONDS * sampleRate
  const off = runsOf(eda, (value) => value <= offSkin).map((run) => widened(run, widely, eda.length))
  return withSpans(eda.length, [
    ...standstills(eda, sampleRate),
    ...flawed('offSkin', joined(off)),
    ...flawed('fast', fastStretches(eda, sampleRate, unit === 'µS')),
  ])
}

const flawed = (flaw: Flaw, stretches: readonly Stretch[]): Span[] =>
  stretches.map(({ start, end }) => ({ flaw, start, end }))

/** Shares and order of the flaws of `samples` samples. */
export function withSpans(samples: number, spans: readonly Span[]): SignalQuality {
  const shares = { missing: 0, flat: 0, clipped: 0, offSkin: 0, fast: 0, startUp: 0 }
  for (const { flaw, start, end } of spans) shares[flaw] += (end - start) / samples
  return { ...shares, spans: spans.toSorted((a, b) => a.start - b.start) }
}

/** [n], 1 where a sample has a flaw that excludes it. */
export function excludedSamples({ spans }: Pick<SignalQuality, 'spans'>, n: number): Uint8Array {
  const excluded = new Uint8Array(n)
  for (const { flaw, start, end } of spans) if (EXCLUDING.includes(flaw)) excluded.fill(1, start, end)
  return excluded
}

/** Runs of one value: what is missing, flat or clipped. */
export function standstills(eda: ArrayLike<number>, sampleRate: number): Span[] {
  const [least, largest] = rangeOf(eda)
  const near = APPROACH_STEPS * resolutionOf(eda)
  const before = Math.max(1, Math.round(APPROACH_SECONDS * sampleRate))
  const spans: Span[] = []
  for (let start = 0, end = 0; start < eda.length; start = end) {
    const value = eda[start]!
    while (end < eda.length && Object.is(eda[end], value)) end++
    const seconds = (end - start) / sampleRate
    if (Number.isNaN(value)) spans.push({ flaw: 'missing', start, end })
    else if (end - start > 1) {
      if (seconds >= FLAT_SECONDS) spans.push({ flaw: 'flat', start, end })
      const atRail = value === largest || (value === least && value <= LOWEST_CONDUCTANCE)
      const beside = [eda[start - before], eda[end - 1 + before]].filter((one) => one !== undefined)
      const runsInto = beside.some((one) => Math.abs(one - value) > near)
      if (atRail && largest > least && seconds >= RAIL_SECONDS && runsInto) spans.push({ flaw: 'clipped', start, end })
    }
  }
  return spans
}

/** Stretches of samples of which `is` holds. */
function runsOf(x: ArrayLike<number>, is: (value: number) => boolean): Stretch[] {
  const runs: Stretch[] = []
  for (let i = 0; i < x.length; i++) {
    if (!is(x[i]!)) continue
    const last = runs.at(-1)
    if (last?.end === i) last.end = i + 1
    else runs.push({ start: i, end: i + 1 })
  }
  return runs
}

/** Least and largest sample that is not NaN. */
export function rangeOf(x: ArrayLike<number>): [number, number] {
  let [least, largest] = [Infinity, -Infinity]
  for (let i = 0; i < x.length; i++) {
    if (x[i]! < least) least = x[i]!
    if (x[i]! > largest) largest = x[i]!
  }
  return [least, largest]
}

const SENTENCES: Record<Flaw, string> = {
  missing: 'are missing',
  flat: 'lie in stretches of 5 s or more without any change: the sensor was off, or its steps are too coarse',
  clipped: 'lie at the largest or least value for 1 s or more: beyond the range of the sensor, or off the skin',
  offSkin: 'were recorded off the skin, or within 5 s of it; they are left out',
  fast: 'lie within 5 s of a step faster than skin, a movement or lost contact; they are left out',
  startUp: 'show a response fade that began before the recording, or in a gap of it; they are left out',
}

/** One plain sentence for each flaw of 1 % of the samples or more. */
export function qualityWarnings(quality: SignalQuality): string[] {
  const flaws = FLAWS.filter((flaw) => quality[flaw] >= WORTH_SAYING)
  return flaws.map((flaw) => `${(100 * quality[flaw]).toFixed(1)} % of the samples ${SENTENCES[flaw]}`)
}

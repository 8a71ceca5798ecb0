// What may be wrong with a recording, seen from its samples alone.

/** Wrist sensors at 4 Hz repeat coarse values for up to 2 s while all is well. */
const FLAT_SECONDS = 5
const RAIL_SECONDS = 1
/** Shares below this are worth no sentence. */
const WORTH_SAYING = 0.01

/** What can be wrong with samples. */
export type Flaw = 'missing' | 'flat' | 'clipped'

/** Samples [start, end) with one flaw. */
export interface Span {
  flaw: Flaw
  start: number
  end: number
}

/** Shares of all samples, 0 to 1. */
export interface SignalQuality {
  /** NaN. */
  missing: number
  /** In runs of one value of at least 5 s: the sensor was off, or its steps are too coarse. */
  flat: number
  /** In runs of at least 1 s at the largest or the least value: beyond the range of the sensor, or off the skin. */
  clipped: number
  /** Where, in order of time; flat and clipped may overlap. */
  spans: Span[]
}

/** Judges a recording as it was read, before any gap is filled: samples [n], NaN is missing; `sampleRate` in Hz. */
export function signalQuality(eda: ArrayLike<number>, sampleRate: number): SignalQuality {
  const [least, largest] = rangeOf(eda)
  const spans: Span[] = []
  const shares = { missing: 0, flat: 0, clipped: 0 }
  const note = (flaw: Flaw, start: number, end: number): void => {
    spans.push({ flaw, start, end })
    shares[flaw] += (end - start) / eda.length
  }
  for (let start = 0, end = 0; start < eda.length; start = end) {
    const value = eda[start]!
    while (end < eda.length && Object.is(eda[end], value)) end++
    const seconds = (end - start) / sampleRate
    if (Number.isNaN(value)) note('missing', start, end)
    else if (end - start > 1) {
      if (seconds >= FLAT_SECONDS) note('flat', start, end)
      const atRail = (value === largest || value === least) && largest > least
      if (atRail && seconds >= RAIL_SECONDS) note('clipped', start, end)
    }
  }
  return { ...shares, spans }
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
}

/** One plain sentence for each flaw of 1 % of the samples or more. */
export function qualityWarnings(quality: SignalQuality): string[] {
  const flaws = (Object.keys(SENTENCES) as Flaw[]).filter((flaw) => quality[flaw] >= WORTH_SAYING)
  return flaws.map((flaw) => `${(100 * quality[flaw]).toFixed(1)} % of the samples ${SENTENCES[flaw]}`)
}

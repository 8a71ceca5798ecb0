// Skin conductance responses (SCR) as events of a phasic signal, scored from trough to peak (Boucsein, "Electrodermal
// Activity", 2nd ed., 2012): onset, peak, amplitude, rise time, half recovery.

import { ShapeError } from '../runtime/errors.ts'

/** Without an absolute threshold a response counts from this share of the largest one on. */
const LEAST_SHARE = 0.1
/** The onset is the last sample before the peak that is above the trough by no more than this share of the amplitude. */
const FOOT = 1e-3

/** One response. Indices count samples from 0; amplitudes are in the unit of the phasic signal. */
export interface ScrEvent {
  /** Where the rise begins. */
  onset: number
  peak: number
  /** Phasic signal at the peak, which stands on what is left of earlier responses. */
  height: number
  /** Height above the onset. */
  amplitude: number
  /** Seconds from onset to peak. */
  riseTime: number
  /** First sample at or below half the amplitude; NaN if the next response, a gap or the end comes first. */
  recovery: number
  /** Seconds from peak to half recovery; NaN with `recovery`. */
  recoveryTime: number
  /** Integral of the driver from onset to peak, in the unit of the signal. */
  driverArea: number
}

/** A phasic signal, its driver, and what counts as a response. */
export interface ScrInput {
  /** [n]; NaN where there is no signal. A response does not cross such a gap. */
  phasic: ArrayLike<number>
  /** [n], in the signal's unit per second. */
  driver: ArrayLike<number>
  /** Hz. */
  sampleRate: number
  /** Least amplitude of a response in the signal's unit; default a tenth of the largest amplitude. */
  minAmplitude?: number
}

/** From a local minimum to the next local maximum. */
interface Rise {
  trough: number
  peak: number
}

/**
 * The responses of a phasic signal, in order: its rises from a local minimum to the next local maximum that are high
 * enough. Meant for the phasic part of a decomposition, which is smooth; noise would end a rise early.
 * @throws ShapeError when the two signals differ in length
 */
export function scrEvents({ phasic, driver, sampleRate, minAmplitude }: ScrInput): ScrEvent[] {
  if (driver.length !== phasic.length) {
    throw new ShapeError(`scrEvents: ${phasic.length} samples of the phasic signal, but ${driver.length} of the driver`)
  }
  const runs = finiteRuns(phasic).map(([from, to]) => ({ last: to - 1, rises: risesOf(phasic, from, to) }))
  const heightOf = ({ trough, peak }: Rise): number => phasic[peak]! - phasic[trough]!
  const largest = runs.reduce(
    (most, { rises }) => rises.reduce((more, rise) => Math.max(more, heightOf(rise)), most),
    0,
  )
  const threshold = minAmplitude ?? LEAST_SHARE * largest
  return runs.flatMap(({ last, rises }) => {
    const found = rises.filter((rise) => heightOf(rise) >= threshold)
    const onsets = found.map((rise) => onsetOf(phasic, rise))
    return found.map(({ peak }, i): ScrEvent => {
      const onset = onsets[i]!
      const height = phasic[peak]!
      const amplitude = height - phasic[onset]!
      const recovery = firstAtOrBelow(phasic, height - amplitude / 2, peak + 1, onsets[i + 1] ?? last)
      const riseTime = (peak - onset) / sampleRate
      const recoveryTime = (recovery - peak) / sampleRate
      const driverArea = sum(driver, onset, peak) / sampleRate
      return { onset, peak, height, amplitude, riseTime, recovery, recoveryTime, driverArea }
    })
  })
}

/** Stretches [from, to) without NaN. */
function finiteRuns(x: ArrayLike<number>): [number, number][] {
  const runs: [number, number][] = []
  for (let i = 0, from = -1; i <= x.length; i++) {
    const finite = i < x.length && Number.isFinite(x[i])
    if (finite && from < 0) from = i
    if (finite || from < 0) continue
    runs.push([from, i])
    from = -1
  }
  return runs
}

/**
 * Rises between `from` and `to`. Where the signal stays level, the last sample of a trough and the first of a peak count. A rise may
 * begin at the first sample; a peak must be fallen from.
 */
function risesOf(x: ArrayLike<number>, from: number, to: number): Rise[] {
  const found: Rise[] = []
  let rise: Rise | undefined
  for (let i = from + 1; i < to; i++) {
    if (x[i]! > x[i - 1]!) {
      rise ??= { trough: i - 1, peak: i }
      rise.peak = i
    } else if (x[i]! < x[i - 1]! && rise) {
      found.push(rise)
      rise = undefined
    }
  }
  return found
}

/** A long flat foot that creeps upwards is no part of the rise. */
function onsetOf(x: ArrayLike<number>, { trough, peak }: Rise): number {
  const foot = x[trough]! + FOOT * (x[peak]! - x[trough]!)
  let onset = peak
  while (onset > trough && x[onset]! > foot) onset--
  return onset
}

/** NaN if no sample of [from, last] is. */
function firstAtOrBelow(x: ArrayLike<number>, level: number, from: number, last: number): number {
  for (let i = from; i <= last; i++) if (x[i]! <= level) return i
  return NaN
}

function sum(x: ArrayLike<number>, from: number, last: number): number {
  let total = 0
  for (let i = from; i <= last; i++) total += x[i]!
  return total
}

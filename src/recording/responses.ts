// Skin conductance responses (SCR) as events of a phasic signal, scored from trough to peak (Boucsein, "Electrodermal
// Activity", 2nd ed., 2012): onset, peak, amplitude, rise time, half recovery.

import { ShapeError } from '../runtime/errors.ts'
import { USUAL_LEAST_AMPLITUDE } from './threshold.ts'

/** The onset is the last sample before the steepest rise into which the signal rises by no more than this share of the steepest step. */
const FOOT = 0.1
/** Seconds; a response rises for 0.5 to 5 (Boucsein 2012, 2.3.1.1); what takes longer is a change of level. */
const LONGEST_RISE = 5
/**
 * Seconds; what rises at once where a signal begins, began before it. Of what peaks just before it ends, the fall is not seen that tells a
 * response from a change of level.
 */
const AT_ONCE = 1
/** Seconds before the onset and behind the peak that tell the drift, and the share of the amplitude that the drift must leave. */
const DRIFT_SECONDS = 3
const LEAST_LEFT = 0.5

/**
 * Seconds behind the peak of a larger one, and share of its amplitude: what is smaller may be where the fall of the larger one, which differs
 * between people, leaves the model's.
 */
const BESIDE_SECONDS = 3.5
const BESIDE_SHARE = 0.1

/** Why a response does not count; the first, which is empty, for one that does. */
export const DOUBTED = ['', 'began before', 'artefact', 'cut off', 'drift', 'slow rise', 'beside larger'] as const
/** One of `DOUBTED`. */
export type Doubt = (typeof DOUBTED)[number]

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
  /**
   * `began before`: it rises, or falls, from the first second of the signal on, or of what follows a gap; `artefact`: between onset and peak
   * lies what is no skin conductance; `cut off`: it peaks in the last second of these; `beside
   * larger`: it peaks within 3.5 s behind a response of more than ten times its amplitude; `drift`: the tonic part falls meanwhile, so that the recording itself drifts
   * on as before and after; `slow rise`: it rises for more than 5 s.
   */
  doubt: Doubt
}

/** A phasic signal, its driver, and what counts as a response. */
export interface ScrInput {
  /** [n]; NaN where there is no signal. A response does not cross such a gap. */
  phasic: ArrayLike<number>
  /** [n], in the signal's unit per second. */
  driver: ArrayLike<number>
  /** Hz. */
  sampleRate: number
  /** Least amplitude of a response in the signal's unit; default 0.01, the usual one in µS. `analyse` asks for more where there is noise. */
  minAmplitude?: number
  /** [n]; the ends of a decomposition, and slow drift, can put one rise into both parts with opposite signs, which only both can tell. */
  tonic?: ArrayLike<number>
  /** [n], not 0 where the recording is no skin conductance. */
  excluded?: ArrayLike<number>
}

/** From a local minimum to the next local maximum. */
interface Rise {
  trough: number
  peak: number
}

/**
 * The responses of a phasic signal, in order: its rises from a local minimum to the next local maximum that are high
 * enough. Meant for the phasic part of a decomposition, which is smooth; noise would end a rise early. Those with a doubt do not count.
 * @throws ShapeError when the signals differ in length
 */
export function scrEvents(input: ScrInput): ScrEvent[] {
  const { phasic, driver, sampleRate, minAmplitude = USUAL_LEAST_AMPLITUDE } = input
  requireEqualLengths(input)
  const runs = finiteRuns(phasic).map(([from, to]) => ({ from, last: to - 1, rises: risesOf(phasic, from, to) }))
  const heightOf = ({ trough, peak }: Rise): number => phasic[peak]! - (trough === peak ? 0 : phasic[trough]!)
  return runs.flatMap(({ from, last, rises }) => {
    const found = rises.filter((rise) => heightOf(rise) >= minAmplitude)
    const onsets = found.map((rise) => onsetOf(phasic, rise))
    const all = found.map(({ peak }, i): ScrEvent => {
      const onset = onsets[i]!
      const height = phasic[peak]!
      const amplitude = onset === peak ? height : height - phasic[onset]!
      const recovery = firstAtOrBelow(phasic, height - amplitude / 2, peak + 1, onsets[i + 1] ?? last)
      const riseTime = (peak - onset) / sampleRate
      const recoveryTime = (recovery - peak) / sampleRate
      const driverArea = sum(driver, onset, peak) / sampleRate
      const around = { from, last, before: found[i - 1]?.peak ?? from, after: onsets[i + 1] ?? last }
      const doubt = doubtOf(input, around, { onset, peak, amplitude })
      return { onset, peak, height, amplitude, riseTime, recovery, recoveryTime, driverArea, doubt }
    })
    const high = all.filter(({ amplitude }) => amplitude >= minAmplitude) // a creeping foot does not count
    return high.map((event) => (isBesideLarger(event, high, sampleRate) ? { ...event, doubt: 'beside larger' } : event))
  })
}

/** @throws ShapeError when the signals differ in length */
export function requireEqualLengths({ phasic, driver, tonic, excluded }: ScrInput): void {
  for (const [name, other] of Object.entries({
    'the driver': driver,
    'the tonic part': tonic,
    'what is excluded': excluded,
  })) {
    if (other && other.length !== phasic.length)
      throw new ShapeError(`scrEvents: ${phasic.length} samples of the phasic signal, but ${other.length} of ${name}`)
  }
}

/** Where a stretch without NaN begins and ends, the last sample included; the peak before a response, and the onset after it. */
interface Around {
  from: number
  last: number
  before: number
  after: number
}

type Risen = Pick<ScrEvent, 'onset' | 'peak' | 'amplitude'>

function doubtOf(input: ScrInput, around: Around, event: Risen): Doubt {
  const { onset, peak } = event
  const doubt = edgeDoubt(input, around, event)
  if (doubt !== '') return doubt
  if (peak - onset > LONGEST_RISE * input.sampleRate) return 'slow rise'
  return isDrift(input, around, event) ? 'drift' : ''
}

/** Whether it peaks on the fall of a response that counts and is many times as large. */
function isBesideLarger(event: ScrEvent, all: readonly ScrEvent[], sampleRate: number): boolean {
  const near = ({ peak }: ScrEvent): boolean => peak < event.peak && event.peak - peak <= BESIDE_SECONDS * sampleRate
  return (
    event.doubt === '' &&
    all.some((other) => other.doubt === '' && near(other) && event.amplitude < BESIDE_SHARE * other.amplitude)
  )
}

/** Whether a response is seen whole. */
function edgeDoubt(
  { sampleRate, excluded }: ScrInput,
  { from, last }: Pick<Around, 'from' | 'last'>,
  { onset, peak }: Pick<Risen, 'onset' | 'peak'>,
): Doubt {
  const edge = AT_ONCE * sampleRate
  if (onset - from < edge) return 'began before'
  if (excluded && someOf(excluded, onset, peak)) return 'artefact'
  return last - peak < edge ? 'cut off' : ''
}

/** The same of a response anywhere in a signal. */
export function doubtAt(input: ScrInput, event: Pick<Risen, 'onset' | 'peak'>): Doubt {
  const [from, to] = finiteRuns(input.phasic).find(([, to]) => event.onset < to)!
  return edgeDoubt(input, { from, last: to - 1 }, event)
}

/** Whether tonic and phasic part together go on between onset and peak as they did before and do after. */
function isDrift(
  { phasic, tonic, sampleRate }: ScrInput,
  { before, after }: Around,
  { onset, peak, amplitude }: Risen,
): boolean {
  if (!tonic) return false
  const rise = (a: number, b: number): number => phasic[b]! + tonic[b]! - phasic[a]! - tonic[a]!
  const wide = Math.round(DRIFT_SECONDS * sampleRate)
  const [early, late] = [Math.max(before, onset - wide), Math.min(after, peak + wide)]
  const slopes = [rise(early, onset) / (onset - early), rise(peak, late) / (late - peak)].filter(Number.isFinite)
  const slope = slopes.reduce((total, one) => total + one, 0) / slopes.length
  return rise(onset, peak) - Math.max(0, slope) * (peak - onset) < LEAST_LEFT * amplitude
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
 * begin at the first sample; a peak must be fallen from. A signal that falls at first has risen before: its first peak is its own trough.
 */
function risesOf(x: ArrayLike<number>, from: number, to: number): Rise[] {
  const found: Rise[] = []
  let rise: Rise | undefined = { trough: from, peak: from }
  for (let i = from + 1; i < to; i++) {
    if (x[i]! > x[i - 1]!) {
      if (!rise || rise.trough === rise.peak) rise = { trough: i - 1, peak: i }
      rise.peak = i
    } else if (x[i]! < x[i - 1]! && rise) {
      found.push(rise)
      rise = undefined
    }
  }
  return found
}

/** A foot that creeps upwards, or a ripple of the noise before it, is no part of the rise. */
function onsetOf(x: ArrayLike<number>, { trough, peak }: Rise): number {
  const step = (i: number): number => x[i]! - x[i - 1]!
  let steepest = peak
  for (let i = trough + 1; i < peak; i++) if (step(i) > step(steepest)) steepest = i
  let onset = steepest
  while (onset > trough && step(onset) > FOOT * step(steepest)) onset--
  return onset
}

/** NaN if no sample of [from, last] is. */
function firstAtOrBelow(x: ArrayLike<number>, level: number, from: number, last: number): number {
  for (let i = from; i <= last; i++) if (x[i]! <= level) return i
  return NaN
}

function someOf(x: ArrayLike<number>, from: number, last: number): boolean {
  for (let i = from; i <= last; i++) if (x[i] !== 0) return true
  return false
}

function sum(x: ArrayLike<number>, from: number, last: number): number {
  let total = 0
  for (let i = from; i <= last; i++) total += x[i]!
  return total
}

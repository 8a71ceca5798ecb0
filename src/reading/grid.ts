// From samples with time stamps to samples on an even grid, where a missing row is NaN and a repeated one is dropped.
import { FormatError } from '../runtime/errors.ts'
import { shortest } from '../signal/timing.ts'
import { medianStep, stepsOf } from './steps.ts'
import { largestOf, leastOf } from '../signal/extremes.ts'

/** A recording on its grid. */
export interface Gridded {
  /** Hz. */
  sampleRate: number
  /** [samples]; NaN where no row is. */
  eda: Float64Array
  /** What had to be repaired, a sentence each. */
  notes: string[]
}

/** What is known of the stamps. */
export interface GridOptions {
  /** Seconds that the last printed digit stands for; default 0, stamps are exact. */
  digit?: number
  /** Names a row in messages, such as `file.csv:12`. */
  where?: (row: number) => string
}

/** Share of a step by which stamps may be off the grid before it is said. */
const WORTH_SAYING = 0.1
/** Of stamps without any order the deviation would be 0.29 of a step. */
const UNEVEN = 0.255
/** Steps by which a row may be off a line that all others are on. */
const MOST_OFF = 0.6
/** How fast the grid follows a clock that drifts. */
const FOLLOWING = 0.35
/** Rows in a row that each come after a hole: the rate has changed. */
const HOLES_IN_A_ROW = 20
/** A hole of more samples than this, and of ten times the recording, is a mistake in the file. */
const LARGEST_HOLE = 1_000_000
/** Share of rows that may repeat the stamp of the one before them; more of them are stamps too coarse for the rate. */
const COARSE = 0.3
/** Share of rows that may stand twice in a table whose other rows are even. */
const DOUBLED = 0.05

/** Whether so many missing samples beside these rows are a mistake in the file. */
export const isTooMany = (missing: number, rows: number): boolean => missing > Math.max(LARGEST_HOLE, 10 * rows)

/**
 * The grid is the median step, made exact by all of them. Rows that are missing become NaN, rows that repeat a stamp are dropped, and
 * stamps within half a step of the grid are put onto it. `seconds` does not decrease (see clock_changes.ts).
 * @throws FormatError for fewer than two rows, for stamps that do not increase, and for stamps without an even rate
 */
export function toGrid(seconds: Float64Array, eda: Float64Array, source: string, options: GridOptions = {}): Gridded {
  const n = seconds.length
  if (n < 2) throw new FormatError(`${source}: ${n} samples are too few to tell the sampling rate; give --rate HZ`)
  const isDoubled = holdsDoubles(seconds, eda)
  const rounded = isDoubled ? undefined : evenWithinPrint(seconds, options.digit ?? 0)
  if (rounded !== undefined) return { sampleRate: rounded, eda, notes: [] }
  let repeats = 0
  for (let i = 1; i < n; i++) if (seconds[i]! <= seconds[i - 1]!) repeats++
  if (repeats === n - 1)
    throw new FormatError(`${source}: the time column never increases; give another --time COL, or --rate HZ`)
  return repeats > COARSE * (n - 1)
    ? fromCoarseStamps(seconds, eda, source, options)
    : fromStamps(seconds, eda, source, isDoubled ? { ...options, digit: 0 } : options)
}

/**
 * Whether a few rows stand twice, stamp and value, between rows that all are one step apart: so few share a stamp by the rounding of
 * print only at rates that nothing records at.
 */
function holdsDoubles(seconds: Float64Array, eda: Float64Array): boolean {
  const period = medianStep(seconds)
  let doubles = 0
  for (let i = 1; i < seconds.length; i++) {
    const step = seconds[i]! - seconds[i - 1]!
    if (step > 0 ? Math.abs(step - period) > 1e-3 * period : eda[i] !== eda[i - 1]) return false
    if (!(step > 0)) doubles++
  }
  return doubles > 0 && doubles < DOUBLED * seconds.length
}

/** The rate of rows at even distances whose stamps are off by no more than the rounding of print; undefined for others. */
function evenWithinPrint(seconds: Float64Array, digit: number): number | undefined {
  const [n, first] = [seconds.length, seconds[0]!]
  const span = seconds[n - 1]! - first
  const step = span / (n - 1)
  // Rounding or cutting off leaves a line within one digit; all the same, a rate needs a few digits of span.
  const allowed = digit * (1 + 1e-6) + 1e-9 * span
  if (!(span > 0) || digit > 2 * step) return undefined
  for (let i = 1; i < n; i++) if (Math.abs(seconds[i]! - first - i * step) > allowed) return undefined
  return shortest(1 / step, Math.min(digit / span, 1e-3))
}

function fromStamps(
  seconds: Float64Array,
  eda: Float64Array,
  source: string,
  { digit = 0, where = () => source }: GridOptions,
): Gridded {
  const period = usualStep(seconds, digit)
  const kept = withoutRepeats(seconds, eda, digit >= 0.5 * period)
  const stamps = kept.rows ? Float64Array.from(kept.rows, (row) => seconds[row]!) : seconds
  const rowOf = (i: number): number => kept.rows?.[i] ?? i
  const followed = following(stamps, period, (i) => where(rowOf(i)))
  // Strong jitter looks like holes; holes between stamps that are otherwise even do not look like jitter.
  const isDoubtful = followed.missing > 0 && followed.deviation > WORTH_SAYING * period
  const placed = (isDoubtful ? onLine(stamps) : undefined) ?? followed
  const n = stamps.length
  const { places, deviation, worst, missing, holes, firstHole } = placed
  // Rows in bursts, and a rate that is lower most of the time, leave more holes than rows.
  if ((deviation > UNEVEN * period && worst > digit) || (missing > n && holes > 0.02 * n))
    throw uneven(stepsOf(seconds), source)
  const out = new Float64Array(places[n - 1]! + 1).fill(NaN)
  for (let i = 0; i < n; i++) out[places[i]!] = eda[rowOf(i)]!
  const span = stamps[n - 1]! - stamps[0]!
  const tolerance = Math.min(Math.max(digit, 2 * deviation) / span, 1e-3)
  const notes: string[] = []
  if (kept.repeated > 0)
    notes.push(
      `${rows(kept.repeated)} the time of the row before and ${kept.repeated === 1 ? 'was' : 'were'} dropped, the first at ${where(kept.first)}` +
        (kept.differing > 0 ? `; ${kept.differing} of them had another value` : ''),
    )
  if (missing > 0)
    notes.push(
      `${missing} ${missing === 1 ? 'row is' : 'rows are'} missing in ${holes} ${holes === 1 ? 'place' : 'places'}, the first before ${where(rowOf(firstHole))}`,
    )
  if (worst > WORTH_SAYING * period && worst > 1.001 * digit)
    notes.push(
      `the time stamps jitter by ${short(1e3 * deviation)} ms (root mean square) about an even grid of ${short(1e3 * period)} ms, onto which the samples were put`,
    )
  return { sampleRate: shortest(places[n - 1]! / span, tolerance), eda: out, notes }
}

/** Rows that do not repeat the stamp before them, or all (`rows` is absent): of stamps that are printed too coarsely none repeats. */
function withoutRepeats(seconds: Float64Array, eda: Float64Array, isCoarse: boolean) {
  let [repeated, first, differing] = [0, 0, 0]
  if (isCoarse) return { repeated, first, differing }
  const rows: number[] = [0]
  for (let i = 1; i < seconds.length; i++) {
    if (seconds[i]! > seconds[i - 1]!) rows.push(i)
    else {
      if (repeated++ === 0) first = i
      const kept = rows.at(-1)!
      if (Number.isNaN(eda[kept]!)) rows[rows.length - 1] = i
      else if (eda[i] !== eda[kept] && !Number.isNaN(eda[i])) differing++
    }
  }
  return { repeated, first, differing, ...(repeated > 0 && { rows: Int32Array.from(rows) }) }
}

/** Where on the grid each row lies, and how far off its stamps are. */
interface Placed {
  places: Float64Array
  /** Root mean square, and the largest, in seconds. */
  deviation: number
  worst: number
  missing: number
  holes: number
  firstHole: number
}

/** Rows none of which is missing: all lie within little more than half a step of one line. Undefined where some do not. */
function onLine(stamps: Float64Array): Placed | undefined {
  const n = stamps.length
  const [middle, first] = [(n - 1) / 2, stamps[0]!]
  let [sum, products] = [0, 0]
  for (let i = 0; i < n; i++) {
    sum += stamps[i]! - first
    products += (i - middle) * (stamps[i]! - first)
  }
  const period = products / ((n * (n * n - 1)) / 12)
  let [squares, worst] = [0, 0]
  for (let i = 0; i < n; i++) {
    const off = Math.abs(stamps[i]! - first - sum / n - (i - middle) * period)
    if (off >= MOST_OFF * period) return undefined
    squares += off * off
    worst = Math.max(worst, off)
  }
  const places = Float64Array.from({ length: n }, (_, i) => i)
  return { places, deviation: Math.sqrt(squares / n), worst, missing: 0, holes: 0, firstHole: 0 }
}

/** Rows some of which are missing, on a clock that may drift: each lies where the ones before let expect it, or whole steps behind. */
function following(stamps: Float64Array, period: number, where: (i: number) => string): Placed {
  const n = stamps.length
  const places = new Float64Array(n)
  let predicted = stamps[0]!
  let [squares, worst, missing, holes, firstHole, inARow] = [0, 0, 0, 0, 0, 0]
  for (let i = 1; i < n; i++) {
    const since = stamps[i]! - predicted
    const moved = Math.max(1, Math.round(since / period))
    places[i] = places[i - 1]! + moved
    if (moved > 1) {
      requireHole(moved - 1, n, period, where(i))
      if (holes++ === 0) firstHole = i
      missing += moved - 1
      if (++inARow > HOLES_IN_A_ROW) throw changedRate(where(i))
      // After a hole a recorder may begin anywhere between two places of the grid.
      predicted = stamps[i]!
      continue
    }
    inARow = 0
    const off = since - period
    predicted += period + FOLLOWING * off
    squares += off * off
    worst = Math.max(worst, Math.abs(off))
  }
  return { places, deviation: Math.sqrt(squares / n), worst, missing, holes, firstHole }
}

/** The average of the steps that are near the median one: the median alone has the rounding of print in it. */
function usualStep(seconds: Float64Array, digit: number): number {
  const median = medianStep(seconds)
  let [sum, count] = [0, 0]
  for (let i = 1; i < seconds.length; i++) {
    const step = seconds[i]! - seconds[i - 1]!
    if (step < 0.5 * median - digit || step > 1.5 * median + digit) continue
    sum += step
    count++
  }
  return sum / count
}

/**
 * Several rows share one stamp, such as whole seconds at 4 Hz: the rate is the number of rows between stamps, and rows are spaced
 * evenly.
 */
function fromCoarseStamps(
  seconds: Float64Array,
  eda: Float64Array,
  source: string,
  { where = () => source }: GridOptions,
): Gridded {
  const starts = [0]
  for (let i = 1; i < seconds.length; i++) if (seconds[i]! > seconds[i - 1]!) starts.push(i)
  if (starts.length < 4)
    throw new FormatError(
      `${source}: only ${starts.length} different time stamps; give another --time COL, or --rate HZ`,
    )
  const gaps = starts.slice(1).map((row, g) => seconds[row]! - seconds[starts[g]!]!)
  const counts = starts.slice(1).map((row, g) => row - starts[g]!)
  const step = gaps.slice().sort((a, b) => a - b)[gaps.length >> 1]!
  // The first group may be the end of one, and groups before a hole lack rows.
  const whole = counts.filter((_, g) => g > 0 && gaps[g]! < 1.5 * step)
  const perStamp = whole.reduce((sum, count) => sum + count, 0) / whole.length
  const uneven = whole.filter((count) => Math.abs(count - perStamp) > Math.max(1, 0.2 * perStamp)).length
  if (uneven > 0.05 * whole.length)
    throw new FormatError(
      `${source}: ${leastOf(whole)} to ${largestOf(whole)} rows share one time stamp; need an even rate. ` +
        'Give --rate HZ to ignore the time column',
    )
  const places = new Float64Array(seconds.length)
  let missing = 0
  for (let i = 1, g = 0; i < seconds.length; i++) {
    places[i] = places[i - 1]! + 1
    if (i !== starts[g + 1]) continue
    if (gaps[g]! > 1.5 * step) {
      const lost = Math.max(0, Math.round((gaps[g]! / step) * perStamp) - counts[g]!)
      requireHole(lost, seconds.length, step / perStamp, where(i))
      missing += lost
      places[i]! += lost
    }
    g++
  }
  const out = new Float64Array(places.at(-1)! + 1).fill(NaN)
  for (let i = 0; i < eda.length; i++) out[places[i]!] = eda[i]!
  const notes = [
    `the time stamps come in steps of ${short(step)} s, ${short(perStamp)} rows to one; the rows were spaced evenly between them`,
  ]
  if (missing > 0) notes.push(`about ${missing} rows are missing`)
  return { sampleRate: shortest(perStamp / step, Math.min(1e-2, 1 / whole.length)), eda: out, notes }
}

function requireHole(samples: number, rows: number, period: number, place: string): void {
  if (!isTooMany(samples, rows)) return
  throw new FormatError(
    `${place}: the time jumps by ${short(samples * period)} s here, far more than the recording lasts; repair the time column, ` +
      'or give --rate HZ to ignore it',
  )
}

function uneven(steps: Float64Array, source: string): FormatError {
  const sorted = steps.sort()
  const at = (share: number): string => short(sorted[Math.floor(share * (sorted.length - 1))]!)
  return new FormatError(
    `${source}: time steps are ${at(0)} to ${at(1)} s, half of them ${at(0.25)} to ${at(0.75)} s; need an even rate. Resample it first, or give ` +
      '--rate HZ to ignore the time column',
  )
}

const changedRate = (place: string): FormatError =>
  new FormatError(
    `${place}: rows come at another rate from about here on; cut the file into recordings of one rate each, or give --rate HZ to ignore the time column`,
  )

const rows = (count: number): string => (count === 1 ? '1 row repeats' : `${count} rows repeat`)

const short = (x: number): string => String(Number(x.toPrecision(3)))

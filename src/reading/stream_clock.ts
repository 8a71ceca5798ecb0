// The clock of a stream against that of its recorder, which compared the two every few seconds.
import { stepsOf } from './steps.ts'

export interface ClockReading {
  /** What the stream's clock showed, s. */
  at: number
  /** What to add to it, s. */
  offset: number
}

/** A clock that was set anew, as that of a computer that was started again, jumps by more than it drifts between two readings. */
const RESET_SECONDS = 5

/** Stamps as the recorder's clock would give them: by the line that fits the readings best, one for each time the clock was set. */
export function onRecorderClock(stamps: Float64Array, clock: readonly ClockReading[]): Float64Array {
  const lines = periodsOf(clock).map(fitted)
  if (lines.length === 0) return stamps
  return stamps.map((stamp) => {
    const line = lines.length === 1 ? lines[0]! : nearest(lines, stamp)
    return stamp + line.offset + line.drift * (stamp - line.at)
  })
}

function periodsOf(clock: readonly ClockReading[]): ClockReading[][] {
  const periods: ClockReading[][] = []
  clock.forEach((reading, i) => {
    const before = clock[i - 1]
    const goesOn =
      before !== undefined && reading.at >= before.at && Math.abs(reading.offset - before.offset) < RESET_SECONDS
    if (goesOn) periods.at(-1)!.push(reading)
    else periods.push([reading])
  })
  return periods
}

interface Line {
  /** Means of the readings. */
  at: number
  offset: number
  /** Seconds a second. */
  drift: number
  /** First and last reading. */
  begin: number
  end: number
}

function fitted(readings: readonly ClockReading[]): Line {
  const mean = (of: (reading: ClockReading) => number): number =>
    readings.reduce((sum, reading) => sum + of(reading), 0) / readings.length
  const [at, offset] = [mean((reading) => reading.at), mean((reading) => reading.offset)]
  const spread = mean((reading) => (reading.at - at) ** 2)
  const drift = spread > 0 ? mean((reading) => (reading.at - at) * (reading.offset - offset)) / spread : 0
  return { at, offset, drift, begin: readings[0]!.at, end: readings.at(-1)!.at }
}

/** Samples come before the first reading too, so it is the period that a stamp is least far from. */
function nearest(lines: readonly Line[], stamp: number): Line {
  const away = ({ begin, end }: Line): number => Math.max(begin - stamp, stamp - end, 0)
  return lines.reduce((best, line) => (away(line) < away(best) ? line : best))
}

/** Stamps of a stream that says its rate, as they would be without the jitter of their way. */
export interface Evened {
  stamps: Float64Array
  /** Root mean square of what they were off, s. */
  jitter: number
}

/** A longer step is an interruption, s. */
const BREAK_SECONDS = 1
/** Share of a step by which a stamp may be off the next place. */
const OFF_STEP = 0.25
/** Share of steps that may be off by more. */
const OFTEN = 0.01
/** Nothing that is late by more than this, s, is put in its place by guessing. */
const MOST_JITTER = 0.5

/**
 * Samples that are sent in packets are stamped when the packet arrives, so that stamps jump, and even go back, between evenly spaced
 * samples. They then lie on a line through all of a stretch without interruption. Nothing for stamps whose steps are whole ones of the
 * rate, lost samples and all, and for stamps that no such lines explain.
 */
export function evened(stamps: Float64Array, rate: number): Evened | undefined {
  const period = usualStep(stamps, rate)
  if (!(period > 0) || !isJittery(stamps, period)) return undefined
  const even = new Float64Array(stamps.length)
  const longest = Math.max(BREAK_SECONDS, 3 * period)
  let [from, squares] = [0, 0]
  for (let i = 1; i <= stamps.length; i++) {
    const isEnd = i === stamps.length || Math.abs(stamps[i]! - stamps[i - 1]!) > longest
    if (!isEnd) continue
    const line = lineThrough(stamps.subarray(from, i), period)
    for (let k = from; k < i; k++) {
      even[k] = line.begin + (k - from) * line.step
      const off = stamps[k]! - even[k]!
      if (Math.abs(off) > MOST_JITTER) return undefined
      squares += off * off
    }
    if (from > 0 && even[from]! <= even[from - 1]!) return undefined
    from = i
  }
  return { stamps: even, jitter: Math.sqrt(squares / stamps.length) }
}

/** Within packets steps are those of the device; where each sample is a packet, the rate that the stream says must do. */
function usualStep(stamps: Float64Array, rate: number): number {
  const steps = stepsOf(stamps).sort()
  const median = steps[steps.length >> 1] ?? NaN
  return Math.abs(median * rate - 1) < OFF_STEP ? median : 1 / rate
}

function isJittery(stamps: Float64Array, period: number): boolean {
  let off = 0
  for (let i = 1; i < stamps.length; i++) {
    const steps = (stamps[i]! - stamps[i - 1]!) / period
    if (steps < 1 - OFF_STEP || Math.abs(steps - Math.round(steps)) > OFF_STEP) off++
  }
  return off > OFTEN * stamps.length
}

function lineThrough(stamps: Float64Array, period: number): { begin: number; step: number } {
  const n = stamps.length
  if (n < 3) return { begin: stamps[0]!, step: period }
  const [middle, first] = [(n - 1) / 2, stamps[0]!]
  let [sum, products] = [0, 0]
  stamps.forEach((stamp, i) => {
    sum += stamp - first
    products += (i - middle) * (stamp - first)
  })
  const step = products / ((n * (n * n - 1)) / 12)
  return { begin: first + sum / n - middle * step, step }
}

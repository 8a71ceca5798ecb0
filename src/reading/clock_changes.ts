// Where the time of a table goes back: a clock put back in autumn, midnight, or another recording that begins.
import { FormatError } from '../runtime/errors.ts'
import { medianStep } from './steps.ts'

/** Rows [from, to) of one recording, with stamps that do not decrease. */
export interface Stretch {
  from: number
  to: number
}

export interface Ordered {
  /** Corrected in place where a clock changed. */
  stretches: Stretch[]
  notes: string[]
}

/** What starts again sooner is a counter that overflows, or a table that is upside down. */
const LEAST_SECONDS = 5
/** Seconds after which counters begin again: 16 bits of ms or of 32,768 Hz, 32 bits of µs or ms. */
const OVERFLOWS = [2, 65.536, 4294.967296, 4294967.296]
const HOUR = 3600
const DAY = 86_400

/** What kind of stamps they are. */
export interface ChangeOptions {
  /** They show what a clock on the wall shows. */
  wall: boolean
  where: (row: number) => string
}

/**
 * Parts a column of seconds where its time starts again, and evens out what clocks do: an hour back or forward (summer time), a time of
 * day that begins again at midnight. `seconds` is corrected in place.
 * @throws FormatError for a time that goes back otherwise
 */
export function orderStamps(seconds: Float64Array, { wall, where }: ChangeOptions): Ordered {
  const stretches: Stretch[] = []
  const notes: string[] = []
  const usual = medianStep(seconds)
  let from = 0
  let shift = 0
  let overflowed = 0
  for (let i = 1; i < seconds.length; i++) {
    seconds[i]! += shift
    const step = seconds[i]! - seconds[i - 1]!
    const change = wall ? clockChange(step, usual, seconds[i - 1]! - shift) : undefined
    if (change) {
      seconds[i]! += change.by
      shift += change.by
      notes.push(`${change.says} at ${where(i)}; the recording was read on without a break`)
    } else if (step < 0) {
      // A stamp that is late by less than half a step is jitter.
      const isStray = i + 1 < seconds.length && Math.abs(seconds[i + 1]! + shift - seconds[i - 1]! - 2 * usual) <= usual
      const overflow = OVERFLOWS.find((span) => Math.abs(step + span - usual) <= usual)
      if (-step <= usual / 2) seconds[i] = seconds[i - 1]!
      else if (overflow !== undefined) {
        seconds[i]! += overflow
        shift += overflow
        if (overflowed++ === 0)
          notes.push(`the counter of time overflows, first at ${where(i)}; the recording was read on without a break`)
      } else if (
        !isStray &&
        seconds[i - 1]! - seconds[from]! >= LEAST_SECONDS &&
        isStart(seconds[i]! - shift, seconds[from]!, usual)
      ) {
        seconds[i]! -= shift
        shift = 0
        stretches.push({ from, to: i })
        from = i
      } else
        throw new FormatError(
          `${where(i)}: the time goes back by ${Number((-step).toPrecision(3))} s here; sort the rows, or take the recordings apart (--by COLUMN)`,
        )
    }
  }
  return { stretches: [...stretches, { from, to: seconds.length }], notes }
}

interface Change {
  by: number
  says: string
}

/** `before` is the last stamp as the clock showed it. */
function clockChange(step: number, usual: number, before: number): Change | undefined {
  const near = (expected: number): boolean => Math.abs(step - expected - usual) <= Math.max(usual, 0.05)
  if (near(-HOUR)) return { by: HOUR, says: 'the clock is put back by one hour (end of summer time)' }
  if (near(-DAY)) return { by: DAY, says: 'the time of day begins again (midnight)' }
  const atFullHour = (((before + usual + 0.05) % HOUR) + HOUR) % HOUR < usual + 0.1
  if (near(HOUR) && atFullHour)
    return { by: -HOUR, says: 'the clock is put forward by one hour (beginning of summer time)' }
  return undefined
}

/** A time that starts again does so where the first one did. */
const isStart = (time: number, first: number, usual: number): boolean =>
  Math.abs(time - first) <= Math.max(5 * usual, 1)

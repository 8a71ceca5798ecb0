// The clock of a stream against that of its recorder, which compared the two every few seconds.

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

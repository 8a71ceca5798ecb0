// When the points of a trial were, as far as it is known.

/** A part of the axis of time. */
export interface TimeSpan {
  from: number
  to: number
  /** `s`, or `%` of what was read. */
  unit: 's' | '%'
}

/** All that the network read of a recording of so many seconds; in per cent of it where its length is not known. */
export const readSpan = (dropSeconds: number, seconds: number | undefined): TimeSpan =>
  seconds === undefined ? { from: 0, to: 100, unit: '%' } : { from: dropSeconds, to: seconds, unit: 's' }

/** From one share of a span to another. */
export const partOf = ({ from, to, unit }: TimeSpan, start: number, end: number): TimeSpan => {
  return { from: from + start * (to - from), to: from + end * (to - from), unit }
}

/** What stands under the axis. */
export const titleOf = ({ unit }: TimeSpan): string => (unit === 's' ? 'Time (s)' : 'Share of what was read (%)')

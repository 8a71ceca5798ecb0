// What reading a file yields: one skin-conductance trace on an even grid, with all that the file says of it.

/** A moment as the file writes it. */
export interface StartTime {
  /** Milliseconds since 1970 of the clock on the wall, taken as if it stood in Greenwich. */
  wallMs: number
  /** `Z`, an offset such as `+02:00`, or empty where the file names no zone. */
  zone: string
  /** The file has a time of day but no date: `wallMs` counts from midnight. */
  dateless?: true
}

/** Something that the file says happened. */
export interface Marker {
  /** Seconds after the first sample. */
  seconds: number
  /** Seconds; 0 for a moment. */
  duration: number
  label: string
}

/** One trace of a file; missing samples are NaN. */
export interface Recording {
  /** Hz. */
  sampleRate: number
  /** [samples], in `unit`. */
  eda: Float64Array
  /** Names the file, and the part of it, in messages. */
  source: string
  /** Line of the first sample in the file, where each line is one sample. */
  firstLine?: number
  /** What tells it from the others in its file: a person, a hand, a channel. */
  part?: string
  /** Unit of `eda`; µS if it is absent. */
  unit?: string
  /** Of the first sample. */
  start?: StartTime
  /** What recorded it, as the file names it. */
  recorder?: string
  markers?: readonly Marker[]
  /** Seconds from the first scan, from which the onsets of a study in BIDS count, to the first sample; negative where that is earlier. */
  sinceScan?: number
  /** Skin temperature beside it, °C on an even grid of its own, from the same moment on. */
  temperature?: { sampleRate: number; values: Float64Array }
  /** A sensor on the wrist, which writes about 0 while it is off the skin. */
  wrist?: boolean
  /** What was assumed, repaired or doubted while it was read, a sentence each. */
  notes?: readonly string[]
  /** How the file was read, for `galvani inspect`: format, encoding, separator, columns. */
  reading?: Readonly<Record<string, string | number>>
}

/** ISO 8601 as the file's own clock shows it, with its zone; for a clock without a date, the time of day. */
export function isoTime({ wallMs, zone, dateless }: StartTime, secondsLater = 0): string {
  const text = new Date(Math.round(wallMs + 1000 * secondsLater)).toISOString().slice(0, -1)
  return `${dateless ? text.slice(11) : text}${zone}`
}

// What lines before a table say of it, in the words that people and programs use: rate, start, device, unit.
import { parseLoneStamp, parseStamp } from '../formats/stamp.ts'
import type { StartTime } from './recording.ts'

export interface PreambleFacts {
  /** Hz. */
  sampleRate?: number
  start?: StartTime
  /** What recorded it. */
  recorder?: string
  unit?: string
  /** What the lines leave open. */
  notes: string[]
}

const RATE =
  /^(?:sampling|sample|sampling[_ -]?rate|sample[_ -]?rate|samplerate|abtastrate|fs|sr|frequency|rate|sampling[_ -]?frequency)\b[^:=,;\t\d]*[:=,;\t ]+\s*([\d.,]+)\s*(k?)\s*(?:hz|sps|samples?\/s(?:ec(?:ond)?)?)?\s*$/i
const INTERVAL = /^(?:sampling[_ -]?|sample[_ -]?)?interval\b[^:=,;\t\d]*[:=,;\t ]+\s*([\d.,]+)\s*(ms|msec|s|sec)\s*$/i
const START =
  /^(?:recording[_ ]?)?(?:start|started|start[_ -]?time|start[_ -]?date|begin|date|recorded|recording[_ ]?(?:date|time)|datum|zeitpunkt|startzeit)\b[^:=,;\t\d]*[:=,;\t ]+\s*(.+?)\s*$/i
const RECORDER =
  /^(?:device|device[_ -]?name|ger(?:ä|ae)t|recorder|sensor|hardware|amplifier)\b[^:=,;\t]*[:=,;\t]+\s*(.+?)\s*$/i
const UNIT =
  /^(?:(?:eda|gsr|scl|signal|(?:skin )?conductance)[ _-]*)?(?:units?|einheit)\b[^:=,;\t]*[:=,;\t]+\s*(\S+)\s*$/i

const TIME_OF_DAY =
  /^(?:recording[_ ]?|start[_ ]?)?(?:time|zeit|uhrzeit|startzeit)\b[^:=,;\t\d]*[:=,;\t ]+\s*(\d{1,2}:\d{2}(?::\d{2})?.*?)\s*$/i

/** Reads what it understands; the rest of the lines is of no matter. */
export function preambleFacts(all: readonly string[]): PreambleFacts {
  const lines = all.map((one) =>
    one
      .replace(/^"|"$/g, '')
      .replaceAll('","', ',')
      .replace(/[,;\t]+$/, '')
      .trim(),
  )
  const rate = matched(lines, RATE)
  const interval = matched(lines, INTERVAL)
  const hertz = rate
    ? numberIn(rate[1]!) * (rate[2] === '' ? 1 : 1000)
    : interval && (interval[2]!.startsWith('m') ? 1000 : 1) / numberIn(interval[1]!)
  const start = startIn(lines)
  const recorder = matched(lines, RECORDER)?.[1]
  const unit = matched(lines, UNIT)?.[1]
  return {
    ...(hertz !== undefined && hertz > 0 && { sampleRate: hertz }),
    ...(start && { start: start.moment }),
    ...(recorder !== undefined && { recorder }),
    ...(unit !== undefined && { unit }),
    notes: start?.isOpen ? ['the date of its start was read as day, then month; the file cannot tell'] : [],
  }
}

const matched = (lines: readonly string[], of: RegExp): RegExpExecArray | undefined =>
  lines.map((line) => of.exec(line)).find((found) => found !== null) ?? undefined

/** A date without a time of day, on its line or another one, is no start. */
function startIn(lines: readonly string[]): { moment: StartTime; isOpen: boolean } | undefined {
  const stamps = lines.flatMap((line) => {
    const text = START.exec(line)?.[1]
    const stamp = text === undefined ? undefined : parseLoneStamp(text)
    return stamp && !stamp.dateless ? [{ ...stamp, hasTime: text!.includes(':') }] : []
  })
  const whole = stamps.find(({ hasTime }) => hasTime)
  if (whole) return { moment: { wallMs: whole.wallMs, zone: whole.zone }, isOpen: whole.isOpen }
  const time = parseStamp(matched(lines, TIME_OF_DAY)?.[1] ?? '', 'day-first')
  const [date] = stamps
  if (!date || !time?.dateless) return undefined
  return { moment: { wallMs: date.wallMs + time.wallMs, zone: time.zone }, isOpen: date.isOpen }
}

const numberIn = (text: string): number => Number(text.replace(',', '.'))

// What lines before a table say of it, in the words that people and programs use: rate, start, device, unit.
import { parseStamp } from './stamp.ts'
import type { StartTime } from './recording.ts'

export interface PreambleFacts {
  /** Hz. */
  sampleRate?: number
  start?: StartTime
  /** What recorded it. */
  recorder?: string
  unit?: string
}

const RATE =
  /^(?:sampling|sample|sampling[_ -]?rate|sample[_ -]?rate|samplerate|abtastrate|fs|sr|frequency|rate|sampling[_ -]?frequency)\b[^:=,;\t\d]*[:=,;\t ]+\s*([\d.,]+)\s*(k?)\s*(?:hz|sps|samples?\/s(?:ec(?:ond)?)?)?\s*$/i
const INTERVAL = /^(?:sampling[_ -]?|sample[_ -]?)?interval\b[^:=,;\t\d]*[:=,;\t ]+\s*([\d.,]+)\s*(ms|msec|s|sec)\s*$/i
const START =
  /^(?:recording[_ ]?)?(?:start|started|start[_ -]?time|start[_ -]?date|begin|date|recorded|recording[_ ]?(?:date|time)|datum|zeitpunkt|startzeit)\b[^:=,;\t\d]*[:=,;\t ]+\s*(.+?)\s*$/i
const RECORDER =
  /^(?:device|device[_ -]?name|ger(?:ä|ae)t|recorder|sensor|hardware|amplifier)\b[^:=,;\t]*[:=,;\t]+\s*(.+?)\s*$/i
const UNIT = /^(?:units?|einheit)\b[^:=,;\t]*[:=,;\t]+\s*(\S+)\s*$/i

/** Reads what it understands; the rest of the lines is of no matter. */
export function preambleFacts(lines: readonly string[]): PreambleFacts {
  const facts: PreambleFacts = {}
  for (const line of lines.map((one) => one.replace(/^"|"$/g, '').replaceAll('","', ',').trim())) {
    const rate = RATE.exec(line)
    const interval = INTERVAL.exec(line)
    if (rate) facts.sampleRate ??= numberIn(rate[1]!) * (rate[2] === '' ? 1 : 1000)
    if (interval) facts.sampleRate ??= (interval[2]!.startsWith('m') ? 1000 : 1) / numberIn(interval[1]!)
    const start = parseStamp(START.exec(line)?.[1]?.replace(/[,;\t]+$/, '') ?? '', 'day-first')
    if (start && !start.dateless) facts.start ??= { wallMs: start.wallMs, zone: start.zone }
    const recorder = RECORDER.exec(line)?.[1]?.replace(/[,;\t]+$/, '')
    if (recorder !== undefined) facts.recorder ??= recorder
    const unit = UNIT.exec(line)?.[1]
    if (unit !== undefined) facts.unit ??= unit
  }
  if (!(facts.sampleRate! > 0)) delete facts.sampleRate
  return facts
}

const numberIn = (text: string): number => Number(text.replace(',', '.'))

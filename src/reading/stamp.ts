// Dates and times as files write them.

/** Which comes first in `3/4/2024`. */
export type StampOrder = 'day-first' | 'month-first'

export interface Stamp {
  /** Seconds since 1970 in Greenwich; without a zone, as if the clock stood there; without a date, since midnight. */
  utcSeconds: number
  /** Milliseconds that the clock on the wall shows, counted alike. */
  wallMs: number
  zone: string
  dateless: boolean
}

const YEAR_FIRST = /^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ,]+(.*))?$/
const YEAR_LAST = /^(\d{1,2})[-/.](\d{1,2})[-/.](\d{2,4})(?:[T ,]+(.*))?$/
const BASIC = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})?([.,]\d+)?(Z|[+-]\d{2}:?\d{2})?$/
const NAMED = /^(\d{1,2})[- ]([a-zä]{3,9})\.?[- ](\d{2,4})(?:[ T,]+(.*))?$/i
/** First letters of months, in English and German where these differ. */
const MONTHS = ['jan', 'feb', 'mar|mär|mrz', 'apr', 'may|mai', 'jun', 'jul', 'aug', 'sep', 'oct|okt', 'nov', 'dec|dez']
/** Minutes, seconds and their fraction, as stop watches show them. */
const WATCH = /^(\d{1,3}):(\d{2})[.,](\d+)$/
const TIME =
  /^(\d{1,3}):(\d{2})(?::(\d{2})(?:[.,:](\d+))?)?\s*([ap]\.?m\.?)?\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2}|[+-]\d{2})?$/i

/** A stamp, or undefined for a text that is none. */
export function parseStamp(text: string, order: StampOrder): Stamp | undefined {
  const trimmed = text
    .trim()
    .replace(/ [A-Z]{3,4}$/, (zone) => (zone === ' UTC' || zone === ' GMT' ? 'Z' : ''))
    .replace(BASIC, '$1-$2-$3T$4:$5:$6$7$8')
    .replace(/:(?=[.,Z+-]|$)/, ':00')
  const date = dateOf(trimmed, order)
  const time = timeOf(date ? date.rest : trimmed)
  if (!time || (date && Number.isNaN(date.days))) return undefined
  const wallSeconds = (date ? date.days * 86_400 : 0) + time.seconds
  return {
    utcSeconds: wallSeconds - time.offset,
    wallMs: 1000 * wallSeconds,
    zone: time.zone,
    dateless: date === undefined,
  }
}

function dateOf(text: string, order: StampOrder): { days: number; rest: string } | undefined {
  const first = YEAR_FIRST.exec(text)
  if (first) return { days: daysOf(Number(first[1]), Number(first[2]), Number(first[3])), rest: first[4] ?? '' }
  const named = NAMED.exec(text)
  const month = named ? MONTHS.findIndex((names) => new RegExp(`^(${names})`, 'i').test(named[2]!)) : -1
  if (named && month >= 0) return { days: daysOf(yearOf(named[3]!), month + 1, Number(named[1])), rest: named[4] ?? '' }
  const last = YEAR_LAST.exec(text)
  if (!last) return undefined
  const [day, ofYear] = order === 'day-first' ? [last[1], last[2]] : [last[2], last[1]]
  return { days: daysOf(yearOf(last[3]!), Number(ofYear), Number(day)), rest: last[4] ?? '' }
}

const yearOf = (text: string): number => (text.length <= 2 ? 2000 + Number(text) : Number(text))

/** Days since 1970; NaN for a day that no calendar has. */
function daysOf(year: number, month: number, day: number): number {
  const ms = Date.UTC(year, month - 1, day)
  const back = new Date(ms)
  return back.getUTCMonth() === month - 1 && back.getUTCDate() === day ? ms / 86_400_000 : NaN
}

/** Seconds since midnight; a date without a time is its midnight. */
function timeOf(text: string): { seconds: number; offset: number; zone: string } | undefined {
  if (text === '') return { seconds: 0, offset: 0, zone: '' }
  const watch = WATCH.exec(text)
  if (watch) return { seconds: 60 * Number(watch[1]) + Number(`${watch[2]}.${watch[3]}`), offset: 0, zone: '' }
  const found = TIME.exec(text)
  if (!found) return undefined
  const [, hours, minutes, seconds = '0', fraction = '', half, zone = ''] = found
  if (Number(minutes) > 59 || Number(seconds) > 60) return undefined
  const hour = half === undefined ? Number(hours) : (Number(hours) % 12) + (/^p/i.test(half) ? 12 : 0)
  const whole = hour * 3600 + Number(minutes) * 60 + Number(seconds)
  return { seconds: whole + (fraction === '' ? 0 : Number(`0.${fraction}`)), ...zoneOf(zone) }
}

function zoneOf(text: string): { offset: number; zone: string } {
  if (text === '') return { offset: 0, zone: '' }
  const found = /^([+-])(\d{2}):?(\d{2})?$/.exec(text)
  if (!found) return { offset: 0, zone: 'Z' }
  const [, sign, hours, minutes = '00'] = found
  const seconds = (Number(hours) * 60 + Number(minutes)) * 60
  return { offset: sign === '-' ? -seconds : seconds, zone: `${sign}${hours}:${minutes}` }
}

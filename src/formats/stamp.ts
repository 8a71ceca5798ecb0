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

const YEAR_FIRST = /^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ,_]+(.*))?$/
const YEAR_LAST = /^(\d{1,2})[-/.](\d{1,2})[-/.](\d{2,4})(?:[T ,]+(.*))?$/
/** `20240517T094107.25`, `20240517 09:41:07`, `20240517094107250`. */
const BASIC =
  /^((?:19|20)\d{2})([01]\d)([0-3]\d)[T _-]?([0-2]\d):?([0-5]\d):?(?:([0-6]\d)[.,:]?(\d*))?(Z|[+-]\d{2}:?\d{2})?$/
const NAMED = /^(\d{1,2})\.?[- ](\p{L}{3,9})\.?[- ](\d{2,4})(?:[ T,]+(.*))?$/u
/** `May 17, 2024 9:41:07 AM`; `May 17 09:41:07 2024`. */
const MONTH_DAY = /^(\p{L}{3,9})\.? +(\d{1,2}),? +(\d{4})(?:,? +(.*))?$/u
const TIME_BEFORE_YEAR = /^(\p{L}{3,9} +\d{1,2}) +(\d{1,2}:[\d:.]+) +(\d{4})$/u
/** First letters of months, in English, German, French, Spanish, Portuguese, Italian, Dutch and Hungarian. */
const MONTHS = [
  'jan|ene|gen',
  'feb|fév|fev',
  'mar|mär|mrz|maa|már',
  'apr|avr|abr|ápr',
  'may|mai|mei|mag|máj',
  'jun|juin|jún|giu',
  'jul|juil|júl|lug',
  'aug|aoû|aou|ago',
  'sep|set|szept',
  'oct|okt|out|ott',
  'nov',
  'dec|dez|dic|déc',
].map((names) => new RegExp(`^(${names})`, 'i'))
const WEEKDAY =
  /^(mon|tue|wed|thu|fri|sat|sun|mo|di|mi|do|fr|sa|so|lun|mar|mer|mié|jeu|jue|ven|vie|sam|sáb|dim|dom)[a-zéá]*\.?,? +(?=\p{L}|\d)/iu
/** Minutes, seconds and their fraction, as stop watches show them. */
const WATCH = /^(\d{1,3}):(\d{2})[.,](\d+)$/
/** Python's time spans. */
const SPAN = /^(\d+) days? (\d{1,2}:\d{2}:\d{2}(?:\.\d+)?)$/
const TIME =
  /^T?(\d{1,3}):(\d{1,2})(?::(\d{1,2})(?:[.,:](\d+))?)?\s*([ap]\.?\s?m\.?)?\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2}|[+-]\d{2})?$/i
/** No stamp is longer. */
const LONGEST = 80

/** A stamp, or undefined for a text that is none. */
export function parseStamp(text: string, order: StampOrder): Stamp | undefined {
  if (text.length > LONGEST || !/\d/.test(text)) return undefined
  const plain = plainly(text.trim())
  const span = SPAN.exec(plain)
  const date = dateOf(plain, order)
  const time = timeOf(span ? span[2]! : date ? date.rest : plain)
  if (!time || (date && Number.isNaN(date.days))) return undefined
  const days = span ? Number(span[1]) : (date?.days ?? 0)
  const wallSeconds = days * 86_400 + time.seconds
  return {
    utcSeconds: wallSeconds - time.offset,
    wallMs: 1000 * wallSeconds,
    zone: time.zone,
    dateless: date === undefined,
  }
}

/** A number and its unit of time, as MATLAB writes durations: `0.25 sec`. */
export const TIME_WITH_UNIT = /^(\d[\d.,]*(?:e[+-]?\d+)?) ?(s|secs?|seconds?|ms|msecs?|us|µs|min|minutes?|h|hr|hours?)$/

/** A date, a time of day or both, in either order of day and month, or a time with its unit. */
export const isStamp = (text: string): boolean =>
  (parseStamp(text, 'day-first') ?? parseStamp(text, 'month-first')) !== undefined || TIME_WITH_UNIT.test(text.trim())

/** A stamp of which nothing says the order of day and month, and whether the other order makes another day of it. */
export function parseLoneStamp(text: string): (Stamp & { isOpen: boolean }) | undefined {
  const [day, month] = [parseStamp(text, 'day-first'), parseStamp(text, 'month-first')]
  const found = day ?? month
  return found && { ...found, isOpen: day !== undefined && month !== undefined && day.wallMs !== month.wallMs }
}

/** Days that programs count, from the end of 1899 (Excel), the year 0 (MATLAB) or 4713 BC (Julian days), as those before 1970. */
const DAYS_BEFORE_1970 = [25_569, 719_529, 2_440_587.5]

/** Where a count of days begins, told by its size: days before 1970, for moments of 1982 to 2119. */
export const epochOfDays = (days: number): number | undefined =>
  DAYS_BEFORE_1970.find((before) => days - before >= 4431 && days - before < 54_431)

/** The moment of a count of days. */
export function momentOfDays(days: number): Stamp | undefined {
  const before = epochOfDays(days)
  if (before === undefined) return undefined
  const wallMs = Math.round((days - before) * 86_400_000)
  return { utcSeconds: wallMs / 1000, wallMs, zone: '', dateless: false }
}

/** Without what says nothing or is said twice (weekdays, names of zones), and in one of the notations that are read below. */
const plainly = (text: string): string =>
  (/^[\d/.:,+TZ -]*$/.test(text) ? text : withoutWords(text))
    .replace(BASIC, (_all, ...parts: (string | undefined)[]) => {
      const [year, month, day, hour, minute, second = '00', fraction = '', zone = ''] = parts
      return `${year}-${month}-${day}T${hour}:${minute}:${second}${fraction === '' ? '' : `.${fraction}`}${zone}`
    })
    .replace(/:(?=[.,Z+-]|$)/, ':00')

const withoutWords = (text: string): string =>
  text
    .replace(/\[[\w/+-]+\]$/, '')
    .replace(/^(\d{4})年(\d{1,2})月(\d{1,2})日?/, '$1-$2-$3')
    .replace(/(\d{1,2})[时時点](\d{1,2})分(?:([\d.]+)秒)?$/, '$1:$2:$3')
    .replace(/^(.*?)(上午|下午|午前|午後) ?(\d.*)$/, (_all, date: string, half: string, time: string) =>
      `${date.trim()} ${time} ${/上午|午前/.test(half) ? 'AM' : 'PM'}`.trim(),
    )
    .replace(WEEKDAY, '')
    .replace(TIME_BEFORE_YEAR, '$1 $3 $2')
    .replace(/ [A-Z]{3,4}$/, (zone) => (zone === ' UTC' || zone === ' GMT' ? 'Z' : ''))

function dateOf(text: string, order: StampOrder): { days: number; rest: string } | undefined {
  const first = YEAR_FIRST.exec(text)
  if (first) return { days: daysOf(Number(first[1]), Number(first[2]), Number(first[3])), rest: first[4] ?? '' }
  const named = NAMED.exec(text)
  const american = MONTH_DAY.exec(text)
  const [day, name, year, rest = ''] = named?.slice(1) ?? [american?.[2], american?.[1], american?.[3], american?.[4]]
  const month = name === undefined ? -1 : MONTHS.findIndex((names) => names.test(name))
  if (month >= 0) return { days: daysOf(yearOf(year!), month + 1, Number(day)), rest }
  const last = YEAR_LAST.exec(text)
  if (!last) return undefined
  const [ofMonth, ofYear] = order === 'day-first' ? [last[1], last[2]] : [last[2], last[1]]
  return { days: daysOf(yearOf(last[3]!), Number(ofYear), Number(ofMonth)), rest: last[4] ?? '' }
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

// What a column of time stamps means: its unit or its notation, and the moment of the first sample.
import { FormatError } from '../runtime/errors.ts'
import { isNumber, numberOf, shown, type DecimalMark } from '../formats/cells.ts'
import { folded, wordsOf } from './names.ts'
import { TIME_UNITS, type TimeUnit } from './options.ts'
import type { StartTime } from './recording.ts'
import { epochOfDays, isStamp, parseStamp, TIME_WITH_UNIT, type StampOrder } from '../formats/stamp.ts'
import { largestOf } from '../signal/extremes.ts'

/** Reads the stamps of one column. */
export interface Clock {
  /** Seconds on a scale of its own; NaN for a cell that holds no time. */
  seconds: (cell: string) => number
  /** The moment of a stamp, where the column tells it. */
  start: (cell: string) => StartTime | undefined
  /** Seconds that the last printed digit stands for. */
  digit: (cells: readonly string[]) => number
  /** Stamps show what a clock on the wall shows, which is put forward and back in spring and autumn. */
  wall: boolean
  /** What it was taken for, in a word or two. */
  found: string
  notes: string[]
  /** Dates with the day and the month in the other order, where the first rows do not tell which it is. */
  other?: Clock
}

const SECONDS: Record<TimeUnit, number> = { s: 1, ms: 1e-3, us: 1e-6, ns: 1e-9, min: 60, h: 3600, days: 86_400 }
const NAMES: Record<TimeUnit, string> = {
  s: 'seconds',
  ms: 'milliseconds',
  us: 'microseconds',
  ns: 'nanoseconds',
  min: 'minutes',
  h: 'hours',
  days: 'days',
}

/** How names and rows of units write the unit of time. */
const SPELLINGS: readonly (readonly [TimeUnit, RegExp])[] = [
  [
    'ms',
    /^(m[- ]?s|msecs?|milli|millis|milli[- ]?secs?|mil+i[- ]?(seconds?|secondes?|sekunden?|segundos?|ssegundos?|secondi)|milliszekundum|ezredmasodperc|毫秒|ミリ秒|мс)$/,
  ],
  [
    'us',
    /^([uµ]s|[uµ]secs?|micros|micro[- ]?secs?|mi[ck]ro[- ]?(seconds?|secondes?|sekunden?|segundos?|ssegundos?|secondi)|微秒|мкс)$/,
  ],
  [
    'ns',
    /^(ns|nsecs?|nanos|nano[- ]?secs?|nano[- ]?(seconds?|secondes?|sekunden?|segundos?|ssegundos?|secondi)|纳秒)$/,
  ],
  [
    's',
    /^(s|secs?|seconds?|sekunden?|sekund[ya]?|sekunder|secondes?|segs?|segundos?|secondi|seconden|masodperc|saniye|秒|с|сек|секунды)$/,
  ],
  ['min', /^(min|mins|minutes?|minuten|minutos?|minuti|minuty|minuter|perc|分钟|分|мин)$/],
  ['h', /^(h|hr|hrs|hours?|stunden?|std|heures|horas|小时|ч)$/],
  ['days', /^(days?|datenum|tage)$/],
]

/** The unit of time that a cell of the row of units, or a word of a name, spells. */
const unitSpelt = (word: string): TimeUnit | undefined =>
  SPELLINGS.find(([, spelling]) => spelling.test(folded(word.trim()).toLowerCase()))?.[0]

/** The unit in a column's name: `time_s`, `Time (ms)`, `milliSec`, `timestamp [us]`, `时间（毫秒）`. */
function unitInName(name: string): TimeUnit | undefined {
  const whole = folded(name).replaceAll(/[^\p{L}µ]/gu, '')
  const words = wordsOf(name).map((word) => word.replaceAll(/\d/g, ''))
  return unitSpelt(whole) ?? words.map(unitSpelt).findLast(Boolean)
}

/** What is known of a column before its unit is told. */
export interface TimeColumn {
  name: string
  /** Its cells in the first rows. */
  cells: readonly string[]
  decimal: DecimalMark
  /** From a row of units, or another word of the file. */
  unit?: string
  /** By an option. */
  asked?: TimeUnit
}

/**
 * The clock of a column. Numbers get their unit from the option, the column's name, a row of units, the digits of Unix stamps, or from
 * which units leave a rate at which skin conductance is recorded.
 * @throws FormatError when the cells are no stamps, or may be read in two ways
 */
export function clockOf(column: TimeColumn, source: string): Clock {
  const cells = column.cells.filter((cell) => cell.trim() !== '')
  if (cells.every((cell) => DIGITS.test(cell.trim()) && isStamp(cell))) return stampClock(column, cells, source)
  if (cells.every((cell) => isNumber(cell, column.decimal))) return numberClock(column, cells, source)
  const unit = TIME_WITH_UNIT.exec(cells[0]?.trim() ?? '')?.[2]
  if (unit !== undefined && cells.every((cell) => TIME_WITH_UNIT.exec(cell.trim())?.[2] === unit))
    return withUnit(column, cells, unit, source)
  if (cells.filter(isStamp).length >= 0.8 * cells.length) return stampClock(column, cells, source)
  const odd = cells.find((cell) => !isNumber(cell, column.decimal)) ?? ''
  throw new FormatError(
    `${source}: column '${column.name}' holds '${shown(odd)}', which is no time; give --time COL, or --rate HZ to do without`,
  )
}

/** A date and a time of day in digits alone: `20240517094107.25`. */
const DIGITS = /^(19|20)\d{12}(\d{3}|\d{6})?(\.\d+)?$/

/** Numbers that each have their unit behind them. */
function withUnit(column: TimeColumn, cells: readonly string[], unit: string, source: string): Clock {
  const bare = (cell: string): string => TIME_WITH_UNIT.exec(cell.trim())?.[1] ?? ''
  const clock = numberClock({ ...column, name: unit, unit }, cells.map(bare), source)
  return {
    ...clock,
    seconds: (cell) => clock.seconds(bare(cell)),
    start: (cell) => clock.start(bare(cell)),
    digit: (all) => clock.digit(all.map(bare)),
  }
}

function stampClock(column: TimeColumn, cells: readonly string[], source: string): Clock {
  const { order, isOpen } = orderOf(cells, column.decimal)
  const clock = clockInOrder(column.name, cells, order, source)
  if (!isOpen) return clock
  const other = order === 'day-first' ? 'month-first' : 'day-first'
  const which = order === 'month-first' ? 'month/day' : 'day, then month'
  const example = cells.find((cell) => AMBIGUOUS.test(cell))!.trim()
  return {
    ...clock,
    notes: [`dates such as ${AMBIGUOUS.exec(example)![0]} were read as ${which}; the file cannot tell`],
    other: clockInOrder(column.name, cells, other, source),
  }
}

function clockInOrder(name: string, cells: readonly string[], order: StampOrder, source: string): Clock {
  const first = cells.map((cell) => parseStamp(cell, order)).find((stamp) => stamp !== undefined)
  if (!first)
    throw new FormatError(`${source}: column '${name}' holds '${shown(cells[0]!)}', which is no time; give --time COL`)
  return {
    seconds: (cell) => parseStamp(cell, order)?.utcSeconds ?? NaN,
    start: (cell) => {
      const stamp = parseStamp(cell, order)
      if (!stamp) return undefined
      return { wallMs: stamp.wallMs, zone: stamp.zone, ...(stamp.dateless && { dateless: true as const }) }
    },
    digit: (all) =>
      10 **
      -largestOf(
        all.map((cell) => /:\d{2}[.,](\d+)/.exec(cell)?.[1]!.length ?? 0),
        0,
      ),
    wall: first.zone === '',
    found: first.dateless ? 'time of day' : 'date and time',
    notes: [],
  }
}

const AMBIGUOUS = /^\s*(\d{1,2})([-/.])(\d{1,2})\2\d{2,4}/

/**
 * Day or month first: a number above 12 tells. Otherwise strokes mean month first where the decimal mark is a point, and all else
 * day first, as long as no later row says otherwise.
 */
function orderOf(cells: readonly string[], decimal: DecimalMark): { order: StampOrder; isOpen: boolean } {
  const parts = cells.map((cell) => AMBIGUOUS.exec(cell)).filter((found) => found !== null)
  if (parts.length === 0 || parts.some(([, a]) => Number(a) > 12)) return { order: 'day-first', isOpen: false }
  if (parts.some(([, , , b]) => Number(b) > 12)) return { order: 'month-first', isOpen: false }
  return { order: parts[0]![2] === '/' && decimal === '.' ? 'month-first' : 'day-first', isOpen: true }
}

/** Rows of one recording are not that far from each other. */
const HALF_A_DAY = 43_200

/**
 * Which of two readings of the same dates is right, by all rows: the one in which every row has a time, else the one that has no jump of
 * days where the other has one, as at midnight. Undefined where nothing tells.
 */
export function toldReading(one: Float64Array, other: Float64Array): 'one' | 'other' | 'same' | undefined {
  const count = (seconds: Float64Array, of: (i: number) => boolean): number =>
    seconds.reduce((sum, _, i) => sum + (of(i) ? 1 : 0), 0)
  const missing = [one, other].map((seconds) => count(seconds, (i) => Number.isNaN(seconds[i]!)))
  if (missing[0] !== missing[1]) return missing[0]! < missing[1]! ? 'one' : 'other'
  if (one.every((time, i) => time === other[i])) return 'same'
  const [mine, its] = [one, other].map((seconds) =>
    count(seconds, (i) => i > 0 && Math.abs(seconds[i]! - seconds[i - 1]!) > HALF_A_DAY),
  )
  if (mine === its) return undefined
  return mine! < its! ? 'one' : 'other'
}

/** Unix times between 2001 and 2100, by the unit that their size tells. */
const UNIX: readonly (readonly [TimeUnit, number])[] = [
  ['s', 1],
  ['ms', 1e3],
  ['us', 1e6],
  ['ns', 1e9],
]
/** Windows' files count 100 ns since 1601, .NET since the year 1; these are 1980 to 2200. */
const TICKS: readonly (readonly [number, number, number])[] = [
  [1.19e17, 1.9e17, 116_444_736_000_000_000],
  [6.24e17, 6.95e17, 621_355_968_000_000_000],
]
const TICK_SECONDS = 1e-7
const isUnix = (seconds: number): boolean => seconds >= 9.78e8 && seconds < 4.1e9

function numberClock({ name, decimal, unit, asked }: TimeColumn, cells: readonly string[], source: string): Clock {
  const parse = (cell: string): number => numberOf(cell, decimal) ?? NaN
  const values = cells.map(parse)
  const ticks = asked === undefined ? TICKS.find(([from, to]) => values[0]! >= from && values[0]! < to) : undefined
  if (ticks) return tickClock(parse, values[0]!, ticks[2])
  const { unit: chosen, epoch, notes } = unitOf(values, { name, unit, asked }, source)
  const scale = SECONDS[chosen]
  // Differences of stamps must not lose the digits that a Unix time in ns has too many.
  const base = epoch === undefined ? 0 : values[0]!
  return {
    seconds: (cell) => (parse(cell) - base) * scale,
    start: (cell) => {
      if (epoch === undefined) return undefined
      return { wallMs: Math.round(1e3 * scale * (parse(cell) - epoch.offset)), zone: epoch.zone }
    },
    digit: (all) =>
      scale *
      10 **
        -largestOf(
          all.map((cell) => decimalsOf(cell, decimal)),
          0,
        ),
    wall: epoch?.zone === '',
    found: `${NAMES[chosen]}${epoch === undefined ? '' : epoch.zone === 'Z' ? ' since 1970' : ' of a calendar'}`,
    notes,
  }
}

function tickClock(parse: (cell: string) => number, base: number, epoch: number): Clock {
  return {
    seconds: (cell) => (parse(cell) - base) * TICK_SECONDS,
    start: (cell) => ({ wallMs: Math.round(1e3 * TICK_SECONDS * (parse(cell) - epoch)), zone: '' }),
    digit: () => TICK_SECONDS,
    wall: true,
    found: 'ticks of 100 ns',
    notes: [],
  }
}

function decimalsOf(cell: string, decimal: DecimalMark): number {
  const [digits = '', exponent = '0'] = cell.trim().toLowerCase().split('e')
  return (digits.split(decimal)[1] ?? '').length - Number(exponent)
}

interface Told {
  unit: TimeUnit
  /** Of stamps that count from a date. */
  epoch?: { offset: number; zone: string }
  notes: string[]
}

const FROM_1970 = { offset: 0, zone: 'Z' }
function daysFrom(first: number): { offset: number; zone: string } | undefined {
  const offset = epochOfDays(first)
  return offset === undefined ? undefined : { offset, zone: '' }
}

function unitOf(
  values: readonly number[],
  words: Partial<Record<'name' | 'unit', string | undefined>> & { asked?: TimeUnit | undefined },
  source: string,
): Told {
  const first = values.find((value) => !Number.isNaN(value)) ?? NaN
  const step = medianStep(values)
  const spelt = words.asked ?? unitSpelt(words.unit ?? '') ?? unitInName(words.name ?? '')
  const unix = UNIX.find(([, factor]) => isUnix(first / factor))
  if (
    words.asked === undefined &&
    unix &&
    (spelt === undefined || spelt === unix[0] || !isUnix(first * SECONDS[spelt]))
  )
    return withDoubtedWord(unix[0], spelt, words.name ?? '')
  if (spelt !== undefined) {
    const isDated = isUnix(first * SECONDS[spelt]) && spelt !== 'days'
    const epoch = isDated ? FROM_1970 : spelt === 'days' ? daysFrom(first) : undefined
    requirePlausible(spelt, step, words, source)
    return { unit: spelt, ...(epoch && { epoch }), notes: [] }
  }
  const days = daysFrom(first)
  if (days && isPlausible(step * SECONDS.days) && !isPlausible(step)) return { unit: 'days', epoch: days, notes: [] }
  return byPlausibility(step, words.name ?? '', source)
}

/** The digits of a Unix time outweigh a word such as the `s` of `time_s` over milliseconds; it is said. */
function withDoubtedWord(unit: TimeUnit, spelt: TimeUnit | undefined, name: string): Told {
  const notes =
    spelt === undefined || spelt === unit
      ? []
      : [`column '${name}' says ${NAMES[spelt]}, but its numbers are Unix times in ${NAMES[unit]}; they were read so`]
  return { unit, epoch: FROM_1970, notes }
}

/** Skin conductance is recorded at about 1 to 2000 Hz. */
const isPlausible = (seconds: number): boolean => rateOf(seconds) >= 0.99 && rateOf(seconds) <= 2100
const rateOf = (seconds: number): number => 1 / seconds
/** Rates that devices and programs have; within half a percent. */
const USUAL = [
  1, 2, 3, 4, 5, 8, 10, 12.5, 15, 15.625, 16, 20, 25, 30, 31.25, 32, 40, 50, 51.2, 60, 62.5, 64, 75, 80, 100, 102.4,
  120, 125, 128, 150, 200, 204.8, 220, 250, 256, 300, 400, 500, 512, 600, 700, 750, 800, 1000, 1024, 1200, 1250, 1500,
  2000, 2048,
]
const isUsual = (rate: number): boolean => USUAL.some((usual) => Math.abs(rate / usual - 1) < 0.005)

/** @throws FormatError when a named unit leaves a rate at which nothing is recorded */
function requirePlausible(
  unit: TimeUnit,
  step: number,
  { name, asked }: { name?: string | undefined; asked?: TimeUnit | undefined },
  source: string,
): void {
  const seconds = step * SECONDS[unit]
  if (asked === undefined && step > 0 && !isPlausible(seconds)) {
    const other = TIME_UNITS.find((one) => isUsual(rateOf(step * SECONDS[one])))
    if (other !== undefined)
      throw new FormatError(
        `${source}: column '${name}' says ${NAMES[unit]}, which would be ${short(rateOf(seconds))} Hz (--time-unit ${unit}), and in ` +
          `${NAMES[other]} it would be ${short(rateOf(step * SECONDS[other]))} Hz (--time-unit ${other}); say which`,
      )
  }
  if (asked !== undefined || !(step > 0) || (rateOf(seconds) >= 0.01 && rateOf(seconds) <= 100_000)) return
  throw new FormatError(
    `${source}: column '${name}' says ${NAMES[unit]}, which would be ${short(rateOf(seconds))} Hz; give its unit by --time-unit, or --rate HZ`,
  )
}

/**
 * Without a word of a unit: the units that leave a plausible rate. Seconds win over minutes where they leave a usual rate and minutes do
 * not; what could be two is refused with both.
 */
function byPlausibility(step: number, name: string, source: string): Told {
  if (!(step > 0)) return { unit: 's', notes: [] } // whoever makes the grid complains
  const units = (['s', 'ms', 'min', 'us', 'h', 'days', 'ns'] as const).filter((unit) =>
    isPlausible(step * SECONDS[unit]),
  )
  const usual = units.filter((unit) => isUsual(rateOf(step * SECONDS[unit])))
  const possible = usual.length > 0 && !(usual.length === 1 && usual[0] !== 's' && units.includes('s')) ? usual : units
  const [only, other] = possible
  if (only !== undefined && other === undefined) {
    const notes = only === 's' ? [] : [assumed(name, only, step)]
    return { unit: only, notes }
  }
  if (only === undefined)
    throw new FormatError(
      `${source}: column '${name}' rises by ${short(step)} a row, which is no rate of skin conductance (1 to 2000 Hz) in any unit of time; ` +
        'give --time-unit, another --time COL, or --rate HZ',
    )
  const readings = possible.map(
    (unit) => `${NAMES[unit]} (${short(rateOf(step * SECONDS[unit]))} Hz, --time-unit ${unit})`,
  )
  throw new FormatError(
    `${source}: column '${name}' rises by ${short(step)} a row, which may be ${readings.join(' or ')}; say which`,
  )
}

const assumed = (name: string, unit: TimeUnit, step: number): string =>
  `column '${name}' was taken for ${NAMES[unit]} (${short(rateOf(step * SECONDS[unit]))} Hz): in seconds it would be ` +
  `${short(rateOf(step))} Hz; --time-unit says otherwise`

/** Share of rows that repeat the stamp of the one before from which on stamps are too coarse for the rate. */
const SHARED = 0.3

/** Between distinct stamps; where many rows share one, what a row has of it. */
function medianStep(all: readonly number[]): number {
  const values = all.filter((value) => !Number.isNaN(value))
  const steps = values.slice(1).map((value, i) => value - values[i]!)
  const rising = steps.filter((step) => step > 0).sort((a, b) => a - b)
  const isShared = steps.filter((step) => step === 0).length > SHARED * steps.length
  return isShared ? (values.at(-1)! - values[0]!) / steps.length : (rising[rising.length >> 1] ?? NaN)
}

const short = (x: number): string => String(Number(x.toPrecision(3)))

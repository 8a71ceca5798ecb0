// Units of skin conductance and resistance: how files write them, and how values become microsiemens.
import { FormatError } from '../runtime/errors.ts'
import { folded } from './names.ts'

interface Unit {
  /** As it is shown. */
  name: string
  /** What it is called in headers, metadata and options, in lower case. */
  spellings: readonly string[]
  toMicrosiemens: (value: number) => number
}

const times =
  (factor: number) =>
  (value: number): number =>
    value * factor
/** Of a resistance; one of zero or less has no conductance. */
const inverse =
  (factor: number) =>
  (value: number): number =>
    value > 0 ? factor / value : NaN

const UNITS: readonly Unit[] = [
  {
    name: 'µS',
    spellings: [
      'us',
      'µs',
      'usiemens',
      'µsiemens',
      'microsiemens',
      'micro siemens',
      'umho',
      'µmho',
      'micromho',
      'micro mho',
      'мксм',
      '微西门子',
    ],
    toMicrosiemens: times(1),
  },
  { name: 'nS', spellings: ['ns', 'nsiemens', 'nanosiemens', 'nano siemens'], toMicrosiemens: times(1e-3) },
  { name: 'mS', spellings: ['millisiemens', 'msiemens'], toMicrosiemens: times(1e3) },
  { name: 'S', spellings: ['siemens', 'mho'], toMicrosiemens: times(1e6) },
  {
    name: 'kΩ',
    spellings: ['kω', 'kohm', 'kohms', 'kiloohm', 'kiloohms', 'kilo ohm', 'k ohm', 'ком', '千欧'],
    toMicrosiemens: inverse(1e3),
  },
  {
    name: 'MΩ',
    spellings: ['mω', 'mohm', 'mohms', 'megaohm', 'megaohms', 'megohm', 'mega ohm', 'm ohm', 'мом'],
    toMicrosiemens: inverse(1),
  },
  { name: 'Ω', spellings: ['ω', 'ohm', 'ohms', 'ом', '欧姆'], toMicrosiemens: inverse(1e6) },
]
/** One-letter abbreviations that also stand for seconds: case tells them apart, and only a place where a unit is expected may hold them. */
const CASED: Readonly<Record<string, string>> = { S: 'S', mS: 'mS' }

/** Units of other things, of none, and of what was made of skin conductance, in lower case. */
const FOREIGN =
  /^(m|u|µ|n)?v(olts?)?$|^(m|u|µ|n)?a(mpere)?$|^(deg|°)? ?[cf]$|^(deg)?celsius$|^(bpm|hz|g|%|percent|mmhg|l\/min|m\/s.*)$|^(z|z[- ]?scores?|a\.? ?u\.?|arb.*|raw|adc|counts?|bits?|digits?|lsb|z ?scored|norm(ed|ali[sz]ed)?|standardi[sz]ed|min ?max)$|^(log|ln|log10|sqrt|√)\b/

/** Words of names that need not be a unit: EDA_Raw of NeuroKit2 is in µS, EDA_C is a third one. */
const AMBIGUOUS = /^(raw|[acfgvu]|ma|ua|na)$/i

/** Both code points of mu and of omega are in use. */
const spelt = (text: string): string =>
  folded(text)
    .trim()
    .toLowerCase()
    .replaceAll(/[ _-]+/g, ' ')

/** The unit that `text` as a whole names, if it is one of conductance or resistance. */
export function unitNamed(text: string): Unit | undefined {
  const cased = CASED[text.trim()]
  const name = spelt(text)
  return UNITS.find((unit) => unit.name === cased) ?? UNITS.find(({ spellings }) => spellings.includes(name))
}

const BRACKETED = /[([{<（【]\s*([^)\]}>）】]+?)\s*[)\]}>）】]/

/** The unit that a column's or channel's name carries: `EDA (µS)`, `gsr_kohm`, `Skin Resistance [kOhm]`, `eda_us`. */
export function unitInName(name: string): Unit | undefined {
  const bracketed = BRACKETED.exec(name)?.[1]
  const last = name.split(/[\s_:./-]+/).at(-1)!
  const words = spelt(name.replace(/[([{<（].*/, '')).split(/[\s:./-]+/)
  const word = words.find((one) => one.length > 2 && unitNamed(one) !== undefined)
  return (
    (bracketed === undefined ? undefined : unitNamed(bracketed)) ??
    (last === name ? undefined : unitNamed(last)) ??
    (word === undefined ? undefined : unitNamed(word))
  )
}

/** What the name says of the unit, known or not: the unit in it, or what stands in brackets; nothing for `EDA`. */
export function unitSaidBy(name: string): string | undefined {
  const transformed = /^\s*(log|ln|log10|sqrt)\s*[([]/i.exec(name)?.[1]
  const foreign = name
    .split(/[\s_:./-]+/)
    .findLast((word, i) => i > 0 && FOREIGN.test(spelt(word)) && !AMBIGUOUS.test(word))
  return transformed ?? unitInName(name)?.name ?? BRACKETED.exec(name)?.[1] ?? foreign
}

/** Values in one unit, and what is to be said of it. */
export interface InUnit {
  eda: Float64Array
  unit: string
  notes: string[]
}

/**
 * Values as µS where the unit is known: by `asked` (an option), else by `said` (a header or metadata). Where neither names a unit of
 * conductance or resistance, an asked name is kept as it is, and without one the level must be one that skin has.
 * @throws FormatError for values that cannot be µS and whose unit nothing says
 */
export function inMicrosiemens(
  eda: Float64Array,
  source: string,
  asked: string | undefined,
  said: string | undefined,
): InUnit {
  const known = unitNamed(asked ?? said ?? '')
  if (known) return withDoubt(converted(eda, known, asked === undefined && known.name !== 'µS'), known.name)
  if (asked !== undefined) return { eda, unit: asked, notes: [] }
  if (said !== undefined && FOREIGN.test(spelt(said)))
    throw new FormatError(
      `${source}: its unit is ${said}, which is none of skin conductance; name the unit by --unit (us, kohm …; another name keeps the numbers)`,
    )
  const doubt = doubtOfLevel(eda, source)
  if (said !== undefined && said !== '') {
    if (doubt.refusal === undefined)
      return {
        eda,
        unit: 'µS',
        notes: [`its unit '${said}' is not known; taken for µS, since its level is one of skin`],
      }
    throw new FormatError(`${doubt.refusal} Its file calls the unit '${said}'`)
  }
  if (doubt.refusal !== undefined) throw new FormatError(doubt.refusal)
  return { eda, unit: 'µS', notes: doubt.notes }
}

function converted(eda: Float64Array, { name, toMicrosiemens }: Unit, say: boolean): InUnit {
  if (name === 'µS') return { eda, unit: 'µS', notes: [] }
  return {
    eda: eda.map((value) => toMicrosiemens(value)),
    unit: 'µS',
    notes: say ? [`its values are in ${name} and were converted to µS`] : [],
  }
}

/** A level that skin does not have, though the unit is named. */
function withDoubt(inUnit: InUnit, named: string): InUnit {
  const { median, largest, least } = levelOf(inUnit.eda)
  if (largest === least || !(Math.abs(median) > LARGEST_LEVEL || (median >= 0 && median < LEAST_LEVEL && least >= 0)))
    return inUnit
  const level = `in ${named} its level is ${Number(median.toPrecision(3))} µS, and skin has ${LEAST_LEVEL} to ${LARGEST_LEVEL} µS`
  const why = median > LARGEST_LEVEL ? 'the unit may be another' : 'the sensor was off the skin, or the unit is another'
  return { ...inUnit, notes: [...inUnit.notes, `${level}: ${why} (--unit)`] }
}

/** Skin has 0.01 to 100 µS (Boucsein, "Electrodermal Activity", 2nd ed., 2012, gives 1 to 40 for most people's hands). */
const LEAST_LEVEL = 0.01
const LARGEST_LEVEL = 100
/** A recording in siemens lies below this, one in µS off the skin does not. */
const SIEMENS = 1e-3

function doubtOfLevel(eda: Float64Array, source: string): { refusal?: string; notes: string[] } {
  const { median, largest, least } = levelOf(eda)
  const level = Number(median.toPrecision(3))
  const keep = 'another name, such as --unit counts, keeps the numbers as they are'
  if (Number.isNaN(median) || largest === least) return { notes: [] }
  if (Math.abs(median) > LARGEST_LEVEL)
    return {
      notes: [],
      refusal:
        `${source}: a level of ${level} is no skin conductance in µS (${LEAST_LEVEL} to ${LARGEST_LEVEL}); if it is a ` +
        `resistance give --unit kohm (or ohm), if it is in nS --unit ns; for raw counts of a converter, ${keep}.`,
    }
  if (largest > 0 && largest < SIEMENS && least >= 0)
    return {
      notes: [],
      refusal:
        `${source}: a level of ${level} is no skin conductance in µS (${LEAST_LEVEL} to ${LARGEST_LEVEL}); ` +
        `if its unit is siemens give --unit S, if it is millisiemens --unit mS; ${keep}.`,
    }
  if (median >= 0 && median < LEAST_LEVEL && least >= 0)
    return {
      notes: [
        `a level of ${level} µS is less than skin has (${LEAST_LEVEL} µS): the sensor was off the skin, or the unit is another (--unit mS)`,
      ],
    }
  if (eda.every((value) => Number.isNaN(value) || Number.isInteger(value)))
    return {
      notes: [
        'all values are whole numbers, as raw counts of a converter are; --unit counts keeps them, --unit us says µS',
      ],
    }
  return { notes: [] }
}

/** Median of at most some ten thousand samples, and the extremes of all. */
function levelOf(eda: Float64Array): { median: number; least: number; largest: number } {
  let [least, largest] = [Infinity, -Infinity]
  const step = Math.max(1, Math.floor(eda.length / 10_000))
  const some: number[] = []
  for (let i = 0; i < eda.length; i++) {
    const value = eda[i]!
    if (Number.isNaN(value)) continue
    if (value < least) least = value
    if (value > largest) largest = value
    if (i % step === 0) some.push(value)
  }
  some.sort((a, b) => a - b)
  return { median: some[some.length >> 1] ?? NaN, least, largest }
}

// Which column or channel is skin conductance, by its name.
import { FormatError } from '../runtime/errors.ts'
import { wordsOf } from './names.ts'
import { unitInName } from './unit.ts'
import { largestOf } from '../signal/extremes.ts'

/** How likely a name is one of skin conductance: 3 by name, 2 by its kind, 1 a resistance of the skin, 0 not. */
export function conductanceScore(name: string): number {
  const words = wordsOf(name).map((word) => word.replace(/(?<=[a-z])\d{1,2}$/, '')) // GSR1, EDA2
  const has = (...some: string[]): boolean => some.some((word) => words.includes(word))
  const text = words.join(' ')
  if (has('time', 'timestamp', 'unix', 'date', 'elapsed')) return 0
  if (has('tonic', 'phasic', 'driver', 'residual', 'quality', 'range', 'peaks', 'onsets', 'amplitude', 'height'))
    return 0
  if (RESISTANCE.test(text)) return 1
  if (words.some((word) => /^(eda|gsr)(100c|bit|bitrev)?$/.test(word)) || has('scl') || BY_NAME.test(text)) return 3
  if (has('scr', 'sc', 'galvanic', 'ea') || BY_KIND.test(text)) return 2
  return unitInName(name) === undefined ? 0 : 2
}

/** In the languages of those who record it, without accents. */
const RESISTANCE = /\bresist|hautwiderstand|borellenall|皮肤电阻|皮膚抵抗|сопротивлени/
const BY_NAME =
  /skin ?cond|ele[ck]tro ?derm|hautleit|borvezet|huidgeleid|hudkonduk|皮肤电|皮电|皮膚電|皮膚コン|кожн\S* проводимост|\bкгр\b|\bэда\b/
const BY_KIND = /\b(conduct|condut|konduk|leitf|leitwert|geleiding|przewodn|galvanic|导|導)|电导|проводимост/

/** Other things that are recorded beside skin conductance. */
const OTHERS =
  /^(temp|temperature|temperatur|hr|heart|herz|pulse|puls|ibi|rr|ecg|ekg|emg|eeg|eog|resp|respiration|breath|atem|bvp|ppg|spo2|acc|accel|acceleration|gyro|mag|battery|batterie|bat|quality|light|noise|pressure|humidity|events?|markers?|trigger|label|stimulus|condition|status|counter|x|y|z|tonic|phasic|driver|residual|peaks|onsets)$/

/** Whether a column of this name may be skin conductance though it does not say so. */
export const mayBeConductance = (name: string): boolean =>
  !wordsOf(name).some((word) => OTHERS.test(word.replace(/(?<=[a-z])\d{1,2}$/, '')))

/**
 * Indices of the columns or channels of skin conductance: those asked for by name, else the one that is likeliest. `among` says what
 * they are in messages.
 * @throws FormatError when a name is not there, or none or several could be it
 */
export function conductanceAmong(
  names: readonly string[],
  asked: readonly string[] | undefined,
  source: string,
  among: 'columns' | 'channels' = 'columns',
): number[] {
  if (asked) return asked.map((name) => indexOfName(names, name, source, among))
  const scores = names.map(conductanceScore)
  const best = largestOf(scores, 0)
  const found = [...names.keys()].filter((i) => best > 0 && scores[i] === best)
  if (found.length === 1) return found
  if (names.length === 0) throw new FormatError(`${source}: it has no ${among} of samples`, { noRecording: true })
  const one = conductanceOfStem(found, names)
  if (one !== undefined) return [one]
  if (found.length === 0)
    throw new FormatError(
      `${source}: cannot tell which of its ${among} is skin conductance; give --eda NAME, one of ${listed(names)}`,
      { noRecording: true },
    )
  throw new FormatError(
    `${source}: ${found.length} ${among} could be skin conductance: ${listed(found.map((i) => names[i]!))}; give --eda NAME, ` +
      'more than once for a recording of each',
  )
}

/** What names of one sensor say beside its name: GSR_US of Gazepoint beside GSR, which is its resistance. */
const FORMS = /^(us|µs|micro|siemens|microsiemens|skin|conductance|raw|cal|uncal|adc|kohms?|ohms?|resistance)$/

/** Of several columns of one sensor the one that says it is a conductance. */
function conductanceOfStem(found: readonly number[], names: readonly string[]): number | undefined {
  const stems = new Set(
    found.map((i) =>
      wordsOf(names[i]!)
        .filter((word) => !FORMS.test(word))
        .join(' '),
    ),
  )
  const conductances = found.filter((i) => /conductance/i.test(names[i]!) || unitInName(names[i]!)?.name === 'µS')
  return stems.size === 1 && conductances.length === 1 ? conductances[0] : undefined
}

/** Case does not matter where that leaves one. @throws FormatError when there is no such name, or it stands twice */
export function indexOfName(
  names: readonly string[],
  wanted: string,
  source: string,
  among: 'columns' | 'channels' = 'columns',
): number {
  const exact = [...names.keys()].filter((i) => names[i] === wanted)
  const folded = [...names.keys()].filter((i) => names[i]!.trim().toLowerCase() === wanted.trim().toLowerCase())
  const found = exact.length > 0 ? exact : folded
  if (found.length === 1) return found[0]!
  if (found.length === 0)
    throw new FormatError(`${source}: no '${wanted}' among its ${among}; they are ${listed(names)}`)
  throw new FormatError(`${source}: ${found.length} ${among} are called '${wanted}'; rename one`)
}

/** At most a dozen names, so that a wide table does not fill the screen. */
export function listed(names: readonly string[]): string {
  const shown = names.slice(0, 12).join(', ')
  return names.length > 12 ? `${shown} and ${names.length - 12} more` : shown
}

// What may be said of a number by fixed rules: against the reported one, against chance, and against the best baseline.
import type { BesideBaseline, Judgement, ScoreName } from '../../evaluation/judgement.ts'
import type { Interval } from '../../evaluation/statistics.ts'
import { BASELINE_NAMES } from '../../report/baseline_names.ts'
import type { Cell } from '../collected.ts'
import { COMPARED } from './long_table.ts'

/** What a sheet's models are set against their baselines by. */
export const comparedBy = (scores: readonly ScoreName[]): (typeof COMPARED)[number] =>
  COMPARED.find((score) => scores.includes(score)) ?? 'balancedAccuracy'

/** The baseline that does best, of all that say something. */
export function bestBaseline(judgement: Judgement, score: ScoreName): BesideBaseline | undefined {
  const defined = judgement.baselines.filter(({ scores }) => !Number.isNaN(scores[score]))
  return defined.reduce<BesideBaseline | undefined>(
    (best, one) => (best && best.scores[score] >= one.scores[score] ? best : one),
    undefined,
  )
}

/** What the labels can be read off without a model: where the interval of balanced accuracy must hold a half. */
const CHANCE = 0.5

/** Not a number, or not there: nothing can be said by it. */
export const isKnown = (value: number | undefined): value is number => value !== undefined && !Number.isNaN(value)
const holds = ({ low, high }: Interval, value: number): boolean => low <= value && value <= high

/** Whether a model is no better than chance; undefined where no interval says so. */
function isChance({ intervals }: Judgement): boolean | undefined {
  const interval = intervals?.balancedAccuracy
  return interval && isKnown(interval.low) ? interval.low <= CHANCE : undefined
}

/** Whether a control is where it must be: its interval holds a half. */
export function isAtChance({ intervals }: Judgement): boolean {
  const interval = intervals?.balancedAccuracy
  return interval !== undefined && isKnown(interval.low) && holds(interval, CHANCE)
}

/** Of a negative control, which may leave chance on neither side. */
function controlVerdict(judgement: Judgement): string {
  const interval = judgement.intervals?.balancedAccuracy
  if (!interval || !isKnown(interval.low)) return 'control without an interval of balanced accuracy: says nothing'
  if (isAtChance(judgement)) return 'control: at chance, as it must be'
  return interval.low > CHANCE
    ? 'CONTROL ABOVE CHANCE: a leak, or one of the few in a hundred that miss by chance'
    : 'CONTROL BELOW CHANCE: one of the few in a hundred that miss by chance, or folds that oppose their labels'
}

/** Against the reported number. */
function gapVerdict(ours: number, interval: Interval | undefined, reported: number | undefined): string {
  if (!isKnown(reported)) return 'nothing was reported'
  if (!interval || !isKnown(interval.low)) return 'without an interval, no comparison with the reported number'
  if (holds(interval, reported)) return 'the interval holds the reported number'
  return ours < reported ? 'below the reported number' : 'above the reported number'
}

/** Against chance and the best baseline. */
export function standing(judgement: Judgement, score: ReturnType<typeof comparedBy>, leaks: boolean): string {
  if (isChance(judgement) === true) return 'no better than chance'
  const best = bestBaseline(judgement, score)
  if (!best) return 'no baseline'
  const { low, high } = best.difference[score]
  const name = BASELINE_NAMES[best.name]
  if (!isKnown(low)) return `without an interval, no comparison with ${name}`
  if (high < 0) return `behind ${name}`
  if (low <= 0) return `not ahead of ${name}`
  return leaks ? `ahead of ${name}` : `ahead of ${name}: to be treated as a leak until shown otherwise`
}

export function verdictOf(
  cell: Cell | undefined,
  score: ScoreName,
  of: { leaks: boolean; scores: readonly ScoreName[] },
): string {
  if (!cell) return 'not run'
  if (!cell.judgement) return cell.missing === undefined ? 'not finished' : `not run: ${cell.missing}`
  const { judgement, control, reported } = cell
  const leak = of.leaks ? ['LEAKS, and says nothing of new people'] : []
  if (control) return [...leak, controlVerdict(judgement)].join('; ')
  const ours = judgement.scores[score]
  if (!isKnown(ours)) return [...leak, 'the score is not defined'].join('; ')
  const gap = gapVerdict(ours, judgement.intervals?.[score], reported?.[score])
  return [...leak, gap, standing(judgement, comparedBy(of.scores), of.leaks)].join('; ')
}

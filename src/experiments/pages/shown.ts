// Numbers as tables, figures and sentences show them.
import { SCORES, type ScoreName } from '../../evaluation/judgement.ts'
import { decimals } from '../../report/tables.ts'
import type { Spread } from '../../evaluation/statistics.ts'

export const SCORE_NAMES: Record<ScoreName, string> = {
  ...{ accuracy: 'Accuracy', balancedAccuracy: 'Balanced accuracy', f1: 'F1', macroF1: 'Macro F1' },
  ...{ precision: 'Precision', recall: 'Recall', auc: 'AUC', mcc: 'MCC', brier: 'Brier score' },
}

/** Scores that are shown in per cent; others as they are. */
const SHARES: ReadonlySet<ScoreName> = new Set(SCORES.filter((score) => score !== 'mcc' && score !== 'brier'))

/** A score as tables show it: per cent with one decimal, or two decimals; a dash where it is not defined. */
export function shown(score: ScoreName, value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return '–'
  return SHARES.has(score) ? decimals(100 * value, 1) : decimals(value, 2)
}

/** The same of a difference, with its sign. */
export const shownGap = (score: ScoreName, gap: number): string => shown(score, gap).replace(/^(?=\d)/, '+')

/** An interval, in brackets. */
export const shownRange = (score: ScoreName, { low, high }: { low: number; high: number }): string =>
  `[${shown(score, low)}, ${shown(score, high)}]`

/** Mean and standard deviation, as the field prints them; nothing where there is no deviation. */
export const shownSpread = (score: ScoreName, spread: Spread | undefined): string | undefined =>
  spread && !Number.isNaN(spread.sd) ? `${shown(score, spread.mean)} ± ${shown(score, spread.sd)}` : undefined

/** Its unit, after a number or in the head of a column. */
export const unitOf = (score: ScoreName): string => (SHARES.has(score) ? ' %' : '')

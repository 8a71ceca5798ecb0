// A model's scores beside its baselines, what it has more than each, and how sure all of that is.

import type { Judgement, ScoreName } from '../evaluation/judgement.ts'
import type { Interval } from '../evaluation/statistics.ts'
import type { SubjectLabels } from '../evaluation/labels.ts'
import { BASELINE_NAMES } from './baseline_names.ts'
import { decimals, percent, table, type Row } from './tables.ts'

/** Scores that are shown, and what their columns are called. */
const SHOWN: readonly (readonly [ScoreName, string])[] = [
  ['accuracy', 'Accuracy %'],
  ['balancedAccuracy', 'Balanced %'],
  ['f1', 'F1 high %'],
  ['macroF1', 'Macro F1 %'],
  ['auc', 'AUC %'],
  ['mcc', 'MCC'],
  ['brier', 'Brier'],
]
const PLAIN: readonly ScoreName[] = ['mcc', 'brier']

const decimal = (value: number): string => (Number.isFinite(value) ? decimals(value, 3) : '–')
const write = (name: ScoreName, value: number): string => (PLAIN.includes(name) ? decimal(value) : percent(value))
export const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

/** Those that more than two classes have as well. */
const OF_ANY: readonly ScoreName[] = ['accuracy', 'balancedAccuracy', 'macroF1']

/** The model, its interval and its spread over folds and seeds, and every baseline. */
export function scoreTable(
  { trials, folds, seeds, scores, intervals, overFolds, overSeeds, baselines }: Judgement,
  classes: number,
): string {
  const shown = SHOWN.filter(([name]) => classes === 2 || OF_ANY.includes(name))
  const cells = (of: (name: ScoreName) => string): string[] => shown.map(([name]) => of(name))
  const range = (name: ScoreName): string => {
    const of = intervals?.[name]
    return of ? `${write(name, of.low)} to ${write(name, of.high)}` : ''
  }
  const spread = (spreads: Judgement['overSeeds']) => (name: ScoreName) => {
    const of = spreads?.[name]
    return of && Number.isFinite(of.sd) ? `${write(name, of.mean)} ± ${write(name, of.sd)}` : ''
  }
  const rows: Row[] = [{ cells: ['Model', String(trials), ...cells((name) => write(name, scores[name]))], model: true }]
  if (intervals) rows.push({ cells: ['95 % interval over people', '', ...cells(range)], model: true })
  const repeated = seeds.length > 1 ? ` and ${seeds.length} seeds` : ''
  if (folds > 1)
    rows.push({ cells: [`mean ± s.d. over ${folds} folds${repeated}`, '', ...cells(spread(overFolds))], model: true })
  if (overSeeds)
    rows.push({ cells: [`mean ± s.d. over ${seeds.length} seeds`, '', ...cells(spread(overSeeds))], model: true })
  for (const { name, trials: own, scores: theirs } of baselines)
    rows.push({
      cells: [capitalised(BASELINE_NAMES[name]), String(own), ...cells((score) => write(score, theirs[score]))],
    })
  return table(['', 'Trials', ...shown.map(([, head]) => head)], rows)
}

const signed = (share: number): string => decimals(100 * share, 1).replace(/^(?=\d)/, '+')

/** What the model has more than each baseline, in points, on the trials of which that says something. */
export function differenceTable({ baselines, folds }: Judgement, classes: number): string {
  const difference = ({ mean, low, high }: Interval & { mean: number }): string => {
    if (!Number.isFinite(mean)) return '–'
    return Number.isFinite(low) ? `${signed(mean)} (${signed(low)} to ${signed(high)})` : signed(mean)
  }
  const rows = baselines.map(({ name, trials, difference: of, wilcoxon }) => ({
    cells: [
      capitalised(BASELINE_NAMES[name]),
      String(trials),
      ...[of.accuracy, of.balancedAccuracy, ...(classes === 2 ? [of.f1] : [])].map(difference),
      ...(folds > 1 ? [wilcoxon ? pValue(wilcoxon.p) : '–'] : []),
    ],
  }))
  const heads = ['Model less …', 'Trials', 'Accuracy', 'Balanced accuracy', ...(classes === 2 ? ['F1 high'] : [])]
  return table([...heads, ...(folds > 1 ? ['Wilcoxon p'] : [])], rows)
}

/** What stands under both tables: what intervals are of, what the tests can say, and the permutation test. */
export function judgementNotes({ intervals, folds, permutation, baselines }: Judgement, classes: number): string[] {
  const floor = baselines.find(({ wilcoxon }) => wilcoxon)?.wilcoxon?.floor
  return [
    intervals
      ? 'Intervals are of 95 %, by bootstrap over people; differences are of the model less the baseline, in points, on the same trials.'
      : 'No bootstrap intervals: they need several people.',
    folds > 1 && floor !== undefined
      ? `Exact Wilcoxon signed-rank tests compare accuracies by fold; with ${folds} folds p cannot be less than ${pValue(floor)}.`
      : 'No signed-rank test: it needs several folds, and a baseline.',
    `Labels shuffled within each person are predicted as well with p ${permutation < 0.001 ? '' : '= '}${pValue(permutation)}${classes === 2 ? ' (exact)' : ''}.`,
  ]
}

export const pValue = (p: number): string => (p < 0.001 ? '< 0.001' : p.toFixed(3))

/** A row a person: how well known, and how their ratings became labels. */
export function subjectTable(
  { bySubject }: Judgement,
  classes: number,
  labelled: readonly SubjectLabels[] = [],
): string {
  if (classes > 2)
    return table(
      ['Person', 'Trials', 'Accuracy %'],
      bySubject.map(({ subject, trials, accuracy }) => ({ cells: [subject, String(trials), percent(accuracy)] })),
    )
  const thresholds = new Map<string, string>()
  for (const { subject, threshold } of labelled)
    if (threshold !== undefined)
      thresholds.set(subject, [...(thresholds.get(subject)?.split(' / ') ?? []), threshold.toFixed(2)].join(' / '))
  const rows = bySubject.map(({ subject, trials, accuracy, high }) => ({
    cells: [
      subject,
      String(trials),
      percent(high),
      ...(thresholds.size > 0 ? [thresholds.get(subject) ?? '–'] : []),
      percent(Math.max(high, 1 - high)),
      percent(accuracy),
    ],
  }))
  const heads = ['Person', 'Trials', 'High %', ...(thresholds.size > 0 ? ['High above'] : [])]
  return table([...heads, 'Own majority %', 'Accuracy %'], rows)
}

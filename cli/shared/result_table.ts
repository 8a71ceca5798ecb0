import type { BesideBaseline, Judgement, TwoClassScores } from '../../src/evaluation/judgement.ts'
import { doubtOfLabels } from '../../src/evaluation/labels.ts'
import type { Interval } from '../../src/evaluation/statistics.ts'
import { BASELINE_NAMES } from '../../src/report/baseline_names.ts'
import { choiceTable } from '../../src/report/choices.ts'
import type { RunSummary } from '../../src/train/run_summary.ts'
import type { Seen } from '../../src/train/trained_run.ts'
import { percent, table } from './output.ts'

type Shown = Pick<TwoClassScores, 'accuracy' | 'balancedAccuracy' | 'f1' | 'macroF1'>

/** A line of a table: whose scores, on how many trials, and what the model has more. */
export interface ResultRow {
  name: string
  trials: number
  scores: Shown
  difference?: BesideBaseline['difference']
}

/** A score that is not defined is no number. */
const score = (value: number): string => (Number.isFinite(value) ? percent(value) : 'none')
const points = (value: number): string => `${value < 0 ? '' : '+'}${(100 * value).toFixed(1)}`
const range = ({ low, high }: Interval, write = (x: number) => (100 * x).toFixed(1)): string =>
  Number.isFinite(low) ? ` (${write(low)} to ${write(high)})` : ''

/** F1 of high is of two classes alone. */
function cells({ name, trials, scores, difference }: ResultRow, isOfTwo: boolean): string[] {
  const more = difference?.balancedAccuracy
  return [
    name,
    String(trials),
    ...[scores.accuracy, scores.balancedAccuracy, ...(isOfTwo ? [scores.f1] : []), scores.macroF1].map(score),
    more && Number.isFinite(more.mean) ? points(more.mean) + range(more, points) : '',
  ]
}

/** The model and all that it must stand beside, each baseline on the trials of which it says something. */
export const judgedRows = ({ trials, scores, baselines }: Judgement): ResultRow[] => [
  { name: 'model', trials, scores },
  ...baselines.map(({ name, ...rest }) => ({ name: BASELINE_NAMES[name], ...rest })),
]

/** Results as text, with what is to be known of their labels and the intervals of the model's scores. */
export function resultTable(
  title: string,
  rows: readonly ResultRow[],
  { intervals, labels, classes }: Pick<Judgement, 'intervals'> & { labels: string; classes: number },
): string {
  const doubt = doubtOfLabels(labels)
  const interval = (name: string, of: Interval | undefined): string[] =>
    of && Number.isFinite(of.low) ? [`${name} ${percent(of.low)} to ${percent(of.high)}`] : []
  const known = [
    ...interval('accuracy', intervals?.accuracy),
    ...interval('balanced accuracy', intervals?.balancedAccuracy),
  ]
  const chance = known.length > 0 ? `\n95 % intervals of the model over subjects: ${known.join(', ')}` : ''
  const isOfTwo = classes === 2
  const heads = [
    '',
    'trials',
    'accuracy',
    'balanced',
    ...(isOfTwo ? ['F1 high'] : []),
    'macro F1',
    'model more, balanced',
  ]
  return `${title}\n${table(
    heads,
    rows.map((row) => cells(row, isOfTwo)),
  )}${chance}${doubt === undefined ? '' : `\n${doubt}`}`
}

export const datasetTitle = (dimension: string, { name, synthetic }: { name: string; synthetic: boolean }): string =>
  `${dimension}, ${name}${synthetic ? ' (synthetic)' : ''}`

/** The pooled result of a run beside its baselines, as text. */
export function runTable({
  pooled: { judgement, model },
  dimension,
  labels,
  dataset,
  folds,
  results,
}: Pick<RunSummary, 'pooled' | 'dimension' | 'labels' | 'folds' | 'results'> & {
  dataset: { name: string; synthetic: boolean }
}): string {
  const subjects = folds.subjectIndependent ? 'people never seen in training' : 'people partly seen in training'
  const title = `${datasetTitle(dimension, dataset)}: ${results.length} of ${folds.count} folds, ${subjects}`
  const scores = resultTable(title, judgedRows(judgement), { ...judgement, labels, classes: model.support.length })
  const choice = choiceTable(results)
  return choice ? `${scores}\nvalidation loss by settings:\n${table(choice.heads, choice.rows)}` : scores
}

export function describeSeen({ seenSubjects, seenTrials }: Seen, trials: number): string {
  if (seenSubjects === 0) return 'people never seen in training'
  return `${seenTrials} of ${trials} trials are of ${seenSubjects} people seen in training`
}

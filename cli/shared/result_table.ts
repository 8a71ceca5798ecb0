import { doubtOfLabels } from '../../src/evaluation/labels.ts'
import type { ClassificationMetrics } from '../../src/evaluation/metrics.ts'
import type { PooledResult, RunSummary } from '../../src/train/run_summary.ts'
import type { Seen } from '../../src/train/trained_run.ts'
import { percent, table } from './output.ts'

export type ResultRow = readonly [name: string, metrics: ClassificationMetrics]

/** F1 of high is of two classes alone. */
const cells = ([name, m]: ResultRow): string[] => [
  ...[name, String(m.count), percent(m.accuracy), percent(m.balancedAccuracy)],
  ...(m.positive ? [percent(m.positive.f1)] : []),
  percent(m.macro.f1),
]

/** The model and all that it must stand beside. */
export function pooledRows({ model, baselines: { majority, svm, song } }: PooledResult): ResultRow[] {
  const rows: ResultRow[] = [
    ['model', model],
    ['majority class', majority],
  ]
  if (svm) rows.push(['linear SVM', svm])
  if (song) rows.push(['song-only label', song.baseline], ['model, same trials', song.model])
  return rows
}

/** Results as text, with what is to be known of their labels and the interval of the model's accuracy. */
export function resultTable(
  title: string,
  rows: readonly ResultRow[],
  { interval, labels }: Pick<PooledResult, 'interval'> & { labels: string },
): string {
  const doubt = doubtOfLabels(labels)
  const chance = interval
    ? `\n95 % interval of the model's accuracy over subjects: ${percent(interval.low)} to ${percent(interval.high)}`
    : ''
  const high = rows[0]![1].positive ? ['F1 high'] : []
  const scores = table(['', 'trials', 'accuracy', 'balanced', ...high, 'macro F1'], rows.map(cells))
  return `${title}\n${scores}${chance}${doubt === undefined ? '' : `\n${doubt}`}`
}

export const datasetTitle = (dimension: string, { name, synthetic }: { name: string; synthetic: boolean }): string =>
  `${dimension}, ${name}${synthetic ? ' (synthetic)' : ''}`

/** The pooled result of a run beside its baselines, as text. */
export function runTable({
  pooled,
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
  return resultTable(title, pooledRows(pooled), { ...pooled, labels })
}

export function describeSeen({ seenSubjects, seenTrials }: Seen, trials: number): string {
  if (seenSubjects === 0) return 'people never seen in training'
  return `${seenTrials} of ${trials} trials are of ${seenSubjects} people seen in training`
}

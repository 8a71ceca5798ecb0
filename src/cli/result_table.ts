import type { ClassificationMetrics } from '../train/metrics.ts'
import type { RunSummary } from '../train/run_summary.ts'
import { percent, table } from './output.ts'

const cells = (name: string, m: ClassificationMetrics): string[] => [
  name,
  String(m.count),
  percent(m.accuracy),
  percent(m.balancedAccuracy),
  percent(m.positive?.f1 ?? 0),
  percent(m.macro.f1),
]

/** The pooled result of a run beside its baselines, as text. */
export function resultTable({ pooled, dimension, dataset, folds, results }: Pick<RunSummary, 'pooled' | 'dimension' | 'dataset' | 'folds' | 'results'>): string {
  const { model, baselines, interval } = pooled
  const rows = [cells('model', model), cells('majority class', baselines.majority), cells('linear SVM', baselines.svm)]
  if (baselines.song) rows.push(cells('song-only label', baselines.song.baseline), cells('model, same trials', baselines.song.model))
  const subjects = folds.subjectIndependent ? 'people never seen in training' : 'people partly seen in training'
  const title = `${dimension}, ${dataset.name}${dataset.synthetic ? ' (synthetic)' : ''}: ${results.length} of ${folds.count} folds, ${subjects}`
  const chance = interval ? `\n95 % interval of the model's accuracy over subjects: ${percent(interval.low)} to ${percent(interval.high)}` : ''
  return `${title}\n${table(['', 'trials', 'accuracy', 'balanced', 'F1 high', 'macro F1'], rows)}${chance}`
}

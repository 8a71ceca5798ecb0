// The results of runs of ratings as text.
import type { RatingJudgement } from '../../src/evaluation/rating_judgement.ts'
import { RATING_SCORES } from '../../src/evaluation/rating_scores.ts'
import { doubtOfLabels } from '../../src/evaluation/labels.ts'
import type { Interval } from '../../src/evaluation/statistics.ts'
import { choiceTable } from '../../src/report/choices.ts'
import { RATING_BASELINE_NAMES, RATING_SCORE_NAMES } from '../../src/report/rating_results.ts'
import type { RatingRunSummary } from '../../src/train/rating_summary.ts'
import { table } from './output.ts'
import { datasetTitle } from './result_table.ts'

/** A score that is not defined is no number. */
const decimal = (value: number): string => (Number.isFinite(value) ? value.toFixed(3) : 'none')
const signed = (value: number): string => `${value < 0 ? '' : '+'}${value.toFixed(3)}`

/** The model and all that it must stand beside, with what is to be known of the ratings and the intervals of the model's scores. */
export function ratingTable(title: string, judgement: RatingJudgement, labels: string): string {
  const { trials, scores, baselines, intervals, permutation } = judgement
  const more = ({ mean, low, high }: Interval & { mean: number }): string => {
    if (!Number.isFinite(mean)) return ''
    return Number.isFinite(low) ? `${signed(mean)} (${signed(low)} to ${signed(high)})` : signed(mean)
  }
  const rows = [
    ['model', String(trials), ...RATING_SCORES.map((name) => decimal(scores[name])), ''],
    ...baselines.map(({ name, trials: own, scores: theirs, difference }) => [
      ...[RATING_BASELINE_NAMES[name], String(own), ...RATING_SCORES.map((score) => decimal(theirs[score]))],
      more(difference.rmse),
    ]),
  ]
  const known = (['rmse', 'r', 'ccc'] as const).flatMap((name) => {
    const of = intervals?.[name]
    return of ? [`${RATING_SCORE_NAMES[name]} ${decimal(of.low)} to ${decimal(of.high)}`] : []
  })
  const doubt = doubtOfLabels(labels)
  return [
    title,
    table(['', 'trials', ...RATING_SCORES.map((name) => RATING_SCORE_NAMES[name]), 'model more, RMSE'], rows),
    ...(known.length > 0 ? [`95 % intervals of the model over subjects: ${known.join(', ')}`] : []),
    ...(Number.isNaN(permutation)
      ? []
      : [`ratings shuffled within subjects correlate as much with p ${decimal(permutation)}`]),
    ...(doubt === undefined ? [] : [doubt]),
  ].join('\n')
}

/** The pooled result of a run beside its baselines. */
export function ratingRunTable({
  pooled: { judgement },
  dimension,
  labels,
  dataset,
  folds,
  results,
}: Pick<RatingRunSummary, 'pooled' | 'dimension' | 'labels' | 'folds' | 'results'> & {
  dataset: { name: string; synthetic: boolean }
}): string {
  const subjects = folds.subjectIndependent ? 'people never seen in training' : 'people partly seen in training'
  const title = `${datasetTitle(`rating of ${dimension}`, dataset)}: ${results.length} of ${folds.count} folds, ${subjects}`
  const scores = ratingTable(title, judgement, labels)
  const choice = choiceTable(results)
  return choice ? `${scores}\nvalidation loss by settings:\n${table(choice.heads, choice.rows)}` : scores
}

// The tables of a run of ratings: scores beside baselines, what the model has more, people, folds and predictions.

import type { RatingBaselineName, RatingJudgement } from '../evaluation/rating_judgement.ts'
import { RATING_SCORES, type RatingScoreName } from '../evaluation/rating_scores.ts'
import type { RatingFoldResult, RatingRunSummary } from '../train/rating_summary.ts'
import { capitalised } from './results.ts'
import { table, type Row } from './tables.ts'

/** What tables call the baselines of ratings. */
export const RATING_BASELINE_NAMES: Readonly<Record<RatingBaselineName, string>> = {
  mean: 'mean of the training ratings',
  song: 'mean rating of the song by others',
  ridge: 'ridge regression',
  forest: 'random forest on EDA features',
  mlp: 'MLP',
  cnn: 'plain 1-D CNN',
}

/** What tables call the scores of ratings; errors are in the unit of the ratings. */
export const RATING_SCORE_NAMES: Readonly<Record<RatingScoreName, string>> = {
  mae: 'MAE',
  rmse: 'RMSE',
  r2: 'R²',
  r: 'r',
  ccc: 'CCC',
}

/** A rating or a score; one that is not defined is a dash. */
export const decimal = (value: number): string =>
  Number.isFinite(value) ? value.toFixed(3).replace('-', '\u2212') : '–'
const signed = (value: number): string => (value < 0 ? decimal(value) : `+${decimal(value)}`)
const named = RATING_SCORES.map((name) => RATING_SCORE_NAMES[name])

/** The model, its interval and its spread over folds, and every baseline. */
export function ratingScoreTable(judgement: RatingJudgement): string {
  const { trials, folds, scores, intervals, overFolds, baselines } = judgement
  const cells = (of: (name: RatingScoreName) => string): string[] => RATING_SCORES.map(of)
  const range = (name: RatingScoreName): string => {
    const of = intervals?.[name]
    return of ? `${decimal(of.low)} to ${decimal(of.high)}` : ''
  }
  const spread = (name: RatingScoreName): string => {
    const of = overFolds[name]
    return of && Number.isFinite(of.sd) ? `${decimal(of.mean)} ± ${decimal(of.sd)}` : ''
  }
  const rows: Row[] = [{ cells: ['Model', String(trials), ...cells((name) => decimal(scores[name]))], model: true }]
  if (intervals) rows.push({ cells: ['95 % interval over people', '', ...cells(range)], model: true })
  if (folds > 1) rows.push({ cells: [`mean ± s.d. over ${folds} folds`, '', ...cells(spread)], model: true })
  for (const { name, trials: own, scores: theirs } of baselines)
    rows.push({
      cells: [capitalised(RATING_BASELINE_NAMES[name]), String(own), ...cells((score) => decimal(theirs[score]))],
    })
  return table(['', 'Trials', ...named], rows)
}

/** What the model's scores are above each baseline's, on the trials of which that says something; of errors less is better. */
export function ratingDifferenceTable({ baselines }: RatingJudgement): string {
  const rows = baselines.map(({ name, trials, difference }) => ({
    cells: [
      capitalised(RATING_BASELINE_NAMES[name]),
      String(trials),
      ...RATING_SCORES.map((score) => {
        const { mean, low, high } = difference[score]
        if (!Number.isFinite(mean)) return '–'
        return Number.isFinite(low) ? `${signed(mean)} (${signed(low)} to ${signed(high)})` : signed(mean)
      }),
    ],
  }))
  return table(['Model less …', 'Trials', ...named], rows)
}

/** A row a person. */
export const ratedSubjectTable = ({ bySubject }: RatingJudgement): string =>
  table(
    ['Person', 'Trials', 'Mean rating', 'MAE', 'r within the person'],
    bySubject.map(({ subject, trials, rating, mae, r }) => ({
      cells: [subject, String(trials), ...[rating, mae, r].map(decimal)],
    })),
  )

/** A row a fold. */
export const ratedFoldTable = ({ results }: Pick<RatingRunSummary, 'results'>): string =>
  table(
    [...['Fold', 'People tested', 'Training / validation / test trials', 'Epoch kept', 'Training ratings'], ...named],
    results.map(({ name, testSubjects, trainTrials, validationTrials, predictions, scale, model, ...fold }) => ({
      cells: [
        ...[name, String(testSubjects.length), [trainTrials, validationTrials, predictions.length].join(' / ')],
        ...[`${fold.bestEpoch} of ${fold.epochs.length}`, `${decimal(scale.mean)} ± ${decimal(scale.deviation)}`],
        ...RATING_SCORES.map((score) => decimal(model[score])),
      ],
    })),
  )

/** A row a test trial. */
export const ratedPredictionTable = ({ predictions }: RatingFoldResult): string =>
  table(
    ['Trial', 'Person', 'Stimulus', 'Rating', 'Predicted', 'Error'],
    predictions.map(({ trial, subject, stimulus, rating, said }) => ({
      cells: [trial, subject, stimulus, decimal(rating), decimal(said), signed(said - rating)],
    })),
  )

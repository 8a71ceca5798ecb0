// A fold's and a run's results beside the baselines that they must stand beside.
import { judge } from '../evaluation/judge.ts'
import type { JudgedTrial } from '../evaluation/judgement.ts'
import { classificationMetrics, type ClassificationMetrics } from '../evaluation/metrics.ts'
import type { WorkHooks } from '../evaluation/turns.ts'
import type { BaselineScores } from './baselines.ts'
import type { PreparedTrial } from './prepare.ts'
import type { FoldResult, PooledResult, Prediction } from './run_summary.ts'

/** What is said of some trials: the model's `probabilities` of class 1, and the baselines where there are any. */
export const predictionsOf = (
  trials: readonly Pick<PreparedTrial, 'id' | 'subject' | 'stimulus'>[],
  labels: ArrayLike<number>,
  probabilities: readonly number[],
  baselines: readonly BaselineScores[] = [],
): Prediction[] =>
  trials.map(({ id, subject, stimulus }, i) => ({
    trial: id,
    subject,
    stimulus,
    label: labels[i]!,
    probability: probabilities[i]!,
    baselines: baselines[i] ?? {},
  }))

/** The model alone. */
export const modelScores = (predictions: readonly Pick<Prediction, 'label' | 'probability'>[]): ClassificationMetrics =>
  classificationMetrics(
    predictions.map(({ label }) => label),
    predictions.map(({ probability }) => (probability > 0.5 ? 1 : 0)),
  )

/** The test trials of some folds of a run as `judge` takes them; `seed` tells those of repeats apart. */
export const judgedTrials = (folds: readonly Pick<FoldResult, 'name' | 'predictions'>[], seed: number): JudgedTrial[] =>
  folds.flatMap(({ name, predictions }) =>
    predictions.map(({ trial, subject, label, probability, baselines }) => ({
      ...{ trial, subject, label, baselines, seed },
      fold: name,
      score: probability,
    })),
  )

/** All test trials together. */
export async function pool(
  folds: readonly Pick<FoldResult, 'name' | 'predictions'>[],
  seed: number,
  hooks: WorkHooks = {},
): Promise<PooledResult> {
  return {
    model: modelScores(folds.flatMap(({ predictions }) => predictions)),
    judgement: await judge(judgedTrials(folds, seed), { seed, ...hooks }),
  }
}

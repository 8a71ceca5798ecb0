// A fold's and a run's results beside the baselines that they must stand beside.
import { judge } from '../evaluation/judge.ts'
import { judgeClasses, type ClassifiedTrial } from '../evaluation/judge_classes.ts'
import type { JudgedTrial } from '../evaluation/judgement.ts'
import { classificationMetrics, type ClassificationMetrics } from '../evaluation/metrics.ts'
import type { WorkHooks } from '../evaluation/turns.ts'
import { answerOf, classOf } from './answer.ts'
import type { BaselineScores } from './baselines.ts'
import type { PreparedTrial } from './prepare.ts'
import type { FoldResult, PooledResult, Prediction } from './run_summary.ts'

/** What is said of some trials: by the model, whose class `probabilities` are a row a trial, and by the baselines where there are any. */
export const predictionsOf = (
  trials: readonly Pick<PreparedTrial, 'id' | 'subject' | 'stimulus'>[],
  labels: ArrayLike<number>,
  probabilities: readonly ArrayLike<number>[],
  baselines: readonly BaselineScores[] = [],
): Prediction[] =>
  trials.map(({ id, subject, stimulus }, i) => ({
    trial: id,
    subject,
    stimulus,
    label: labels[i]!,
    ...answerOf(probabilities[i]!),
    baselines: baselines[i] ?? {},
  }))

/** The model alone. */
export const modelScores = (
  predictions: readonly Pick<Prediction, 'label' | 'probability' | 'predicted'>[],
  classes = 2,
): ClassificationMetrics =>
  classificationMetrics(
    predictions.map(({ label }) => label),
    predictions.map(classOf),
    classes,
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
  { classes = 2, ...hooks }: WorkHooks & { classes?: number } = {},
): Promise<PooledResult> {
  return {
    model: modelScores(
      folds.flatMap(({ predictions }) => predictions),
      classes,
    ),
    judgement:
      classes === 2
        ? await judge(judgedTrials(folds, seed), { seed, ...hooks })
        : await judgeClasses(classifiedTrials(folds, seed), { classes, seed, ...hooks }),
  }
}

/** The same of more than two classes, as `judgeClasses` takes them. */
const classifiedTrials = (
  folds: readonly Pick<FoldResult, 'name' | 'predictions'>[],
  seed: number,
): ClassifiedTrial[] =>
  folds.flatMap(({ name: fold, predictions }) =>
    predictions.map(({ trial, subject, label, baselines, ...answer }) => ({
      ...{ trial, subject, label, baselines, seed, fold },
      predicted: classOf(answer),
    })),
  )

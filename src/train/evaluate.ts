// A fold's and a run's results beside the baselines that they must stand beside.
import { majorityClass, stimulusMajority } from '../evaluation/baselines.ts'
import type { Fold } from '../evaluation/folds.ts'
import { answerOf, classOf } from './answer.ts'
import type { ModelInputs } from './inputs.ts'
import { classificationMetrics, type ClassificationMetrics } from '../evaluation/metrics.ts'
import type { PreparedTrial } from './prepare.ts'
import type { Baselines, FoldResult, PooledResult, Prediction } from './run_summary.ts'
import { bootstrapSubjects } from '../evaluation/bootstrap.ts'
import { permutationWithinSubjects } from '../evaluation/permutation.ts'
import { wilcoxonSignedRank } from '../evaluation/statistics.ts'
import { predictLinearSvm, trainLinearSvm, type LinearSvm } from '../evaluation/svm.ts'
import { atOnce } from '../runtime/breather.ts'

const judge = <T extends Pick<Prediction, 'label'>>(
  of: readonly T[],
  predicted: (p: T) => number,
  classes: number,
): ClassificationMetrics =>
  classificationMetrics(
    of.map(({ label }) => label),
    of.map(predicted),
    classes,
  )

/** The test part's predictions: the model's class probabilities, a row a trial, beside the baselines, which learn from all other trials. */
export async function predictionsOf(
  trials: readonly PreparedTrial[],
  labels: Uint8Array,
  fold: Pick<Fold, 'train' | 'validation' | 'test'>,
  probabilities: readonly ArrayLike<number>[],
  inputs: ModelInputs,
  signal?: AbortSignal,
): Promise<Prediction[]> {
  const known = [...fold.train, ...fold.validation]
  const majority = majorityClass(labels, known)
  const songs = stimulusMajority(trials, labels, known, fold.test)
  const svm = await twoClassSvm(known, labels, inputs, probabilities[0]!.length, signal)
  return fold.test.map((index, i) => {
    const { id, subject, stimulus } = trials[index]!
    const song = songs[i]
    const baselines = {
      majority,
      ...(svm && { svm: predictLinearSvm(svm, inputs.vector(index)) }),
      ...(song !== undefined && { song }),
    }
    return {
      trial: id,
      subject,
      stimulus,
      label: labels[index]!,
      ...answerOf(probabilities[i]!),
      baselines,
    }
  })
}

async function twoClassSvm(
  known: readonly number[],
  labels: Uint8Array,
  inputs: ModelInputs,
  classes: number,
  signal?: AbortSignal,
): Promise<LinearSvm | undefined> {
  if (classes !== 2) return undefined
  return trainLinearSvm(
    known.map((i) => inputs.vector(i)),
    known.map((i) => labels[i]!),
    { ...(signal && { signal }) },
  )
}

/** Metrics of the model and of every baseline on the same trials. */
export function scores(
  predictions: readonly Prediction[],
  classes = 2,
): { model: ClassificationMetrics; baselines: Baselines } {
  const heard = predictions.filter(({ baselines }) => baselines.song !== undefined)
  const song = (): Baselines['song'] => ({
    baseline: judge(heard, ({ baselines }) => baselines.song!, classes),
    model: judge(heard, classOf, classes),
  })
  return {
    model: modelScores(predictions, classes),
    baselines: {
      majority: judge(predictions, ({ baselines }) => baselines.majority, classes),
      ...(classes === 2 && { svm: judge(predictions, ({ baselines }) => baselines.svm!, classes) }),
      ...(heard.length > 0 && { song: song()! }),
    },
  }
}

type Predicted = Pick<Prediction, 'subject' | 'label' | 'probability' | 'predicted'>

/** The model alone. */
export const modelScores = (predictions: readonly Predicted[], classes = 2): ClassificationMetrics =>
  judge(predictions, classOf, classes)

/** What can be said of chance: bootstrap over subjects, labels permuted within subjects. */
export function chance(
  predictions: readonly Predicted[],
  seed: number,
): Pick<PooledResult, 'interval' | 'permutation'> {
  const subjects = predictions.map(({ subject }) => subject)
  const labels = predictions.map(({ label }) => label)
  const own = predictions.map(classOf)
  const accuracy = (trials: readonly number[]): number =>
    trials.reduce((hits, i) => hits + (labels[i] === own[i] ? 1 : 0), 0) / trials.length
  return {
    ...(new Set(subjects).size > 1 && { interval: bootstrapSubjects(subjects, accuracy, { seed }) }),
    permutation: atOnce(permutationWithinSubjects(labels, own, subjects)),
  }
}

/** All test trials together, with what can be said of chance; over several folds, the signed-rank test as well. */
export function pool(folds: readonly FoldResult[], seed: number, classes = 2): PooledResult {
  const predictions = folds.flatMap((fold) => fold.predictions)
  const model = folds.map((fold) => fold.model.accuracy)
  const majority = folds.map((fold) => fold.baselines.majority.accuracy)
  return {
    ...scores(predictions, classes),
    ...chance(predictions, seed),
    ...(folds.length > 1 && { wilcoxon: wilcoxonSignedRank(model, majority) }),
  }
}

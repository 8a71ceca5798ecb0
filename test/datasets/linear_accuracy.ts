// How well a line through features tells labels of people, or of stimuli, that it has not seen.
import { makeFolds, type FoldScheme } from '../../src/evaluation/folds.ts'
import { predictLinearSvm, trainLinearSvm } from '../../src/evaluation/svm.ts'
import type { Trial } from '../../src/datasets/trial.ts'
import { zscore } from '../../src/signal/normalize.ts'

/** Accuracy of a linear SVM on features standardised by the training folds. */
export async function linearAccuracy(
  trials: readonly Trial[],
  labels: ArrayLike<number>,
  features: (trial: Trial) => ArrayLike<number>,
  kind: FoldScheme = { kind: 'subject', count: 4 },
): Promise<number> {
  const raw = trials.map(features)
  const { folds } = makeFolds([...trials], kind, { seed: 1, validationShare: 0 })
  let hits = 0
  for (const { train, test } of folds) {
    const scales = Array.from(raw[0] as number[], (_, d) => zscore(train.map((i) => raw[i]![d]!)))
    const scaled = raw.map((row) =>
      Float32Array.from(scales, ({ mean, std, constant }, d) => (constant ? 0 : (row[d]! - mean) / std)),
    )
    const svm = await trainLinearSvm(
      train.map((i) => scaled[i] as Float32Array),
      train.map((i) => labels[i]!),
    )
    hits += test.filter((i) => predictLinearSvm(svm, scaled[i] as Float32Array) === labels[i]).length
  }
  return hits / trials.length
}

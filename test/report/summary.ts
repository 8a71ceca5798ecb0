// A small run with known numbers for the tests of the report.

import type { FoldResult, RunSummary } from '../../src/train/run_summary.ts'
import { resolveRun } from '../../src/train/defaults.ts'
import type { BesideBaseline, TwoClassScores } from '../../src/evaluation/judgement.ts'
import { classificationMetrics } from '../../src/evaluation/metrics.ts'

const labels = [1, 1, 1, 0, 0, 1, 1, 0]
const predicted = [1, 1, 0, 0, 1, 1, 1, 0]
const model = classificationMetrics(labels, predicted)

const fold = (name: string): FoldResult => ({
  name,
  data: 'd1',
  trainTrials: 40,
  validationTrials: 8,
  trainSubjects: ['kim'],
  validationSubjects: ['lee', 'max'],
  testSubjects: [`anna${name}`, `ben${name}`],
  bestEpoch: 2,
  epochs: [
    { epoch: 1, trainLoss: 0.7, validationLoss: 0.69, validationAccuracy: 0.5 },
    { epoch: 2, trainLoss: 0.6, validationLoss: 0.65, validationAccuracy: 0.75 },
    { epoch: 3, trainLoss: 0.5, validationLoss: 0.8, validationAccuracy: 0.625 },
  ],
  predictions: labels.map((label, i) => ({
    trial: `t${name}-${i}`,
    subject: i < 4 ? `anna${name}` : `ben${name}`,
    stimulus: `song${i}`,
    label,
    probability: predicted[i] ? 0.812 : 0.2,
    baselines: { majority: 1, guesser: 0.6, svm: i % 2 ? 0 : 1, ...(i > 1 && { song: i % 3 === 0 ? 1 : 0 }) },
  })),
  model,
})

/** Scores of which each is another number. */
const scores = (accuracy: number): TwoClassScores => ({
  ...{ accuracy, balancedAccuracy: accuracy - 0.1, f1: accuracy - 0.2, macroF1: accuracy - 0.3 },
  ...{ precision: 0.01, recall: 0.02, auc: accuracy - 0.05, mcc: accuracy - 0.8, brier: accuracy / 4 },
})

const beside = (name: BesideBaseline['name'], trials: number, accuracy: number): BesideBaseline => {
  const mean = 0.75 - accuracy
  const difference = (by: number) => ({ mean: mean + by, low: mean + by - 0.02, high: mean + by + 0.03 })
  return {
    ...{ name, trials, scores: scores(accuracy) },
    difference: { accuracy: difference(0), balancedAccuracy: difference(0.01), f1: difference(0.02) },
    wilcoxon: { n: 2, w: 3, p: 0.5, floor: 0.5 },
  }
}

/** Two folds of the same trials and answers, 6 of 8 right; the judgement's numbers are made up, so that each is another. */
export const sampleRun = (): RunSummary => ({
  name: 'runs/a1',
  date: '2030-01-02T03:04:05Z',
  seconds: 90,
  dataset: {
    name: 'lab7',
    synthetic: false,
    trials: 64,
    subjects: 9,
    stimuli: 12,
    channels: ['origin', 'phasic', 'tonic'],
    musicDim: 0,
    featureSet: 'eda-features/1',
  },
  dimension: 'arousal',
  labels: 'two-means per subject',
  preset: 'paper',
  parameters: 123456,
  folds: { scheme: 'subject:2', count: 2, subjectIndependent: true, unit: 'subject', validation: 0.15 },
  seed: 17,
  adapter: 'SwiftShader',
  versions: { galvani: '9.8.7' },
  config: resolveRun(
    { epochs: 3, learningRate: 0.25, optimizer: { name: 'sgd', momentum: 0, weightDecay: 0 } },
    { musicDim: 0 },
  ),
  subjects: [{ subject: 'anna0', trials: 4, high: 3, threshold: 5.125, weak: false }],
  skipped: [{ source: 'eda.csv:7', reason: 'a gap of 4.2 s' }],
  results: [fold('0'), fold('1')],
  pooled: {
    model: classificationMetrics([...labels, ...labels], [...predicted, ...predicted]),
    judgement: {
      ...{ trials: 16, subjects: 4, folds: 2, seeds: [17] },
      scores: scores(0.75),
      intervals: { accuracy: { low: 0.55, high: 0.9 }, balancedAccuracy: { low: 0.501, high: 0.8754 } },
      overFolds: { accuracy: { mean: 0.752, sd: 0.034 } },
      baselines: [
        beside('majority', 16, 0.6),
        beside('guesser', 16, 0.52),
        beside('song', 12, 0.5),
        beside('svm', 16, 0.7),
      ],
      permutation: 0.0004,
      byFold: ['0', '1'].map((fold) => ({ fold, seed: 17, trials: 8, scores: scores(0.75) })),
      bySubject: ['anna0', 'anna1', 'ben0', 'ben1'].map((subject, i) => ({
        ...{ subject, trials: 4 },
        ...{ accuracy: 0.25 * i, high: [0.75, 0.5, 0.5, 0.25][i]! },
      })),
      calibration: Array.from({ length: 10 }, (_, i) => ({
        trials: i === 2 ? 4 : i === 8 ? 12 : 0,
        score: i === 2 ? 0.2 : i === 8 ? 0.812 : NaN,
        high: i === 2 ? 0.25 : i === 8 ? 0.7 : NaN,
      })),
    },
  },
})

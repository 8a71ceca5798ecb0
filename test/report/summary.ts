// A small run with known numbers for the tests of the report.

import type { FoldResult, RunSummary } from '../../src/train/run_summary.ts'
import { resolveRun } from '../../src/train/defaults.ts'
import { classificationMetrics } from '../../src/evaluation/metrics.ts'

const labels = [1, 1, 1, 0, 0, 1, 1, 0]
const predicted = [1, 1, 0, 0, 1, 1, 1, 0]
const metrics = (said: number[], from = 0) => classificationMetrics(labels.slice(from), said.slice(from))

const scores = {
  model: metrics(predicted),
  baselines: {
    majority: metrics(labels.map(() => 1)),
    svm: metrics([1, 0, 1, 0, 1, 0, 1, 0]),
    song: { baseline: metrics([0, 0, 0, 1, 0, 1, 0, 0], 2), model: metrics(predicted, 2) },
  },
}

const fold = (name: string): FoldResult => ({
  name,
  data: 'd1',
  trainTrials: 40,
  validationTrials: 8,
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
    baselines: { majority: 1, svm: i % 2 ? 0 : 1 },
  })),
  ...scores,
})

/** Two folds of the same numbers: accuracy 6 of 8, majority class 5 of 8. */
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
  skipped: [{ source: 'eda.csv:7', reason: 'a gap of 4.2 s' }],
  results: [fold('0'), fold('1')],
  pooled: { ...scores, interval: { low: 0.55, high: 0.9 }, wilcoxon: { n: 2, w: 3, p: 0.5 }, permutation: 0.0004 },
})

// All that a report shows about one training run, as plain data that survives JSON.

import type { ClassificationMetrics } from '../evaluation/metrics.ts'
import type { Interval, SignedRank } from '../evaluation/statistics.ts'
import type { Answer } from './answer.ts'
import type { RunConfig } from './config.ts'

/** A run with its results: what result.json holds and the report shows. */
export interface RunSummary {
  /** Name of the run, such as its folder's. */
  name: string
  /** When it ended, ISO 8601. */
  date: string
  /** How long it took, s. */
  seconds: number
  dataset: DatasetSummary
  /** What was predicted: a rating, or `quadrant`. */
  dimension: string
  /** How ratings became two classes, for example `two-means per subject`. */
  labels: string
  preset: string
  parameters: number
  folds: FoldPlanSummary
  seed: number
  /** GPU and driver. */
  adapter: string
  /** Versions of galvani and what it runs on, by name. */
  versions: Record<string, string>
  /** The resolved settings: defaults, file and command line together. */
  config: RunConfig
  /** Trials left out of the dataset. */
  skipped: { source: string; reason: string }[]
  /** Finished folds. */
  results: FoldResult[]
  pooled: PooledResult
}

/** What a run was trained on. */
export interface DatasetSummary {
  name: string
  /** Generated data. */
  synthetic: boolean
  /** Trials used. */
  trials: number
  subjects: number
  stimuli: number
  /** Input channels, for example origin, phasic, tonic. */
  channels: string[]
  /** Length of the music vector; 0 without music. */
  musicDim: number
  /** Which features those are, where that is known. */
  musicSet?: string
  /** What was assumed of the data, and what was left out by choice, a sentence each. */
  notes?: string[]
}

/** How trials were parted. */
export interface FoldPlanSummary {
  /** As written on the command line, `subject:10`. */
  scheme: string
  /** Folds of the plan; a run may have finished only some of them. */
  count: number
  /** No person is in the test part and in the others. */
  subjectIndependent: boolean
  /** What is held out as a whole to choose the epoch. */
  unit: 'subject' | 'stimulus' | 'trial'
  /** Share of the training trials held out to choose the epoch; 0 if the last one is kept. */
  validation: number
}

/** One pass over the training part. */
export interface EpochRecord {
  /** From 1. */
  epoch: number
  trainLoss: number
  /** On the validation part, or on the test part where the run chooses there (`RunConfig.choice`); absent where nothing chooses. */
  validationLoss?: number
  /** The same part's, a share of 1. */
  validationAccuracy?: number
}

/** What a model and the baselines say of one test trial. */
export interface Prediction extends Answer {
  trial: string
  subject: string
  stimulus: string
  /** Number of its class: of two, 0 low, 1 high. */
  label: number
  /** Class that each baseline predicts; `song` is absent where no other listener heard it, or they disagree evenly; `svm` knows two classes only. */
  baselines: { majority: number; svm?: number; song?: number }
}

/** What the model must stand beside, on the same test trials. */
export interface Baselines {
  /** The most frequent class of the training trials. */
  majority: ClassificationMetrics
  /** Linear SVM, C = 0.25, on the model's input; of two classes. */
  svm?: ClassificationMetrics
  /** Label of most other listeners of the stimulus, where there are any, and the model on those same trials. */
  song?: { baseline: ClassificationMetrics; model: ClassificationMetrics }
}

/** A fold that is trained and tested. */
export interface FoldResult {
  name: string
  /** Digest of the data and folds that it was computed on. */
  data: string
  trainTrials: number
  validationTrials: number
  testSubjects: string[]
  epochs: EpochRecord[]
  /** Epoch whose weights were tested, chosen on the validation part. */
  bestEpoch: number
  /** Predictions of the test part. */
  predictions: Prediction[]
  model: ClassificationMetrics
  baselines: Baselines
}

/** All test trials of the finished folds together. */
export interface PooledResult {
  model: ClassificationMetrics
  baselines: Baselines
  /** 95 % bootstrap interval of the model's accuracy over subjects; needs several subjects. */
  interval?: Interval
  /** Model against majority class, accuracy by fold; needs several folds. */
  wilcoxon?: SignedRank
  /** Chance that labels shuffled within subjects are predicted as well. */
  permutation?: number
}

/** Whether nothing is left to train of a run, or of one of its folds. */
export const isFinished = ({ results, folds }: RunSummary, onlyFold?: string): boolean =>
  onlyFold === undefined ? results.length === folds.count : results.some(({ name }) => name === onlyFold)

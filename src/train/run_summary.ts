// All that a report shows about one training run, as plain data that survives JSON.

import type { BaselineName, Judgement } from '../evaluation/judgement.ts'
import type { SubjectLabels } from '../evaluation/labels.ts'
import type { ClassificationMetrics } from '../evaluation/metrics.ts'
import type { Alternative } from './alternatives.ts'
import type { Answer } from './answer.ts'
import type { RunConfig } from './config.ts'

/** What is said of a run besides its results. */
export interface RunFacts {
  /** Name of the run, such as its folder's. */
  name: string
  /** When it ended, ISO 8601. */
  date: string
  /** How long it took, s. */
  seconds: number
  dataset: DatasetSummary
  /** What was predicted: a rating, or `quadrant`. */
  dimension: string
  /** How ratings became classes, by the name of the scheme; `rating` where none were made. */
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
  /** What each person's ratings gave, with the threshold; absent in results of before this was recorded. */
  subjects?: SubjectLabels[]
  /** Trials left out of the dataset. */
  skipped: { source: string; reason: string }[]
}

/** A run with its results: what result.json holds and the report shows. */
export interface RunSummary extends RunFacts {
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
  /** Name of the EDA features that some baselines learned from; absent where the set had none. */
  featureSet?: string
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
  /** The same part's, a share of 1; absent where ratings are predicted. */
  validationAccuracy?: number
}

/** What a model and the baselines say of one test trial. */
export interface Prediction extends Answer {
  trial: string
  subject: string
  stimulus: string
  /** Number of its class: of two, 0 low, 1 high. */
  label: number
  /** Scores of the baselines, above a half for high, or of more than two classes the number of one; one that says nothing of the trial is absent. */
  baselines: Partial<Record<BaselineName, number>>
}

/** How a fold was trained, and on whom it was tested. */
export interface FoldFacts {
  name: string
  /** Digest of the data and folds that it was computed on. */
  data: string
  trainTrials: number
  validationTrials: number
  /** People of the three parts; those of the first two are absent in results of before they were recorded. */
  trainSubjects?: string[]
  validationSubjects?: string[]
  testSubjects: string[]
  epochs: EpochRecord[]
  /** Epoch whose weights were tested, chosen on the validation part. */
  bestEpoch: number
  /** Those of `RunConfig.alternatives` that the fold took: all else in this result is of them. */
  settings?: Alternative
  /** All that it chose among. */
  tried?: TriedAlternative[]
}

/** A fold that is trained and tested. */
export interface FoldResult extends FoldFacts {
  /** Predictions of the test part. */
  predictions: Prediction[]
  model: ClassificationMetrics
}

/** What one alternative came to on a fold's training and validation parts; of the test part it says nothing. */
export interface TriedAlternative {
  settings: Alternative
  epochs: EpochRecord[]
  /** Epoch with the least validation loss, */
  bestEpoch?: number
  /** and that loss. */
  validationLoss?: number
  /** In the place of both: why there is no loss. */
  failure?: string
}

/** All test trials of the finished folds together. */
export interface PooledResult {
  model: ClassificationMetrics
  /** Scores with intervals and tests, beside every baseline. */
  judgement: Judgement
}

/** Whether nothing is left to train of a run, or of one of its folds. */
export const isFinished = (
  { results, folds }: { results: readonly Pick<FoldFacts, 'name'>[]; folds: FoldPlanSummary },
  onlyFold?: string,
): boolean => (onlyFold === undefined ? results.length === folds.count : results.some(({ name }) => name === onlyFold))

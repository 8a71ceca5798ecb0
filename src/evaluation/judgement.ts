// What may be said of predictions: scores, how sure they are, and what they must stand beside. No number without its doubt.
import type { Interval, SignedRank, Spread } from './statistics.ts'

/** The scores of two classes that tables know, in the order in which they are written. All but `mcc` (-1 to 1) are shares of 1; of `brier` less is better. */
export const SCORES = [
  ...(['accuracy', 'balancedAccuracy', 'f1', 'macroF1', 'precision', 'recall'] as const),
  ...(['auc', 'mcc', 'brier'] as const),
] as const
export type ScoreName = (typeof SCORES)[number]

/** `f1`, `precision` and `recall` are of the class high; NaN where the labels leave a score undefined, such as `auc` of one class alone (`scoresOf`). */
export type TwoClassScores = Record<ScoreName, number>

/** What a model stands beside. `mlp` and `cnn` are networks that were trained as it was; all others learn at once. */
export const BASELINES = [
  ...(['majority', 'guesser', 'song', 'svm'] as const),
  ...(['logistic', 'lda', 'rbf-svm', 'forest'] as const),
  ...(['mlp', 'cnn'] as const),
] as const
export type BaselineName = (typeof BASELINES)[number]

/** A test trial as a model and the baselines judge it. A score in [0, 1] above a half says high. */
export interface JudgedTrial {
  /** Its name: the same in every repeat, and no other trial's. */
  trial: string
  subject: string
  /** Name of the fold whose test part it is in. */
  fold: string
  /** Which repeat, by its seed; the same trial is there once for each. */
  seed: number
  /** 0 low, 1 high. */
  label: number
  score: number
  /** Absent where a baseline says nothing, as `song` does where no other listener heard the song or they disagree evenly. */
  baselines: Partial<Record<BaselineName, number>>
}

/** A baseline on the trials of which it says something, and the model on those same trials. */
export interface BesideBaseline {
  name: BaselineName
  trials: number
  scores: TwoClassScores
  /** The model's scores on these trials less the baseline's, and the 95 % bootstrap interval of that over subjects, NaN with one subject. */
  difference: Record<'accuracy' | 'balancedAccuracy' | 'f1', Interval & { mean: number }>
  /** The model's accuracies by fold, mean over seeds, against the baseline's; absent with one fold. `floor` is the least p that as many folds can give. */
  wilcoxon?: SignedRank & { floor: number }
}

/** One test part as the model of one seed judges it. */
export interface FoldScores {
  fold: string
  seed: number
  trials: number
  scores: TwoClassScores
}

/** All that a table says of one model under one protocol. */
export interface Judgement {
  trials: number
  subjects: number
  folds: number
  seeds: number[]
  /** Of all test trials of a seed together, mean over seeds. */
  scores: TwoClassScores
  /** 95 % bootstrap over subjects; absent with one subject. */
  intervals?: Partial<Record<ScoreName, Interval>>
  /** Over folds and seeds, as the field prints it. */
  overFolds: Partial<Record<ScoreName, Spread>>
  /** Of the pooled scores over seeds; absent with one seed. */
  overSeeds?: Partial<Record<ScoreName, Spread>>
  baselines: BesideBaseline[]
  /** Chance that labels shuffled within subjects are predicted as well: exact, of the accuracy over all seeds together. */
  permutation: number
  /** Of each fold's test part as each seed's model judges it; folds in order of name, seeds ascending. */
  byFold: FoldScores[]
  /** By subject, in order of name. */
  bySubject: { subject: string; trials: number; accuracy: number; high: number }[]
  /** Trials whose score falls into one of ten equal bins, upper bounds included, all seeds together: how many, their mean score, and the share that is high; NaN of an empty bin. */
  calibration: { trials: number; score: number; high: number }[]
}

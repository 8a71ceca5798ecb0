import type { BaselineName } from '../evaluation/judgement.ts'

/** What tables call the baselines. */
export const BASELINE_NAMES: Readonly<Record<BaselineName, string>> = {
  majority: 'majority class',
  guesser: 'class distribution',
  song: 'song-only label',
  svm: 'linear SVM',
  logistic: 'logistic regression on EDA features',
  lda: 'LDA on EDA features',
  'rbf-svm': 'RBF SVM on EDA features',
  forest: 'random forest on EDA features',
  mlp: 'MLP',
  cnn: 'plain 1-D CNN',
}

import type { BaselineName } from './judgement.ts'
import { learnForest } from './forest.ts'
import { learnGuesser } from './guesser.ts'
import { learnLda } from './lda.ts'
import type { Learner } from './learner.ts'
import { learnLogistic } from './logistic.ts'
import { learnRbfSvm } from './rbf_svm.ts'
import { learnLinearSvm } from './svm.ts'

/** The baselines that learn from rows of features, by their names in a judgement. */
export const LEARNERS = {
  guesser: learnGuesser,
  svm: learnLinearSvm,
  logistic: learnLogistic,
  lda: learnLda,
  'rbf-svm': learnRbfSvm,
  forest: learnForest,
} as const satisfies Partial<Record<BaselineName, Learner>>

import type { RatingBaselineName } from './rating_judgement.ts'
import { learnRegressionForest } from './regression_forest.ts'
import type { Regressor } from './regressor.ts'
import { learnRidge } from './ridge.ts'

/** The baselines of ratings that learn from rows of features, by their names in a judgement. */
export const REGRESSORS = { ridge: learnRidge, forest: learnRegressionForest } as const satisfies Partial<
  Record<RatingBaselineName, Regressor>
>

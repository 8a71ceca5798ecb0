// Ratings on the scale on which a network learns them: that of its own training people.
import { FormatError } from '../runtime/errors.ts'

/** Mean and standard deviation (over n) of the training ratings. */
export interface RatingScale {
  mean: number
  deviation: number
}

/** Of these training trials alone. @throws FormatError for ratings that are all the same */
export function ratingScale(ratings: ArrayLike<number>, train: readonly number[]): RatingScale {
  if (train.every((index) => ratings[index] === ratings[train[0]!]))
    throw new FormatError(
      `every rating of a training part is ${ratings[train[0]!]}, which leaves nothing to learn; use fewer folds`,
    )
  const mean = train.reduce((sum, index) => sum + ratings[index]!, 0) / train.length
  const squares = train.reduce((sum, index) => sum + (ratings[index]! - mean) ** 2, 0)
  return { mean, deviation: Math.sqrt(squares / train.length) }
}

export const standardisedRating = ({ mean, deviation }: RatingScale, rating: number): number =>
  (rating - mean) / deviation

/** In the unit of the ratings. */
export const ratingOf = ({ mean, deviation }: RatingScale, output: number): number => mean + deviation * output

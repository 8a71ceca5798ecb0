// What a fold's predicted ratings stand beside: means of ratings, and what learns at once, from the same training trials.
import type { Fold } from '../evaluation/folds.ts'
import { songMeans } from '../evaluation/baselines.ts'
import type { RatingBaselineName } from '../evaluation/rating_judgement.ts'
import { REGRESSORS } from '../evaluation/regressors.ts'
import type { BaselineOptions } from './baselines.ts'
import type { RunConfig } from './config.ts'
import { inputsOf } from './inputs.ts'
import type { PreparedSet } from './prepare.ts'

/** What each says of one test trial, in the unit of the rating. */
export type RatingBaselineScores = Partial<Record<RatingBaselineName, number>>

/** A run's seed decides nothing here, so that repeats with other seeds stand beside the same baselines. */
const SEED = 0

/**
 * What all baselines say of each trial of `test`, in its order; they learn from all other trials of the fold. Ridge regression reads what the
 * model reads, the forest EDA features alone: it is left out where the set has none. They are not kept, since both take little beside a fold.
 */
export async function ratingBaselines(
  set: PreparedSet,
  config: RunConfig,
  ratings: ArrayLike<number>,
  fold: Pick<Fold, 'train' | 'validation' | 'test'>,
  { onProgress, signal }: Pick<BaselineOptions, 'onProgress' | 'signal'> = {},
): Promise<RatingBaselineScores[]> {
  signal?.throwIfAborted()
  const known = [...fold.train, ...fold.validation].sort((a, b) => a - b)
  const inputs = inputsOf(set, config, known)
  const inputOf = (trial: number): Float32Array =>
    config.model.network === 'music' ? inputs.music([trial])! : inputs.vector(trial)
  const own = known.map((i) => ratings[i]!)
  const mean = own.reduce((sum, rating) => sum + rating, 0) / own.length
  const songs = songMeans(set.trials, ratings, known, fold.test)
  const scores = fold.test.map((_, i): RatingBaselineScores => ({
    mean,
    ...(songs[i] !== undefined && { song: songs[i] }),
  }))
  const rowOf = { ridge: inputOf, ...(set.features && { forest: (trial: number) => set.trials[trial]!.features! }) }
  const learners = Object.entries(rowOf) as [keyof typeof REGRESSORS, (trial: number) => Float32Array][]
  for (const [k, [name, row]] of learners.entries()) {
    const learned = await REGRESSORS[name](known.map(row), own, {
      seed: SEED,
      onProgress: (share) => onProgress?.((k + share) / learners.length),
      ...(signal && { signal }),
    })
    fold.test.forEach((trial, i) => (scores[i]![name] = learned.predict(row(trial))))
    onProgress?.((k + 1) / learners.length)
  }
  return scores
}

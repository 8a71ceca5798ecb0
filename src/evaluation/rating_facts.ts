// How people used the scale: ranges of both ratings, and whether they say the same.
import { DIMENSIONS, type Dimension, type Ratings, type Trial } from '../datasets/trial.ts'
import { largestOf, leastOf } from '../signal/extremes.ts'
import { pearson } from './statistics.ts'

/** Of ratings of both dimensions. */
export interface RatingFacts extends Record<Dimension, { least: number; most: number }> {
  count: number
  /** Pearson's r of valence and arousal; null for fewer than three, or where one of them is always the same. */
  correlation: number | null
}

/** What ratings are like; null for none. */
export function ratingFacts(ratings: readonly Ratings[]): RatingFacts | null {
  if (ratings.length === 0) return null
  const [arousal, valence] = DIMENSIONS.map((dimension) => ratings.map((of) => of[dimension])) as [number[], number[]]
  const rangeOf = (values: readonly number[]) => ({ least: leastOf(values), most: largestOf(values) })
  const r = ratings.length < 3 ? NaN : pearson(valence, arousal).r
  return {
    count: ratings.length,
    arousal: rangeOf(arousal),
    valence: rangeOf(valence),
    correlation: Number.isNaN(r) ? null : r,
  }
}

/** The rated trials; of a stimulus that a person heard once for each dimension, and rated once, one. */
export function ratedOnce<T extends Pick<Trial, 'subject' | 'stimulus' | 'pass' | 'ratings'>>(
  trials: readonly T[],
): (T & { ratings: Ratings })[] {
  const seen = new Set<string>()
  return trials.filter((trial): trial is T & { ratings: Ratings } => {
    if (!trial.ratings) return false
    if (trial.pass === undefined) return true
    const rating = JSON.stringify([trial.subject, trial.stimulus])
    if (seen.has(rating)) return false
    seen.add(rating)
    return true
  })
}

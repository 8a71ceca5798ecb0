// Labels of songs: high and low by what all who rated a song said of it on average, not by what one listener said.
import { groupBy } from '../datasets/group.ts'
import { DIMENSIONS, type Dimension, type Ratings, type Trial } from '../datasets/trial.ts'
import { FormatError } from '../runtime/errors.ts'
import { largestOf, leastOf } from '../signal/extremes.ts'
import { separationOf, twoMeans } from './two_means.ts'

/** What the means of songs gave. */
export interface SongLabels {
  /** Where the means are from: the dataset, or the ratings of the trials at hand. */
  means: 'published' | 'of-trials'
  /** Songs with a mean. */
  count: number
  high: number
  /** High when the mean is greater. */
  threshold: number
  /** As [valence, arousal]. */
  centers: [number[], number[]]
  /** Distance of the two centres in this dimension as a share of the range of the means. */
  separation: number
  /** The centres part mainly in the other dimension, so the threshold is arbitrary. */
  weak: boolean
}

type HeardTrial = Pick<Trial, 'stimulus' | 'ratings' | 'stimulusRatings' | 'source'>

/**
 * 2-means on the mean (valence, arousal) of songs: those that the dataset publishes, else the means of all rated trials.
 * @returns with the songs' mean ratings of one dimension
 * @throws FormatError where songs are not known, have fewer than two distinct means, or one has two published ones
 */
export function songLabels(
  trials: readonly HeardTrial[],
  dimension: Dimension,
): { labels: SongLabels; ratings: ReadonlyMap<string, number> } {
  const published = publishedMeans(trials)
  const means = published.size > 0 ? published : meansOfTrials(trials)
  const points = [...means.values()].map(({ valence, arousal }) => [valence, arousal])
  const distinct = new Set(points.map(String)).size
  if (distinct < 2)
    throw new FormatError(
      `labels "song" need two songs with different mean ratings; ${distinct ? 'all that are rated have the same' : 'none is rated'}`,
    )
  const clusters = twoMeans(points)
  const axis = dimension === 'arousal' ? 1 : 0
  const threshold = clusters.threshold[axis]!
  const ratings = new Map([...means].map(([song, mean]) => [song, mean[dimension]]))
  const range = largestOf(ratings.values()) - leastOf(ratings.values())
  const high = [...ratings.values()].filter((rating) => rating > threshold).length
  const labels: SongLabels = {
    means: published.size > 0 ? 'published' : 'of-trials',
    count: ratings.size,
    high,
    threshold,
    centers: clusters.centers,
    ...separationOf(clusters, axis, range),
  }
  return { labels, ratings }
}

function publishedMeans(trials: readonly HeardTrial[]): Map<string, Ratings> {
  const means = new Map<string, Ratings>()
  for (const { stimulus, stimulusRatings, source } of trials) {
    if (!stimulusRatings) continue
    const known = means.get(stimulus)
    if (known && DIMENSIONS.some((dimension) => known[dimension] !== stimulusRatings[dimension]))
      throw new FormatError(
        `${source}: another trial of song ${stimulus} has other mean ratings; a song has one of each`,
      )
    means.set(stimulus, stimulusRatings)
  }
  return means
}

function meansOfTrials(trials: readonly HeardTrial[]): Map<string, Ratings> {
  const rated = trials.filter(({ ratings }) => ratings)
  const songs = groupBy(rated, ({ stimulus }) => stimulus)
  if (rated.length > 1 && songs.size === rated.length)
    throw new FormatError(
      'labels "song" need songs that several people rated, and no two rated trials are of one stimulus',
    )
  const meanOf = (own: readonly HeardTrial[], dimension: Dimension): number =>
    own.reduce((sum, { ratings }) => sum + ratings![dimension], 0) / own.length
  return new Map(
    [...songs].map(([song, own]) => [song, { valence: meanOf(own, 'valence'), arousal: meanOf(own, 'arousal') }]),
  )
}

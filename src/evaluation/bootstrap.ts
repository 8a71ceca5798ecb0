// The bootstrap over subjects: what another sample of people would have given.
import { groupBy } from '../datasets/group.ts'
import { Random } from '../runtime/random.ts'
import { BOOTSTRAP_STREAM } from './random_streams.ts'
import type { Interval } from './statistics.ts'

/** Resamples where nobody asks for another number. */
export const RESAMPLES = 2000

/** Draws as many subjects as there are, with replacement, again and again: their indices. */
export function subjectDraws(subjects: number, seed: number): () => Uint32Array {
  const random = new Random(seed, BOOTSTRAP_STREAM)
  return () => Uint32Array.from({ length: subjects }, () => random.integer(subjects))
}

/**
 * The central `level` of some values, between the two nearest where a bound falls between (NumPy's linear definition). Values that are NaN
 * are left out; undefined if all are.
 */
export function percentileInterval(values: Float64Array, level = 0.95): Interval | undefined {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort()
  if (sorted.length === 0) return undefined
  const quantile = (q: number): number => {
    const position = q * (sorted.length - 1)
    const left = sorted[Math.floor(position)]!
    return left + (position % 1) * (sorted[Math.ceil(position)]! - left)
  }
  return { low: quantile((1 - level) / 2), high: quantile((1 + level) / 2) }
}

/**
 * Percentile bootstrap that draws whole subjects, since trials of one person are not independent.
 * `statistic` gets indices of trials (with repeats); `subjects` names the subject of each trial. Resamples in which it is NaN are left
 * out; both bounds are NaN where it always is.
 */
export function bootstrapSubjects(
  subjects: readonly string[],
  statistic: (trials: number[]) => number,
  { seed, resamples = RESAMPLES, level = 0.95 }: { seed: number; resamples?: number; level?: number },
): Interval {
  const groups = [...groupBy(subjects.keys(), (index) => subjects[index]!).values()]
  const draw = subjectDraws(groups.length, seed)
  const values = Float64Array.from({ length: resamples }, () =>
    statistic(Array.from(draw()).flatMap((group) => groups[group]!)),
  )
  return percentileInterval(values, level) ?? { low: NaN, high: NaN }
}

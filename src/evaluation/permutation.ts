import { groupBy } from '../datasets/group.ts'
import type { Pieces } from '../runtime/breather.ts'

/**
 * Chance that labels shuffled within each subject are predicted at least as well as the real ones: a subject's usual label alone earns
 * nothing here. Exact: the share of all orders of the labels, none of which is drawn. `said` counts, for each trial, how many models call
 * it high (0 or 1 for one model); what is compared is the sum of all their hits. 0 only where it is less than a number can be.
 */
export function* permutationWithinSubjects(
  labels: ArrayLike<number>,
  said: ArrayLike<number>,
  subjects: readonly string[],
): Pieces<number> {
  // Within a subject only the votes for its high trials change with the order, and hits grow by two with each.
  let [chances, least, observed] = [Float64Array.of(1), 0, 0]
  for (const trials of groupBy(subjects.keys(), (index) => subjects[index]!).values()) {
    const high = trials.filter((trial) => labels[trial]).length
    const own = yield* votesForHigh(
      trials.map((trial) => said[trial]!),
      high,
    )
    for (const trial of trials) if (labels[trial]) observed += said[trial]!
    const first = own.findIndex((chance) => chance > 0)
    least += first
    chances = yield* convolve(chances, own.subarray(first, own.findLastIndex((chance) => chance > 0) + 1))
  }
  // From the far end, where the terms are least.
  let p = 0
  for (let i = chances.length - 1; i >= observed - least; i--) p += chances[i]!
  return Math.min(1, p)
}

/** The distribution of the votes for `high` of one subject's trials, drawn without replacement: one trial after the other is or is not. */
function* votesForHigh(votes: readonly number[], high: number): Pieces<Float64Array> {
  const most = votes.reduce((sum, vote) => sum + vote, 0)
  let chances = Array.from({ length: high + 1 }, () => new Float64Array(most + 1))
  chances[0]![0] = 1
  for (const [i, vote] of votes.entries()) {
    const left = votes.length - i
    const next = chances.map(() => new Float64Array(most + 1))
    for (const [taken, of] of chances.entries()) {
      const take = (high - taken) / left
      of.forEach((chance, sum) => {
        if (chance === 0) return
        if (take < 1) next[taken]![sum] = next[taken]![sum]! + chance * (1 - take)
        if (take > 0) next[taken + 1]![sum + vote] = next[taken + 1]![sum + vote]! + chance * take
      })
    }
    chances = next
    yield
  }
  return chances[high]!
}

/** The distribution of the sum of two independent numbers. */
function* convolve(a: Float64Array, b: Float64Array): Pieces<Float64Array<ArrayBuffer>> {
  const sums = new Float64Array(a.length + b.length - 1)
  for (const [j, chance] of b.entries()) {
    for (let i = 0; i < a.length; i++) sums[i + j] = sums[i + j]! + chance * a[i]!
    yield
  }
  return sums
}

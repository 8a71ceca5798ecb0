// What a model's result must stand beside. Each baseline learns from training trials only.
import { groupBy } from '../datasets/group.ts'
import type { Trial } from '../datasets/trial.ts'
import { largestOf } from '../signal/extremes.ts'

/** The most frequent class of the training trials; the highest of those that are as frequent. */
export function majorityClass(labels: ArrayLike<number>, train: readonly number[]): number {
  return frequentest(train.map((trial) => labels[trial]!)).at(-1)!
}

/**
 * Song-only label: what the others felt. For each test trial, in the order of `test`, the majority label of its stimulus among the training
 * trials of *other* subjects; every trial counts once, so who heard it twice has two votes. Listeners in the test part have none, nor has
 * the tested person, whose trials a split by trials may leave in training. undefined where nobody else heard it, or as many say another class.
 */
export function stimulusMajority(
  trials: readonly Pick<Trial, 'subject' | 'stimulus'>[],
  labels: ArrayLike<number>,
  train: readonly number[],
  test: readonly number[],
): (number | undefined)[] {
  return test.map((index) => {
    const { stimulus, subject } = trials[index]!
    const heard = train.filter((i) => trials[i]!.stimulus === stimulus && trials[i]!.subject !== subject)
    const [most, ...asMany] = frequentest(heard.map((i) => labels[i]!))
    return asMany.length > 0 ? undefined : most
  })
}

/** The classes that occur most, in order; none of none. */
function frequentest(labels: readonly number[]): number[] {
  const counts = new Map<number, number>()
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1)
  const most = largestOf(counts.values())
  return [...counts.keys()].filter((label) => counts.get(label) === most).sort((a, b) => a - b)
}

/**
 * Song-only rating: for each test trial, in the order of `test`, the mean rating of its stimulus over the training trials of *other* subjects,
 * each counted once. undefined where nobody else heard it.
 */
export function songMeans(
  trials: readonly Pick<Trial, 'subject' | 'stimulus'>[],
  ratings: ArrayLike<number>,
  train: readonly number[],
  test: readonly number[],
): (number | undefined)[] {
  const byStimulus = groupBy(train, (i) => trials[i]!.stimulus)
  return test.map((index) => {
    const { stimulus, subject } = trials[index]!
    const heard = (byStimulus.get(stimulus) ?? []).filter((i) => trials[i]!.subject !== subject)
    return heard.length > 0 ? heard.reduce((sum, i) => sum + ratings[i]!, 0) / heard.length : undefined
  })
}

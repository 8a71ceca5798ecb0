// What a model's result must stand beside. Each baseline learns from training trials only.
import type { Trial } from '../datasets/trial.ts'

/** The more frequent class of the training trials; 1 if both are as frequent. */
export function majorityClass(labels: ArrayLike<number>, train: readonly number[]): 0 | 1 {
  const high = train.reduce((sum, trial) => sum + labels[trial]!, 0)
  return 2 * high >= train.length ? 1 : 0
}

/**
 * Song-only label: what the others felt. For each test trial, in the order of `test`, the majority label of its stimulus among the training
 * trials of *other* subjects; every trial counts once, so who heard it twice has two votes. Listeners in the test part have none, nor has
 * the tested person, whose trials a split by trials may leave in training. undefined where nobody else heard it, or as many call it high as low.
 */
export function stimulusMajority(
  trials: readonly Pick<Trial, 'subject' | 'stimulus'>[],
  labels: ArrayLike<number>,
  train: readonly number[],
  test: readonly number[],
): (0 | 1 | undefined)[] {
  return test.map((index) => {
    const tested = trials[index]!
    let balance = 0
    for (const other of train) {
      const trial = trials[other]!
      if (trial.stimulus === tested.stimulus && trial.subject !== tested.subject) balance += labels[other] ? 1 : -1
    }
    return balance === 0 ? undefined : balance > 0 ? 1 : 0
  })
}

// A share of the subjects, as in the paper's subject-incremental experiment (RTCAN-1D, table 4 and figure 4).
import { UsageError } from '../runtime/errors.ts'
import { Random } from '../runtime/random.ts'
import type { LabelledTrials, RatedTrial } from './labels.ts'
import { SHARE_STREAM } from './random_streams.ts'
import type { Labels } from './targets.ts'

/**
 * Names of `share` of the subjects, rounded, in order of name. Those of a smaller share are among those of a larger one by the same
 * seed. @throws UsageError for a share of none
 */
export function drawSubjects(subjects: Iterable<string>, share: number, seed: number): string[] {
  const all = [...new Set(subjects)].sort()
  const count = Math.round(share * all.length)
  if (count === 0) throw new UsageError(`--share ${share} of ${all.length} subjects is none; use more`)
  const order = new Random(seed, SHARE_STREAM).permutation(all.length)
  return Array.from(order.subarray(0, count), (i) => all[i]!).sort()
}

/** Trials, labels and what is said of the people, of these subjects alone. */
export function ofSubjects<T extends RatedTrial>(
  labelled: LabelledTrials<T, Labels>,
  subjects: readonly string[],
): LabelledTrials<T, Labels> {
  const kept = new Set(subjects)
  const isKept = ({ subject }: { subject: string }): boolean => kept.has(subject)
  return {
    ...labelled,
    trials: labelled.trials.filter(isKept),
    labels: labelled.labels.filter((_, i) => isKept(labelled.trials[i]!)),
    subjects: labelled.subjects.filter(isKept),
  }
}

// A negative control: labels shuffled within each subject tell nothing of the trials, so that whatever learns from them must be at chance.
import { groupBy } from '../datasets/group.ts'
import { Random } from '../runtime/random.ts'
import { CONTROL_STREAM } from './random_streams.ts'
import type { Labels } from './targets.ts'

/** What the name of a label scheme ends in where labels were shuffled. */
const MARK = ' (control)'

/** The label scheme as results name it. */
export const shownScheme = (scheme: string, control?: true): string => (control ? `${scheme}${MARK}` : scheme)

/** Whether such a name is that of a control. */
export const isControl = (shown: string): boolean => shown.endsWith(MARK)

/** The scheme of such a name. */
export const plainScheme = (shown: string): string => (isControl(shown) ? shown.slice(0, -MARK.length) : shown)

interface Labelled {
  trials: readonly { id: string; subject: string }[]
  labels: Labels
  scheme: string
}

/** Each subject keeps as many trials of each class, or its ratings; which they are, the seed decides, and not the order of the trials. */
export function shuffleWithinSubjects<L extends Labelled>(labelled: L, seed: number): L {
  const { trials, labels } = labelled
  const random = new Random(seed, CONTROL_STREAM)
  const shuffled = labels.slice()
  const bySubject = [...groupBy(trials.keys(), (i) => trials[i]!.subject)].sort(([a], [b]) => (a < b ? -1 : 1))
  for (const [, own] of bySubject) {
    own.sort((a, b) => (trials[a]!.id < trials[b]!.id ? -1 : 1))
    random.permutation(own.length).forEach((from, to) => (shuffled[own[to]!] = labels[own[from]!]!))
  }
  return { ...labelled, labels: shuffled, scheme: shownScheme(labelled.scheme, true) }
}

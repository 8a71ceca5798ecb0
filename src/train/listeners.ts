// What other people said of a song, as a music vector of two numbers: no sound is looked at, and nobody's own rating.
import type { PreparedSet, PreparedTrial } from './prepare.ts'

/** Mean valence and arousal. */
export const LISTENER_FEATURES = 2
export const LISTENER_SET = 'mean valence and arousal of other listeners, of the training part alone'

/** Ratings of the training part by stimulus: who gave them, valence, arousal. */
export type ListenerRatings = Record<string, [subject: string, valence: number, arousal: number][]>

/** The ratings of these training trials. */
export function listenerRatings(
  trials: readonly Pick<PreparedTrial, 'subject' | 'stimulus' | 'ratings'>[],
  train: readonly number[],
): ListenerRatings {
  const byStimulus = new Map<string, ListenerRatings[string]>()
  for (const index of train) {
    const { subject, stimulus, ratings } = trials[index]!
    if (!ratings) continue
    const own = byStimulus.get(stimulus) ?? []
    own.push([subject, ratings.valence, ratings.arousal])
    byStimulus.set(stimulus, own)
  }
  return Object.fromEntries(byStimulus)
}

/**
 * The set with a music vector for each trial: the mean (valence, arousal) that listeners of the training part gave its stimulus, without the
 * trial's own person; where there are none, the mean of all that the training part gave.
 */
export function withListeners(set: PreparedSet, ratings: ListenerRatings): PreparedSet {
  const all = meanOf(Object.values(ratings).flat()) ?? new Float32Array(LISTENER_FEATURES)
  const known = new Map(Object.entries(ratings)) // a stimulus may be called anything, `constructor` too
  const trials = set.trials.map((trial) => {
    const others = (known.get(trial.stimulus) ?? []).filter(([subject]) => subject !== trial.subject)
    return { ...trial, music: meanOf(others) ?? all }
  })
  return { ...set, trials, musicDim: LISTENER_FEATURES, musicSet: LISTENER_SET }
}

function meanOf(ratings: ListenerRatings[string]): Float32Array | undefined {
  if (ratings.length === 0) return undefined
  const mean = (of: 1 | 2): number => ratings.reduce((sum, rating) => sum + rating[of], 0) / ratings.length
  return Float32Array.of(mean(1), mean(2))
}

// Labels by two-means on (valence, arousal): every split of a person's ratings is tried.
import type { StudyTrial } from './files.ts'

type RatedTrial = Pick<StudyTrial, 'id' | 'subject' | 'ratings'>

/** 1 = high, by trial id; unrated trials have none. A person's ratings decide for that person alone. */
export function twoMeansLabels(trials: readonly RatedTrial[], dimension: 'valence' | 'arousal'): Map<string, number> {
  const labels = new Map<string, number>()
  for (const person of new Set(trials.map(({ subject }) => subject))) {
    const own = trials.filter(({ subject, ratings }) => subject === person && ratings)
    const points = own.map(({ ratings }) => [ratings!.valence, ratings!.arousal])
    const threshold = bestSplit(points)[dimension === 'valence' ? 0 : 1]!
    for (const { id, ratings } of own) labels.set(id, ratings![dimension] > threshold ? 1 : 0)
  }
  return labels
}

/** Arousal and valence by their own labels: 0 both low, 1 valence high, 2 arousal high, 3 both. */
export function quadrantLabels(trials: readonly RatedTrial[]): Map<string, number> {
  const [arousal, valence] = [twoMeansLabels(trials, 'arousal'), twoMeansLabels(trials, 'valence')]
  return new Map([...arousal].map(([id, high]) => [id, 2 * high + valence.get(id)!]))
}

/** 0 low, 1 middle, 2 high: every assignment of a person's ratings to three clusters is tried, thresholds are between neighbouring centres. */
export function threeLevelLabels(trials: readonly RatedTrial[], dimension: 'valence' | 'arousal'): Map<string, number> {
  const labels = new Map<string, number>()
  for (const person of new Set(trials.map(({ subject }) => subject))) {
    const own = trials.filter(({ subject, ratings }) => subject === person && ratings)
    const values = own.map(({ ratings }) => ratings![dimension])
    let [least, centers] = [Infinity, [NaN, NaN, NaN]]
    for (let code = 0; code < 3 ** values.length; code++) {
      const parts = [0, 1, 2].map((k) => values.filter((_, i) => Math.floor(code / 3 ** i) % 3 === k))
      if (parts.some(({ length }) => length === 0)) continue
      const means = parts.map((part) => part.reduce((sum, value) => sum + value, 0) / part.length)
      let inertia = 0
      parts.forEach((part, k) => part.forEach((value) => (inertia += (value - means[k]!) ** 2)))
      if (inertia < least - 1e-9) [least, centers] = [inertia, [...means].sort((a, b) => a - b)]
    }
    const [low, middle, high] = centers as [number, number, number]
    for (const { id, ratings } of own) {
      const rating = ratings![dimension]
      labels.set(id, rating > (middle + high) / 2 ? 2 : rating > (low + middle) / 2 ? 1 : 0)
    }
  }
  return labels
}

/** Midpoint of the two centres with the least sum of squared distances. */
function bestSplit(points: readonly number[][]): number[] {
  let [least, midpoint] = [Infinity, [NaN, NaN]]
  for (let mask = 1; mask < 2 ** (points.length - 1); mask++) {
    const parts = [0, 1].map((side) => points.filter((_, i) => ((mask >> i) & 1) === side))
    const centers = parts.map((part) => [0, 1].map((d) => part.reduce((sum, p) => sum + p[d]!, 0) / part.length))
    let inertia = 0
    parts.forEach((part, k) =>
      part.forEach((p) => (inertia += (p[0]! - centers[k]![0]!) ** 2 + (p[1]! - centers[k]![1]!) ** 2)),
    )
    if (Math.abs(inertia - least) < 1e-9) throw new Error('two splits are equally good: the study is no test of labels')
    if (inertia < least) [least, midpoint] = [inertia, [0, 1].map((d) => (centers[0]![d]! + centers[1]![d]!) / 2)]
  }
  return midpoint
}

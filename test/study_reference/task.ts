// Which people and labels a run has by the seed of its folds, from the description of each draw.
import { Random } from '../../src/runtime/random.ts'
import type { StudyTrial } from './files.ts'
import { shuffled } from './statistics.ts'

type Labelled = Pick<StudyTrial, 'id' | 'subject'> & { label: number }

const byName = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
const people = (trials: readonly Labelled[]): string[] =>
  [...new Set(trials.map(({ subject }) => subject))].sort(byName)

/** The first of the people in a random order of their names. */
export const shareOf = (trials: readonly Labelled[], share: number, seed: number): string[] => {
  const all = people(trials)
  return shuffled(all, new Random(seed, 0x08000000)).slice(0, Math.round(share * all.length))
}

/** Person by person, in order of name, labels in a random order over the trials in order of id. */
export function controlLabels(trials: readonly Labelled[], seed: number): Map<string, number> {
  const random = new Random(seed, 0x09000000)
  const labels = new Map<string, number>()
  for (const person of people(trials)) {
    const own = trials.filter(({ subject }) => subject === person).sort((a, b) => byName(a.id, b.id))
    const drawn = shuffled(own, random)
    own.forEach(({ id }, i) => labels.set(id, drawn[i]!.label))
  }
  return labels
}

/** Test parts of folds within people: of each, in order of name, the trials in a random order go to the folds in turn. */
export function withinSubjectTests(trials: readonly Labelled[], count: number, seed: number): string[][] {
  const order = shuffled([...trials].sort((a, b) => byName(a.id, b.id)), new Random(seed, 0x01000000)) // prettier-ignore
  const turns = people(trials).flatMap((person) => order.filter(({ subject }) => subject === person))
  return Array.from({ length: count }, (_, fold) => turns.filter((_, i) => i % count === fold).map(({ id }) => id))
}

/** Of a hundred draws of whole people, until they are a share of the trials, the first whose class shares are nearest to the others'. */
export function stratifiedPeople(rest: readonly Labelled[], share: number, random: Random): string[] {
  let [best, least] = [[] as string[], Infinity]
  for (let draw = 0; draw < 100; draw++) {
    const held: string[] = []
    const of = (isHeld: boolean): Labelled[] => rest.filter(({ subject }) => held.includes(subject) === isHeld)
    for (const person of shuffled(people(rest), random).slice(0, -1))
      if (of(true).length < share * rest.length) held.push(person)
    const shareIn = (part: readonly Labelled[], k: number): number =>
      part.filter(({ label }) => label === k).length / part.length
    const apart = [0, 1].reduce((sum, k) => sum + Math.abs(shareIn(of(true), k) - shareIn(of(false), k)), 0)
    if (apart < least - 1e-12) [best, least] = [held, apart]
  }
  return best.sort(byName)
}

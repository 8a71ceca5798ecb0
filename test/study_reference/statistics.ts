// Metrics, intervals and tests of a list of predictions, counted in plain loops.
import { Random } from '../../src/runtime/random.ts'

export interface Judged {
  subject: string
  label: number
  predicted: number
}

const count = <T>(items: readonly T[], of: (item: T) => boolean): number => items.filter(of).length
const share = (a: number, b: number): number => (b === 0 ? 0 : a / b)

/** Every figure that a result gives for a list of predictions. */
export function metrics(judged: readonly Judged[]) {
  const confusion = [0, 1].map((label) =>
    [0, 1].map((predicted) => count(judged, (j) => j.label === label && j.predicted === predicted)),
  )
  const accuracy = share(
    count(judged, (j) => j.label === j.predicted),
    judged.length,
  )
  const support = [0, 1].map((k) => count(judged, ({ label }) => label === k))
  const precision = [0, 1].map((k) =>
    share(
      confusion[k]![k]!,
      count(judged, ({ predicted }) => predicted === k),
    ),
  )
  const recall = [0, 1].map((k) => share(confusion[k]![k]!, support[k]!))
  const f1 = [0, 1].map((k) => share(2 * precision[k]! * recall[k]!, precision[k]! + recall[k]!))
  const both = (of: (values: number[]) => number) => ({ precision: of(precision), recall: of(recall), f1: of(f1) })
  const occurring = recall.filter((_, k) => support[k]! > 0)
  return {
    count: judged.length,
    confusion,
    accuracy,
    precision,
    recall,
    f1,
    support,
    balanced_accuracy: occurring.reduce((sum, r) => sum + r, 0) / occurring.length,
    macro: both(([low, high]) => (low! + high!) / 2),
    weighted: both(([low, high]) => (low! * support[0]! + high! * support[1]!) / judged.length),
    micro: both(() => accuracy),
    positive: both(([, high]) => high!),
  }
}

const DRAWS = 2000

/** Trials of each person, people in the order in which they come first. */
const byPerson = (judged: readonly Judged[]): Judged[][] =>
  [...new Set(judged.map(({ subject }) => subject))].map((person) => judged.filter(({ subject }) => subject === person))

/** Percentile interval of the accuracy when people are drawn with replacement: the run's numbers for this, `level` of the draws inside. */
export function interval(judged: readonly Judged[], seed: number, level = 0.95): { low: number; high: number } {
  const people = byPerson(judged)
  const random = new Random(seed, 0x03000000)
  const accuracies: number[] = []
  for (let draw = 0; draw < DRAWS; draw++) {
    let [hits, trials] = [0, 0]
    for (let i = 0; i < people.length; i++) {
      const person = people[Math.floor(random.uniform() * people.length)]!
      hits += count(person, ({ label, predicted }) => label === predicted)
      trials += person.length
    }
    accuracies.push(hits / trials)
  }
  accuracies.sort((a, b) => a - b)
  const at = (q: number): number => {
    const place = q * (DRAWS - 1)
    const [before, after] = [accuracies[Math.floor(place)]!, accuracies[Math.ceil(place)]!]
    return before * (1 - (place % 1)) + after * (place % 1)
  }
  return { low: at((1 - level) / 2), high: at(1 - (1 - level) / 2) }
}

/** Chance that labels shuffled within each person are predicted as well: the hits of one person are then hypergeometric. */
export function permutationValue(judged: readonly Judged[]): number {
  const choose = (n: number, k: number): number => (k < 0 || k > n ? 0 : k === 0 ? 1 : (choose(n - 1, k - 1) * n) / k)
  let chances = [1]
  for (const person of byPerson(judged)) {
    const [n, high, called] = [
      person.length,
      count(person, ({ label }) => label === 1),
      count(person, ({ predicted }) => predicted === 1),
    ]
    const next = new Array<number>(chances.length + n).fill(0)
    for (let both = 0; both <= n; both++) {
      const chance = (choose(high, both) * choose(n - high, called - both)) / choose(n, called)
      if (chance === 0) continue
      const hits = both + (n - high - (called - both))
      chances.forEach((before, i) => (next[i + hits] = next[i + hits]! + before * chance))
    }
    chances = next
  }
  const observed = count(judged, ({ label, predicted }) => label === predicted)
  return chances.slice(observed).reduce((sum, chance) => sum + chance, 0)
}

/** Fisher-Yates from the end. */
export function shuffled<T>(items: readonly T[], random: Random): T[] {
  const order = [...items]
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(random.uniform() * (i + 1))
    ;[order[i], order[j]] = [order[j]!, order[i]!]
  }
  return order
}

/** Wilcoxon's signed-rank test over every pattern of signs. */
export function signedRank(a: readonly number[], b: readonly number[]): { n: number; w: number; p: number } {
  const differences = a.map((value, i) => value - b[i]!).filter((d) => Math.abs(d) > 1e-12)
  const near = (x: number, y: number): boolean => Math.abs(x - y) < 1e-12
  const ranks = differences.map((d) => {
    const smaller = count(differences, (e) => Math.abs(e) < Math.abs(d) && !near(Math.abs(e), Math.abs(d)))
    return smaller + (count(differences, (e) => near(Math.abs(e), Math.abs(d))) + 1) / 2
  })
  const n = ranks.length
  const w = ranks.reduce((sum, rank, i) => sum + (differences[i]! > 0 ? rank : 0), 0)
  let [below, above] = [0, 0]
  for (let signs = 0; signs < 2 ** n; signs++) {
    const sum = ranks.reduce((total, rank, i) => total + ((signs >> i) & 1 ? rank : 0), 0)
    if (sum <= w) below++
    if (sum >= w) above++
  }
  return { n, w, p: n === 0 ? 1 : Math.min(1, (2 * Math.min(below, above)) / 2 ** n) }
}

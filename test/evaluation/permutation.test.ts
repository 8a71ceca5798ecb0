import { describe, expect, it } from 'vitest'
import { permutationWithinSubjects } from '../../src/evaluation/permutation.ts'
import { atOnce } from '../../src/runtime/breather.ts'
import { Random } from '../../src/runtime/random.ts'

const p = (...of: Parameters<typeof permutationWithinSubjects>): number => atOnce(permutationWithinSubjects(...of))

/** The share of all orders of each subject's labels that are as good: by trying them all. */
function enumerated(labels: readonly number[], said: readonly number[], subjects: readonly string[]): number {
  const orders = (of: readonly number[]): number[][] =>
    of.length === 0
      ? [[]]
      : of.flatMap((item, i) => orders(of.filter((_, j) => j !== i)).map((rest) => [item, ...rest]))
  const hits = (of: readonly number[], votes: readonly number[]): number =>
    of.reduce((sum, label, i) => sum + (label ? votes[i]! : -votes[i]!), 0)
  let sums = [0]
  for (const name of new Set(subjects)) {
    const own = [...subjects.keys()].filter((i) => subjects[i] === name)
    const votes = own.map((i) => said[i]!)
    const all = orders(own.map((i) => labels[i]!)).map((order) => hits(order, votes))
    sums = sums.flatMap((sum) => all.map((more) => sum + more))
  }
  const observed = hits(labels, said)
  return sums.filter((sum) => sum >= observed).length / sums.length
}

describe('permutation within subjects', () => {
  it('is the share of all orders, of one model and of several together', () => {
    const random = new Random(3)
    const subjects = ['a', 'b', 'a', 'c', 'b', 'a', 'a', 'b', 'c', 'd', 'c']
    for (const models of [1, 1, 3, 3]) {
      const labels = subjects.map(() => random.integer(2))
      const said = subjects.map(() => random.integer(models + 1))
      expect(p(labels, said, subjects)).toBeCloseTo(enumerated(labels, said, subjects), 12)
    }
  })

  it("gives a subject's usual label nothing, and real knowledge its due", () => {
    const subjects = Array.from({ length: 200 }, (_, i) => `s${i >> 3}`)
    const random = new Random(3)
    const usual = subjects.map((_, i) => ((i >> 3) % 2 ? 1 : 0))
    const labels = usual.map((label) => (random.uniform() < 0.8 ? label : 1 - label))
    expect(p(labels, usual, subjects)).toBeCloseTo(1, 12)
    const knowing = labels.map((label) => (random.uniform() < 0.7 ? label : 1 - label))
    expect(p(labels, knowing, subjects)).toBeLessThan(0.05)
  })

  it('is as small as evidence makes it', () => {
    // Of 40 trials of one person, half of them high, one order of 40! / (20! 20!) is as good.
    const labels = Array.from({ length: 40 }, (_, i) => i % 2)
    let orders = 1
    for (let i = 1; i <= 20; i++) orders = (orders * (20 + i)) / i
    expect(p(labels, labels, new Array<string>(40).fill('s')) * orders).toBeCloseTo(1, 10)
  })
})

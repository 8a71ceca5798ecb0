import { describe, expect, it } from 'vitest'
import { forestScore, learnForest, splitFeature, trainForest } from '../../src/evaluation/forest.ts'
import { Random } from '../../src/runtime/random.ts'

const split = (ranks: number[], labels: number[]) =>
  splitFeature(Uint32Array.from(ranks), labels, Uint32Array.from(ranks.keys()))

describe('the split of one feature', () => {
  it('parts the classes where they can be parted', () => {
    expect(split([3, 0, 2, 1], [1, 0, 1, 0])).toEqual({ rank: 1, impurity: 0 })
  })

  it('has the least Gini impurity, of equals the lowest', () => {
    // After the first: 0 + 2 . 2 . 2 / 4. After the second: 2 . 1 . 1 / 2 + 2 . 1 . 2 / 3. After the third: 4 / 3 + 1. After the fourth: 3.
    expect(
      split(
        [0, 1, 2, 3, 4],
        [1, 0, 1, 0, 1].map((x) => 1 - x),
      ),
    ).toEqual({ rank: 0, impurity: 2 })
    // 0 0 1 0 1 1: after the second 0 + 2 . 3 . 1 / 4 = 1.5, and so after the fourth.
    expect(split([0, 1, 2, 3, 4, 5], [0, 0, 1, 0, 1, 1])).toEqual({ rank: 1, impurity: 1.5 })
  })

  it('keeps equal values together, and there is none of one value alone', () => {
    // Both rows of rank 1 go one way: 2 . 1 . 2 / 3 either side of them.
    expect(split([0, 1, 1, 2], [0, 0, 1, 1])).toEqual({ rank: 0, impurity: 4 / 3 })
    expect(split([2, 2, 2], [0, 1, 1])).toBeUndefined()
  })

  it('is that of all thresholds tried, whatever the number of rows', () => {
    const random = new Random(2)
    for (const n of [2, 9, 31, 33, 100]) {
      const ranks = [0, 1, ...Array.from({ length: n }, () => random.integer(n))]
      const labels = ranks.map(() => random.integer(2))
      const impurity = (of: number[]) => {
        const high = of.filter((i) => labels[i]).length
        return of.length === 0 ? 0 : (2 * high * (of.length - high)) / of.length
      }
      const all = [...new Set(ranks)]
        .sort((a, b) => a - b)
        .slice(0, -1)
        .map((rank) => {
          const sides = [true, false].map((low) => [...ranks.keys()].filter((i) => ranks[i]! <= rank === low))
          return { rank, impurity: impurity(sides[0]!) + impurity(sides[1]!) }
        })
      const least = Math.min(...all.map((of) => of.impurity))
      const found = split(ranks, labels)!
      expect(found.impurity).toBeCloseTo(least, 12)
      expect(all.find(({ rank }) => rank === found.rank)!.impurity).toBeCloseTo(least, 12)
    }
  })
})

describe('a random forest', () => {
  const random = new Random(5)
  const labels = Array.from({ length: 40 }, (_, i) => i % 2)
  /** The first of four features is the label, at 1 and 2. */
  const rows = labels.map((label) => Float32Array.of(label + 1, random.normal(), random.normal(), random.normal()))

  it('grows every tree on as many rows, drawn with replacement', async () => {
    const forest = await trainForest(rows, labels, { seed: 1 })
    expect(forest).toHaveLength(200)
    const highs = forest.map(({ high }) => 40 * high[0]!)
    expect(highs.every((count) => Math.abs(count - Math.round(count)) < 1e-9)).toBe(true)
    // Binomial of 40 and a half: mean 20, standard deviation 3.2.
    const mean = highs.reduce((sum, count) => sum + count, 0) / 200
    const deviation = Math.sqrt(highs.reduce((sum, count) => sum + (count - mean) ** 2, 0) / 199)
    expect(Math.abs(mean - 20)).toBeLessThan(1)
    expect(Math.abs(deviation - Math.sqrt(10))).toBeLessThan(0.8)
  })

  it('tries two of four features at a node, and parts midway between their values', async () => {
    const forest = await trainForest(rows, labels, { seed: 1 })
    const roots = forest.filter(({ feature }) => feature[0] === 0)
    // Half of all pairs have the first feature, which is then the best.
    expect(Math.abs(roots.length - 100)).toBeLessThan(30)
    for (const { threshold, high, left, right } of roots) {
      expect(threshold[0]).toBe(1.5)
      expect([high[left[0]!], high[right[0]!]]).toEqual([0, 1])
    }
  })

  it('goes on until its leaves are pure, and says their mean', async () => {
    const forest = await trainForest(rows, labels, { seed: 1, trees: 20 })
    for (const { feature, high } of forest)
      for (const [node, of] of feature.entries()) if (of < 0) expect([0, 1]).toContain(high[node])
    const votes = forest.map((tree) => forestScore([tree], rows[0]!))
    expect(forestScore(forest, rows[0]!)).toBeCloseTo(votes.reduce((sum, vote) => sum + vote, 0) / 20, 12)
  })

  it('passes over features that do not vary', async () => {
    const one = rows.map((row) => Float32Array.of(5, 5, row[0]!, 5, 5, 5, 5, 5, 5))
    const learned = await learnForest(one, labels, { seed: 1 })
    expect(one.map((row) => learned.score(row))).toEqual(labels)
  })

  it('is another with another seed', async () => {
    const [one, other] = [await learnForest(rows, labels, { seed: 1 }), await learnForest(rows, labels, { seed: 2 })]
    const middle = Float32Array.of(1.5, 0, 0, 0)
    expect(one.score(middle)).not.toBe(other.score(middle))
  })
})

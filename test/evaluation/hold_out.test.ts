// Held-out units that have the class balance of the others.
import { describe, expect, it } from 'vitest'
import { foldsInPieces, makeFolds, parseFoldScheme } from '../../src/evaluation/folds.ts'
import { holdOut } from '../../src/evaluation/hold_out.ts'
import { atOnce } from '../../src/runtime/breather.ts'
import { Random } from '../../src/runtime/random.ts'

/** Thirty people of eight trials, each person of one class but for a trial: a bad draw is far from balance. */
const trials = Array.from({ length: 240 }, (_, i) => ({ subject: `s${i >> 3}`, label: (i >> 3) % 3 ? 1 : 0 }))
const rest = [...trials.keys()]
const classes = Uint8Array.from(trials, ({ label }, i) => (i % 8 ? label : 1 - label))
const groupOf = (i: number): string => trials[i]!.subject
const draw = (seed: number, stratifyBy?: ArrayLike<number>): number[] =>
  atOnce(holdOut({ rest, share: 0.15, groupOf, where: 'fold 0', ...(stratifyBy && { stratifyBy }) }, new Random(seed)))

const highShare = (part: readonly number[]): number => part.filter((i) => classes[i]).length / part.length
const imbalance = (held: readonly number[]): number =>
  Math.abs(highShare(held) - highShare(rest.filter((i) => !held.includes(i))))

describe('a stratified validation part', () => {
  it('has nearly the class balance of what is left, which another has only by chance', () => {
    const seeds = [...Array(20).keys()]
    const [plain, stratified] = [seeds.map((seed) => draw(seed)), seeds.map((seed) => draw(seed, classes))]
    expect(Math.max(...plain.map(imbalance))).toBeGreaterThan(0.2)
    // Five of thirty people are held out, of whom no two thirds are whole.
    for (const held of stratified) expect(imbalance(held)).toBeLessThan(0.1)
  })

  it('is made of whole units, as many as another', () => {
    const held = draw(3, classes)
    expect(held).toHaveLength(40)
    expect(new Set(held.map(groupOf)).size).toBe(5)
    expect(held).toEqual([...held].sort((a, b) => a - b))
  })

  it('is the same for the same seed and classes, and the first draw where all are as good', () => {
    expect(draw(3, classes)).toEqual(draw(3, classes))
    expect(draw(4, classes)).not.toEqual(draw(3, classes))
    expect(draw(3, new Uint8Array(240))).toEqual(draw(3))
  })

  it('is that of every fold', () => {
    const all = trials.map(({ subject }, i) => ({ id: `t${i}`, subject, stimulus: 'x', columns: {} }))
    for (const scheme of ['subject:3', 'within-subject:3', 'random:3']) {
      const folds = (stratifyBy?: ArrayLike<number>) =>
        makeFolds(all, parseFoldScheme(scheme), { seed: 2, ...(stratifyBy && { stratifyBy }) }).folds
      const [plain, stratified] = [folds(), folds(classes)]
      for (const [i, { train, validation, test }] of stratified.entries()) {
        expect(test).toEqual(plain[i]!.test)
        const apart = (part: number[], left: number[]): number => Math.abs(highShare(part) - highShare(left))
        expect(apart(validation, train), scheme).toBeLessThanOrEqual(apart(plain[i]!.validation, plain[i]!.train))
        expect(apart(validation, train), scheme).toBeLessThan(0.1)
      }
    }
  })
})

it('lets others have their turn between any two draws', () => {
  const table = trials.map(({ subject }, i) => ({ id: `t${i}`, subject, stimulus: 'a', columns: {} }))
  const scheme = parseFoldScheme('subject:3')
  const pieces = foldsInPieces(table, scheme, { seed: 1, stratifyBy: classes })
  let turns = 0
  let next = pieces.next()
  for (; !next.done; next = pieces.next()) turns++
  expect(turns).toBeGreaterThanOrEqual(3 * 100)
  expect(next.value).toEqual(makeFolds(table, scheme, { seed: 1, stratifyBy: classes }))
})

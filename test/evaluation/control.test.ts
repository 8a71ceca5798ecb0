import { describe, expect, it } from 'vitest'
import { isControl, plainScheme, shownScheme, shuffleWithinSubjects } from '../../src/evaluation/control.ts'

/** Five people of ten trials each: one all high, one all low, the others mixed. */
const trials = Array.from({ length: 50 }, (_, i) => ({ id: `t${i}`, subject: `s${Math.floor(i / 10)}` }))
const labels = Uint8Array.from(trials, (_, i) => (i < 10 ? 1 : i < 20 ? 0 : Number(i % 3 === 0)))
const all = { trials, labels, scheme: 'two-means' }

describe('labels shuffled within subjects', () => {
  const highOf = (of: Uint8Array): number[] =>
    [0, 1, 2, 3, 4].map((s) => of.slice(10 * s, 10 * s + 10).filter(Boolean).length)

  it('leave each person as many of each class, and move most', () => {
    const shuffled = shuffleWithinSubjects(all, 1)
    expect(highOf(shuffled.labels)).toEqual(highOf(labels))
    expect([...shuffled.labels].filter((label, i) => label !== labels[i]).length).toBeGreaterThan(5)
    expect(shuffled.trials).toBe(trials)
    expect([...all.labels]).toEqual([...labels]) // the others are left alone
  })

  it('depend on the seed, and not on the order of the trials', () => {
    const byId = (of: typeof all, seed = 1) => {
      const { labels: shuffled } = shuffleWithinSubjects(of, seed)
      return new Map(of.trials.map(({ id }, i) => [id, shuffled[i]]))
    }
    const reversed = { ...all, trials: [...trials].reverse(), labels: labels.slice().reverse() }
    expect(byId(reversed)).toEqual(byId(all))
    expect(byId(all, 2)).not.toEqual(byId(all))
  })

  it('carry a mark in the name of their scheme', () => {
    const { scheme } = shuffleWithinSubjects(all, 1)
    expect(scheme).toBe('two-means (control)')
    expect([isControl(scheme), isControl('two-means')]).toEqual([true, false])
    expect([shownScheme('song'), shownScheme('song', true)].map(plainScheme)).toEqual(['song', 'song'])
  })
})

import { describe, expect, it } from 'vitest'
import { drawSubjects, ofSubjects } from '../../src/evaluation/subject_share.ts'
import { UsageError } from '../../src/runtime/errors.ts'

const people = Array.from({ length: 20 }, (_, i) => `s${i}`)

describe('a share of the subjects', () => {
  it('is rounded, in order of name, and holds every smaller one', () => {
    let before: string[] = []
    for (const share of [0.03, 0.1, 0.4, 0.7, 1]) {
      const drawn = drawSubjects(people, share, 5)
      expect(drawn).toHaveLength(Math.round(share * 20))
      expect(drawn).toEqual([...drawn].sort())
      expect(before.filter((name) => !drawn.includes(name))).toEqual([])
      before = drawn
    }
    expect(before).toEqual([...people].sort())
  })

  it('depends on names and seed, not on their order or how often they occur', () => {
    const drawn = drawSubjects(people, 0.4, 5)
    expect(
      drawSubjects(
        [...people].reverse().flatMap((name) => [name, name]),
        0.4,
        5,
      ),
    ).toEqual(drawn)
    expect(drawSubjects(people, 0.4, 6)).not.toEqual(drawn)
  })

  it('of none is refused', () => {
    expect(() => drawSubjects(people, 0.02, 5)).toThrow('--share 0.02 of 20 subjects is none; use more')
    expect(() => drawSubjects(people, 0.02, 5)).toThrow(UsageError)
  })

  it('keeps its trials with their labels, and what is said of its people', () => {
    const trials = ['a', 'b', 'a', 'c'].map((subject, i) => ({ subject, stimulus: `x${i}`, columns: {}, source: '' }))
    const subjects = ['a', 'b', 'c'].map((subject) => ({ subject, trials: 1, high: 1, weak: false }))
    const labels = Uint8Array.of(1, 0, 0, 1)
    const all = { dimension: 'arousal' as const, scheme: 'median', trials, labels, subjects, skipped: [] }
    expect(ofSubjects(all, ['a', 'c'])).toEqual({
      ...all,
      trials: [trials[0], trials[2], trials[3]],
      labels: Uint8Array.of(1, 0, 1),
      subjects: [subjects[0], subjects[2]],
    })
  })
})

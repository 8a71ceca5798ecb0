// Ranges and correlation of ratings, each counted once.
import { expect, it } from 'vitest'
import { ratedOnce, ratingFacts } from '../../src/evaluation/rating_facts.ts'

const of = (...pairs: [valence: number, arousal: number][]) => pairs.map(([valence, arousal]) => ({ valence, arousal }))

it('have ranges and a correlation', () => {
  // Deviations of valence -1 0 1, of arousal -2 1 1: r = 3 / sqrt(2 * 6).
  expect(ratingFacts(of([1, 5], [2, 8], [3, 8]))).toEqual({
    ...{ count: 3, valence: { least: 1, most: 3 }, arousal: { least: 5, most: 8 } },
    correlation: expect.closeTo(3 / Math.sqrt(12), 12) as number,
  })
})

it('have no correlation where there is none to have', () => {
  expect(ratingFacts(of([1, 5], [2, 8]))).toMatchObject({ count: 2, correlation: null })
  expect(ratingFacts(of([1, 5], [2, 5], [3, 5]))).toMatchObject({ correlation: null })
  expect(ratingFacts([])).toBeNull()
})

it('of two passes count once, of one song heard twice otherwise twice', () => {
  const [ratings] = of([1, 2])
  const heard = (id: string, more: object) => ({ id, subject: 'a', stimulus: 'x', ratings: ratings!, ...more })
  const trials = [
    heard('1', { pass: 'arousal' }),
    heard('2', { pass: 'valence' }),
    heard('3', { pass: 'valence', subject: 'b' }),
    heard('4', { pass: 'valence', stimulus: 'y' }),
    heard('5', { pass: 'valence', stimulus: 'z', ratings: undefined }),
    heard('6', {}),
    heard('7', {}),
  ]
  expect(ratedOnce(trials).map(({ id }) => id)).toEqual(['1', '3', '4', '6', '7'])
})

import { expect, it } from 'vitest'
import { onlyClass, scoreOfDecision } from '../../src/evaluation/learner.ts'

it('a decision value becomes a score that is above a half exactly where the decision is above 0', () => {
  const decisions = [-Infinity, -1e300, -800, -1, -1e-9, -1e-17, 0, 1e-320, 1e-17, 1e-9, 1, 800, Infinity]
  const scores = decisions.map(scoreOfDecision)
  scores.forEach((score, i) => {
    expect(score > 0.5).toBe(decisions[i]! > 0)
    expect(score >= 0 && score <= 1).toBe(true)
    if (i > 0) expect(score).toBeGreaterThanOrEqual(scores[i - 1]!)
  })
  expect(scoreOfDecision(-0)).toBe(0.5)
  expect(scoreOfDecision(Math.log(3))).toBeCloseTo(0.75, 15)
  expect(scoreOfDecision(NaN)).toBeNaN()
})

it('labels of one class alone teach that class', () => {
  expect(onlyClass('x', 2, [0, 1, 1])).toBeUndefined()
  expect(onlyClass('x', 2, [1, 1])!.score([3, 4])).toBe(1)
})

import { expect, it } from 'vitest'
import { answerOf, classOf } from '../../src/train/answer.ts'

it('of two classes is the probability of high, and high above one half', () => {
  expect(answerOf(Float32Array.of(0.75, 0.25))).toEqual({ probability: 0.25 })
  expect([0.25, 0.5, 0.51].map((probability) => classOf({ probability }))).toEqual([0, 0, 1])
})

it('of more is the likeliest, the first of equals, with its probability', () => {
  expect(answerOf([0.2, 0.3, 0.5])).toEqual({ predicted: 2, probability: 0.5 })
  expect(answerOf([0.1, 0.4, 0.1, 0.4])).toEqual({ predicted: 1, probability: 0.4 })
  expect(classOf(answerOf([0.4, 0.3, 0.3]))).toBe(0)
  expect(classOf(answerOf([0.1, 0.4, 0.1, 0.4]))).toBe(1)
})

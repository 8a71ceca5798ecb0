import { describe, expect, it } from 'vitest'
import { bestBaseline, comparedBy, isAtChance, standing, verdictOf } from '../../../src/experiments/pages/verdict.ts'
import { judged } from './made_up.ts'

const accuracy = { scores: ['accuracy'], leaks: false } as const

describe('the verdict on a number', () => {
  it('says first that there is none', () => {
    expect(verdictOf(undefined, 'accuracy', accuracy)).toBe('not run')
    const cell = { row: 0, dimension: 'valence', protocol: 'honest', control: false } as const
    expect(verdictOf(cell, 'accuracy', accuracy)).toBe('not finished')
    expect(verdictOf({ ...cell, judgement: judged(0.7) }, 'auc', accuracy)).toBe('the score is not defined')
  })

  it('draws nothing from an interval that is not there', () => {
    const { intervals: _, ...alone } = judged(0.7)
    const [first, ...rest] = alone.baselines.map((beside) => ({
      ...{ ...beside, difference: { ...beside.difference, accuracy: { mean: 0.1, low: NaN, high: NaN } } },
    }))
    const baselines = [first!, ...rest]
    expect(standing({ ...alone, baselines }, 'accuracy', false)).toBe(
      'without an interval, no comparison with song-only label',
    )
    expect(standing({ ...alone, baselines: [] }, 'accuracy', false)).toBe('no baseline')
    expect(isAtChance(alone)).toBe(false)
  })

  it('says that a model is behind', () => {
    const judgement = judged(0.65)
    const behind = judgement.baselines.map((beside) => ({
      ...{ ...beside, difference: { ...beside.difference, accuracy: { mean: -0.1, low: -0.2, high: -0.01 } } },
    }))
    expect(standing({ ...judgement, baselines: behind }, 'accuracy', false)).toBe('behind song-only label')
  })
})

it('compares by the first score that baselines have', () => {
  expect([comparedBy(['auc', 'f1']), comparedBy(['auc'])]).toEqual(['f1', 'balancedAccuracy'])
  expect(bestBaseline(judged(0.7), 'accuracy')!.name).toBe('song')
  expect(bestBaseline(judged(0.7), 'auc')).toBeUndefined()
})

import { expect, it } from 'vitest'
import { shown, shownGap, shownSpread, unitOf } from '../../../src/experiments/pages/shown.ts'

it('shows shares in per cent, others as they are, and what is not defined as a dash', () => {
  expect([shown('accuracy', 0.7123), shown('mcc', -0.126), shown('auc', NaN)]).toEqual(['71.2', '−0.13', '–'])
  expect([shownGap('f1', 0.01), shownGap('f1', -0.01)]).toEqual(['+1.0', '−1.0'])
  expect([shownGap('f1', -0.0001), shown('mcc', -0.001)]).toEqual(['+0.0', '0.00'])
})

it('prints mean and deviation together, and nothing where there is no deviation', () => {
  expect(shownSpread('accuracy', { mean: 0.6125, sd: 0.034 })).toBe('61.3 ± 3.4')
  expect(shownSpread('mcc', { mean: -0.1, sd: 0.25 })).toBe('−0.10 ± 0.25')
  expect(shownSpread('accuracy', { mean: 0.5, sd: NaN })).toBeUndefined()
  expect([unitOf('f1'), unitOf('brier')]).toEqual([' %', ''])
})

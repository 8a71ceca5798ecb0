import { expect, it } from 'vitest'
import { FUNCTIONALS, functionals } from '../../src/music/functionals.ts'

const of = (values: readonly number[], times: readonly number[]): Record<string, number> =>
  Object.fromEntries(
    functionals(Float64Array.from(values), Float64Array.from(times)).map((value, i) => [FUNCTIONALS[i]!, value]),
  )

it('are what their names say', () => {
  // A line of slope 2 from 1 on, in another order of its values than of their size at two places.
  const found = of([1, 3, 5, 7, 9], [0, 1, 2, 3, 4])
  expect(found).toEqual({
    mean: 5,
    deviation: Math.sqrt(8),
    p5: 1.4,
    p25: 3,
    p50: 5,
    p75: 7,
    p95: 8.6,
    slope: 2,
    change: 2,
  })
  const turned = of([9, 1, 7, 3, 5], [0, 1, 2, 3, 4])
  expect(turned).toMatchObject({ mean: 5, p5: 1.4, p95: 8.6, change: (8 + 6 + 4 + 2) / 4 })
  expect(turned['slope']).toBeCloseTo((-2 * 4 + -1 * -4 + 1 * -2) / 10, 12)
})

it('go by the times, which may have holes', () => {
  expect(of([0, 10, 40], [0, 1, 4])['slope']).toBeCloseTo(10, 12)
})

it('of what does not change are its value and nothing else', () => {
  const level = { mean: 3, p5: 3, p25: 3, p50: 3, p75: 3, p95: 3 }
  expect(of([3, 3, 3], [0, 1, 2])).toEqual({ ...level, deviation: 0, slope: 0, change: 0 })
  expect(of([3], [7])).toEqual({ ...level, deviation: 0, slope: 0, change: 0 })
})

import { describe, expect, it } from 'vitest'
import { moments } from '../../src/signal/moments.ts'

describe('moments', () => {
  it('are those of numbers worked out by hand', () => {
    // mean 3; deviations -2 -1 0 3: second 14/4, third 18/4, fourth 98/4; the line through them rises by 1.6 a sample
    const found = moments([1, 2, 3, 6])
    expect(found).toMatchObject({ mean: 3, min: 1, max: 6 })
    expect(found.sd).toBeCloseTo(Math.sqrt(3.5), 12)
    expect(found.skewness).toBeCloseTo(4.5 / 3.5 ** 1.5, 12)
    expect(found.kurtosis).toBeCloseTo(24.5 / 3.5 ** 2 - 3, 12)
    expect(found.slope).toBeCloseTo(1.6, 12)
    expect(found.meanAbsoluteDifference).toBeCloseTo(5 / 3, 12)
  })

  it('do not overflow where squares would', () => {
    const found = moments([1e200, 2e200, 3e200, 6e200])
    expect(found.sd / 1e200).toBeCloseTo(Math.sqrt(3.5), 12)
    expect(found.kurtosis).toBeCloseTo(24.5 / 3.5 ** 2 - 3, 12)
  })

  it('take what differs by rounding only for constant, and one sample too', () => {
    const flat = { sd: 0, skewness: 0, kurtosis: 0, slope: 0, meanAbsoluteDifference: 0 }
    expect(moments([0.1 + 0.2, 0.3, 0.3])).toMatchObject(flat)
    expect(moments([7])).toEqual({ mean: 7, min: 7, max: 7, ...flat })
    expect(moments([]).mean).toBeNaN()
    expect(moments([]).sd).toBeNaN()
  })
})

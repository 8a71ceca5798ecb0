import { describe, expect, it } from 'vitest'
import { zscore } from '../../src/signal/normalize.ts'

describe('zscore', () => {
  it('uses the population standard deviation', () => {
    const { z, mean, std, constant } = zscore([1, 2, 3, 4])
    expect(mean).toBe(2.5)
    expect(std).toBeCloseTo(Math.sqrt(1.25), 15)
    expect(z[3]).toBeCloseTo(1.5 / Math.sqrt(1.25), 15)
    expect(constant).toBe(false)
  })

  it('turns a constant into flagged zeros, rounding or not', () => {
    for (const x of [
      [0.1, 0.1, 0.1],
      [0.3, 0.1 + 0.2, 0.3],
      [0, 0],
    ]) {
      expect(zscore(x)).toEqual({
        z: new Float64Array(x.length),
        mean: expect.closeTo(x[0]!),
        std: 0,
        constant: true,
      })
    }
  })

  it('keeps small variation on a large level', () => {
    expect(zscore([1e6, 1e6 + 1e-3]).z[1]).toBeCloseTo(1, 6)
  })
})

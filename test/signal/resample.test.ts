import { describe, expect, it } from 'vitest'
import { ShapeError } from '../../src/runtime/errors.ts'
import { interpolateLinear } from '../../src/signal/resample.ts'
import { fixtureCases, readTensors } from '../support/golden_values.ts'

describe('interpolateLinear', () => {
  it('puts ends on ends, or cells on cells', () => {
    expect([...interpolateLinear([0, 10], 5)]).toEqual([0, 2.5, 5, 7.5, 10])
    expect([...interpolateLinear([0, 10], 4, false)]).toEqual([0, 2.5, 7.5, 10])
    expect([...interpolateLinear([0, 3, 6, 9], 2, false)]).toEqual([1.5, 7.5])
    expect([...interpolateLinear([7], 3)]).toEqual([7, 7, 7])
    expect([...interpolateLinear([7, 8], 1)]).toEqual([7])
    expect(() => interpolateLinear([], 3)).toThrow(ShapeError)
  })

  it('keeps the last sample exactly', () => {
    for (const n of [2, 3, 161, 7333]) {
      const x = Float64Array.from({ length: n }, (_, i) => Math.sin(i))
      expect(interpolateLinear(x, 2500).at(-1)).toBeCloseTo(x[n - 1]!, 11)
    }
  })

  it.each(fixtureCases('op').filter(({ op }) => op === 'interpolate_linear'))('matches PyTorch: $title', (fixture) => {
    const tensors = readTensors(fixture)
    const x = tensors.get('x')!
    const n = x.shape.at(-1)!
    for (const [key, alignCorners] of [
      ['y', false],
      ['y_align_corners', true],
    ] as const) {
      const y = tensors.get(key)!
      const length = y.shape.at(-1)!
      for (let row = 0; row < x.data.length / n; row++) {
        interpolateLinear(x.data.subarray(row * n, (row + 1) * n), length, alignCorners).forEach((value, j) =>
          expect(value).toBeCloseTo(y.data[row * length + j]!, 6),
        )
      }
    }
  })
})

import { describe, expect, it } from 'vitest'
import { ShapeError } from '../../src/runtime/errors.ts'
import { interpolate, interpolateLinear } from '../../src/signal/resample.ts'
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

describe('interpolate', () => {
  const wave = (n: number, cycles: number) =>
    Float64Array.from({ length: n }, (_, i) => Math.sin((2 * Math.PI * cycles * i) / (n - 1)))
  const rms = (x: Float64Array): number => Math.sqrt(x.reduce((sum, v) => sum + v * v, 0) / x.length)

  it('filters what fewer points cannot follow, and keeps what they can', () => {
    // 100 points follow 49 cycles at most: 90 would fold to 9.
    expect(rms(interpolate(wave(2000, 90), 100, 'linear'))).toBeGreaterThan(0.6)
    expect(rms(interpolate(wave(2000, 90), 100, 'antialias').subarray(9, 91))).toBeLessThan(0.003)
    const slow = interpolate(wave(2000, 9), 100, 'antialias')
    wave(100, 9).forEach((value, j) => j > 8 && j < 91 && expect(slow[j]).toBeCloseTo(value, 2))
    const level = interpolate(new Float64Array(2000).fill(3), 100, 'antialias')
    expect([level[0], level[50], level[99]]).toEqual([3, 3, 3].map((value) => expect.closeTo(value, 12) as number))
  })

  it('filters nothing where points do not get fewer', () => {
    for (const n of [7, 100])
      expect(interpolate(wave(n, 2), 100, 'antialias')).toEqual(interpolateLinear(wave(n, 2), 100))
  })

  it('folds and resizes as the released loader, which uses Pillow', () => {
    // Pillow 12.3: Image.fromarray(x[:16].reshape(4, 4)).resize((2, 2), Image.BILINEAR), and the same to (5, 5) of x[:9].
    const x = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3, 2]
    const half = [4.265306, 3.857143, 6.163265, 5.877551]
    expect([...interpolate(x, 4, 'released')]).toEqual(half.map((value) => expect.closeTo(value, 5) as number))
    const more = [
      3.0, 2.2, 1.0, 2.8, 4.0, 2.2, 2.36, 2.6, 4.64, 6.0, 1.0, 2.6, 5.0, 7.4, 9.0, 1.6, 3.2, 5.6, 6.2, 6.6, 2.0, 3.6,
      6.0, 5.4, 5.0,
    ]
    expect([...interpolate(x.slice(0, 10), 25, 'released')]).toEqual(
      more.map((value) => expect.closeTo(value, 5) as number),
    )
    expect(() => interpolate(x, 6, 'released')).toThrow('resize as released: 6 points are no square, such as 2500')
  })
})

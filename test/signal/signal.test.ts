import { describe, expect, it } from 'vitest'
import { FormatError, ShapeError } from '../../src/runtime/errors.ts'
import { requireLength, toChannels } from '../../src/signal/channels.ts'
import { fillGaps, splitAtGaps } from '../../src/signal/gaps.ts'
import { zscore } from '../../src/signal/normalize.ts'
import { interpolateLinear } from '../../src/signal/resample.ts'
import { fixtureCases, readTensors } from '../golden_values.ts'

describe('gaps', () => {
  it('bridges short runs linearly and holds the ends', () => {
    const { samples, filled } = fillGaps([NaN, 2, NaN, NaN, 5, NaN], 4, 'a.csv')
    expect([...samples]).toEqual([2, 2, 3, 4, 5, 5])
    expect(filled).toBe(4)
  })

  it('fills a run of exactly one second, refuses one more sample', () => {
    const withRun = (n: number): number[] => [1, ...new Array<number>(n).fill(NaN), 1, 1, 1]
    expect(fillGaps(withRun(4), 4, 'a.csv').filled).toBe(4)
    expect(() => fillGaps(withRun(5), 4, 'a.csv')).toThrow(
      'a.csv: 1.25 s of samples are missing (NaN) from 0.25 s on; gaps up to 1 s are filled, cut or repair longer ones',
    )
  })

  it('names the line of a long gap where it is known', () => {
    expect(() => fillGaps([1, 1, NaN, NaN, 1], 1, 'a.csv', 2)).toThrow(
      'a.csv:4: 2.00 s of samples are missing (NaN) from 2.00 s on',
    )
    expect(() => fillGaps([1, NaN, Infinity], 1, 'a.csv', 2)).toThrow(
      'a.csv:4: sample 2 is Infinity, expected a finite number',
    )
  })

  it('splits at long gaps and fills the others', () => {
    const gappy = [NaN, NaN, NaN, 1, 2, NaN, 4, NaN, NaN, NaN, 7, NaN, NaN, 10, NaN]
    expect(splitAtGaps(gappy, 2, 'a.csv')).toEqual([
      { start: 3, samples: Float64Array.of(1, 2, 3, 4), filled: 1 },
      { start: 10, samples: Float64Array.of(7, 8, 9, 10, 10), filled: 3 },
    ])
    expect(splitAtGaps([1, NaN, 3], 2, 'a.csv')).toEqual([{ start: 0, ...fillGaps([1, NaN, 3], 2, 'a.csv') }])
    expect(() => splitAtGaps([NaN, NaN], 1, 'a.csv')).toThrow('a.csv: all 2 samples are missing')
    expect(() => splitAtGaps([1, -Infinity], 1, 'a.csv')).toThrow(FormatError)
  })

  it('refuses a trace without samples, and infinite values', () => {
    expect(() => fillGaps([NaN, NaN], 1, 'a.csv')).toThrow('a.csv: all 2 samples are missing')
    expect(() => fillGaps([NaN], 1, 'a.csv')).toThrow(FormatError)
    expect(() => fillGaps([1, Infinity], 4, 'a.csv')).toThrow('a.csv: sample 1 is Infinity, expected a finite number')
  })
})

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
        mean: expect.closeTo(x[0] as number),
        std: 0,
        constant: true,
      })
    }
  })

  it('keeps small variation on a large level', () => {
    expect(zscore([1e6, 1e6 + 1e-3]).z[1]).toBeCloseTo(1, 6)
  })
})

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
      expect(interpolateLinear(x, 2500).at(-1)).toBeCloseTo(x[n - 1] as number, 11)
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

describe('toChannels', () => {
  const sampleRate = 4
  const ramp = Float64Array.from({ length: 52 }, (_, i) => i)

  it('drops 3 s, z-scores each channel and interpolates ends on ends', () => {
    const wave = ramp.map((i) => (i < 12 ? 1e6 : Math.sin(i)))
    const { data, length, constant } = toChannels(
      { origin: ramp, phasic: wave, tonic: ramp.map(() => 3) },
      { sampleRate, length: 79, source: 't' },
    )
    expect(data.length).toBe(3 * 79)
    expect(length).toBe(79)
    expect(constant).toEqual(['tonic'])
    const cut = zscore(ramp.subarray(12)).z
    expect(data[0]).toBeCloseTo(cut[0] as number, 6)
    expect(data[78]).toBeCloseTo(cut[39] as number, 6)
    expect(data[1]).toBeCloseTo(((cut[0] as number) + (cut[1] as number)) / 2, 6)
    expect(Math.max(...data.subarray(79, 158))).toBeLessThan(2)
    expect(data.subarray(158).every((value) => value === 0)).toBe(true)
  })

  it('wants 3 s and 2 samples', () => {
    const short = new Float64Array(13)
    const signals = { origin: short, phasic: short, tonic: short }
    expect(() => toChannels(signals, { sampleRate, source: 'trials.csv:7' })).toThrow(
      'trials.csv:7: 13 samples (3.25 s) at 4 Hz are too short; ' +
        '3 s are dropped and 2 samples must remain, so at least 14 are needed',
    )
    expect(() => requireLength(14, 4, 3, 't')).not.toThrow()
    expect(() => requireLength(0, 4, 3, 't')).toThrow(FormatError)
  })
})

import { describe, expect, it } from 'vitest'
import { Random } from '../../src/runtime/random.ts'
import { coarse, coarseStepOf, noiseOf, quantile, resolutionOf } from '../../src/signal/noise.ts'

const noise = (n: number, deviation: number, seed: number): Float64Array => {
  const random = new Random(seed)
  return Float64Array.from({ length: n }, () => deviation * random.normal())
}

describe('the noise of a recording', () => {
  it.each([
    [4, 1],
    [9.9, 2],
    [100, 25],
  ])('at %d Hz is that of means of %d samples, whatever the drift', (sampleRate, size) => {
    const x = noise(sampleRate * 2000, 0.1, 1).map((value, i) => 5 + value + Math.sin(i / sampleRate / 30))
    const blocks = coarse(x, sampleRate)
    expect([blocks.size, blocks.rate]).toEqual([size, sampleRate / size])
    expect(noiseOf(blocks) / (0.1 / Math.sqrt(size))).toBeCloseTo(1, 1)
  })

  it('is that of the rest where a third of the samples does something else, or is missing', () => {
    const x = noise(6000, 0.1, 2)
    const moved = x.map((value, i) => (i % 60 < 20 ? value + 40 * Math.sin(i) : value))
    const missing = x.map((value, i) => (i % 60 < 20 ? NaN : value))
    expect(noiseOf(coarse(moved, 4)) / 0.1).toBeLessThan(2)
    expect(noiseOf(coarse(missing, 4)) / 0.1).toBeCloseTo(1, 1)
    expect(noiseOf(coarse([], 4))).toBe(0)
  })
})

describe('the steps of a sensor', () => {
  const drift = Float64Array.from({ length: 4000 }, (_, i) => 1 + 0.2 * Math.sin(i / 200))
  const stepped = (x: Float64Array, step: number) => x.map((value) => step * Math.round(value / step))

  it('are told where its numbers mostly stand still, and drown in noise elsewhere', () => {
    expect(coarseStepOf(stepped(drift, 0.01))).toBeCloseTo(0.01, 12)
    const rough = drift.map((value, i) => value + noise(4000, 0.02, 3)[i]!)
    expect(coarseStepOf(stepped(rough, 0.01))).toBe(0)
    expect(resolutionOf(stepped(rough, 0.01))).toBeCloseTo(0.01, 12)
    expect(coarseStepOf(new Float64Array(10))).toBe(0)
  })
})

it('a quantile is of what is not NaN', () => {
  expect([0, 0.5, 1].map((share) => quantile([3, NaN, 1, 2], share))).toEqual([1, 2, 3])
  expect(quantile([NaN], 0.5)).toBe(0)
})

it.each<[string, (i: number, n: number) => number]>([
  ['in order', (i) => i],
  ['backwards', (i) => -i],
  ['up and down', (i, n) => Math.min(i, n - i)],
  ['of a few values', (i) => (i * 7) % 3],
  ['of one value', () => 2],
  ['of noise, some missing', (i) => (i % 5 === 0 ? NaN : Math.sin(i * i))],
  ['with infinities', (i) => (i % 4 === 0 ? Infinity : i % 9 === 0 ? -Infinity : Math.cos(i))],
])('a quantile of values %s is that of the sorted ones', (_, of) => {
  for (const n of [1, 2, 3, 10, 101, 4096]) {
    const x = Float64Array.from({ length: n }, (_value, i) => of(i, n))
    const sorted = x.filter((value) => !Number.isNaN(value)).sort()
    const copy = x.slice()
    for (const share of [0, 0.05, 0.1, 0.5, 0.9, 0.95, 1])
      expect(quantile(x, share), `${n} ${share}`).toBe(sorted[Math.floor(share * (sorted.length - 1))] ?? 0)
    expect(x).toEqual(copy)
  }
})

import { describe, expect, it } from 'vitest'
import { makeEda } from '../../src/datasets/synthetic_eda.ts'
import { fastStretches, joined, widened } from '../../src/signal/artefacts.ts'

/** Seconds of what was found in a clean recording of responses with something more in it. */
function found(sampleRate: number, more: (t: number, value: number) => number, unit = 'µS'): number[][] {
  const { recording } = makeEda('clean', 3, { sampleRate, seconds: 200 })
  const eda = recording.eda.map((value, i) => more(i / sampleRate, value))
  return fastStretches(eda, sampleRate, unit === 'µS').map(({ start, end }) => [start / sampleRate, end / sampleRate])
}
const around = (from: number, to: number) => [[expect.closeTo(from, -0.3), expect.closeTo(to, -0.3)]]

describe('steps faster than skin', () => {
  it.each([4, 16, 128])('are none in a recording of responses at %d Hz, small or large', (sampleRate) => {
    expect(found(sampleRate, (_, value) => value)).toEqual([])
    expect(found(sampleRate, (_, value) => 4 * value)).toEqual([])
  })

  it.each([
    [4, 0.5],
    [4, 20],
    [128, 0.5],
    [128, 20],
  ])('are a spike at %d Hz of %d µS, with 5 s on both sides', (sampleRate, size) => {
    const spike = (t: number): number => Math.max(0, 1 - Math.abs(t - 100.5) / 0.6)
    expect(found(sampleRate, (t, value) => value + size * spike(t))).toEqual(around(95, 106))
  })

  it('are both ends of lost contact', () => {
    expect(found(4, (t, value) => (t > 100 && t < 104 ? value / 5 : value))).toEqual(around(95, 109))
    expect(found(4, (t, value) => (t > 100 && t < 104 ? value / 5 : value), 'kΩ')).toEqual(around(95, 109))
  })

  it('are 10 µS a second even where a change is drawn out, in µS alone, and only where numbers can be µS', () => {
    const ramp = (speed: number) => (t: number, value: number) => value + speed * Math.min(4, Math.max(0, t - 100))
    expect(found(4, ramp(11))).toEqual(around(95, 109))
    expect(found(4, ramp(9))).toEqual([])
    expect(found(4, ramp(11), 'kΩ')).toEqual([])
    expect(found(4, (t, value) => 1000 + ramp(11)(t, value))).toEqual([])
  })
})

describe('stretches', () => {
  it('are joined where they touch or overlap, in order', () => {
    const all = [
      { start: 9, end: 12 },
      { start: 0, end: 3 },
      { start: 3, end: 5 },
      { start: 1, end: 2 },
    ]
    expect(joined(all)).toEqual([
      { start: 0, end: 5 },
      { start: 9, end: 12 },
    ])
  })

  it('are widened within the recording', () => {
    expect(widened({ start: 3, end: 6 }, 4, 100)).toEqual({ start: 0, end: 10 })
    expect(widened({ start: 93, end: 98 }, 4, 100)).toEqual({ start: 89, end: 100 })
  })
})

import { describe, expect, it } from 'vitest'
import { qualitySegments } from '../../src/signal/segments.ts'

/** 150 s at 4 Hz of 2 µS, but for [from, to) seconds. */
const signal = (...spans: [from: number, to: number, value: number][]): Float64Array =>
  Float64Array.from({ length: 600 }, (_, i) => spans.find(([from, to]) => i >= from * 4 && i < to * 4)?.[2] ?? 2)
const fine = { range: 0, slope: 0, neighbours: 0, valid: 1 }
const share = (seconds: number, of = 60) => expect.closeTo(seconds / of) as number

describe('the minutes of a recording', () => {
  it('are valid where nothing is broken; the last may be shorter', () => {
    expect(qualitySegments(signal(), 4)).toEqual([0, 60, 120].map((start) => ({ start, ...fine })))
  })

  it.each([0.04, 61, NaN])('are not where the value is %d, with 5 s on both sides', (value) => {
    const [first, second, third] = qualitySegments(signal([70, 80, value]), 4)
    expect([first, third]).toEqual([
      { start: 0, ...fine },
      { start: 120, ...fine },
    ])
    expect(second).toMatchObject({ range: share(10), valid: expect.closeTo(1 - 20 / 60, 1) as number })
  })

  it('keep 0.05 and 60 µS', () => {
    expect(qualitySegments(signal([0, 150, 0.05]), 4)[0]).toEqual({ start: 0, ...fine })
    expect(qualitySegments(signal([0, 150, 60]), 4)[0]).toEqual({ start: 0, ...fine })
  })

  it('break the slope at 10 µS a second, up and down, and the next minute by its neighbour', () => {
    const [first, second] = qualitySegments(signal([59, 150, 4.6]), 4)
    expect(first).toMatchObject({ range: 0, slope: share(0.5), neighbours: share(5.75) })
    expect(second).toMatchObject({ slope: 0, neighbours: share(4.25), valid: share(55.75) })
    expect(qualitySegments(signal([59, 150, 4.4]), 4)[0]).toEqual({ start: 0, ...fine })
    expect(qualitySegments(signal([0, 59, 4.6]), 4)[0]).toMatchObject({ slope: share(0.5) })
  })

  it('break the temperature outside 30 to 40 °C, where there is one', () => {
    const values = Array.from({ length: 150 }, (_, t) => (t < 30 ? 29.9 : t < 60 ? 40.1 : t < 120 ? 30 : 40))
    const found = qualitySegments(signal(), 4, { sampleRate: 1, values })
    expect(found.map(({ temperature, valid }) => [temperature, valid])).toEqual([
      [1, 0],
      [0, share(54.75, 60)],
      [0, 1],
    ])
  })
})

import { describe, expect, it } from 'vitest'
import { onRecorderClock } from '../../src/reading/stream_clock.ts'

const close = (values: Float64Array, expected: readonly number[]) => {
  expect(values.length).toBe(expected.length)
  expected.forEach((value, i) => expect(values[i]).toBeCloseTo(value, 9))
}

describe('stamps of a stream', () => {
  it('stay as they are without a reading of its clock, and move by a single one', () => {
    const stamps = Float64Array.of(1, 2, 3)
    close(onRecorderClock(stamps, []), [1, 2, 3])
    close(onRecorderClock(stamps, [{ at: 2, offset: 0.5 }]), [1.5, 2.5, 3.5])
  })

  it('follow the line that fits all readings, not the noise of one', () => {
    const clock = Array.from({ length: 50 }, (_, i) => ({
      at: i,
      offset: 3 + 0.01 * i + (i % 2 === 0 ? 0.002 : -0.002),
    }))
    const moved = onRecorderClock(Float64Array.of(0, 10, 49, 60), clock)
    for (const [i, stamp] of [0, 10, 49, 60].entries())
      expect(Math.abs(moved[i]! - (1.01 * stamp + 3))).toBeLessThan(5e-4)
  })

  it('of a clock that was set anew go on where they were', () => {
    const clock = [
      { at: 1000, offset: -900 },
      { at: 1005, offset: -900 },
      { at: 2, offset: 110 },
      { at: 7, offset: 110 },
    ]
    close(onRecorderClock(Float64Array.of(998, 1006, 1, 3, 9), clock), [98, 106, 111, 113, 119])
  })
})

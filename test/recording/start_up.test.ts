import { describe, expect, it } from 'vitest'
import { fadedAfter, fading, tailOf } from '../../src/recording/start_up.ts'
import { Random } from '../../src/runtime/random.ts'

const shape = { tau0: 2, tau1: 0.7 }
const bateman = (t: number): number => (t <= 0 ? 0 : Math.exp(-t / 2) - Math.exp(-t / 0.7)) / 0.3873

/** 60 s of a drifting level with noise, a response of `size` that began `ago` seconds before, and one at `next`. */
function stretch(sampleRate: number, ago: number, size: number, next = 40): Float64Array {
  const random = new Random(5)
  return Float64Array.from({ length: 60 * sampleRate }, (_, i) => {
    const t = i / sampleRate
    return 4 + 0.01 * t + size * bateman(t + ago) + 0.3 * bateman(t - next) + 0.002 * random.normal()
  })
}

describe('the response that began before', () => {
  it.each([
    [4, 1.5],
    [4, 3],
    [10, 1.5],
    [128, 0.5],
  ])('at %d Hz %d s ago is found, with what is left of it', (sampleRate, ago) => {
    const tail = tailOf(stretch(sampleRate, ago, 1), sampleRate, 0.3, shape)!
    for (const t of [0, 1, 3, 6]) expect(Math.abs(fading(tail, t) - bateman(t + ago))).toBeLessThan(0.05)
    expect(Math.abs(tail.age - ago)).toBeLessThanOrEqual(0.5)
  })

  it('is found where another follows soon, and not looked for where one follows at once', () => {
    expect(tailOf(stretch(10, 1.5, 1, 6), 10, 0.3, shape)!.amplitude).toBeCloseTo(1, 0)
    expect(tailOf(stretch(10, 1.5, 1, 3), 10, 0.3, shape)).toBeUndefined()
  })

  it('is none where nothing fades, where it is small beside the recording, or where the level falls by itself', () => {
    expect(tailOf(stretch(10, 1.5, 0), 10, 0.3, shape)).toBeUndefined()
    expect(tailOf(stretch(10, 1.5, 0.02), 10, 0.3, shape)).toBeUndefined()
    expect(tailOf(stretch(10, 1.5, 0.2), 10, 0.3, shape)).toBeDefined()
    expect(tailOf(stretch(10, 1.5, 0.2), 10, 3, shape)).toBeUndefined()
    const falling = stretch(10, 1.5, 0).map((value, i) => value - 0.02 * (i / 10))
    expect(tailOf(falling, 10, 0.3, shape)).toBeUndefined()
  })

  it('has faded at a tenth of what was left of it, or of the peak that it comes to', () => {
    const late = { ...shape, age: 3, amplitude: 1 }
    expect(fading(late, fadedAfter(late)) / fading(late, 0)).toBeCloseTo(0.1, 1)
    const early = { ...shape, age: 0.25, amplitude: 1 }
    expect(fading(early, fadedAfter(early))).toBeCloseTo(0.1, 1)
  })
})

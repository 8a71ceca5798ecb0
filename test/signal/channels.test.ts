import { describe, expect, it } from 'vitest'
import { FormatError } from '../../src/runtime/errors.ts'
import { requireLength, toChannels } from '../../src/signal/channels.ts'
import { zscore } from '../../src/signal/normalize.ts'

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
    expect(data[0]).toBeCloseTo(cut[0]!, 6)
    expect(data[78]).toBeCloseTo(cut[39]!, 6)
    expect(data[1]).toBeCloseTo((cut[0]! + cut[1]!) / 2, 6)
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

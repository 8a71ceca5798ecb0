import { describe, expect, it } from 'vitest'
import { parseWav } from '../../src/formats/wav.ts'
import { sine, wavOf, type WavOptions } from '../support/sounds.ts'

const left = sine(440, 0.01, 8000)
const right = sine(1000, 0.01, 8000, 1)

const largest = (a: Float32Array, b: Float32Array): number =>
  a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0)

describe('a WAV file', () => {
  it.each<[string, WavOptions, number]>([
    ['PCM of 8 bits', { bits: 8 }, 1 / 100],
    ['PCM of 16 bits', {}, 1 / 2 ** 14],
    ['PCM of 24 bits', { bits: 24 }, 1 / 2 ** 22],
    ['PCM of 32 bits', { bits: 32 }, 1e-6],
    ['floats of 32 bits', { format: 3, bits: 32 }, 0],
    ['floats of 64 bits', { format: 3, bits: 64 }, 0],
    ['PCM under the extensible header', { format: 0xfffe, bits: 24 }, 1 / 2 ** 22],
    ['floats under it', { format: 0xfffe, subformat: 3, bits: 32 }, 0],
    ['chunks of other kinds, one of odd length', { between: { LIST: 7, bext: 4 } }, 1 / 2 ** 14],
    ['a size that was never filled in', { dataSize: 0xffffffff }, 1 / 2 ** 14],
    ['another one', { dataSize: 0 }, 1 / 2 ** 14],
  ])('of %s is read', (_, options, within) => {
    const { sampleRate, channels } = parseWav(wavOf([left, right], options), 'a.wav')
    expect([sampleRate, channels.map(({ length }) => length)]).toEqual([8000, [80, 80]])
    expect(largest(channels[0]!, left)).toBeLessThanOrEqual(within)
    expect(largest(channels[1]!, right)).toBeLessThanOrEqual(within)
  })

  it('goes to full scale', () => {
    const { channels } = parseWav(wavOf([[-1, 0, 1]]), 'a.wav')
    expect([...channels[0]!].map((value) => Math.round(value * 1000))).toEqual([-1000, 0, 1000])
  })

  it.each<[string, Uint8Array, string]>([
    ['that is none', new TextEncoder().encode('not a sound at all'), 'a.wav: no WAV file'],
    ['of the other byte order', wavOf([left]).fill(88, 3, 4), 'a.wav: no WAV file'],
    ['that was cut off', wavOf([left]).subarray(0, 100), '160 bytes of samples were announced, but 56 are left'],
    ['that was cut off before its samples', wavOf([left]).subarray(0, 40), 'has no samples'],
    ['that says more than it has', wavOf([left], { dataSize: 1000 }), '1000 bytes of samples were announced'],
    ['of A-law', wavOf([left], { format: 6, bits: 8 }), 'its samples are A-law of 8 bits; save it as PCM of 16 bits'],
    ['of an unknown format', wavOf([left], { format: 77 }), 'of format 77 of 16 bits'],
    ['at no rate', wavOf([left], { sampleRate: 0 }), '1 channels at 0 Hz'],
  ])('%s is refused', (_, bytes, says) => {
    expect(() => parseWav(bytes, 'a.wav')).toThrow(says)
    expect(() => parseWav(bytes, 'a.wav')).toThrow(expect.objectContaining({ name: 'FormatError' }))
  })
})

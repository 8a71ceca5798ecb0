import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import Meyda from 'meyda'
import { describe, expect, it } from 'vitest'
import { BUILTIN_NAMES, builtinFeatures } from '../../src/music/builtin.ts'
import { decodeSound } from '../../src/music/decode.ts'
import { needs, NO_SHARED } from '../support/needs.ts'
import { sine, wavOf } from '../support/sounds.ts'

const RATE = 22_050
const features = async (samples: Float32Array, sampleRate = RATE): Promise<Record<string, number>> => {
  const values = await builtinFeatures({ sampleRate, channels: [samples] }, 'a.wav')
  return Object.fromEntries(BUILTIN_NAMES.map((name, i) => [name, values[i]!]))
}
/** meyda's level is that of the frame under its Hann window. */
const HANN = Math.sqrt(3 / 8)
const isNear = (found: number, wanted: number, share = 0.01) =>
  expect(Math.abs(found / wanted - 1), `${found}, expected ${wanted}`).toBeLessThan(share)

describe('the features of a sound', () => {
  it('are 35 descriptors by 9 functionals', async () => {
    expect([BUILTIN_NAMES.length, new Set(BUILTIN_NAMES).size]).toEqual([315, 315])
    expect(Object.values(await features(sine(440, 3, RATE))).every(Number.isFinite)).toBe(true)
  })

  it('of a tone are those of the tone', async () => {
    const found = await features(sine(440, 3, RATE))
    isNear(found['rms_mean']!, (HANN * 0.5) / Math.SQRT2)
    // 440 Hz crosses zero 880 times a second; a frame has 2048 samples of 22,050 a second.
    isNear(found['zcr_mean']!, (880 * 2048) / RATE, 0.02)
    isNear(found['spectral_centroid_mean']!, (440 * 2048) / RATE, 0.1)
    expect(found['chroma_a_mean']).toBe(1)
    expect(found['chroma_d_sharp_mean']).toBeLessThan(0.5)
    expect(Math.abs(found['rms_slope']!)).toBeLessThan(1e-3)
    const higher = await features(sine(880, 3, RATE))
    isNear(higher['zcr_mean']! / found['zcr_mean']!, 2)
    expect(higher['chroma_a_mean']).toBe(1)
  })

  it('of one that grows louder have a slope', async () => {
    const louder = sine(440, 3, RATE).map((value, i) => (value * i) / (3 * RATE))
    isNear((await features(louder))['rms_slope']!, (HANN * 0.5) / Math.SQRT2 / 3, 0.02)
  })

  it('hardly depend on the rate at which it was recorded', async () => {
    const [low, high] = [await features(sine(440, 3, RATE)), await features(sine(440, 3, 44_100), 44_100)]
    for (const name of [
      'rms_mean',
      'zcr_mean',
      'spectral_centroid_p50',
      'spectral_spread_p50',
      'mfcc_0_mean',
      'mfcc_5_mean',
    ])
      isNear(high[name]!, low[name]!, 0.03)
  })

  it('are the same bits each time, whatever others set in meyda', async () => {
    const samples = sine(333, 2, RATE)
    const before = await features(samples)
    Object.assign(Meyda, { sampleRate: 1000, bufferSize: 256, melBands: 40, windowingFunction: 'rect' })
    expect(await features(samples)).toEqual(before)
  })

  it('of frames that are silent are their level alone', async () => {
    const tone = sine(440, 3, RATE)
    const padded = new Float32Array(2 * tone.length)
    padded.set(tone)
    const [found, whole] = [await features(padded), await features(tone)]
    isNear(found['rms_mean']!, whole['rms_mean']! / 2, 0.03)
    isNear(found['spectral_rolloff_p50']!, whole['spectral_rolloff_p50']!)
    isNear(found['zcr_mean']!, whole['zcr_mean']!, 0.02)
  })

  it('are refused where there is too little of it', async () => {
    await expect(features(sine(440, 1, RATE))).rejects.toThrow('a.wav: 0.9 s of sound that is not silence are too few')
    await expect(features(new Float32Array(5 * RATE))).rejects.toMatchObject({ name: 'FormatError' })
    await expect(features(new Float32Array(0))).rejects.toThrow('0.0 s')
  })

  it('are left when that is asked for', async () => {
    const abort = AbortSignal.abort(new Error('enough'))
    const sound = { sampleRate: RATE, channels: [sine(440, 3, RATE)] }
    await expect(builtinFeatures(sound, 'a.wav', abort)).rejects.toThrow('enough')
  })
})

const file = (name: string): Uint8Array => readFileSync(fileURLToPath(new URL(name, import.meta.url)))

describe('a file', () => {
  // A tone of 500 Hz and amplitude 0.488 for 2 s at 16 kHz, by LAME 3.100 (-m m -V 9) and flac 1.4.2 (-8).
  it.each([
    ['tone.mp3', 2.2],
    ['tone.flac', 2],
  ])('%s is the tone it was made of', async (name, most) => {
    const { sampleRate, channels } = await decodeSound(file(name), name)
    const seconds = channels[0]!.length / sampleRate
    expect([sampleRate, seconds >= 2, seconds <= most]).toEqual([16_000, true, true])
    const found = await features(channels[0]!, sampleRate)
    isNear(found['rms_p50']!, (HANN * 0.488) / Math.SQRT2, 0.02)
    isNear(found['zcr_p50']!, (1000 * 2048) / RATE, 0.02)
  })

  it('is known by its first bytes', async () => {
    const wav = wavOf([sine(440, 2, 8000)])
    expect((await decodeSound(wav, 'a.mp3')).channels[0]).toHaveLength(16_000)
    await expect(decodeSound(new TextEncoder().encode('OggS and more'), 'a.wav')).rejects.toThrow(
      'a.wav: neither WAV, MP3 nor FLAC',
    )
    await expect(decodeSound(new Uint8Array(0), 'a.wav')).rejects.toThrow('a.wav: the file is empty')
  })

  it.each([
    ['tone.mp3', 'cut off', (bytes: Uint8Array) => bytes.subarray(0, bytes.length / 2)],
    ['tone.flac', 'cut off', (bytes: Uint8Array) => bytes.subarray(0, bytes.length / 2)],
    ['tone.mp3', 'overwritten', (bytes: Uint8Array) => bytes.fill(7, 1000, 3000)],
    ['tone.flac', 'overwritten', (bytes: Uint8Array) => bytes.fill(7, 1000, 3000)],
  ])('%s that is %s is refused', async (name, _, spoil) => {
    await expect(decodeSound(spoil(file(name)), name)).rejects.toThrow(/^tone.*(can be decoded|cannot be decoded)/)
  })

  it('without a sound, or with one that is no number, is refused', async () => {
    await expect(decodeSound(wavOf([[]]), 'a.wav')).rejects.toThrow('a.wav: the file holds no sound')
    const broken = wavOf([[0, NaN, 0]], { format: 3, bits: 32 })
    await expect(decodeSound(broken, 'a.wav')).rejects.toThrow('a.wav: a sample of it is no finite number')
  })
})

const shared = fileURLToPath(new URL('../../../shared/data/opensmile/', import.meta.url))
it(
  'the sounds that openSMILE’s samples are of have features, noise without peaks',
  needs(existsSync(shared), NO_SHARED),
  async () => {
    const crest: Record<string, number> = {}
    for (const name of ['music10', 'voice5', 'noise3']) {
      const values = await builtinFeatures(await decodeSound(readFileSync(`${shared}${name}.wav`), name), name)
      expect(values.every(Number.isFinite)).toBe(true)
      crest[name] = values[BUILTIN_NAMES.indexOf('spectral_crest_mean')]!
    }
    expect(crest['noise3']).toBeLessThan(Math.min(crest['music10']!, crest['voice5']!) / 2)
  },
)

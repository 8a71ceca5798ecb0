// The threshold of a response, and what it makes of recordings whose truth is known. The seeds are not those of docs/events.md.
import { describe, expect, it } from 'vitest'
import { measureEvents } from '../../bench/event_accuracy.ts'
import { makeEda, type EdaKind, type EdaSettings } from '../../src/datasets/synthetic_eda.ts'
import { analyse, type Analysis } from '../../src/recording/analyse.ts'
import { noiseFloor, shareOfLargest, usualFloor } from '../../src/recording/threshold.ts'
import { Random } from '../../src/runtime/random.ts'

const SEED = 424242
const analysed = async (kind: EdaKind, seed: number, settings: Partial<EdaSettings> = {}): Promise<Analysis> =>
  (await analyse('cpu', [makeEda(kind, seed, settings).recording]))[0] as Analysis

describe('the threshold', () => {
  it('is 0.01 µS in its unit by convention, and nothing in a unit that is no conductance', () => {
    expect(['µS', 'nS', 'mS', 'kΩ'].map(usualFloor)).toEqual([0.01, 10, 1e-5, 0])
  })

  it('rises with the noise, and more where there is nothing else', () => {
    const random = new Random(1)
    const noise = Float64Array.from({ length: 40_000 }, () => 0.01 * random.normal())
    expect(noiseFloor(noise, 4, 1)).toBeCloseTo(4 * 0.01, 2)
    expect(noiseFloor(noise, 4, 0.01)).toBeCloseTo(6.4 * 0.01, 2)
    expect(noiseFloor(noise, 100, 1)).toBeCloseTo(0.04 / 5, 3)
  })

  it('is above two steps of a sensor whose numbers stand still', () => {
    const coarse = Float64Array.from({ length: 4000 }, (_, i) => 0.02 * Math.round(50 + 5 * Math.sin(i / 200)))
    expect(noiseFloor(coarse, 4, 0.1)).toBeCloseTo(0.04, 12)
  })

  it('is a share of the largest that an artefact does not move', () => {
    const amplitudes = Array.from({ length: 100 }, (_, i) => (i + 1) / 100)
    expect(shareOfLargest(amplitudes)).toBeCloseTo(0.018, 9)
    expect(shareOfLargest([...amplitudes, 50])).toBeCloseTo(0.0182, 3)
    expect(shareOfLargest([])).toBe(0)
  })

  it('is told, and no response that counts lies below it', async () => {
    for (const [kind, least] of [
      ['clean', 0.01],
      ['noisy', 0.03],
      ['coarse', 0.02],
    ] as const) {
      const { eventThreshold, events } = await analysed(kind, SEED)
      expect(eventThreshold).toBeGreaterThanOrEqual(least)
      expect(eventThreshold).toBeLessThan(2 * least)
      expect(events.length).toBeGreaterThan(10)
      expect(Math.min(...events.map(({ amplitude }) => amplitude))).toBeGreaterThanOrEqual(eventThreshold)
    }
  })
})

describe('of responses of 0.03 µS and more', () => {
  it.each([
    ['clean', {}],
    ['clean', { sampleRate: 16 }],
    ['noisy', {}],
    ['quantised', {}],
    ['coarse', {}],
    ['artefacts', {}],
    ['off-wrist', {}],
  ] as const)(
    '90 %% are found in %s recordings %o, and at most one that is none in 10 minutes',
    async (kind, settings) => {
      const { now, before } = await measureEvents({ kind, recordings: 4, settings }, SEED)
      expect(now.recall).toBeGreaterThanOrEqual(kind === 'noisy' ? 0.88 : 0.9) // of so few
      expect(now.falseInTenMinutes).toBeLessThanOrEqual(1)
      expect(Math.abs(now.bias)).toBeLessThanOrEqual(0.05)
      expect(Math.abs(now.meanBiasAlone)).toBeLessThanOrEqual(0.05)
      expect(now.onsetError).toBeLessThan(0.6)
      expect(before.recall).toBeLessThan(now.recall - 0.1)
    },
  )

  it.each(['non-responder', 'noisy non-responder'] as const)('there is none in a %s', async (kind) => {
    const { now, before } = await measureEvents({ kind, recordings: 8, settings: {} }, SEED)
    expect([now.silent, before.silent]).toEqual([1, 0])
  })
})

describe('one movement', () => {
  it.each([2, 10, 40])('of %d µS does not hide the responses, and is none', async (size) => {
    const { recording, responses } = makeEda('clean', SEED, { seconds: 400 })
    const plain = await analysed('clean', SEED, { seconds: 400 })
    const moved = recording.eda.map((value, i) => value + ([0.4, 1, 0.8, 0.3][i - 800] ?? 0) * size)
    const [found] = (await analyse('cpu', [{ ...recording, eda: moved }])) as Analysis[]
    expect(responses.length).toBeGreaterThan(20)
    expect(found!.features.SCR_Peaks_N).toBeGreaterThanOrEqual(plain.features.SCR_Peaks_N - 3)
    expect(found!.features.SCR_Peaks_N).toBeLessThanOrEqual(plain.features.SCR_Peaks_N + 1)
    expect(found!.events.filter(({ onset, peak, doubt }) => doubt === '' && peak > 780 && onset < 823)).toEqual([])
    expect(found!.quality.fast).toBeGreaterThan(0.02)
    // What was recorded stays; the parts show a line instead.
    expect(found!.signals.eda[801]).toBe(moved[801])
    expect(Math.abs(found!.signals.phasic[801]!)).toBeLessThan(0.5)
  })
})

describe('a response that began before its file', () => {
  it.each([
    [4, 1.5, 0.8],
    [10, 1.5, 1.9],
    [32, 3, 0.7],
    [10, 0.7, 1.2],
  ])('at %d Hz, %d s ago, of %d µS, is flagged, and bends nothing behind it', async (sampleRate, ago, size) => {
    const { recording, responses } = makeEda('clean', SEED + 1, { sampleRate, seconds: 240, interval: 25 })
    const shape = (t: number): number => (Math.exp(-t / 2) - Math.exp(-t / 0.7)) / 0.387
    const eda = recording.eda.map((value, i) => value + size * shape(i / sampleRate + ago))
    const [found] = (await analyse('cpu', [{ ...recording, eda }])) as Analysis[]
    const [first, ...rest] = found!.events
    expect(first!.onset / sampleRate).toBeLessThan(1)
    expect(first!.doubt).toBe('began before')
    const onsets = rest.filter(({ doubt }) => doubt === '').map(({ onset }) => onset / sampleRate)
    const counted = onsets.filter((onset) => onset < 120)
    const isTrue = (onset: number): boolean => responses.some((one) => Math.abs(one.onset - onset) < 1)
    expect(counted.filter((onset) => !isTrue(onset))).toEqual([])
    const late = responses.filter(({ onset, amplitude }) => onset > 12 && onset < 119 && amplitude > 0.03)
    expect(late.length).toBeGreaterThan(1)
    expect(counted.length).toBeGreaterThanOrEqual(0.8 * late.length)
  })
})

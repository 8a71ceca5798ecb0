// What is taken out of a recording before it is decomposed, and what it does to its figures.
import { describe, expect, it } from 'vitest'
import { makeEda } from '../../src/datasets/synthetic_eda.ts'
import type { Recording } from '../../src/reading/recording.ts'
import { analyse, type Analysis, type AnalyseOptions } from '../../src/recording/analyse.ts'
import { tableFiles } from '../../src/recording/files.ts'
import { prepareRecording } from '../../src/recording/prepare.ts'

const { recording } = makeEda('quantised', 77, { seconds: 300 })
/** The same with [from, to) seconds set. */
const withSpan = (from: number, to: number, value: number, more: Partial<Recording> = {}): Recording => ({
  ...recording,
  eda: recording.eda.map((v, i) => (i >= from * 4 && i < to * 4 ? value : v)),
  ...more,
})
const analysed = async (of: Recording, options: AnalyseOptions = {}): Promise<Analysis> =>
  (await analyse('cpu', [of], options))[0] as Analysis

describe('off the skin', () => {
  it('is known of the wrist, told by the option, and of nothing else', () => {
    const share = (of: Recording, offSkin?: number) =>
      prepareRecording(of, offSkin === undefined ? {} : { offSkin }).quality.offSkin
    const off = withSpan(100, 150, 0.03)
    expect(share(off)).toBe(0)
    expect(share(off, 0)).toBe(0)
    expect(share(off, 0.03)).toBeCloseTo(60 / 300, 2)
    expect(share({ ...off, wrist: true })).toBeCloseTo(60 / 300, 2)
    expect(share({ ...off, wrist: true }, 0)).toBe(0)
    expect(share({ ...off, wrist: true, unit: 'kΩ' })).toBe(0)
  })

  it('parts a recording, and counts for no level and no rate', async () => {
    const { parts, std } = prepareRecording(withSpan(100, 150, 0), { offSkin: 0 })
    // The steps at both ends are faster than skin as well, which takes half a second more.
    const [first, second, ...more] = parts.map(({ start, samples }) => [start / 4, start / 4 + samples.length / 4])
    expect([first, second, more]).toEqual([[0, expect.closeTo(94.5)], [expect.closeTo(155.25), 300], []])
    expect(std).toBeLessThan(1.5 * prepareRecording(recording).std)
    const { features, signals, events, quality } = await analysed(withSpan(100, 150, 0), { offSkin: 0 })
    const isOut = (i: number): boolean =>
      quality.spans.some(({ flaw, start, end }) => flaw !== 'flat' && i >= start && i < end)
    const seconds = [...signals.eda].filter((_, i) => !isOut(i)).length / 4
    expect(seconds).toBeLessThan(240)
    const counted = events.filter(({ doubt }) => doubt === '')
    expect(counted.length).toBeGreaterThan(5)
    expect(features.SCR_Rate).toBeCloseTo((counted.length / seconds) * 60, 9)
    expect(signals.eda[480]).toBe(0)
    expect(signals.tonic[480]).toBeNaN()
  })

  it('for less than 20 s is bridged, so that the level goes on', async () => {
    const { parts, mean } = prepareRecording(withSpan(100, 108, 0), { offSkin: 0 })
    expect(parts).toHaveLength(1)
    expect(Math.abs(mean - prepareRecording(recording).mean)).toBeLessThan(0.02)
    const { features, signals } = await analysed(withSpan(100, 108, 0), { offSkin: 0 })
    expect(signals.eda[410]).toBe(0)
    expect(signals.tonic[410]).toBeGreaterThan(0.2)
    const all = [...signals.tonic].filter((_, i) => i < 94.5 * 4 || i >= 113.25 * 4)
    expect(features.EDA_Tonic_Mean).toBeCloseTo(all.reduce((a, b) => a + b, 0) / all.length, 9)
  })

  it('all the time stays as it is, and nothing in it counts', async () => {
    const all = { ...recording, eda: new Float64Array(400) }
    const { status, features, warnings } = await analysed(all, { offSkin: 0 })
    expect([status, features.SCR_Peaks_N]).toEqual(['trivial', 0])
    expect(warnings.join()).toContain('100.0 % of the samples were recorded off the skin')
  })
})

describe('what the file says of itself', () => {
  it('is told first, its unit wins, and its clock gives each response a time', async () => {
    const start = { wallMs: Date.UTC(2024, 4, 6, 23, 59, 0), zone: '+02:00' }
    const said = await analysed({ ...recording, unit: 'nS', start, notes: ['read with care'] }, { unit: 'mS' })
    expect([said.unit, said.warnings[0]]).toEqual(['nS', 'read with care'])
    expect(said.eventThreshold).toBeGreaterThanOrEqual(10)
    const plain = await analysed({ ...recording, start })
    const [head = '', ...rows] = Buffer.concat([...tableFiles(plain, 'csv')[1]!])
      .toString()
      .trim()
      .split('\n')
    const cells = rows.map((row) => Object.fromEntries(row.split(',').map((cell, i) => [head.split(',')[i]!, cell])))
    expect(rows.length).toBeGreaterThan(5)
    for (const { onset_s, onset_time } of cells) {
      const at = new Date(start.wallMs + 1000 * Number(onset_s)).toISOString().replace('Z', '+02:00')
      expect(onset_time).toBe(at)
    }
    const undated = Buffer.concat([...tableFiles(await analysed(recording), 'csv')[1]!]).toString()
    expect(undated).not.toContain('onset_time')
    expect(head.split(',').at(-1)).toBe('doubt')
  })
})

describe('warnings', () => {
  const about = async (of: Recording, word: RegExp) => (await analysed(of)).warnings.filter((text) => word.test(text))

  it('are of rates under 4 Hz', async () => {
    const slow = (sampleRate: number) => makeEda('clean', 3, { sampleRate, seconds: 200 }).recording
    expect(await about(slow(2), /Hz/)).toEqual([expect.stringMatching(/^2 Hz are few: below 4 Hz/)])
    expect(await about(slow(4), /Hz/)).toEqual([])
  })

  it('are of noise that hides responses', async () => {
    expect(await about(makeEda('noisy', 3).recording, /hide/)).toEqual([
      expect.stringMatching(/^noise or coarse steps hide responses under 0\.03\d µS/),
    ])
    expect(await about(recording, /hide/)).toEqual([])
  })

  it('are of a tonic part that leaves the recording, by how much', async () => {
    const saw = { ...recording, eda: recording.eda.map((_, i) => 3 + (i % 3)) }
    expect(await about(saw, /tonic/)).toEqual([expect.stringMatching(/leaves the range of the recording by \d+ µS/)])
    expect(await about(recording, /tonic/)).toEqual([])
  })
})

import { describe, expect, it } from 'vitest'
import { labelTrials } from '../../src/evaluation/labels.ts'
import { makeRecording, makeTrialTable, type SyntheticStudy } from '../../src/datasets/synthetic.ts'
import type { Dimension, Trial } from '../../src/datasets/trial.ts'
import { loadTrialTable, readTrialTable } from '../../src/datasets/trial_table.ts'
import { readRecording } from '../../src/recording/read.ts'
import { UsageError } from '../../src/runtime/errors.ts'
import { fillGaps } from '../../src/signal/gaps.ts'
import { zscore } from '../../src/signal/normalize.ts'
import { interpolateLinear } from '../../src/signal/resample.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { makeFolds } from '../../src/evaluation/folds.ts'
import { predictLinearSvm, trainLinearSvm } from '../../src/evaluation/svm.ts'

const POINTS = 160

/** What the network gets to see: start dropped, z-scored, stretched to one length. */
function seen(trial: Trial): Float64Array {
  const { samples } = fillGaps(trial.eda, trial.sampleRate, trial.source)
  return interpolateLinear(zscore(samples.subarray(3 * trial.sampleRate)).z, POINTS)
}

/** Five statistics of shape; level and amplitude are gone. */
function shape(x: Float64Array): number[] {
  const mean = (part: Float64Array): number => part.reduce((a, b) => a + b, 0) / part.length
  let [peaks, rising] = [0, 0]
  for (let i = 6; i < POINTS - 1; i++) {
    const [before, here, after] = [x[i - 1], x[i], x[i + 1]] as [number, number, number]
    if (here > before) rising++
    if (here > before && here >= after && here - Math.min(...x.subarray(i - 6, i)) > 0.4) peaks++
  }
  const third = Math.floor(POINTS / 3)
  const moment = (power: number): number => mean(x.map((value) => value ** power))
  return [peaks, rising / POINTS, moment(3), moment(4), mean(x.subarray(-third)) - mean(x.subarray(0, third))]
}

/** Accuracy on unseen subjects of a linear SVM on standardised features. */
function accuracy(trials: Trial[], labels: ArrayLike<number>, features: (trial: Trial) => ArrayLike<number>): number {
  const raw = trials.map(features)
  const { folds } = makeFolds(trials, { kind: 'subject', count: 4 }, { seed: 1, validationShare: 0 })
  const hits = folds.map(({ train, test }) => {
    const scales = Array.from(raw[0] as number[], (_, d) => zscore(train.map((i) => raw[i]![d]!)))
    const scaled = raw.map((row) =>
      Float32Array.from(scales, ({ mean, std, constant }, d) => (constant ? 0 : (row[d]! - mean) / std)),
    )
    const svm = trainLinearSvm(
      train.map((i) => scaled[i] as Float32Array),
      train.map((i) => labels[i]!),
    )
    return test.filter((i) => predictLinearSvm(svm, scaled[i] as Float32Array) === labels[i]).length
  })
  return hits.reduce((a, b) => a + b, 0) / trials.length
}

function study(settings: Partial<SyntheticStudy>): Trial[] {
  const files = makeTrialTable({ subjects: 16, effect: 1, seed: 1, ...settings })
  const table = { trials: files['trials.csv'], eda: files['eda.csv'], music: files['music.csv'] }
  return readTrialTable(table, { name: 'made' }).trials
}

const labelled = (trials: Trial[], dimension: Dimension): Uint8Array =>
  labelTrials(trials, dimension, { kind: 'two-means' }).labels
const music = (trial: Trial): ArrayLike<number> => trial.music ?? []
const statistics = (trial: Trial): number[] => shape(seen(trial))

describe('synthetic study', () => {
  it('is a labelled trial table, the same for the same seed', async () => {
    const files = makeTrialTable({ subjects: 3, effect: 1, seed: 7 })
    expect(Object.keys(files)).toEqual(['trials.csv', 'eda.csv', 'music.csv', 'README.md'])
    const store = new MemoryStore()
    for (const [name, content] of Object.entries(files)) await store.write(name, content)
    const set = await loadTrialTable(store, { name: 'made' })
    expect(set).toMatchObject({ synthetic: true, musicDim: 16, skipped: [] })
    expect(set.trials.length).toBe(36)
    expect(set.trials.every(({ music: vector, ratings, sampleRate }) => vector && ratings && sampleRate === 4)).toBe(
      true,
    )
    expect(await store.readText('README.md')).toMatch(/^# SYNTHETIC/)
    expect(makeTrialTable({ subjects: 3, effect: 1, seed: 7 })['eda.csv']).toBe(await store.readText('eda.csv'))
    expect(makeTrialTable({ subjects: 3, effect: 1, seed: 8 })['eda.csv']).not.toBe(await store.readText('eda.csv'))
  })

  it('honours its settings', () => {
    const trials = study({ subjects: 2, trialsPerSubject: 6, stimuli: 8, sampleRate: 32, seconds: 20, musicDim: 5 })
    expect(trials.length).toBe(12)
    expect(trials[0]?.music?.length).toBe(5)
    for (const { eda, sampleRate } of trials) {
      expect(sampleRate).toBe(32)
      expect(eda.length / 32).toBeGreaterThanOrEqual(16)
      expect(eda.length / 32).toBeLessThanOrEqual(24)
    }
  })

  it('has ratings from which two-means recovers what was felt, at any effect', () => {
    for (const effect of [0, 1]) {
      const trials = study({ effect, subjects: 24 })
      for (const dimension of ['arousal', 'valence'] as const) {
        const felt = trials.map((trial) => Number(trial.columns[`${dimension}_high`]))
        const same = labelled(trials, dimension).filter((label, i) => label === felt[i]).length
        expect(same / trials.length).toBeGreaterThan(0.98)
      }
    }
  })

  it("effect 1: unseen subjects' arousal shows in the shape of the trace, valence in the music", () => {
    for (const seed of [1, 2]) {
      const trials = study({ seed })
      expect(accuracy(trials, labelled(trials, 'arousal'), statistics)).toBeGreaterThanOrEqual(0.95)
      expect(accuracy(trials, labelled(trials, 'valence'), music)).toBeGreaterThanOrEqual(0.9)
      expect(accuracy(trials, labelled(trials, 'valence'), statistics)).toBeGreaterThan(0.55)
    }
  })

  it('effect 0: nothing in the files tells either label', () => {
    const length = (trial: Trial): number[] => [trial.eda.length, trial.eda.length ** 2]
    const order = (trial: Trial): number[] => [Number(trial.columns['order'])]
    const level = (trial: Trial): number[] => [trial.eda[0] ?? 0, Number(trial.eda.some(Number.isNaN))]
    for (const seed of [1, 2]) {
      const trials = study({ effect: 0, seed, subjects: 32 })
      for (const dimension of ['arousal', 'valence'] as const) {
        const labels = labelled(trials, dimension)
        for (const features of [statistics, music, seen, length, order, level]) {
          const found = accuracy(trials, labels, features)
          expect(found).toBeGreaterThan(0.35)
          expect(found).toBeLessThan(0.65)
        }
      }
    }
  })

  it('refuses settings that make no study', () => {
    const make = (settings: Partial<SyntheticStudy>) => () =>
      makeTrialTable({ subjects: 4, effect: 1, seed: 1, ...settings })
    expect(make({ subjects: 1 })).toThrow('subjects 1: expected a whole number of at least 2')
    expect(make({ effect: 1.5 })).toThrow('effect 1.5: expected a number from 0 (none) to 1 (strong)')
    expect(make({ effect: NaN })).toThrow(UsageError)
    expect(make({ stimuli: 8 })).toThrow('stimuli 8: expected a whole number of at least 12')
    expect(make({ trialsPerSubject: 7 })).toThrow(/both must be even/)
    expect(make({ seconds: 2 })).toThrow(/at least 10/)
    expect(make({ sampleRate: 0 })).toThrow(/at least 1/)
  })
})

describe('a made-up recording', () => {
  it('is one trace with responses of about 0.4 µS every 10 s, the same for the same seed', () => {
    const text = makeRecording({ seed: 3 })
    const { eda, sampleRate } = readRecording(text, 'synthetic.csv')
    expect([sampleRate, eda.length]).toEqual([4, 480])
    expect(Math.min(...eda)).toBeGreaterThan(0)
    // Rises of 0.1 µS and more within a second and a half, counted on the trace itself.
    let rises = 0
    for (let i = 6, last = -20; i < eda.length; i++) {
      if (eda[i]! - eda[i - 6]! < 0.1 || i - last < 12) continue
      rises++
      last = i
    }
    expect(rises).toBeGreaterThanOrEqual(8)
    expect(rises).toBeLessThanOrEqual(16)
    expect(makeRecording({ seed: 3 })).toBe(text)
    expect(makeRecording({ seed: 4 })).not.toBe(text)
  })

  it('of another length, and none of a bad one', () => {
    expect(readRecording(makeRecording({ seed: 1, seconds: 30 }), 'a.csv').eda).toHaveLength(120)
    expect(() => makeRecording({ seed: 1, seconds: 5 })).toThrow('a recording of 5 s: expected at least 10')
    expect(() => makeRecording({ seed: -1 })).toThrow('seed -1: expected an integer from 0')
  })
})

// Trials on their way to the model: which are used and in what order, what is told meanwhile, and that files keep every field.
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { decompose } from '../../src/cvxeda/decompose.ts'
import { DECOMPOSITION_SET } from '../../src/cvxeda/decomposition_set.ts'
import type { Trial, TrialSet } from '../../src/datasets/trial.ts'
import { FormatError } from '../../src/runtime/errors.ts'
import type { Gpu } from '../../src/runtime/gpu.ts'
import { openGpu } from '../../src/runtime/node.ts'
import { Random } from '../../src/runtime/random.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { loadDataset, prepareDataset } from '../../src/train/dataset.ts'
import { resolveRun } from '../../src/train/defaults.ts'
import { prepareTrials, type PreparedSet } from '../../src/train/prepare.ts'
import { EDA_FEATURES } from '../../src/train/eda_features.ts'
import { loadPrepared, savePrepared } from '../../src/train/prepared_files.ts'

const LENGTH = 40
const DROP = 2

let gpu: Gpu
beforeAll(async () => {
  gpu = await openGpu()
})
afterAll(() => gpu.close())

/** A wandering trace of ten seconds. */
function trial(id: string, sampleRate: number, more: Partial<Trial> = {}): Trial {
  const random = new Random(7, Number(id))
  let level = 3
  const eda = Float64Array.from({ length: 10 * sampleRate }, () => (level += 0.1 * random.normal()))
  return {
    id,
    subject: `s${id}`,
    stimulus: `x${id}`,
    sampleRate,
    eda,
    unit: 'uS',
    columns: { trial: id, sampleRate: 'as in the table' },
    source: `trials.csv:${id}`,
    ...more,
  }
}

const changed = (of: Trial, change: (eda: Float64Array) => unknown): Trial => {
  change(of.eda)
  return of
}

/** Rates in turns, so that what is decomposed together is not what stands together; two trials cannot be used. */
const study = (): TrialSet => ({
  name: 'lab',
  synthetic: true,
  musicDim: 2,
  skipped: [{ source: 'trials.csv:90', reason: 'trial 90 has no samples in eda.csv' }],
  trials: [
    trial('1', 4, { ratings: { valence: 0, arousal: 9 }, music: Float32Array.of(0, -1) }),
    changed(trial('2', 8), (eda) => eda.fill(NaN, 20, 40)),
    trial('3', 8, { unit: 'unknown', music: Float32Array.of(3, 4) }),
    changed(trial('4', 4), (eda) => eda.fill(NaN, 10, 13)),
    trial('5', 4, { eda: new Float64Array(8).fill(1) }),
    changed(trial('6', 8, { ratings: { valence: 2, arousal: 3 } }), (eda) => eda.fill(5, 16)),
  ],
})

describe('prepared trials', () => {
  let set: PreparedSet
  const progress: [done: number, total: number][] = []
  beforeAll(async () => {
    set = await prepareTrials(gpu, study(), {
      length: LENGTH,
      dropSeconds: DROP,
      onProgress: (...counts) => progress.push(counts),
    })
  })

  it('are those that can be used, in the order of the study, with what was left out before and now', () => {
    expect(set.trials.map(({ id }) => id)).toEqual(['1', '3', '4', '6'])
    expect(set.skipped.map(({ source }) => source)).toEqual(['trials.csv:90', 'trial 2', 'trial 5'])
    expect(set.skipped[1]?.reason).toMatch(/^trials.csv:2: 2.50 s of samples are missing/)
    expect(set.skipped[2]?.reason).toMatch(/^trials.csv:5: 8 samples \(2.00 s\) at 4 Hz are too short; 2 s are dropped/)
  })

  it('keep what the study says of them and of itself, but for the recordings', () => {
    const { trials, ...said } = study()
    expect(set).toMatchObject({ name: said.name, synthetic: true, musicDim: 2, length: LENGTH, dropSeconds: DROP })
    expect(set.decomposition).toBe(DECOMPOSITION_SET)
    expect(set.features).toEqual({ set: 'eda-features/1', names: EDA_FEATURES })
    for (const { signals: _, features, status: _s, filled: _f, constant: _c, quality: _q, ...own } of set.trials) {
      expect(features).toHaveLength(EDA_FEATURES.length)
      const { eda: _e, ...recorded } = trials.find(({ id }) => id === own.id)!
      expect(own).toEqual(recorded)
    }
  })

  it('know what was filled, and what did not vary after the cut', () => {
    expect(set.trials.map(({ filled }) => filled)).toEqual([0, 0, 3, 0])
    expect(set.trials.map(({ constant }) => constant)).toEqual([[], [], [], ['origin']])
    expect(set.trials.map(({ status }) => status)).toEqual(new Array(4).fill('solved'))
    expect(set.trials[3]!.signals.subarray(0, LENGTH)).toEqual(new Float32Array(LENGTH))
  })

  it('have the z-scored recording and its parts, each of its own trial', async () => {
    const scored = (x: ArrayLike<number>): number[] => {
      const values = Array.from(x)
      const mean = values.reduce((sum, v) => sum + v, 0) / values.length
      const deviation = Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length)
      return values.map((v) => (v - mean) / deviation)
    }
    const stretched = (x: readonly number[]): number[] =>
      Array.from({ length: LENGTH }, (_, i) => {
        const at = (i * (x.length - 1)) / (LENGTH - 1)
        const left = Math.min(Math.floor(at), x.length - 2)
        return x[left]! + (at - left) * (x[left + 1]! - x[left]!)
      })
    for (const index of [0, 1]) {
      const { sampleRate, eda } = study().trials.find(({ id }) => id === set.trials[index]!.id)!
      const z = Float64Array.from(scored(eda))
      const [parts] = await decompose(gpu, [z], { sampleRate })
      const expected = [z, parts!.phasic, parts!.tonic].flatMap((x) =>
        stretched(scored(Array.from(x).slice(DROP * sampleRate))),
      )
      const apart = Array.from(set.trials[index]!.signals, (value, i) => Math.abs(value - expected[i]!))
      expect(apart).toHaveLength(3 * LENGTH)
      expect(Math.max(...apart)).toBeLessThan(1e-3)
    }
  })

  it('are counted up to their number, over all rates', () => {
    expect(progress.length).toBeGreaterThan(1)
    expect(new Set(progress.map(([, total]) => total))).toEqual(new Set([6]))
    const done = progress.map(([count]) => count)
    expect(done).toEqual([...done].sort((a, b) => a - b))
    expect(done.at(-1)).toBe(6)
    // Two that cannot be used, two of the first rate, and then two of the other.
    expect(done).toContain(4)
  })

  it('leave the study as it was', async () => {
    const before = study()
    await prepareTrials(gpu, before, { length: LENGTH, dropSeconds: DROP })
    expect(before).toEqual(study())
  })

  it('are none where none can be used', async () => {
    const none = (trials: Trial[], skipped: TrialSet['skipped'] = []) =>
      prepareTrials(gpu, { ...study(), trials, skipped }, { length: LENGTH, dropSeconds: 20 })
    await expect(none(study().trials)).rejects.toThrow(FormatError)
    await expect(none(study().trials)).rejects.toThrow(
      /^lab: none of 6 trials can be used; the first: trials.csv:1: 40 samples/,
    )
    await expect(none([])).rejects.toThrow('lab: none of 0 trials can be used; the first: no trials')
  })

  it('come of a study or of its files, with the settings of the run', async () => {
    const config = resolveRun({ drop: DROP, music: 'none' }, { musicDim: 2 })
    const run = { ...config, model: { ...config.model, length: LENGTH } }
    const onProgress = vi.fn<(done: number, total: number) => void>()
    const again = await prepareDataset(gpu, { kind: 'table', set: study() }, run, { onProgress })
    expect(again).toEqual(set)
    expect(onProgress).toHaveBeenLastCalledWith(6, 6)
    const reason = new Error('enough')
    const stopped = prepareDataset(gpu, { kind: 'table', set: study() }, run, { signal: AbortSignal.abort(reason) })
    await expect(stopped).rejects.toBe(reason)
  })
})

it.each([
  [{ length: 1 }, 'length is 1, expected 2 to 1000000 points'],
  [{ length: 2.5 }, 'length is 2.5, expected 2 to 1000000 points'],
  [{ length: 1e9 }, 'length is 1000000000, expected 2 to 1000000 points'],
  [{ dropSeconds: -1 }, 'dropSeconds is -1, expected 0 s or more'],
  [{ length: 320, interpolation: 'released' }, 'length is 320, which as released must be a square, such as 2500'],
] as const)('settings that no model reads are refused before any work: %j', async (wrong, says) => {
  const untouched = { ...study(), trials: study().trials.map((trial) => ({ ...trial, eda: undefined as never })) }
  const prepared = prepareTrials(gpu, untouched, { length: 100, dropSeconds: DROP, ...wrong })
  await expect(prepared).rejects.toThrow(`prepareTrials: ${says}`)
})

describe('the quality of trials', () => {
  it('is told, and leaves out those that a rule names', async () => {
    const options = { length: 2 * LENGTH, dropSeconds: DROP }
    const all = await prepareTrials(gpu, study(), options)
    expect(all.trials.map(({ quality }) => quality)).toEqual([[], [], ['missing'], ['flat', 'clipped']])
    expect(all.notes).toBeUndefined()
    const some = await prepareTrials(gpu, study(), { ...options, exclude: ['flat', 'zero'] })
    expect(some.trials.map(({ id }) => id)).toEqual(['1', '3', '4'])
    expect(some.skipped.at(-1)).toEqual({ source: 'trial 6', reason: 'left out for its quality: flat' })
    expect(some.notes).toEqual(['2 of 6 trials are left out for their quality (flat, zero).'])
    await expect(prepareTrials(gpu, study(), { ...options, exclude: ['dull' as 'flat'] })).rejects.toThrow(
      "prepareTrials: exclude has 'dull', expected zero, flat, clipped, missing",
    )
  })

  it('is not what a trial of noise that the points cannot follow lacks, which is said', async () => {
    const few = await prepareTrials(gpu, study(), { length: 20, dropSeconds: DROP })
    expect(few.notes).toEqual([
      expect.stringMatching(/^4 trials are thinned to 20 points .* below 1\.2 Hz .*--antialias/) as string,
    ])
    const filtered = await prepareTrials(gpu, study(), { length: 20, dropSeconds: DROP, interpolation: 'antialias' })
    expect([filtered.notes, filtered.interpolation]).toEqual([undefined, 'antialias'])
    expect(filtered.trials[0]!.signals).not.toEqual(few.trials[0]!.signals)
  })
})

describe('a prepared set in files', () => {
  const random = new Random(2)
  const signals = (): Float32Array => Float32Array.from({ length: 3 * LENGTH }, () => random.normal())
  const set: PreparedSet = {
    name: 'lab',
    synthetic: true,
    musicDim: 2,
    length: LENGTH,
    dropSeconds: 0,
    decomposition: '0123456789abcdef',
    skipped: [{ source: 'trial 9', reason: 'too short' }],
    features: { set: 'two', names: ['EDA_Mean', 'EDA_SD'] },
    trials: ['1', '2', '3'].map((id, i) => {
      const { eda: _, ...rest } = trial(id, 4 + i)
      const features = Float32Array.of(i, -i)
      return {
        ...rest,
        features,
        signals: signals(),
        status: 'solved',
        filled: i,
        constant: i === 1 ? ['tonic', 'phasic'] : [],
      }
    }),
  }
  Object.assign(set.trials[0]!, { ratings: { valence: 0, arousal: 0 }, music: Float32Array.of(0, 0) })
  Object.assign(set.trials[2]!, { unit: 'unknown', status: 'solved-inaccurate', music: Float32Array.of(-1, 5) })

  const stored = async (of: PreparedSet): Promise<MemoryStore> => {
    const store = new MemoryStore()
    await savePrepared(store, of)
    return store
  }

  it.each([
    ['with music', set],
    ['without music', { ...set, musicDim: 0, trials: set.trials.map(({ music: _, ...rest }) => rest) }],
    ['of one trial', { ...set, synthetic: false, skipped: [], trials: set.trials.slice(2) }],
  ])('comes back in every field, %s', async (_, of) => {
    const store = await stored(of)
    expect(await loadPrepared(store, 'folder')).toEqual(of)
    expect(await loadDataset(store, { name: 'folder' })).toEqual({ kind: 'prepared', set: of })
  })

  it('is not put together from two', async () => {
    const [store, other] = await Promise.all([stored(set), stored({ ...set, trials: [...set.trials].reverse() })])
    await store.write('manifest.json', await other.readText('manifest.json'))
    await expect(loadPrepared(store, 'folder')).rejects.toThrow(
      'folder: manifest.json and signals.safetensors are not of one preparation; run `galvani prepare` again',
    )
  })

  it.each<[string, (manifest: string) => string, string]>([
    ['signals', (text) => text.replace(`"length": ${LENGTH}`, '"length": 41'), "'signals' does not hold 3 rows of 123"],
    [
      'longer signals',
      (text) => text.replace(`"length": ${LENGTH}`, '"length": 39'),
      "'signals' does not hold 3 rows of 117",
    ],
    ['features', (text) => text.replace('"EDA_Mean",', ''), "'features' does not hold 3 rows of 1 numbers"],
    ['music', (text) => text.replace('"music_dim": 2', '"music_dim": 3'), "'music' does not hold 3 rows of 3 numbers"],
  ])('is refused where its %s are not those of its trials', async (_, change, says) => {
    const store = await stored(set)
    await store.write('manifest.json', change(await store.readText('manifest.json')))
    await expect(loadPrepared(store, 'folder')).rejects.toThrow(`folder/signals.safetensors: tensor ${says}`)
  })

  it('is refused where a number has changed, by the name of the trial', async () => {
    const store = await stored(set)
    const bytes = await store.read('signals.safetensors')
    const last = bytes.length - 4 * (3 * set.musicDim + 1) // of the signals, before the music
    bytes[last]! ^= 1
    await store.write('signals.safetensors', bytes)
    await expect(loadPrepared(store, 'folder')).rejects.toThrow(
      'folder/signals.safetensors is damaged: the signals of trial 3 are not those that were written; run `galvani prepare` again',
    )
  })

  it('is looked for before a table, which is read at the rate that is given', async () => {
    const table = { 'trials.csv': 'trial,subject\na,s1\n', 'eda.csv': 'trial,i,eda\na,0,1\na,1,2\n' }
    const store = new MemoryStore(table)
    const dataset = await loadDataset(store, { name: 'lab', sampleRate: 5 })
    expect([dataset.kind, dataset.set.name, dataset.set.trials[0]?.sampleRate]).toEqual(['table', 'lab', 5])
    await savePrepared(store, set)
    expect((await loadDataset(store, { name: 'lab' })).kind).toBe('prepared')
    await expect(loadDataset(store, { name: 'lab', sampleRate: 5 })).rejects.toThrow(
      'lab is prepared already, so sampleRate comes too late; give it where it is prepared',
    )
  })
})

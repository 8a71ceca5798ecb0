// Baselines of a fold: what each learns from, that they are learned once and kept, and that nothing damaged is taken for them.
import { describe, expect, it } from 'vitest'
import { MemoryStore } from '../../src/store/memory.ts'
import { foldBaselines, type BaselineOptions } from '../../src/train/baselines.ts'
import { resolveRun } from '../../src/train/defaults.ts'
import type { PreparedSet, PreparedTrial } from '../../src/train/prepare.ts'

const LENGTH = 2

/** High where the first sample of the signals is above zero; features say the opposite. */
const trial = (i: number, subject: string, stimulus: string, level: number): PreparedTrial => ({
  id: `t${i}`,
  subject,
  stimulus,
  sampleRate: 4,
  unit: 'uS',
  columns: {},
  source: '',
  signals: Float32Array.of(level, 0, 0, 0, 0, 0),
  features: Float32Array.of(-level, 1),
  status: 'solved',
  filled: 0,
  constant: [],
})
const trials = [
  trial(0, 'a', 'x', 8),
  trial(1, 'a', 'y', -8),
  trial(2, 'b', 'x', -8),
  trial(3, 'b', 'y', -8),
  trial(4, 'c', 'x', 8),
  trial(5, 'c', 'y', 8),
  trial(6, 'd', 'x', -8),
  trial(7, 'd', 'z', 8),
]
const labels = Uint8Array.of(1, 0, 0, 0, 1, 1, 0, 1)
const set: PreparedSet = {
  ...{ name: 'lab', synthetic: false, trials, musicDim: 0, skipped: [], length: LENGTH, dropSeconds: 3 },
  features: { set: 'two/1', names: ['first', 'second'] },
}
const config = resolveRun({}, { musicDim: 0 })
const FOLD = { train: [0, 1], validation: [3, 2], test: [7, 6, 4] }

const learn = (of: Partial<PreparedSet> = {}, fold = FOLD, options: BaselineOptions = {}) =>
  foldBaselines({ ...set, ...of }, config, labels, fold, options)
/** Which baseline a file is of. */
const nameOf = (file: string): string => file.replace(/-[0-9a-f]{64}\.json$/, '')
const ON_FEATURES = ['forest', 'lda', 'logistic', 'rbf-svm']
const ALL = ['forest', 'guesser', 'lda', 'logistic', 'rbf-svm', 'svm']
const filesOf = async (store: MemoryStore): Promise<string[]> => await store.list('baselines')

describe('baselines of a fold', () => {
  it('learn from training and validation parts, and answer for the test part in its order', async () => {
    const found = await learn()
    // Of a and b one of four is high; of x one is high and one low, y is not asked for, and nobody else heard z.
    for (const [i, high] of [true, false, true].entries()) {
      const { majority, guesser, svm, song, forest, logistic, lda } = found[i]!
      expect([majority, guesser, song]).toEqual([0, 0.25, undefined])
      expect(svm! > 0.5).toBe(high)
      for (const score of [forest!, logistic!, lda!, found[i]!['rbf-svm']!]) expect(score >= 0 && score <= 1).toBe(true)
    }
    // The one with the features of the high trial is likelier to be high.
    expect(found[0]!.logistic).toBeGreaterThan(found[1]!.logistic!)
    expect(found[0]!.forest).toBeGreaterThan(found[1]!.forest!)
    const held = await learn({}, { train: [0, 1], validation: [4, 5], test: [6, 3] })
    expect(held.map(({ majority, song }) => [majority, song])).toEqual([
      [1, 1],
      [1, undefined],
    ])
  })

  it('do without those that learn from EDA features where a set has none', async () => {
    const { features: _, ...plain } = set
    const found = await foldBaselines(plain, config, labels, FOLD)
    expect(Object.keys(found[0]!)).toEqual(['majority', 'guesser', 'svm'])
  })

  it('scale music by what is learned from, the validation part included', async () => {
    // The only feature parts high from low by more the smaller its spread is taken for.
    const heard = trials.map((of, i) => ({ ...of, signals: new Float32Array(6), music: Float32Array.of(i) }))
    const hearing = resolveRun({}, { musicDim: 1 })
    const svm = async (train: number[], validation: number[]) => {
      const fold = { train, validation, test: [6, 7] }
      return (await foldBaselines({ ...set, trials: heard, musicDim: 1 }, hearing, labels, fold)).map((of) => of.svm)
    }
    expect(await svm([0, 1, 2, 3], [4, 5])).toEqual(await svm([4, 5, 3], [2, 1, 0]))
  })
})

describe('kept baselines', () => {
  it('are learned once for a training part, however it is parted and whatever the seed', async () => {
    const store = new MemoryStore()
    let told = 0
    const options = { kept: store, onProgress: () => void told++ }
    const first = await learn({}, FOLD, options)
    expect(told).toBeGreaterThan(0)
    told = 0
    const again = await foldBaselines(
      set,
      { ...config, seed: 9, epochs: 1 },
      labels,
      { train: [2, 3, 1], validation: [0], test: FOLD.test },
      options,
    )
    expect(again).toEqual(first)
    expect(told).toBe(0)
    expect((await filesOf(store)).map(nameOf)).toEqual(ALL)
  })

  it('are kept as each ends: what was stopped learns the others alone', async () => {
    const store = new MemoryStore()
    const stop = new AbortController()
    const reason = new Error('enough')
    const onProgress = (share: number): void => {
      if (share > 0.3) stop.abort(reason)
    }
    await expect(learn({}, FOLD, { kept: store, signal: stop.signal, onProgress })).rejects.toBe(reason)
    const before = await filesOf(store)
    expect(before.length).toBeGreaterThan(0)
    expect(before.length).toBeLessThan(ALL.length)
    const written: string[] = []
    const write = store.write.bind(store)
    store.write = (path, content) => write(path, content).then(() => void written.push(path.split('/')[1]!))
    expect(await learn({}, FOLD, { kept: store })).toEqual(await learn())
    expect([...before, ...written].sort()).toEqual(await filesOf(store))
  })

  it.each<[string, string[], () => Parameters<typeof foldBaselines>]>([
    ['labels', ALL, () => [set, config, labels.map((of, i) => (i === 0 ? 0 : of)), FOLD]],
    [
      'signals',
      [...ON_FEATURES, 'svm'],
      () => [{ ...set, trials: trials.map((of, i) => (i === 7 ? trial(7, 'd', 'z', 9) : of)) }, config, labels, FOLD],
    ],
    ['channels', ['svm'], () => [set, resolveRun({ signals: ['origin'] }, { musicDim: 0 }), labels, FOLD]],
    [
      'features',
      ON_FEATURES,
      () => [{ ...set, features: { set: 'two/2', names: ['first', 'second'] } }, config, labels, FOLD],
    ],
    ['test people', ALL, () => [set, config, labels, { ...FOLD, test: [7, 6] }]],
    ['training people', ALL, () => [set, config, labels, { ...FOLD, validation: [3] }]],
  ])('are others for other %s, where they learn from these', async (_, others, change) => {
    const store = new MemoryStore()
    await learn({}, FOLD, { kept: store })
    const before = await filesOf(store)
    const [of, settings, theirs, fold] = change()
    await foldBaselines(of, settings, theirs, fold, { kept: store })
    expect((await filesOf(store)).filter((file) => !before.includes(file)).map(nameOf)).toEqual(others)
  })

  it.each<[string, (text: string) => string]>([
    ['cut short', (text) => text.slice(0, 90)],
    ['of other trials', (text) => text.replace('"t7"', '"t8"')],
    ['of another score', (text) => text.replace('0.25', '0.75')],
    ['of another schema', (text) => text.replace('"schema": 1', '"schema": 99')],
    ['without scores', (text) => text.replace('"scores"', '"others"')],
  ])('are made anew where a file is %s', async (_, damage) => {
    const store = new MemoryStore()
    const whole = await learn({}, FOLD, { kept: store })
    const file = `baselines/${(await filesOf(store)).find((of) => nameOf(of) === 'guesser')!}`
    const text = await store.readText(file)
    expect(damage(text)).not.toBe(text)
    await store.write(file, damage(text))
    expect(await learn({}, FOLD, { kept: store })).toEqual(whole)
    expect(await store.readText(file)).toBe(text)
  })

  it('are not begun where that is asked for before', async () => {
    const store = new MemoryStore()
    const reason = new Error('enough')
    await expect(learn({}, FOLD, { kept: store, signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    expect(await filesOf(store)).toEqual([])
  })
})

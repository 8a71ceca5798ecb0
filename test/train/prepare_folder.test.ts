// A preparation that is stopped goes on, one that is whole is left alone, and both end with the bytes of one that was never stopped.
import { describe, expect, it } from 'vitest'
import { makeTrialTable } from '../../src/datasets/synthetic.ts'
import { memorySource } from '../../src/store/source.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import type { Content } from '../../src/store/store.ts'
import { loadDataset } from '../../src/train/dataset.ts'
import { prepareFolder, preparedBefore, type PrepareFolderOptions } from '../../src/train/prepare_folder.ts'
import { loadPrepared } from '../../src/train/prepared_files.ts'

// More than a batch of 256 trials.
const files = makeTrialTable({ subjects: 20, trialsPerSubject: 16, stimuli: 16, seconds: 10, effect: 1, seed: 5 })
const data = (): MemoryStore => new MemoryStore(files)
const options: PrepareFolderOptions = { dataset: { name: 'lab' }, length: 40, dropSeconds: 1 }

const contents = async (store: MemoryStore): Promise<Record<string, string>> => {
  const names = await store.list('')
  const texts = await Promise.all(names.map(async (name) => Buffer.from(await store.read(name)).toString('base64')))
  return Object.fromEntries(names.map((name, i) => [name, texts[i]!]))
}

/** A store that fails at its Nth write, as a process that is killed, and counts those before. */
class Mortal extends MemoryStore {
  writes: string[] = []
  dies = Infinity
  override async write(path: string, content: Content): Promise<void> {
    if (this.writes.length >= this.dies) throw new Error('killed')
    this.writes.push(path)
    await super.write(path, content)
  }
}

const whole = (async () => {
  const store = new Mortal()
  const preparation = await prepareFolder('cpu', data(), store, options)
  return { store, preparation, bytes: await contents(store) }
})()

describe('a folder that is prepared', () => {
  it('holds a manifest and the signals, and says what they are of', async () => {
    const { bytes, preparation } = await whole
    expect(Object.keys(bytes)).toEqual(['manifest.json', 'signals.safetensors'])
    expect(preparation).toMatchObject({ usable: 320, device: 'float64 on the CPU', statuses: { solved: 320 } })
    expect(preparation.sources.files.map(({ file }) => file)).toEqual(['eda.csv', 'music.csv', 'trials.csv'])
    expect(preparation.settings).toEqual({ name: 'lab', length: 40, dropSeconds: 1 })
    expect(preparation.summary).toMatchObject({ trials: 320, subjects: 20, sampleRates: [4] })
    expect(preparation.labels.arousal).toMatchObject({ trials: 320 })
    expect(preparation.labels.arousal!.subjects).toHaveLength(20)
  })

  it('has the classes of the paper beside each trial, as the file has them in its columns', async () => {
    const { trials } = await loadPrepared((await whole).store, 'out')
    for (const { classes, columns } of trials)
      expect(classes).toEqual({ arousal: Number(columns.arousal_high), valence: Number(columns.valence_high) })
  })

  it.each([0, 1, 2, 3])('and stopped at its write %i goes on to the same bytes, each batch done once', async (dies) => {
    const { bytes, store: once } = await whole
    expect(once.writes).toEqual([
      'decompositions-1.safetensors',
      'decompositions-2.safetensors',
      'signals.safetensors',
      'manifest.json',
    ])
    const store = new Mortal()
    store.dies = dies
    await expect(prepareFolder('cpu', data(), store, options)).rejects.toThrow('killed')
    expect(await preparedBefore(data(), store, options)).toBeUndefined()
    store.dies = Infinity
    await prepareFolder('cpu', data(), store, options)
    expect(await contents(store)).toEqual(bytes)
    const batches = store.writes.filter((path) => path.startsWith('decompositions'))
    expect(batches).toEqual(['decompositions-1.safetensors', 'decompositions-2.safetensors'])
  })

  it('is stopped by its signal, and keeps what was done', async () => {
    const store = new MemoryStore()
    const reason = new Error('enough')
    const stop = new AbortController()
    const onProgress = (done: number): void => void (done >= 256 && stop.abort(reason))
    const stopped = prepareFolder('cpu', data(), store, { ...options, onProgress, signal: stop.signal })
    await expect(stopped).rejects.toBe(reason)
    expect(await store.list('')).toEqual(['decompositions-1.safetensors'])
  })

  it('keeps decompositions for another length where a place is given', async () => {
    const cache = new Mortal()
    await prepareFolder('cpu', data(), new MemoryStore(), { ...options, cache })
    const out = new MemoryStore()
    await prepareFolder('cpu', data(), out, { ...options, length: 30, cache })
    expect(cache.writes).toHaveLength(2)
    const plain = new MemoryStore()
    await prepareFolder('cpu', data(), plain, { ...options, length: 30 })
    expect(await contents(out)).toEqual(await contents(plain))
  })
})

it('what is no store and no dataset, and options that are none, are refused in words', async () => {
  const says = (from: unknown, more: object) =>
    prepareFolder('cpu', from as MemoryStore, new MemoryStore(), { ...options, ...more }).then(String, String)
  expect(await says('study', {})).toBe('UsageError: prepareFolder: data is a string, expected a Store')
  expect(await says(data(), { dataset: 'study' })).toMatch(
    /dataset is a string, expected an object such as \{ name \}$/,
  )
  expect(await says(data(), { lenght: 40 })).toMatch(/did you mean 'length'/)
})

describe('what was prepared before', () => {
  const features = (text: string) => [memorySource('songs.csv', text)]
  const table = 'stimulus,f1\n' + [...Array(16).keys()].map((i) => `x${i},${i}\n`).join('')
  it('is taken as it is where nothing has changed', async () => {
    const { store, preparation } = await whole
    expect(await preparedBefore(data(), store, { ...options, onProgress: () => undefined })).toEqual(preparation)
  })

  it.each<[string, Partial<PrepareFolderOptions>, Partial<typeof files>]>([
    ['another length', { length: 41 }, {}],
    ['another cut', { dropSeconds: 0 }, {}],
    ['another name', { dataset: { name: 'other' } }, {}],
    ['another way to points', { interpolation: 'antialias' }, {}],
    ['an exclusion', { exclude: ['zero'] }, {}],
    ['a table of features', { dataset: { name: 'lab', features: features(table), anyFeatures: true } }, {}],
    ['other samples', {}, { 'eda.csv': files['eda.csv'].replace(/\d\n$/, (digit) => `${9 - Number(digit[0])}\n`) }],
  ])('is not for %s', async (_, more, other) => {
    const { store } = await whole
    expect(await preparedBefore(new MemoryStore({ ...files, ...other }), store, { ...options, ...more })).toBe(
      undefined,
    )
  })

  it('is not where the signals are gone or damaged', async () => {
    const { store } = await whole
    const [manifest, signals] = [await store.read('manifest.json'), await store.read('signals.safetensors')]
    const damaged = signals.map((byte, i) => (i === signals.length - 9 ? byte ^ 255 : byte))
    const of = (files: Record<string, Uint8Array>) => preparedBefore(data(), new MemoryStore(files), options)
    expect(await of({ 'manifest.json': manifest, 'signals.safetensors': signals })).toBeDefined()
    expect(await of({ 'manifest.json': manifest, 'signals.safetensors': damaged })).toBeUndefined()
    expect(await of({ 'manifest.json': manifest })).toBeUndefined()
  })

  it('is not where the manifest is damaged or of a program', async () => {
    const { store } = await whole
    const damaged = new MemoryStore()
    await damaged.write('manifest.json', (await store.readText('manifest.json')).slice(0, 900))
    expect(await preparedBefore(data(), damaged, options)).toBeUndefined()
    expect(await preparedBefore(data(), new MemoryStore(), options)).toBeUndefined()
  })
})

it('a prepared folder is a dataset, of two passes the one that is asked for', async () => {
  const { store } = await whole
  const { kind, set } = await loadDataset(store, { name: 'out', pass: 'valence' })
  expect([kind, set.trials.length]).toEqual(['prepared', 320])
})

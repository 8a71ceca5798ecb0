import { describe, expect, it } from 'vitest'
import { openDataset } from '../../../src/datasets/open_dataset.ts'
import { LOOKALIKES, makeLookalike, type LookalikeOptions } from '../../../src/datasets/lookalike/make.ts'
import { UsageError } from '../../../src/runtime/errors.ts'
import { MemoryStore } from '../../../src/store/memory.ts'
import type { Content } from '../../../src/store/store.ts'
import { digestOf, madeOf, readBack } from './made.ts'

/** As small as they come. */
const SMALL = { subjects: 2, seconds: 20 }

describe.each(LOOKALIKES)('a look-alike of %s', (kind) => {
  it('is read as what it looks like, synthetic, with all its trials', async () => {
    const { store, made, paths } = await madeOf({ kind, ...SMALL, subjects: 3 })
    const opened = await openDataset(store)
    expect(opened).toMatchObject({ kind: kind === 'e4' ? 'recordings' : kind, synthetic: true })
    const { trials, skipped } = await readBack(store)
    expect(trials.length + skipped.length).toBeGreaterThanOrEqual(made.recordings)
    expect(trials).toHaveLength(made.recordings)
    expect(new Set(trials.map(({ subject }) => subject)).size).toBe(3)
    expect(made.fileCount).toBe(paths.length)
    expect(await store.readText('SYNTHETIC.md')).toMatch(/^Synthetic data in the layout of .*, made by galvani\.\n/)
  })

  it('has the same bytes for the same options, others for another seed', async () => {
    const digest = async (seed: number): Promise<string> =>
      await digestOf((await madeOf({ kind, ...SMALL, seed })).store)
    const first = await digest(1)
    expect(await digest(1)).toBe(first)
    expect(await digest(2)).not.toBe(first)
  })
})

describe('effects', () => {
  const digest = async (effects: Partial<LookalikeOptions>): Promise<string> =>
    await digestOf((await madeOf({ kind: 'hku956', ...SMALL, ...effects })).store)

  it('of one number are those of both', async () => {
    expect(await digest({ effect: 0.5 })).toBe(await digest({ edaEffect: 0.5, musicEffect: 0.5 }))
    expect(await digest({})).toBe(await digest({ effect: 1 }))
    expect(await digest({ effect: 0.5, edaEffect: 1 })).toBe(await digest({ edaEffect: 1, musicEffect: 0.5 }))
  })

  it('each change their own files', async () => {
    const text = async (effects: Partial<LookalikeOptions>) => {
      const { store, paths } = await madeOf({ kind: 'hku956', ...SMALL, ...effects })
      const eda = paths.find((path) => path.includes('/EDA/'))!
      return { eda: await store.readText(eda), music: await store.readText('music_features.csv') }
    }
    const both = await text({})
    const skinAlone = await text({ musicEffect: 0 })
    const musicAlone = await text({ edaEffect: 0 })
    expect(skinAlone.music).not.toBe(both.music)
    expect(musicAlone.music).toBe(both.music)
    expect(musicAlone.eda).not.toBe(both.eda)
  })
})

describe('a folder that is not empty', () => {
  it('is refused, and left as it was', async () => {
    const store = new MemoryStore({ 'notes.txt': 'mine' })
    const making = makeLookalike(store, { kind: 'e4', seed: 1, name: 'thesis' })
    await expect(making).rejects.toThrow(
      new UsageError('thesis is not empty: it holds notes.txt; a look-alike needs a folder that is new or empty'),
    )
    expect(await store.list('')).toEqual(['notes.txt'])
  })
})

describe('options that make no look-alike', () => {
  it.each<[Partial<LookalikeOptions>, RegExp]>([
    [
      { kind: 'wesad' as 'deap' },
      /^no look-alike is called 'wesad'; there are pmemo2018, pmemo2019, deap, amigos, hku956, e4$/,
    ],
    [{ kind: 'deap', subjects: 33 }, /^deap with 33 subjects: expected a whole number from 2 to 32$/],
    [{ kind: 'amigos', subjects: 1 }, /^amigos with 1 subjects: expected a whole number from 2 to 40$/],
    [{ kind: 'pmemo2018', subjects: 2.5 }, /from 2 to 457$/],
    [{ kind: 'hku956', subjects: 31 }, /from 2 to 30$/],
    [{ effect: 1.1 }, /^effect 1.1: expected a number from 0 \(none\) to 1 \(strong\)$/],
    [{ edaEffect: -1 }, /^EDA effect -1: /],
    [{ musicEffect: NaN }, /^music effect NaN: /],
    [{ seed: -1 }, /^seed -1: expected an integer from 0/],
    [{ kind: 'pmemo2019', seconds: 19 }, /^pmemo2019 of 19 s: expected 20 to 86400$/],
    [{ kind: 'deap', seconds: Infinity }, /^deap of Infinity s: expected 10 to 86400$/],
  ])('are refused: %o', async (options, says) => {
    const store = new MemoryStore()
    const making = makeLookalike(store, { kind: 'e4', seed: 1, ...options })
    await expect(making).rejects.toThrow(UsageError)
    await expect(makeLookalike(store, { kind: 'e4', seed: 1, ...options })).rejects.toThrow(says)
    expect(await store.list('')).toEqual([])
  })
})

describe('the work', () => {
  it('says how far it is, file by file', async () => {
    const seen: [number, number][] = []
    const options = { kind: 'e4', seed: 1, subjects: 2, seconds: 10 } as const
    await makeLookalike(new MemoryStore(), options, { onProgress: (done, total) => void seen.push([done, total]) })
    expect(seen).toEqual(Array.from({ length: 9 }, (_, done) => [done, 8]))
  })

  it('ends with the reason of a signal, before the next file', async () => {
    const abort = new AbortController()
    const store = new MemoryStore()
    const onProgress = (done: number): void => void (done === 2 && abort.abort(new Error('enough')))
    const making = makeLookalike(store, { kind: 'e4', seed: 1 }, { onProgress, signal: abort.signal })
    await expect(making).rejects.toThrow('enough')
    expect(await store.list('synthetic_01')).toEqual(['EDA.csv', 'TEMP.csv'])
    expect(await store.exists('SYNTHETIC.md')).toBe(true)
    expect(await store.exists('synthetic_02')).toBe(false)
  })

  it('ends in the middle of a file, whose pieces are taken one by one', async () => {
    const abort = new AbortController()
    let pieces = 0
    /** Takes pieces as a store on a disk does, and has the signal come after the third. */
    class Slow extends MemoryStore {
      override async write(path: string, content: Content): Promise<void> {
        if (path !== 'music_features.csv') return
        for (const _ of content as Iterable<Uint8Array>) if (++pieces === 3) abort.abort(new Error('enough'))
      }
    }
    const options = { kind: 'deap', seed: 1, subjects: 2, seconds: 10 } as const
    await expect(makeLookalike(new Slow(), options, { signal: abort.signal })).rejects.toThrow('enough')
    expect(pieces).toBe(3)
  })
})

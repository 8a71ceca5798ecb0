// Look-alikes in memory, and what is read of them.
import { createHash } from 'node:crypto'
import { collect, openDataset } from '../../../src/datasets/open_dataset.ts'
import { makeLookalike, type LookalikeOptions, type MadeLookalike } from '../../../src/datasets/lookalike/make.ts'
import type { TrialSet } from '../../../src/datasets/trial.ts'
import { MemoryStore } from '../../../src/store/memory.ts'

/** Paths of all files below a folder, in order. */
export async function pathsOf(store: MemoryStore, dir = ''): Promise<string[]> {
  const below = (await store.list(dir)).map(async (name) => {
    const path = dir === '' ? name : `${dir}/${name}`
    const inside = await pathsOf(store, path)
    return inside.length > 0 ? inside : [path]
  })
  return (await Promise.all(below)).flat()
}

/** What all names and bytes come to. */
export async function digestOf(store: MemoryStore): Promise<string> {
  const hash = createHash('sha256')
  for (const path of await pathsOf(store)) hash.update(`${path}\0`).update(await store.read(path))
  return hash.digest('hex')
}

export async function madeOf(options: Partial<LookalikeOptions> & Pick<LookalikeOptions, 'kind'>) {
  const store = new MemoryStore()
  const made: MadeLookalike = await makeLookalike(store, { seed: 5, subjects: 3, ...options })
  return { store, made, paths: await pathsOf(store) }
}

export const readBack = async (store: MemoryStore): Promise<TrialSet> => await collect(await openDataset(store))

/** Cells of a comma table without quotes, without its header. */
export const rowsOf = async (store: MemoryStore, path: string): Promise<string[][]> =>
  (await store.readText(path))
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => line.split(','))

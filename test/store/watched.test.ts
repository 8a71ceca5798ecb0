// What a reader saw of a store is told again, and every change of it is noticed.
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { MemoryStore } from '../../src/store/memory.ts'
import { isAsSeen, WatchedStore } from '../../src/store/watched.ts'

const files = { 'a/one.csv': 'x,1\n', 'a/two.csv': 'y,2\n', 'notes.txt': 'nobody reads this' }

async function read(store: MemoryStore): Promise<WatchedStore> {
  const watched = new WatchedStore(store)
  for (const name of await watched.list('a')) await watched.readText(`a/${name}`)
  expect(await watched.exists('music.csv')).toBe(false)
  return watched
}

describe('what was seen', () => {
  it('has size and SHA-256 of each file that was read, however it was', async () => {
    const store = new MemoryStore(files)
    const watched = await read(store)
    await watched.source('a/one.csv')
    const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
    const seen = await watched.seen()
    expect(seen.files).toEqual([
      { file: 'a/one.csv', bytes: 4, digest: sha256('x,1\n') },
      { file: 'a/two.csv', bytes: 4, digest: sha256('y,2\n') },
    ])
    expect(seen.folders).toEqual(['', 'a'])
  })

  it.each<[string, boolean, (store: MemoryStore) => Promise<void>]>([
    ['nothing', true, () => Promise.resolve()],
    ['a file that was not read', true, (store) => store.write('notes.txt', 'still nobody')],
    ['a digit', false, (store) => store.write('a/two.csv', 'y,3\n')],
    ['a length', false, (store) => store.write('a/two.csv', 'y,2')],
    ['a file that is gone', false, (store) => store.remove('a/one.csv')],
    ['another file beside those', false, (store) => store.write('a/three.csv', '')],
    ['a file that was looked for in vain', false, (store) => store.write('music.csv', '')],
  ])('is as it was, or not, after %s', async (_, is, change) => {
    const store = new MemoryStore(files)
    const seen = await (await read(store)).seen()
    await change(store)
    expect(await isAsSeen(store, seen)).toBe(is)
  })
})

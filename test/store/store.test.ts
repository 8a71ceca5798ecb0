import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FormatError, GalvaniError, UsageError } from '../../src/runtime/errors.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { NodeStore } from '../../src/store/node.ts'
import { partOf } from '../../src/store/part.ts'
import type { Store } from '../../src/store/store.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'galvani-store-'))
})
afterAll(async () => rm(folder, { recursive: true }))

const stores: [string, () => Store][] = [
  ['NodeStore', () => new NodeStore(join(folder, 'made', 'on', 'demand'))],
  ['MemoryStore', () => new MemoryStore()],
]

describe.each(stores)('%s', (_, make) => {
  it('writes, reads, appends and lists', async () => {
    const store = make()
    await store.write('run/config.json', '{"é":1}')
    await store.write('run/weights.bin', Uint8Array.of(0, 255, 3))
    await store.append('run/events.jsonl', '{"step":1}')
    await store.append('run/events.jsonl', '{"step":2}')
    expect(await store.readText('run/config.json')).toBe('{"é":1}')
    expect([...(await store.read('run/weights.bin'))]).toEqual([0, 255, 3])
    expect(await store.readText('run/events.jsonl')).toBe('{"step":1}\n{"step":2}\n')
    expect(await store.list('run')).toEqual(['config.json', 'events.jsonl', 'weights.bin'])
    expect(await store.list('')).toEqual(['run'])
    expect(await store.list('nowhere')).toEqual([])
    expect(await store.exists('run')).toBe(true)
    expect(await store.exists('run/config.json')).toBe(true)
    expect(await store.exists('run/other.json')).toBe(false)
  })

  it('gives a file in pieces', async () => {
    const store = make()
    await store.write('run/weights.bin', Uint8Array.of(0, 255, 3))
    const source = await store.source('run/weights.bin')
    expect([source.size, [...(await source.read(1, 9))]]).toEqual([3, [255, 3]])
    await expect(store.source('run/other.bin')).rejects.toThrow(/other\.bin: no such file/)
  })

  it('replaces a file as a whole', async () => {
    const store = make()
    await store.write('a.txt', 'a long first version')
    await store.write('a.txt', 'short')
    expect(await store.readText('a.txt')).toBe('short')
  })

  it('removes a file, and nothing where there is none', async () => {
    const store = make()
    await store.write('folds/a/state', 'x')
    await store.write('folds/b/state', 'y')
    await store.remove('folds/a/state')
    await store.remove('folds/a/state')
    expect(await store.exists('folds/a/state')).toBe(false)
    expect(await store.readText('folds/b/state')).toBe('y')
  })

  it('says which file is missing', async () => {
    const store = make()
    await expect(store.read('missing.csv')).rejects.toThrow(FormatError)
    await expect(store.readText('missing.csv')).rejects.toThrow(/missing\.csv: no such file/)
  })

  it('hands out copies', async () => {
    const store = make()
    const bytes = Uint8Array.of(1, 2)
    await store.write('b', bytes)
    bytes[0] = 9
    ;(await store.read('b'))[1] = 9
    expect([...(await store.read('b'))]).toEqual([1, 2])
  })
})

describe('NodeStore', () => {
  it('leaves the old file and nothing else when a write fails', async () => {
    const store = new NodeStore(join(folder, 'failing'))
    await store.write('folder/keep.txt', 'kept')
    // A file cannot take the place of a folder, so the rename fails after the content was written aside.
    await expect(store.write('folder', 'text')).rejects.toThrow(GalvaniError)
    expect(await store.readText('folder/keep.txt')).toBe('kept')
    expect(await readdir(join(folder, 'failing'))).toEqual(['folder'])
  })

  it('survives writes at the same time', async () => {
    const store = new NodeStore(join(folder, 'busy'))
    const texts = Array.from({ length: 20 }, (_, i) => String(i).repeat(10_000))
    await Promise.all(texts.map((text) => store.write('one.txt', text)))
    expect(texts).toContain(await store.readText('one.txt'))
    expect(await store.list('')).toEqual(['one.txt'])
  })

  it('refuses a path out of its root, and a folder where a file belongs', async () => {
    await writeFile(join(folder, 'secret.txt'), 'x')
    const store = new NodeStore(join(folder, 'inner'))
    await expect(store.read('../secret.txt')).rejects.toThrow(UsageError)
    await expect(store.remove('../secret.txt')).rejects.toThrow(UsageError)
    await expect(store.write('/elsewhere.txt', '')).rejects.toThrow(/leads out of/)
    await store.write('sub/file', '')
    await expect(store.read('sub')).rejects.toThrow(/is a folder, expected a file/)
  })
})

it('a part of a store shows its own files and hides the rest', async () => {
  const whole = new MemoryStore({ 'a/b.txt': 'b', 'a/c.txt': 'c', 'd.txt': 'd' })
  const part = partOf(whole, ['a/b.txt', 'e.txt'])
  expect(await part.list('')).toEqual(['a', 'e.txt'])
  expect(await part.list('a')).toEqual(['b.txt'])
  expect([await part.exists('a'), await part.exists('d.txt')]).toEqual([true, false])
  expect(await part.readText('a/b.txt')).toBe('b')
  expect((await part.source('a/b.txt')).size).toBe(1)
  for (const read of ['read', 'source', 'readText'] as const)
    await expect(part[read]('d.txt')).rejects.toThrow('d.txt: no such file')
  await expect(part.write('a/b.txt', 'x')).rejects.toThrow('a/b.txt: cannot be written here')
  await expect(part.remove('a/b.txt')).rejects.toThrow(FormatError)
})

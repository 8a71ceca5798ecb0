// Decompositions are found again by what they are of, and nothing damaged is ever taken for one.
import { describe, expect, it } from 'vitest'
import { MemoryStore } from '../../src/store/memory.ts'
import { DecompositionCache, keyOf, type Parts } from '../../src/train/decomposition_cache.ts'

const parts = (samples: number, by: number): Parts => ({
  phasic: Float32Array.from({ length: samples }, (_, i) => i * by),
  tonic: Float32Array.from({ length: samples }, (_, i) => i - by),
  driver: Float32Array.from({ length: samples }, (_, i) => by / (i + 1)),
  status: by > 1 ? 'solved-inaccurate' : 'solved',
})

async function filled(): Promise<MemoryStore> {
  const store = new MemoryStore()
  const cache = await DecompositionCache.open(store)
  await cache.add(['a', 'b'], [parts(5, 1), parts(3, 2)])
  await cache.add(['c'], [parts(4, 0.5)])
  return store
}

describe('a cache of decompositions', () => {
  it('gives back each by its key, in any order, also when opened again', async () => {
    const cache = await DecompositionCache.open(await filled())
    expect(await cache.find('c')).toEqual(parts(4, 0.5))
    expect(await cache.find('b')).toEqual(parts(3, 2))
    expect(await cache.find('a')).toEqual(parts(5, 1))
    expect(await cache.find('d')).toBeUndefined()
  })

  it('goes on counting its files, and leaves others alone when cleared', async () => {
    const store = await filled()
    await store.write('manifest.json', '{}')
    const cache = await DecompositionCache.open(store)
    await cache.add(['d'], [parts(2, 3)])
    expect(await store.list('')).toEqual([
      'decompositions-1.safetensors',
      'decompositions-2.safetensors',
      'decompositions-3.safetensors',
      'manifest.json',
    ])
    await cache.clear()
    expect(await store.list('')).toEqual(['manifest.json'])
    expect(await cache.find('d')).toBeUndefined()
  })

  it('has of a file that another process replaced what is in it now', async () => {
    const store = await filled()
    const cache = await DecompositionCache.open(store)
    const elsewhere = new MemoryStore()
    await (await DecompositionCache.open(elsewhere)).add(['b', 'x'], [parts(6, 3), parts(2, 4)])
    await store.write('decompositions-1.safetensors', await elsewhere.read('decompositions-1.safetensors'))
    expect(await cache.find('a')).toBeUndefined()
    expect(await cache.find('b')).toEqual(parts(6, 3))
  })

  it.each<[string, (bytes: Uint8Array) => Uint8Array]>([
    ['cut short', (bytes) => bytes.subarray(0, bytes.length - 3)],
    ['cut in its header', (bytes) => bytes.subarray(0, 40)],
    ['cut before it', (bytes) => bytes.subarray(0, 5)],
    ['empty', () => new Uint8Array()],
    ['changed in a bit', (bytes) => bytes.map((byte, i) => (i === bytes.length - 1 ? byte ^ 64 : byte))],
    ['of a header that promises more than there is', (bytes) => bytes.map((byte, i) => (i < 8 ? 255 : byte))],
    ['of another schema', (bytes) => replaced(bytes, '"schema":"2"', '"schema":"1"')],
    ['of rows that are no JSON', (bytes) => replaced(bytes, '"rows":"[', '"rows":"{')],
  ])('has nothing of a file that is %s, and all of the others', async (_, damage) => {
    const store = await filled()
    const file = 'decompositions-1.safetensors'
    await store.write(file, damage(await store.read(file)))
    const cache = await DecompositionCache.open(store)
    expect([await cache.find('a'), await cache.find('b')]).toEqual([undefined, undefined])
    expect(await cache.find('c')).toEqual(parts(4, 0.5))
  })
})

/** Text in a file of bytes. */
function replaced(bytes: Uint8Array, from: string, to: string): Uint8Array {
  const text = Buffer.from(bytes).toString('latin1')
  expect(text).toContain(from)
  return Buffer.from(text.replace(from, to), 'latin1')
}

it('a key is of the samples and of what decides what comes of them', async () => {
  const samples = Float64Array.of(1, 2, 3)
  const key = await keyOf(samples, 'cpu 4 Hz')
  expect(await keyOf(samples.slice(), 'cpu 4 Hz')).toBe(key)
  expect(await keyOf(Float64Array.of(1, 2, 3.0000001), 'cpu 4 Hz')).not.toBe(key)
  expect(await keyOf(samples, 'cpu 8 Hz')).not.toBe(key)
})

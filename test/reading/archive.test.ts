import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { zipEntries } from '../../src/reading/archive.ts'
import { memorySource } from '../../src/store/source.ts'

const archive = memorySource('p01.zip', readFileSync(new URL('fixtures/e4.zip', import.meta.url)))
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)

describe('the files of an archive', () => {
  it('are sources that can be read in pieces', async () => {
    const entries = await zipEntries(archive)
    expect(entries.map(({ name }) => name)).toEqual(
      ['ACC', 'EDA', 'TEMP', 'tags', 'IBI'].map((name) => `p01.zip/session/${name}.csv`),
    )
    const tags = entries[3]!
    expect(tags.size).toBe(28)
    expect(text(await tags.read(0, 10))).toBe('1500000001')
    expect(text(await tags.read(14, 100))).toBe('1500000007.50\n')
  })

  it('find each other within a folder', async () => {
    const [acc] = await zipEntries(archive)
    expect((await acc!.beside!('tags.csv'))?.name).toBe('p01.zip/session/tags.csv')
    expect(await acc!.beside!('none.csv')).toBeUndefined()
    expect(await acc!.beside!('../session/tags.csv')).toBeUndefined()
  })
})

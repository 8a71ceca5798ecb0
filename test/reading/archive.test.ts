import { readFileSync } from 'node:fs'
import { strToU8, zipSync, type Zippable } from 'fflate'
import { describe, expect, it } from 'vitest'
import { zipEntries } from '../../src/reading/archive.ts'
import { memorySource } from '../../src/store/source.ts'
import { read, rowsOf } from './tables.ts'

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

  it('are held one at a time', async () => {
    const bytes = zipSync({ 'a.csv': strToU8('a'), 'b.csv': strToU8('b') })
    const reads: number[] = []
    const source = { ...memorySource('a.zip', bytes), name: 'a.zip' }
    const [a, b] = await zipEntries({
      ...source,
      read: (start, end) => {
        reads.push(start)
        return source.read(start, end)
      },
    })
    const before = reads.length
    for (const entry of [a, a, b, b, a]) await entry!.read(0, 1)
    // Each time that it is unpacked an entry's header and its bytes are read.
    expect(reads.length - before).toBe(6)
  })
})

describe('an archive of recordings', () => {
  const rows = rowsOf(40, 4, (t, value) => `${t.toFixed(2)},${value}`)
  const table = strToU8(['time_s,eda_us', ...rows].join('\n'))
  const e4 = {
    'EDA.csv': strToU8(['1700000000.000000', '4.000000', ...rowsOf(40, 4, (_, value) => value)].join('\n')),
    'tags.csv': strToU8('1700000003.00\n'),
    'IBI.csv': strToU8('1700000000.000000, IBI\n1.2,0.8\n'),
    'info.txt': strToU8('Files are in these formats:\n\nEDA\n'),
  }
  const inFolder = (folder: string, files: Record<string, Uint8Array>): Zippable =>
    Object.fromEntries(Object.entries(files).map(([name, bytes]) => [`${folder}/${name}`, bytes]))

  it('gives each that can be read, and says why another could not', async () => {
    const edf = new Uint8Array(readFileSync(new URL('fixtures/plain.edf', import.meta.url)))
    const found = await read(
      zipSync({
        ...inFolder('P01', e4),
        'P02/eda.csv': table,
        'P02/eda.events.csv': strToU8('onset_s,peak_s\n1,2\n'),
        'P03/rec.edf': edf,
        'P04/bad.csv': strToU8(`time_s,eda_us\n${rows.join('\n')}\n10,x\n`),
        'P05/session.acq': Uint8Array.from({ length: 300 }, (_, i) => (i === 2 ? 84 : 0)),
        'readme.txt': strToU8('What this is.\n'),
        'figure.png': strToU8('x'),
      }),
      {},
      'study.zip',
    )
    expect(found.map(({ part, markers }) => [part, markers?.length ?? 0])).toEqual([
      ['P01_EDA', 1],
      ['P02_eda', 0],
      ['P03_rec', 0],
    ])
    const leftOut = found.map(({ notes }) => notes!.filter((note) => note.startsWith('left out of the archive')))
    expect(leftOut).toEqual([
      [
        expect.stringContaining('study.zip/P04/bad.csv:42'),
        expect.stringContaining("study.zip/P05/session.acq is AcqKnowledge's own format"),
      ],
      [],
      [],
    ])
  })

  it('that holds one recording beside what is none gives it without a part', async () => {
    const found = await read(zipSync(inFolder('session', e4)), {}, 'P01.zip')
    expect(found).toMatchObject([{ source: 'P01.zip/session/EDA.csv', eda: { length: 40 } }])
    expect(found[0]).not.toHaveProperty('part')
  })

  it('of figures alone is none, and may lie in a folder of recordings', async () => {
    const error: unknown = await read(zipSync({ 'figure.png': strToU8('x') }), {}, 'figures.zip').catch(
      (refusal: unknown) => refusal,
    )
    expect(error).toMatchObject({
      message: 'figures.zip: no file of this archive may be a recording; it holds figure.png',
      facts: { noRecording: true },
    })
  })

  it('may hold archives, as an export of a study does, but not these others', async () => {
    const session = zipSync(e4)
    const study = zipSync({ '1498_A01.zip': session, '1499_A01.zip': session })
    expect((await read(study, {}, 'study.zip')).map(({ part }) => part)).toEqual(['1498_A01', '1499_A01'])
    await expect(read(zipSync({ 'study.zip': study }), {}, 'all.zip')).rejects.toThrow(
      'all.zip/study.zip/1498_A01.zip: is an archive in an archive in an archive; unpack it and give the folder',
    )
  })
})

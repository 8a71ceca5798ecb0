// The door to datasets: known by files and contents, read as asked for, refused in one sentence.
import { describe, expect, it } from 'vitest'
import { makeTrialTable } from '../../src/datasets/synthetic.ts'
import { loadTrialTable } from '../../src/datasets/trial_table.ts'
import { collect, openDataset } from '../../src/datasets/open_dataset.ts'
import { FormatError, UsageError } from '../../src/runtime/errors.ts'
import { MemoryStore } from '../../src/store/memory.ts'

async function storeOf(files: Readonly<Record<string, string | Uint8Array>>): Promise<MemoryStore> {
  const store = new MemoryStore()
  for (const [path, content] of Object.entries(files)) await store.write(path, content)
  return store
}

const study = makeTrialTable({ subjects: 2, trialsPerSubject: 4, seed: 1, effect: 1 })

describe('a trial table', () => {
  it('is known by its files, and read as it was', async () => {
    const store = await storeOf(study)
    const opened = await openDataset(store, { name: 'anything' })
    expect(opened).toMatchObject({ kind: 'trials', name: 'anything', synthetic: true, skipped: [], notes: [] })
    const { notes, ...set } = await collect(opened)
    expect(notes).toEqual([])
    expect(set).toEqual(await loadTrialTable(store, { name: 'anything' }))
  })

  it('takes a rate, and no way to treat a skin signal', async () => {
    const store = await storeOf(study)
    const [first] = (await collect(await openDataset(store, { name: 'a', sampleRate: 8 }))).trials
    expect(first!.sampleRate).toBe(8)
    const negated = openDataset(store, { name: 'a', gsr: 'negate' })
    await expect(negated).rejects.toThrow(UsageError)
    await expect(negated).rejects.toThrow(
      'a: gsr is negate, but the unit of a trial table is in its header; leave it out',
    )
  })
})

describe('a folder that is', () => {
  it('of no layout is refused with what was looked for and found', async () => {
    const names = ['b.txt', 'a.pdf', 'c', 'd', 'e', 'f', 'g', 'h']
    const opened = openDataset(await storeOf(Object.fromEntries(names.map((name) => [name, 'x']))), { name: 'stuff' })
    await expect(opened).rejects.toThrow(FormatError)
    await expect(opened).rejects.toThrow(
      /^stuff is no dataset that is known: looked for trials\.csv and eda\.csv \(the open form\).*; found a\.pdf, b\.txt, c, d, e, f and 2 more$/,
    )
  })

  it('empty says so', async () => {
    await expect(openDataset(new MemoryStore(), { name: 'empty' })).rejects.toThrow(/; found nothing$/)
  })
})

// The door to datasets: known by files and contents, read as asked for, refused in one sentence.
import { describe, expect, it } from 'vitest'
import { makeTrialTable } from '../../src/datasets/synthetic.ts'
import { loadTrialTable } from '../../src/datasets/trial_table.ts'
import { collect, openDataset } from '../../src/datasets/open_dataset.ts'
import type { OpenOptions } from '../../src/datasets/layout.ts'
import { FormatError, UsageError } from '../../src/runtime/errors.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { NodeStore } from '../../src/store/node.ts'

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

const pmemo = { 'EDA/1_EDA.csv': 'time(s),100001\n0.0,1\n0.02,2\n0.04,3\n' }
const below = (folder: string, files: Readonly<Record<string, string | Uint8Array>>) =>
  Object.fromEntries(Object.entries(files).map(([path, content]) => [`${folder}/${path}`, content]))
const refusal = async (files: Readonly<Record<string, string | Uint8Array>>, options: OpenOptions = {}) =>
  await openDataset(await storeOf(files), options).then(
    ({ kind }) => `is ${kind}`,
    (error: Error) => `${error.name}: ${error.message}`,
  )

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

  it('packed says what to do', async () => {
    expect(await refusal({ 'data_preprocessed_python.zip': 'PK' })).toMatch(
      /; found data_preprocessed_python\.zip; data_preprocessed_python\.zip may hold one: unpack it first$/,
    )
  })

  it('not there says so', async () => {
    await expect(openDataset(new NodeStore('/nowhere/at/all'), { name: 'all' })).rejects.toThrow('all: no such folder')
  })

  it('in one or two folders, as archives unpack, is found there, and called by where it is', async () => {
    for (const folder of ['PMEmo2019', 'PMEmo2019/PMEmo2019']) {
      const opened = await openDataset(
        await storeOf({ ...below(folder, pmemo), 'README.md': 'x', '__MACOSX/EDA/1_EDA.csv': '' }),
      )
      expect(opened).toMatchObject({ kind: 'pmemo2019', name: 'pmemo2019' })
      const [trial] = (await collect(opened)).trials
      expect(trial!.source).toBe(`pmemo2019/${folder}/EDA/1_EDA.csv (listener 100001)`)
    }
    expect(await refusal(below('a/b/c', pmemo))).toMatch(/^FormatError: .* is of no dataset/)
  })

  it('two things gets one sentence', async () => {
    const both = { ...study, ...pmemo }
    expect(await refusal(both, { name: 'mixed' })).toBe(
      'FormatError: mixed could be two datasets, by trials.csv and eda.csv (the open form) and by EDA/<song>_EDA.csv with a ' +
        'column for each listener (PMEmo 2019); give a folder with one of them',
    )
    expect(await refusal({ ...below('a', study), ...below('b', pmemo) }, { name: 'mixed' })).toBe(
      'FormatError: mixed holds 2 datasets: a (trials), b (pmemo2019); give the folder of one of them',
    )
    // What lies at the top is what is asked for.
    expect(await refusal({ ...study, ...below('b', pmemo) })).toBe('is trials')
  })

  it('a plain recording called eda.csv is no trial table, and one table of two says which is missing', async () => {
    expect(await refusal({ 'eda.csv': 'time,eda\n0,1\n0.25,2\n0.5,1\n0.75,2\n' })).toBe('is recordings')
    expect(await refusal({ 'eda.csv': study['eda.csv'] })).toMatch(/^FormatError: trials\/trials\.csv: no such file/)
    expect(await refusal({ 'trials.csv': study['trials.csv'] })).toMatch(/^FormatError: trials\/eda\.csv: no such file/)
  })
})

it('trials with the samples of another one are named, once, unless nothing in them varies', async () => {
  const [trial, eda]: [string, string] = ['trial,subject,sample_rate_hz\n', 'trial,i,eda_us\n']
  const values = { a: [1, 2], b: [1, 3], c: [1, 2], d: [0, 0], e: [0, 0] }
  const files = {
    'trials.csv':
      trial +
      Object.keys(values)
        .map((id) => `${id},${id},4\n`)
        .join(''),
    'eda.csv':
      eda +
      Object.entries(values)
        .map(([id, [x, y]]) => `${id},0,${x}\n${id},1,${y}\n`)
        .join(''),
  }
  const opened = await openDataset(new MemoryStore(files))
  await collect(opened)
  await collect(opened)
  expect(opened.notes).toEqual(['Trials with the same samples as another one: 1 (c as a).'])
})

describe('a marked folder', () => {
  const marked = async (text: string, files: Readonly<Record<string, string | Uint8Array>> = pmemo) =>
    (await openDataset(await storeOf({ ...files, 'SYNTHETIC.md': text }))).synthetic
  it('is made up, whatever its layout', async () => {
    expect(await marked('# Synthetic data of galvani')).toBe(true)
    expect(await marked('\uFEFFsynthetic')).toBe(true)
    expect(await marked('Not synthetic')).toBe(false)
    expect(await marked('Synthetic', below('inside', pmemo))).toBe(true)
    expect((await openDataset(await storeOf(pmemo))).synthetic).toBe(false)
  })
})

describe('what is asked for is refused', () => {
  it.each([
    [{ gsr: 'negate' }, 'p: gsr is negate, but the skin signal of PMEmo is a conductance; leave it out'],
    [{ pass: 'A' }, "openDataset: pass is 'A', expected arousal or valence"],
    [{ gsr: 'minus' }, "openDataset: gsr is 'minus', expected as-is, negate, invert"],
    [{ sampleRate: 0 }, 'openDataset: sampleRate is 0, expected a positive number of Hz'],
    [{ sampleRate: Infinity }, 'openDataset: sampleRate is Infinity, expected a positive number of Hz'],
    [{ resample: 1 }, 'openDataset: resample is 1, expected true or false'],
    [{ name: ['p'] }, 'openDataset: name is an array, expected a text'],
    [{ samplerate: 4 }, "openDataset has no option 'samplerate'; did you mean 'sampleRate'?"],
  ])('%j', async (options, says) => {
    expect(await refusal(pmemo, { name: 'p', ...(options as OpenOptions) })).toBe(`UsageError: ${says}`)
  })

  it('by every layout that has no such thing', async () => {
    expect(await refusal(study, { gsr: 'invert' })).toMatch(/^UsageError: trials: .* leave it out$/)
    expect(await refusal({ 'eda.csv': 'time,eda\n0,1\n0.25,2\n0.5,1\n0.75,2\n' }, { resample: true })).toMatch(
      /^UsageError: recordings: resample is true, but .* leave it out$/,
    )
    // A dataset without passes is the same for either.
    expect(await refusal(study, { pass: 'valence' })).toBe('is trials')
    expect(await refusal(pmemo, { resample: false })).toBe('is pmemo2019')
  })

  it('and a store that is none', async () => {
    for (const [store, what] of [
      ['/data', 'a string'],
      [undefined, 'undefined'],
      [{}, 'an object'],
    ] as const)
      await expect(openDataset(store as unknown as MemoryStore)).rejects.toThrow(
        `openDataset: the store is ${what}, expected a Store`,
      )
  })
})

// A study on its way to the model: one that was prepared otherwise is refused, not used.
import { expect, it, vi } from 'vitest'
import { DECOMPOSITION_SET } from '../../src/cvxeda/decomposition_set.ts'
import type { Gpu } from '../../src/runtime/gpu.ts'
import { prepareDataset, type Dataset } from '../../src/train/dataset.ts'
import { resolveRun } from '../../src/train/defaults.ts'
import type { PreparedSet } from '../../src/train/prepare.ts'
import { loadPrepared, savePrepared } from '../../src/train/prepared_files.ts'
import { MemoryStore } from '../../src/store/memory.ts'

const LENGTH = 2500
const prepared = (length: number, dropSeconds: number): Dataset => ({
  kind: 'prepared',
  set: { name: 'lab', synthetic: false, trials: [], musicDim: 0, skipped: [], length, dropSeconds },
})
const config = resolveRun({ drop: 3, model: { length: LENGTH } }, { musicDim: 0 })
/** Nothing is computed of a set that is prepared. */
const unused = { limits: {}, pipeline: () => {} } as unknown as Gpu

it('a set that was prepared for this input is taken as it is', async () => {
  const dataset = prepared(LENGTH, 3)
  expect(await prepareDataset(unused, dataset, config)).toBe(dataset.set)
})

it.each([
  [LENGTH - 1, 3],
  [LENGTH, 2],
  [LENGTH, 0],
])('one of %i points after %i s is refused', async (length, dropSeconds) => {
  await expect(prepareDataset(unused, prepared(length, dropSeconds), config)).rejects.toThrow(
    `lab was prepared with --length ${length} --drop ${dropSeconds}, but 2500 points after 3 s are needed; prepare it again`,
  )
})

it('a run without a choice of its own takes the seconds that the data were prepared with', () => {
  expect(resolveRun({}, { musicDim: 0, length: LENGTH, dropSeconds: 5 }).drop).toBe(5)
  expect(resolveRun({ drop: 1 }, { musicDim: 0, length: LENGTH, dropSeconds: 5 }).drop).toBe(1)
  expect(resolveRun({}, { musicDim: 0, length: LENGTH, dropSeconds: 0 }).drop).toBe(0)
  expect(resolveRun({}, { musicDim: 0 }).drop).toBe(3)
})

it('a run has its points as the data that it was started on, and reads none that were made otherwise', async () => {
  expect(resolveRun({}, { musicDim: 0, interpolation: 'released' }).interpolation).toBe('released')
  expect(config).not.toHaveProperty('interpolation')
  const set = { ...prepared(LENGTH, 3).set, interpolation: 'antialias' } as PreparedSet
  await expect(prepareDataset(unused, { kind: 'prepared', set }, config)).rejects.toThrow(
    "lab was prepared with the interpolation 'antialias', but 'linear' is needed; prepare it again",
  )
  const filtered = resolveRun({ model: { length: LENGTH } }, { musicDim: 0, interpolation: 'antialias' })
  expect(await prepareDataset(unused, { kind: 'prepared', set }, filtered)).toBe(set)
  expect(() => resolveRun({ interpolation: 'cubic' as 'linear' }, { musicDim: 0 })).toThrow(
    "interpolation is 'cubic', expected linear, antialias, released",
  )
})

/** What is said of a set whose signals this decomposition made, as it comes from its files. */
async function warnings(decomposition: string | undefined): Promise<string[]> {
  const store = new MemoryStore()
  const { set } = prepared(LENGTH, 3) as Extract<Dataset, { kind: 'prepared' }>
  await savePrepared(store, { ...set, ...(decomposition && { decomposition }) })
  const loaded: Dataset = { kind: 'prepared', set: await loadPrepared(store, 'lab') }
  const onWarning = vi.fn<(message: string) => void>()
  expect(await prepareDataset(unused, loaded, config, { onWarning })).toBe(loaded.set)
  return onWarning.mock.calls.flat()
}

it('a set of these solvers is not doubted', async () => {
  expect(await warnings(DECOMPOSITION_SET)).toEqual([])
})

it.each(['0123456789abcdef', undefined])('a set of other solvers (%s) is taken with one warning', async (digest) => {
  expect(await warnings(digest)).toEqual([
    'lab was decomposed by another version of the solvers; its signals may differ from what these make of it, ' +
      'prepare it again to have theirs',
  ])
})

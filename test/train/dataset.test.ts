// A study on its way to the model: one that was prepared otherwise is refused, not used.
import { expect, it } from 'vitest'
import type { Gpu } from '../../src/runtime/gpu.ts'
import { prepareDataset, type Dataset } from '../../src/train/dataset.ts'
import { resolveRun } from '../../src/train/defaults.ts'

const LENGTH = 2500
const prepared = (length: number, dropSeconds: number): Dataset => ({
  kind: 'prepared',
  set: { name: 'lab', synthetic: false, trials: [], musicDim: 0, skipped: [], length, dropSeconds },
})
const config = resolveRun({ drop: 3, model: { length: LENGTH } }, { musicDim: 0 })
/** Nothing is computed of a set that is prepared. */
const unused = {} as Gpu

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
  expect(resolveRun({}, { musicDim: 0 }).drop).toBe(3)
})

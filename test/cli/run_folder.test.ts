// What a run folder knows of the data that it was made from.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { gsrDoubt, saveSource } from '../../cli/shared/run_folder.ts'
import { NodeStore } from '../../src/store/node.ts'
import type { Dataset } from '../../src/train/dataset.ts'

const folder = mkdtempSync(join(tmpdir(), 'galvani-run-'))
afterAll(() => rmSync(folder, { recursive: true }))

const of = (dataset: 'amigos' | 'hku956'): Dataset =>
  ({ kind: 'table', set: { trials: [{ dataset }] } }) as unknown as Dataset

it('a run says where it learned from another kind of signal of unknown unit', async () => {
  const run = new NodeStore(folder)
  expect(await gsrDoubt(run, { gsr: 'invert' }, of('amigos'))).toBeUndefined() // of a program, it knows nothing
  await saveSource(run, { data: '/amigos', gsr: 'invert' })
  expect(await gsrDoubt(run, {}, of('amigos'))).toBe(
    'the run was trained with --gsr invert, and these data are read with --gsr as-is',
  )
  expect(await gsrDoubt(run, { gsr: 'invert' }, of('amigos'))).toBeUndefined()
  expect(await gsrDoubt(run, {}, of('hku956'))).toBeUndefined()
  await saveSource(run, { data: '/amigos' })
  expect(await gsrDoubt(run, {}, of('amigos'))).toBeUndefined()
  expect(await gsrDoubt(run, { gsr: 'invert' }, of('amigos'))).toMatch(/with --gsr as-is, .* with --gsr invert$/)
})

// A folder of golden values as `verify --fixtures` judges it: every case is there, by each method, and none fails.
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import type { Gpu } from '../../src/runtime/gpu.ts'
import { NodeStore } from '../../src/store/node.ts'
import { verifyFixtures } from '../../src/verify/fixtures.ts'
import { cvxedaCases, fixtureCases } from '../support/golden_values.ts'

const METHODS = ['interior-point per-signal', 'interior-point along-time', 'admm']

export async function expectGolden(gpu: Gpu, url: URL): Promise<void> {
  const folder = fileURLToPath(url)
  const results = await verifyFixtures(gpu, new NodeStore(folder), folder)
  const isHere = ({ folder }: { folder: URL }) => folder === url
  const decompositions = cvxedaCases()
    .filter(isHere)
    .flatMap(({ name }) => METHODS.map((method) => `${name} (${method})`))
  const others = fixtureCases('op', 'optimizer', 'schedule', 'model', 'train', 'cam', 'checkpoint', 'metrics').filter(
    isHere,
  )
  expect(results.map(({ name }) => name).sort()).toEqual([...others.map(({ id }) => id), ...decompositions].sort())
  expect(results.filter(({ status }) => status === 'failed')).toEqual([])
  expect(results.filter(({ status }) => status === 'skipped')).toEqual([])
}

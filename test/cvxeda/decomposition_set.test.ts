// The digest of what decomposes, beside that of what trains: each changes with its own sources alone.
import { appendFileSync, cpSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { beforeAll, expect, it } from 'vitest'
import { DECOMPOSITION_SET } from '../../src/cvxeda/decomposition_set.ts'
import { KERNEL_SET } from '../../src/tune/kernel_set.ts'
import { digests } from '../../tools/wgsl.mjs'
import { workFolder } from '../cli/support.ts'

const copy = join(workFolder(), 'sources')
const root = pathToFileURL(`${copy}/`)
beforeAll(() => {
  for (const folder of ['src', 'shaders']) {
    cpSync(fileURLToPath(new URL(`../../${folder}`, import.meta.url)), join(copy, folder), { recursive: true })
  }
})

it('the build puts both in', () => {
  expect(digests(root)).toEqual({ GALVANI_KERNEL_SET: KERNEL_SET, GALVANI_DECOMPOSITION_SET: DECOMPOSITION_SET })
  expect(DECOMPOSITION_SET).toMatch(/^[0-9a-f]{16}$/)
  expect(DECOMPOSITION_SET).not.toBe(KERNEL_SET)
})

it.each([
  ['shaders/cvxeda/riccati.wgsl', 'decomposition'],
  ['shaders/cvxeda/carry.wgsl', 'decomposition'],
  ['shaders/cvxeda/driver.wgsl', 'decomposition'],
  ['shaders/cvxeda/tonic.wgsl', 'decomposition'],
  ['shaders/cvxeda/admm.wgsl', 'decomposition'],
  ['shaders/qp/admm.wgsl', 'decomposition'],
  ['src/cvxeda/scaling.ts', 'decomposition'],
  ['src/cvxeda/newton.ts', 'decomposition'],
  ['src/cvxeda/interior_layout.ts', 'decomposition'],
  ['src/qp/admm.ts', 'decomposition'],
  ['src/qp/batches.ts', 'decomposition'],
  ['src/runtime/shader_values.ts', 'both'],
  ['shaders/conv1d/reg.wgsl', 'kernels'],
  ['src/kernels/linear.ts', 'kernels'],
  ['src/model/layers.ts', 'kernels'],
  ['src/runtime/shader.ts', 'both'],
  ['src/cvxeda/smoother.ts', 'none'],
  ['shaders/qp/dense.wgsl', 'none'],
  ['src/evaluation/labels.ts', 'none'],
])('a change of %s changes the digest of: %s', (file, changed) => {
  const before = digests(root)
  appendFileSync(join(copy, file), '\n')
  const after = digests(root)
  const isOf = (name: keyof typeof before) => before[name] !== after[name]
  expect({ kernels: isOf('GALVANI_KERNEL_SET'), decomposition: isOf('GALVANI_DECOMPOSITION_SET') }).toEqual({
    kernels: changed === 'kernels' || changed === 'both',
    decomposition: changed === 'decomposition' || changed === 'both',
  })
})

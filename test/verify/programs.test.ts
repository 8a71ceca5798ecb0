// `verify --programs`: programs whose optima are known, right, wrong, too large, and files that are none.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openGpu } from '../../src/runtime/node.ts'
import type { Gpu } from '../../src/runtime/gpu.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { NodeStore } from '../../src/store/node.ts'
import { verifyPrograms, type KnownProgram } from '../../src/verify/programs.ts'
import { needs, NO_SHARED } from '../support/needs.ts'

async function folder(content: unknown): Promise<MemoryStore> {
  const store = new MemoryStore()
  await store.write('problems.json', typeof content === 'string' ? content : JSON.stringify(content))
  return store
}

/** minimise x^2 + y^2 - 2 x - 6 y over x + y <= 2 and x, y >= 0: -8 at (0, 2). */
const corner: KnownProgram = {
  ...{ name: 'corner', n: 2, m: 3, optimum: -8 },
  P: [0, 1].map((i) => [i, i, 2] as const),
  q: [-2, -6],
  A: [
    [0, 0, 1],
    [0, 1, 1],
    [1, 0, 1],
    [2, 1, 1],
  ],
  l: [null, 0, 0],
  u: [2, null, null],
}

describe('a list of programs', () => {
  it('passes where each is solved to its optimum, and fails where not', async () => {
    const store = await folder([
      corner,
      { ...corner, name: 'off', optimum: -8.001 },
      { ...corner, name: 'none', l: [3, 0, 0], u: [3, null, 0.5], optimum: 0, q: [0, 0] },
      { ...corner, name: 'contradiction', l: [3, 0, 0], u: [3, 1, 1] },
      { ...corner, name: 'zero', q: [0, 0], optimum: 0 },
      { ...corner, name: 'near zero', q: [0, 0], optimum: 1e-5 },
      { ...corner, name: 'large', n: 129, q: new Array(129).fill(0) as number[] },
    ])
    const results = await verifyPrograms('cpu', store, 'it')
    expect(results.map(({ name, status }) => [name, status])).toEqual([
      ['corner', 'passed'],
      ['off', 'failed'],
      ['none', 'failed'],
      ['contradiction', 'failed'],
      ['zero', 'passed'],
      ['near zero', 'failed'],
      ['large', 'skipped'],
    ])
    expect(results[1]!.error).toBeCloseTo(1.25e-4, 7)
    expect(results[3]!.error).toBe('status is primal-infeasible, expected solved')
    expect(results[6]!.error).toBe('129 variables and 3 constraints, at most 128 and 256 are solved')
  })

  it.each([
    ['{', 'it/problems.json is not JSON'],
    [{}, 'it/problems.json is no list of programs'],
    [[null], 'it/problems.json is no list of programs'],
    [[{ ...corner, optimum: null }], 'it/problems.json is no list of programs'],
    [[{ ...corner, A: undefined }], 'it/problems.json is no list of programs'],
  ])('is none: %j', async (content, message) => {
    await expect(verifyPrograms('cpu', await folder(content), 'it')).rejects.toThrow(message)
  })

  it('may be missing', async () => {
    await expect(verifyPrograms('cpu', new MemoryStore(), 'it')).rejects.toThrow('it is no folder of programs')
  })
})

const maros = new URL('../../../shared/data/maros-meszaros/', import.meta.url)
describe('28 programs of Maros and Mészáros', needs(existsSync(maros), NO_SHARED), () => {
  let gpu: Gpu
  beforeAll(async () => {
    gpu = await openGpu()
  })
  afterAll(() => gpu.close())

  it.each(['gpu', 'cpu'] as const)('are all solved to their optima: %s', async (name) => {
    const results = await verifyPrograms(name === 'cpu' ? 'cpu' : gpu, new NodeStore(fileURLToPath(maros)), 'it')
    expect(results.filter(({ status }) => status !== 'passed')).toEqual([])
    expect(results).toHaveLength(28)
  })
})

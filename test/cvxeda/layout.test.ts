// Rows, fields and codes stand in the shaders alone: shaders that share them agree, and the host follows when they move.
import { readFileSync } from 'node:fs'
import { describe, expect, it, vi } from 'vitest'
import carryShader from '../../shaders/cvxeda/carry.wgsl'
import driverShader from '../../shaders/cvxeda/driver.wgsl'
import riccatiShader from '../../shaders/cvxeda/riccati.wgsl'
import tonicShader from '../../shaders/cvxeda/tonic.wgsl'
import qpAdmmShader from '../../shaders/qp/admm.wgsl'
import denseShader from '../../shaders/qp/dense.wgsl'
import type { Decomposition } from '../../src/cvxeda/decomposition.ts'
import type { QpSolution } from '../../src/qp/solution.ts'
import type { Constants, Shader } from '../../src/runtime/shader.ts'
import { shaderValues } from '../../src/runtime/shader_values.ts'
import { describe as describeShader } from '../../tools/wgsl.mjs'
import { randomSignal } from './support.ts'

/** Constants of which the shaders give different values, leaving out those that each may have its own of. */
function disagreements(shaders: readonly Shader[], constants: Constants): string[] {
  const values = new Map<string, Map<number, string>>()
  for (const shader of shaders) {
    const own = Object.fromEntries(Object.entries(constants).filter(([name]) => name in shader.constants))
    for (const [name, value] of Object.entries(shaderValues(shader, own))) {
      if (name !== 'WORKGROUP')
        values.set(name, (values.get(name) ?? new Map<number, string>()).set(value, shader.name))
    }
  }
  return [...values].filter(([, found]) => found.size > 1).map(([name]) => name)
}

describe('shaders that work on the same tensors', () => {
  const interior: readonly Shader[] = [carryShader, driverShader, riccatiShader, tonicShader]

  it.each([
    [4, 6],
    [5, 9],
    [12, 16],
  ])('say the same of them (window %i, %i columns)', (WINDOW, COLUMNS) => {
    expect(disagreements(interior, { WINDOW, COLUMNS })).toEqual([])
  })

  it('say the same of them: ADMM', () => expect(disagreements([qpAdmmShader, denseShader], {})).toEqual([]))

  it('would be found out', () => {
    const moved = describeShader(tonicShader.source.replace('const DONE = 6u', 'const DONE = 4u'), 'moved')
    expect(disagreements([...interior, moved], {})).toEqual(['DONE'])
  })
})

type Moves = Readonly<Record<string, string>>

/** The shader with other values of its constants; each that is named must be there. */
function moved(name: string, moves: Moves, partly = false): Shader {
  let source = readFileSync(new URL(`../../shaders/${name}.wgsl`, import.meta.url), 'utf8')
  for (const [constant, value] of Object.entries(moves)) {
    const declaration = new RegExp(`^const ${constant} = [^;]+;`, 'm')
    if (!partly) expect(source, constant).toMatch(declaration)
    source = source.replace(declaration, `const ${constant} = ${value};`)
  }
  return describeShader(source, name)
}

const INTERIOR: Moves = {
  ...{ ALPHA: '8u', MU: '5u', MU_BEFORE: '6u', ITERATIONS: '1u', DONE: '2u', OBJECTIVE: '10u', STATE_ROWS: '11u' },
  ...{ RUNNING: '3.0', CONVERGED: '0.0', STOPPED: '7.0' },
  ...{ VALUE: '4u', COEFFICIENT: '3u', BAND: '10u', DRIFT_VALUE: '7u', LINE: '5u' },
  ...{ LOCAL: '31u', TRANSITION: '27u', RATIO: '24u' },
}
const ADMM: Moves = {
  ...{ RHO: '2u', LEVEL: '6u', ALPHA: '0u', STATE_ROWS: '7u', FINISHED: '-2.0' },
  ...{ VALUE: '3u', INCREMENT: '0u', REST: '1u', FIELDS: '5u' },
  ...{
    GAIN: '3u',
    SPLINE_ETA: '0u',
    DRIFT_ETA: '1u',
    COUPLING: '2u',
    OUTER_COUPLING: '0u',
    PIVOT: '3u',
    TABLE_ROWS: '4u',
  },
}
const QP: Moves = { PRIMAL: '1u', DUAL: '0u', NORMS: '3u', FINISHED: '-1.0', BOUNDLESS: '2e30' }

const PROGRAM = { P: [2, 0.5, 0.5, 1], q: [-1, 1], A: [1, 1, 1, -1, 1, 0], l: [-1, -Infinity, 0], u: [1, 0.5, 0.7] }
const ways = ['per-signal', 'along-time', 'admm'] as const

interface Found {
  decompositions: Decomposition[][]
  programs: QpSolution[]
  /** What the host takes for two of the rows. */
  rows: { RHO: number; DONE: number }
}

/** What all solvers make of the same recordings, of modules loaded anew with these shaders in place of their own. */
async function solved(shaders: Readonly<Record<string, Shader>>): Promise<Found> {
  vi.resetModules()
  for (const [name, shader] of Object.entries(shaders)) {
    vi.doMock(`../../shaders/${name}.wgsl`, () => ({ default: shader }))
  }
  const { openGpu } = await import('../../src/runtime/node.ts')
  const { admm } = await import('../../src/cvxeda/admm.ts')
  const { decompose } = await import('../../src/cvxeda/decompose.ts')
  const { solveQp } = await import('../../src/qp/dense.ts')
  const { LAYOUT: ofAdmm } = await import('../../src/cvxeda/admm_batch.ts')
  const { LAYOUT: ofInterior } = await import('../../src/cvxeda/interior_layout.ts')
  const gpu = await openGpu()
  const signals = [randomSignal(160, 4, 1), randomSignal(160, 4, 2)]
  const decompositions: Decomposition[][] = []
  for (const way of ways) {
    const how = way === 'admm' ? { solver: admm } : { form: way }
    decompositions.push(await decompose(gpu, signals, { sampleRate: 4, ...how }))
  }
  const programs = await solveQp(gpu, [PROGRAM, { ...PROGRAM, q: [1, 1] }])
  await gpu.close()
  return { decompositions, programs, rows: { RHO: ofAdmm.RHO, DONE: ofInterior.DONE } }
}

it('the host follows rows, fields, records and codes that have moved in the shaders, to the same bits', async () => {
  const names = ['cvxeda/carry', 'cvxeda/driver', 'cvxeda/riccati', 'cvxeda/tonic'] as const
  const before = await solved({})
  const after = await solved({
    ...Object.fromEntries(names.map((name) => [name, moved(name, INTERIOR, true)])),
    'cvxeda/admm': moved('cvxeda/admm', ADMM),
    'qp/admm': moved('qp/admm', QP),
    'qp/dense': moved('qp/dense', { FINISHED: '-1.0' }),
  })
  expect([before.rows, after.rows]).toEqual([
    { RHO: 0, DONE: 6 },
    { RHO: 2, DONE: 2 },
  ])
  expect({ ...after, rows: before.rows }).toEqual(before)
  expect(before.decompositions.flat().map(({ status }) => status)).toEqual(Array(6).fill('solved'))
})

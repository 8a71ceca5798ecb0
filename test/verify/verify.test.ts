// `verify`: passes every golden value and a folder made here, fails a wrong one; runs each case with every kernel there is.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { serializeSafetensors } from '../../src/formats/safetensors.ts'
import { presets, type ModelConfig } from '../../src/model/config.ts'
import { initialise } from '../../src/model/init.ts'
import { summarise } from '../../src/model/summary.ts'
import { ndarray, sizeOf, type NamedArrays } from '../../src/reference/array.ts'
import { opCases, referenceOp } from '../../src/verify/op_list.ts'
import { rtcan1d, rtcan1dLoss } from '../../src/reference/rtcan1d.ts'
import type { Gpu } from '../../src/runtime/gpu.ts'
import { openGpu } from '../../src/runtime/node.ts'
import { Random } from '../../src/runtime/random.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import type { Expectation } from '../../src/verify/compare.ts'
import { verifyCvxedaCase } from '../../src/verify/cvxeda.ts'
import { verifyFixtures } from '../../src/verify/fixtures.ts'
import { expectedKernelRuns } from './kernel_runs.ts'
import { goldenFolders } from '../support/golden_values.ts'
import { expectGolden } from './golden_folder.ts'

let gpu: Gpu
beforeAll(async () => {
  gpu = await openGpu()
})
afterAll(() => gpu.close())

it('passes all golden values of the project', async () => {
  await expectGolden(gpu, goldenFolders[0]!)
})

it('every kernel that runs here is in one of the runs of each case', async () => {
  const { missing, count } = expectedKernelRuns(gpu)
  expect(missing).toEqual([])
  expect(count).toBeGreaterThan(opCases.length)
})

const random = new Random(11)
const normal = (...shape: number[]) =>
  ndarray(
    shape,
    Float32Array.from({ length: sizeOf(shape) }, () => random.normal()),
  )

/** An operator case: inputs, and what the float64 twin makes of them. */
function operatorCase() {
  const attrs = { kernel: 5, stride: 2, padding: 1 }
  const inputs: NamedArrays = new Map([
    ['x', normal(2, 5, 33)],
    ['weight', normal(7, 5, 5)],
    ['bias', normal(7)],
    ['upstream.y', normal(2, 7, 16)],
  ])
  return {
    entry: { id: 'op/made', kind: 'op', op: 'conv1d', attrs },
    inputs,
    results: new Map(Object.entries(referenceOp('conv1d', attrs, inputs))),
  }
}

const config: ModelConfig = {
  ...presets.released,
  ...{
    channels: 8,
    stage_channels: [8, 8, 12, 8],
    length: 401,
    final_pool: 2,
    music_dim: 3,
    hidden: [9, 5],
    classes: 3,
  },
}

/** A model case, training mode, on random weights. */
function modelCase() {
  const summary = summarise(config)
  const weights = initialise({ ...config, preset: 'paper' }, summary, 'he', 5)
  const isBuffer = new Set(summary.buffers.map(({ name }) => name))
  const parameters: NamedArrays = new Map()
  const buffers: NamedArrays = new Map()
  for (const [name, { shape, data }] of weights)
    (isBuffer.has(name) ? buffers : parameters).set(name, ndarray([...shape], data))
  const [eda, music, labels] = [normal(3, 3, 401), normal(3, 3), ndarray([3], [2, 0, 1])]
  const forward = rtcan1d(config, parameters, buffers, { eda, music }, true)
  const loss = rtcan1dLoss(config, forward.logits, labels.data)
  const { gradients } = forward.backward(loss.grad)
  const under = (prefix: string, arrays: NamedArrays) =>
    [...arrays].map(([name, array]) => [`${prefix}${name}`, array] as const)
  const inputs: NamedArrays = new Map([
    ...under('param.', parameters),
    ...under('buffer.', buffers),
    ...under(
      'input.',
      new Map([
        ['eda', eda],
        ['music', music],
        ['labels', labels],
      ]),
    ),
  ])
  const results: NamedArrays = new Map([
    ['train.logits', forward.logits],
    ...under('train.grad.', gradients),
    ...under('train.buffer.', forward.buffers),
  ])
  // Rounding, which differs between adapters, may flip a ReLU of random data; a flip moves gradients by a percent or so.
  const if_a_kink_flips = { worst_grad_tensor_rel_l2: 0.05, all_grads_rel_l2: 0.05 }
  return { entry: { id: 'model/made', kind: 'model', config, modes: ['train'], if_a_kink_flips }, inputs, results }
}

type MadeCase = ReturnType<typeof operatorCase> | ReturnType<typeof modelCase>

/** A fixture folder in memory. `spoil` names an expected tensor whose first number is put off by the tensor's largest. */
async function folderOf(cases: MadeCase[], spoil = ''): Promise<MemoryStore> {
  const store = new MemoryStore()
  const index: unknown[] = []
  for (const { entry, inputs, results } of cases) {
    const expected: Record<string, Expectation> = {}
    const tensors = new Map<string, { shape: number[]; data: Float32Array }>()
    for (const [name, { shape, data }] of inputs) tensors.set(name, { shape, data: Float32Array.from(data) })
    for (const [name, { shape, data }] of results) {
      const largest = data.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
      expected[name] = largest < 1e-9 ? { atol: 1e-5, theoretical_zero: true } : { atol: 2e-4 * largest, rel_l2: 2e-4 }
      const values = Float32Array.from(data)
      if (name === spoil) values[0] = values[0]! + largest
      tensors.set(name, { shape, data: values })
    }
    const file = `${entry.kind}.safetensors`
    index.push({ ...entry, file, expect: expected })
    await store.write(file, serializeSafetensors(tensors))
  }
  await store.write('index.json', JSON.stringify({ cases: index }))
  return store
}

it('an error that is no number is said in words: JSON has no NaN', async () => {
  const n = 80
  const y = Float64Array.from({ length: n }, (_, i) => Math.sin(i / 9))
  const tensors = new Map(['y', 'r', 'p', 't'].map((name) => [name, { dtype: 'F64' as const, shape: [n], data: y }]))
  const params = { tau0: 2, tau1: 0.7, delta_knot: 10, alpha: 8e-4, gamma: 1e-2, baseline_correction: 2 as const }
  const entry = { name: 'made', fs: 4, params, objective_tight: NaN, nrmse_scale: 1, half_energy: 1, tier: 'main' }
  const result = await verifyCvxedaCase(gpu, entry, tensors)
  expect(result).toMatchObject({
    status: 'failed',
    tensor: 'gap',
    error: 'gap is missing, not finite or of another size',
  })
})

describe('a folder made here', () => {
  const cases = [operatorCase(), modelCase()]
  const statuses = async (store: MemoryStore) =>
    (await verifyFixtures(gpu, store, 'made')).map(({ name, status, tensor }) => ({ name, status, tensor }))

  it('passes', async () => {
    expect((await statuses(await folderOf(cases))).map(({ status }) => status)).toEqual(['passed', 'passed'])
  })

  it.each(['y', 'grad.weight', 'grad.bias'])('fails when a number in %s of the operator is wrong', async (name) => {
    expect(await statuses(await folderOf(cases, name))).toMatchObject([
      { status: 'failed', tensor: name },
      { status: 'passed' },
    ])
  })

  it.each(['train.logits', 'train.grad.attention.rnta.phi.weight', 'train.buffer.residual.final.bn.running_var'])(
    'fails when a number in %s of the model is wrong',
    async (name) => {
      expect(await statuses(await folderOf(cases, name))).toMatchObject([
        { status: 'passed' },
        { status: 'failed', tensor: name },
      ])
    },
  )

  it('fails a case whose file lacks a tensor, by name, and keeps none of its memory', async () => {
    const store = await folderOf(cases)
    const before = gpu.memory()
    await verifyFixtures(gpu, store, 'made')
    expect(gpu.memory()).toEqual(before)
    for (const file of ['op.safetensors', 'model.safetensors']) await store.write(file, serializeSafetensors(new Map()))
    expect(await verifyFixtures(gpu, store, 'made')).toMatchObject([
      { status: 'failed', error: "the case has no tensor 'x'" },
      { status: 'failed', error: expect.stringContaining('fixture') },
    ])
    expect(gpu.memory()).toEqual(before)
  })
})

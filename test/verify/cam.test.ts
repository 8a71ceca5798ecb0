// A folder with class activation maps passes, and fails where a number is wrong.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { serializeSafetensors } from '../../src/formats/safetensors.ts'
import { presets, type ModelConfig } from '../../src/model/config.ts'
import type { NdArray } from '../../src/reference/array.ts'
import type { Gpu } from '../../src/runtime/gpu.ts'
import { openGpu } from '../../src/runtime/node.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { runCam } from '../../src/verify/cam.ts'
import { verifyFixtures } from '../../src/verify/fixtures.ts'
import { camCase, camExpectations } from '../support/cam_case.ts'

let gpu: Gpu
beforeAll(async () => {
  gpu = await openGpu()
})
afterAll(() => gpu.close())

const config: ModelConfig = {
  ...presets.paper,
  ...{ channels: 6, stage_channels: [5], length: 83, sca_reduction: 2, music_dim: 2, hidden: [5], final_pool: 3 },
}
const made = camCase(config)

/** `spoil` names an expected tensor whose first number is put off by the tensor's largest. */
async function folderOf(spoil = ''): Promise<MemoryStore> {
  const store = new MemoryStore()
  const expected = camExpectations(made.results)
  const write = ([name, { shape, data }]: [string, NdArray]) => {
    const values = Float32Array.from(data)
    if (name === spoil) values[0] = values[0]! + values.reduce((most, v) => Math.max(most, Math.abs(v)), 0)
    return [name, { shape, data: values }] as const
  }
  await store.write('cam.safetensors', serializeSafetensors(new Map([...made.study, ...made.results].map(write))))
  const entry = { id: 'cam/made', kind: 'cam', file: 'cam.safetensors', config, expect: expected }
  await store.write('index.json', JSON.stringify({ cases: [entry] }))
  return store
}

it('passes, and nothing is skipped', async () => {
  expect(await verifyFixtures(gpu, await folderOf(), 'made')).toMatchObject([{ name: 'cam/made', status: 'passed' }])
})

it.each(['cam.guided.from_sca', 'cam.cam_up_align_corners.rnta', 'cam.feature_grad.sca', 'cam.guided_gradcam.rnta'])(
  'fails when a number in %s is wrong',
  async (tensor) => {
    const [result] = await verifyFixtures(gpu, await folderOf(tensor), 'made')
    expect(result).toMatchObject({ status: 'failed', tensor })
  },
)

it('keeps no memory', async () => {
  const before = gpu.memory()
  await runCam(gpu, config, made.study)
  expect(gpu.memory()).toEqual(before)
})

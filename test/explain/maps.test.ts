// Taps, gradients and class activation maps of every setting of the network against float64.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MODULES } from '../../src/explain/maps.ts'
import { gradients } from '../../src/kernels/gradients.ts'
import { presets, type ModelConfig } from '../../src/model/config.ts'
import { Rtcan1d } from '../../src/model/rtcan1d.ts'
import { UsageError } from '../../src/runtime/errors.ts'
import type { Gpu } from '../../src/runtime/gpu.ts'
import { openGpu } from '../../src/runtime/node.ts'
import { Plan } from '../../src/runtime/plan.ts'
import { runCam } from '../../src/verify/cam.ts'
import { judgeCase } from '../../src/verify/compare.ts'
import { camCase, camExpectations, camResults } from '../support/cam_case.ts'
import { dataOf, fixtureCases, readTensors } from '../support/golden_values.ts'

let gpu: Gpu
beforeAll(async () => {
  gpu = await openGpu()
})
afterAll(() => gpu.close())

const small = {
  ...{ channels: 6, stage_channels: [6, 5], length: 97, sca_reduction: 2, music_dim: 3, hidden: [6, 5], final_pool: 2 },
}
const paper: ModelConfig = { ...presets.paper, ...small }
const released: ModelConfig = { ...presets.released, ...small, final_pool: 3 }

const settings: [string, ModelConfig][] = [
  ['paper', paper],
  ['released', released],
  ['RNTA, then SCA', { ...paper, attention: 'rnta-sca' }],
  ['parallel', { ...paper, attention: 'parallel' }],
  ['SCA', { ...paper, attention: 'sca' }],
  ['RNTA', { ...paper, attention: 'rnta', unit_sca: false }],
  ['neither', { ...paper, attention: 'none' }],
  ['base', { ...paper, attention: 'none', shallow: false, unit_sca: false }],
  ['depth 2, other widths', { ...paper, depth: 2, stage_channels: [4, 7] }],
  ['one signal, no music, three classes', { ...paper, in_channels: 1, music_dim: 0, classes: 3 }],
  ['SCA over the whole length, pooled keys, no stem', { ...paper, sca_scope: 'whole', rnta_pool: 'avg2', stem: false }],
  ['released without SCA', { ...released, attention: 'rnta', unit_sca: false, rnta_pool: 'max2' }],
  ['a plain convolutional network', { ...paper, network: 'cnn' }],
  ['hidden layers on the signals', { ...paper, network: 'mlp' }],
]

/** Those of its modules that a network has; cnn and mlp have none whatever `attention` says. */
const modulesOf = ({ network, shallow, attention }: ModelConfig) =>
  network === 'rtcan-1d' && shallow
    ? MODULES.filter((module) => attention.split('-').includes(module) || attention === 'parallel')
    : []

describe('maps agree with float64', () => {
  it.each(settings)('%s', async (_, config) => {
    const { study, results } = camCase(config)
    const computed = await runCam(gpu, config, study)
    expect([...computed.keys()].sort()).toEqual([...results.keys()].sort())
    const mapped = MODULES.filter((module) => computed.has(`cam.cam.${module}`))
    expect(mapped).toEqual(modulesOf(config))
    const judged = judgeCase({ expect: camExpectations(results) }, results, computed)
    expect([...judged.tensors].filter(([, { ok }]) => !ok)).toEqual([])
  })
})

describe('golden values', () => {
  it.each(fixtureCases('cam'))('$title', (fixture) => {
    const tensors = readTensors(fixture)
    const judged = judgeCase({ expect: fixture.expect }, tensors, dataOf(camResults(fixture.config, tensors)))
    expect([...judged.tensors].filter(([, { ok }]) => !ok)).toEqual([])
    // The bounds are meant for float32; float64 must stay well inside.
    expect(judged.error).toBeLessThanOrEqual(judged.tolerance / 10)
  })
})

it('a pass that begins at a tap that is not there is refused', () => {
  const plan = new Plan(gpu)
  const model = new Rtcan1d(gpu, paper)
  const eda = plan.input('eda', [1, 3, 97])
  const inputs = { eda, music: plan.input('music', [1, 3]) }
  const { backwardFrom } = model.forward(plan, inputs, { training: false, gradients, inputGradient: true })
  expect(() => backwardFrom('attention.cbam', eda)).toThrow(
    new UsageError("backwardFrom: there is no tap 'attention.cbam' in this network's part for signals"),
  )
  plan.destroy()
  model.destroy()
})

it('the pass that begins at one of two modules side by side leaves the other out', () => {
  const { results } = camCase({ ...paper, attention: 'parallel' })
  const [sca, rnta] = ['sca', 'rnta'].map((module) => results.get(`cam.guided.from_${module}`)!.data)
  expect(Array.from(sca!)).not.toEqual(Array.from(rnta!))
})

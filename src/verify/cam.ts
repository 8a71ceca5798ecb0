// Class activation maps of a fixture folder: the winning class of each sample, batch normalisation by running statistics.
import { recordMaps, tapOf } from '../explain/maps.ts'
import { stretchMap } from '../kernels/grad_cam.ts'
import { guidedGradients } from '../kernels/input_gradients.ts'
import { oneHot } from '../kernels/softmax.ts'
import type { ModelConfig } from '../model/config.ts'
import type { Rtcan1d } from '../model/rtcan1d.ts'
import type { Gpu } from '../runtime/gpu.ts'
import type { Plan } from '../runtime/plan.ts'
import { poison } from '../runtime/poison.ts'
import type { Tensor } from '../runtime/tensor.ts'
import { camName } from './fixture_names.ts'
import { floats, predict, readSignal, weightsOf } from './models.ts'
import type { Arrays } from './op_context.ts'
import { withModel, withPlan } from './owned.ts'

/** All results of a case by the names of `expect`. */
export async function runCam(gpu: Gpu, config: ModelConfig, arrays: Arrays): Promise<Map<string, Float32Array>> {
  return withModel(gpu, config, weightsOf(arrays), 'fixture', async (model) => {
    const { logits } = await predict(gpu, model, arrays)
    const winners = oneHot(winnersOf(logits, config.classes), config.classes)
    return withPlan(gpu, (plan) => run(plan, model, arrays, winners))
  })
}

/** The first of the largest logits of each sample. */
function winnersOf(logits: Float32Array, classes: number): number[] {
  const rows = Array.from({ length: logits.length / classes }, (_, b) => [
    ...logits.subarray(b * classes, (b + 1) * classes),
  ])
  return rows.map((row) => row.indexOf(Math.max(...row)))
}

async function run(plan: Plan, model: Rtcan1d, arrays: Arrays, winners: Float32Array) {
  const { shape = [] } = arrays.get('input.eda') ?? {}
  const { music_dim, classes } = model.config
  const eda = plan.input('eda', shape)
  const music = music_dim > 0 ? { music: plan.input('music', [shape[0]!, music_dim]) } : {}
  const scores = plan.input('scores', [shape[0]!, classes])
  const results = record(plan, model, { inputs: { eda, ...music }, scores })
  await plan.compile({ keepAll: true })
  poison(plan)
  plan.write('eda', floats(arrays, 'input.eda'))
  if (music_dim > 0) plan.write('music', floats(arrays, 'input.music'))
  plan.write('scores', winners)
  plan.run()
  const computed = new Map<string, Float32Array>()
  for (const [name, tensor] of results) computed.set(name, await readSignal(plan.gpu, tensor))
  return computed
}

function record(plan: Plan, model: Rtcan1d, asked: Parameters<typeof recordMaps>[2]): Map<string, Tensor> {
  const { forward, gradient, guided, modules } = recordMaps(plan, model, asked)
  const results = new Map([
    [camName('logits'), forward.logits],
    [camName('gradient'), gradient],
    [camName('guided'), guided],
  ])
  const { length } = model.config
  for (const [module, { feature, gradient: arriving, alpha, map, gradCam, guidedGradCam }] of modules) {
    results
      .set(camName('feature', module), feature)
      .set(camName('featureGradient', module), arriving)
      .set(camName('alpha', module), alpha)
      .set(camName('map', module), map)
      .set(camName('gradCam', module), gradCam)
      .set(camName('gradCamAlignCorners', module), stretchMap(plan, map, length, true))
      .set(camName('guidedGradCam', module), guidedGradCam)
      .set(camName('guidedFrom', module), forward.backwardFrom(tapOf(module), arriving, guidedGradients))
  }
  return results
}

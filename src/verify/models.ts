// Whole networks, training traces and checkpoints of a fixture folder.
import { gradients } from '../kernels/gradients.ts'
import { toChannelsFirst } from '../kernels/host_layout.ts'
import { oneHot } from '../kernels/softmax.ts'
import { optimizerStateCount, optimizerStep, stepRate, type OptimizerConfig } from '../kernels/optimizer.ts'
import type { ModelConfig } from '../model/config.ts'
import type { Rtcan1d } from '../model/rtcan1d.ts'
import type { HostTensors } from '../model/weights.ts'
import { FormatError } from '../runtime/errors.ts'
import type { Gpu } from '../runtime/gpu.ts'
import type { Plan } from '../runtime/plan.ts'
import type { Tensor } from '../runtime/tensor.ts'
import { finalName, fixtureTap, startOf, weightOf } from './fixture_names.ts'
import type { Arrays } from './op_context.ts'
import { withModel, withPlan } from './owned.ts'
import { poison } from '../runtime/poison.ts'

type Values = Map<string, Float32Array>

export const floats = (arrays: Arrays, name: string): Float32Array => {
  const found = arrays.get(name)
  if (!found) throw new FormatError(`the case's file has no tensor '${name}'`)
  return Float32Array.from(found.data as ArrayLike<number>, Number)
}

/** Parameters and running statistics of a file that keeps them under `param.` and `buffer.`. */
export function weightsOf(arrays: Arrays): HostTensors {
  const named = [...arrays].flatMap(([name, { shape }]) => {
    const weight = weightOf(name)
    return weight === null ? [] : [[weight, { shape, data: floats(arrays, name) }] as const]
  })
  return new Map(named)
}

/** Records the forward pass on the case's own inputs; `upload` fills them. */
function record(plan: Plan, model: Rtcan1d, arrays: Arrays, training: boolean, inputGradient = false) {
  const shape = arrays.get('input.eda')?.shape ?? []
  const eda = plan.input('eda', shape)
  const music = model.config.music_dim > 0 ? plan.input('music', [shape[0] ?? 0, model.config.music_dim]) : undefined
  const forward = model.forward(plan, music ? { eda, music } : { eda }, { training, gradients, inputGradient })
  plan.output('logits', forward.logits)
  plan.output('probs', forward.probabilities)
  const upload = (): void => {
    plan.write('eda', floats(arrays, 'input.eda'))
    if (music) plan.write('music', floats(arrays, 'input.music'))
  }
  return { forward, upload }
}

const targetsOf = (arrays: Arrays, config: ModelConfig): Float32Array =>
  oneHot(floats(arrays, 'input.labels'), config.classes)

/** Eval and train results of a model case by the names of `expect`. */
export async function runModel(
  gpu: Gpu,
  config: ModelConfig,
  arrays: Arrays,
  modes: readonly string[],
): Promise<Values> {
  const computed: Values = new Map()
  for (const mode of modes) {
    await withModel(gpu, config, weightsOf(arrays), 'fixture', (model) => {
      return withPlan(gpu, (plan) => runMode(plan, model, arrays, mode, computed))
    })
  }
  return computed
}

async function runMode(plan: Plan, model: Rtcan1d, arrays: Arrays, mode: string, computed: Values): Promise<void> {
  const training = mode === 'train'
  const { forward, upload } = record(plan, model, arrays, training, training)
  const targets = plan.input('targets', forward.logits.shape)
  const { loss, dlogits } = forward.loss(targets)
  plan.output('loss', loss)
  const dinput = training ? forward.backward(dlogits) : null
  await plan.compile({ keepAll: true })
  poison(plan)
  upload()
  plan.write('targets', targetsOf(arrays, model.config))
  plan.run()
  for (const name of ['logits', 'probs', 'loss']) computed.set(`${mode}.${name}`, await plan.readFloat(name))
  for (const [name, tensor] of forward.taps)
    computed.set(`${mode}.tap.${fixtureTap(name)}`, await readSignal(plan.gpu, tensor))
  if (!dinput) return
  computed.set('train.grad.input.eda', await readSignal(plan.gpu, dinput))
  for (const [name, { data }] of await model.weights.download(model.weights.gradients))
    computed.set(`train.grad.${name}`, data)
  const saved = await model.weights.save()
  for (const { name } of model.summary.buffers)
    computed.set(`train.buffer.${name}`, (saved.get(name) as { data: Float32Array }).data)
}

/** [B, L, C] as [B, C, L]; features and logits as they are. */
export async function readSignal(gpu: Pick<Gpu, 'readFloat'>, tensor: Tensor): Promise<Float32Array> {
  const data = await gpu.readFloat(tensor)
  if (tensor.shape.length !== 3) return data
  const [batch, length, channels] = tensor.shape as readonly [number, number, number]
  return toChannelsFirst(data, [batch, channels, length])
}

export interface TraceAttrs {
  optimizer: string
  lr: number
  momentum: number
  weight_decay: number
  steps: number
  start?: string
}

/** A training trace: the whole batch every step, losses and logits before each update, the final state after the last. */
export async function runTrace(
  gpu: Gpu,
  config: ModelConfig,
  arrays: Arrays,
  prefix: string,
  attrs: TraceAttrs,
): Promise<Values> {
  return withModel(gpu, config, startWeights(arrays, attrs), 'fixture', async (model) => {
    const { losses, logits } = await withPlan(gpu, (plan) => trace(plan, model, arrays, attrs))
    const computed: Values = new Map([
      [`${prefix}loss`, Float32Array.from(losses)],
      [`${prefix}logits`, Float32Array.from(logits)],
    ])
    const isBuffer = new Set(model.summary.buffers.map(({ name }) => name))
    for (const [name, { data }] of await model.weights.save()) {
      computed.set(finalName(prefix, isBuffer.has(name) ? 'buffer' : 'param', name), data)
    }
    return computed.set(`${prefix}final.eval_logits`, (await predict(gpu, model, arrays)).logits)
  })
}

async function trace(plan: Plan, model: Rtcan1d, arrays: Arrays, attrs: TraceAttrs) {
  const { forward, upload } = record(plan, model, arrays, true)
  const targets = plan.input('targets', forward.logits.shape)
  const rate = plan.input('rate', [4])
  const { loss, dlogits } = forward.loss(targets)
  plan.output('loss', loss)
  forward.backward(dlogits)
  const optimizer = optimizerOf(attrs)
  const parameter = model.weights.parameters.flat
  const state = Array.from({ length: optimizerStateCount(optimizer) }, (_, i) =>
    plan.input(`state ${i}`, parameter.shape),
  )
  optimizerStep(plan, optimizer, { parameter, gradient: model.weights.gradients.flat, stepRate: rate, state })
  await plan.compile()
  upload()
  plan.write('targets', targetsOf(arrays, model.config))
  const [losses, logits]: [number[], number[]] = [[], []]
  for (let step = 1; step <= attrs.steps; step++) {
    plan.write('rate', stepRate(optimizer, attrs.lr, step))
    plan.run()
    for (const loss of await plan.readFloat('loss')) losses.push(loss)
    for (const logit of await plan.readFloat('logits')) logits.push(logit)
  }
  return { losses, logits }
}

/** The file's weights, with the tensors that the case says are set to another value first. */
function startWeights(arrays: Arrays, { start }: TraceAttrs): HostTensors {
  const weights = new Map(weightsOf(arrays))
  const { names, value } = startOf(start)
  for (const name of names) {
    const tensor = weights.get(name)
    if (!tensor) throw new FormatError(`the case sets '${name}', which the model does not have`)
    weights.set(name, { shape: tensor.shape, data: new Float32Array(tensor.data.length).fill(value) })
  }
  return weights
}

function optimizerOf({ optimizer, momentum, weight_decay: weightDecay }: TraceAttrs): OptimizerConfig {
  if (optimizer === 'sgd') return { name: 'sgd', momentum, weightDecay }
  if (optimizer === 'adam' || optimizer === 'adamw') return { name: optimizer, weightDecay }
  throw new FormatError(`the case asks for the optimizer '${optimizer}'`)
}

/** Logits and probabilities in evaluation mode on the case's inputs. */
export async function predict(
  gpu: Gpu,
  model: Rtcan1d,
  arrays: Arrays,
): Promise<{ logits: Float32Array; probs: Float32Array }> {
  return withPlan(gpu, async (plan) => {
    const { upload } = record(plan, model, arrays, false)
    await plan.compile()
    upload()
    plan.run()
    return { logits: await plan.readFloat('logits'), probs: await plan.readFloat('probs') }
  })
}

/** A checkpoint's weights on the inputs of its expectations. */
export async function runCheckpoint(
  gpu: Gpu,
  config: ModelConfig,
  weights: HostTensors,
  arrays: Arrays,
): Promise<Values> {
  return withModel(gpu, config, weights, 'checkpoint', async (model) => {
    const { logits, probs } = await predict(gpu, model, arrays)
    return new Map([
      ['eval.logits', logits],
      ['eval.output', config.head === 'softmax' ? probs : logits],
      ['eval.probs', probs],
    ])
  })
}

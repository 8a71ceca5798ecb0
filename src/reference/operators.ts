// Every operator of a fixture case in float64: names in, names out.
import { relu, reluBackward, sigmoid, sigmoidBackward, softmax, softmaxBackward } from './activation.ts'
import type { NamedArrays, NdArray } from './array.ts'
import { add, zeros } from './array.ts'
import { batchNorm, batchNormBackward } from './batchnorm.ts'
import { concat, split } from './concat.ts'
import { conv1d, conv1dBackward } from './conv1d.ts'
import { interpolateLinear } from './interpolate.ts'
import { ReferenceLayers } from './layers.ts'
import { linear, linearBackward } from './linear.ts'
import { doubleSoftmaxCrossEntropy, oneHot, softmaxCrossEntropy } from './loss.ts'
import { adamState, adamStep, sgdStep, stepDecay } from './optimizer.ts'
import {
  avgPool1d, avgPool1dBackward, globalAvgPool, globalAvgPoolBackward, maxPool1d, maxPool1dBackward, segmentMean, segmentMeanBackward,
} from './pool.ts'
import { rnta, rntaBackward } from './rnta.ts'
import type { RntaBuffers, RntaParameters } from './rnta.ts'
import { sca, scaBackward } from './sca.ts'
import type { ScaParameters } from './sca.ts'
import { UsageError } from '../runtime/errors.ts'
import { attentionModule } from '../model/architecture.ts'
import type { ModelConfig, RntaPool } from '../model/config.ts'

interface Attributes {
  kernel: number
  stride: number
  padding: number
  training: boolean
  relu?: boolean
  join_relu?: boolean
  clip_lengths?: number[]
  pool: RntaPool
  order: ModelConfig['attention']
  axis: number
  out_length: number
  lr: number
  momentum: number
  weight_decay: number
  betas: [number, number]
  eps: number
  lr_schedule?: string
  lr0: number
  step_epochs: number
  gamma: number
}

type Results = Readonly<Record<string, NdArray>>
type Operator = (tensor: (name: string) => NdArray, attributes: Attributes, tensors: NamedArrays) => Results

const scalar = (value: number): NdArray => ({ shape: [1], data: Float64Array.of(value) })

/** With `relu` one follows the normalisation; with a tensor `skip` that is added, and with `join_relu` a ReLU follows the sum. */
const batchNormCase: Operator = (tensor, { training, clip_lengths, relu: inner, join_relu }, tensors) => {
  const parameters = { weight: tensor('weight'), bias: tensor('bias') }
  const buffers = { running_mean: tensor('running_mean'), running_var: tensor('running_var') }
  const mode = clip_lengths ? { training, segments: clip_lengths } : { training }
  const forward = batchNorm(tensor('x'), parameters, buffers, mode)
  const activated = inner ? relu(forward.y) : forward.y
  const skip = tensors.get('skip')
  const joined = skip ? add(skip, activated) : activated
  const dskip = join_relu ? reluBackward(joined, tensor('upstream.y')) : tensor('upstream.y')
  const grad = batchNormBackward(forward.saved, inner ? reluBackward(forward.y, dskip) : dskip)
  return {
    ...(skip && { 'grad.skip': dskip }),
    y: join_relu ? relu(joined) : joined, new_running_mean: forward.buffers.running_mean, new_running_var: forward.buffers.running_var,
    'grad.x': grad.x, 'grad.weight': grad.parameters.weight, 'grad.bias': grad.parameters.bias,
  }
}

const gradients = (parameters: Record<string, NdArray>): Results =>
  Object.fromEntries(Object.entries(parameters).map(([name, array]) => [`grad.${name}`, array]))

const operators: Record<string, Operator> = {
  conv1d: (tensor, attributes, tensors) => {
    const bias = tensors.get('bias') ?? null
    const { bias: gradBias, ...grad } = conv1dBackward(tensor('x'), tensor('weight'), tensor('upstream.y'), attributes)
    const y = conv1d(tensor('x'), tensor('weight'), bias, attributes)
    return { y, ...gradients(bias ? { ...grad, bias: gradBias } : grad) }
  },
  batchnorm1d: batchNormCase,
  batchnorm1d_clips: batchNormCase,
  relu: (tensor) => ({ y: relu(tensor('x')), 'grad.x': reluBackward(tensor('x'), tensor('upstream.y')) }),
  sigmoid: (tensor) => {
    const y = sigmoid(tensor('x'))
    return { y, 'grad.x': sigmoidBackward(y, tensor('upstream.y')) }
  },
  softmax: (tensor) => {
    const y = softmax(tensor('x'))
    return { y, 'grad.x': softmaxBackward(y, tensor('upstream.y')) }
  },
  global_avgpool: (tensor) => ({
    y: globalAvgPool(tensor('x')),
    'grad.x': globalAvgPoolBackward(tensor('upstream.y'), tensor('x').shape[2]!),
  }),
  segment_mean: (tensor, { clip_lengths }) => ({
    y: segmentMean(tensor('x'), clip_lengths!), 'grad.x': segmentMeanBackward(tensor('upstream.y'), clip_lengths!),
  }),
  avgpool1d: (tensor, { kernel, stride }) => ({
    y: avgPool1d(tensor('x'), kernel, stride),
    'grad.x': avgPool1dBackward(tensor('x').shape, tensor('upstream.y'), kernel, stride),
  }),
  maxpool1d: (tensor, { kernel, stride, padding }) => {
    const { y, argmax } = maxPool1d(tensor('x'), kernel, stride, padding)
    return { y, 'grad.x': maxPool1dBackward(tensor('x').shape, argmax, tensor('upstream.y')) }
  },
  sca: (tensor, _, tensors) => {
    const forward = sca(tensor('x'), Object.fromEntries(tensors) as ScaParameters)
    const grad = scaBackward(forward.saved, tensor('upstream.y'))
    return { y: forward.y, gate: forward.gates[0]!, 'grad.x': grad.x, ...gradients(grad.parameters) }
  },
  rnta: (tensor, { pool, training }, tensors) => {
    const arrays = Object.fromEntries(tensors) as RntaParameters & RntaBuffers
    const forward = rnta(tensor('x'), arrays, arrays, pool, { training })
    const grad = rntaBackward(forward.saved, tensor('upstream.y'))
    return {
      y: forward.y, attention: forward.attention[0]!, 'grad.x': grad.x, ...gradients(grad.parameters),
      new_running_mean: forward.buffers['bn.running_mean'], new_running_var: forward.buffers['bn.running_var'],
    }
  },
  attention_module: (tensor, { order, pool, training, clip_lengths }, tensors) => {
    const config = { attention: order, rnta_pool: pool, sca_scope: 'clip', sca_reduction: 8, clips: clip_lengths!.length } as ModelConfig
    // The case names RNTA's tensors without a prefix.
    const named: NamedArrays = new Map([...tensors].map(([name, array]) =>
      [name.startsWith('sca.') ? `module.${name}` : `module.rnta.${name}`, array]))
    const pass = new ReferenceLayers(named, named, training)
    const step = attentionModule(pass, config, 'module')(tensor('x'))
    const gradX = step.backward(tensor('upstream.y'))
    const grads = [...pass.gradients].map(([name, array]) => [name.replace(/^module\.(rnta\.)?/, ''), array] as const)
    return {
      y: step.y, 'grad.x': gradX, ...gradients(Object.fromEntries(grads)),
      new_running_mean: pass.buffers.get('module.rnta.bn.running_mean')!,
      new_running_var: pass.buffers.get('module.rnta.bn.running_var')!,
    }
  },
  linear: (tensor) => {
    const grad = linearBackward(tensor('x'), tensor('weight'), tensor('upstream.y'))
    const y = linear(tensor('x'), { weight: tensor('weight'), bias: tensor('bias') })
    return { y, 'grad.x': grad.x, ...gradients(grad.parameters) }
  },
  concat: (tensor, { axis }, tensors) => {
    const names = ['a', 'b', 'c'].filter((name) => tensors.has(name))
    const parts = names.map(tensor)
    const grads = split(tensor('upstream.y'), parts.map((part) => part.shape[axis]!), axis)
    return {
      y: concat(parts, axis), ...gradients(Object.fromEntries(names.map((name, i) => [name, grads[i]!]))),
    }
  },
  softmax_cross_entropy: (tensor, _, tensors) => {
    const logits = tensor('logits')
    const targets = tensors.get('targets') ?? oneHot(tensor('labels').data, logits.shape[1]!)
    const { loss, probs, grad } = softmaxCrossEntropy(logits, targets)
    return { loss: scalar(loss), probs, 'grad.logits': grad }
  },
  double_softmax_cross_entropy: (tensor) => {
    const targets = oneHot(tensor('labels').data, tensor('logits').shape[1]!)
    const { loss, probs, grad } = doubleSoftmaxCrossEntropy(tensor('logits'), targets)
    return { loss: scalar(loss), probs, 'grad.logits': grad }
  },
  interpolate_linear: (tensor, { out_length }) => ({
    y: interpolateLinear(tensor('x'), out_length),
    y_align_corners: interpolateLinear(tensor('x'), out_length, true),
  }),
  sgd: (tensor, { lr, momentum, weight_decay, lr_schedule }, tensors) => {
    const [factor, every] = /multiplied by ([\d.]+) after every (\d+) steps/.exec(lr_schedule ?? '')?.slice(1) ?? [1, 1]
    const results: Record<string, NdArray> = {}
    let state = { p: tensor('p.0'), velocity: zeros(tensor('p.0').shape) }
    for (let step = 1; tensors.has(`grad.${step}`); step++) {
      const rate = stepDecay(lr, step - 1, Number(every), Number(factor))
      const options = { lr: rate, momentum, weightDecay: weight_decay }
      state = sgdStep(state.p, tensor(`grad.${step}`), state.velocity, options)
      results[`p.${step}`] = state.p
    }
    return { ...results, 'state.momentum_buffer': state.velocity }
  },
  adam: (tensor, attributes, tensors) => adamCase(tensor, attributes, tensors, false),
  adamw: (tensor, attributes, tensors) => adamCase(tensor, attributes, tensors, true),
  steplr: (tensor, { lr0, step_epochs, gamma }) => ({
    lr: { shape: tensor('lr').shape, data: tensor('lr').data.map((_, e) => stepDecay(lr0, e, step_epochs, gamma)) },
  }),
}

function adamCase(
  tensor: (name: string) => NdArray, { lr, betas, eps, weight_decay }: Attributes, tensors: NamedArrays,
  decoupled: boolean,
): Results {
  const [beta1, beta2] = betas
  const options = { lr, beta1, beta2, epsilon: eps, weightDecay: weight_decay, decoupled }
  const results: Record<string, NdArray> = {}
  let current = { p: tensor('p.0'), state: adamState(tensor('p.0').shape) }
  for (let step = 1; tensors.has(`grad.${step}`); step++) {
    current = adamStep(current.p, tensor(`grad.${step}`), current.state, options)
    results[`p.${step}`] = current.p
  }
  return { ...results, 'state.exp_avg': current.state.mean, 'state.exp_avg_sq': current.state.square }
}

/** Results of an operator, optimizer or schedule by the names that fixture cases use. @throws UsageError for an unknown operator */
export function referenceOp(op: string, attributes: Readonly<Record<string, unknown>>, tensors: NamedArrays): Results {
  const operator = operators[op]
  if (!operator) throw new UsageError(`there is no float64 twin of '${op}'`)
  const tensor = (name: string): NdArray => {
    const found = tensors.get(name)
    if (!found) throw new UsageError(`${op} needs the tensor '${name}'`)
    return found
  }
  return operator(tensor, attributes as unknown as Attributes, tensors)
}

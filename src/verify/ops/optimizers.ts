// Optimizers step by step, and the schedule of their learning rate.
import { optimizerStateCount, optimizerStep, stepRate, type OptimizerConfig } from '../../kernels/optimizer.ts'
import { FormatError } from '../../runtime/errors.ts'
import type { Plan } from '../../runtime/plan.ts'
import { stepDecay } from '../../train/config.ts'
import { scheduleOf } from '../fixture_names.ts'
import type { Arrays } from '../op_context.ts'
import { withPlan } from '../owned.ts'
import { zeros } from '../../reference/array.ts'
import { adamState, adamStep, sgdStep, stepDecay as twinDecay } from '../../reference/optimizer.ts'
import type { CaseShape, OpCase, OpRecord, OpRun, Results, Twin, Values } from '../op_record.ts'

interface OptimizerAttrs {
  name: OptimizerConfig['name']
  lr: number
  momentum?: number
  weight_decay: number
  betas?: readonly [number, number]
  eps?: number
  /** `multiplied by X after every N steps`. */
  lr_schedule?: string
}

function configOf({ name, momentum = 0, weight_decay: weightDecay, betas, eps }: OptimizerAttrs): OptimizerConfig {
  if (name === 'sgd') return { name, momentum, weightDecay }
  return { name, weightDecay, ...(betas && { beta1: betas[0], beta2: betas[1] }), ...(eps !== undefined && { eps }) }
}

const stateNames = {
  sgd: ['state.momentum_buffer'],
  adam: ['state.exp_avg', 'state.exp_avg_sq'],
  adamw: ['state.exp_avg', 'state.exp_avg_sq'],
}

/** p.0 and grad.1 … grad.T of a case -> p.1 … p.T and the state at the end. */
const runOptimizer = (name: OptimizerConfig['name']): OpRun => ({
  on: 'device',
  compute: (gpu, attrs, arrays) =>
    withPlan(gpu, (plan) => optimize(plan, { ...attrs, name } as OptimizerAttrs, arrays)),
})

async function optimize(plan: Plan, attrs: OptimizerAttrs, arrays: Arrays): Promise<Values> {
  const start = arrays.get('p.0')
  if (!start) throw new FormatError("the case's file has no tensor 'p.0'")
  const config = configOf(attrs)
  const [parameter, gradient] = [plan.input('p', start.shape), plan.input('gradient', start.shape)]
  const rate = plan.input('rate', [4])
  const state = Array.from({ length: optimizerStateCount(config) }, (_, i) => plan.input(`state ${i}`, start.shape))
  optimizerStep(plan, config, { parameter, gradient, stepRate: rate, state })
  const [factor, every] = scheduleOf(attrs.lr_schedule)
  const computed = new Map<string, Float32Array>()
  await plan.compile()
  plan.write('p', start.data as ArrayLike<number>)
  for (let t = 1; arrays.has(`grad.${t}`); t++) {
    plan.write('gradient', arrays.get(`grad.${t}`)?.data as ArrayLike<number>)
    plan.write('rate', stepRate(config, stepDecay(attrs.lr, factor, every, t - 1), t))
    plan.run()
    computed.set(`p.${t}`, await plan.gpu.readFloat(parameter))
  }
  for (const [i, slab] of state.entries()) computed.set(stateNames[config.name][i]!, await plan.gpu.readFloat(slab))
  return computed
}

/** The learning rates of a schedule case: one per epoch, from 0. */
function schedule(attrs: OpCase['attrs'], arrays: Arrays): Values {
  const epochs = arrays.get('lr')?.data.length ?? 0
  const rates = Float32Array.from({ length: epochs }, (_, epoch) =>
    stepDecay(Number(attrs.lr0), Number(attrs.gamma), Number(attrs.step_epochs), epoch),
  )
  return new Map([['lr', rates]])
}

const sgdInFloat64: Twin = (tensor, { lr, momentum, weight_decay, lr_schedule }, tensors) => {
  const [factor, every] = scheduleOf(lr_schedule)
  const results: Record<string, Results[string]> = {}
  let state = { p: tensor('p.0'), velocity: zeros(tensor('p.0').shape) }
  for (let step = 1; tensors.has(`grad.${step}`); step++) {
    const rate = twinDecay(lr, step - 1, every, factor)
    const options = { lr: rate, momentum, weightDecay: weight_decay }
    state = sgdStep(state.p, tensor(`grad.${step}`), state.velocity, options)
    results[`p.${step}`] = state.p
  }
  return { ...results, 'state.momentum_buffer': state.velocity }
}

const adamInFloat64 =
  (decoupled: boolean): Twin =>
  (tensor, { lr, betas, eps, weight_decay }, tensors) => {
    const [beta1, beta2] = betas
    const options = { lr, beta1, beta2, epsilon: eps, weightDecay: weight_decay, decoupled }
    const results: Record<string, Results[string]> = {}
    let current = { p: tensor('p.0'), state: adamState(tensor('p.0').shape) }
    for (let step = 1; tensors.has(`grad.${step}`); step++) {
      current = adamStep(current.p, tensor(`grad.${step}`), current.state, options)
      results[`p.${step}`] = current.p
    }
    return { ...results, 'state.exp_avg': current.state.mean, 'state.exp_avg_sq': current.state.square }
  }

function threeSteps(attrs: OpCase['attrs'], size: number): OpCase {
  const gradients = [1, 2, 3].map((t): [string, CaseShape] => [`grad.${t}`, [size]])
  return { attrs, inputs: { 'p.0': [size], ...Object.fromEntries(gradients) } }
}

const adam = { lr: 0.01, betas: [0.9, 0.999], eps: 1e-8, weight_decay: 0.01 }

export const sgdRecord: OpRecord = {
  op: 'sgd',
  cases: [threeSteps({ lr: 0.1, momentum: 0.9, weight_decay: 0.01 }, 37)],
  run: runOptimizer('sgd'),
  twin: sgdInFloat64,
}

export const adamRecord: OpRecord = {
  op: 'adam',
  cases: [threeSteps(adam, 37)],
  run: runOptimizer('adam'),
  twin: adamInFloat64(false),
}

export const adamwRecord: OpRecord = {
  op: 'adamw',
  cases: [threeSteps(adam, 5)],
  run: runOptimizer('adamw'),
  twin: adamInFloat64(true),
}

export const scheduleRecord: OpRecord = {
  op: 'steplr',
  cases: [],
  run: { on: 'host', compute: schedule },
  twin: (tensor, { lr0, step_epochs, gamma }) => ({
    lr: { shape: tensor('lr').shape, data: tensor('lr').data.map((_, e) => twinDecay(lr0, e, step_epochs, gamma)) },
  }),
}

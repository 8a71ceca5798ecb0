import { optimizerStateCount, optimizerStep, stepRate, type OptimizerConfig } from '../kernels/optimizer.ts'
import { FormatError } from '../runtime/errors.ts'
import type { Gpu } from '../runtime/gpu.ts'
import type { Plan } from '../runtime/plan.ts'
import { stepDecay } from '../train/config.ts'
import type { Arrays } from './op_context.ts'
import { withPlan } from './owned.ts'

interface OptimizerAttrs {
  name: string
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
  if (name !== 'adam' && name !== 'adamw') throw new FormatError(`the case asks for the optimizer '${name}'`)
  return { name, weightDecay, ...(betas && { beta1: betas[0], beta2: betas[1] }), ...(eps !== undefined && { eps }) }
}

const stateNames = { sgd: ['state.momentum_buffer'], adam: ['state.exp_avg', 'state.exp_avg_sq'], adamw: ['state.exp_avg', 'state.exp_avg_sq'] }

/** p.0 and grad.1 … grad.T of a case -> p.1 … p.T and the state at the end. */
export async function runOptimizer(gpu: Gpu, attrs: OptimizerAttrs, arrays: Arrays): Promise<Map<string, Float32Array>> {
  return withPlan(gpu, (plan) => optimize(plan, attrs, arrays))
}

async function optimize(plan: Plan, attrs: OptimizerAttrs, arrays: Arrays): Promise<Map<string, Float32Array>> {
  const start = arrays.get('p.0')
  if (!start) throw new FormatError("the case's file has no tensor 'p.0'")
  const config = configOf(attrs)
  const [parameter, gradient] = [plan.input('p', start.shape), plan.input('gradient', start.shape)]
  const rate = plan.input('rate', [4])
  const state = Array.from({ length: optimizerStateCount(config) }, (_, i) => plan.input(`state ${i}`, start.shape))
  optimizerStep(plan, config, { parameter, gradient, rate, state })
  const [factor = 1, every = 1] = (/by ([\d.]+) after every (\d+)/.exec(attrs.lr_schedule ?? '')?.slice(1) ?? []).map(Number)
  const computed = new Map<string, Float32Array>()
  await plan.compile()
  plan.write('p', start.data as ArrayLike<number>)
  for (let t = 1; arrays.has(`grad.${t}`); t++) {
    plan.write('gradient', arrays.get(`grad.${t}`)?.data as ArrayLike<number>)
    plan.write('rate', stepRate(config, stepDecay(attrs.lr, factor, every, t - 1), t))
    plan.run()
    computed.set(`p.${t}`, await plan.gpu.readFloat(parameter))
  }
  for (const [i, slab] of state.entries()) computed.set(stateNames[config.name][i] as string, await plan.gpu.readFloat(slab))
  return computed
}

/** The learning rates of a schedule case: one per epoch, from 0. */
export function runSchedule(attrs: { lr0: number; step_epochs: number; gamma: number }, arrays: Arrays): Map<string, Float32Array> {
  const epochs = arrays.get('lr')?.data.length ?? 0
  const rates = Float32Array.from({ length: epochs }, (_, epoch) => stepDecay(attrs.lr0, attrs.gamma, attrs.step_epochs, epoch))
  return new Map([['lr', rates]])
}

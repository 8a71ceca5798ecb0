import shader from '../../shaders/optimizer.wgsl'
import { ShapeError, UsageError } from '../runtime/errors.ts'
import type { Plan } from '../runtime/plan.ts'
import { rowOf } from '../runtime/shader.ts'
import { shaderValues } from '../runtime/shader_values.ts'
import { ceilDiv, expectShape, formatShape } from '../runtime/shape.ts'
import type { Tensor } from '../runtime/tensor.ts'

/** Of gradient descent, by name. */
export const RULES: readonly OptimizerConfig['name'][] = ['sgd', 'adam', 'adamw']
const VALUES = /* @__PURE__ */ shaderValues(shader)

/** A rule of gradient descent and its constants. */
export type OptimizerConfig =
  | { name: 'sgd'; momentum: number; weightDecay: number }
  | { name: 'adam' | 'adamw'; weightDecay: number; beta1?: number; beta2?: number; eps?: number }

/** Kingma and Ba's constants, unless the configuration has its own. */
function adamConstants(config: OptimizerConfig): { beta1: number; beta2: number; eps: number } {
  const { beta1 = 0.9, beta2 = 0.999, eps = 1e-8 } = config.name === 'sgd' ? {} : config
  return { beta1, beta2, eps }
}

/** How many slabs of state a rule keeps: momentum, or first and second moment. */
export const optimizerStateCount = (config: OptimizerConfig): number => (config.name === 'sgd' ? 1 : 2)

/**
 * One optimizer step over flat vectors of one length. `t.stepRate` is a [4] tensor that holds what `stepRate` gives for the current
 * step; `t.state` has `optimizerStateCount` vectors, zero before the first step.
 * @throws UsageError for an unknown rule; ShapeError for vectors of other lengths
 */
export function optimizerStep(
  p: Plan,
  config: OptimizerConfig,
  t: { parameter: Tensor; gradient: Tensor; stepRate: Tensor; state: readonly Tensor[] },
  label: string = config.name,
): void {
  if (!RULES.includes(config.name))
    throw new UsageError(`optimizerStep: the rule is '${String(config.name)}', expected ${RULES.join(', ')}`)
  const quads = t.parameter.byteLength / 16
  const momentum = config.name === 'sgd' ? config.momentum : 0
  const { beta1, beta2, eps } = adamConstants(config)
  const params = { quads, momentum, decay: config.weightDecay, beta1, beta2, gain1: 1 - beta1, gain2: 1 - beta2, eps }
  const launch = { groups: ceilDiv(quads, VALUES.WORKGROUP), label }
  const { parameter, gradient, stepRate: rate } = t
  expectShape('optimizerStep: stepRate', rate.shape, [4])
  if (t.state.length !== optimizerStateCount(config))
    throw new ShapeError(
      `optimizerStep: ${t.state.length} vectors of state, ${config.name} has ${optimizerStateCount(config)}`,
    )
  for (const vector of [gradient, ...t.state]) expectSameSize(vector, parameter)
  const [first_moment, second_moment] = t.state as [Tensor, Tensor]
  if (config.name === 'sgd') {
    const cost = { flops: 6 * parameter.size, updates: ['parameter', 'first_moment'] as const }
    p.dispatch(shader, 'sgd', { parameter, gradient, rate, first_moment, params }, { ...launch, ...cost })
  } else {
    const constants = { DECOUPLED: config.name === 'adamw' }
    const cost = { flops: 15 * parameter.size, updates: ['parameter', 'first_moment', 'second_moment'] as const }
    p.dispatch(
      shader,
      'adam',
      { parameter, gradient, rate, first_moment, second_moment, params },
      { ...launch, ...cost, constants },
    )
  }
}

function expectSameSize(vector: Tensor, parameter: Tensor): void {
  if (vector.byteLength === parameter.byteLength) return
  throw new ShapeError(
    `optimizerStep: ${vector.label} is ${formatShape(vector.shape)} but ${parameter.label} is ${formatShape(parameter.shape)}`,
  )
}

/** Contents of `stepRate` at step `t` (from 1): learning rate and Adam's bias corrections. */
export function stepRate(config: OptimizerConfig, learningRate: number, t: number): number[] {
  const { beta1, beta2 } = adamConstants(config)
  const row = rowOf(shader, 'adam', 'rate', { learning_rate: learningRate, c1: 1 - beta1 ** t, c2: 1 - beta2 ** t })
  return [...row, 0]
}

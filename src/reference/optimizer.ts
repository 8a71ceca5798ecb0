// Optimizer steps and the learning-rate schedule; pure functions that return the new parameter and state.
import { map, requireShape, zeros } from './array.ts'
import type { NdArray } from './array.ts'

export interface SgdOptions {
  lr: number
  momentum: number
  weightDecay: number
}

/** g += weightDecay p; velocity = momentum velocity + g; p -= lr velocity. The first velocity is zero. */
export function sgdStep(
  p: NdArray,
  grad: NdArray,
  velocity: NdArray,
  { lr, momentum, weightDecay }: SgdOptions,
): { p: NdArray; velocity: NdArray } {
  requireShape('sgd gradient', grad, p.shape)
  requireShape('sgd velocity', velocity, p.shape)
  const next = map(velocity, (v, i) => momentum * v + grad.data[i]! + weightDecay * p.data[i]!)
  return { p: map(p, (value, i) => value - lr * next.data[i]!), velocity: next }
}

export interface AdamOptions {
  lr: number
  beta1: number
  beta2: number
  epsilon: number
  weightDecay: number
  /** AdamW: the decay shrinks p directly (Loshchilov and Hutter, 2019) instead of joining the gradient. */
  decoupled: boolean
}

export interface AdamState {
  step: number
  mean: NdArray
  square: NdArray
}

/** The state before the first step. */
export function adamState(shape: readonly number[]): AdamState {
  return { step: 0, mean: zeros(shape), square: zeros(shape) }
}

/** One step of Adam (Kingma and Ba, 2015) with bias correction: p -= lr mean' / (sqrt(square') + epsilon). */
export function adamStep(
  p: NdArray,
  grad: NdArray,
  state: AdamState,
  options: AdamOptions,
): { p: NdArray; state: AdamState } {
  requireShape('adam gradient', grad, p.shape)
  const { lr, beta1, beta2, epsilon, weightDecay, decoupled } = options
  const step = state.step + 1
  const shrunk = decoupled ? map(p, (value) => value * (1 - lr * weightDecay)) : p
  const g = decoupled ? grad : map(grad, (value, i) => value + weightDecay * p.data[i]!)
  const mean = map(state.mean, (m, i) => beta1 * m + (1 - beta1) * g.data[i]!)
  const square = map(state.square, (s, i) => beta2 * s + (1 - beta2) * g.data[i]! ** 2)
  const next = map(shrunk, (value, i) => {
    const unbiasedMean = mean.data[i]! / (1 - beta1 ** step)
    const unbiasedSquare = square.data[i]! / (1 - beta2 ** step)
    return value - (lr * unbiasedMean) / (Math.sqrt(unbiasedSquare) + epsilon)
  })
  return { p: next, state: { step, mean, square } }
}

/** Learning rate of an epoch (from 0): lr0 factor^floor(epoch / every). */
export function stepDecay(lr0: number, epoch: number, every: number, factor: number): number {
  return lr0 * factor ** Math.floor(epoch / every)
}

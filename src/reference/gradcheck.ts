// Central differences: the yardstick of every hand-written backward pass.
import type { NdArray } from './array.ts'
import { map, requireShape } from './array.ts'

/** Near the cube root of the float64 epsilon, where truncation and rounding errors of a central difference balance. */
const STEP = 1e-5

/** df/dx by central differences, one element at a time; `f` must not keep or change its argument. */
export function numericalGradient(f: (x: NdArray) => number, x: NdArray): NdArray {
  return map(x, (value, i) => {
    const at = (v: number): number => f(map(x, (old, j) => (j === i ? v : old)))
    return (at(value + STEP) - at(value - STEP)) / (2 * STEP)
  })
}

/** d/dt f(x + t direction) at t = 0 by a central difference: one check for an array of any size. */
export function directionalDerivative(f: (x: NdArray) => number, x: NdArray, direction: NdArray): number {
  requireShape('directionalDerivative', direction, x.shape)
  const at = (t: number): number => f(map(x, (value, i) => value + t * direction.data[i]!))
  return (at(STEP) - at(-STEP)) / (2 * STEP)
}

/** ||a - b|| / max(||a||, ||b||, 1): relative for large gradients, absolute for small ones. */
export function gradientError(a: NdArray, b: NdArray): number {
  requireShape('gradientError', b, a.shape)
  const norm = (x: NdArray): number => Math.sqrt(x.data.reduce((sum, v) => sum + v * v, 0))
  return norm(map(a, (v, i) => v - b.data[i]!)) / Math.max(norm(a), norm(b), 1)
}

// Signals, settings and the float64 oracle that the cvxEDA tests share.
import { decompose } from '../../src/cvxeda/decompose.ts'
import type { Decomposition } from '../../src/cvxeda/decomposition.ts'
import type { DecomposeOptions } from '../../src/cvxeda/options.ts'
import { Float64Solver, type Float64Solution } from '../../src/cvxeda/float64.ts'
import { createProblem, type Problem } from '../../src/cvxeda/problem.ts'
import type { ScaledSignal } from '../../src/cvxeda/solver.ts'
import { optimalityGap, type ReferenceParams } from '../../src/reference/cvxeda.ts'
import { Random } from '../../src/runtime/random.ts'

export const defaults: ReferenceParams = {
  tau0: 2,
  tau1: 0.7,
  deltaKnot: 10,
  alpha: 8e-4,
  gamma: 1e-2,
  baselineCorrection: 2,
}

/** What the float64 solver makes of one signal. */
export async function oracle(y: ArrayLike<number>, options: DecomposeOptions): Promise<Decomposition> {
  const [found] = await decompose('cpu', [y], options)
  return found!
}

/** The float64 solver's own solution. */
export const float64 = (problem: Problem, signal: ScaledSignal): Promise<Float64Solution> =>
  new Float64Solver(problem).solve(signal, async () => undefined)

/** The float64 solver's own solution of y as it is, and an upper bound on its relative distance from the optimum. */
export async function certified(
  y: ArrayLike<number>,
  sampleRate: number,
  change: Partial<ReferenceParams> = {},
): Promise<{ solution: Float64Solution; gap: number }> {
  const params = { ...defaults, ...change }
  const signal = { y: Float64Array.from(y), alpha: params.alpha }
  const solution = await float64(createProblem(y.length, sampleRate, params), signal)
  const { driver, l, d } = solution
  const point = { driver, splineCoefficients: l, driftCoefficients: d }
  return { solution, gap: optimalityGap(y, point, sampleRate, params) }
}

/** A z-scored signal of random responses, a wandering level and noise. */
export function randomSignal(n: number, sampleRate: number, seed: number): Float32Array {
  const random = new Random(seed)
  const y = new Float64Array(n)
  let fast = 0
  let slow = 0
  let level = 0
  for (let i = 0; i < n; i++) {
    const burst = random.uniform() < 0.2 / sampleRate ? sampleRate * random.uniform() : 0
    fast += (burst - fast) / sampleRate / 0.7
    slow += (fast - slow) / sampleRate / 2
    level += (0.05 * random.normal()) / Math.sqrt(sampleRate)
    y[i] = 3 * slow + level + 0.01 * random.normal()
  }
  const mean = y.reduce((sum, v) => sum + v, 0) / n
  const deviation = Math.sqrt(y.reduce((sum, v) => sum + (v - mean) ** 2, 0) / n) || 1
  return Float32Array.from(y, (v) => (v - mean) / deviation)
}

export function rms(a: ArrayLike<number>, b?: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += (a[i]! - (b ? b[i]! : 0)) ** 2
  return Math.sqrt(sum / a.length)
}

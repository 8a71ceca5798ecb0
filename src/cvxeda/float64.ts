// Interior point in float64 on the CPU: the fallback without a GPU, and what the GPU's solvers are judged by.
//
// Each iteration linearises the perturbed optimality conditions p lambda = sigma mu at (p, lambda, l, d) and takes the
// Newton step of newton.ts with w = lambda / p and b = sigma mu / p - alpha; then d lambda = sigma mu / p - lambda - w d.

import { breather } from '../runtime/breather.ts'
import { newtonStep, type Step } from './newton.ts'
import { phasicResponse } from './bateman.ts'
import { tonicSignal, type Problem } from './problem.ts'
import type { ScaledSignal, Solution, SolverHooks } from './solver.ts'
import { moveMultipliers } from './step_length.ts'

/** Duality gap relative to the objective; a thousandth of what float32 is asked for. */
const TOLERANCE = 1e-9
const INACCURATE = 100
const MAX_ITERATIONS = 100
const SIGMA = 0.3

export type Float64Solution = Solution<Float64Array>

/** What changes from one iteration to the next. */
interface Iterate {
  p: Float64Array
  lambda: Float64Array
  l: Float64Array
  d: Float64Array
  /** y - H p - B l - C d. */
  e: Float64Array
}

function stepFrom(problem: Problem, { p, lambda, e, l }: Iterate, alpha: number, mu: number): Step {
  const w = p.map((value, i) => lambda[i]! / value)
  const b = p.map((value) => (SIGMA * mu) / value - alpha)
  return newtonStep(problem, { w, b, e, l })
}

/** Moves along the step as far as p and lambda stay positive; the length of the move, at most 1. */
function advance(iterate: Iterate, step: Step, mu: number): number {
  const { p, lambda, l, d } = iterate
  const length = moveMultipliers(p, lambda, step.p, SIGMA * mu)
  p.forEach((_, i) => {
    p[i]! += length * step.p[i]!
  })
  l.forEach((_, j) => {
    l[j]! += length * step.l[j]!
  })
  d.forEach((_, c) => {
    d[c]! += length * step.d[c]!
  })
  return length
}

/** Residual, complementarity p'lambda and objective. */
function measure(problem: Problem, { y, alpha }: ScaledSignal, { p, lambda, l, d, e }: Iterate) {
  const r = phasicResponse(problem.filter, p)
  const t = tonicSignal(problem, l, d)
  let complementarity = 0
  let objective = 0
  for (let i = 0; i < e.length; i++) {
    e[i] = y[i]! - t[i]! - r[i]!
    complementarity += p[i]! * lambda[i]!
    objective += (e[i]! * e[i]!) / 2 + alpha * p[i]!
  }
  for (const v of l) objective += (problem.params.gamma * v * v) / 2
  return { complementarity, objective }
}

async function solve(problem: Problem, signal: ScaledSignal, breathe: () => Promise<void>): Promise<Float64Solution> {
  const { n, knotCount, drift } = problem
  const iterate: Iterate = {
    p: new Float64Array(n).fill(10),
    lambda: new Float64Array(n).fill(Math.max(signal.alpha, 1e-3)),
    l: new Float64Array(knotCount),
    d: new Float64Array(drift.length),
    e: new Float64Array(n),
  }
  const floor = (1e-6 * signal.y.reduce((sum, v) => sum + v * v, 0)) / 2
  let infeasibility = 1 // what is left of the first iterate's dual residual
  for (let iterations = 0; ; iterations++) {
    await breathe()
    const { complementarity, objective } = measure(problem, signal, iterate)
    const excess = Math.max(complementarity / (objective + floor), infeasibility) / TOLERANCE
    if (excess <= 1 || iterations === MAX_ITERATIONS) {
      const status = excess <= 1 ? 'solved' : excess <= INACCURATE ? 'solved-inaccurate' : 'max-iterations'
      return { driver: iterate.p, l: iterate.l, d: iterate.d, iterations, status }
    }
    const mu = complementarity / n
    infeasibility *= 1 - advance(iterate, stepFrom(problem, iterate, signal.alpha, mu), mu)
  }
}

/** Primal-dual interior point in float64: relative gap 1e-9, at most 100 iterations; one signal after the other. */
export async function float64(
  problem: Problem,
  signals: readonly ScaledSignal[],
  { onSolved, signal: abort }: Pick<SolverHooks, 'onSolved' | 'signal'>,
): Promise<Float64Solution[]> {
  const breathe = breather(abort)
  const solutions: Float64Solution[] = []
  for (const one of signals) {
    solutions.push(await solve(problem, one, breathe))
    onSolved(1)
  }
  return solutions
}

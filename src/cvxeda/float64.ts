// Interior point in float64 on the CPU: the fallback without a GPU, and what the GPU's solvers are judged by.
//
// Each iteration linearises the perturbed optimality conditions p lambda = sigma mu at (p, lambda, l, d) and takes the
// Newton step of newton.ts with target = sigma mu; then d lambda = target / p - lambda - (lambda / p) d.

import { inTurns, type Pieces } from '../runtime/breather.ts'
import type { BatemanFilter } from './bateman.ts'
import { shareDone } from './convergence.ts'
import { Newton } from './newton.ts'
import type { Problem } from './problem.ts'
import type { Walk } from './runs.ts'
import type { ScaledSignal, Solution } from './solver.ts'
import { dot } from './vectors.ts'

/** Duality gap relative to the objective; a thousandth of what float32 is asked for. */
const TOLERANCE = 1e-9
const INACCURATE = 100
const MAX_ITERATIONS = 100
/** How far mu is to fall: to what the last step left of its way, within these bounds. */
const LEAST_SIGMA = 0.1
const MOST_SIGMA = 0.4

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

/** A move along a step of p. */
interface Move {
  change: Float64Array
  target: number
  length: number
}

/** Complementarity p'lambda and objective. */
interface Measures {
  complementarity: number
  objective: number
}

/** In one pass over a run: p and lambda move, then residual, complementarity and objective are measured. */
function moveAndMeasure(
  { e1, e2, c1, d: D, g1, g2, f21 }: BatemanFilter,
  { from, to, columns, values, tonic }: Walk,
  { y, alpha }: ScaledSignal,
  { p, lambda, e }: Iterate,
  { change, target, length }: Move,
  state: Float64Array,
  sums: Measures,
): void {
  const column0 = columns[0]!
  const column1 = columns[1]!
  const column2 = columns[2]!
  const column3 = columns[3]!
  const l0 = tonic[0]!
  const l1 = tonic[1]!
  const l2 = tonic[2]!
  const l3 = tonic[3]!
  const level = tonic[4]!
  const slope = tonic[5]!
  let u = state[0]!
  let v = state[1]!
  let complementarity = 0
  let squares = 0
  let driver = 0
  for (let i = from; i < to; i++) {
    const before = p[i]!
    const multiplier = lambda[i]!
    const inverse = 1 / before
    const d = change[i]!
    const after = before + length * d
    const moved = multiplier + length * ((target - multiplier * d) * inverse - multiplier)
    p[i] = after
    lambda[i] = moved
    const t =
      values[column0 + i]! * l0 +
      values[column1 + i]! * l1 +
      (values[column2 + i]! * l2 + values[column3 + i]! * l3) +
      (level + slope * (i + 1))
    const rest = y[i]! - t - (c1 * u + v + D * after)
    v += f21 * u - e2 * v + g2 * after
    u += g1 * after - e1 * u
    e[i] = rest
    complementarity += after * moved
    squares += rest * rest
    driver += after
  }
  state[0] = u
  state[1] = v
  sums.complementarity += complementarity
  sums.objective += squares / 2 + alpha * driver
}

/** The solver of one problem: its work arrays are made once and serve one signal after the other. */
export class Float64Solver {
  private readonly newton: Newton
  private readonly iterate: Iterate
  private readonly state = new Float64Array(2)

  constructor(private readonly problem: Problem) {
    const { n, knotCount, drift } = problem
    this.newton = new Newton(problem)
    this.iterate = {
      p: new Float64Array(n),
      lambda: new Float64Array(n),
      l: new Float64Array(knotCount),
      d: new Float64Array(drift.count),
      e: new Float64Array(n),
    }
  }

  /**
   * Relative gap 1e-9, at most 100 iterations; `breathe` is awaited before each, with the share of the work that is done. The next call
   * overwrites the solution.
   */
  async solve(signal: ScaledSignal, breathe: (share: number) => Promise<void>): Promise<Float64Solution> {
    const { problem, newton, iterate } = this
    const { p, lambda, l, d, e } = iterate
    this.begin(signal)
    let share = 0
    const turns = () => breathe(share)
    const floor = (1e-6 * (await inTurns(dot(signal.y, signal.y), turns))) / 2
    let infeasibility = 1 // what is left of the first iterate's dual residual
    let target = 0
    let length = 0
    for (let iterations = 0; ; iterations++) {
      await breathe(share)
      const { complementarity, objective } = await inTurns(this.advance(signal, target, length), turns)
      infeasibility *= 1 - length
      const excess = Math.max(complementarity / (objective + floor), infeasibility) / TOLERANCE
      if (excess <= 1 || iterations === MAX_ITERATIONS) {
        const status = excess <= 1 ? 'solved' : excess <= INACCURATE ? 'solved-inaccurate' : 'max-iterations'
        return { driver: p, l, d, iterations, status }
      }
      share = shareDone(iterations + 1, excess)
      const sigma = Math.min(MOST_SIGMA, Math.max(LEAST_SIGMA, 1 - length))
      target = (sigma * complementarity) / problem.n
      length = await inTurns(newton.solve({ p, lambda, target, alpha: signal.alpha, e, l }), turns)
    }
  }

  private begin({ alpha }: ScaledSignal): void {
    const { p, lambda, l, d } = this.iterate
    p.fill(10)
    lambda.fill(Math.max(alpha, 1e-3))
    l.fill(0)
    d.fill(0)
    const { step } = this.newton
    for (const part of [step.p, step.l, step.d]) part.fill(0)
  }

  /** Moves along the last step, and measures where that leads. */
  private *advance(signal: ScaledSignal, target: number, length: number): Pieces<Measures> {
    const { problem, newton, iterate, state } = this
    const { step, walk } = newton
    const { l, d } = iterate
    for (let j = 0; j < l.length; j++) l[j]! += length * step.l[j]!
    for (let c = 0; c < d.length; c++) d[c]! += length * step.d[c]!
    const sums = { complementarity: 0, objective: 0 }
    const move = { change: step.p, target, length }
    state.fill(0)
    yield* walk.overRuns(l, d, () => moveAndMeasure(problem.filter, walk, signal, iterate, move, state, sums))
    for (const v of l) sums.objective += (problem.params.gamma * v * v) / 2
    return sums
  }
}

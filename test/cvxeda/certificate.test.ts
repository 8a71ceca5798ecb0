// The certified gap of a decomposition against dense loops over the whole program, and the polish that must never make a point worse.
import { describe, expect, it } from 'vitest'
import { dualBound } from '../../src/cvxeda/certificate.ts'
import { polish, residualOf, type Point } from '../../src/cvxeda/polish.ts'
import type { BaselineCorrection } from '../../src/cvxeda/params.ts'
import { createProblem } from '../../src/cvxeda/problem.ts'
import {
  cvxedaObjective,
  optimalityGap,
  type ReferenceParams,
  type ReferencePoint,
} from '../../src/reference/cvxeda.ts'
import { Random } from '../../src/runtime/random.ts'
import { certified, defaults, randomSignal } from './support.ts'

const RATE = 8
const N = 160
const y = Float64Array.from(randomSignal(N, RATE, 50))
const energy = y.reduce((sum, v) => sum + v * v, 0) / 2

const named = ({ p, l, d }: Point): ReferencePoint => ({ driver: p, splineCoefficients: l, driftCoefficients: d })
const objectiveAt = (point: Point, params: ReferenceParams) => cvxedaObjective(y, named(point), RATE, params)
const gapAt = (point: Point, params: ReferenceParams) => optimalityGap(y, named(point), RATE, params)

async function optimum(change: Partial<ReferenceParams>): Promise<Point> {
  const {
    solution: { driver, l, d },
    gap,
  } = await certified(y, RATE, change)
  expect(gap).toBeLessThan(1e-8)
  return { p: driver, l, d }
}

const baselines: BaselineCorrection[] = [0, 1, 2, 'spline_offset']

describe.each(baselines)('with baseline %s', (baselineCorrection) => {
  const params: ReferenceParams = { ...defaults, deltaKnot: 5, gamma: 0.03, alpha: 2e-3, baselineCorrection }
  const problem = createProblem(N, RATE, params)
  const signal = { y, alpha: params.alpha }

  it('the dual bound is that of the dense program, at the optimum and far from it', async () => {
    const best = await optimum(params)
    const random = new Random(5)
    for (const size of [0, 1e-4, 1e-2, 1, 1, 1]) {
      const moved = (values: Float64Array) => values.map((v) => v + size * random.normal())
      const point: Point = { p: moved(best.p).map((v) => Math.max(0, v)), l: moved(best.l), d: moved(best.d) }
      const objective = objectiveAt(point, params)
      const expected = objective - gapAt(point, params) * (objective + 1e-6 * energy)
      const bound = dualBound(problem, signal, residualOf(problem, y, point))
      expect(Math.abs(bound - expected)).toBeLessThan(1e-8 * objective)
      expect(bound).toBeLessThanOrEqual(objectiveAt(best, params) * (1 + 1e-9))
    }
  })

  it('the polish claims no smaller gap than there is, and no larger one than its point has', async () => {
    const least = objectiveAt(await optimum(params), params)
    const rough = {
      p: new Float64Array(N).fill(0.5),
      l: new Float64Array(problem.knotCount),
      d: new Float64Array(problem.drift.count),
    }
    const { point, gap } = polish(problem, signal, rough, 0.1)
    const objective = objectiveAt(point, params)
    const distance = (objective - least) / (objective + 1e-6 * energy)
    expect(gap).toBeGreaterThanOrEqual(distance - 1e-9)
    expect(gap).toBeLessThanOrEqual(gapAt(point, params) + 1e-9)
    expect(gap).toBeLessThan(1e-5)
  })

  it('the polish gives back a start that it cannot better, though the gap of it is large', async () => {
    const best = await optimum(params)
    for (const seed of [1, 2, 3]) {
      // Noise of this size costs the objective its square, but the bound, which has to be made feasible, much more.
      const random = new Random(seed)
      const start: Point = { ...best, p: best.p.map((v) => v * (1 + 1e-5 * random.normal())) }
      expect(gapAt(start, params)).toBeGreaterThan(1e-4)
      const { point, gap, steps } = polish(problem, signal, start, 0.1)
      expect(steps).toBeGreaterThan(0)
      expect(gap).toBeLessThan(1e-6)
      expect(point).toBe(start)
    }
  })
})

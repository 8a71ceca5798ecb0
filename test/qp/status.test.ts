// What each status of a quadratic program promises, on the device: every one is reached, and each side of its limits is tried. Residuals
// and gaps are computed again here, in plain loops over the program as it was given.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { infeasibilityError, optimality, unboundednessError } from '../../src/qp/certificates.ts'
import { solveQp } from '../../src/qp/dense.ts'
import type { QpOptions, QpSolution } from '../../src/qp/solution.ts'
import { checkedProgram, type QuadraticProgram } from '../../src/qp/program.ts'
import type { Gpu } from '../../src/runtime/gpu.ts'
import { openGpu } from '../../src/runtime/node.ts'
import { Random } from '../../src/runtime/random.ts'
import { qpCases } from '../../src/verify/qp.ts'

let gpu: Gpu
beforeAll(async () => {
  gpu = await openGpu()
})
afterAll(() => gpu.close())

async function one(program: QuadraticProgram, options: QpOptions = {}): Promise<QpSolution> {
  const [found] = await solveQp(gpu, [program], options)
  return found!
}

/** Relative residuals and gap of (x, y): see `Optimality`; below 0.01 they count absolutely. */
function judged({ P, q, A, l, u }: QuadraticProgram, x: ArrayLike<number>, y: ArrayLike<number>) {
  const [n, m] = [q.length, l.length]
  const largest = { Px: 0, Ax: 0, Ay: 0, q: 0, gradient: 0, outside: 0 }
  const seen = (name: keyof typeof largest, value: number) => {
    largest[name] = Math.max(largest[name], Math.abs(value))
  }
  let [curvature, cost, support, worth] = [0, 0, 0, 0]
  for (let j = 0; j < n; j++) {
    let [Px, Ay] = [0, 0]
    for (let k = 0; k < n; k++) Px += P[j * n + k]! * x[k]!
    for (let i = 0; i < m; i++) Ay += A[i * n + j]! * y[i]!
    seen('Px', Px)
    seen('Ay', Ay)
    seen('q', q[j]!)
    seen('gradient', Px + q[j]! + Ay)
    curvature += x[j]! * Px
    cost += q[j]! * x[j]!
    worth += Math.abs(x[j]! * (Px + q[j]! + Ay))
  }
  for (let i = 0; i < m; i++) {
    let Ax = 0
    for (let j = 0; j < n; j++) Ax += A[i * n + j]! * x[j]!
    const outside = Math.max(l[i]! - Ax, Ax - u[i]!, 0)
    seen('Ax', Ax)
    seen('outside', outside)
    if (y[i]! > 0) support += y[i]! * u[i]!
    if (y[i]! < 0) support += y[i]! * l[i]!
    worth += Math.abs(y[i]!) * outside
  }
  const primal = largest.outside / Math.max(0.01, largest.Ax)
  const dual = largest.gradient / Math.max(0.01, largest.Px, largest.q, largest.Ay)
  const terms = [curvature, cost, support]
  const gap = (Math.abs(curvature + cost + support) + worth) / Math.max(0.01, ...terms.map(Math.abs))
  return { primal, dual, gap, objective: curvature / 2 + cost, error: Math.max(primal, dual, gap) }
}

/** Small programs with a solution. */
const programs = qpCases(60, 20)
  .filter(({ kind, program: { q } }) => kind !== 'infeasible' && kind !== 'unbounded' && q.length < 24)
  .map(({ program }) => program)
/** Never reached, so that every iteration is used up. */
const NEVER = 1e-30

describe('a point', () => {
  it('is judged by its residuals and what they are worth, wherever it lies', () => {
    const random = new Random(3)
    for (const program of programs) {
      const checked = checkedProgram(program, 'it')
      const x = Float64Array.from(program.q, () => random.normal())
      // Bounded on the side to which a multiplier pulls, or the gap is infinite.
      const y = Float64Array.from({ length: program.l.length }, (_, i) => {
        const v = random.normal()
        return (v > 0 ? program.u[i] === Infinity : program.l[i] === -Infinity) ? 0 : v
      })
      const expected = judged(program, x, y)
      const { primal, dual, gap, objective, error } = optimality(checked, x, y)
      const pairs = [
        [primal, expected.primal],
        [dual, expected.dual],
        [gap, expected.gap],
        [objective, expected.objective],
        [error, expected.error],
      ] as const
      for (const [found, right] of pairs)
        expect(Math.abs(found - right)).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(right)))
    }
  })

  it('whose terms cancel is not taken for the solution', () => {
    // x'x - 2 x_0 vanishes on a circle through the solution (2, 0); at (1, 1), on it, the gradient is (-1, 1), which is worth 2.
    const program = checkedProgram({ P: [1, 0, 0, 1], q: [-2, 0], A: [], l: [], u: [] }, 'it')
    const none = new Float64Array(0)
    expect(optimality(program, Float64Array.of(1, 1), none)).toMatchObject({
      primal: 0,
      dual: 0.5,
      gap: 1,
      objective: -1,
      error: 1,
    })
    expect(optimality(program, Float64Array.of(2, 0), none)).toMatchObject({ dual: 0, gap: 0, objective: -2, error: 0 })
    // Outside its bound by 1, pulled by a multiplier of 1: the violation is worth 1 of the largest term, 2.
    const bounded = checkedProgram({ P: [1], q: [-3], A: [1], l: [-Infinity], u: [1] }, 'it')
    expect(optimality(bounded, Float64Array.of(2), Float64Array.of(1))).toMatchObject({
      primal: 0.5,
      dual: 0,
      gap: 2 / 6,
      objective: -4,
    })
  })
})

it('bounds from 1e20 on are none, those below are bounds', () => {
  const { l, u } = checkedProgram({ P: [1], q: [0], A: [1, 1], l: [-1e20, -0.99e20], u: [0.99e20, 1e20] }, 'it')
  expect([[...l], [...u]]).toEqual([
    [-Infinity, -0.99e20],
    [0.99e20, Infinity],
  ])
})

describe('solved', () => {
  it('is said of residuals up to the tolerance, solved-inaccurate of a hundred times that', async () => {
    const stopped = await solveQp(gpu, programs, { maxIterations: 25, tolerance: NEVER })
    const errors = stopped.map(({ x, y }, i) => judged(programs[i]!, x, y).error)
    stopped.forEach(({ residuals, status }, i) => {
      expect(Math.max(residuals.primal, residuals.dual, residuals.gap)).toBeCloseTo(errors[i]!, 9)
      expect(status).toBe(errors[i] === 0 ? 'solved' : 'max-iterations')
    })
    // So far off that no guess of the active constraints is made: what is returned is the same point whatever the tolerance.
    const far = errors.flatMap((error, i) => (error > 0.12 && error < 1 ? [i] : []))
    expect(far.length).toBeGreaterThan(2)
    for (const i of far) {
      const status = async (tolerance: number) => (await one(programs[i]!, { maxIterations: 25, tolerance })).status
      const error = errors[i]!
      expect(await status(error * (1 - 1e-9))).toBe('solved-inaccurate')
      expect(await status(error * (1 + 1e-9))).toBe('solved')
      expect(await status((error / 100) * (1 + 1e-9))).toBe('solved-inaccurate')
      expect(await status((error / 100) * (1 - 1e-9))).toBe('max-iterations')
    }
  })

  it('is by default an error of at most 1e-4, by the plain loops', async () => {
    const found = await solveQp(gpu, programs)
    found.forEach(({ status, x, y, objective }, i) => {
      expect(status).toBe('solved')
      const at = judged(programs[i]!, x, y)
      expect(at.error).toBeLessThanOrEqual(1e-4)
      expect(objective).toBeCloseTo(at.objective, 9)
    })
  })
})

describe('the point that is returned', () => {
  it('is the best so far: nothing that is tried after it makes it worse', async () => {
    let before = programs.map(() => Infinity)
    for (const maxIterations of [25, 50, 75, 100]) {
      const found = await solveQp(gpu, programs, { maxIterations, tolerance: NEVER })
      const errors = found.map(({ x, y }, i) => judged(programs[i]!, x, y).error)
      errors.forEach((error, i) =>
        expect(error, `program ${i} after ${maxIterations}`).toBeLessThanOrEqual(before[i]! * (1 + 1e-9) + 1e-14),
      )
      before = errors
    }
  })
})

describe('an infeasible or unbounded program', () => {
  it('is one to an accuracy of 1e-6: beyond, its solution is looked for', async () => {
    // Feasible only where x_1 is about 1 / slope; the best multipliers share the slope between the variables.
    const nearly = (slope: number): QuadraticProgram => ({
      P: [1, 0, 0, 1],
      q: [0, 0],
      A: [1, 1, 1, 1 - slope],
      l: [1, -Infinity],
      u: [Infinity, 0],
    })
    const inside = await one(nearly(1.9e-6), { maxIterations: 25 })
    expect(inside.status).toBe('primal-infeasible')
    expect([inside.certificate![0]! < 0, inside.certificate![1]! > 0]).toEqual([true, true])
    expect((await one(nearly(2.1e-6), { maxIterations: 25 })).status).not.toBe('primal-infeasible')
    const { status, x } = await one(nearly(1e-3))
    expect(status).toBe('solved')
    expect(x[1]).toBeCloseTo(1000, 0)
  })

  it('is proven by numbers known by hand', () => {
    const apart = checkedProgram({ P: [1], q: [0], A: [2, 1], l: [3, -Infinity], u: [Infinity, 1] }, 'it')
    // 2 x >= 3 and x <= 1: y = (-1, 2) cancels; (-1, 1.5) leaves 0.5 of a support of 1.5, and of terms that sum to 3.5.
    expect(infeasibilityError(apart, Float64Array.of(-1, 2))).toBe(0)
    expect(infeasibilityError(apart, Float64Array.of(-1, 1.5))).toBeCloseTo(0.5 / 1.5, 12)
    expect(infeasibilityError(apart, Float64Array.of(1, 0))).toBe(Infinity)
    const falls = checkedProgram({ P: [0, 0, 0, 0.5], q: [-1, 0], A: [1, 1], l: [-Infinity], u: [4] }, 'it')
    // Along (1, -1) the constraint stays and the curvature is 0.5 of a slope of 1, all of it; along (1, 0) the constraint is left.
    expect(unboundednessError(falls, Float64Array.of(1, -1))).toBe(1)
    expect(unboundednessError(falls, Float64Array.of(1, 0))).toBe(1)
    expect(unboundednessError(falls, Float64Array.of(-1, 0))).toBe(Infinity)
    const free = checkedProgram({ P: [0, 0, 0, 0.5], q: [-1, 0], A: [1, 0], l: [-3], u: [Infinity] }, 'it')
    expect(unboundednessError(free, Float64Array.of(1, 0))).toBe(0)
  })
})

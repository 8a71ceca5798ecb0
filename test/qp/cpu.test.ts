// Quadratic programs without a GPU: the interior point in float64, on this thread and on workers, and what it does for ADMM.
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { infeasibilityError, unboundednessError } from '../../src/qp/certificates.ts'
import { solveQp } from '../../src/qp/dense.ts'
import { equilibrate } from '../../src/qp/equilibrate.ts'
import { interiorPoint } from '../../src/qp/interior_point.ts'
import { factorKkt } from '../../src/qp/kkt.ts'
import { factorQuasidefinite, largestOf, multiply, multiplyTransposed } from '../../src/qp/linear.ts'
import { checkedProgram, type QuadraticProgram } from '../../src/qp/program.ts'
import type { QpOptions, QpSolution } from '../../src/qp/solution.ts'
import { qpReference } from '../../src/reference/qp.ts'
import { breather } from '../../src/runtime/breather.ts'
import type { Cpu } from '../../src/runtime/cpu.ts'
import { openCpu } from '../../src/runtime/node_cpu.ts'
import { openGpu } from '../../src/runtime/node.ts'
import { Random } from '../../src/runtime/random.ts'
import { qpCases, verifyQp } from '../../src/verify/qp.ts'

const SEED = 30
const programs = (count: number, seed: number) => qpCases(count, seed).map(({ program }) => program)

async function one(program: QuadraticProgram, options: QpOptions = {}): Promise<QpSolution> {
  const [found] = await solveQp('cpu', [program], options)
  return found!
}

/** The largest size, linear or with a P, with equations. */
function largest(seed: number, curvature: number): QuadraticProgram {
  const [n, m] = [128, 256]
  const random = new Random(seed)
  const A = Float64Array.from({ length: m * n }, () => random.normal())
  const P = Float64Array.from({ length: n * n }, (_, at) => (at % (n + 1) === 0 ? curvature : 0))
  const q = Float64Array.from({ length: n }, () => random.normal())
  const equations = 40
  const l = Float64Array.from({ length: m }, (_, i) => (i < equations ? 0.25 : -1))
  return { P, q, A, l, u: l.map((v, i) => (i < equations ? v : 0.5)) }
}

describe('on the thread that asks', () => {
  it(`random programs of every kind have the right status and objective (seed ${SEED})`, async () => {
    const results = await verifyQp('cpu', 120, SEED)
    expect(results.filter(({ status }) => status !== 'passed')).toEqual([])
    expect(results).toHaveLength(120)
  })

  it('their solutions are good beyond the tolerance, and their proofs hold', async () => {
    const cases = qpCases(60, SEED + 1)
    const found = await solveQp(
      'cpu',
      cases.map(({ program }) => program),
    )
    cases.forEach(({ program, name, status: right }, i) => {
      const { status, residuals, certificate, iterations, solver } = found[i]!
      expect([status, solver], name).toEqual([right, 'interior-point'])
      expect(iterations, name).toBeLessThan(40)
      const checked = checkedProgram(program, name)
      if (status === 'solved') expect(Math.max(...Object.values(residuals)), name).toBeLessThan(1e-6)
      if (status === 'primal-infeasible') expect(infeasibilityError(checked, certificate!), name).toBeLessThan(1e-6)
      if (status === 'dual-infeasible') expect(unboundednessError(checked, certificate!), name).toBeLessThan(1e-6)
    })
  })

  it.each([0, 1])(
    'the largest size, with equations and P = %d I, against float64 in plain loops',
    async (curvature) => {
      const program = largest(3, curvature)
      const { status, objective } = await one(program)
      const twin = qpReference(program)
      expect(twin.error).toBeLessThan(1e-6)
      expect(status).toBe('solved')
      expect(Math.abs(objective - twin.objective)).toBeLessThan(1e-6 * Math.abs(twin.objective))
    },
  )

  it('programs with a solution known by hand', async () => {
    const base = { P: [2, 0, 0, 2], q: [-2, -6] }
    const bound = await one({ ...base, A: [1, 0, 0, 1], l: [-9, -9], u: [9, 2] })
    ;[1, 2].forEach((v, j) => expect(bound.x[j]).toBeCloseTo(v, 6))
    ;[0, 2].forEach((v, i) => expect(bound.y[i]).toBeCloseTo(v, 5))
    const lower = await one({ ...base, A: [1, 0, 0, 1], l: [4, -9], u: [9, 9] })
    ;[-6, 0].forEach((v, i) => expect(lower.y[i]).toBeCloseTo(v, 5)) // 2 x - 2 + y = 0 at 4, negative at a lower bound
    const equation = await one({ ...base, A: [1, 1, 2, 2, 5, 7], l: [2, 4, -Infinity], u: [2, 4, Infinity] })
    ;[0, 2].forEach((v, j) => expect(equation.x[j]).toBeCloseTo(v, 6))
    expect(equation.y[2]).toBe(0) // nothing bounds that row
    const free = await one({ ...base, A: [], l: [], u: [] })
    ;[1, 3].forEach((v, j) => expect(free.x[j]).toBeCloseTo(v, 6))
  })

  it('a proof needs more than large bounds', async () => {
    const large = await one({ P: [0], q: [1], A: [1, 1], l: [1.1e6, -Infinity], u: [Infinity, 2.2e6] })
    expect([large.status, Math.round(large.x[0]!)]).toEqual(['solved', 1.1e6])
  })

  it('an iteration more at a time, its best point is never worse, and is said to be no solution before it is one', async () => {
    const program = programs(1, SEED + 2)[0]!
    let before = Infinity
    const seen = new Set<string>()
    for (let maxIterations = 1; maxIterations < 12; maxIterations++) {
      const { status, residuals, iterations } = await one(program, { maxIterations })
      const error = Math.max(...Object.values(residuals))
      expect(error).toBeLessThanOrEqual(before)
      expect(iterations).toBeLessThanOrEqual(maxIterations)
      expect(status).toBe(error <= 1e-4 ? 'solved' : error <= 1e-2 ? 'solved-inaccurate' : 'max-iterations')
      seen.add(status)
      before = error
    }
    expect([...seen].sort()).toEqual(['max-iterations', 'solved', 'solved-inaccurate'])
  })

  it('ends where float64 gets no further', async () => {
    const { status, iterations, x } = await one(largest(4, 1), { tolerance: 1e-30 })
    expect(status).toBe('max-iterations')
    expect(iterations).toBeLessThanOrEqual(100)
    expect(x.every(Number.isFinite)).toBe(true)
  })

  it('a start that is a solution is kept, another is no help', async () => {
    const [program] = programs(1, SEED + 3)
    const cold = await one(program!)
    const kept = await one(program!, { starts: [cold] })
    expect([kept.iterations, kept.status]).toEqual([0, 'solved'])
    expect(kept.x).toEqual(cold.x)
    const y = cold.y.map((v) => v + 1)
    expect(await one(program!, { starts: [{ x: cold.x, y }] })).toEqual(cold)
  })
})

describe('a call with many programs', () => {
  let cpu: Cpu
  beforeAll(() => {
    cpu = openCpu({ workers: 2 })
  })
  afterAll(() => cpu.close())

  it('gives the same bits in any company, and on workers', async () => {
    const cases = programs(40, SEED + 4)
    const together = await solveQp('cpu', cases)
    for (const i of [0, 3, 38]) expect(await one(cases[i]!)).toEqual(together[i])
    expect(await solveQp(cpu, cases)).toEqual(together)
    const starts = together.map(({ x, y }, i) => ({
      x: x.every(Number.isFinite) ? x : new Float64Array(cases[i]!.q.length),
      y: y.every(Number.isFinite) ? y : new Float64Array(cases[i]!.l.length),
    }))
    const settings = { tolerance: 1e-6, maxIterations: 30, starts }
    expect(await solveQp(cpu, cases, settings)).toEqual(await solveQp('cpu', cases, settings))
    expect(await solveQp(cpu, [])).toEqual([])
  })

  it('leaves the programs and starts as they were', async () => {
    const program = largest(5, 1)
    const start = { x: new Float64Array(128), y: new Float64Array(256) }
    const copy = structuredClone({ program, start })
    await solveQp(cpu, [program], { starts: [start] })
    expect({ program, start }).toEqual(copy)
  })

  it('stops when told to, before it looks at anything, and midway', async () => {
    const broken = [{ ...largest(6, 1), P: [NaN] }]
    for (const device of ['cpu', cpu] as const) {
      const aborted = AbortSignal.abort(new Error('enough'))
      await expect(solveQp(device, broken, { signal: aborted })).rejects.toThrow('enough')
    }
    const controller = new AbortController()
    const call = solveQp('cpu', [largest(6, 1)], { signal: controller.signal })
    controller.abort(new Error('midway'))
    await expect(call).rejects.toThrow('midway')
  })

  it('refuses a program before it solves any', async () => {
    const run = vi.spyOn(cpu, 'run')
    const bad = { ...largest(7, 1), q: new Float64Array(128).fill(NaN) }
    await expect(solveQp(cpu, [largest(7, 1), bad])).rejects.toThrow('program 1: q[0] is NaN')
    expect(run).not.toHaveBeenCalled()
    run.mockRestore()
  })
})

describe('other tasks have their turn', () => {
  /** Turns that others get while the call runs, on a clock by which every piece of work takes too long. */
  async function turnsOf(call: () => Promise<unknown>): Promise<number> {
    let now = 0
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => (now += 1000))
    const turns = vi.spyOn(globalThis, 'setTimeout')
    try {
      await call()
      return turns.mock.calls.length
    } finally {
      clock.mockRestore()
      turns.mockRestore()
    }
  }

  it('within a factorisation, and between the checks of many programs', async () => {
    const size = 64
    const K = Float64Array.from({ length: size * size }, (_, at) => (at % (size + 1) === 0 ? 1 : 0))
    expect(await turnsOf(() => factorQuasidefinite(K, size, breather(undefined)))).toBeGreaterThanOrEqual(size / 16)
    const broken = { P: [1], q: [0], A: [], l: [], u: [NaN] }
    const checks = Array.from({ length: 50 }, () => ({ P: [1], q: [0], A: [], l: [], u: [] }))
    const refused = () => solveQp('cpu', [...checks, broken]).catch(() => {})
    expect(await turnsOf(refused)).toBeGreaterThanOrEqual(50)
  })

  it('while programs are prepared, uploaded and finished for a GPU', async () => {
    const gpu = await openGpu()
    try {
      const few = (count: number) => Array.from({ length: count }, () => ({ P: [1], q: [1], A: [1], l: [-1], u: [0] }))
      const [little, much] = [await turnsOf(() => solveQp(gpu, few(1))), await turnsOf(() => solveQp(gpu, few(101)))]
      // Checked, scaled, loaded, uploaded, downloaded, judged.
      expect(much - little).toBeGreaterThanOrEqual(600)
    } finally {
      await gpu.close()
    }
  })
})

describe('after ADMM', () => {
  it('sharpens a solution that is just within the tolerance and yet has another objective', async () => {
    // Two variables, rows that are almost parallel: multipliers of 50,000 make 1e-5 of a violation worth the whole objective.
    const { program } = qpCases(390, 3)[389]!
    const gpu = await openGpu()
    try {
      const [found] = await solveQp(gpu, [program])
      expect(found!.status).toBe('solved')
      expect(found!.objective).toBeCloseTo(qpReference(program).objective, 5)
    } finally {
      await gpu.close()
    }
  })

  it('finishes what 400 iterations leave, within the iterations that were given', async () => {
    const gpu = await openGpu()
    try {
      // Linear programs whose variables are of very different size: ADMM takes thousands of iterations for them.
      const [n, m] = [20, 60]
      const hard = Array.from({ length: 8 }, (_, seed): QuadraticProgram => {
        const random = new Random(seed)
        const size = Float64Array.from({ length: n }, () => 10 ** (6 * random.uniform() - 3))
        return {
          P: new Float64Array(n * n),
          q: Float64Array.from({ length: n }, () => random.normal()),
          A: Float64Array.from({ length: m * n }, (_, at) => random.normal() * size[at % n]!),
          l: new Float64Array(m).fill(-1),
          u: Float64Array.from({ length: m }, () => random.uniform()),
        }
      })
      const whole = await solveQp(gpu, hard)
      const exact = await solveQp('cpu', hard)
      const cut = await solveQp(gpu, hard, { maxIterations: 402 })
      const admm = await solveQp(gpu, hard, { maxIterations: 400 })
      const finished = whole.flatMap(({ solver }, i) => (solver === 'interior-point' ? [i] : []))
      expect(finished.length).toBeGreaterThan(0)
      whole.forEach(({ status, objective }, i) => {
        expect(status).toBe('solved')
        expect(Math.abs(objective / exact[i]!.objective - 1)).toBeLessThan(1e-4)
      })
      for (const i of finished) {
        expect(whole[i]!.iterations).toBe(400 + exact[i]!.iterations)
        expect([cut[i]!.iterations, cut[i]!.status === 'solved']).toEqual([402, false])
        expect([admm[i]!.iterations, admm[i]!.status === 'solved']).toEqual([400, false])
      }
    } finally {
      await gpu.close()
    }
  })
})

describe('the float64 parts', () => {
  const scaled = equilibrate(checkedProgram(programs(2, SEED + 5)[1]!, 'it'))
  const breathe = () => Promise.resolve()

  it('solve the system of a step, whatever the weights of its rows', async () => {
    const { n, m, P, A } = scaled
    const random = new Random(10)
    const weight = Float64Array.from({ length: m }, (_, i) => [0, 1e-8, 1, 50, 1e4, 1e12, Infinity][i % 7]!)
    // The right-hand sides of a point: where P or the equations are singular, not every one has a solution.
    const at = [n, m].map((length) => Float64Array.from({ length }, () => random.normal()))
    const lowered = at[1]!.map((v, i) => Math.min(1, weight[i]!) * v)
    const left = (x: Float64Array, y: Float64Array) => {
      const [Px, Ay, Ax] = [multiply(P, x, n), multiplyTransposed(A, y, n), multiply(A, x, m)]
      return {
        f: Px.map((v, j) => v + Ay[j]!),
        g: Ax.map((v, i) => (weight[i] === 0 ? 0 : v - y[i]! / weight[i]!)),
      }
    }
    const { f, g } = left(at[0]!, lowered)
    const { x, y } = await (await factorKkt(scaled, weight, breathe)).solve(f, g, breathe)
    const found = left(x, y)
    expect(largestOf(f.map((v, j) => v - found.f[j]!))).toBeLessThan(1e-7 * largestOf(f))
    expect(largestOf(g.map((v, i) => v - found.g[i]!))).toBeLessThan(1e-7 * largestOf(g))
    expect(y.filter((_, i) => weight[i] === 0).every((v) => v === 0)).toBe(true)
    expect(weight).toContain(0)
  })

  it('shrink all residuals of the homogeneous conditions alike', async () => {
    const { n, m, P, q, A } = scaled
    const shares: number[][] = []
    let first: number[] | null = null
    for await (const { x, y, tau } of interiorPoint(scaled, breathe)) {
      const [Px, Ay] = [multiply(P, x, n), multiplyTransposed(A, y, n)]
      const gradient = [...Px].map((v, j) => v + q[j]! * tau + Ay[j]!)
      first ??= gradient
      shares.push(gradient.map((v, j) => v / first![j]!))
      if (shares.length > 5) break
    }
    expect(m).toBeGreaterThan(0)
    let before = 1
    for (const share of shares.slice(1)) {
      const [least, most] = [Math.min(...share), Math.max(...share)]
      expect(most - least).toBeLessThan(1e-6)
      expect(most).toBeLessThan(before)
      before = most
    }
  })
})

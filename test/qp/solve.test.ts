import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { balanced } from '../../src/qp/admm.ts'
import { infeasibilityError, optimality, unboundednessError } from '../../src/qp/certificates.ts'
import { solveQp } from '../../src/qp/dense.ts'
import type { QpSolution } from '../../src/qp/solution.ts'
import { equilibrate } from '../../src/qp/equilibrate.ts'
import { choleskyOf, inverseLower, largestOf, multiply, multiplyTransposed, solveSaddle } from '../../src/qp/linear.ts'
import { checkedProgram, type QuadraticProgram } from '../../src/qp/program.ts'
import { qpReference } from '../../src/reference/qp.ts'
import { ShapeError, UsageError } from '../../src/runtime/errors.ts'
import type { Gpu } from '../../src/runtime/gpu.ts'
import { openGpu } from '../../src/runtime/node.ts'
import type { Tensor } from '../../src/runtime/tensor.ts'
import { Random } from '../../src/runtime/random.ts'
import { qpCases, verifyQp, type QpCase } from '../../src/verify/qp.ts'

let gpu: Gpu
beforeAll(async () => {
  gpu = await openGpu()
})
afterAll(() => gpu.close())

const SEED = 20
const programs = (cases: readonly QpCase[]) => cases.map(({ program }) => program)

async function one(program: QuadraticProgram, options = {}): Promise<QpSolution> {
  const [found] = await solveQp(gpu, [program], options)
  return found!
}

/** A program of this size with a solution. */
function sized(n: number, m: number, seed: number): QuadraticProgram {
  const random = new Random(seed)
  const A = Float64Array.from({ length: m * n }, () => random.normal())
  const P = new Float64Array(n * n)
  for (let j = 0; j < n; j++) P[j * n + j] = 0.1 + random.uniform()
  const q = Float64Array.from({ length: n }, () => random.normal())
  return { P, q, A, l: new Float64Array(m).fill(-1), u: new Float64Array(m).fill(0.5) }
}

describe('random programs of every kind', () => {
  it(`have the right status and the objective of float64 (seed ${SEED})`, async () => {
    const results = await verifyQp(gpu, 60, SEED)
    expect(results.filter(({ status }) => status !== 'passed')).toEqual([])
    expect(results).toHaveLength(60)
  })

  it('are what their kind says, by float64 alone', () => {
    for (const { name, kind, program } of qpCases(24, SEED)) {
      if (program.q.length > 40) continue // a hundred variables take the plain loops seconds
      if (kind === 'feasible' || kind === 'degenerate') expect(qpReference(program).error, name).toBeLessThan(1e-6)
      else expect(qpReference(program).error, name).toBeGreaterThan(1e-6)
    }
  })

  it('come with proofs that hold', async () => {
    const cases = qpCases(40, SEED + 1).filter(({ kind }) => kind === 'infeasible' || kind === 'unbounded')
    const found = await solveQp(gpu, programs(cases))
    cases.forEach(({ program, name }, i) => {
      const { certificate, status, x, objective } = found[i]!
      const checked = checkedProgram(program, name)
      const error =
        status === 'primal-infeasible'
          ? infeasibilityError(checked, certificate!)
          : unboundednessError(checked, certificate!)
      expect(error, name).toBeLessThan(1e-6)
      expect(largestOf(certificate!)).toBeCloseTo(1, 12)
      expect(x.every(Number.isNaN)).toBe(true)
      expect(objective).toBe(status === 'primal-infeasible' ? Infinity : -Infinity)
    })
  })
})

describe('awkward shapes', () => {
  const shapes = [
    [1, 0],
    [1, 1],
    [3, 0],
    [8, 8],
    [9, 17],
    [128, 0],
    [128, 256],
  ] as const
  it.each(shapes)('%d variables, %d constraints', async (n, m) => {
    const program = sized(n, m, n + m)
    const { status, objective, x, y, residuals } = await one(program)
    const twin = qpReference(program)
    expect(status).toBe('solved')
    expect(Math.abs(objective - twin.objective)).toBeLessThan(1e-4 * Math.max(1, Math.abs(twin.objective)))
    expect([x.length, y.length]).toEqual([n, m])
    expect(Math.max(residuals.primal, residuals.dual, residuals.gap)).toBeLessThanOrEqual(1e-4)
  })

  it('none at all', async () => expect(await solveQp(gpu, [])).toEqual([]))
})

describe('programs with a solution known by hand', () => {
  it('a quadratic inside its bounds, at a bound, and on an equation', async () => {
    const base = { P: [2, 0, 0, 2], q: [-2, -6], A: [1, 0, 0, 1] }
    const inside = await one({ ...base, l: [-9, -9], u: [9, 9] })
    expect([...inside.x, ...inside.y].map((v) => Math.round(v * 1e4) / 1e4 + 0)).toEqual([1, 3, 0, 0])
    const bound = await one({ ...base, l: [-9, -9], u: [9, 2] })
    expect(bound.x[1]).toBeCloseTo(2, 5)
    expect(bound.y[1]).toBeCloseTo(2, 4) // 2 x - 6 + y = 0, positive at an upper bound
    const equation = await one({ ...base, A: [1, 1], l: [2], u: [2] })
    expect(equation.x[0]).toBeCloseTo(0, 5)
    expect(equation.x[1]).toBeCloseTo(2, 5)
  })

  it('a linear program with a degenerate vertex', async () => {
    // maximise x + y where three constraints meet in (1, 1)
    const found = await one({ P: [0, 0, 0, 0], q: [-1, -1], A: [1, 0, 0, 1, 1, 1], l: [0, 0, -Infinity], u: [1, 1, 2] })
    expect(found.status).toBe('solved')
    expect(found.objective).toBeCloseTo(-2, 6)
  })

  it('bounds that contradict, and a cost that falls without end', async () => {
    const large = await one({ P: [0], q: [1], A: [1, 1], l: [1.1e6, -Infinity], u: [Infinity, 2.2e6] })
    expect(large.status).not.toBe('primal-infeasible') // large bounds alone are no proof
    const infeasible = await one({ P: [1], q: [0], A: [1, 1], l: [1, -Infinity], u: [Infinity, 0.5] })
    expect(infeasible.status).toBe('primal-infeasible')
    const [low, high] = infeasible.certificate!
    expect([low! < 0, high! > 0, low! + high!]).toEqual([true, true, 0])
    const unbounded = await one({ P: [1, 0, 0, 0], q: [0, -1], A: [1, 0], l: [-1], u: [1] })
    expect([unbounded.status, ...unbounded.certificate!.map(Math.abs)]).toEqual(['dual-infeasible', 0, 1])
  })

  it('bounds of 1e20 and beyond are none', async () => {
    const found = await one({ P: [1], q: [-4], A: [1], l: [-1e25], u: [1e20] })
    expect([found.status, Math.round(found.x[0]! * 1e4) / 1e4]).toEqual(['solved', 4])
  })

  it('takes the upper triangle of P', async () => {
    const rest = { q: [1, -2], A: [1, 1], l: [-1], u: [1] }
    const full = await one({ P: [2, 0.5, 0.5, 1], ...rest })
    expect(await one({ P: [2, 0.5, 0, 1], ...rest })).toEqual(full)
  })
})

describe('a call with many programs', () => {
  it('gives the same bits for any order, size and company', async () => {
    const cases = programs(qpCases(24, SEED + 2))
    const together = await solveQp(gpu, cases)
    expect((await solveQp(gpu, cases.toReversed())).reverse()).toEqual(together)
    for (const i of [0, 5, 10, 23]) expect(await one(cases[i]!)).toEqual(together[i])
  })

  it('gives the same bits in as many batches as the device needs, and frees its memory', async () => {
    const before = gpu.memory()
    const cases = Array.from({ length: 5 }, (_, i) => sized(60, 50, 60 + i))
    const together = await solveQp(gpu, cases)
    const narrow: Gpu = Object.create(gpu, { bindingLimit: { value: 2 * 64 * 64 * 4 } }) as Gpu
    expect(await solveQp(narrow, cases)).toEqual(together)
    expect(gpu.memory()['tensor']).toEqual(before['tensor'])
  })

  it('starts from a solution in one block', async () => {
    const program = sized(20, 30, 70)
    const { x, y } = await one(program)
    expect((await one(program, { starts: [{ x, y }] })).iterations).toBe(25)
  })

  it('starts each of several sizes from its own solution', async () => {
    const programs = [sized(20, 30, 70), sized(5, 8, 71), sized(20, 30, 72), sized(5, 8, 73)]
    const cold = await solveQp(gpu, programs)
    const warm = await solveQp(gpu, programs, { starts: cold.map(({ x, y }) => ({ x, y })) })
    expect(warm.map(({ status, iterations }) => [status, iterations])).toEqual(programs.map(() => ['solved', 25]))
    expect(Math.max(...cold.map(({ iterations }) => iterations))).toBeGreaterThan(25)
  })

  it('says so when it stops early', async () => {
    // A tolerance that float64 cannot reach.
    const found = await one(sized(30, 40, 71), { maxIterations: 30, tolerance: 1e-30 })
    expect([found.status, found.iterations]).toEqual(['max-iterations', 50])
  })

  it('stops when told to', async () => {
    const aborted = AbortSignal.abort(new Error('enough'))
    await expect(solveQp(gpu, [sized(5, 5, 72)], { signal: aborted })).rejects.toThrow('enough')
    const controller = new AbortController()
    const reading: Gpu = Object.create(gpu, {
      readFloat: {
        value: (tensor: Tensor) => {
          controller.abort(new Error('midway'))
          return gpu.readFloat(tensor)
        },
      },
    }) as Gpu
    const { signal } = controller
    await expect(solveQp(reading, [sized(30, 40, 73)], { tolerance: 1e-30, signal })).rejects.toThrow('midway')
    expect(gpu.memory()['tensor']?.bytes ?? 0).toBe(0)
  })
})

const DEVICE = "the first argument must be a Gpu (from openGpu), workers (from openCpu) or 'cpu',"

describe('programs that are refused', () => {
  const good = { P: [1, 0, 0, 1], q: [0, 0], A: [1, 1], l: [0], u: [1] }
  it.each([
    [{ P: [1, 0, 1] }, ShapeError, 'P has 3 values, expected 4'],
    [{ A: [1] }, ShapeError, 'A has 1 values, expected 2'],
    [{ u: [] }, ShapeError, 'u has 0 values, expected 1'],
    [{ q: [] }, ShapeError, '0 variables'],
    [{ q: [NaN, 0] }, UsageError, 'q[0] is NaN'],
    [{ A: [1, Infinity] }, UsageError, 'A[1] is Infinity'],
    [{ l: [2] }, UsageError, 'constraint 0 has bounds 2 and 1'],
    [{ l: [NaN] }, UsageError, 'constraint 0 has bounds NaN and 1'],
    [{ l: [Infinity], u: [Infinity] }, UsageError, 'constraint 0 has bounds Infinity'],
    [{ P: [1, 2, 3, 1] }, UsageError, 'P is not symmetric'],
    [{ P: [1, 0, 0, -1] }, UsageError, 'not convex'],
    [{ P: [1, 2, 2, 1] }, UsageError, 'not convex'],
  ])('%o', async (change, type, message) => {
    const call = solveQp(gpu, [{ ...good }, { ...good, ...change }])
    await expect(call).rejects.toThrow(type)
    await expect(call).rejects.toThrow(message)
    await expect(call).rejects.toThrow('program 1')
  })

  it.each([
    [{ P: ['1', '0', '0', '1'] }, "P[0] is '1', expected a number"],
    [{ l: [null] }, 'l[0] is null, expected a number'],
    [{ u: [undefined] }, 'u[0] is undefined, expected a number'],
    [{ A: [[1], [1]] }, 'A[0] is 1, expected a number'],
    [{ q: [1n, 0] }, 'q[0] is 1, expected a number'],
    [{ q: 'ab' }, 'q is a string, expected an array'],
    [{ P: null }, 'P is null, expected an array'],
    [{ A: undefined }, 'A is undefined, expected an array'],
  ])('what is no number, which a conversion would take for one: %o', async (change, message) => {
    const call = solveQp(gpu, [good, { ...good, ...change } as unknown as QuadraticProgram])
    await expect(call).rejects.toThrow(UsageError)
    await expect(call).rejects.toThrow(`program 1: ${message}`)
  })

  it.each([
    [undefined, [good], `${DEVICE} got undefined`],
    [null, [good], `${DEVICE} got null`],
    ['gpu', [good], `${DEVICE} got 'gpu'`],
    [Promise.resolve(), [good], `${DEVICE} got a promise, which wants an await`],
    [[good], {}, `${DEVICE} got an array`],
    ['cpu', good, 'expected an array of programs, got an object; a single one goes in as [one]'],
    ['cpu', undefined, 'expected an array of programs, got undefined'],
    ['cpu', 'programs', 'expected an array of programs, got a string'],
    ['cpu', [good, null], 'program 1 is null, expected an object with P'],
    ['cpu', [good, 7], 'program 1 is a number, expected an object with P'],
    ['cpu', [[good]], 'program 0 is an array, expected an object with P'],
  ])('the arguments %o and %o', async (device, programs, message) => {
    const call = solveQp(device as unknown as Gpu, programs as QuadraticProgram[])
    await expect(call).rejects.toThrow(UsageError)
    await expect(call).rejects.toThrow(`solveQp: ${message}`)
  })

  it('and options', async () => {
    await expect(solveQp(gpu, [good], { tolerance: 0 })).rejects.toThrow('tolerance is 0')
    await expect(solveQp(gpu, [good], { starts: [] })).rejects.toThrow('0 entries for 1 programs')
    await expect(solveQp(gpu, [good], { starts: [{ x: [1], y: [0] }] })).rejects.toThrow('2 finite values of x')
    const wrong = async (starts: unknown, message: string) =>
      await expect(solveQp(gpu, [good], { starts: starts as [] })).rejects.toThrow(message)
    await wrong([null], 'start 0 must hold 2 finite values')
    await wrong([{ x: [1, 2] }], 'and 1 of y')
    await wrong([{ x: [1, '2'], y: [0] }], 'start 0 must hold 2 finite values')
    await wrong({ x: [1, 2], y: [0] }, 'starts is an object, expected an array')
  })
})

describe('the float64 parts', () => {
  const random = new Random(3)
  const normals = (length: number) => Float64Array.from({ length }, () => random.normal())

  it('factor and invert', () => {
    const M = normals(25)
    const S = Float64Array.from({ length: 25 }, (_, at) =>
      M.reduce(
        (sum, _, k) => sum + (k < 5 ? M[k * 5 + Math.floor(at / 5)]! * M[k * 5 + (at % 5)]! : 0),
        at % 6 === 0 ? 0.1 : 0,
      ),
    )
    const inverse = inverseLower(choleskyOf(S, 5)!, 5)
    const x = normals(5)
    const back = multiplyTransposed(inverse, multiply(inverse, multiply(S, x, 5), 5), 5)
    expect(largestOf(back.map((v, i) => v - x[i]!))).toBeLessThan(1e-9)
    expect(choleskyOf(Float64Array.of(1, 2, 2, 1), 2)).toBeNull()
  })

  it('solve saddle systems with redundant rows', async () => {
    const H = Float64Array.of(1, 0, 0, 0)
    const B = Float64Array.of(1, 1, 2, 2)
    const { x } = await solveSaddle(() => Promise.resolve(), H, B, Float64Array.of(3, 0), Float64Array.of(1, 2))
    expect(x[0]! + x[1]!).toBeCloseTo(1, 9)
    expect(x[0]).toBeCloseTo(3, 6)
  })

  it('equilibrate without changing the program', () => {
    const source = sized(6, 9, 4)
    const A = Float64Array.from(source.A, (v, at) => v * 10 ** ((at % 5) - 2))
    const program = checkedProgram({ ...source, A }, 'it')
    const scaled = equilibrate(program)
    const rows = Array.from({ length: 9 }, (_, i) => largestOf(scaled.A.subarray(i * 6, i * 6 + 6)))
    for (const norm of rows) expect(norm).toBeCloseTo(1, 1)
    const x = normals(6)
    const inner = multiply(scaled.A, x, 9)
    const outer = multiply(
      program.A,
      x.map((v, j) => v * scaled.D[j]!),
      9,
    )
    outer.forEach((v, i) => expect(inner[i]).toBeCloseTo(v * scaled.E[i]!, 9))
  })

  it('judge points and proofs', () => {
    const program = checkedProgram({ P: [1], q: [-1], A: [1], l: [-Infinity], u: [0.5] }, 'it')
    expect(optimality(program, Float64Array.of(0.5), Float64Array.of(0.5)).error).toBeLessThan(1e-15)
    expect(optimality(program, Float64Array.of(1), Float64Array.of(0)).error).toBeCloseTo(0.5, 12) // outside its bound
    expect(optimality(program, Float64Array.of(0.5), Float64Array.of(-0.5)).error).toBe(Infinity) // pulls to no bound
    expect(infeasibilityError(program, Float64Array.of(1))).toBe(Infinity)
    expect(unboundednessError(program, Float64Array.of(1))).toBe(1) // falls, but P grows
  })

  it('balance penalties on a ladder', () => {
    const ladder = { least: 2 ** -4, most: 2 ** 4, ratio: 2 }
    expect(balanced(1, { primal: 16, dual: 1 }, ladder)).toBe(4)
    expect(balanced(1, { primal: 1.5, dual: 1 }, ladder)).toBe(1)
    expect(balanced(1, { primal: 1, dual: 1e9 }, ladder)).toBe(2 ** -4)
    expect(balanced(1, { primal: 1, dual: 0 }, ladder)).toBe(16)
  })
})

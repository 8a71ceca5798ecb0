// Batches of dense quadratic programs: ADMM on the GPU, verdicts in float64 on the host.

import { breather } from '../runtime/breather.ts'
import type { Gpu } from '../runtime/gpu.ts'
import { UsageError } from '../runtime/errors.ts'
import { balanced, BLOCK, iterate, type Residuals } from './admm.ts'
import { inCone, infeasibilityError, optimality, unboundednessError, type Optimality } from './certificates.ts'
import { batchSize, DenseBatch, paddedSize, type Iterate, type Steps } from './dense_batch.ts'
import { equilibrate, type Scaled } from './equilibrate.ts'
import { largestOf, multiply, multiplyTransposed } from './linear.ts'
import { infeasibilityProofs, polished, unboundednessProofs } from './polish.ts'
import { checkedProgram, type Program, type QuadraticProgram } from './program.ts'

/** Error of the optimality conditions for `solved`, and the default number of iterations. */
const TOLERANCE = 1e-4
const MAX_ITERATIONS = 10_000
/** A hundred times the tolerance is still `solved-inaccurate`. */
const INACCURATE = 100
/** An infeasible or unbounded program is proven to this accuracy. */
const PROOF = 1e-6
/** A step is worth completing to a proof when it is as good as this. */
const PROMISING = 0.5
/** Error of the optimality conditions from which on the active constraints are worth a guess. */
const NEAR = 0.1
const FIRST_PENALTY = 2 ** -3
/** A factorisation is worth a factor of four. */
const LADDER = { least: 2 ** -20, most: 2 ** 20, ratio: 4 }

/** Blocks after which penalties change only at powers of two: ADMM converges between changes, not across them. */
const OFTEN = 8

const isPowerOfTwo = (count: number) => Number.isInteger(Math.log2(count))

/** Settings of `solveQp`; all have a default. */
export interface QpOptions {
  /** Largest relative residual and duality gap of a solved program, 1e-4. */
  tolerance?: number
  /** 10,000; rounded up to whole blocks of 25. */
  maxIterations?: number
  /** Where to start, for each program; from zero when absent. */
  starts?: readonly { x: ArrayLike<number>; y: ArrayLike<number> }[]
  /** Stops the work between blocks of iterations; the promise rejects with the signal's reason. */
  signal?: AbortSignal
}

/** `dual-infeasible`: the cost falls without end along a feasible direction (if there is a feasible point at all). */
export type QpStatus = 'solved' | 'solved-inaccurate' | 'primal-infeasible' | 'dual-infeasible' | 'max-iterations'

/** What was found for one program. */
export interface QpSolution {
  status: QpStatus
  /** n; NaN where there is no solution. */
  x: Float64Array
  /** m, multipliers: P x + q + A'y = 0, positive at upper bounds and negative at lower ones; NaN where there is no solution. */
  y: Float64Array
  /** 1/2 x'Px + q'x in float64; Infinity when infeasible, -Infinity when unbounded. */
  objective: number
  /** Relative residuals at (x, y) in float64. */
  residuals: { primal: number; dual: number; gap: number }
  iterations: number
  /** Proof of an infeasible status: multipliers y (m) with A'y = 0 that no x satisfies, or a direction x (n) of descent. */
  certificate: Float64Array | null
}

/** One program on its way. */
interface Task {
  program: Program
  scaled: Scaled
  penalty: number
  /** The best point so far that is known, in the program's units. */
  best: { x: Float64Array; y: Float64Array; found: Optimality }
}

function unscaled({ D, E, c }: Scaled, x: Float64Array, y: Float64Array): { x: Float64Array; y: Float64Array } {
  return { x: x.map((v, j) => v * D[j]!), y: y.map((v, i) => (v * E[i]!) / c) }
}

/** Keeps a point where it is better than all before. */
function propose({ program, scaled, best }: Task, x: Float64Array, y: Float64Array): void {
  const point = unscaled(scaled, x, y)
  point.y = inCone(program, point.y)
  const found = optimality(program, point.x, point.y)
  if (found.error < best.found.error) Object.assign(best, point, { found })
}

/** The residuals of the scaled iterate, relative to what they are differences of (OSQP paper, section 5.2). */
function residualsOf({ n, m, P, q, A }: Scaled, { x, y, z }: Iterate): Residuals {
  const [Px, Ax, Ay] = [multiply(P, x, n), multiply(A, x, m), multiplyTransposed(A, y, n)]
  const primal = largestOf(Ax.map((v, i) => v - z[i]!)) / Math.max(1e-10, largestOf(Ax), largestOf(z))
  const gradient = largestOf(Px.map((v, j) => v + q[j]! + Ay[j]!))
  return { primal, dual: gradient / Math.max(1e-10, largestOf(Px), largestOf(Ay), largestOf(q)) }
}

const nothing = (length: number) => new Float64Array(length).fill(NaN)

function normalised(vector: Float64Array): Float64Array {
  const largest = largestOf(vector)
  return vector.map((v) => v / largest)
}

/** A proof of infeasibility or unboundedness that the last steps point to; `complete` spends a dense solve on it. */
function proofFrom({ program, scaled }: Task, steps: Steps, complete: boolean) {
  const empty = { x: new Float64Array(program.n), y: new Float64Array(program.m) }
  const kinds = [
    {
      status: 'primal-infeasible',
      objective: Infinity,
      step: steps.y,
      proofs: infeasibilityProofs,
      vectorOf: (v: Float64Array) => inCone(program, unscaled(scaled, empty.x, v).y),
      errorOf: (v: Float64Array) => infeasibilityError(program, v),
    },
    {
      status: 'dual-infeasible',
      objective: -Infinity,
      step: steps.x,
      proofs: unboundednessProofs,
      vectorOf: (v: Float64Array) => unscaled(scaled, v, empty.y).x,
      errorOf: (v: Float64Array) => unboundednessError(program, v),
    },
  ] as const
  for (const { status, objective, step, proofs, vectorOf, errorOf } of kinds) {
    if (largestOf(step) === 0 || !(errorOf(vectorOf(step)) <= (complete ? PROMISING : PROOF))) continue
    for (const proof of proofs(scaled, normalised(step))) {
      const certificate = vectorOf(proof)
      if (errorOf(certificate) <= PROOF) return { status, objective, certificate: normalised(certificate) }
    }
  }
  return null
}

/** What can be said about a program after a block; null when nothing yet. */
function verdict(task: Task, at: Iterate, steps: Steps, iterations: number, tolerance: number): QpSolution | null {
  const { n, m } = task.program
  propose(task, at.x, at.y)
  const blocks = iterations / BLOCK
  const occasion = isPowerOfTwo(blocks) || blocks % 32 === 0 // dense solves cost as much as many iterations
  if ((occasion && task.best.found.error <= NEAR) || task.best.found.error <= tolerance) {
    for (const { x, y } of polished(task.scaled, at)) {
      propose(task, x, y)
      if (task.best.found.error <= tolerance / INACCURATE) break
    }
  }
  if (task.best.found.error <= tolerance) return solutionOf(task, iterations, tolerance)
  const proof = proofFrom(task, steps, occasion)
  return (
    proof && { ...proof, x: nothing(n), y: nothing(m), residuals: { primal: NaN, dual: NaN, gap: NaN }, iterations }
  )
}

function solutionOf({ best: { x, y, found } }: Task, iterations: number, tolerance: number): QpSolution {
  const { primal, dual, gap, objective, error } = found
  const status =
    error <= tolerance ? 'solved' : error <= INACCURATE * tolerance ? 'solved-inaccurate' : 'max-iterations'
  return { status, x, y, objective, residuals: { primal, dual, gap }, iterations, certificate: null }
}

function startOf(
  { n, m, l, u, A, D, E, c }: Scaled,
  start: { x: ArrayLike<number>; y: ArrayLike<number> } | undefined,
): Iterate {
  const x = Float64Array.from({ length: n }, (_, j) => (start ? start.x[j]! / D[j]! : 0))
  const y = Float64Array.from({ length: m }, (_, i) => (start ? (start.y[i]! * c) / E[i]! : 0))
  return { x, y, z: multiply(A, x, m).map((v, i) => Math.min(u[i]!, Math.max(l[i]!, v))) }
}

async function solveBatch(
  gpu: Gpu,
  tasks: readonly Task[],
  iterates: Iterate[],
  { tolerance = TOLERANCE, maxIterations = MAX_ITERATIONS, signal: abort }: QpOptions,
): Promise<QpSolution[]> {
  const solutions = new Array<QpSolution>(tasks.length)
  const active = new Set(tasks.keys())
  const batch = await gpu.allocate(
    'solveQp',
    () =>
      new DenseBatch(
        gpu,
        paddedSize(tasks[0]!.program),
        tasks.map(({ scaled }) => scaled),
        iterates,
      ),
  )
  const breathe = breather(abort)
  const limit = Math.ceil(maxIterations / BLOCK) * BLOCK
  const judge = async (iterations: number): Promise<boolean> => {
    const steps = await batch.download(active)
    for (const lane of active) {
      await breathe()
      const [task, at] = [tasks[lane]!, iterates[lane]!]
      const found = verdict(task, at, steps.get(lane)!, iterations, tolerance)
      if (found || iterations === limit) {
        solutions[lane] = found ?? solutionOf(task, iterations, tolerance)
        active.delete(lane)
        batch.finish(lane)
        continue
      }
      if (iterations > OFTEN * BLOCK && !isPowerOfTwo(iterations / BLOCK)) continue
      const penalty = balanced(task.penalty, residualsOf(task.scaled, at), LADDER)
      if (penalty !== task.penalty) batch.setPenalty(lane, (task.penalty = penalty))
    }
    batch.upload()
    return active.size === 0
  }
  try {
    await batch.block.compile()
    for (const [lane, { penalty }] of tasks.entries()) {
      await breathe()
      batch.setPenalty(lane, penalty)
    }
    batch.upload()
    await iterate(batch.block, limit, judge, abort)
    return solutions
  } finally {
    batch.destroy()
  }
}

function taskOf(source: QuadraticProgram, label: string): Task {
  const program = checkedProgram(source, label)
  const x = new Float64Array(program.n)
  const y = new Float64Array(program.m)
  const best = { x, y, found: optimality(program, x, y) }
  return { program, scaled: equilibrate(program), penalty: FIRST_PENALTY, best }
}

function checkOptions(count: number, tasks: readonly Task[], { tolerance, maxIterations, starts }: QpOptions): void {
  for (const [name, value] of Object.entries({ tolerance, maxIterations })) {
    if (value !== undefined && !(value > 0 && Number.isFinite(value))) {
      throw new UsageError(`solveQp: ${name} is ${value}, expected a positive number.`)
    }
  }
  if (!starts) return
  if (starts.length !== count) {
    throw new UsageError(`solveQp: starts has ${starts.length} entries for ${count} programs, expected one for each.`)
  }
  starts.forEach(({ x, y }, index) => {
    const { n, m } = tasks[index]!.program
    if (x.length !== n || y.length !== m || ![...Array.from(x), ...Array.from(y)].every(Number.isFinite)) {
      throw new UsageError(`solveQp: start ${index} must hold ${n} finite values of x and ${m} of y.`, { index })
    }
  })
}

/**
 * Solves dense convex quadratic programs, minimise 1/2 x'Px + q'x subject to l <= A x <= u, with at most 128 variables and
 * 256 constraints each. Programs may differ in size; results keep their order and do not depend on what else is in the call.
 * Every status is verified in float64 on the returned vectors.
 *
 * @throws ShapeError for sizes that do not fit together; UsageError for entries that are not finite, l > u, and P that is
 * not symmetric or not positive semidefinite
 */
export async function solveQp(
  gpu: Gpu,
  programs: readonly QuadraticProgram[],
  options: QpOptions = {},
): Promise<QpSolution[]> {
  const tasks = programs.map((program, index) => taskOf(program, `solveQp: program ${index}`))
  checkOptions(programs.length, tasks, options)
  const solutions = new Array<QpSolution>(programs.length)
  for (const { size, indices } of groupBySize(tasks)) {
    const most = batchSize(gpu, size)
    for (let from = 0; from < indices.length; from += most) {
      const part = indices.slice(from, from + most)
      const iterates = part.map((index) => startOf(tasks[index]!.scaled, options.starts?.[index]))
      const found = await solveBatch(
        gpu,
        part.map((index) => tasks[index]!),
        iterates,
        options,
      )
      part.forEach((index, lane) => {
        solutions[index] = found[lane]!
      })
    }
  }
  return solutions
}

function groupBySize(tasks: readonly Task[]) {
  const groups = new Map<string, { size: { n: number; m: number }; indices: number[] }>()
  tasks.forEach(({ program }, index) => {
    const size = paddedSize(program)
    const key = `${size.n} ${size.m}`
    const group = groups.get(key)
    if (group) group.indices.push(index)
    else groups.set(key, { size, indices: [index] })
  })
  return groups.values()
}

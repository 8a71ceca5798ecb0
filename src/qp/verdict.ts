// What can be said about a dense program while a solver is at it: the best point so far, whether it is a solution, or a proof
// that there is none. Everything is judged in float64 and in the program's own units.

import { BLOCK, type Residuals } from './admm.ts'
import { inCone, infeasibilityError, optimality, unboundednessError, type Optimality } from './certificates.ts'
import type { Iterate, Steps } from './dense_batch.ts'
import { equilibrate, type Scaled } from './equilibrate.ts'
import { largestOf, multiply, multiplyTransposed, type Breathe } from './linear.ts'
import { infeasibilityProofs, polished, unboundednessProofs } from './polish.ts'
import type { Program } from './program.ts'
import type { QpSolution, QpSolver, QpStart } from './solution.ts'

/** A hundred times the tolerance is still `solved-inaccurate`. */
const INACCURATE = 100
/** An infeasible or unbounded program is proven to this accuracy. */
const PROOF = 1e-6
/** A step is worth completing to a proof when it is as good as this. */
const PROMISING = 0.5
/** Error of the optimality conditions from which on the active constraints are worth a guess. */
const NEAR = 0.1
const FIRST_PENALTY = 2 ** -3

export const isPowerOfTwo = (count: number) => Number.isInteger(Math.log2(count))

/** One program on its way. */
export interface Task {
  program: Program
  scaled: Scaled
  penalty: number
  /** The best point so far that is known, in the program's units. */
  best: { x: Float64Array; y: Float64Array; found: Optimality }
}

function unscaled({ D, E, c }: Scaled, x: Float64Array, y: Float64Array): { x: Float64Array; y: Float64Array } {
  return { x: x.map((v, j) => v * D[j]!), y: y.map((v, i) => (v * E[i]!) / c) }
}

/** Keeps a point where it is better than all before; says how far off it is. */
export function propose({ program, scaled, best }: Task, x: Float64Array, y: Float64Array): number {
  const point = unscaled(scaled, x, y)
  point.y = inCone(program, point.y)
  const found = optimality(program, point.x, point.y)
  if (found.error < best.found.error) Object.assign(best, point, { found })
  return found.error
}

/** The residuals of the scaled iterate, relative to what they are differences of (OSQP paper, section 5.2). */
export function residualsOf({ n, m, P, q, A }: Scaled, { x, y, z }: Iterate): Residuals {
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

type Proof = Pick<QpSolution, 'status' | 'objective' | 'certificate'>

/** A proof of infeasibility or unboundedness that the steps point to; `complete` spends dense solves on it. */
async function proofFrom(
  { program, scaled }: Task,
  steps: Steps,
  complete: boolean,
  breathe: Breathe,
): Promise<Proof | null> {
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
    for await (const proof of proofs(scaled, normalised(step), breathe)) {
      const certificate = vectorOf(proof)
      if (errorOf(certificate) <= PROOF) return { status, objective, certificate: normalised(certificate) }
    }
  }
  return null
}

/**
 * Whether nothing is left to do. A solution that is just within the tolerance may have an objective that is far off, where the
 * multipliers are large: its errors are made much smaller than that if they can be.
 */
export const isSharp = ({ best }: Task, tolerance: number) => best.found.error <= tolerance / INACCURATE

/** The solution that the steps of a solver prove not to exist, or null. */
export async function refuted(
  task: Task,
  steps: Steps,
  { complete, breathe }: { complete: boolean; breathe: Breathe },
): Promise<Omit<QpSolution, 'iterations' | 'solver'> | null> {
  const proof = await proofFrom(task, steps, complete, breathe)
  const { n, m } = task.program
  return proof && { ...proof, x: nothing(n), y: nothing(m), residuals: { primal: NaN, dual: NaN, gap: NaN } }
}

/** What can be said about a program after a block of ADMM; null when nothing yet. */
export async function verdict(
  task: Task,
  at: Iterate,
  steps: Steps,
  { iterations, tolerance, breathe }: { iterations: number; tolerance: number; breathe: Breathe },
): Promise<QpSolution | null> {
  propose(task, at.x, at.y)
  const blocks = iterations / BLOCK
  const occasion = isPowerOfTwo(blocks) // dense solves cost as much as many iterations
  if ((occasion && task.best.found.error <= NEAR) || task.best.found.error <= tolerance) {
    for await (const { x, y } of polished(task.scaled, at, breathe)) {
      propose(task, x, y)
      if (isSharp(task, tolerance)) break
    }
  }
  const ending = { iterations, solver: 'admm' } as const
  if (task.best.found.error <= tolerance) return solutionOf(task, tolerance, ending)
  const none = await refuted(task, steps, { complete: occasion, breathe })
  return none && { ...none, ...ending }
}

/** The best point, and what it is worth. */
export function solutionOf(
  { best: { x, y, found } }: Task,
  tolerance: number,
  ending: { iterations: number; solver: QpSolver },
): QpSolution {
  const { primal, dual, gap, objective, error } = found
  const status =
    error <= tolerance ? 'solved' : error <= INACCURATE * tolerance ? 'solved-inaccurate' : 'max-iterations'
  return { status, x, y, objective, residuals: { primal, dual, gap }, certificate: null, ...ending }
}

/** The start in the scaled program's units, or zero. */
export function startOf({ n, m, l, u, A, D, E, c }: Scaled, start: QpStart | undefined): Iterate {
  const x = Float64Array.from({ length: n }, (_, j) => (start ? start.x[j]! / D[j]! : 0))
  const y = Float64Array.from({ length: m }, (_, i) => (start ? (start.y[i]! * c) / E[i]! : 0))
  return { x, y, z: multiply(A, x, m).map((v, i) => Math.min(u[i]!, Math.max(l[i]!, v))) }
}

/** A program that nothing is known of yet. */
export function taskOf(program: Program): Task {
  const x = new Float64Array(program.n)
  const y = new Float64Array(program.m)
  const best = { x, y, found: optimality(program, x, y) }
  return { program, scaled: equilibrate(program), penalty: FIRST_PENALTY, best }
}

// What can be said about a dense program while ADMM is at it: the best point so far, whether it is a solution, or a proof
// that there is none. Everything is judged in float64 and in the program's own units.

import { BLOCK, type Residuals } from './admm.ts'
import { inCone, infeasibilityError, optimality, unboundednessError, type Optimality } from './certificates.ts'
import type { Iterate, Steps } from './dense_batch.ts'
import { equilibrate, type Scaled } from './equilibrate.ts'
import { largestOf, multiply, multiplyTransposed } from './linear.ts'
import { infeasibilityProofs, polished, unboundednessProofs } from './polish.ts'
import { checkedProgram, type Program, type QuadraticProgram } from './program.ts'
import type { QpSolution } from './solution.ts'

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

/** Keeps a point where it is better than all before. */
function propose({ program, scaled, best }: Task, x: Float64Array, y: Float64Array): void {
  const point = unscaled(scaled, x, y)
  point.y = inCone(program, point.y)
  const found = optimality(program, point.x, point.y)
  if (found.error < best.found.error) Object.assign(best, point, { found })
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
export function verdict(
  task: Task,
  at: Iterate,
  steps: Steps,
  iterations: number,
  tolerance: number,
): QpSolution | null {
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

export function solutionOf({ best: { x, y, found } }: Task, iterations: number, tolerance: number): QpSolution {
  const { primal, dual, gap, objective, error } = found
  const status =
    error <= tolerance ? 'solved' : error <= INACCURATE * tolerance ? 'solved-inaccurate' : 'max-iterations'
  return { status, x, y, objective, residuals: { primal, dual, gap }, iterations, certificate: null }
}

export function startOf(
  { n, m, l, u, A, D, E, c }: Scaled,
  start: { x: ArrayLike<number>; y: ArrayLike<number> } | undefined,
): Iterate {
  const x = Float64Array.from({ length: n }, (_, j) => (start ? start.x[j]! / D[j]! : 0))
  const y = Float64Array.from({ length: m }, (_, i) => (start ? (start.y[i]! * c) / E[i]! : 0))
  return { x, y, z: multiply(A, x, m).map((v, i) => Math.min(u[i]!, Math.max(l[i]!, v))) }
}

export function taskOf(source: QuadraticProgram, label: string): Task {
  const program = checkedProgram(source, label)
  const x = new Float64Array(program.n)
  const y = new Float64Array(program.m)
  const best = { x, y, found: optimality(program, x, y) }
  return { program, scaled: equilibrate(program), penalty: FIRST_PENALTY, best }
}

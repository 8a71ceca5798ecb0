// One program by the interior point, in float64: all that the CPU is given, and what ADMM on a GPU leaves or leaves blunt.

import { interiorPoint } from './interior_point.ts'
import type { Breathe } from './linear.ts'
import type { QpSolution } from './solution.ts'
import { isPowerOfTwo, propose, refuted, solutionOf, type Task } from './verdict.ts'

/** Some twenty do; what has not ended by then gains nothing from more. */
const MOST = 100
/** It goes on beyond the tolerance by this factor, which takes two steps or three, as long as they help. */
const BEYOND = 1e-4

/**
 * @param before iterations that were spent on the program
 * @param most iterations in all
 */
export async function solveInFloat64(
  task: Task,
  { tolerance, before, most, breathe }: { tolerance: number; before: number; most: number; breathe: Breathe },
): Promise<QpSolution> {
  const last = Math.min(before + MOST, Math.ceil(most))
  let iterations = before
  /** Error of its own best point. */
  let least = Infinity
  const ending = () => ({ iterations, solver: 'interior-point' }) as const
  for await (const { x, y, tau, kappa } of interiorPoint(task.scaled, breathe)) {
    const error = propose(
      task,
      x.map((v) => v / tau),
      y.map((v) => v / tau),
    )
    const reached = task.best.found.error
    if (reached <= BEYOND * tolerance || (least <= tolerance && !(error < least))) break
    least = Math.min(least, error)
    if (reached > tolerance) {
      // What looks like a certificate and is none yet costs as much as several steps to complete to one.
      const complete = kappa > tau && isPowerOfTwo(iterations - before)
      const none = await refuted(task, { x, y }, { complete, breathe })
      if (none) return { ...none, ...ending() }
    }
    if (iterations >= last) break
    iterations++
  }
  return solutionOf(task, tolerance, ending())
}

// Batches of dense quadratic programs: ADMM on the GPU, verdicts in float64 on the host.

import { breather } from '../runtime/breather.ts'
import { UsageError } from '../runtime/errors.ts'
import type { Gpu } from '../runtime/gpu.ts'
import { balanced, BLOCK } from './admm.ts'
import { inBatches, onDevice, repeat } from './batches.ts'
import { allocate, batchSize, DenseBatch, paddedSize, type Iterate, type Size } from './dense_batch.ts'
import type { QuadraticProgram } from './program.ts'
import type { QpOptions, QpSolution } from './solution.ts'
import { isPowerOfTwo, residualsOf, solutionOf, startOf, taskOf, verdict, type Task } from './verdict.ts'

/** Error of the optimality conditions for `solved`, and the default number of iterations. */
const TOLERANCE = 1e-4
const MAX_ITERATIONS = 10_000
/** A factorisation is worth a factor of four. */
const LADDER = { least: 2 ** -20, most: 2 ** 20, ratio: 4 }
/** Blocks after which penalties change only at powers of two: ADMM converges between changes, not across them. */
const OFTEN = 8

/** Programs that are solved together, and where each is now. */
interface Group {
  tasks: readonly Task[]
  iterates: Iterate[]
}

async function solveBatch(
  batch: DenseBatch,
  { tasks, iterates }: Group,
  { tolerance = TOLERANCE, maxIterations = MAX_ITERATIONS, signal: abort }: QpOptions,
): Promise<QpSolution[]> {
  const solutions = new Array<QpSolution>(tasks.length)
  const active = new Set(tasks.keys())
  const breathe = breather(abort)
  const most = Math.ceil(maxIterations / BLOCK)
  const judge = async (blocks: number): Promise<boolean> => {
    const steps = await batch.download(active)
    for (const lane of active) {
      await breathe()
      const [task, at] = [tasks[lane]!, iterates[lane]!]
      const found = verdict(task, at, steps.get(lane)!, blocks * BLOCK, tolerance)
      if (found || blocks === most) {
        solutions[lane] = found ?? solutionOf(task, blocks * BLOCK, tolerance)
        active.delete(lane)
        batch.finish(lane)
        continue
      }
      if (blocks > OFTEN && !isPowerOfTwo(blocks)) continue
      const penalty = balanced(task.penalty, residualsOf(task.scaled, at), LADDER)
      if (penalty !== task.penalty) batch.setPenalty(lane, (task.penalty = penalty))
    }
    batch.upload()
    return active.size === 0
  }
  await batch.block.compile()
  for (const [lane, { penalty }] of tasks.entries()) {
    await breathe()
    batch.setPenalty(lane, penalty)
  }
  batch.upload()
  await repeat(batch.block, judge, abort, most)
  return solutions
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
    const found = await inBatches(indices, batchSize(gpu, size), (part) => {
      const group: Group = {
        tasks: part.map((index) => tasks[index]!),
        iterates: part.map((index) => startOf(tasks[index]!.scaled, options.starts?.[index])),
      }
      const allocated = () => allocate(gpu, size, part.length)
      return onDevice(gpu, 'solveQp', allocated, (tensors, newPlan) => {
        const programs = group.tasks.map(({ scaled }) => scaled)
        return solveBatch(new DenseBatch(newPlan(), size, tensors, programs, group.iterates), group, options)
      })
    })
    indices.forEach((index, at) => {
      solutions[index] = found[at]!
    })
  }
  return solutions
}

function groupBySize(tasks: readonly Task[]) {
  const groups = new Map<string, { size: Size; indices: number[] }>()
  tasks.forEach(({ program }, index) => {
    const size = paddedSize(program)
    const key = `${size.n} ${size.m}`
    const group = groups.get(key)
    if (group) group.indices.push(index)
    else groups.set(key, { size, indices: [index] })
  })
  return groups.values()
}

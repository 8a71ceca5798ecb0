// Batches of dense quadratic programs: ADMM on the GPU, or the interior point on the CPU; verdicts in float64.

import { breather } from '../runtime/breather.ts'
import { isPool, type Device } from '../runtime/device.ts'
import type { Gpu } from '../runtime/gpu.ts'
import { balanced, BLOCK } from './admm.ts'
import { checkCall, checkOptions } from './arguments.ts'
import { inBatches, onDevice, repeat } from './batches.ts'
import { allocate, batchSize, DenseBatch, paddedSize, type Iterate, type Size } from './dense_batch.ts'
import { solveInFloat64 } from './float64.ts'
import type { Breathe } from './linear.ts'
import { checkedProgram, type Program, type QuadraticProgram } from './program.ts'
import { solveByWorkers } from './shares.ts'
import type { QpOptions, QpSolution, QpStart } from './solution.ts'
import { isPowerOfTwo, isSharp, propose, residualsOf, startOf, taskOf, verdict, type Task } from './verdict.ts'

/** Error of the optimality conditions for `solved`, and the default number of iterations. */
const TOLERANCE = 1e-4
const MAX_ITERATIONS = 10_000
/** Iterations of ADMM by which most programs have ended; the interior point takes the others less time than twice as many. */
const HAND_OVER = 400
/** A factorisation is worth a factor of four. */
const LADDER = { least: 2 ** -20, most: 2 ** 20, ratio: 4 }
/** Blocks after which penalties change only at powers of two: ADMM converges between changes, not across them. */
const OFTEN = 8

interface Call {
  tolerance: number
  most: number
  starts: readonly QpStart[] | undefined
  abort: AbortSignal | undefined
  breathe: Breathe
}

/** Programs that are solved together, and where each is now. */
interface Group {
  tasks: readonly Task[]
  iterates: Iterate[]
}

/** What ADMM finds within `blocks` blocks; null where that is not enough. */
async function iterate(
  batch: DenseBatch,
  { tasks, iterates }: Group,
  blocks: number,
  { tolerance, abort, breathe }: Call,
): Promise<(QpSolution | null)[]> {
  const solutions = new Array<QpSolution | null>(tasks.length).fill(null)
  const active = new Set(tasks.keys())
  const judge = async (run: number): Promise<boolean> => {
    const steps = await batch.download(active, breathe)
    for (const lane of active) {
      await breathe()
      const [task, at] = [tasks[lane]!, iterates[lane]!]
      const settings = { iterations: run * BLOCK, tolerance, breathe }
      const found = (solutions[lane] = await verdict(task, at, steps.get(lane)!, settings))
      if (found) {
        active.delete(lane)
        batch.finish(lane)
        continue
      }
      if (run > OFTEN && !isPowerOfTwo(run)) continue
      const penalty = balanced(task.penalty, residualsOf(task.scaled, at), LADDER)
      if (penalty !== task.penalty) batch.setPenalty(lane, (task.penalty = penalty))
    }
    await batch.upload(active, breathe)
    return active.size === 0
  }
  await batch.block.compile()
  for (const [lane, { penalty }] of tasks.entries()) {
    await breathe()
    batch.load(lane)
    batch.setPenalty(lane, penalty)
  }
  await batch.upload(active, breathe)
  await repeat(batch.block, judge, abort, blocks)
  return solutions
}

/** Programs of one size on the GPU, as many as fit; what ADMM leaves, or just solves, is finished in float64. */
async function solveTogether(
  gpu: Gpu,
  size: Size,
  programs: readonly Program[],
  starts: readonly (QpStart | undefined)[],
  call: Call,
): Promise<QpSolution[]> {
  const { tolerance, most, breathe } = call
  const tasks: Task[] = []
  for (const program of programs) {
    await breathe()
    tasks.push(taskOf(program))
  }
  const iterates = tasks.map(({ scaled }, at) => startOf(scaled, starts[at]))
  const blocks = Math.ceil(Math.min(most, HAND_OVER) / BLOCK)
  const allocated = () => allocate(gpu, size, tasks.length)
  const found = await onDevice(gpu, 'solveQp', allocated, (tensors, newPlan) => {
    const scaled = tasks.map((task) => task.scaled)
    return iterate(new DenseBatch(newPlan(), size, tensors, scaled, iterates), { tasks, iterates }, blocks, call)
  })
  const solutions: QpSolution[] = []
  for (const [at, task] of tasks.entries()) {
    const early = found[at]
    const before = early?.iterations ?? blocks * BLOCK
    const isDone = early && (early.certificate || isSharp(task, tolerance) || before >= most)
    solutions.push(isDone ? early : await solveInFloat64(task, { tolerance, before, most, breathe }))
  }
  return solutions
}

async function solveOnGpu(gpu: Gpu, programs: readonly Program[], call: Call): Promise<QpSolution[]> {
  const solutions = new Array<QpSolution>(programs.length)
  for (const { size, indices } of groupBySize(programs)) {
    const found = await inBatches(indices, batchSize(gpu, size), (part) =>
      solveTogether(
        gpu,
        size,
        part.map((index) => programs[index]!),
        part.map((index) => call.starts?.[index]),
        call,
      ),
    )
    indices.forEach((index, at) => {
      solutions[index] = found[at]!
    })
  }
  return solutions
}

/** On this thread, one program after the other. */
async function solveHere(
  programs: readonly Program[],
  { tolerance, most, starts, breathe }: Call,
): Promise<QpSolution[]> {
  const solutions: QpSolution[] = []
  for (const [index, program] of programs.entries()) {
    await breathe()
    const task = taskOf(program)
    await breathe()
    const { x, y } = startOf(task.scaled, starts?.[index])
    propose(task, x, y)
    solutions.push(await solveInFloat64(task, { tolerance, before: 0, most, breathe }))
  }
  return solutions
}

/**
 * Solves dense convex quadratic programs, minimise 1/2 x'Px + q'x subject to l <= A x <= u, with at most 128 variables and
 * 256 constraints each. Programs may differ in size; results keep their order and do not depend on what else is in the call.
 * Every status is verified in float64 on the returned vectors. The arrays are read until the promise is settled, and other
 * tasks of the thread have their turn at least every 50 ms.
 *
 * @param device a GPU, for many programs: ADMM (Stellato et al., Math. Prog. Comp. 12, 2020), the interior point for what that
 * leaves; or the workers of `openCpu`, or 'cpu', this thread: the interior point in float64 (Andersen, Ye, Math. Prog. 84,
 * 1999). Both of these give the same bits.
 * @throws ShapeError for sizes that do not fit together; UsageError for arguments of another kind, entries that are not finite,
 * l > u, and P that is not symmetric or not positive semidefinite
 */
export async function solveQp(
  device: Device,
  programs: readonly QuadraticProgram[],
  options: QpOptions = {},
): Promise<QpSolution[]> {
  checkCall(device, programs, options)
  const { tolerance = TOLERANCE, maxIterations: most = MAX_ITERATIONS, starts, signal: abort } = options
  const breathe = breather(abort)
  const checked: Program[] = []
  for (const [index, program] of programs.entries()) {
    await breathe()
    checked.push(checkedProgram(program, `solveQp: program ${index}`))
  }
  checkOptions(checked, options)
  abort?.throwIfAborted()
  if (isPool(device)) return solveByWorkers(device, checked, options)
  const call: Call = { tolerance, most, starts, abort, breathe }
  return device === 'cpu' ? solveHere(checked, call) : solveOnGpu(device, checked, call)
}

function groupBySize(programs: readonly Program[]) {
  const groups = new Map<string, { size: Size; indices: number[] }>()
  programs.forEach((program, index) => {
    const size = paddedSize(program)
    const key = `${size.n} ${size.m}`
    const group = groups.get(key)
    if (group) group.indices.push(index)
    else groups.set(key, { size, indices: [index] })
  })
  return groups.values()
}

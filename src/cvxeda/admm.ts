// cvxEDA by ADMM on the GPU, one invocation per signal, with a final polish in float64; the linear solve is described in
// cvxeda/admm.wgsl, the rest of the iteration in qp/admm.ts.

import cvxedaShader from '../../shaders/cvxeda/admm.wgsl'
import { BLOCK, recordBlock } from '../qp/admm.ts'
import { inBatches, onDevice, repeat } from '../qp/batches.ts'
import { LaneRows } from '../qp/lane_rows.ts'
import { breather } from '../runtime/breather.ts'
import { LimitError } from '../runtime/errors.ts'
import type { Gpu } from '../runtime/gpu.ts'
import type { Plan } from '../runtime/plan.ts'
import { ceilDiv } from '../runtime/shape.ts'
import { allocate, batchSize, LAYOUT, tonicPlace, type Batch } from './admm_batch.ts'
import { judge, writeState } from './admm_penalties.ts'
import { writeStart } from './admm_start.ts'
import { layoutOf, splineRow } from './admm_tables.ts'
import { LONGEST_WALK } from './limits.ts'
import { polish, type Point } from './polish.ts'
import type { Problem } from './problem.ts'
import type { ScaledSignal, Solution, Solver, SolverHooks, SolverStatus } from './solver.ts'

/** With at most 40 steps of the polish no more than 1,000 in total. */
const MAX_ITERATIONS = 950
/** Certified relative duality gaps. */
const SOLVED = 1e-4
const INACCURATE = 1e-2

/** Records a block of iterations; returns what records the sweep that comes before the first. */
function record({ problem, layout, lanes, tensors }: Batch, block: Plan): (plan: Plan) => void {
  const { n, spacing, filter, params } = problem
  const { d: fd, ...sections } = filter
  const { rows, runs } = layout
  const place = { offset: runs.offset, first_run: runs.first, last_run: runs.last }
  const args = { ...tensors, params: { n, lanes, rows, spacing, ...place, gamma: params.gamma, fd, ...sections } }
  const launch = { groups: [ceilDiv(lanes, LAYOUT.WORKGROUP), 1, 1] as const } // never folded into rows
  const sweep = (plan: Plan) => plan.dispatch(cvxedaShader, 'residual', args, launch)
  const solve = (plan: Plan) => {
    plan.dispatch(cvxedaShader, 'backward', args, launch)
    plan.dispatch(cvxedaShader, 'forward', args, launch)
  }
  recordBlock(block, { rows: n, lanes, penaltyRows: 1 }, tensors, { solve, recentred: sweep })
  return sweep
}

/** Iterates; returns the state and the iterations that each signal took. */
async function run(batch: Batch, block: Plan, initial: LaneRows, abort: AbortSignal | undefined) {
  const { gpu, lanes, tensors } = batch
  let state = initial
  const iterations = new Array<number>(lanes).fill(0)
  const look = async (blocks: number) => {
    state.row(LAYOUT.LEVEL).forEach((level, lane) => {
      if (level !== LAYOUT.FINISHED) iterations[lane] = blocks * BLOCK
    })
    state = new LaneRows(await gpu.readFloat(tensors.state), lanes)
    const finished = judge(batch, state, new LaneRows(await gpu.readFloat(tensors.norms), lanes))
    if (!finished) writeState(batch, state)
    return finished
  }
  await repeat(block, look, abort, MAX_ITERATIONS / BLOCK)
  return { state, iterations }
}

async function readPoints({ gpu, problem, layout, lanes, tensors }: Batch): Promise<Point[]> {
  const bounds = await gpu.readFloat(tensors.bounds)
  const tonic = await gpu.readFloat(tensors.tonic)
  return Array.from({ length: lanes }, (_, lane) => {
    const value = (row: number | null) => (row === null ? 0 : tonic[tonicPlace(row, lane, lanes)]!)
    return {
      p: Float64Array.from({ length: problem.n }, (_, i) => Math.max(0, -bounds[2 * (i * lanes + lane)]!)),
      l: Float64Array.from({ length: problem.knotCount }, (_, j) => value(splineRow(layout, j))),
      d: Float64Array.from({ length: problem.drift.count }, (_, c) => value(layout.rows + c)),
    }
  })
}

function statusOf(gap: number): SolverStatus {
  if (gap <= SOLVED) return 'solved'
  return gap <= INACCURATE ? 'solved-inaccurate' : 'max-iterations'
}

async function solveBatch(
  batch: Batch,
  newPlan: () => Plan,
  signals: readonly ScaledSignal[],
  { signal: abort, starts }: Pick<SolverHooks, 'signal' | 'starts'>,
): Promise<Solution[]> {
  const [start, block] = [newPlan(), newPlan()]
  record(batch, block)(start)
  await Promise.all([block.compile(), start.compile()])
  const initial = writeStart(batch, signals, starts)
  start.run()
  const { state, iterations } = await run(batch, block, initial, abort)
  const points = await readPoints(batch)
  const breathe = breather(abort)
  const solutions: Solution[] = []
  for (const [lane, signal] of signals.entries()) {
    await breathe()
    const { point, gap, steps } = polish(batch.problem, signal, points[lane]!, state.at(LAYOUT.RHO, lane))
    const { p, l, d } = point
    solutions.push({ driver: Float32Array.from(p), l, d, iterations: iterations[lane]! + steps, status: statusOf(gap) })
  }
  return solutions
}

async function solve(gpu: Gpu, problem: Problem, signals: ScaledSignal[], hooks: SolverHooks): Promise<Solution[]> {
  const { n } = problem
  const layout = layoutOf(problem, gpu.bindingLimit / 4)
  if (n > LONGEST_WALK || layout.total * 16 > gpu.bindingLimit) {
    throw new LimitError(
      `cvxEDA: ADMM walks a signal in one piece and ${n} samples are too many; use the interior point.`,
      { n },
    )
  }
  return inBatches(signals, batchSize(gpu, problem, layout), async (batch, from) => {
    const lanes = batch.length
    const starts = hooks.starts?.slice(from, from + lanes)
    const allocated = () => allocate(gpu, problem, layout, lanes)
    const found = await onDevice(gpu, 'cvxEDA', allocated, (tensors, newPlan) =>
      solveBatch({ gpu, problem, layout, lanes, tensors, levels: new Set() }, newPlan, batch, { ...hooks, starts }),
    )
    hooks.onProgress(from + lanes)
    return found
  })
}

/**
 * ADMM with over-relaxation and a penalty per signal from a ladder of powers of two, then the float64 polish: at most
 * 1,000 iterations of both together. `solved` means a duality gap, certified in float64, of at most 1e-4 of the objective.
 * @throws LimitError for recordings too long to be walked in one dispatch
 */
export const admm: Solver = { name: 'admm', solve }

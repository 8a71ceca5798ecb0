// Primal-dual interior point on the GPU; the method is in the shaders cvxeda/riccati.wgsl, carry.wgsl, driver.wgsl and tonic.wgsl,
// the two forms it runs in are in interior_layout.ts.

import carryShader from '../../shaders/cvxeda/carry.wgsl'
import driverShader from '../../shaders/cvxeda/driver.wgsl'
import riccatiShader from '../../shaders/cvxeda/riccati.wgsl'
import tonicShader from '../../shaders/cvxeda/tonic.wgsl'
import { breather, inTurns, type Pieces } from '../runtime/breather.ts'
import { inBatches, onDevice, repeat } from '../qp/batches.ts'
import { LaneRows } from '../qp/lane_rows.ts'
import { LimitError } from '../runtime/errors.ts'
import type { Gpu } from '../runtime/gpu.ts'
import type { GpuBase } from '../runtime/gpu_base.ts'
import type { Plan } from '../runtime/plan.ts'
import { ceilDiv } from '../runtime/shape.ts'
import { shareDone } from './convergence.ts'
import { excessOf, firstPoint, firstState, readSolutions } from './interior_ends.ts'
import {
  allocate,
  batchSize,
  carriedColumns,
  chooseForm,
  LAYOUT,
  layoutOf,
  placesOf,
  workgroupOf,
  type Layout,
  type Tensors,
} from './interior_layout.ts'
import { LONGEST_WALK } from './limits.ts'
import type { Problem } from './problem.ts'
import type { Form, ScaledSignal, Solution, Solver, SolverHooks } from './solver.ts'
import { createTonicBasis, type TonicBasis } from './tonic.ts'

const MAX_ITERATIONS = 60
/** Iterations between two looks at the `done` flags. */
const GROUP = 4
/** Rounds of GROUP iterations after which no signal is left, looked at or not: the last judges what the iteration before it has made. */
const MOST_ROUNDS = ceilDiv(MAX_ITERATIONS + 1, GROUP)

/** What all signals of a problem share. */
export interface Shared {
  problem: Problem
  basis: TonicBasis
  layout: Layout
}

/** Parameters of all shaders; each takes those that it has. */
function paramsOf({ problem, basis, layout }: Shared, signals: number, lanes: number) {
  const { n, spacing, filter, params } = problem
  const { d: fd, ...sections } = filter
  const { rows, window, line, begin } = basis
  const { parts, chunks, chunkLength, sampleStride, chunkStride } = layout
  return {
    ...{ n, signals, lanes, sections: lanes / signals, spacing, begin, end: n + begin, rows, window },
    ...{ chunks, parts, chunk_length: chunkLength, sample_stride: sampleStride, chunk_stride: chunkStride },
    ...{ fd, ...sections, gamma: params.gamma, ...line, limit: MAX_ITERATIONS },
  }
}

/** GROUP iterations. The first sweep of an iteration applies the step of the one before. */
function recordRound(plan: Plan, shared: Shared, signals: number, tensors: Tensors): void {
  const { basis, layout } = shared
  const isChunked = layout.form === 'along-time'
  const lanes = isChunked ? signals * layout.chunks : signals
  const args = { ...tensors, params: paramsOf(shared, signals, lanes) }
  const WORKGROUP = workgroupOf(plan.gpu)
  const launch = (count: number) => ({ groups: [ceilDiv(count, WORKGROUP), 1, 1] as const }) // never folded into rows
  const constants = { WORKGROUP, WINDOW: basis.window, COLUMNS: layout.columns }
  type Carry = 'carry_cost' | 'carry_adjoint' | 'correct' | 'carry_affine' | 'carry_filter'
  const carry = (entry: Carry, count: number) => {
    if (isChunked) plan.dispatch(carryShader, entry, args, { ...launch(count), constants })
  }
  const sweep = (entry: 'chunk_cost' | 'riccati') =>
    plan.dispatch(riccatiShader, entry, args, { ...launch(lanes), constants })
  const tonic = (entry: 'assemble' | 'tonic_step' | 'finish', count: number) =>
    plan.dispatch(tonicShader, entry, args, { ...launch(count), constants })
  const driver = (entry: 'feedforward' | 'driver_step') =>
    plan.dispatch(driverShader, entry, args, { ...launch(lanes), constants: { WORKGROUP, CHUNKED: isChunked } })
  for (let i = 0; i < GROUP; i++) {
    if (isChunked) sweep('chunk_cost')
    carry('carry_cost', signals)
    sweep('riccati')
    carry('carry_adjoint', carriedColumns(basis) * signals)
    carry('correct', lanes)
    tonic('assemble', (basis.rows + 1) * signals)
    tonic('tonic_step', signals)
    carry('carry_affine', signals)
    driver('feedforward')
    carry('carry_filter', signals)
    driver('driver_step')
    tonic('finish', signals)
  }
}

/** Queues the tables that signals of a problem share. */
export function* writingTables(gpu: GpuBase, { tables, drift }: TonicBasis, tensors: Tensors): Pieces<void> {
  yield* gpu.writing(tensors.tables, tables)
  yield* gpu.writing(tensors.drift, drift)
}

/** Iterates from the point and the state on the device until every signal has ended, without a look at any: nothing is read back. */
export async function iterateUnseen(
  gpu: Gpu,
  plan: Plan,
  shared: Shared,
  signals: number,
  tensors: Tensors,
  abort: AbortSignal | undefined,
): Promise<void> {
  recordRound(plan, shared, signals, tensors)
  await plan.compile()
  const enough = async (): Promise<boolean> => {
    await gpu.throttle() // so that an abort is heard, and other work has its turn
    return false
  }
  await repeat(plan, enough, abort, MOST_ROUNDS)
}

async function solveBatch(
  shared: Shared,
  tensors: Tensors,
  plan: Plan,
  signals: readonly ScaledSignal[],
  { onProgress, signal: abort }: Pick<SolverHooks, 'onProgress' | 'signal'>,
): Promise<Solution[]> {
  const { gpu } = plan
  const { problem, basis, layout } = shared
  recordRound(plan, shared, signals.length, tensors)
  await plan.compile()
  const breathe = breather(abort)
  const places = await inTurns(placesOf(problem, basis, layout), breathe)
  const point = await inTurns(firstPoint(problem, layout, places, signals), breathe)
  await inTurns(gpu.writing(tensors.point, point), breathe)
  await inTurns(writingTables(gpu, basis, tensors), breathe)
  let state = firstState(signals)
  gpu.write(tensors.state, state.values)
  const look = async () => {
    state = new LaneRows(await gpu.readFloat(tensors.state), signals.length)
    const running = [...signals.keys()].filter((lane) => state.at(LAYOUT.DONE, lane) === LAYOUT.RUNNING)
    // The batch goes on until the last of them has arrived.
    let share = 1
    for (const lane of running) {
      const own = shareDone(state.at(LAYOUT.ITERATIONS, lane), excessOf(state, problem.n, lane))
      share = Math.min(share, own)
    }
    onProgress(share * signals.length)
    return running.length === 0
  }
  await repeat(plan, look, abort)
  return readSolutions(gpu, basis, places, tensors, state, breathe)
}

/** @throws LimitError for form per-signal on signals too long for it */
export function requireWalk(form: Form, n: number): void {
  if (form === 'along-time' || n <= LONGEST_WALK) return
  throw new LimitError(
    `cvxEDA: form per-signal is for signals of up to ${LONGEST_WALK} samples, not ${n}; use along-time.`,
  )
}

async function solve(
  gpu: Gpu,
  problem: Problem,
  signals: ScaledSignal[],
  { onProgress, signal: abort, form = chooseForm(gpu, problem.n, signals.length) }: SolverHooks,
): Promise<Solution[]> {
  requireWalk(form, problem.n)
  const basis = await inTurns(createTonicBasis(problem), breather(abort))
  const layout = layoutOf(problem, basis, form)
  return inBatches(signals, batchSize(gpu, problem, basis, layout), async (batch, from) => {
    const allocated = () => allocate(gpu, basis, layout, batch.length)
    const found = await onDevice(gpu, 'cvxEDA', allocated, (tensors, newPlan) =>
      solveBatch({ problem, basis, layout }, tensors, newPlan(), batch, {
        onProgress: (done) => onProgress(from + done),
        signal: abort,
      }),
    )
    onProgress(from + batch.length)
    return found.map((solution) => ({ ...solution, form }))
  })
}

/**
 * Primal-dual interior point, at most 60 iterations; batches of any size, split to what the device can bind.
 * @throws LimitError for form per-signal on more than 2^20 samples a signal.
 */
export const interiorPoint: Solver = { name: 'interior-point', solve }

// cvxEDA by ADMM on the GPU, one invocation per signal, with a final polish in float64; the linear solve is described in
// cvxeda/admm.wgsl, the rest of the iteration in qp/admm.ts.

import cvxedaShader from '../../shaders/cvxeda/admm.wgsl'
import { allocateAdmm, balanced, BOUNDLESS, iterate, recordBlock, type AdmmTensors } from '../qp/admm.ts'
import { LimitError } from '../runtime/errors.ts'
import type { Gpu } from '../runtime/gpu.ts'
import { MAX_GROUPS, Plan } from '../runtime/plan.ts'
import { LONGEST_WALK, maxSamples } from './limits.ts'
import { ceilDiv } from '../runtime/shape.ts'
import { Tensor } from '../runtime/tensor.ts'
import { columnTable, FIRST_PENALTY, layoutOf, levelTable, type TableLayout } from './admm_tables.ts'
import { adjointResponse } from './certificate.ts'
import { SPLINES } from './newton.ts'
import { polish, residualOf, type Point } from './polish.ts'
import type { Problem } from './problem.ts'
import type { ScaledSignal, Solution, SolverHooks, SolverStatus, WarmStart } from './solver.ts'

/** With at most 40 steps of the polish no more than 1,000 in total. */
const MAX_ITERATIONS = 950
/**
 * Residuals relative to the driver and its multiplier at which a signal goes to the polish. On the golden recordings the
 * objective is then within 1e-3 of the optimum.
 */
const TOLERANCE = 5e-4
/** A driver, or multipliers relative to alpha, of less than this root mean square count as zero. */
const NEGLIGIBLE = 1e-3
/** Certified relative duality gaps. */
const SOLVED = 1e-4
const INACCURATE = 1e-2

/** Invocations of a workgroup, as in the shader. */
const WORKGROUP = 8

/** Rows of `state` in the shader. */
const STATE_ROWS = 5
const RHO = 0
const LEVEL = 1
const ALPHA = 2
const DRIVER_NORM = 3
const MULTIPLIER_NORM = 4
const FINISHED = -1

type Tensors = AdmmTensors & Record<'signal' | 'e' | 'feed' | 'tonic' | 'state' | 'tables', Tensor>

/** Everything of one batch on the device. */
interface Batch {
  gpu: Gpu
  problem: Problem
  layout: TableLayout
  lanes: number
  tensors: Tensors
  /** Levels of the ladder whose tables are on the device. */
  levels: Set<number>
}

function batchSize(gpu: Gpu, { n }: Problem, { rows }: TableLayout): number {
  const words = gpu.bindingLimit / 4
  const samples = Math.min(words / 2, maxSamples(gpu))
  return Math.max(1, Math.floor(Math.min(samples / n, words / (3 * (rows + 2)), MAX_GROUPS * WORKGROUP)))
}

function allocate(gpu: Gpu, { n }: Problem, { rows, total }: TableLayout, lanes: number): Tensors {
  const vector = (label: string, values: number) => gpu.tensor([values], 'f32', `cvxeda ${label}`)
  return {
    ...allocateAdmm(gpu, { rows: n, lanes, penaltyRows: 1 }),
    tables: vector('gains', total * 4),
    signal: vector('signal', n * lanes),
    e: vector('residual', n * lanes),
    feed: vector('feed', n * lanes),
    tonic: vector('coefficients', (rows + 2) * 3 * lanes),
    state: vector('state', STATE_ROWS * lanes),
  }
}

/** Records a block of iterations; returns what records the sweep that comes before the first. */
function record({ problem, layout, lanes, tensors }: Batch, block: Plan): (plan: Plan) => void {
  const {
    n,
    spacing,
    filter: { d: fd, ...sections },
    params: { gamma },
  } = problem
  const { rows, runs } = layout
  const place = { offset: runs.offset, first_run: runs.first, last_run: runs.last }
  const args = { ...tensors, params: { n, lanes, rows, spacing, ...place, gamma, fd, ...sections } }
  const launch = { groups: [ceilDiv(lanes, WORKGROUP), 1, 1] as const } // never folded into rows
  const sweep = (plan: Plan) => plan.dispatch(cvxedaShader, 'residual', args, launch)
  const solve = (plan: Plan) => {
    plan.dispatch(cvxedaShader, 'backward', args, launch)
    plan.dispatch(cvxedaShader, 'forward', args, launch)
  }
  recordBlock(block, { rows: n, lanes, penaltyRows: 1 }, tensors, { solve, recentred: sweep })
  return sweep
}

/** A part of a tensor of floats, to be written alone. */
function part({ storage, label }: Tensor, from: number, values: number): Tensor {
  return new Tensor(storage, [values], 'f32', label, from * 4)
}

/** Uploads the tables of penalties that no signal has had before. */
function requireLevels({ gpu, problem, layout, tensors, levels }: Batch, state: Float32Array, lanes: number): void {
  for (const level of new Set(state.subarray(LEVEL * lanes, (LEVEL + 1) * lanes))) {
    if (level === FINISHED || levels.has(level)) continue
    const table = levelTable(problem, layout, 2 ** (level + layout.lowest))
    gpu.write(part(tensors.tables, (problem.n + level * layout.level) * 4, table.length), table)
    levels.add(level)
  }
}

/** Uploads what changes between blocks: penalties, their levels, and who is finished. */
function writeState(batch: Batch, state: Float32Array): void {
  const { gpu, lanes, tensors } = batch
  requireLevels(batch, state, lanes)
  gpu.write(tensors.state, state)
  gpu.write(
    tensors.penalty,
    state.subarray(0, lanes).map((rho, lane) => (state[LEVEL * lanes + lane]! < 0 ? 0 : rho)),
  )
}

/** Spline j lies in this row of `tonic`, or nowhere when the signal does not reach it. */
function rowOf({ runs, rows }: TableLayout, spline: number): number | null {
  const row = spline - runs.first + SPLINES - 1
  return row >= 0 && row < rows ? row : null
}

/** Multipliers of p >= 0 (never positive) at a starting point: H'e - alpha where that pulls p down. */
function multipliers(problem: Problem, { y, alpha }: ScaledSignal, { driver, l, d }: WarmStart): Float64Array {
  const e = residualOf(problem, y, { p: Float64Array.from(driver), l, d })
  return adjointResponse(problem, e).map((v) => Math.min(0, v - alpha))
}

function writeStart(
  batch: Batch,
  signals: readonly ScaledSignal[],
  starts: readonly WarmStart[] | undefined,
): Float32Array {
  const {
    gpu,
    problem: { n },
    layout,
    lanes,
    tensors,
  } = batch
  const samples = new Float32Array(n * lanes)
  signals.forEach(({ y }, lane) => {
    for (let i = 0; i < n; i++) samples[i * lanes + lane] = y[i]!
  })
  const bounds = new Float32Array(2 * n * lanes)
  for (let at = 0; at < n * lanes; at++) bounds[2 * at + 1] = BOUNDLESS
  starts?.forEach((start, lane) => {
    for (let i = 0; i < n; i++) bounds[2 * (i * lanes + lane)] = -Math.max(0, start.driver[i]!)
  })
  gpu.write(tensors.signal, samples)
  gpu.write(tensors.bounds, bounds)
  if (starts) writeDual(batch, signals, starts)
  gpu.write(part(tensors.tables, 0, n * 4), columnTable(batch.problem, layout))
  const state = new Float32Array(STATE_ROWS * lanes)
  state.fill(FIRST_PENALTY, RHO * lanes, (RHO + 1) * lanes)
  state.fill(Math.log2(FIRST_PENALTY) - layout.lowest, LEVEL * lanes, (LEVEL + 1) * lanes)
  signals.forEach(({ alpha }, lane) => {
    state[ALPHA * lanes + lane] = alpha
  })
  writeState(batch, state)
  return state
}

/** Multipliers and tonic coefficients of warm starts. */
function writeDual(
  { gpu, problem, layout, lanes, tensors }: Batch,
  signals: readonly ScaledSignal[],
  starts: readonly WarmStart[],
): void {
  const origin = new Float32Array(problem.n * lanes)
  const tonic = new Float32Array((layout.rows + 2) * 3 * lanes)
  starts.forEach((start, lane) => {
    multipliers(problem, signals[lane]!, start).forEach((v, i) => {
      origin[i * lanes + lane] = v
    })
    const put = (row: number | null, value: number) => {
      if (row !== null) tonic[row * 3 * lanes + lane] = value
    }
    start.l.forEach((v, j) => put(rowOf(layout, j), v))
    start.d.forEach((v, c) => put(layout.rows + c, v))
  })
  gpu.write(tensors.origin, origin)
  gpu.write(tensors.tonic, tonic)
}

/** Finishes signals whose residuals are small and balances the penalties of the others; true when none is left. */
function judge({ problem: { n }, layout, lanes }: Batch, state: Float32Array, norms: Float32Array): boolean {
  const ladder = { least: 2 ** layout.lowest, most: 2 ** layout.highest, ratio: 2 }
  let left = 0
  for (let lane = 0; lane < lanes; lane++) {
    const of = (row: number) => state[row * lanes + lane]!
    if (of(LEVEL) === FINISHED) continue
    const negligible = NEGLIGIBLE * Math.sqrt(n)
    const residuals = {
      primal: Math.sqrt(norms[lane]!) / Math.max(Math.sqrt(of(DRIVER_NORM)), negligible),
      dual: Math.sqrt(norms[lanes + lane]!) / Math.max(Math.sqrt(of(MULTIPLIER_NORM)), negligible * of(ALPHA)),
    }
    const done = Math.max(residuals.primal, residuals.dual) <= TOLERANCE
    const rho = balanced(of(RHO), residuals, ladder)
    state[RHO * lanes + lane] = rho
    state[LEVEL * lanes + lane] = done ? FINISHED : Math.log2(rho) - layout.lowest
    if (!done) left++
  }
  return left === 0
}

/** Iterates; returns the state and the iterations that each signal took. */
async function run(batch: Batch, block: Plan, initial: Float32Array, abort: AbortSignal | undefined) {
  const { gpu, lanes, tensors } = batch
  let state = initial
  const iterations = new Array<number>(lanes).fill(0)
  await iterate(
    block,
    MAX_ITERATIONS,
    async (count) => {
      const levels = state.subarray(LEVEL * lanes, (LEVEL + 1) * lanes)
      levels.forEach((level, lane) => {
        if (level !== FINISHED) iterations[lane] = count
      })
      state = await gpu.readFloat(tensors.state)
      const finished = judge(batch, state, await gpu.readFloat(tensors.norms))
      if (!finished) writeState(batch, state)
      return finished
    },
    abort,
  )
  return { state, iterations }
}

async function readPoints({ gpu, problem, layout, lanes, tensors }: Batch): Promise<Point[]> {
  const bounds = await gpu.readFloat(tensors.bounds)
  const tonic = await gpu.readFloat(tensors.tonic)
  return Array.from({ length: lanes }, (_, lane) => {
    const value = (row: number | null) => (row === null ? 0 : tonic[row * 3 * lanes + lane]!)
    return {
      p: Float64Array.from({ length: problem.n }, (_, i) => Math.max(0, -bounds[2 * (i * lanes + lane)]!)),
      l: Float64Array.from({ length: problem.knotCount }, (_, j) => value(rowOf(layout, j))),
      d: Float64Array.from(problem.drift, (_, c) => value(layout.rows + c)),
    }
  })
}

function statusOf(gap: number): SolverStatus {
  if (gap <= SOLVED) return 'solved'
  return gap <= INACCURATE ? 'solved-inaccurate' : 'max-iterations'
}

async function polishAll(
  { problem, lanes }: Batch,
  signals: readonly ScaledSignal[],
  points: Point[],
  state: Float32Array,
  iterations: number[],
  abort: AbortSignal | undefined,
): Promise<Solution[]> {
  const solutions: Solution[] = []
  for (let lane = 0; lane < lanes; lane++) {
    await new Promise((resolve) => setTimeout(resolve)) // other tasks, and an abort, have their turn
    abort?.throwIfAborted()
    const { point, gap, steps } = polish(problem, signals[lane]!, points[lane]!, state[RHO * lanes + lane]!)
    const { p, l, d } = point
    solutions.push({ driver: Float32Array.from(p), l, d, iterations: iterations[lane]! + steps, status: statusOf(gap) })
  }
  return solutions
}

async function solveBatch(
  gpu: Gpu,
  problem: Problem,
  layout: TableLayout,
  signals: readonly ScaledSignal[],
  starts: readonly WarmStart[] | undefined,
  abort: AbortSignal | undefined,
): Promise<Solution[]> {
  const lanes = signals.length
  const tensors = await gpu.allocate('cvxEDA', () => allocate(gpu, problem, layout, lanes))
  const batch: Batch = { gpu, problem, layout, lanes, tensors, levels: new Set() }
  const start = new Plan(gpu)
  const block = new Plan(gpu)
  try {
    record(batch, block)(start)
    await Promise.all([block.compile(), start.compile()])
    const initial = writeStart(batch, signals, starts)
    start.run()
    const { state, iterations } = await run(batch, block, initial, abort)
    return await polishAll(batch, signals, await readPoints(batch), state, iterations, abort)
  } finally {
    block.destroy()
    start.destroy()
    for (const tensor of Object.values(tensors)) gpu.free(tensor)
  }
}

/**
 * ADMM with over-relaxation and a penalty per signal from a ladder of powers of two, then the float64 polish: at most
 * 1,000 iterations of both together. `solved` means a duality gap, certified in float64, of at most 1e-4 of the objective.
 * @throws LimitError for recordings too long to be walked in one dispatch
 */
export async function admm(
  gpu: Gpu,
  problem: Problem,
  signals: ScaledSignal[],
  { onSolved, signal: abort, starts }: SolverHooks,
): Promise<Solution[]> {
  const { n } = problem
  const layout = layoutOf(problem, gpu.bindingLimit / 4)
  if (n > LONGEST_WALK || layout.total * 16 > gpu.bindingLimit) {
    throw new LimitError(
      `cvxEDA: ADMM walks a signal in one piece and ${n} samples are too many; use the interior point.`,
      { n },
    )
  }
  const size = batchSize(gpu, problem, layout)
  const solutions: Solution[] = []
  for (let from = 0; from < signals.length; from += size) {
    const batch = signals.slice(from, from + size)
    const found = await solveBatch(gpu, problem, layout, batch, starts?.slice(from, from + size), abort)
    for (const solution of found) solutions.push(solution)
    onSolved(batch.length)
  }
  return solutions
}

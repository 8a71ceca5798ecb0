// Interior-point solver, one GPU invocation per signal; the method is in its two shaders.

import interiorPointShader from '../../shaders/cvxeda_interior_point.wgsl'
import riccatiShader from '../../shaders/cvxeda_riccati.wgsl'
import type { Gpu } from '../runtime/gpu.ts'
import { Plan } from '../runtime/plan.ts'
import { ceilDiv } from '../runtime/shape.ts'
import type { Tensor } from '../runtime/tensor.ts'
import type { Problem } from './problem.ts'
import type { ScaledSignal, Solution, SolverHooks } from './solver.ts'
import { createTonicBasis, type TonicBasis } from './tonic.ts'

/** Invocations of a workgroup, as in the shaders. */
const WORKGROUP = 8
const MAX_ITERATIONS = 60
/** Iterations between two looks at the `done` flags. */
const GROUP = 4
/** Samples of a batch, 40 bytes each; on a software adapter few enough that no sweep takes much of a second. */
const MAX_SAMPLES = 1 << 24
const MAX_SAMPLES_SOFTWARE = 1 << 21

/** Rows of `state` in the shaders. */
const STATE_ROWS = 6
const ALPHA = 0
const INFEASIBILITY = 3
const ITERATIONS = 4
const DONE = 5

type Tensors = Record<'y' | 'p' | 'lambda' | 'e' | 'dp' | 'gain' | 'tonic' | 'state' | 'tables', Tensor>

/** Fields of one spline row of `tonic`, see the shaders. */
const rowWidth = (basis: TonicBasis) => basis.window + 4

function batchSize(gpu: Gpu, { n }: Problem, basis: TonicBasis): number {
  const words = gpu.bindingLimit / 4
  const samples = Math.min(words / 4, gpu.info.isFallbackAdapter ? MAX_SAMPLES_SOFTWARE : MAX_SAMPLES)
  return Math.max(1, Math.floor(Math.min(samples / n, words / ((basis.rows + 1) * rowWidth(basis)))))
}

function allocate(gpu: Gpu, { n }: Problem, basis: TonicBasis, lanes: number): Tensors {
  const samples = (label: string, width = 1) => gpu.tensor([n * lanes * width], 'f32', `cvxeda ${label}`)
  return {
    gain: samples('gains', 4), // the largest first: what does not fit fails before anything is taken
    y: samples('signal'), p: samples('driver'), lambda: samples('multipliers'), e: samples('residual'),
    dp: samples('driver step'),
    tonic: gpu.tensor([(basis.rows + 1) * rowWidth(basis) * lanes], 'f32', 'cvxeda tonic system'),
    state: gpu.tensor([STATE_ROWS * lanes], 'f32', 'cvxeda state'),
    tables: gpu.tensor([basis.tables.length], 'f32', 'cvxeda tables'),
  }
}

/** Two plans over the same tensors: the start, and GROUP iterations. */
function recordPlans(gpu: Gpu, problem: Problem, basis: TonicBasis, lanes: number, tensors: Tensors) {
  const { n, spacing, filter } = problem
  const [gamma00, gamma01, gamma11] = basis.driftPenalty
  const { d: fd, ...sections } = filter
  const { rows, window } = basis
  const params = { n, lanes, spacing, rows, window, fd, ...sections, gamma00, gamma01, gamma11 }
  const launch = { groups: ceilDiv(lanes, WORKGROUP) }
  const args = { ...tensors, params }
  const start = new Plan(gpu)
  start.dispatch(interiorPointShader, 'start', args, launch)
  start.dispatch(interiorPointShader, 'advance', args, launch)
  const iterate = new Plan(gpu)
  for (let i = 0; i < GROUP; i++) {
    iterate.dispatch(riccatiShader, 'riccati', args, { ...launch, constants: { WINDOW: window } })
    for (const entry of ['tonic_step', 'feedforward', 'driver_step', 'advance'] as const) {
      iterate.dispatch(interiorPointShader, entry, args, launch)
    }
  }
  return { start, iterate }
}

/** Interleaves signals to [n][lanes], the order in which neighbouring invocations read them. */
function interleave(signals: ScaledSignal[], n: number): Float32Array {
  const lanes = signals.length
  const out = new Float32Array(n * lanes)
  signals.forEach(({ y }, lane) => {
    for (let i = 0; i < n; i++) out[i * lanes + lane] = y[i]!
  })
  return out
}

const laneOf = (values: Float32Array, lane: number, lanes: number, count: number) =>
  Float32Array.from({ length: count }, (_, i) => values[i * lanes + lane]!)

async function readSolutions(gpu: Gpu, problem: Problem, basis: TonicBasis, tensors: Tensors, state: Float32Array) {
  const lanes = state.length / STATE_ROWS
  const drivers = await gpu.readFloat(tensors.p)
  const system = await gpu.readFloat(tensors.tonic)
  const width = rowWidth(basis)
  return Array.from({ length: lanes }, (_, lane): Solution => {
    const value = (row: number, field: number) => system[(row * width + field) * lanes + lane]!
    const z = Array.from({ length: basis.rows }, (_, row) => value(row, 3))
    z.push(value(basis.rows, 5), value(basis.rows, 6))
    return {
      driver: laneOf(drivers, lane, lanes, problem.n),
      ...basis.coefficients(z),
      iterations: state[ITERATIONS * lanes + lane]!,
      status: state[DONE * lanes + lane] === 1 ? 'solved' : 'max-iterations',
    }
  })
}

async function solveBatch(gpu: Gpu, problem: Problem, basis: TonicBasis, signals: ScaledSignal[],
  abort: AbortSignal | undefined): Promise<Solution[]> {
  const lanes = signals.length
  const tensors = allocate(gpu, problem, basis, lanes)
  const { start, iterate } = recordPlans(gpu, problem, basis, lanes, tensors)
  try {
    await Promise.all([start.compile(), iterate.compile()])
    const initial = new Float32Array(STATE_ROWS * lanes)
    signals.forEach(({ alpha }, lane) => { initial[ALPHA * lanes + lane] = alpha })
    initial.fill(1, INFEASIBILITY * lanes, (INFEASIBILITY + 1) * lanes)
    gpu.write(tensors.y, interleave(signals, problem.n))
    gpu.write(tensors.tables, basis.tables)
    gpu.write(tensors.state, initial)
    start.run()
    let state: Float32Array = initial
    for (let i = 0; i < MAX_ITERATIONS && state.indexOf(0, DONE * lanes) >= 0; i += GROUP) {
      abort?.throwIfAborted()
      iterate.run()
      state = await gpu.readFloat(tensors.state)
    }
    return await readSolutions(gpu, problem, basis, tensors, state)
  } finally {
    start.destroy()
    iterate.destroy()
    Object.values(tensors).forEach(tensor => gpu.free(tensor))
  }
}

/** Primal-dual interior point, at most 60 iterations; batches of any size, split to what the device can bind. */
export async function interiorPoint(gpu: Gpu, problem: Problem, signals: ScaledSignal[],
  { onSolved, signal }: SolverHooks): Promise<Solution[]> {
  const basis = createTonicBasis(problem)
  const size = batchSize(gpu, problem, basis)
  const solutions: Solution[] = []
  for (let from = 0; from < signals.length; from += size) {
    const batch = signals.slice(from, from + size)
    solutions.push(...await solveBatch(gpu, problem, basis, batch, signal))
    onSolved(batch.length)
  }
  return solutions
}

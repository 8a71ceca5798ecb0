// Primal-dual interior point on the GPU; the method is in the shaders cvxeda_*.wgsl.
//
// The form per-signal gives each signal one invocation, which walks all its samples: least work, for many signals at once. The form along-time cuts
// every knot span into chunks and gives each chunk an invocation; what chunks owe each other is linear and is carried in
// short passes between the sweeps: about half as much work again, for few or long signals.

import carryShader from '../../shaders/cvxeda/carry.wgsl'
import driverShader from '../../shaders/cvxeda/driver.wgsl'
import riccatiShader from '../../shaders/cvxeda/riccati.wgsl'
import tonicShader from '../../shaders/cvxeda/tonic.wgsl'
import { LimitError } from '../runtime/errors.ts'
import type { Gpu } from '../runtime/gpu.ts'
import { MAX_GROUPS, Plan } from '../runtime/plan.ts'
import { ceilDiv } from '../runtime/shape.ts'
import type { Tensor } from '../runtime/tensor.ts'
import { phasicResponse, type Problem } from './problem.ts'
import { LONGEST_WALK, maxSamples } from './limits.ts'
import type { Form, ScaledSignal, Solution, SolverHooks, SolverStatus } from './solver.ts'
import { createTonicBasis, type TonicBasis } from './tonic.ts'

const MAX_ITERATIONS = 60
/** Iterations between two looks at the `done` flags. */
const GROUP = 4
/** Bytes of a batch. */
const MAX_BYTES = 2 ** 30
const MAX_BYTES_SOFTWARE = 2 ** 28
/** The form along-time is faster for fewer signals than fill the adapter, unless they are so short that its more dispatches weigh more. */
const FILLED = 2048
const FILLED_SOFTWARE = 16
const SHORT = 256
const SHORT_SOFTWARE = 4096
/** The form along-time: samples of a chunk, at least, where the knots are that far apart; more where there would be more chunks than this. */
const SHORTEST_CHUNK = 64
const MANY_CHUNKS = 256

/** The first driver, and the least first multiplier. */
const DRIVER = 10
const MULTIPLIER = 1e-3

/** Rows of `state` in the shaders. */
const STATE_ROWS = 9
const ALPHA = 0
const MU = 1
const MU_BEFORE = 2
const INFEASIBILITY = 4
const ITERATIONS = 5
const DONE = 6
const GAP = 7
const OBJECTIVE = 8
const CONVERGED = 1
/** A gap of a hundred times the tolerance at a nearly feasible point is still useful. */
const INACCURATE_GAP = 1e-4
const INACCURATE_INFEASIBILITY = 1e-2

/** Fields of one spline row of `tonic` and of one lane of `boundary`, see the shaders. */
const rowWidth = ({ window }: TonicBasis) => window + 5
const boundaryWidth = ({ window }: TonicBasis) => 28 + 4 * (window + 3)
const sumsWidth = (columns: number) => (columns * (columns + 3)) / 2

/** How time is cut, and in which order samples are stored. */
interface Layout {
  form: Form
  /** Products of this many columns are summed: the window, two drifts and, in form along-time, two that carry between chunks. */
  columns: number
  /** Chunks of one knot span, and of the signal. */
  parts: number
  chunks: number
  chunkLength: number
  /** Sample i of chunk c is at place i * sampleStride + c * chunkStride of `places`. */
  sampleStride: number
  chunkStride: number
  places: number
}

function layoutOf({ n, spacing }: Problem, { window, spans, begin }: TonicBasis, form: Form): Layout {
  if (form === 'per-signal') {
    const order = { sampleStride: 1, chunkStride: spacing, places: n + begin }
    return { form, columns: window + 2, parts: 1, chunks: spans, chunkLength: spacing, ...order }
  }
  const parts = Math.max(1, Math.floor(spacing / Math.max(SHORTEST_CHUNK, n / MANY_CHUNKS)))
  const chunkLength = ceilDiv(spacing, parts)
  const inLastSpan = n + begin - (spans - 1) * spacing
  const chunks = (spans - 1) * parts + ceilDiv(inLastSpan, chunkLength)
  const order = { sampleStride: chunks, chunkStride: 1, places: chunks * chunkLength }
  return { form, columns: window + 4, parts, chunks, chunkLength, ...order }
}

/** Place of each sample, in order of time. */
function placesOf(problem: Problem, { begin }: TonicBasis, layout: Layout): Uint32Array {
  return Uint32Array.from({ length: problem.n }, (_, i) => {
    const span = Math.floor((i + begin) / problem.spacing)
    const phase = i + begin - span * problem.spacing
    const part = Math.floor(phase / layout.chunkLength)
    const chunk = span * layout.parts + part
    return (phase - part * layout.chunkLength) * layout.sampleStride + chunk * layout.chunkStride
  })
}

/** The faster form for so many signals of n samples on this adapter. */
export function chooseForm(gpu: Gpu, n: number, signals: number): Form {
  const [filled, short] = gpu.info.isFallbackAdapter ? [FILLED_SOFTWARE, SHORT_SOFTWARE] : [FILLED, SHORT]
  return n <= LONGEST_WALK && (signals >= filled || n < short) ? 'per-signal' : 'along-time'
}

type Tensors = Record<'point' | 'gain' | 'tables' | 'drift' | 'tonic' | 'sums' | 'boundary' | 'state', Tensor>

/** Words of each tensor for so many signals. */
function sizes(basis: TonicBasis, layout: Layout, signals: number): Record<keyof Tensors, number> {
  const lanes = signals * (layout.form === 'per-signal' ? 1 : layout.chunks)
  return {
    point: 4 * layout.places * signals,
    gain: 4 * layout.places * signals,
    sums: sumsWidth(layout.columns) * layout.chunks * signals,
    boundary: boundaryWidth(basis) * lanes,
    tonic: (basis.rows + 1) * rowWidth(basis) * signals,
    tables: basis.tables.length,
    drift: basis.drift.length,
    state: STATE_ROWS * signals,
  }
}

const workgroupOf = ({ info }: Gpu): number => (info.isFallbackAdapter ? 8 : 64)

/** Signals that one batch takes: what the device binds and launches, and what a sweep on a software adapter does in much less than a second. */
function batchSize(gpu: Gpu, { n }: Problem, basis: TonicBasis, layout: Layout): number {
  const { tables, drift, ...perSignal } = sizes(basis, layout, 1)
  const words = Object.values(perSignal)
  const bytes = 4 * words.reduce((sum, count) => sum + count, 0)
  const invocations = Math.max(basis.rows + 3, layout.form === 'per-signal' ? 1 : layout.chunks)
  return Math.max(
    1,
    Math.floor(
      Math.min(
        maxSamples(gpu) / n,
        (gpu.info.isFallbackAdapter ? MAX_BYTES_SOFTWARE : MAX_BYTES) / bytes,
        gpu.bindingLimit / 4 / Math.max(...words),
        (MAX_GROUPS * workgroupOf(gpu)) / invocations,
      ),
    ),
  )
}

function allocate(gpu: Gpu, basis: TonicBasis, layout: Layout, signals: number): Tensors {
  const entries = Object.entries(sizes(basis, layout, signals))
  return Object.fromEntries(
    entries.map(([name, words]) => [name, gpu.tensor([words], 'f32', `cvxeda ${name}`)]),
  ) as Tensors
}

/** GROUP iterations. The first sweep of an iteration applies the step of the one before. */
function record(
  plan: Plan,
  problem: Problem,
  basis: TonicBasis,
  layout: Layout,
  signals: number,
  tensors: Tensors,
): void {
  const { n, spacing, filter } = problem
  const { d: fd, ...sections } = filter
  const { rows, window, line, begin } = basis
  const { columns, parts, chunks } = layout
  const isChunked = layout.form === 'along-time'
  const lanes = isChunked ? signals * chunks : signals
  const params = {
    ...{
      n,
      signals,
      lanes,
      sections: lanes / signals,
      chunks,
      parts,
      chunk_length: layout.chunkLength,
      spacing,
      begin,
      rows,
      window,
    },
    ...{ end: n + begin, sample_stride: layout.sampleStride, chunk_stride: layout.chunkStride, limit: MAX_ITERATIONS },
    ...{ fd, ...sections, gamma: problem.params.gamma, ...line },
  }
  const args = { ...tensors, params }
  const WORKGROUP = workgroupOf(plan.gpu)
  const launch = (count: number) => ({ groups: [ceilDiv(count, WORKGROUP), 1, 1] as const }) // never folded into rows
  const shapes = { WORKGROUP, WINDOW: window, COLUMNS: columns }
  const carry = (
    entry: 'carry_cost' | 'carry_adjoint' | 'correct' | 'carry_affine' | 'carry_filter',
    count: number,
  ) => {
    if (isChunked) plan.dispatch(carryShader, entry, args, { ...launch(count), constants: shapes })
  }
  for (let i = 0; i < GROUP; i++) {
    if (isChunked) plan.dispatch(riccatiShader, 'chunk_cost', args, { ...launch(lanes), constants: shapes })
    carry('carry_cost', signals)
    plan.dispatch(riccatiShader, 'riccati', args, { ...launch(lanes), constants: shapes })
    carry('carry_adjoint', (rows + 3) * signals)
    carry('correct', lanes)
    plan.dispatch(tonicShader, 'assemble', args, { ...launch((rows + 1) * signals), constants: shapes })
    plan.dispatch(tonicShader, 'tonic_step', args, { ...launch(signals), constants: shapes })
    carry('carry_affine', signals)
    const driver = { ...launch(lanes), constants: { WORKGROUP, CHUNKED: isChunked } }
    plan.dispatch(driverShader, 'feedforward', args, driver)
    carry('carry_filter', signals)
    plan.dispatch(driverShader, 'driver_step', args, driver)
    plan.dispatch(tonicShader, 'finish', args, { ...launch(signals), constants: shapes })
  }
}

const multiplierOf = ({ alpha }: ScaledSignal) => Math.max(alpha, MULTIPLIER)

/** The first point of every sample: p, lambda, e = y - H p, and H dp of no step. */
function firstPoint(problem: Problem, layout: Layout, places: Uint32Array, signals: ScaledSignal[]): Float32Array {
  const lanes = signals.length
  const point = new Float32Array(4 * layout.places * lanes).fill(1) // places without a sample are never read
  const response = phasicResponse(problem.filter, new Float64Array(problem.n).fill(DRIVER))
  places.forEach((place, i) => {
    for (let lane = 0; lane < lanes; lane++) {
      const signal = signals[lane]!
      const at = 4 * (place * lanes + lane)
      point[at] = DRIVER
      point[at + 1] = multiplierOf(signal)
      point[at + 2] = signal.y[i]! - response[i]!
      point[at + 3] = 0
    }
  })
  return point
}

function firstState(signals: ScaledSignal[]): Float32Array {
  const lanes = signals.length
  const state = new Float32Array(STATE_ROWS * lanes)
  signals.forEach((signal, lane) => {
    state[ALPHA * lanes + lane] = signal.alpha
    state[MU * lanes + lane] = DRIVER * multiplierOf(signal)
    state[MU_BEFORE * lanes + lane] = DRIVER * multiplierOf(signal)
    state[INFEASIBILITY * lanes + lane] = 1
  })
  return state
}

function statusOf(state: Float32Array, n: number, lane: number, lanes: number): SolverStatus {
  const value = (row: number) => state[row * lanes + lane]!
  if (value(DONE) === CONVERGED) return 'solved'
  const near = INACCURATE_GAP * (value(OBJECTIVE) + 0.5e-6 * n) // as in the shader's own test
  const isClose = value(GAP) <= near && value(INFEASIBILITY) <= INACCURATE_INFEASIBILITY
  return isClose ? 'solved-inaccurate' : 'max-iterations'
}

async function readSolutions(gpu: Gpu, basis: TonicBasis, places: Uint32Array, tensors: Tensors, state: Float32Array) {
  const lanes = state.length / STATE_ROWS
  const point = await gpu.readFloat(tensors.point)
  const system = await gpu.readFloat(tensors.tonic)
  const width = rowWidth(basis)
  const drivers = Array.from({ length: lanes }, () => new Float32Array(places.length))
  places.forEach((place, i) => {
    for (let lane = 0; lane < lanes; lane++) drivers[lane]![i] = point[4 * (place * lanes + lane)]!
  })
  return drivers.map((driver, lane): Solution => {
    const value = (row: number, field: number) => system[(row * width + field) * lanes + lane]!
    const z = Array.from({ length: basis.rows }, (_, row) => value(row, 3))
    z.push(value(basis.rows, 5), value(basis.rows, 6))
    const iterations = state[ITERATIONS * lanes + lane]!
    return { driver, ...basis.coefficients(z), iterations, status: statusOf(state, places.length, lane, lanes) }
  })
}

async function solveBatch(
  gpu: Gpu,
  problem: Problem,
  basis: TonicBasis,
  layout: Layout,
  signals: ScaledSignal[],
  abort: AbortSignal | undefined,
): Promise<Solution[]> {
  const tensors = await gpu.allocate('cvxEDA', () => allocate(gpu, basis, layout, signals.length))
  const plan = new Plan(gpu)
  try {
    record(plan, problem, basis, layout, signals.length, tensors)
    await plan.compile()
    const places = placesOf(problem, basis, layout)
    gpu.write(tensors.point, firstPoint(problem, layout, places, signals))
    gpu.write(tensors.tables, basis.tables)
    gpu.write(tensors.drift, basis.drift)
    let state = firstState(signals)
    gpu.write(tensors.state, state)
    while (state.subarray(DONE * signals.length, GAP * signals.length).includes(0)) {
      abort?.throwIfAborted()
      plan.run()
      state = await gpu.readFloat(tensors.state)
    }
    return await readSolutions(gpu, basis, places, tensors, state)
  } finally {
    plan.destroy()
    Object.values(tensors).forEach((tensor) => gpu.free(tensor))
  }
}

/**
 * Primal-dual interior point, at most 60 iterations; batches of any size, split to what the device can bind.
 * @throws LimitError for form per-signal on more than 2^20 samples a signal.
 */
export async function interiorPoint(
  gpu: Gpu,
  problem: Problem,
  signals: ScaledSignal[],
  { onSolved, signal: abort, form = chooseForm(gpu, problem.n, signals.length) }: SolverHooks,
): Promise<Solution[]> {
  if (form === 'per-signal' && problem.n > LONGEST_WALK) {
    throw new LimitError(
      `cvxEDA: form per-signal is for signals of up to ${LONGEST_WALK} samples, these have ${problem.n}; use form along-time.`,
    )
  }
  const basis = createTonicBasis(problem)
  const layout = layoutOf(problem, basis, form)
  const size = batchSize(gpu, problem, basis, layout)
  const solutions: Solution[] = []
  for (let from = 0; from < signals.length; from += size) {
    const batch = signals.slice(from, from + size)
    for (const solution of await solveBatch(gpu, problem, basis, layout, batch, abort)) solutions.push(solution)
    onSolved(batch.length)
  }
  return solutions
}

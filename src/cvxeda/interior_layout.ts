// How the interior point cuts time, in which order it stores samples, what it needs on the device, and how many signals fit.
//
// The form per-signal gives each signal one invocation, which walks all its samples: least work, for many signals at once.
// The form along-time cuts every knot span into chunks and gives each chunk an invocation; what chunks owe each other is
// linear and is carried in short passes between the sweeps: about half as much work again, for few or long signals.

import carryShader from '../../shaders/cvxeda/carry.wgsl'
import riccatiShader from '../../shaders/cvxeda/riccati.wgsl'
import tonicShader from '../../shaders/cvxeda/tonic.wgsl'
import type { Pieces } from '../runtime/breather.ts'
import type { Gpu } from '../runtime/gpu.ts'
import type { GpuBase } from '../runtime/gpu_base.ts'
import { MAX_GROUPS } from '../runtime/plan.ts'
import { shaderValues } from '../runtime/shader_values.ts'
import { ceilDiv } from '../runtime/shape.ts'
import type { Tensor } from '../runtime/tensor.ts'
import { LONGEST_WALK, maxSamples } from './limits.ts'
import type { Problem } from './problem.ts'
import type { Form } from './solver.ts'
import type { TonicBasis } from './tonic.ts'
import { bySpans } from './tonic_grid.ts'

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

/** Rows of `state`, fields of `tonic` and the codes of DONE, which depend on no shape. */
export const LAYOUT = /* @__PURE__ */ shaderValues(tonicShader)

/** How time is cut, and in which order samples are stored. */
export interface Layout {
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

export function layoutOf({ n, spacing }: Problem, { window, spans, begin }: TonicBasis, form: Form): Layout {
  const { PSI, MOST_COLUMNS } = shaderValues(riccatiShader, { WINDOW: window })
  if (form === 'per-signal') {
    const order = { sampleStride: 1, chunkStride: spacing, places: n + begin }
    return { form, columns: PSI, parts: 1, chunks: spans, chunkLength: spacing, ...order }
  }
  const parts = Math.max(1, Math.floor(spacing / Math.max(SHORTEST_CHUNK, n / MANY_CHUNKS)))
  const chunkLength = ceilDiv(spacing, parts)
  const inLastSpan = n + begin - (spans - 1) * spacing
  const chunks = (spans - 1) * parts + ceilDiv(inLastSpan, chunkLength)
  const order = { sampleStride: chunks, chunkStride: 1, places: chunks * chunkLength }
  return { form, columns: MOST_COLUMNS, parts, chunks, chunkLength, ...order }
}

/** Place of each sample, in order of time. */
export function* placesOf(problem: Problem, basis: TonicBasis, layout: Layout): Pieces<Uint32Array> {
  const { parts, chunkLength, sampleStride, chunkStride } = layout
  const places = new Uint32Array(problem.n)
  yield* bySpans(problem, basis, (span, from, to) => {
    for (let i = from; i < to; i++) {
      const phase = i + basis.begin - span * problem.spacing
      const part = Math.floor(phase / chunkLength)
      const chunk = span * parts + part
      places[i] = (phase - part * chunkLength) * sampleStride + chunk * chunkStride
    }
  })
  return places
}

/** The faster form for so many signals of n samples on this adapter. */
export function chooseForm(gpu: Gpu, n: number, signals: number): Form {
  const [filled, short] = gpu.info.isFallbackAdapter ? [FILLED_SOFTWARE, SHORT_SOFTWARE] : [FILLED, SHORT]
  return n <= LONGEST_WALK && (signals >= filled || n < short) ? 'per-signal' : 'along-time'
}

/** Where the shaders, made for the window and columns of this layout, put what. */
const fieldsOf = ({ window }: TonicBasis, { columns }: Layout) => {
  const shape = { WINDOW: window, COLUMNS: columns }
  return { ...shaderValues(tonicShader, shape), ...shaderValues(carryShader, shape) }
}

export type Tensors = Record<'point' | 'gain' | 'tables' | 'drift' | 'tonic' | 'sums' | 'boundary' | 'state', Tensor>

/** Words of each tensor for so many signals. */
function sizes(basis: TonicBasis, layout: Layout, signals: number): Record<keyof Tensors, number> {
  const lanes = signals * (layout.form === 'per-signal' ? 1 : layout.chunks)
  const { SUM_FIELDS, BOUNDARY_FIELDS, ROW_FIELDS, STATE_ROWS } = fieldsOf(basis, layout)
  return {
    point: 4 * layout.places * signals,
    gain: 4 * layout.places * signals,
    sums: SUM_FIELDS * layout.chunks * signals,
    boundary: BOUNDARY_FIELDS * lanes,
    tonic: (basis.rows + 1) * ROW_FIELDS * signals,
    tables: basis.tables.length,
    drift: basis.drift.length,
    state: STATE_ROWS * signals,
  }
}

/** Fields of a row of `tonic`. */
export const rowFields = ({ window }: TonicBasis): number => shaderValues(tonicShader, { WINDOW: window }).ROW_FIELDS

/** Columns that `carry_adjoint` carries, one invocation each. */
export const carriedColumns = ({ rows }: TonicBasis): number => rows + shaderValues(carryShader).OUTER_COLUMNS

export const workgroupOf = ({ info }: GpuBase): number => (info.isFallbackAdapter ? 8 : 64)

/** Signals that one batch takes: what the device binds and launches, and what a sweep on a software adapter does in much less than a second. */
export function batchSize(gpu: Gpu, { n }: Problem, basis: TonicBasis, layout: Layout): number {
  const { tables, drift, ...perSignal } = sizes(basis, layout, 1)
  const words = Object.values(perSignal)
  const bytes = 4 * words.reduce((sum, count) => sum + count, 0)
  const invocations = Math.max(carriedColumns(basis), layout.form === 'per-signal' ? 1 : layout.chunks)
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

export function allocate(gpu: Gpu, basis: TonicBasis, layout: Layout, signals: number): Tensors {
  const entries = Object.entries(sizes(basis, layout, signals))
  return Object.fromEntries(
    entries.map(([name, words]) => [name, gpu.tensor([words], 'f32', `cvxeda ${name}`)]),
  ) as Tensors
}

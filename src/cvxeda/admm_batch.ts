// A batch of signals on the device, as ADMM keeps it, and the rows and fields of its tensors as the shader names them.

import cvxedaShader from '../../shaders/cvxeda/admm.wgsl'
import { allocateAdmm, type AdmmTensors } from '../qp/admm.ts'
import type { Gpu } from '../runtime/gpu.ts'
import { MAX_GROUPS } from '../runtime/plan.ts'
import { shaderValues } from '../runtime/shader_values.ts'
import type { Tensor } from '../runtime/tensor.ts'
import type { TableLayout } from './admm_tables.ts'
import { maxSamples } from './limits.ts'
import type { Problem } from './problem.ts'

export const LAYOUT = /* @__PURE__ */ shaderValues(cvxedaShader)

export type Tensors = AdmmTensors & Record<'signal' | 'e' | 'feed' | 'tonic' | 'state' | 'tables', Tensor>

/** Everything of one batch on the device. */
export interface Batch {
  gpu: Gpu
  problem: Problem
  layout: TableLayout
  lanes: number
  tensors: Tensors
  /** Levels of the ladder whose tables are on the device. */
  levels: Set<number>
}

/** Values of `tonic` for one signal. */
export const tonicValues = ({ rows }: TableLayout) => (rows + LAYOUT.DRIFTS) * LAYOUT.FIELDS

/** Place in `tonic` of a coefficient itself: of a spline's row, or of drift c in row layout.rows + c. */
export const tonicPlace = (row: number, lane: number, lanes: number): number =>
  (row * LAYOUT.FIELDS + LAYOUT.VALUE) * lanes + lane

/** Signals that one batch takes. */
export function batchSize(gpu: Gpu, { n }: Problem, layout: TableLayout): number {
  const words = gpu.bindingLimit / 4
  const samples = Math.min(words / 2, maxSamples(gpu))
  const most = Math.min(samples / n, words / tonicValues(layout), MAX_GROUPS * LAYOUT.WORKGROUP)
  return Math.max(1, Math.floor(most))
}

export function allocate(gpu: Gpu, { n }: Problem, layout: TableLayout, lanes: number): Tensors {
  const vector = (label: string, values: number) => gpu.tensor([values], 'f32', `cvxeda ${label}`)
  return {
    ...allocateAdmm(gpu, { rows: n, lanes, penaltyRows: 1 }),
    tables: vector('gains', layout.total * 4),
    signal: vector('signal', n * lanes),
    e: vector('residual', n * lanes),
    feed: vector('feed', n * lanes),
    tonic: vector('coefficients', tonicValues(layout) * lanes),
    state: vector('state', LAYOUT.STATE_ROWS * lanes),
  }
}

// Both ends of the interior point on the device (shaders/cvxeda/ends.wgsl): what `scaling.ts`, `interior_ends.ts` and `read_out.ts`
// do on the host, in float32.

import shader from '../../shaders/cvxeda/ends.wgsl'
import type { Pieces } from '../runtime/breather.ts'
import { LaneRows } from '../qp/lane_rows.ts'
import type { Gpu } from '../runtime/gpu.ts'
import type { Plan } from '../runtime/plan.ts'
import { shaderValues } from '../runtime/shader_values.ts'
import { ceilDiv, extent } from '../runtime/shape.ts'
import type { Tensor } from '../runtime/tensor.ts'
import { firstResponse } from './interior_ends.ts'
import type { Layout, Tensors } from './interior_layout.ts'
import type { Problem } from './problem.ts'
import type { TonicBasis } from './tonic.ts'

/** Rows and codes of a report. */
export const ENDS = /* @__PURE__ */ shaderValues(shader)

/** The parts of a decomposition, in the order in which they are said. */
export const PARTS = ['phasic', 'tonic', 'driver', 'residual'] as const
/** One part of a decomposition. */
export type Part = (typeof PARTS)[number]
/** A tensor [signals, n] for each part. */
export type PartTensors = Readonly<Record<Part, Tensor>>

/** Recordings of one problem on the device, a batch of which is solved at a time. */
export interface Recordings {
  problem: Problem
  basis: TonicBasis
  layout: Layout
  /** H p of the first point. */
  response: Float32Array
  /** [all signals, n]. */
  signals: Tensor
  parts: PartTensors
  /** [STATE_ROWS + SCALING_ROWS, all signals], flat. */
  report: Tensor
}

/** The signals of a batch among all of them. */
export interface Batch {
  first: number
  count: number
}

/** What the ends need beside the solver's own tensors. */
export type EndTensors = Record<'scaling' | 'response' | 'samples', Tensor>

export const reportLength = (signals: number): number => (ENDS.STATE_ROWS + ENDS.SCALING_ROWS) * signals

export const allocateEnds = (gpu: Gpu, { n }: Problem, signals: number): EndTensors => ({
  scaling: gpu.tensor([ENDS.SCALING_ROWS * signals], 'f32', 'cvxeda scaling'),
  response: gpu.tensor([n], 'f32', 'cvxeda response'),
  samples: gpu.tensor([n * signals], 'f32', 'cvxeda samples'),
})

/** H p of the first point, which all recordings of a problem share. */
export function* responseOf({ n, filter }: Problem): Pieces<Float32Array> {
  return new Float32Array(yield* firstResponse(filter, n))
}

function paramsOf({ problem, basis, layout, signals }: Recordings, { first, count }: Batch) {
  const { n, spacing, params } = problem
  const { rows, window, begin } = basis
  const { parts, chunkLength, sampleStride, chunkStride } = layout
  const { baselineCorrection, alpha, tau0, tau1 } = params
  return {
    ...{ n, stride: signals.rowStride, signals: count, first, all: extent(signals.shape, 0), spacing, begin, parts },
    ...{ chunk_length: chunkLength, sample_stride: sampleStride, chunk_stride: chunkStride, rows, window },
    // Only a column of ones can take a mean back. Above `most_alpha`, which bounds H'e, every alpha gives p = 0 (`scaled`).
    ...{ centred: baselineCorrection === 1 || baselineCorrection === 2 ? 1 : 0 },
    ...{ alpha, most_alpha: Math.sqrt(n) * Math.abs(tau0 - tau1) },
  }
}

/** From samples to the first point. */
export function recordStart(plan: Plan, recordings: Recordings, batch: Batch, tensors: Tensors & EndTensors): void {
  const { signals, problem } = recordings
  const args = { ...tensors, recordings: signals, params: paramsOf(recordings, batch) }
  plan.dispatch(shader, 'scale', args, { groups: batch.count })
  plan.dispatch(shader, 'start', args, { groups: ceilDiv(problem.n * batch.count, ENDS.WORKGROUP) })
}

/** From the last point to the parts, and how it went. */
export function recordParts(plan: Plan, recordings: Recordings, batch: Batch, tensors: Tensors & EndTensors): void {
  const { signals, parts, report } = recordings
  const { phasic, tonic: tonic_part, driver, residual } = parts
  const results = { phasic, tonic_part, driver, residual, report_out: report }
  const args = { ...tensors, ...results, recordings: signals, params: paramsOf(recordings, batch) }
  const groups = ceilDiv((signals.rowStride / 4) * batch.count, ENDS.WORKGROUP)
  plan.dispatch(shader, 'tonic_parts', args, { groups })
  plan.dispatch(shader, 'driver_parts', args, { groups })
  plan.dispatch(shader, 'report', args, { groups: [ceilDiv(batch.count, ENDS.WORKGROUP), 1, 1] })
}

/** The one thing that comes back: rows of the solver's state, then of the scaling, a lane a signal. */
export const readReport = async (gpu: Gpu, report: Tensor, signals: number): Promise<LaneRows> =>
  new LaneRows(await gpu.readFloat(report), signals)

// cvxEDA from tensor to tensor: recordings that are on the device are decomposed there, and what comes back is how it went.

import { breather, inTurns } from '../runtime/breather.ts'
import { inBatches, onDevice } from '../qp/batches.ts'
import type { LaneRows } from '../qp/lane_rows.ts'
import { checkNames, nameOf, type Known } from '../runtime/arguments.ts'
import { requireGpu } from '../runtime/gpu_base.ts'
import { ShapeError, UsageError } from '../runtime/errors.ts'
import type { Gpu } from '../runtime/gpu.ts'
import { extent, formatShape, sameShape } from '../runtime/shape.ts'
import { Tensor } from '../runtime/tensor.ts'
import type { Decomposition } from './decomposition.ts'
import {
  allocateEnds,
  ENDS,
  PARTS,
  readReport,
  recordParts,
  recordStart,
  reportLength,
  responseOf,
  type Batch,
  type Part,
  type PartTensors,
  type Recordings,
} from './device_ends.ts'
import { statusOf } from './interior_ends.ts'
import { allocate, batchSize, chooseForm, layoutOf } from './interior_layout.ts'
import { iterateUnseen, requireWalk, writingTables } from './interior_point.ts'
import { missingSamples } from './missing_samples.ts'
import { checkOptions, type DecomposeOptions } from './options.ts'
import { createProblem, type Problem } from './problem.ts'
import { isBadlyScaled, outOfRange } from './read_out.ts'
import { createTonicBasis } from './tonic.ts'

type Shared = Omit<DecomposeOptions, 'sampleRate' | 'solver' | 'starts' | 'onProgress'>

/** Settings of a decomposition on the device; all but the sampling rate have a default. */
export interface DecomposeOnOptions extends Shared {
  /** Samples per second, of every recording. */
  sampleRate: number
  /** Tensors of the caller's [B, n] that parts are written to, such as `gpu.wrap(buffer, [B, n])`; others are made. */
  into?: Partial<PartTensors>
}

/** How one recording's decomposition went; see `Decomposition`. */
export type DecomposeReport = Pick<Decomposition, 'status' | 'iterations' | 'objective'>

/** Decompositions on the device: parts [B, n], in the unit of the recordings. */
export interface DeviceDecomposition extends PartTensors {
  /** One for each recording. */
  reports: DecomposeReport[]
  /** Frees the parts that were made here; those of `into` stay. */
  destroy: () => void
}

/** A driver may be a million times its recording; beyond this it could leave float32. */
const LARGEST_SCALE = 1e30

const DECOMPOSE_ON_OPTIONS: Known<DecomposeOnOptions> = {
  sampleRate: true,
  tau0: true,
  tau1: true,
  deltaKnot: true,
  alpha: true,
  gamma: true,
  baselineCorrection: true,
  form: true,
  into: true,
  signal: true,
}

function requireRecordings(signals: unknown): asserts signals is Tensor {
  if (!(signals instanceof Tensor)) {
    throw new UsageError(
      `decomposeOn: the recordings are ${nameOf(signals)}, expected a Tensor [B, n]; gpu.wrap(buffer, [B, n]) makes one of a GPUBuffer`,
    )
  }
  if (signals.shape.length === 2 && signals.dtype === 'f32') return
  throw new ShapeError(
    `decomposeOn: ${signals.label} is ${signals.dtype} ${formatShape(signals.shape)}, expected f32 [B, n]: recordings by samples`,
  )
}

/** The caller's tensors, and others where there are none. */
async function partsOf(gpu: Gpu, { shape }: Tensor, into: Partial<PartTensors>) {
  for (const [part, tensor] of Object.entries(into)) {
    if (!(PARTS as readonly string[]).includes(part))
      throw new UsageError(`decomposeOn: into has '${part}', expected ${PARTS.join(', ')}`)
    if (tensor instanceof Tensor && tensor.dtype === 'f32' && sameShape(tensor.shape, shape)) continue
    const found = tensor instanceof Tensor ? `${tensor.dtype} ${formatShape(tensor.shape)}` : nameOf(tensor)
    throw new ShapeError(`decomposeOn: into.${part} is ${found}, expected a Tensor f32 ${formatShape(shape)}`)
  }
  const missing = PARTS.filter((part) => !into[part])
  const made = await gpu.allocate('cvxEDA', () => missing.map((part) => gpu.tensor(shape, 'f32', part)))
  const parts = { ...into, ...Object.fromEntries(missing.map((part, at) => [part, made[at]])) } as Record<Part, Tensor>
  const destroy = (): void => made.forEach((tensor) => gpu.free(tensor))
  return { parts, destroy }
}

async function solveBatch(
  gpu: Gpu,
  recordings: Recordings,
  batch: Batch,
  abort: AbortSignal | undefined,
): Promise<void> {
  const { problem, basis, layout, response } = recordings
  const { count } = batch
  const allocated = () => ({ ...allocate(gpu, basis, layout, count), ...allocateEnds(gpu, problem, count) })
  await onDevice(gpu, 'cvxEDA', allocated, async (tensors, newPlan) => {
    const breathe = breather(abort)
    await inTurns(writingTables(gpu, basis, tensors), breathe)
    await inTurns(gpu.writing(tensors.response, response), breathe)
    const [start, rounds, end] = [newPlan(), newPlan(), newPlan()]
    recordStart(start, recordings, batch, tensors)
    recordParts(end, recordings, batch, tensors)
    await Promise.all([start.compile(), end.compile()])
    start.run()
    await iterateUnseen(gpu, rounds, { problem, basis, layout }, count, tensors, abort)
    end.run()
  })
}

/** What a lane of the report says. @throws FormatError for samples that are not finite, NumericError for a scale beyond float32 */
function reportOf(report: LaneRows, problem: Problem, lane: number): DecomposeReport {
  const { n } = problem
  const scaling = (row: number): number => report.at(ENDS.STATE_ROWS + row, lane)
  const missing = scaling(ENDS.MISSING)
  if (missing > 0) throw missingSamples(lane, missing, scaling(ENDS.FIRST_MISSING), n)
  const scale = scaling(ENDS.SCALE)
  const objective = report.at(ENDS.OBJECTIVE, lane) * scale * scale
  if (!(scale < LARGEST_SCALE)) throw outOfRange(scale)
  const isTrivial = report.at(ENDS.DONE, lane) === ENDS.TRIVIAL
  const solved = isBadlyScaled(problem, scale) ? 'badly-scaled' : statusOf(report, n, lane)
  return { status: isTrivial ? 'trivial' : solved, iterations: report.at(ENDS.ITERATIONS, lane), objective }
}

/**
 * `decompose` by the interior point for recordings of one length and rate that are on the device, from tensor [B, n] to tensors [B, n].
 * No sample leaves the device: 13 numbers a recording are read back at the end, in one piece, to say how each went. The
 * host's part is what depends on length and settings alone (tables of splines and drift, in float64). Parts are computed in
 * float32, as near to the optimum as those of `decompose`: within 2e-4 of a recording's standard deviation (docs/cvxeda.md has figures).
 *
 * @throws UsageError and ShapeError for settings and tensors that do not fit; FormatError for a recording with samples that are not
 * finite; NumericError for one that leaves float32 range; LimitError for recordings longer than the device has memory for
 */
export async function decomposeOn(
  gpu: Gpu,
  signals: Tensor,
  options: DecomposeOnOptions,
): Promise<DeviceDecomposition> {
  requireGpu('decomposeOn', gpu)
  requireRecordings(signals)
  checkNames('decomposeOn', options, DECOMPOSE_ON_OPTIONS)
  const { sampleRate, into = {}, form: wished, signal: abort, ...params } = options
  checkOptions(gpu, [sampleRate], { ...params, ...(wished && { form: wished }) })
  const [count, n] = [extent(signals.shape, 0), extent(signals.shape, 1)]
  const problem = createProblem(n, sampleRate, params)
  const form = wished ?? chooseForm(gpu, n, count)
  requireWalk(form, n)
  const breathe = breather(abort)
  const basis = await inTurns(createTonicBasis(problem), breathe)
  const response = await inTurns(responseOf(problem), breathe)
  const layout = layoutOf(problem, basis, form)
  const { parts, destroy } = await partsOf(gpu, signals, into)
  try {
    const lanes = [...Array(count).keys()]
    const found = await onDevice(
      gpu,
      'cvxEDA',
      () => ({ report: gpu.tensor([reportLength(count)], 'f32', 'cvxeda report') }),
      async ({ report }) => {
        const recordings: Recordings = { problem, basis, layout, response, signals, parts, report }
        await inBatches(lanes, batchSize(gpu, problem, basis, layout), async (batch, first) => {
          await solveBatch(gpu, recordings, { first, count: batch.length }, abort)
          return []
        })
        return await readReport(gpu, report, count)
      },
    )
    return { ...parts, reports: lanes.map((lane) => reportOf(found, problem, lane)), destroy }
  } catch (error) {
    destroy()
    throw error
  }
}

// A batch of dense programs of one padded size on the device: the ADMM's increments in float32, origins in float64 here.

import denseShader from '../../shaders/qp/dense.wgsl'
import type { Gpu } from '../runtime/gpu.ts'
import type { Plan } from '../runtime/plan.ts'
import { shaderValues } from '../runtime/shader_values.ts'
import { ceilDiv } from '../runtime/shape.ts'
import { Tensor } from '../runtime/tensor.ts'
import { ADMM_LAYOUT, allocateAdmm, recordBlock, type AdmmTensors } from './admm.ts'
import type { Scaled } from './equilibrate.ts'
import { inverseFactor, penalties } from './factor.ts'
import { LaneRows } from './lane_rows.ts'
import { multiply, multiplyTransposed } from './linear.ts'

const LAYOUT = /* @__PURE__ */ shaderValues(denseShader)

/** Sizes that programs are padded to: few different plans. */
const SIZES = [8, 16, 32, 64, 128, 256]

export interface Size {
  n: number
  m: number
}

export const paddedSize = ({ n, m }: Size): Size => {
  const padded = (k: number) => SIZES.find((size) => size >= k)!
  return { n: padded(n), m: padded(m) }
}

/** Programs of this size that one batch takes. */
export function batchSize(gpu: Gpu, { n, m }: Size): number {
  return Math.max(1, Math.floor(gpu.bindingLimit / 4 / (n * Math.max(n, m))))
}

/** One program's iterate, in scaled units: x, y, and z as the projection left it. */
export interface Iterate {
  x: Float64Array
  y: Float64Array
  z: Float64Array
}

/** What a block of iterations has changed. */
export interface Steps {
  x: Float64Array
  y: Float64Array
}

type Tensors = AdmmTensors & Record<'A' | 'inverse_factor' | 'gradient' | 'x' | 'h' | 'w' | 'step', Tensor>

export function allocate(gpu: Gpu, { n, m }: Size, lanes: number): Tensors {
  const vector = (label: string, values: number) => gpu.tensor([values * lanes], 'f32', `qp ${label}`)
  return {
    A: vector('A', m * n),
    inverse_factor: vector('inverse factor', n * n),
    gradient: vector('gradient', n),
    x: vector('x', n),
    h: vector('h', n),
    w: vector('w', n),
    step: vector('step', n),
    ...allocateAdmm(gpu, { rows: m, lanes, penaltyRows: m }),
  }
}

/** Records a block of iterations. */
function record(block: Plan, { n, m }: Size, lanes: number, tensors: Tensors): void {
  const args = { ...tensors, params: { n, m, lanes } }
  const over = (values: number) => ({ groups: ceilDiv(values * lanes, LAYOUT.WORKGROUP) })
  const solve = (plan: Plan) => {
    for (const entry of ['gather', 'solve_lower', 'solve_upper'] as const)
      plan.dispatch(denseShader, entry, args, over(n))
    plan.dispatch(denseShader, 'constrain', args, over(m))
  }
  recordBlock(block, { rows: m, lanes, penaltyRows: m }, tensors, { solve })
}

/** Matrices of these sizes, by rows, each in a padded one of `rows` rows and `columns` columns, one after the other. */
function padded(sources: readonly (readonly [Float64Array, columns: number])[], rows: number, columns: number) {
  const out = new Float32Array(sources.length * rows * columns)
  sources.forEach(([source, own], lane) => {
    for (let at = 0; at < source.length; at++)
      out[(lane * rows + Math.floor(at / own)) * columns + (at % own)] = source[at]!
  })
  return out
}

/** The batch on its way; its tensors and its plan are the caller's to free. */
export class DenseBatch {
  private readonly gpu: Gpu
  private readonly lanes: number
  private readonly penalty: LaneRows
  /** A x at the origin of each program. */
  private readonly anchors: Float64Array[]

  constructor(
    readonly block: Plan,
    private readonly size: Size,
    private readonly tensors: Tensors,
    private readonly programs: readonly Scaled[],
    private readonly iterates: readonly Iterate[],
  ) {
    const { n, m } = size
    this.gpu = block.gpu
    this.lanes = programs.length
    this.penalty = LaneRows.zeros(m, this.lanes)
    this.anchors = programs.map(() => new Float64Array(0))
    record(block, size, this.lanes, tensors)
    const matrices = programs.map((program) => [program.A, program.n] as const)
    this.gpu.write(tensors.A, padded(matrices, m, n))
  }

  /** A new penalty for one program: factors its matrix. */
  setPenalty(lane: number, rho: number): void {
    const { n, m } = this.size
    const scaled = this.programs[lane]!
    const own = penalties(scaled, rho)
    for (let row = 0; row < m; row++) this.penalty.set(row, lane, own[row] ?? rho)
    const factor = padded([[inverseFactor(scaled, own), scaled.n]], n, n)
    const { storage, label } = this.tensors.inverse_factor
    this.gpu.write(new Tensor(storage, [n * n], 'f32', label, lane * factor.byteLength), factor)
  }

  /** Takes a program out of the iteration. */
  finish(lane: number): void {
    for (let row = 0; row < this.size.m; row++) this.penalty.set(row, lane, ADMM_LAYOUT.FINISHED)
  }

  /** Moves every origin to its iterate. */
  upload(): void {
    const { size, lanes, tensors, gpu } = this
    const zeros = (rows: number) => LaneRows.zeros(rows, lanes)
    const origins = {
      ...{ x: zeros(size.n), gradient: zeros(size.n), z: zeros(size.m), y: zeros(size.m), origin: zeros(size.m) },
      bounds: Float32Array.from({ length: 2 * size.m * lanes }, (_, at) =>
        at % 2 === 0 ? -ADMM_LAYOUT.BOUNDLESS : ADMM_LAYOUT.BOUNDLESS,
      ),
    }
    this.programs.forEach((scaled, lane) => this.moveOrigin(scaled, lane, origins))
    for (const name of ['x', 'gradient', 'z', 'y', 'origin'] as const) gpu.write(tensors[name], origins[name].values)
    gpu.write(tensors.bounds, origins.bounds)
    gpu.write(tensors.penalty, this.penalty.values)
  }

  /** What is uploaded of one program: everything is relative to its iterate. */
  private moveOrigin(
    { A, P, q, l, u, n, m }: Scaled,
    lane: number,
    { gradient, z, origin, bounds }: { gradient: LaneRows; z: LaneRows; origin: LaneRows; bounds: Float32Array },
  ): void {
    const at = this.iterates[lane]!
    const anchor = multiply(A, at.x, m)
    this.anchors[lane] = anchor
    const [Px, Ay] = [multiply(P, at.x, n), multiplyTransposed(A, at.y, n)]
    Px.forEach((v, j) => gradient.set(j, lane, v + q[j]! + Ay[j]!))
    anchor.forEach((v, i) => {
      z.set(i, lane, at.z[i]! - v)
      origin.set(i, lane, at.y[i]!)
      const place = 2 * (i * this.lanes + lane)
      bounds[place] = Math.max(-ADMM_LAYOUT.BOUNDLESS, l[i]! - v)
      bounds[place + 1] = Math.min(ADMM_LAYOUT.BOUNDLESS, u[i]! - v)
    })
  }

  /** Adds the increments of a block to the iterates; returns them, for the programs in `active`. */
  async download(active: Iterable<number>): Promise<Map<number, Steps>> {
    const { tensors, gpu } = this
    const read = async (tensor: Tensor) => new LaneRows(await gpu.readFloat(tensor), this.lanes)
    const [x, z, y] = [await read(tensors.x), await read(tensors.z), await read(tensors.y)]
    const steps = new Map<number, Steps>()
    for (const lane of active) {
      const { n, m } = this.programs[lane]!
      const step = { x: x.column(lane, n), y: y.column(lane, m) }
      const iterate = this.iterates[lane]!
      iterate.z = z.column(lane, m).map((v, i) => v + this.anchors[lane]![i]!)
      step.x.forEach((v, j) => {
        iterate.x[j]! += v
      })
      step.y.forEach((v, i) => {
        iterate.y[i]! += v
      })
      steps.set(lane, step)
    }
    return steps
  }
}

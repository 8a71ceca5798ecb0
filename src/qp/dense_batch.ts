// A batch of dense programs of one padded size on the device: the ADMM's increments in float32, origins in float64 here.

import denseShader from '../../shaders/qp/dense.wgsl'
import type { Gpu } from '../runtime/gpu.ts'
import type { GpuBase } from '../runtime/gpu_base.ts'
import type { Plan } from '../runtime/plan.ts'
import { shaderValues } from '../runtime/shader_values.ts'
import { ceilDiv } from '../runtime/shape.ts'
import type { Tensor } from '../runtime/tensor.ts'
import { ADMM_LAYOUT, allocateAdmm, recordBlock, type AdmmTensors } from './admm.ts'
import type { Scaled } from './equilibrate.ts'
import { inverseFactor, penalties } from './factor.ts'
import { columnOf, LaneRows } from './lane_rows.ts'
import { multiply, multiplyTransposed, type Breathe } from './linear.ts'

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

/** A matrix by rows, in a padded one of `rows` rows and `columns` columns. */
function padded(source: Float64Array, own: number, rows: number, columns: number): Float32Array {
  const out = new Float32Array(rows * columns)
  for (let from = 0, to = 0; from < source.length; from += own, to += columns)
    out.set(source.subarray(from, from + own), to)
  return out
}

/** What is uploaded before each block: increments, relative to each program's iterate. */
interface Origins {
  x: LaneRows
  gradient: LaneRows
  z: LaneRows
  y: LaneRows
  origin: LaneRows
  bounds: Float32Array
}

/** The batch on its way; its tensors and its plan are the caller's to free. */
export class DenseBatch {
  private readonly gpu: GpuBase
  readonly #lanes: number
  private readonly penalty: LaneRows
  private readonly origins: Origins
  /** A x at the origin of each program. */
  readonly #anchors: Float64Array[]

  constructor(
    readonly block: Plan,
    private readonly size: Size,
    private readonly tensors: Tensors,
    private readonly programs: readonly Scaled[],
    private readonly iterates: readonly Iterate[],
  ) {
    const { n, m } = size
    this.gpu = block.gpu
    this.#lanes = programs.length
    const zeros = (rows: number) => LaneRows.zeros(rows, this.#lanes)
    this.penalty = zeros(m)
    const bounds = new Float32Array(2 * m * this.#lanes)
    this.origins = { x: zeros(n), gradient: zeros(n), z: zeros(m), y: zeros(m), origin: zeros(m), bounds }
    this.#anchors = programs.map(() => new Float64Array(0))
    record(block, size, this.#lanes, tensors)
  }

  /** Writes a program's constraints; its bounds and its gradient come with its origin. */
  load(lane: number): void {
    const { n, m } = this.size
    const scaled = this.programs[lane]!
    this.write('A', lane, padded(scaled.A, scaled.n, m, n))
    for (let row = scaled.m; row < m; row++) this.#setBounds(lane, row, -Infinity, Infinity)
  }

  /** A new penalty for one program: factors its matrix. */
  setPenalty(lane: number, rho: number): void {
    const { n, m } = this.size
    const scaled = this.programs[lane]!
    const own = penalties(scaled, rho)
    for (let row = 0; row < m; row++) this.penalty.set(row, lane, own[row] ?? rho)
    this.write('inverse_factor', lane, padded(inverseFactor(scaled, own), scaled.n, n, n))
  }

  /** Takes a program out of the iteration. */
  finish(lane: number): void {
    for (let row = 0; row < this.size.m; row++) this.penalty.set(row, lane, ADMM_LAYOUT.FINISHED)
  }

  /** Moves the origins of these programs to their iterates. */
  async upload(active: Iterable<number>, breathe: Breathe): Promise<void> {
    const { origins, tensors, gpu } = this
    for (const lane of active) {
      await breathe()
      this.#moveOrigin(lane)
    }
    for (const name of ['x', 'gradient', 'z', 'y', 'origin'] as const) gpu.write(tensors[name], origins[name].values)
    gpu.write(tensors.bounds, origins.bounds)
    gpu.write(tensors.penalty, this.penalty.values)
  }

  /** Adds the increments of a block to the iterates of these programs; returns them. */
  async download(active: Iterable<number>, breathe: Breathe): Promise<Map<number, Steps>> {
    const { tensors, gpu } = this
    const read = async (tensor: Tensor) => new LaneRows(await gpu.readFloat(tensor), this.#lanes)
    const [x, z, y] = [await read(tensors.x), await read(tensors.z), await read(tensors.y)]
    const steps = new Map<number, Steps>()
    for (const lane of active) {
      await breathe()
      const { n, m } = this.programs[lane]!
      const step = { x: columnOf(x, lane, n), y: columnOf(y, lane, m) }
      const iterate = this.iterates[lane]!
      iterate.z = columnOf(z, lane, m).map((v, i) => v + this.#anchors[lane]![i]!)
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

  /** Writes one program's part of a tensor that holds a matrix for each. */
  private write(name: 'A' | 'inverse_factor', lane: number, values: Float32Array): void {
    this.gpu.write(this.tensors[name].part([values.length], lane * values.byteLength), values)
  }

  #setBounds(lane: number, row: number, low: number, high: number): void {
    const place = 2 * (row * this.#lanes + lane)
    this.origins.bounds[place] = Math.max(-ADMM_LAYOUT.BOUNDLESS, low)
    this.origins.bounds[place + 1] = Math.min(ADMM_LAYOUT.BOUNDLESS, high)
  }

  /** What is uploaded of one program: everything is relative to its iterate. */
  #moveOrigin(lane: number): void {
    const { A, P, q, l, u, n, m } = this.programs[lane]!
    const { gradient, z, origin } = this.origins
    const at = this.iterates[lane]!
    const anchor = multiply(A, at.x, m)
    this.#anchors[lane] = anchor
    const [Px, Ay] = [multiply(P, at.x, n), multiplyTransposed(A, at.y, n)]
    Px.forEach((v, j) => gradient.set(j, lane, v + q[j]! + Ay[j]!))
    anchor.forEach((v, i) => {
      z.set(i, lane, at.z[i]! - v)
      origin.set(i, lane, at.y[i]!)
      this.#setBounds(lane, i, l[i]! - v, u[i]! - v)
    })
  }
}

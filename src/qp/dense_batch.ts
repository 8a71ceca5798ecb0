// A batch of dense programs of one padded size on the device: the ADMM's increments in float32, origins in float64 here.

import denseShader from '../../shaders/qp/dense.wgsl'
import type { Gpu } from '../runtime/gpu.ts'
import { Plan } from '../runtime/plan.ts'
import { ceilDiv } from '../runtime/shape.ts'
import { Tensor } from '../runtime/tensor.ts'
import { allocateAdmm, BOUNDLESS, recordBlock, type AdmmTensors } from './admm.ts'
import type { Scaled } from './equilibrate.ts'
import { choleskyOf, inverseLower, multiply, multiplyTransposed } from './linear.ts'

/** Invocations of a workgroup, and the weight of the proximal term, as in the shader. */
const WORKGROUP = 64
const SIGMA = 1e-6
/** Equations are penalised this much harder (section 5.2 of the OSQP paper), rows without bounds hardly at all. */
const EQUATION = 1e3
const FREE = 1e-3

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

/** Penalty of each constraint. */
function penalties({ l, u }: Scaled, rho: number): Float64Array {
  return l.map((v, i) => (v === u[i] ? EQUATION * rho : v === -Infinity && u[i] === Infinity ? FREE * rho : rho))
}

/** inverse(L) of P + SIGMA I + A' diag(rho) A = L L'. */
function inverseFactor({ n, m, P, A }: Scaled, rho: Float64Array): Float64Array {
  const K = P.slice()
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      const weighted = rho[i]! * A[i * n + j]!
      if (weighted === 0) continue
      for (let k = 0; k <= j; k++) K[j * n + k]! += weighted * A[i * n + k]!
    }
  }
  for (let shift = SIGMA; ; shift *= 10) {
    // more only where rounding makes a semidefinite P indefinite
    for (let j = 0; j < n; j++) K[j * n + j]! += shift
    const L = choleskyOf(K, n)
    if (L) return inverseLower(L, n)
  }
}

export class DenseBatch {
  readonly block: Plan
  private readonly lanes: number
  private readonly tensors: Tensors
  private readonly penalty: Float32Array
  /** A x at the origin of each program. */
  private readonly anchors: Float64Array[]

  constructor(
    private readonly gpu: Gpu,
    private readonly size: Size,
    private readonly programs: readonly Scaled[],
    readonly iterates: Iterate[],
  ) {
    const { n, m } = size
    this.lanes = programs.length
    const vector = (label: string, values: number) => gpu.tensor([values * this.lanes], 'f32', `qp ${label}`)
    this.tensors = {
      A: vector('A', m * n),
      inverse_factor: vector('inverse factor', n * n),
      gradient: vector('gradient', n),
      x: vector('x', n),
      h: vector('h', n),
      w: vector('w', n),
      step: vector('step', n),
      ...allocateAdmm(gpu, { rows: m, lanes: this.lanes, penaltyRows: m }),
    }
    this.block = new Plan(gpu)
    this.record()
    this.penalty = new Float32Array(m * this.lanes)
    this.anchors = programs.map(() => new Float64Array(0))
    gpu.write(
      this.tensors.A,
      this.matrices(
        programs.map(({ A }) => A),
        m,
      ),
    )
  }

  private record(): void {
    const {
      size: { n, m },
      lanes,
      tensors,
    } = this
    const args = { ...tensors, params: { n, m, lanes } }
    const over = (values: number) => ({ groups: ceilDiv(values * lanes, WORKGROUP) })
    const solve = (plan: Plan) => {
      for (const entry of ['gather', 'solve_lower', 'solve_upper'] as const)
        plan.dispatch(denseShader, entry, args, over(n))
      plan.dispatch(denseShader, 'constrain', args, over(m))
    }
    recordBlock(this.block, { rows: m, lanes, penaltyRows: m }, tensors, { solve })
  }

  /** Matrices of the programs' own sizes in a padded [lanes][rows][n]. */
  private matrices(sources: readonly Float64Array[], rows: number): Float32Array {
    const { n } = this.size
    const out = new Float32Array(this.lanes * rows * n)
    sources.forEach((source, lane) => {
      const own = this.programs[lane]!.n
      for (let at = 0; at < source.length; at++)
        out[(lane * rows + Math.floor(at / own)) * n + (at % own)] = source[at]!
    })
    return out
  }

  /** A new penalty for one program: factors its matrix. */
  setPenalty(lane: number, rho: number): void {
    const {
      size: { n },
      lanes,
      programs,
      penalty,
      tensors,
    } = this
    const scaled = programs[lane]!
    const own = penalties(scaled, rho)
    for (let row = 0; row < penalty.length / lanes; row++) penalty[row * lanes + lane] = own[row] ?? rho
    const factor = inverseFactor(scaled, own)
    const padded = new Float32Array(n * n)
    for (let i = 0; i < scaled.n; i++) padded.set(factor.subarray(i * scaled.n, (i + 1) * scaled.n), i * n)
    const place = lane * n * n * 4
    this.gpu.write(new Tensor(tensors.inverse_factor.storage, [n * n], 'f32', 'qp inverse factor', place), padded)
  }

  /** Takes a program out of the iteration. */
  finish(lane: number): void {
    for (let at = lane; at < this.penalty.length; at += this.lanes) this.penalty[at] = 0
  }

  /** Moves every origin to its iterate. */
  upload(): void {
    const {
      size: { n, m },
      lanes,
      tensors,
      gpu,
    } = this
    const [x, gradient] = [new Float32Array(n * lanes), new Float32Array(n * lanes)]
    const [z, y, origin] = [new Float32Array(m * lanes), new Float32Array(m * lanes), new Float32Array(m * lanes)]
    const bounds = Float32Array.from({ length: 2 * m * lanes }, (_, at) => (at % 2 === 0 ? -BOUNDLESS : BOUNDLESS))
    this.programs.forEach((scaled, lane) => {
      const at = this.iterates[lane]!
      const anchor = multiply(scaled.A, at.x, scaled.m)
      this.anchors[lane] = anchor
      const [Px, Ay] = [multiply(scaled.P, at.x, scaled.n), multiplyTransposed(scaled.A, at.y, scaled.n)]
      Px.forEach((v, j) => {
        gradient[j * lanes + lane] = v + scaled.q[j]! + Ay[j]!
      })
      anchor.forEach((v, i) => {
        const place = i * lanes + lane
        z[place] = at.z[i]! - v
        origin[place] = at.y[i]!
        bounds[2 * place] = Math.max(-BOUNDLESS, scaled.l[i]! - v)
        bounds[2 * place + 1] = Math.min(BOUNDLESS, scaled.u[i]! - v)
      })
    })
    for (const [tensor, values] of [
      [tensors.x, x],
      [tensors.gradient, gradient],
      [tensors.z, z],
      [tensors.y, y],
      [tensors.origin, origin],
      [tensors.bounds, bounds],
      [tensors.penalty, this.penalty],
    ] as const)
      gpu.write(tensor, values)
  }

  /** Adds the increments of a block to the iterates; returns them, for the programs in `lanes`. */
  async download(active: Iterable<number>): Promise<Map<number, Steps>> {
    const { lanes, tensors, gpu } = this
    const [x, z, y] = [await gpu.readFloat(tensors.x), await gpu.readFloat(tensors.z), await gpu.readFloat(tensors.y)]
    const of = (values: Float32Array, lane: number, count: number) =>
      Float64Array.from({ length: count }, (_, i) => values[i * lanes + lane]!)
    const steps = new Map<number, Steps>()
    for (const lane of active) {
      const { n, m } = this.programs[lane]!
      const step = { x: of(x, lane, n), y: of(y, lane, m) }
      const iterate = this.iterates[lane]!
      iterate.z = of(z, lane, m).map((v, i) => v + this.anchors[lane]![i]!)
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

  destroy(): void {
    this.block.destroy()
    for (const tensor of Object.values(this.tensors)) this.gpu.free(tensor)
  }
}

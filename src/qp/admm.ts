// The alternating direction method of multipliers for batches of quadratic programs
//
//   minimise 1/2 x'Px + q'x   subject to   l <= A x <= u
//
// given by operators (OSQP: Stellato et al., Math. Prog. Comp. 12, 2020). A program family brings the linear solve
// that takes (z, y) to z~ = A x~; projection, multipliers, residuals and the choice of penalties are here.
// Everything on the GPU is an increment since an origin that moves with the iteration, so that float32 keeps its digits.

import admmShader from '../../shaders/qp/admm.wgsl'
import type { Gpu } from '../runtime/gpu.ts'
import type { Plan } from '../runtime/plan.ts'
import { shaderValues } from '../runtime/shader_values.ts'
import { ceilDiv } from '../runtime/shape.ts'
import type { Tensor } from '../runtime/tensor.ts'

/** Rows and codes that the shader names: no bound is BOUNDLESS, the penalty of a program that takes no more part FINISHED. */
export const ADMM_LAYOUT = /* @__PURE__ */ shaderValues(admmShader)
/** Iterations of one submit; residuals are looked at, and penalties chosen, between two. */
export const BLOCK = 25

/** Device memory of a batch: `rows` constraints of each of `lanes` programs, laid out [rows][lanes]; see the shader. */
export type AdmmTensors = Record<'candidate' | 'z' | 'y' | 'origin' | 'bounds' | 'penalty' | 'norms', Tensor>

export interface AdmmShape {
  rows: number
  lanes: number
  /** Rows of `penalty`: 1 when a program has one penalty, `rows` when each constraint has its own. */
  penaltyRows: number
}

export function allocateAdmm(gpu: Gpu, { rows, lanes, penaltyRows }: AdmmShape): AdmmTensors {
  const vector = (label: string, values = rows) => gpu.tensor([values * lanes], 'f32', `admm ${label}`)
  return {
    bounds: vector('bounds', 2 * rows),
    candidate: vector('candidate'),
    z: vector('z'),
    y: vector('y'),
    origin: vector('origin'),
    penalty: vector('penalty', penaltyRows),
    norms: vector('norms', ADMM_LAYOUT.NORMS),
  }
}

/** The program family's part of an iteration, recorded into a plan. */
export interface AdmmOperators {
  /** Writes `candidate` from z, y, origin and penalty. */
  solve: (plan: Plan) => void
  /** After the origin has moved on the device; absent where the host moves it. */
  recentred?: (plan: Plan) => void
}

/** BLOCK iterations in one plan; where the device moves the origin, also the residual norms of the last, and the move. */
export function recordBlock(
  plan: Plan,
  shape: AdmmShape,
  tensors: AdmmTensors,
  { solve, recentred }: AdmmOperators,
): void {
  const { rows, lanes, penaltyRows } = shape
  const args = { ...tensors, params: { rows, lanes, penalty_rows: penaltyRows } }
  const everywhere = { groups: ceilDiv(rows * lanes, ADMM_LAYOUT.WORKGROUP) }
  for (let i = 1; i <= BLOCK; i++) {
    solve(plan)
    if (recentred && i === BLOCK)
      plan.dispatch(admmShader, 'measure', args, { groups: ceilDiv(lanes, ADMM_LAYOUT.WORKGROUP) })
    plan.dispatch(admmShader, 'project', args, everywhere)
  }
  if (recentred) {
    plan.dispatch(admmShader, 'recentre', args, everywhere)
    recentred(plan)
  }
}

/** Residuals relative to the quantities they are differences of. */
export interface Residuals {
  primal: number
  dual: number
}

/** The ladder of penalties: powers of two from `least` to `most`, changed by a factor of at least `ratio`. */
export interface Ladder {
  least: number
  most: number
  ratio: number
}

/** The penalty that balances the residuals (section 5.2 of the OSQP paper), or the present one where it is close to that. */
export function balanced(penalty: number, { primal, dual }: Residuals, { least, most, ratio }: Ladder): number {
  const wanted = penalty * Math.sqrt(primal / Math.max(dual, Number.MIN_VALUE))
  const snapped = 2 ** Math.round(Math.log2(Math.min(most, Math.max(least, wanted))))
  return Math.max(snapped / penalty, penalty / snapped) >= ratio ? snapped : penalty
}

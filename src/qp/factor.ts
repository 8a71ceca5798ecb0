// The penalties of a program's constraints, and the factor of its linear solve that goes with them, in float64.

import denseShader from '../../shaders/qp/dense.wgsl'
import { shaderValues } from '../runtime/shader_values.ts'
import type { Scaled } from './equilibrate.ts'
import { choleskyOf, inverseLower } from './linear.ts'

const LAYOUT = /* @__PURE__ */ shaderValues(denseShader)
/** Equations are penalised this much harder (section 5.2 of the OSQP paper), rows without bounds hardly at all. */
const EQUATION = 1e3
const FREE = 1e-3

/** Penalty of each constraint. */
export function penalties({ l, u }: Scaled, rho: number): Float64Array {
  return l.map((v, i) => (v === u[i] ? EQUATION * rho : v === -Infinity && u[i] === Infinity ? FREE * rho : rho))
}

/** inverse(L) of P + SIGMA I + A' diag(rho) A = L L'. */
export function inverseFactor({ n, m, P, A }: Scaled, rho: Float64Array): Float64Array {
  const K = P.slice()
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      const weighted = rho[i]! * A[i * n + j]!
      if (weighted === 0) continue
      for (let k = 0; k <= j; k++) K[j * n + k]! += weighted * A[i * n + k]!
    }
  }
  for (let shift = LAYOUT.SIGMA; ; shift *= 10) {
    // more only where rounding makes a semidefinite P indefinite
    for (let j = 0; j < n; j++) K[j * n + j]! += shift
    const L = choleskyOf(K, n)
    if (L) return inverseLower(L, n)
  }
}

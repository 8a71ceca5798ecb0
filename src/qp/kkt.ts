// The linear system of an interior point's steps, for a program with entries around 1:
//
//   [ P   A'          ] (x, y) = (f, g)
//   [ A  -1 / weight  ]
//
// A row's weight is 0 where nothing holds it and infinite where it is an equation. Rows of small weight are eliminated, which
// loses no digits; the others stay. What is left is quasi-definite once DELTA is on the diagonal, and needs no pivoting
// (Vanderbei: Symmetric quasidefinite matrices, SIAM J. Optim. 5, 1995); refinement takes the effect of DELTA away again.

import type { Scaled } from './equilibrate.ts'
import { factorQuasidefinite, largestOf, multiply, multiplyTransposed, solveFactored, type Breathe } from './linear.ts'

/** Weights up to this are eliminated. */
const LIGHT = 100
const DELTA = 1e-7
const REFINEMENTS = 12
/** Refinement ends where what is left is this small beside the right-hand side. */
const PRECISE = 1e-13

export interface Step {
  x: Float64Array
  y: Float64Array
}

export interface Kkt {
  solve: (f: Float64Array, g: Float64Array, breathe: Breathe) => Promise<Step>
}

export async function factorKkt({ n, m, P, A }: Scaled, weight: Float64Array, breathe: Breathe): Promise<Kkt> {
  const rows = [...weight.keys()].filter((i) => weight[i]! > LIGHT)
  const size = n + rows.length
  const K = new Float64Array(size * size)
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) K[i * size + j] = P[i * n + j]!
    K[i * size + i]! += DELTA
  }
  for (let row = 0; row < m; row++) {
    if (weight[row]! > LIGHT) continue
    await breathe()
    for (let i = 0; i < n; i++) {
      const weighted = weight[row]! * A[row * n + i]!
      if (weighted === 0) continue
      for (let j = 0; j <= i; j++) K[i * size + j]! += weighted * A[row * n + j]!
    }
  }
  rows.forEach((row, k) => {
    const at = (n + k) * size
    K.set(A.subarray(row * n, (row + 1) * n), at)
    K[at + n + k] = -1 / weight[row]! - DELTA
  })
  await factorQuasidefinite(K, size, breathe)

  const once = (f: Float64Array, g: Float64Array): Step => {
    const light = g.map((v, i) => (weight[i]! > LIGHT ? 0 : weight[i]! * v))
    const rhs = new Float64Array(size)
    const push = multiplyTransposed(A, light, n)
    for (let j = 0; j < n; j++) rhs[j] = f[j]! + push[j]!
    rows.forEach((row, k) => {
      rhs[n + k] = g[row]!
    })
    const found = solveFactored(K, rhs)
    const x = found.slice(0, n)
    const y = multiply(A, x, m).map((v, i) => (weight[i]! > LIGHT ? 0 : weight[i]! * v - light[i]!))
    rows.forEach((row, k) => {
      y[row] = found[n + k]!
    })
    return { x, y }
  }
  const solve = async (f: Float64Array, g: Float64Array, breathe: Breathe): Promise<Step> => {
    const zero: Step = { x: new Float64Array(n), y: new Float64Array(m) }
    let best = { ...zero, error: Infinity }
    let at = once(f, g)
    const small = PRECISE * Math.max(largestOf(f), largestOf(g))
    for (let round = 0; ; round++) {
      await breathe()
      const { x, y } = at
      const [Px, Ay, Ax] = [multiply(P, x, n), multiplyTransposed(A, y, n), multiply(A, x, m)]
      const restF = f.map((v, j) => v - Px[j]! - Ay[j]!)
      const restG = g.map((v, i) => (weight[i]! > 0 ? v - Ax[i]! + y[i]! / weight[i]! : 0))
      const error = Math.max(largestOf(restF), largestOf(restG))
      if (!(error < best.error)) return best
      best = { x, y, error }
      if (error <= small || round === REFINEMENTS) return best
      const more = once(restF, restG)
      at = { x: x.map((v, j) => v + more.x[j]!), y: y.map((v, i) => v + more.y[i]!) }
    }
  }
  return { solve }
}

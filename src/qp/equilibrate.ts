// Ruiz equilibration of [[P, A'], [A, 0]] and of the cost (section 5.1 of the OSQP paper), in float64.

import type { Program } from './program.ts'
import { largestOf } from './linear.ts'

const ROUNDS = 10
/** Entries beyond which no row is scaled: it holds nothing. */
const TINY = 1e-12

/** The program in x~ = inverse(D) x: P~ = c D P D, q~ = c D q, A~ = E A D, l~ = E l, u~ = E u. */
export interface Scaled extends Program {
  D: Float64Array
  E: Float64Array
  c: number
}

const inverseRoot = (norm: number) => (norm > TINY ? 1 / Math.sqrt(norm) : 1)

/** Largest entries of the columns of [P; A], and of the rows of A. */
function norms({ n, m, P, A }: Program) {
  const columns = new Float64Array(n)
  const rows = new Float64Array(m)
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) columns[j] = Math.max(columns[j]!, Math.abs(P[i * n + j]!))
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      const size = Math.abs(A[i * n + j]!)
      columns[j] = Math.max(columns[j]!, size)
      rows[i] = Math.max(rows[i]!, size)
    }
  }
  return { columns, rows }
}

function rescale(scaled: Scaled, d: Float64Array, e: Float64Array): void {
  const { n, m, P, q, A, l, u, D, E } = scaled
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) P[i * n + j]! *= d[i]! * d[j]!
  for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) A[i * n + j]! *= e[i]! * d[j]!
  d.forEach((v, j) => {
    q[j]! *= v
    D[j]! *= v
  })
  e.forEach((v, i) => {
    l[i]! *= v
    u[i]! *= v
    E[i]! *= v
  })
}

export function equilibrate(program: Program): Scaled {
  const { n, m, P, q, A, l, u } = program
  const scaled: Scaled = {
    n,
    m,
    P: P.slice(),
    q: q.slice(),
    A: A.slice(),
    l: l.slice(),
    u: u.slice(),
    D: new Float64Array(n).fill(1),
    E: new Float64Array(m).fill(1),
    c: 1,
  }
  for (let round = 0; round < ROUNDS; round++) {
    const { columns, rows } = norms(scaled)
    rescale(scaled, columns.map(inverseRoot), rows.map(inverseRoot))
    let mean = 0
    for (let j = 0; j < n; j++) mean += largestOf(scaled.P.subarray(j * n, (j + 1) * n)) / n
    const cost = Math.max(mean, largestOf(scaled.q))
    const c = cost > TINY ? 1 / cost : 1
    scaled.P.forEach((v, at) => {
      scaled.P[at] = v * c
    })
    scaled.q.forEach((v, j) => {
      scaled.q[j] = v * c
    })
    scaled.c *= c
  }
  return scaled
}

// Small dense linear algebra in float64, matrices by rows.

export const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!
  return sum
}

export const largestOf = (a: ArrayLike<number>): number => {
  let largest = 0
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs(a[i]!))
  return largest
}

/** M x for M of `rows` rows. */
export function multiply(M: Float64Array, x: Float64Array, rows: number): Float64Array {
  const n = x.length
  const y = new Float64Array(rows)
  for (let i = 0; i < rows; i++) {
    let sum = 0
    for (let j = 0; j < n; j++) sum += M[i * n + j]! * x[j]!
    y[i] = sum
  }
  return y
}

/** M'y for M of `columns` columns. */
export function multiplyTransposed(M: Float64Array, y: Float64Array, columns: number): Float64Array {
  const x = new Float64Array(columns)
  for (let i = 0; i < y.length; i++) {
    const factor = y[i]!
    if (factor === 0) continue
    for (let j = 0; j < columns; j++) x[j]! += M[i * columns + j]! * factor
  }
  return x
}

/** The lower Cholesky factor of a symmetric n x n matrix, or null where it is not positive definite. */
export function choleskyOf(M: Float64Array, n: number): Float64Array | null {
  const L = new Float64Array(n * n)
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = M[i * n + j]!
      for (let k = 0; k < j; k++) sum -= L[i * n + k]! * L[j * n + k]!
      if (i === j && !(sum > 0)) return null
      L[i * n + j] = i === j ? Math.sqrt(sum) : sum / L[j * n + j]!
    }
  }
  return L
}

/** The inverse of a lower-triangular matrix. */
export function inverseLower(L: Float64Array, n: number): Float64Array {
  const inverse = new Float64Array(n * n)
  for (let column = 0; column < n; column++) {
    inverse[column * n + column] = 1 / L[column * n + column]!
    for (let i = column + 1; i < n; i++) {
      let sum = 0
      for (let k = column; k < i; k++) sum -= L[i * n + k]! * inverse[k * n + column]!
      inverse[i * n + column] = sum / L[i * n + i]!
    }
  }
  return inverse
}

/** Regularisation of `solveSaddle`, for matrices with entries around 1. */
const DELTA = 1e-7
const REFINEMENTS = 12

/** Work in between which others have their turn: see `breather`. */
export type Breathe = () => Promise<void>

/**
 * LDL' in place of the lower triangle: unit lower triangle, and D on the diagonal. Quasi-definite matrices need no pivoting.
 */
export async function factorQuasidefinite(K: Float64Array, size: number, breathe: Breathe): Promise<void> {
  const row = new Float64Array(size)
  for (let i = 0; i < size; i++) {
    if (i % 16 === 0) await breathe()
    for (let j = 0; j < i; j++) {
      let sum = K[i * size + j]!
      for (let k = 0; k < j; k++) sum -= row[k]! * K[j * size + k]!
      row[j] = sum // L_ij D_j
    }
    let pivot = K[i * size + i]!
    for (let j = 0; j < i; j++) {
      const entry = row[j]! / K[j * size + j]!
      pivot -= entry * row[j]!
      K[i * size + j] = entry
    }
    K[i * size + i] = pivot
  }
}

/** Solves with the factor that `factorQuasidefinite` leaves. */
export function solveFactored(K: Float64Array, rhs: Float64Array): Float64Array {
  const size = rhs.length
  const x = rhs.slice()
  for (let i = 0; i < size; i++) for (let j = 0; j < i; j++) x[i]! -= K[i * size + j]! * x[j]!
  for (let i = 0; i < size; i++) x[i]! /= K[i * size + i]!
  for (let i = size - 1; i >= 0; i--) for (let j = i + 1; j < size; j++) x[i]! -= K[j * size + i]! * x[j]!
  return x
}

/**
 * Solves [[H, B'], [B, 0]] (x, y) = (f, g) for positive semidefinite H (n x n) and B (k x n) of any rank: factored with
 * +-DELTA on the diagonal, then refined against the matrix itself. Of many solutions it is one near the start.
 */
export async function solveSaddle(
  breathe: Breathe,
  H: Float64Array,
  B: Float64Array,
  f: Float64Array,
  g: Float64Array,
  start: { x: Float64Array; y: Float64Array } = { x: new Float64Array(f.length), y: new Float64Array(g.length) },
): Promise<{ x: Float64Array; y: Float64Array }> {
  const [n, k] = [f.length, g.length]
  const size = n + k
  const K = new Float64Array(size * size)
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) K[i * size + j] = H[i * n + j]!
    K[i * size + i]! += DELTA
  }
  for (let i = 0; i < k; i++) {
    for (let j = 0; j < n; j++) K[(n + i) * size + j] = B[i * n + j]!
    K[(n + i) * size + n + i] = -DELTA
  }
  await factorQuasidefinite(K, size, breathe)
  const [x, y] = [start.x.slice(), start.y.slice()]
  for (let round = 0; round < REFINEMENTS; round++) {
    await breathe()
    const rest = new Float64Array(size)
    const [Hx, By, Bx] = [multiply(H, x, n), multiplyTransposed(B, y, n), multiply(B, x, k)]
    for (let i = 0; i < n; i++) rest[i] = f[i]! - Hx[i]! - By[i]!
    for (let i = 0; i < k; i++) rest[n + i] = g[i]! - Bx[i]!
    const step = solveFactored(K, rest)
    for (let i = 0; i < n; i++) x[i]! += step[i]!
    for (let i = 0; i < k; i++) y[i]! += step[n + i]!
  }
  return { x, y }
}

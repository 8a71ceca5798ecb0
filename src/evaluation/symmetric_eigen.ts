import type { Pieces } from '../runtime/breather.ts'

/** A symmetric matrix as its eigenvalues, in no order, and their eigenvectors. */
export interface Eigen {
  values: Float64Array
  /** [n, n], an eigenvector a row. */
  vectors: Float64Array
}

const MOST_SWEEPS = 60

/**
 * Eigenvalues and eigenvectors of a symmetric [n, n] matrix by cyclic Jacobi rotations (Golub and Van Loan, Matrix Computations, 8.5),
 * which is as exact as float64 allows; some 10 n^3 products, so for hundreds of rows, not thousands. The matrix is overwritten.
 */
export function* symmetricEigen(a: Float64Array, n: number): Pieces<Eigen> {
  const vectors = new Float64Array(n * n)
  for (let i = 0; i < n; i++) vectors[i * n + i] = 1
  const scale = Math.sqrt(a.reduce((sum, value) => sum + value * value, 0))
  for (let sweep = 0; sweep < MOST_SWEEPS; sweep++) {
    let most = 0
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) {
        most = Math.max(most, Math.abs(a[p * n + q]!))
        rotate(a, vectors, n, p, q)
      }
      yield
    }
    if (most <= 1e-17 * scale) break
  }
  return { values: Float64Array.from({ length: n }, (_, i) => a[i * n + i]!), vectors }
}

/** Makes the element (p, q) zero. */
function rotate(a: Float64Array, vectors: Float64Array, n: number, p: number, q: number): void {
  const off = a[p * n + q]!
  if (off === 0) return
  const tau = (a[q * n + q]! - a[p * n + p]!) / (2 * off)
  const t = (tau >= 0 ? 1 : -1) / (Math.abs(tau) + Math.hypot(1, tau))
  const c = 1 / Math.hypot(1, t)
  const s = t * c
  const turn = (of: Float64Array, i: number, j: number): void => {
    const [x, y] = [of[i]!, of[j]!]
    of[i] = c * x - s * y
    of[j] = s * x + c * y
  }
  for (let k = 0; k < n; k++) turn(a, k * n + p, k * n + q)
  for (let k = 0; k < n; k++) turn(a, p * n + k, q * n + k)
  a[p * n + q] = a[q * n + p] = 0
  for (let k = 0; k < n; k++) turn(vectors, p * n + k, q * n + k)
}

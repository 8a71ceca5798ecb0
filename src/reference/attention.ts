// Dot-product attention over time without scaling.
//   z_i = sum_j a_ij g_j,   a_i = softmax over keys j of theta_i . phi_j
import { dims3, requireShape, zeros } from './array.ts'
import type { NdArray } from './array.ts'
import { softmax, softmaxBackward } from './activation.ts'

export interface AttentionForward {
  /** [B,D,N] */
  z: NdArray
  /** a, [B,N,M]: a row per query. */
  attention: NdArray
}

/** Queries theta [B,D,N], keys phi and values g [B,D,M]. */
export function attend(theta: NdArray, phi: NdArray, g: NdArray): AttentionForward {
  const [B, D] = dims3('attend', theta)
  const [, , M] = dims3('attend keys', phi)
  requireShape('attend keys', phi, [B, D, M])
  requireShape('attend values', g, [B, D, M])
  const attention = softmax(scores(theta, phi))
  return { z: overKeys(attention, g), attention }
}

/** Gradients for dL/dz = gradZ [B,D,N]. */
export function attendBackward(
  gradZ: NdArray,
  theta: NdArray,
  phi: NdArray,
  g: NdArray,
  attention: NdArray,
): { theta: NdArray; phi: NdArray; g: NdArray } {
  requireShape('attend gradient', gradZ, theta.shape)
  const gradScores = softmaxBackward(scores(gradZ, g), attention)
  return {
    theta: overKeys(gradScores, phi),
    phi: overQueries(gradScores, theta),
    g: overQueries(attention, gradZ),
  }
}

/** s[b,i,j] = sum_d u[b,d,i] v[b,d,j]. */
function scores(u: NdArray, v: NdArray): NdArray {
  const s = zeros([u.shape[0]!, u.shape[2]!, v.shape[2]!])
  const [uData, vData, sData] = [u.data, v.data, s.data]
  forEachQuery(u, v, (query, keys, row, M) => {
    const value = uData[query]!
    for (let j = 0; j < M; j++) sData[row + j]! += value * vData[keys + j]!
  })
  return s
}

/** u[b,d,i] = sum_j w[b,i,j] v[b,d,j]. */
function overKeys(w: NdArray, v: NdArray): NdArray {
  const u = zeros([v.shape[0]!, v.shape[1]!, w.shape[1]!])
  const [wData, vData] = [w.data, v.data]
  forEachQuery(u, v, (query, keys, row, M) => {
    let sum = 0
    for (let j = 0; j < M; j++) sum += wData[row + j]! * vData[keys + j]!
    u.data[query] = sum
  })
  return u
}

/** v[b,d,j] = sum_i w[b,i,j] u[b,d,i]. */
function overQueries(w: NdArray, u: NdArray): NdArray {
  const v = zeros([u.shape[0]!, u.shape[1]!, w.shape[2]!])
  const [wData, vData] = [w.data, v.data]
  forEachQuery(u, v, (query, keys, row, M) => {
    const value = u.data[query]!
    for (let j = 0; j < M; j++) vData[keys + j]! += value * wData[row + j]!
  })
  return v
}

/** Visits every (b, i, d) with the flat positions of u[b,d,i], v[b,d,0] and w[b,i,0] for u [B,D,N], v [B,D,M]. */
function forEachQuery(
  u: NdArray,
  v: NdArray,
  visit: (query: number, keys: number, row: number, M: number) => void,
): void {
  const [B, D, N] = dims3('attend', u)
  const M = v.shape[2]!
  for (let b = 0; b < B; b++) {
    for (let i = 0; i < N; i++) {
      for (let d = 0; d < D; d++) visit((b * D + d) * N + i, (b * D + d) * M, (b * N + i) * M, M)
    }
  }
}

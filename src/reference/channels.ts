// The network's input from a recording and its parts: drop, z-score, interpolate.
import { interpolateLinear } from './interpolate.ts'
import { ndarray, zeros, type NdArray } from './array.ts'

/** Rows [B, n], one array a channel -> [B, channels, length]. The first `drop` samples are left out; what does not vary is zeros. */
export function channels(rows: readonly NdArray[], drop: number, length: number): NdArray {
  const [batch, n] = rows[0]!.shape as [number, number]
  const y = zeros([batch, rows.length, length])
  for (let b = 0; b < batch; b++) {
    rows.forEach(({ data }, c) => {
      const kept = data.slice(b * n + drop, (b + 1) * n)
      const mean = kept.reduce((sum, v) => sum + v, 0) / kept.length
      const deviation = Math.sqrt(kept.reduce((sum, v) => sum + (v - mean) ** 2, 0) / kept.length)
      const z = ndarray(
        [1, 1, kept.length],
        kept.map((v) => (deviation > 0 ? (v - mean) / deviation : 0)),
      )
      y.data.set(interpolateLinear(z, length, true).data, (b * rows.length + c) * length)
    })
  }
  return y
}

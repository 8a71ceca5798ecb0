// The weights that temporal attention gives: which moments each moment looks at.
import { clipBounds, clipCount } from '../kernels/clip_bounds.ts'
import { pooledBounds } from '../kernels/pool.ts'
import { RNTA_POOLS, type ModelConfig } from '../model/config.ts'
import type { MapArray } from './map_array.ts'

/** What the kernel leaves of one trial, row-major. */
export interface AttentionParts {
  /** [queries, depth] and [keys, depth]. */
  queries: Float32Array
  keys: Float32Array
  /** Logarithm of each query's sum of exp(scores), [queries]. */
  lse: Float32Array
}

/**
 * The softmax of each clip, [queries, keys]: exp(q . k - lse). The kernel never stores it. Each row adds up to 1. Where keys are pooled there
 * are fewer of them.
 */
export function attentionMaps(
  { clips, rnta_pool }: Pick<ModelConfig, 'clips' | 'rnta_pool'>,
  { queries, keys, lse }: AttentionParts,
): MapArray[] {
  const depth = queries.length / lse.length
  const bounds = clipBounds(lse.length, clips)
  const { kind, rows } = RNTA_POOLS[rnta_pool]
  const keyBounds = rows === 1 ? bounds : pooledBounds(bounds, { kind, kernel: rows, stride: rows, padding: 0 })
  return Array.from({ length: clipCount(bounds) }, (_, s) => {
    const [from, to] = [bounds[s]!, bounds[s + 1]!]
    const [firstKey, endKey] = [keyBounds[s]!, keyBounds[s + 1]!]
    const shape = [to - from, endKey - firstKey] as const
    const data = new Float32Array(shape[0] * shape[1])
    for (let i = 0; i < shape[0]; i++) {
      const query = queries.subarray((from + i) * depth, (from + i + 1) * depth)
      for (let j = 0; j < shape[1]; j++) {
        let score = 0
        for (let d = 0; d < depth; d++) score += query[d]! * keys[(firstKey + j) * depth + d]!
        data[i * shape[1] + j] = Math.exp(score - lse[from + i]!)
      }
    }
    return { shape, data }
  })
}

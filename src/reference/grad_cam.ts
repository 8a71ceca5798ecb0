// Grad-CAM over time (Selvaraju et al. 2017, equations 1 and 2 over one axis), and what is made of its map.
import { dims3, map, ndarray, reshape, zeros } from './array.ts'
import type { NdArray } from './array.ts'
import { relu } from './activation.ts'
import { interpolateLinear } from './interpolate.ts'
import { globalAveragePool } from './pool.ts'

/** Feature maps and the gradient of a score with respect to them [B,C,L] -> weights of the channels [B,C], map [B,L]. */
export function gradCam(feature: NdArray, gradient: NdArray): { alpha: NdArray; map: NdArray } {
  const [B, C, L] = dims3('gradCam', feature)
  const alpha = reshape(globalAveragePool(gradient), [B, C])
  const sum = map(zeros([B, L]), (_, i) => {
    const [b, l] = [Math.floor(i / L), i % L]
    let total = 0
    for (let c = 0; c < C; c++) total += alpha.data[b * C + c]! * feature.data[(b * C + c) * L + l]!
    return total
  })
  return { alpha, map: relu(sum) }
}

/** Maps [B,n] -> [B,length], as `interpolateLinear`. */
export function stretchMap(maps: NdArray, length: number, alignCorners = false): NdArray {
  const [B, n] = maps.shape as [number, number]
  return reshape(interpolateLinear(reshape(maps, [B, 1, n]), length, alignCorners), [B, length])
}

/** x [B,C,L] times a map [B,L], each channel alike. */
export function scaleByMap(x: NdArray, { data }: NdArray): NdArray {
  const [, C, L] = dims3('scaleByMap', x)
  return ndarray(
    x.shape,
    x.data.map((v, i) => v * data[Math.floor(i / (C * L)) * L + (i % L)]!),
  )
}

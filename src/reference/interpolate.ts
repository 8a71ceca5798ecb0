// Linear interpolation along time to another number of samples.
import { dims3, map, zeros } from './array.ts'
import type { NdArray } from './array.ts'

/**
 * x [B,C,L] -> [B,C,length]. Without `alignCorners` samples are cells of equal width and positions are their centres
 * (i + 1/2) L / length - 1/2, clamped to the signal; with it the first and last samples of both grids coincide.
 */
export function interpolateLinear(x: NdArray, length: number, alignCorners = false): NdArray {
  const [B, C, L] = dims3('interpolateLinear', x)
  const position = (i: number): number => {
    if (alignCorners) return length > 1 ? (i * (L - 1)) / (length - 1) : 0
    return Math.max(((i + 0.5) * L) / length - 0.5, 0)
  }
  return map(zeros([B, C, length]), (_, i) => {
    const row = Math.floor(i / length) * L
    const at = position(i % length)
    const left = Math.min(Math.floor(at), L - 1)
    const right = Math.min(left + 1, L - 1)
    return x.data[row + left]! + (at - left) * (x.data[row + right]! - x.data[row + left]!)
  })
}

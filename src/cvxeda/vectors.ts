// Long vectors, a piece at a time. Plain loops: callbacks for each sample cost a third of a whole call.

import { inPieces, type Pieces } from '../runtime/breather.ts'

export function* dot(a: Float64Array, b: Float64Array): Pieces<number> {
  let sum = 0
  yield* inPieces(a.length, (from, to) => {
    let part = 0
    for (let i = from; i < to; i++) part += a[i]! * b[i]!
    sum += part
  })
  return sum
}

/** a <- scale a + share b */
export function* combine(a: Float64Array, scale: number, share: number, b: Float64Array): Pieces<void> {
  yield* inPieces(a.length, (from, to) => {
    for (let i = from; i < to; i++) a[i] = scale * a[i]! + share * b[i]!
  })
}

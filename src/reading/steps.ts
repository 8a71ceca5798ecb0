// Steps between time stamps.

/** Steps that a median is taken of at most. */
const LOOKED_AT = 20_000

/** Every step, or as many evenly chosen ones as a median needs. */
export function stepsOf(seconds: Float64Array, most = Infinity): Float64Array {
  const stride = Math.max(1, Math.ceil((seconds.length - 1) / most))
  return Float64Array.from({ length: Math.floor((seconds.length - 1) / stride) }, (_, k) => {
    return seconds[k * stride + 1]! - seconds[k * stride]!
  })
}

/** Of the steps that rise; 0 if none does. */
export function medianStep(seconds: Float64Array): number {
  const rising = stepsOf(seconds, LOOKED_AT)
    .filter((step) => step > 0)
    .sort()
  return rising[rising.length >> 1] ?? 0
}

// How far an interior-point step may go, in float64.

/** Share of the way to the boundary p, lambda > 0 that an interior-point step takes. */
const TO_BOUNDARY = 0.99

/**
 * Moves lambda along a step of p towards p lambda = target, as far as p and lambda stay positive.
 * @returns the length of the step, at most 1, for the caller to move p by
 */
export function moveMultipliers(p: Float64Array, lambda: Float64Array, change: Float64Array, target: number): number {
  let ratio = TO_BOUNDARY // a smaller ratio allows the full step
  for (let i = 0; i < p.length; i++) {
    const relative = change[i]! / p[i]!
    ratio = Math.max(ratio, -relative, 1 - target / (p[i]! * lambda[i]!) + relative)
  }
  const length = TO_BOUNDARY / ratio
  for (let i = 0; i < p.length; i++) {
    lambda[i]! += length * (target / p[i]! - lambda[i]! - (lambda[i]! / p[i]!) * change[i]!)
  }
  return length
}

// How far an interior-point step goes, and where it leads, in float64.

/**
 * Share of the way to the boundary p, lambda > 0 that a step takes. With d the change of p_i, the length of a step is this
 * share of 1 / max(-d / p_i, 1 - target / (p_i lambda_i) + d / p_i), at most 1.
 */
export const TO_BOUNDARY = 0.99

/** Moves p along its change, and lambda towards p lambda = target. */
export function moveAlong(
  p: Float64Array,
  lambda: Float64Array,
  change: Float64Array,
  target: number,
  length: number,
): void {
  for (let i = 0; i < p.length; i++) {
    const inverse = 1 / p[i]!
    const multiplier = lambda[i]!
    lambda[i] = multiplier + length * (target * inverse - multiplier - multiplier * inverse * change[i]!)
    p[i]! += length * change[i]!
  }
}

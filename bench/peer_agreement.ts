// Whether two programs have taken the same training steps.

/** Parameters by name. */
export type NamedData = ReadonlyMap<string, Float32Array>

/**
 * Largest errors of programs that agree. Measured after 3 steps with batches of 2 to 32: losses 5e-6; changes 3e-3, where a ReLU
 * or a gate near zero is decided by rounding.
 */
export const TOLERANCES = { loss: 1e-3, change: 1e-2 }

/**
 * Share of the whole change that is added to each tensor's own: what a step does to a bias in front of a batch norm, or to that of the
 * attention's keys, is nothing but rounding.
 */
const ROUNDING_SHARE = 1e-3

/** Largest relative difference of two lists of losses; infinite when one is not finite. */
export function lossError(theirs: readonly number[], ours: readonly number[]): number {
  const errors = ours.map((loss, i) => Math.abs(theirs[i]! - loss) / Math.abs(loss))
  return finite(worst(errors))
}

/**
 * Norm of the difference between the changes of a parameter tensor, over the norm of its change, for the worst tensor; infinite when
 * one is missing or not finite. `before` may have further tensors.
 */
export function changeError(theirs: NamedData, ours: NamedData, before: NamedData): number {
  const whole = Math.sqrt([...ours].reduce((sum, [name, data]) => sum + distance(data, before.get(name)) ** 2, 0))
  const errors = [...ours].map(
    ([name, data]) => distance(data, theirs.get(name)) / (distance(data, before.get(name)) + ROUNDING_SHARE * whole),
  )
  return finite(worst(errors))
}

function distance(a: Float32Array, b: Float32Array | undefined): number {
  if (a.length !== b?.length) return Infinity
  return Math.sqrt(a.reduce((sum, value, i) => sum + (value - b[i]!) ** 2, 0))
}

/** The largest; NaN if one is. */
const worst = (errors: readonly number[]): number => errors.reduce((most, error) => Math.max(most, error), -Infinity)

const finite = (error: number): number => (Number.isFinite(error) ? error : Infinity)

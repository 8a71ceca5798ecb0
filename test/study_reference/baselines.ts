// What a model must stand beside, in plain loops over the trials that were learned from.

export interface Example {
  subject: string
  stimulus: string
  label: number
  /** Signals and scaled music as one vector. */
  vector: Float64Array
}

export type Heard = Pick<Example, 'subject' | 'stimulus'>

/** The more frequent class; high when both are as frequent. */
export const majority = (known: readonly Example[]): number =>
  known.filter(({ label }) => label === 1).length >= known.filter(({ label }) => label === 0).length ? 1 : 0

/** What most other listeners of the song felt; null where nobody heard it, or as many felt either. */
export function songLabel(known: readonly Example[], tested: Heard): number | null {
  const votes = [0, 0]
  for (const { subject, stimulus, label } of known)
    if (stimulus === tested.stimulus && subject !== tested.subject) votes[label]!++
  return votes[0] === votes[1] ? null : votes[1]! > votes[0]! ? 1 : 0
}

const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!
  return sum
}

/**
 * Decision function of a linear support vector machine, |w|^2 / 2 + C sum of hinge losses, C = 0.25: accelerated projected gradient on
 * its dual, min |sum a_i y_i x_i|^2 / 2 - sum a_i over 0 <= a <= C with sum a_i y_i = 0, until no multiplier moves by a
 * millionth of the largest.
 */
export function linearSvm(known: readonly Example[], cost = 0.25): (vector: Float64Array) => number {
  const n = known.length
  const sign = known.map(({ label }) => (label ? 1 : -1))
  const gram = known.map(({ vector }) => known.map((other) => dot(vector, other.vector)))
  // No eigenvalue is larger than the largest sum of a row's sizes.
  const steepest = Math.max(...gram.map((row) => row.reduce((sum, value) => sum + Math.abs(value), 0)))
  let alpha = new Array<number>(n).fill(0)
  let ahead = alpha
  let momentum = 1
  for (let round = 0; ; round++) {
    if (round > 200_000) throw new Error('the support vector machine has not converged')
    const signed = ahead.map((a, i) => a * sign[i]!)
    const next = project(
      ahead.map((a, i) => a - (sign[i]! * dot(gram[i]!, signed) - 1) / steepest),
      sign,
      cost,
    )
    const moved = Math.max(...next.map((a, i) => Math.abs(a - ahead[i]!)))
    const grown = (1 + Math.sqrt(1 + 4 * momentum ** 2)) / 2
    // Momentum that points uphill is dropped.
    const uphill = next.reduce((sum, a, i) => sum + (ahead[i]! - a) * (a - alpha[i]!), 0) > 0
    momentum = uphill ? 1 : grown
    ahead = uphill ? next : next.map((a, i) => a + ((momentum - 1) / grown) * (a - alpha[i]!))
    alpha = next
    if (moved < 1e-9 * Math.max(...alpha)) break
  }
  const weights = new Float64Array(known[0]!.vector.length)
  known.forEach(({ vector }, i) =>
    vector.forEach((value, d) => (weights[d] = weights[d]! + alpha[i]! * sign[i]! * value)),
  )
  // On free support vectors the decision is their sign; on the others it lies beyond or within the margin.
  const residual = known.map(({ vector }, i) => sign[i]! - dot(weights, vector))
  const free = residual.filter((_, i) => alpha[i]! > 1e-3 * Math.max(...alpha) && alpha[i]! < 0.999 * cost)
  if (free.length === 0) throw new Error('no free support vector: the bias is not determined')
  const bias = free.reduce((sum, r) => sum + r, 0) / free.length
  return (vector) => dot(weights, vector) + bias
}

/** The nearest point of the box and the plane sum a_i y_i = 0: a shift along y, found by bisection. */
function project(values: readonly number[], sign: readonly number[], cost: number): number[] {
  const shifted = (t: number): number[] => values.map((a, i) => Math.min(cost, Math.max(0, a - t * sign[i]!)))
  const reach = cost + Math.max(...values.map(Math.abs))
  let [low, high] = [-reach, reach]
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2
    if (dot(shifted(middle), sign) > 0) low = middle
    else high = middle
  }
  return shifted((low + high) / 2)
}

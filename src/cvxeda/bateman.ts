// H, the impulse response of the skin to a sudomotor burst: the Bateman function by the bilinear transform, as a recursive filter.

/**
 * H as two cascaded first-order sections with state (u, v), zero at the start:
 * r = c1 u + v + D p;  u' = u - e1 u + g1 p;  v' = v - e2 v + f21 u + g2 p.
 * e1 and e2 are one minus the poles, which float32 could not recover from the poles at high rates.
 */
export interface BatemanFilter {
  e1: number
  e2: number
  c1: number
  d: number
  g1: number
  g2: number
  f21: number
}

/** State-space constants of H for one sample rate (Hz) and two time constants (seconds) in any order. */
export function batemanFilter(sampleRate: number, tau0: number, tau1: number): BatemanFilter {
  const fast = 1 / Math.min(tau0, tau1) / sampleRate
  const slow = 1 / Math.max(tau0, tau1) / sampleRate
  const fastPole = (2 - fast) / (2 + fast)
  const slowPole = (2 - slow) / (2 + slow)
  const fastGain = (fast - slow) / (2 + fast)
  const slowGain = 1 / sampleRate / (2 + slow)
  return {
    e1: (2 * fast) / (2 + fast),
    e2: (2 * slow) / (2 + slow),
    c1: slowGain,
    d: fastGain * slowGain,
    g1: fastGain * (1 + fastPole),
    g2: fastGain * slowGain * (1 + slowPole),
    f21: slowGain * (1 + slowPole),
  }
}

/**
 * H in coordinates of the state in which the driver moves u alone and by itself, which saves a quarter of a Newton step:
 * r = c1 u + v + D p;  u' = f11 u + p;  v' = f21 u + f22 v. A row k of weights of this state is `inFilterState` in the other.
 */
export interface DrivenFilter {
  f11: number
  f21: number
  f22: number
  c1: number
  d: number
}

export function drivenFilter({ e1, e2, c1, d, g1, g2, f21 }: BatemanFilter): DrivenFilter {
  return { f11: 1 - e1, f22: 1 - e2, f21: g1 * f21 + g2 * (e1 - e2), c1: g1 * c1 + g2, d }
}

/** Weights (k1, k2) of the state of a driven filter, as weights of the filter's own. */
export const inFilterState = ({ g1, g2 }: BatemanFilter, k1: number, k2: number): [number, number] => [
  (k1 - g2 * k2) / g1,
  k2,
]

/** Phasic signal r = H p. */
export function phasicResponse(filter: BatemanFilter, p: ArrayLike<number>): Float64Array {
  const r = new Float64Array(p.length)
  respond(filter, p, r, new Float64Array(2), 0, p.length)
  return r
}

/** Samples `from` to before `to` of r = H p; `state` is (u, v) before them, and after. */
export function respond(
  { e1, e2, c1, d, g1, g2, f21 }: BatemanFilter,
  p: ArrayLike<number>,
  r: Float64Array,
  state: Float64Array,
  from: number,
  to: number,
): void {
  let u = state[0]!
  let v = state[1]!
  for (let i = from; i < to; i++) {
    const input = p[i]!
    r[i] = c1 * u + v + d * input
    v += f21 * u - e2 * v + g2 * input
    u += g1 * input - e1 * u
  }
  state[0] = u
  state[1] = v
}

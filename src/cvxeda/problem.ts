// The convex program of cvxEDA (Greco et al., IEEE Trans. Biomed. Eng. 63(4), 2016) for one signal length, in float64:
//
//   minimise over p >= 0, l, d:   1/2 ||H p + B l + C d - y||^2 + alpha sum(p) + gamma/2 ||l||^2
//
// p is the sparse sudomotor driver, r = H p the phasic part (H: Bateman impulse response, bilinear transform),
// t = B l + C d the tonic part (cubic B-splines at equally spaced knots, and slow drift).

import { FormatError, UsageError } from '../runtime/errors.ts'

/** Columns of C: 0 none, 1 a constant, 2 a constant and a line, 'spline_offset' the sum of all splines. */
export type BaselineCorrection = 0 | 1 | 2 | 'spline_offset'

/** Parameters in the paper's symbols: time constants in seconds, alpha and gamma without unit. */
export interface CvxedaParams {
  tau0: number
  tau1: number
  /** Seconds between two knots, or the knots themselves: equally spaced sample indices, some perhaps outside the signal. */
  deltaKnot: number | readonly number[]
  alpha: number
  gamma: number
  baselineCorrection: BaselineCorrection
}

const defaultParams = {
  tau0: 2,
  tau1: 0.7,
  deltaKnot: 10,
  alpha: 8e-4,
  gamma: 1e-2,
  baselineCorrection: 2,
} satisfies CvxedaParams

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

/** Everything that all signals of one length, rate and parameter set share. */
export interface Problem {
  n: number
  sampleRate: number
  params: CvxedaParams
  filter: BatemanFilter
  /** Samples between two knots. */
  spacing: number
  knotCount: number
  /** Sample at which the first knot lies. */
  firstKnot: number
  /** One cubic B-spline, maximum 1, length 4 k - 3; spline j at sample i is template[i - firstKnot - j k + 2 k - 2]. */
  template: Float64Array
  /** Columns of C, each of length n. */
  drift: Float64Array[]
}

/** Rounds to the nearest integer, ties to the even one (the knot spacing of the original program). */
export function roundHalfEven(x: number): number {
  const down = Math.floor(x)
  if (x - down !== 0.5) return Math.round(x)
  return down % 2 === 0 ? down : down + 1
}

/** State-space constants of H for one sample rate (Hz) and two time constants (seconds) in any order. */
function batemanFilter(sampleRate: number, tau0: number, tau1: number): BatemanFilter {
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

/** Cubic B-spline over 4 k - 3 samples: four boxes of k samples convolved, scaled to maximum 1. */
export function splineTemplate(spacing: number): Float64Array {
  let spline = new Float64Array(4 * spacing - 3)
  spline[0] = 1
  for (let box = 0; box < 4; box++) {
    let sum = 0 // of integers below 2^53, hence exact
    spline = spline.map((value, i, all) => (sum += value - (all[i - spacing] ?? 0)))
  }
  const peak = (spacing * (2 * spacing * spacing + 1)) / 3
  return spline.map((value) => value / peak)
}

type Knots = Pick<Problem, 'firstKnot' | 'spacing' | 'knotCount'>
type Splines = Knots & Pick<Problem, 'template'>

/** Adds B l to `out`, touching only the support of each spline. */
function addSplines({ firstKnot, spacing, template }: Splines, l: ArrayLike<number>, out: Float64Array) {
  for (let j = 0; j < l.length; j++) {
    const first = firstKnot + (j - 2) * spacing + 2
    const from = Math.max(0, first)
    const to = Math.min(out.length, first + template.length)
    for (let i = from; i < to; i++) out[i]! += template[i - first]! * l[j]!
  }
}

function driftColumns(n: number, baseline: BaselineCorrection, splines: Splines): Float64Array[] {
  if (baseline === 0) return []
  if (baseline === 'spline_offset') {
    const sum = new Float64Array(n)
    addSplines(splines, new Float64Array(splines.knotCount).fill(1), sum)
    return [sum]
  }
  const ones = new Float64Array(n).fill(1)
  return baseline === 1 ? [ones] : [ones, Float64Array.from(ones, (_, i) => (i + 1) / n)]
}

/** Knots 0, k, 2 k, ... below n + k/2, where k is `deltaKnot` seconds rounded to samples. */
/** Samples between two knots, at most: beyond this the spline's table alone would fill the memory. */
const WIDEST_SPACING = 1 << 22

function requireSpacing(spacing: number, sampleRate: number): void {
  if (spacing <= WIDEST_SPACING) return
  throw new UsageError(
    `cvxEDA: deltaKnot puts ${spacing} samples between knots, expected at most ${WIDEST_SPACING} ` +
      `(${WIDEST_SPACING / sampleRate} s); a spacing of the recording's length has the same effect.`,
    { spacing },
  )
}

function knotsEvery(deltaKnot: number, n: number, sampleRate: number): Knots {
  const spacing = roundHalfEven(deltaKnot / (1 / sampleRate))
  if (spacing < 1) {
    throw new UsageError(
      `cvxEDA: deltaKnot is ${deltaKnot} s, expected at least one sample (${1 / sampleRate} s) between knots.`,
    )
  }
  return { firstKnot: 0, spacing, knotCount: Math.ceil((n + Math.floor(spacing / 2)) / spacing) }
}

function knotsAt(indices: readonly number[]): Knots {
  const [first, second] = indices
  if (first === undefined || second === undefined) {
    throw new UsageError(`cvxEDA: deltaKnot lists ${indices.length} knots, expected at least 2 sample indices.`)
  }
  const spacing = Math.max(1, second - first)
  const checks = [
    [(knot: number) => Number.isSafeInteger(knot), () => 'the index of a sample'],
    [
      (knot: number, j: number) => knot === first + j * spacing,
      (j: number) => `${first + j * spacing}; knots rise in equal steps`,
    ],
  ] as const
  for (const [holds, expected] of checks) {
    const j = indices.findIndex((knot, at) => !holds(knot, at))
    if (j < 0) continue
    const knot = indices[j]
    throw new UsageError(`cvxEDA: knot ${j} of deltaKnot is ${knot}, expected ${expected(j)}.`, { index: j, knot })
  }
  return { firstKnot: first, spacing, knotCount: indices.length }
}

/** Whether any spline, 2 k - 2 samples to either side of its knot, has a sample in the signal. */
const reaches = ({ firstKnot, spacing, knotCount }: Knots, n: number) =>
  firstKnot - 2 * spacing + 2 < n && firstKnot + (knotCount + 1) * spacing - 2 >= 0

/** Where the knots lie. @throws UsageError for a spacing or a list that cannot be */
export function knotsOf(deltaKnot: CvxedaParams['deltaKnot'], n: number, sampleRate: number): Knots {
  const knots = typeof deltaKnot === 'number' ? knotsEvery(deltaKnot, n, sampleRate) : knotsAt(deltaKnot)
  requireSpacing(knots.spacing, sampleRate)
  return knots
}

/**
 * Fills in defaults and checks ranges.
 * @throws UsageError naming the parameter and the range it must lie in.
 */
export function checkParams(sampleRate: number, options: Partial<CvxedaParams>): CvxedaParams {
  const { deltaKnot = defaultParams.deltaKnot, baselineCorrection = defaultParams.baselineCorrection } = options
  const params = { ...defaultParams, deltaKnot, baselineCorrection }
  const positive = ['tau0', 'tau1', 'alpha', 'gamma'] as const
  for (const name of positive) params[name] = options[name] ?? params[name]
  const numbers = { sampleRate, ...params, deltaKnot: typeof deltaKnot === 'number' ? deltaKnot : 1 }
  for (const name of ['sampleRate', 'deltaKnot', ...positive] as const) {
    const value = numbers[name]
    if (!(Number.isFinite(value) && value > 0)) {
      throw new UsageError(`cvxEDA: ${name} is ${value}, expected a positive number.`, { name, value })
    }
  }
  if (params.tau0 === params.tau1) {
    throw new UsageError(`cvxEDA: tau0 and tau1 are both ${params.tau0} s, expected two different time constants.`)
  }
  if (![0, 1, 2, 'spline_offset'].includes(baselineCorrection)) {
    throw new UsageError(`cvxEDA: baselineCorrection is ${baselineCorrection}, expected 0, 1, 2 or 'spline_offset'.`)
  }
  knotsOf(deltaKnot, 1, sampleRate) // for its errors: they hold for any length
  return params
}

/**
 * The shared part of the program for signals of n samples at `sampleRate` Hz.
 * @throws UsageError on parameters out of range, FormatError on an empty signal.
 */
export function createProblem(n: number, sampleRate: number, options: Partial<CvxedaParams> = {}): Problem {
  const params = checkParams(sampleRate, options)
  const { deltaKnot, tau0, tau1, baselineCorrection } = params
  if (n < 1) throw new FormatError('cvxEDA: the signal is empty, expected at least one sample.')
  const knots = knotsOf(deltaKnot, n, sampleRate)
  if (!reaches(knots, n)) {
    throw new UsageError(
      `cvxEDA: deltaKnot has its first knot at sample ${knots.firstKnot} and one every ${knots.spacing}, ` +
        `expected splines that reach into the signal of ${n} samples.`,
      { n },
    )
  }
  const splines = { ...knots, template: splineTemplate(knots.spacing) }
  return {
    n,
    sampleRate,
    params,
    ...splines,
    filter: batemanFilter(sampleRate, tau0, tau1),
    drift: driftColumns(n, baselineCorrection, splines),
  }
}

/** Phasic signal r = H p. */
export function phasicResponse({ e1, e2, c1, d, g1, g2, f21 }: BatemanFilter, p: ArrayLike<number>): Float64Array {
  const r = new Float64Array(p.length)
  for (let i = 0, u = 0, v = 0; i < r.length; i++) {
    const input = p[i]!
    r[i] = c1 * u + v + d * input
    v += f21 * u - e2 * v + g2 * input
    u += g1 * input - e1 * u
  }
  return r
}

/** Tonic signal t = B l + C d. */
export function tonicSignal(problem: Problem, l: ArrayLike<number>, d: ArrayLike<number>): Float64Array {
  const t = new Float64Array(problem.n)
  addSplines(problem, l, t)
  problem.drift.forEach((column, c) => {
    for (let i = 0; i < t.length; i++) t[i]! += column[i]! * d[c]!
  })
  return t
}

/** The objective 1/2 ||e||^2 + alpha sum(p) + gamma/2 ||l||^2 (equation 15 of the paper). */
export function objective(problem: Problem, e: ArrayLike<number>, p: ArrayLike<number>, l: ArrayLike<number>): number {
  let squares = 0
  let driver = 0
  for (let i = 0; i < e.length; i++) {
    squares += e[i]! * e[i]!
    driver += p[i]!
  }
  let penalty = 0
  for (let j = 0; j < l.length; j++) penalty += l[j]! * l[j]!
  return squares / 2 + problem.params.alpha * driver + (problem.params.gamma / 2) * penalty
}

// The convex program of cvxEDA (Greco et al., IEEE Trans. Biomed. Eng. 63(4), 2016) for one signal length, in float64:
//
//   minimise over p >= 0, l, d:   1/2 ||H p + B l + C d - y||^2 + alpha sum(p) + gamma/2 ||l||^2
//
// p is the sparse sudomotor driver, r = H p the phasic part (H: Bateman impulse response, bilinear transform),
// t = B l + C d the tonic part (cubic B-splines at equally spaced knots, and slow drift).

import { FormatError, UsageError } from '../runtime/errors.ts'
import { batemanFilter, type BatemanFilter } from './bateman.ts'
import { driftOf, type Drift } from './drift.ts'
import { checkParams, type CvxedaParams } from './params.ts'
import { addSplines, knotsOf, reaches, splineTemplate, type Splines } from './splines.ts'

/** Everything that all signals of one length, rate and parameter set share. */
export interface Problem extends Splines {
  n: number
  sampleRate: number
  params: CvxedaParams
  filter: BatemanFilter
  /** The columns of C. */
  drift: Drift
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
    drift: driftOf(baselineCorrection, n),
  }
}

/** Tonic signal t = B l + C d. */
export function tonicSignal(problem: Problem, l: ArrayLike<number>, d: ArrayLike<number>): Float64Array {
  const { n, drift } = problem
  const t = new Float64Array(n)
  const first = drift.count > 0 ? d[0]! : 0
  const second = drift.count > 1 ? d[1]! : 0
  addSplines(
    problem,
    Float64Array.from(l, (v) => v + drift.splineSum * first),
    t,
  )
  for (let i = 0; i < n; i++) t[i]! += drift.constant * first + drift.slope * (i + 1) * second
  return t
}

/** The columns of C in full, each of n samples. */
export const driftColumns = (problem: Problem): Float64Array[] =>
  Array.from({ length: problem.drift.count }, (_, c) => {
    const unit = new Float64Array(problem.drift.count)
    unit[c] = 1
    return tonicSignal(problem, new Float64Array(problem.knotCount), unit)
  })

/** The objective 1/2 ||e||^2 + alpha sum(p) + gamma/2 ||l||^2 (equation 15 of the paper). */
export function objective(
  { params }: Problem,
  alpha: number,
  e: ArrayLike<number>,
  p: ArrayLike<number>,
  l: ArrayLike<number>,
): number {
  let squares = 0
  let driver = 0
  for (let i = 0; i < e.length; i++) {
    squares += e[i]! * e[i]!
    driver += p[i]!
  }
  let penalty = 0
  for (let j = 0; j < l.length; j++) penalty += l[j]! * l[j]!
  return squares / 2 + alpha * driver + (params.gamma / 2) * penalty
}

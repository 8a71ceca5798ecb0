// The parameters of cvxEDA, their defaults and the ranges they must lie in.

import { nameOf } from '../runtime/arguments.ts'
import { UsageError } from '../runtime/errors.ts'
import { knotsOf, type KnotSpacing } from './splines.ts'

/** Columns of C: 0 none, 1 a constant, 2 a constant and a line, 'spline_offset' the sum of all splines. */
export type BaselineCorrection = 0 | 1 | 2 | 'spline_offset'

/** Parameters in the paper's symbols: time constants in seconds, alpha and gamma without unit. */
export interface CvxedaParams {
  tau0: number
  tau1: number
  /** Seconds between two knots, or the knots themselves: equally spaced sample indices, some perhaps outside the signal. */
  deltaKnot: KnotSpacing
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
 * Fills in defaults and checks ranges.
 * @throws UsageError naming the parameter and the range it must lie in.
 */
export function checkParams(sampleRate: number, options: Partial<CvxedaParams>): CvxedaParams {
  const params: CvxedaParams = { ...defaultParams }
  for (const name of Object.keys(params) as (keyof CvxedaParams)[])
    Object.assign(params, options[name] !== undefined && { [name]: options[name] })
  const { deltaKnot, baselineCorrection, ...numbers } = params
  for (const [name, value] of Object.entries({ sampleRate, deltaKnot, ...numbers })) {
    if (!(Array.isArray(value) || (Number.isFinite(value) && Number(value) > 0)))
      throw new UsageError(
        `cvxEDA: ${name} is ${typeof value === 'number' ? value : nameOf(value)}, expected a positive number.`,
        { name, value },
      )
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

// The columns of C, slow drift, in closed form: no solver has to keep them.

import type { BaselineCorrection } from './params.ts'

/**
 * Drift columns at sample i, where the values of all splines sum up to s:
 * the first is constant + splineSum s, the second slope (i + 1).
 */
export interface Drift {
  count: number
  constant: number
  splineSum: number
  slope: number
}

export function driftOf(baseline: BaselineCorrection, n: number): Drift {
  if (baseline === 'spline_offset') return { count: 1, constant: 0, splineSum: 1, slope: 0 }
  return { count: baseline, constant: baseline > 0 ? 1 : 0, splineSum: 0, slope: baseline > 1 ? 1 / n : 0 }
}

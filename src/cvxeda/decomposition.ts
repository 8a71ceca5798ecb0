// What a decomposition is.

import type { Form, SolverStatus } from './solver.ts'

/**
 * One decomposed signal, all arrays of its length and in its unit: eda = phasic + tonic + residual, phasic = H driver.
 * `objective` is evaluated in float64 from the driver and the coefficients returned. `status` says how far to trust it:
 *
 * - `solved`: to the solver's tolerance;
 * - `solved-inaccurate`: within a hundred times the tolerance; usable, look at it;
 * - `max-iterations`: not that far when the iterations were used up; the last iterate is returned;
 * - `badly-scaled`: alpha / rms(eda) is below 1e-5; the program is then nearly unregularised, and a float32 solver cannot
 *   tell whether it has converged. z-score the input; the CPU's float64 solver goes further, under the same status;
 * - `trivial`: the signal is constant, all of it is tonic, and nothing had to be solved.
 */
export interface Decomposition {
  phasic: Float32Array
  tonic: Float32Array
  driver: Float32Array
  residual: Float32Array
  /** One for each knot. */
  splineCoefficients: Float64Array
  /** One for each drift column. */
  driftCoefficients: Float64Array
  status: SolverStatus | 'badly-scaled' | 'trivial'
  iterations: number
  objective: number
  /** Of the interior point on a GPU. */
  form?: Form
}

/** What a decomposition hands to the next one. */
export type Start = Pick<Decomposition, 'driver' | 'splineCoefficients' | 'driftCoefficients'>

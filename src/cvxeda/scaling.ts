// Signals in the solver's units, of unit mean square, so that tolerances and float32 mean the same for all of them.

import { PIECE, type Pieces } from '../runtime/breather.ts'
import { UsageError } from '../runtime/errors.ts'
import type { Start } from './decomposition.ts'
import type { Problem } from './problem.ts'
import type { ScaledSignal, WarmStart } from './solver.ts'

/** A signal whose deviation is this small against its largest value is a constant. */
const CONSTANT = 1e-6

export interface Scaling {
  mean: number
  /** Root mean square of y - mean; 0 for a signal that is constant to working precision. */
  scale: number
}

export function* scalingOf(problem: Problem, y: ArrayLike<number>): Pieces<Scaling> {
  const { baselineCorrection } = problem.params
  const hasConstant = baselineCorrection === 1 || baselineCorrection === 2
  let sum = 0
  let largest = 0
  for (let from = 0; from < y.length; from += PIECE) {
    const to = Math.min(y.length, from + PIECE)
    for (let i = from; i < to; i++) {
      sum += y[i]!
      largest = Math.max(largest, Math.abs(y[i]!))
    }
    yield
  }
  const mean = hasConstant ? sum / y.length : 0
  let squares = 0
  for (let from = 0; from < y.length; from += PIECE) {
    const to = Math.min(y.length, from + PIECE)
    for (let i = from; i < to; i++) squares += (y[i]! - mean) ** 2
    yield
  }
  const scale = Math.sqrt(squares / y.length)
  return { mean, scale: scale <= CONSTANT * largest ? 0 : scale }
}

/**
 * The signal with unit mean square. Above sqrt(n) |tau0 - tau1|, which bounds H'e, every alpha gives p = 0: the clamp
 * keeps float32 from overflowing and leaves the solution as it is.
 */
export function* scaled({ n, params }: Problem, y: ArrayLike<number>, { mean, scale }: Scaling): Pieces<ScaledSignal> {
  const alpha = Math.min(params.alpha / scale, Math.sqrt(n) * Math.abs(params.tau0 - params.tau1))
  const unit = new Float64Array(n) // plain loops here and below: callbacks cost a third of a whole call
  for (let from = 0; from < n; from += PIECE) {
    const to = Math.min(n, from + PIECE)
    for (let i = from; i < to; i++) unit[i] = (y[i]! - mean) / scale
    yield
  }
  return { y: unit, alpha }
}

/** A start in the solver's units. */
export function scaledStart({ n, knotCount, drift }: Problem, start: Start, { mean, scale }: Scaling): WarmStart {
  const { driver, splineCoefficients, driftCoefficients } = start
  if (driver.length !== n || splineCoefficients.length !== knotCount || driftCoefficients.length !== drift.count) {
    throw new UsageError(
      `cvxEDA: a start has ${driver.length} samples, ${splineCoefficients.length} spline and ` +
        `${driftCoefficients.length} drift coefficients, expected ${n}, ${knotCount} and ${drift.count}.`,
    )
  }
  const shift = (c: number) => (c === 0 ? mean : 0)
  return {
    driver: driver.map((v) => v / scale),
    l: splineCoefficients.map((v) => v / scale),
    d: driftCoefficients.map((v, c) => (v - shift(c)) / scale),
  }
}

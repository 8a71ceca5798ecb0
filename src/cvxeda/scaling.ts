// Signals in the solver's units, of unit mean square, so that tolerances and float32 mean the same for all of them.

import { inPieces, type Pieces } from '../runtime/breather.ts'
import type { Problem } from './problem.ts'
import type { ScaledSignal, Scaling } from './solver.ts'

/** A signal whose deviation is this small against its largest value is a constant. */
const CONSTANT = 1e-6

export function* scalingOf({ drift }: Problem, y: ArrayLike<number>): Pieces<Scaling> {
  let sum = 0
  let largest = 0
  yield* inPieces(y.length, (from, to) => {
    let [part, most] = [0, largest]
    for (let i = from; i < to; i++) {
      part += y[i]!
      most = Math.max(most, Math.abs(y[i]!))
    }
    sum += part
    largest = most
  })
  const mean = drift.constant ? sum / y.length : 0
  let squares = 0
  yield* inPieces(y.length, (from, to) => {
    let part = 0
    for (let i = from; i < to; i++) part += (y[i]! - mean) ** 2
    squares += part
  })
  const scale = Math.sqrt(squares / y.length)
  return { mean, scale: scale <= CONSTANT * largest ? 0 : scale }
}

/**
 * The signal with unit mean square. Above sqrt(n) |tau0 - tau1|, which bounds H'e, every alpha gives p = 0: the clamp
 * keeps float32 from overflowing and leaves the solution as it is.
 */
export function* scaled({ n, params }: Problem, y: ArrayLike<number>, { mean, scale }: Scaling): Pieces<ScaledSignal> {
  const alpha = Math.min(params.alpha / scale, Math.sqrt(n) * Math.abs(params.tau0 - params.tau1))
  const unit = new Float64Array(n)
  yield* inPieces(n, (from, to) => {
    for (let i = from; i < to; i++) unit[i] = (y[i]! - mean) / scale
  })
  return { y: unit, alpha }
}

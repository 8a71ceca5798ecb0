// The tonic part's cubic B-splines at equally spaced knots: where the knots lie, and what the splines add up to.

import { UsageError } from '../runtime/errors.ts'

/** Seconds between two knots, or the knots themselves: equally spaced sample indices, some perhaps outside the signal. */
export type KnotSpacing = number | readonly number[]

/** Where the knots lie, in samples. */
export interface Knots {
  /** Samples between two knots. */
  spacing: number
  knotCount: number
  /** Sample at which the first knot lies. */
  firstKnot: number
}

/** Splines with their common shape. */
export interface Splines extends Knots {
  /** One cubic B-spline, maximum 1, length 4 k - 3; spline j at sample i is template[i - firstKnot - j k + 2 k - 2]. */
  template: Float64Array
}

/** Rounds to the nearest integer, ties to the even one (the knot spacing of the original program). */
export function roundHalfEven(x: number): number {
  const down = Math.floor(x)
  if (x - down !== 0.5) return Math.round(x)
  return down % 2 === 0 ? down : down + 1
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

/** Adds B l to `out`, touching only the support of each spline. */
export function addSplines({ firstKnot, spacing, template }: Splines, l: ArrayLike<number>, out: Float64Array) {
  for (let j = 0; j < l.length; j++) {
    const first = firstKnot + (j - 2) * spacing + 2
    const from = Math.max(0, first)
    const to = Math.min(out.length, first + template.length)
    for (let i = from; i < to; i++) out[i]! += template[i - first]! * l[j]!
  }
}

/** Samples between two knots, at most: beyond this the spline's table alone would fill the memory. */
const WIDEST_SPACING = 1 << 22

/** Knots 0, k, 2 k, ... below n + k/2, where k is `deltaKnot` seconds rounded to samples. */
function knotsEvery(deltaKnot: number, n: number, sampleRate: number): Knots {
  const spacing = roundHalfEven(deltaKnot / (1 / sampleRate))
  return { firstKnot: 0, spacing, knotCount: Math.ceil((n + Math.floor(spacing / 2)) / spacing) }
}

function knotsAt(indices: readonly number[]): Knots {
  const [first, second] = indices
  if (first === undefined || second === undefined) {
    throw new UsageError(`cvxEDA: deltaKnot lists ${indices.length} knots, expected at least 2 sample indices.`)
  }
  const spacing = Math.max(1, second - first)
  indices.forEach((knot, index) => {
    const expected = first + index * spacing
    const isIndex = Number.isSafeInteger(knot)
    if (isIndex && knot === expected) return
    throw new UsageError(
      `cvxEDA: knot ${index} of deltaKnot is ${knot}, expected ${isIndex ? expected : 'the index of a sample'}; ` +
        'knots rise in equal steps.',
      { index, knot },
    )
  })
  return { firstKnot: first, spacing, knotCount: indices.length }
}

/** Whether any spline, 2 k - 2 samples to either side of its knot, has a sample in the signal. */
export const reaches = ({ firstKnot, spacing, knotCount }: Knots, n: number) =>
  firstKnot - 2 * spacing + 2 < n && firstKnot + (knotCount + 1) * spacing - 2 >= 0

/** Where the knots lie. @throws UsageError for a spacing or a list that cannot be */
export function knotsOf(deltaKnot: KnotSpacing, n: number, sampleRate: number): Knots {
  const knots = typeof deltaKnot === 'number' ? knotsEvery(deltaKnot, n, sampleRate) : knotsAt(deltaKnot)
  const { spacing } = knots
  if (spacing >= 1 && spacing <= WIDEST_SPACING) return knots
  throw new UsageError(
    `cvxEDA: deltaKnot puts ${spacing} samples between knots, expected 1 to ${WIDEST_SPACING} ` +
      `(${1 / sampleRate} s to ${WIDEST_SPACING / sampleRate} s).`,
    { spacing },
  )
}

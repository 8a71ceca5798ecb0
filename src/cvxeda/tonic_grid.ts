// The grid of the interior point: samples in spans between two knots, splines in rows.
//
// Samples are walked in knot spans of k, the first of which begins at a knot at or before sample 0. Inside a span exactly
// four splines can be non-zero, and their values depend on the phase within the span alone. Splines are kept in rows so
// that span b owns rows b ... b+3; rows without a knot have scale 0 and drop out of every formula.

import { PIECE, type Pieces } from '../runtime/breather.ts'
import { UsageError } from '../runtime/errors.ts'
import type { Problem } from './problem.ts'

/** Splines that overlap one span. */
export const OVERLAP = 4
const LARGEST_WINDOW = 12

/** Where the samples and the knots lie on the grid of spans. */
export interface Grid {
  spans: number
  begin: number
  rows: number
  /** Row of knot 0. */
  firstRow: number
  hasKnot: (row: number) => boolean
}

export function gridOf({ n, spacing, knotCount, firstKnot }: Problem, window: number): Grid {
  const begin = spacing * Math.ceil(firstKnot / spacing) - firstKnot
  const spans = Math.ceil((n + begin) / spacing)
  const rows = spans + window - 1
  const firstRow = (firstKnot + begin) / spacing + 1
  const hasKnot = (row: number) =>
    row >= Math.max(firstRow, 0) && row < firstRow + knotCount && row < spans + OVERLAP - 1
  return { spans, begin, rows, firstRow, hasKnot }
}

/** Visits the samples [from, to) of each span in turn, those of a long one in parts. */
export function* bySpans(
  { n, spacing }: Pick<Problem, 'n' | 'spacing'>,
  { spans, begin }: Pick<Grid, 'spans' | 'begin'>,
  visit: (span: number, from: number, to: number) => void,
): Pieces<void> {
  let worked = 0
  for (let span = 0; span < spans; span++) {
    const end = Math.min(n, (span + 1) * spacing - begin)
    for (let from = Math.max(0, span * spacing - begin); from < end; from += PIECE) {
      const to = Math.min(end, from + PIECE)
      visit(span, from, to)
      worked += to - from
      if (worked < PIECE) continue
      worked = 0
      yield
    }
  }
}

/**
 * A row stays active below its support until its adjoint has died out: four time constants, and 40 samples because at
 * low rates the closed loop rings near the Nyquist frequency. What is left out changes the Newton matrix, not the fixed
 * point, but where it is not small the Newton matrix loses definiteness.
 * @throws UsageError when the knots are too dense for that
 */
export function windowOf({ sampleRate, spacing, params }: Pick<Problem, 'sampleRate' | 'spacing' | 'params'>): number {
  const tail = Math.max(4 * Math.max(2, params.tau0, params.tau1) * sampleRate, 40)
  const window = OVERLAP + Math.ceil(tail / spacing)
  if (window > LARGEST_WINDOW) {
    const smallest = Math.ceil(tail / (LARGEST_WINDOW - OVERLAP)) / sampleRate
    throw new UsageError(
      `cvxEDA: deltaKnot is ${spacing / sampleRate} s, expected at least ${smallest} s at this sample ` +
        "rate and these time constants; device 'cpu' takes less.",
      { window },
    )
  }
  return window
}

/** Values of the four overlapping splines by phase. */
export function phaseTable({ spacing, template }: Problem): Float64Array {
  const table = new Float64Array(spacing * OVERLAP)
  for (let phase = 0; phase < spacing; phase++) {
    for (let m = 0; m < OVERLAP; m++) {
      table[phase * OVERLAP + m] = template[phase + (OVERLAP - 1 - m) * spacing - 2] ?? 0
    }
  }
  return table
}

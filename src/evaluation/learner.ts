// What learns two classes from rows of features at once, without a network: one interface for all of them.
import { FormatError, ShapeError } from '../runtime/errors.ts'
import type { WorkHooks } from './turns.ts'

/** What was learnt. */
export interface Learned {
  /** In [0, 1] for a row of as many features as those it learned from; above a half says high. @throws ShapeError */
  score(row: ArrayLike<number>): number
}

/** What every learner is told besides its rows. */
export interface LearnOptions extends WorkHooks {
  /** Where chance is involved it comes from here; 0 to 4294967295. */
  seed: number
}

/**
 * Learns from `rows` of features, all of one length, and as many `labels`, 0 low or 1 high. The same rows, labels and seed give the
 * same scores, bit by bit. Labels of one class alone give that class everywhere. Other tasks have their turn meanwhile.
 * @throws ShapeError for rows and labels that do not fit, FormatError for a feature that is not finite
 */
export type Learner = (
  rows: readonly Float32Array[],
  labels: ArrayLike<number>,
  options: LearnOptions,
) => Promise<Learned>

/** @throws ShapeError for rows and labels that do not fit, FormatError for a feature that is not finite */
export function checkTraining(where: string, rows: readonly Float32Array[], labels: ArrayLike<number>): void {
  if (rows.length === 0 || labels.length !== rows.length) {
    throw new ShapeError(`${where}: ${rows.length} rows and ${labels.length} labels; need as many, at least 1`)
  }
  const { length } = rows[0]!
  for (const [i, row] of rows.entries()) {
    if (row.length !== length)
      throw new ShapeError(
        `${where}: row ${i} has ${row.length} features and row 0 has ${length}; they must be as many`,
      )
    if (labels[i] !== 0 && labels[i] !== 1)
      throw new ShapeError(`${where}: row ${i} has the label ${labels[i]}, expected 0 or 1`)
    const broken = row.findIndex((value) => !Number.isFinite(value))
    if (broken >= 0)
      throw new FormatError(`${where}: feature ${broken} of row ${i} is ${row[broken]}, expected a finite number`)
  }
}

/** A learned score that refuses rows of another length, where sums would be NaN. */
export function scoring(where: string, length: number, score: (row: ArrayLike<number>) => number): Learned {
  return {
    score(row) {
      if (row.length === length) return score(row)
      throw new ShapeError(`${where}: a row has ${row.length} features, but it learned from ${length}`)
    },
  }
}

/** What labels of one class alone teach; undefined where both occur. */
export function onlyClass(where: string, length: number, labels: ArrayLike<number>): Learned | undefined {
  for (let i = 1; i < labels.length; i++) if (labels[i] !== labels[0]) return undefined
  return scoring(where, length, () => labels[0]!)
}

/** The least number above a half. */
const ABOVE_HALF = 0.5 + Number.EPSILON / 2

/** Logistic function of a decision value: never falling, in [0, 1], and above a half exactly where the decision is above 0. */
export function scoreOfDecision(decision: number): number {
  const score = 1 / (1 + Math.exp(-decision))
  return decision > 0 ? Math.max(score, ABOVE_HALF) : Math.min(score, 0.5)
}

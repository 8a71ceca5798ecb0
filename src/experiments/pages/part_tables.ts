// Parts of each result as long tables: one line per fold and seed, and one per subject.
import { SCORES, type FoldScores, type Judgement } from '../../evaluation/judgement.ts'
import type { Collected } from '../collected.ts'
import { csvOf, known, NO_CELL, placeOf, snakeCase, type LongRow } from './long_table.ts'

const foldValues = (of?: FoldScores): LongRow => ({
  fold: of?.fold ?? '',
  seed: known(of?.seed),
  trials: known(of?.trials),
  ...Object.fromEntries(SCORES.map((score) => [snakeCase(score), known(of?.scores[score])])),
})

/** `own_majority` is the accuracy of a constant answer that knows which class is more frequent of this subject. */
const subjectValues = (of?: Judgement['bySubject'][number]): LongRow => ({
  subject: of?.subject ?? '',
  trials: known(of?.trials),
  high: known(of?.high),
  own_majority: known(of && Math.max(of.high, 1 - of.high)),
  accuracy: known(of?.accuracy),
})

function partTable<T>(
  collected: Collected,
  partsOf: (judgement: Judgement) => readonly T[],
  values: (part?: T) => LongRow,
): string {
  const columns = Object.keys({ ...placeOf(collected, NO_CELL), ...values() })
  const rows = collected.cells.flatMap((cell) =>
    (cell.judgement ? partsOf(cell.judgement) : []).map((part) => ({ ...placeOf(collected, cell), ...values(part) })),
  )
  return csvOf(columns, rows)
}

/** Scores of each cell in each fold by each seed, shares of 1. */
export const foldsCsv = (collected: Collected): string => partTable(collected, ({ byFold }) => byFold, foldValues)

/** Accuracy of each cell for each subject, mean over seeds, beside how many of the subject's trials are high; shares of 1. */
export const subjectsCsv = (collected: Collected): string =>
  partTable(collected, ({ bySubject }) => bySubject, subjectValues)

// Several recordings in one table: told apart by a column of ids, or by a time that starts again.
import { FormatError } from '../runtime/errors.ts'
import type { Run } from './table.ts'
import type { IdColumn } from './roles.ts'
import { listed } from './channel.ts'
import { medianStep } from './steps.ts'

/** Rows of one recording; `rows` where they do not lie side by side. */
export interface Group {
  /** Value of the id column; absent where the table is one recording. */
  part?: string
  from: number
  to: number
  rows?: Int32Array
}

export interface SplitFacts {
  rows: number
  ids: readonly IdColumn[]
  runs: readonly (readonly Run[])[]
  /** [rows], as they stand in the file; absent without a clock. */
  seconds?: Float64Array
  /** `--by`. */
  by?: string | undefined
}

/**
 * The groups of rows that are a recording each. Without `by`, a column of ids splits where its values name people, sessions or files
 * and each has its rows side by side, or where time starts again with each value; a condition in which time goes on does not.
 * @throws FormatError naming the column where it is not clear
 */
export function groupsOf({ rows, ids, runs, seconds, by }: SplitFacts, source: string): Group[] {
  const whole: Group[] = [{ from: 0, to: rows }]
  if (by === 'none') return whole
  const varying = ids.map((id, i) => ({ id, runs: runs[i]! })).filter(({ runs: some }) => distinct(some) > 1)
  if (by !== undefined) return varying.length === 0 ? whole : gathered(varying[0]!.runs, rows)
  const unmistakable = varying.filter(({ id, runs: some }) => isContiguous(some) && splits(id, some, seconds))
  const finest = unmistakable.reduce<(typeof varying)[number] | undefined>(
    (best, one) => (best === undefined || one.runs.length > best.runs.length ? one : best),
    undefined,
  )
  if (finest) return gathered(finest.runs, rows)
  const doubtful = varying.find(({ id, runs: some }) =>
    id.kind === 'recording'
      ? !isRowNumber(some, rows)
      : seconds === undefined
        ? isContiguous(some)
        : alternates(some, seconds),
  )
  if (!doubtful) return whole
  const values = [...new Set(doubtful.runs.map(({ value }) => value))]
  throw new FormatError(
    `${source}: column '${doubtful.id.name}' names ${values.length} different ones (${listed(values.slice(0, 3))}${values.length > 3 ? ', …' : ''}), ` +
      `so this may be several recordings; give --by '${doubtful.id.name}' for one each, or --by none if it is one`,
  )
}

const distinct = (runs: readonly Run[]): number => new Set(runs.map(({ value }) => value)).size
const isContiguous = (runs: readonly Run[]): boolean => distinct(runs) === runs.length
/** Rows of one moment that have several values: they are of several recordings. */
function alternates(runs: readonly Run[], seconds: Float64Array): boolean {
  const changes = runs.slice(1).filter(({ from }) => seconds[from]! <= seconds[from - 1]!)
  return distinct(runs) < runs.length && changes.length > 0.2 * runs.length
}

/** Another value in nearly every row. */
const isRowNumber = (runs: readonly Run[], rows: number): boolean => distinct(runs) > 0.5 * rows

/** Rows of people, sessions and files are recordings of their own unless time goes on evenly; conditions are where it starts again. */
function splits({ kind }: IdColumn, runs: readonly Run[], seconds: Float64Array | undefined): boolean {
  if (!seconds) return kind === 'recording'
  const steps = runs.slice(1).map(({ from }) => seconds[from]! - seconds[from - 1]!)
  const usual = medianStep(seconds)
  const goesOn = steps.filter((step) => step > 0 && step < 1.5 * usual).length
  const startsAgain = steps.filter((step) => step < -usual / 2).length
  return kind === 'recording' ? goesOn === 0 : startsAgain === steps.length
}

/** One group a value, in order of first appearance, with all its rows. */
function gathered(runs: readonly Run[], rows: number): Group[] {
  const stretches = new Map<string, [number, number][]>()
  runs.forEach(({ from, value }, i) => {
    const own = stretches.get(value) ?? []
    own.push([from, runs[i + 1]?.from ?? rows])
    stretches.set(value, own)
  })
  return [...stretches].map(([part, own]): Group => {
    const [first] = own
    if (own.length === 1) return { part, from: first![0], to: first![1] }
    const all = new Int32Array(own.reduce((sum, [from, to]) => sum + to - from, 0))
    let end = 0
    for (const [from, to] of own) for (let row = from; row < to; row++) all[end++] = row
    return { part, from: first![0], to: own.at(-1)![1], rows: all }
  })
}

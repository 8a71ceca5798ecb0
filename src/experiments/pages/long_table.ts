// An experiment as a long table: one line per row, dimension, protocol and control, all numbers in full precision.
import { BASELINES, SCORES, type BesideBaseline, type ScoreName } from '../../evaluation/judgement.ts'
import { formatCsv } from '../../formats/csv.ts'
import { formatDocument, toDocument } from '../../formats/documents.ts'
import type { Cell, Collected } from '../collected.ts'

/** A line by its columns. A text is empty, and a number absent, where there is no value. */
export type LongRow = Record<string, string | number | boolean | null>

/** The scores by which a model is set against a baseline. */
export const COMPARED = ['accuracy', 'balancedAccuracy', 'f1'] as const

/** Columns and values of files are named so. */
export const snakeCase = (name: string): string =>
  name.replaceAll(/[A-Z]/g, (c) => `_${c.toLowerCase()}`).replaceAll('-', '_')

/** A score that is not defined (NaN) is as little a value as one that is absent. */
export const known = (value: number | undefined): number | null =>
  value === undefined || Number.isNaN(value) ? null : value

/** Reported, ours, interval, gap (ours less reported) and spread over folds and seeds of a score. */
function scoreValues({ judgement, reported }: Cell, score: ScoreName): LongRow {
  const name = snakeCase(score)
  const ours = judgement?.scores[score]
  const theirs = reported?.[score]
  const interval = judgement?.intervals?.[score]
  return {
    [`${name}_reported`]: known(theirs),
    [`${name}_ours`]: known(ours),
    [`${name}_low`]: known(interval?.low),
    [`${name}_high`]: known(interval?.high),
    [`${name}_gap`]: known(ours === undefined || theirs === undefined ? undefined : ours - theirs),
    [`${name}_fold_mean`]: known(judgement?.overFolds[score]?.mean),
    [`${name}_fold_sd`]: known(judgement?.overFolds[score]?.sd),
    [`${name}_seed_sd`]: known(judgement?.overSeeds?.[score]?.sd),
  }
}

/** A baseline on the trials of which it says something, with the model's difference on those trials. */
function baselineValues(name: string, beside: BesideBaseline | undefined): LongRow {
  const values: LongRow = { [`${name}_trials`]: known(beside?.trials) }
  for (const score of COMPARED) {
    const column = `${name}_${snakeCase(score)}`
    const difference = beside?.difference[score]
    values[column] = known(beside?.scores[score])
    values[`${column}_difference`] = known(difference?.mean)
    values[`${column}_difference_low`] = known(difference?.low)
    values[`${column}_difference_high`] = known(difference?.high)
  }
  return values
}

const merged = (rows: readonly LongRow[]): LongRow => Object.fromEntries(rows.flatMap((row) => Object.entries(row)))

/** Of which cell a line is. */
export function placeOf({ grid, protocols }: Collected, cell: Cell): LongRow {
  const named = grid.heads.map((_, i) => [`cell_${i + 1}`, grid.rows[cell.row]?.cells[i] ?? ''] as const)
  return {
    row: cell.row + 1,
    ...Object.fromEntries(named),
    dimension: cell.dimension,
    protocol: cell.protocol,
    control: cell.control,
    // Empty where the protocol is not described, since an unknown leak is not the absence of one.
    leaks: protocols.find(({ protocol }) => protocol === cell.protocol)?.leaks ?? null,
  }
}

function longRow(collected: Collected, cell: Cell): LongRow {
  const { judgement } = cell
  const beside = (name: string) => judgement?.baselines.find((baseline) => baseline.name === name)
  const wilcoxon = beside('majority')?.wilcoxon
  return {
    ...placeOf(collected, cell),
    ...merged(SCORES.map((score) => scoreValues(cell, score))),
    ...merged(BASELINES.map((name) => baselineValues(snakeCase(name), beside(name)))),
    permutation_p: known(judgement?.permutation),
    wilcoxon_p: known(wilcoxon?.p),
    wilcoxon_floor: known(wilcoxon?.floor),
    holm_p: known(cell.holm),
    trials: known(judgement?.trials),
    subjects: known(judgement?.subjects),
    folds: known(judgement?.folds),
    seeds: judgement?.seeds.join(' ') ?? '',
    parameters: known(cell.parameters),
    missing: cell.missing ?? '',
  }
}

/** All cells of an experiment, in their order; every line has the same columns. Scores are shares of 1. */
export const longTable = (collected: Collected): LongRow[] => collected.cells.map((cell) => longRow(collected, cell))

/** A cell of which nothing is known but its columns. */
export const NO_CELL: Cell = { row: 0, dimension: 'valence', protocol: 'honest', control: false }

/** The columns of the long table of an experiment, in their order. */
export const longColumns = (collected: Collected): string[] => Object.keys(longRow(collected, NO_CELL))

/** Lines as comma-separated text; what has no value is empty. */
export const csvOf = (columns: readonly string[], rows: readonly LongRow[]): string =>
  formatCsv(
    columns,
    rows.map((row) => columns.map((column) => text(row[column] ?? null))),
  )

const text = (value: LongRow[string]): string | number =>
  value === null ? '' : typeof value === 'number' ? value : String(value)

/** The long table as comma-separated text. */
export const longCsv = (collected: Collected): string => csvOf(longColumns(collected), longTable(collected))

/** The long table as a JSON document, with what is true of all of its lines, and the lines of `ratings` where there are some; null is no value. */
export function longJson({ grid, ...collected }: Collected, ratings: readonly LongRow[] = []): string {
  const { datasets, protocols, seeds, adapter, versions, done, jobs, departures } = collected
  const { name, title, heads, source = '' } = grid
  const rows = longTable({ grid, ...collected })
  const about = { name, title, heads, source, datasets, protocols, seeds, adapter, versions, done, jobs, departures }
  return formatDocument(toDocument('experiment-results', { ...about, rows, ...(ratings.length > 0 && { ratings }) }))
}

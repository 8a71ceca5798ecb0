// A table of named, typed columns, and its file in each form.
import { parquetWriteBuffer } from 'hyparquet-writer'
import { formatCsv } from '../formats/csv.ts'
import { formatNpz, type NumpyArray } from '../formats/npz.ts'
import { ShapeError } from '../runtime/errors.ts'

/** A column; a missing number is NaN, a missing text is empty. */
export type Column = { name: string } & (
  | { kind: 'text'; values: readonly string[] }
  /** int32 in files. */
  | { kind: 'integer'; values: readonly number[] }
  /** float64 in files. */
  | { kind: 'number'; values: readonly number[] }
)

/** Columns of equal length. */
export interface ExportTable {
  name: string
  columns: Column[]
}

export const TABLE_FORMATS = ['csv', 'parquet', 'npz'] as const
/** CSV for everybody, Parquet for data frames (types are kept), npz for numpy (an array a column). */
export type TableFormat = (typeof TABLE_FORMATS)[number]

/**
 * The file of a table. In CSV a missing number is an empty cell, in Parquet and npz NaN.
 * @throws ShapeError for a table without a line
 */
export function tableFile({ name, columns }: ExportTable, format: TableFormat): Uint8Array {
  if (!columns[0]?.values.length) throw new ShapeError(`the table ${name} has no lines`)
  if (format === 'csv') return new TextEncoder().encode(asCsv(columns))
  if (format === 'npz') return formatNpz(Object.fromEntries(columns.map((column) => [column.name, asNumpy(column)])))
  const types = { text: 'STRING', integer: 'INT32', number: 'DOUBLE' } as const
  const columnData = columns.map(({ name, kind, values }) => ({ name, data: [...values], type: types[kind] }))
  return new Uint8Array(parquetWriteBuffer({ columnData }))
}

function asCsv(columns: readonly Column[]): string {
  const { length } = columns[0]!.values
  const cell = (value: string | number): string | number => (Number.isNaN(value) ? '' : value)
  const rows = Array.from({ length }, (_, i) => columns.map(({ values }) => cell(values[i]!)))
  return formatCsv(
    columns.map(({ name }) => name),
    rows,
  )
}

function asNumpy(column: Column): NumpyArray {
  if (column.kind === 'text') return { data: column.values }
  return { data: column.kind === 'integer' ? Int32Array.from(column.values) : Float64Array.from(column.values) }
}

// Maps made small enough to be drawn: means of neighbours.
import { largestOf } from '../../signal/extremes.ts'
import type { MapArray } from '../map_array.ts'

/** A table of numbers, row-major. */
export interface Field {
  shape: readonly [rows: number, columns: number]
  data: Float64Array
}

/** A map over one axis is one row. */
export function fieldOf({ shape, data }: MapArray): Field {
  const columns = shape.at(-1)!
  return { shape: [data.length / columns, columns], data: Float64Array.from(data) }
}

/** The sizes of all values. */
export const sizesOf = ({ shape, data }: Field): Field => ({ shape, data: data.map(Math.abs) })

/** One row of a field. */
export const rowOf = ({ shape: [, columns], data }: Field, row: number): Float64Array =>
  data.subarray(row * columns, (row + 1) * columns)

/** The mean of all rows. */
export function meanRow(field: Field): Field {
  const [rows, columns] = field.shape
  const data = Float64Array.from({ length: columns }, (_, column) => {
    let sum = 0
    for (let row = 0; row < rows; row++) sum += field.data[row * columns + column]!
    return sum / rows
  })
  return { shape: [1, columns], data }
}

/** Means over rectangles of nearly equal size; an axis that is not longer than its limit stays as it is. */
export function shrink({ shape: [rows, columns], data }: Field, mostRows: number, mostColumns: number): Field {
  const [high, wide] = [Math.min(rows, mostRows), Math.min(columns, mostColumns)]
  const bound = (i: number, parts: number, of: number): number => Math.floor((i * of) / parts)
  const means = Float64Array.from({ length: high * wide }, (_, i) => {
    const [r, c] = [Math.floor(i / wide), i % wide]
    const [top, bottom] = [bound(r, high, rows), bound(r + 1, high, rows)]
    const [left, right] = [bound(c, wide, columns), bound(c + 1, wide, columns)]
    let sum = 0
    for (let row = top; row < bottom; row++)
      for (let column = left; column < right; column++) sum += data[row * columns + column]!
    return sum / ((bottom - top) * (right - left))
  })
  return { shape: [high, wide], data: means }
}

/** The largest size of any value, which a picture takes for 1. */
export const largestSize = ({ data }: Field): number => largestOf(data.map(Math.abs), 0)

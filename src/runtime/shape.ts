import { ShapeError } from './errors.ts'

/** Extents of a tensor, outermost first. */
export type Shape = readonly number[]

export const ceilDiv = (a: number, b: number): number => Math.ceil(a / b)

/** Rows are padded to whole vec4s, so that every kernel reads and writes aligned quads. */
export const padTo4 = (n: number): number => ceilDiv(n, 4) * 4

export const formatShape = (shape: Shape): string => `[${shape.join(',')}]`

/** Number of logical elements. */
export const sizeOf = (shape: Shape): number => shape.reduce((product, n) => product * n, 1)

/** Number of rows: the product of all extents but the innermost. */
export const rowsOf = (shape: Shape): number => sizeOf(shape.slice(0, -1))

/** Innermost extent. */
export const innerOf = (shape: Shape): number => shape[shape.length - 1] ?? 1

/** Extent at `axis`; throws when the tensor has no such axis. */
export function extent(shape: Shape, axis: number): number {
  const n = shape[axis]
  if (n === undefined) throw new ShapeError(`shape ${formatShape(shape)} has no axis ${axis}`)
  return n
}

export const sameShape = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((n, i) => n === b[i])

/** Throws unless every extent is a positive integer. */
export function checkShape(shape: Shape, label: string): void {
  if (!Array.isArray(shape))
    throw new ShapeError(`${label}: shape is ${String(shape)}, expected a list such as [2, 480]`)
  if (shape.length === 0 || !shape.every((n) => Number.isInteger(n) && n > 0)) {
    throw new ShapeError(`${label}: shape ${formatShape(shape)} must be one or more positive integers`)
  }
}

/** Throws unless `actual` equals `expected`. */
export function expectShape(where: string, actual: Shape, expected: Shape): void {
  if (!sameShape(actual, expected)) {
    throw new ShapeError(`${where}: shape is ${formatShape(actual)}, expected ${formatShape(expected)}`)
  }
}

// Dense float64 arrays and the few helpers that the twins share.
import { ShapeError } from '../runtime/errors.ts'

/** A dense row-major float64 array. Signals are [batch, channel, time]. */
export interface NdArray {
  shape: number[]
  data: Float64Array
}

/** Arrays by name, e.g. the parameters of a network. */
export type NamedArrays = Map<string, NdArray>

/** Number of elements of a shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1)
}

/** An array of zeros. */
export function zeros(shape: readonly number[]): NdArray {
  return { shape: [...shape], data: new Float64Array(sizeOf(shape)) }
}

/** An array that holds a copy of `values`. Throws ShapeError if their number does not fit `shape`. */
export function ndarray(shape: readonly number[], values: ArrayLike<number>): NdArray {
  if (values.length !== sizeOf(shape)) {
    throw new ShapeError(`array: ${values.length} values do not fill the shape [${shape.join(',')}].`)
  }
  return { shape: [...shape], data: Float64Array.from(values) }
}

/** The same data under another shape of equal size. */
export function reshape(x: NdArray, shape: readonly number[]): NdArray {
  if (sizeOf(shape) !== x.data.length) {
    throw new ShapeError(`reshape: [${x.shape.join(',')}] cannot become [${shape.join(',')}].`)
  }
  return { shape: [...shape], data: x.data }
}

/** Applies `f` to every element. */
export function map(x: NdArray, f: (value: number, index: number) => number): NdArray {
  const y = zeros(x.shape)
  for (let i = 0; i < y.data.length; i++) y.data[i] = f(x.data[i]!, i)
  return y
}

/** Elementwise sum of two arrays of one shape. */
export function add(a: NdArray, b: NdArray): NdArray {
  requireShape('add', b, a.shape)
  return map(a, (value, i) => value + b.data[i]!)
}

/** Sum of the elementwise products of two arrays of one shape. */
export function dot(a: NdArray, b: NdArray): number {
  requireShape('dot', b, a.shape)
  return a.data.reduce((sum, value, i) => sum + value * b.data[i]!, 0)
}

/** [rows, columns] of a matrix. Throws ShapeError for another rank. */
export function dims2(op: string, x: NdArray): [number, number] {
  if (x.shape.length !== 2) throw new ShapeError(`${op}: expected a matrix, got [${x.shape.join(',')}].`)
  return [x.shape[0]!, x.shape[1]!]
}

/** [batch, channels, length] of a signal. Throws ShapeError for another rank. */
export function dims3(op: string, x: NdArray): [number, number, number] {
  if (x.shape.length !== 3) throw new ShapeError(`${op}: expected [batch, channel, time], got [${x.shape.join(',')}].`)
  return [x.shape[0]!, x.shape[1]!, x.shape[2]!]
}

/** Throws ShapeError unless `x` has exactly this shape. */
export function requireShape(op: string, x: NdArray, shape: readonly number[]): void {
  if (x.shape.length !== shape.length || x.shape.some((extent, i) => extent !== shape[i])) {
    throw new ShapeError(`${op}: got [${x.shape.join(',')}], expected [${shape.join(',')}].`)
  }
}

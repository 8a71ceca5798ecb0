// Pickles of NumPy arrays for tests, so that none needs Python, NumPy or licensed files: arrays of any type and order of axes in the
// styles that the look-alikes are written in, which Python reads back, and a pickle that calls something.
import { pickleArrays as pickle, type PickleStyle } from '../../src/formats/numpy_pickle_write.ts'

export { PICKLE_STYLES as STYLES, type PickleStyle } from '../../src/formats/numpy_pickle_write.ts'

export interface ArrayToPickle {
  /** Row-major. */
  values: ArrayLike<number>
  shape: readonly number[]
  /** An order of bytes and a name, such as `<f8`, which is the default. */
  type?: string
  /** The first axis counts fastest. */
  fortran?: boolean
}

/** A dictionary of arrays. */
export function pickleArrays(arrays: Readonly<Record<string, ArrayToPickle>>, style: PickleStyle): Uint8Array {
  const items = Object.entries(arrays).map(([name, { values, shape, type = '<f8', fortran = false }]) => {
    const bytes = dataOf({ values, shape, type, fortran })
    return [name, { bytes, shape, type, fortran }] as const
  })
  return Uint8Array.from(pickle(Object.fromEntries(items), style).flatMap((piece) => [...piece]))
}

/** A pickle that calls a name with one text. */
export const pickleCall = (module: string, name: string, argument: string): Uint8Array => {
  const called = [...ascii(`c${module}\n${name}\n`), 0x28, 0x58, argument.length, 0, 0, 0, ...ascii(argument)]
  return Uint8Array.from([0x80, 2, ...called, 0x74, 0x52, 0x2e])
}

const ascii = (text: string): number[] => [...new TextEncoder().encode(text)]

/** Elements as they lie in memory. */
function dataOf({ values, shape, type, fortran }: Required<ArrayToPickle>): Uint8Array {
  const size = Number(type.slice(2))
  const view = new DataView(new ArrayBuffer(values.length * size))
  for (let i = 0; i < values.length; i++) {
    const at = (fortran ? fortranPlace(i, shape) : i) * size
    const little = !type.startsWith('>')
    if (type.endsWith('f8')) view.setFloat64(at, values[i]!, little)
    else if (type.endsWith('f4')) view.setFloat32(at, values[i]!, little)
    else if (type.endsWith('i2')) view.setInt16(at, values[i]!, little)
    else throw new Error(`the writer has no ${type}`)
  }
  return new Uint8Array(view.buffer)
}

/** Where element `i` of the row-major order lies if the first axis counts fastest. */
function fortranPlace(i: number, shape: readonly number[]): number {
  let [place, rest] = [0, i]
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const stride = shape.slice(0, axis).reduce((product, extent) => product * extent, 1)
    place += (rest % shape[axis]!) * stride
    rest = Math.floor(rest / shape[axis]!)
  }
  return place
}

// Writes dictionaries of NumPy arrays as Python pickles them, so that no test needs Python, NumPy or licensed files.
// Python reads each style back; what they are made of:
//
//   array      _reconstruct(ndarray, (0,), b'b'), then BUILD with (1, shape, dtype, fortran, bytes)
//              at protocol 5 _frombuffer(bytearray, dtype, shape, 'C' or 'F')
//   dtype      dtype('f8', align, copy), then BUILD with (3, '<', None, None, None, -1, -1, 0)
//   bytes      STRING of Python 2; _codecs.encode(text, 'latin1') of Python 3 at protocol 2; BINBYTES; BYTEARRAY8
//   module     numpy.core until NumPy 1, numpy._core from NumPy 2
//   memo       every name and array is stored; a name that comes again is recalled; pickletools.optimize leaves none

export interface PickleStyle {
  protocol: 2 | 3 | 4 | 5
  /** Of Python 2, at protocol 2: texts and bytes are both STRING. */
  python2?: boolean
  memo?: boolean
  /** How dtype is given its flags. */
  flags?: 'numbers' | 'booleans'
  module?: 'numpy.core' | 'numpy._core'
}

/** The five ways in which the bytes of an array come, as the programs that write them do all else. */
export const STYLES: Readonly<Record<string, PickleStyle>> = {
  'STRING of Python 2': { protocol: 2, python2: true, flags: 'numbers' },
  'text of Python 3': { protocol: 2 },
  'BINBYTES of protocol 3': { protocol: 3 },
  'BINBYTES of protocol 4': { protocol: 4 },
  'BYTEARRAY8 of protocol 5': { protocol: 5, module: 'numpy._core' },
}

export interface ArrayToPickle {
  /** Row-major. */
  values: ArrayLike<number>
  shape: readonly number[]
  /** An order of bytes and a name, such as `<f8`, which is the default. */
  type?: string
  /** The first axis counts fastest. */
  fortran?: boolean
}

type Bytes = readonly number[]

const ascii = (text: string): number[] => [...new TextEncoder().encode(text)]
const le = (value: number, bytes: number): number[] =>
  Array.from({ length: bytes }, (_, i) => Math.floor(value / 256 ** i) % 256)
const int = (value: number): number[] => {
  if (value >= 0 && value < 256) return [0x4b, value]
  return value >= 0 && value < 65536 ? [0x4d, ...le(value, 2)] : [0x4a, ...le(value >>> 0, 4)]
}
const unicode = (text: string): number[] => [0x58, ...le(ascii(text).length, 4), ...ascii(text)]
const [MARK, STOP, REDUCE, BUILD, NONE, TUPLE, SETITEM, EMPTY_DICT] = [0x28, 0x2e, 0x52, 0x62, 0x4e, 0x74, 0x73, 0x7d]
const bool = (value: boolean): number => (value ? 0x88 : 0x89)
const tuple = (...items: Bytes[]): number[] => [MARK, ...items.flat(), TUPLE]

/** A dictionary of arrays. */
export function pickleArrays(arrays: Readonly<Record<string, ArrayToPickle>>, style: PickleStyle): Uint8Array {
  return new Writer(style).dictionary(arrays)
}

/** A pickle that calls a name with one text. */
export const pickleCall = (module: string, name: string, argument: string): Uint8Array =>
  Uint8Array.from([0x80, 2, ...ascii(`c${module}\n${name}\n`), ...tuple(unicode(argument)), REDUCE, STOP])

class Writer {
  readonly #memo = new Map<string, number>()

  constructor(private readonly style: PickleStyle) {}

  dictionary(arrays: Readonly<Record<string, ArrayToPickle>>): Uint8Array {
    const items = Object.entries(arrays).flatMap(([name, array]) => [
      ...this.#text(name),
      ...this.#array(array),
      SETITEM,
    ])
    const body = [EMPTY_DICT, ...items, STOP]
    const { protocol } = this.style
    return Uint8Array.from([0x80, protocol, ...(protocol > 3 ? [0x95, ...le(body.length, 8)] : []), ...body])
  }

  #array(array: ArrayToPickle): number[] {
    const { protocol, module = 'numpy.core' } = this.style
    const { shape, type = '<f8', fortran = false } = array
    const extents = tuple(...shape.map(int))
    // Made in the order in which they are written, which is the order of the memo.
    if (protocol === 5) {
      const fromBuffer = this.#global(`${module}.numeric`, '_frombuffer')
      const args = tuple(this.#bytes(dataOf(array)), this.#type(type), extents, this.#text(fortran ? 'F' : 'C'))
      return this.#stored([...fromBuffer, ...args, REDUCE])
    }
    const reconstruct = this.#global(`${module}.multiarray`, '_reconstruct')
    const args = tuple(this.#global('numpy', 'ndarray'), tuple(int(0)), this.#bytes(Uint8Array.of(0x62)))
    const begun = this.#stored([...reconstruct, ...args, REDUCE])
    const state = tuple(int(1), extents, this.#type(type), [bool(fortran)], this.#bytes(dataOf(array)))
    return [...begun, ...state, BUILD]
  }

  #type(type: string): number[] {
    const flags = this.style.flags === 'numbers' ? [int(0), int(1)] : [[bool(false)], [bool(true)]]
    const made = [...this.#global('numpy', 'dtype'), ...tuple(this.#text(type.slice(1)), ...flags), REDUCE]
    const none = [[NONE], [NONE], [NONE]]
    const state = tuple(int(3), this.#text(type.slice(0, 1)), ...none, int(-1), int(-1), int(0))
    return [...this.#stored(made), ...state, BUILD]
  }

  #bytes(data: Uint8Array): number[] {
    const { protocol, python2 } = this.style
    const length = data.length
    if (python2) return length < 256 ? [0x55, length, ...data] : [0x54, ...le(length, 4), ...data]
    if (protocol === 2) {
      const text = Array.from(data, (byte) => String.fromCharCode(byte)).join('')
      return [...this.#global('_codecs', 'encode'), ...tuple(unicode(text), unicode('latin1')), REDUCE]
    }
    if (protocol === 5) return [0x96, ...le(length, 8), ...data]
    return length < 256 ? [0x43, length, ...data] : [0x42, ...le(length, 4), ...data]
  }

  #text(text: string): number[] {
    const { protocol, python2 } = this.style
    if (python2) return [0x55, text.length, ...ascii(text)]
    return protocol > 3 ? [0x8c, text.length, ...ascii(text)] : unicode(text)
  }

  #global(module: string, name: string): number[] {
    const key = `${module}.${name}`
    const index = this.#memo.get(key)
    if (index !== undefined) return [0x68, index]
    const named =
      this.style.protocol > 3 ? [...this.#text(module), ...this.#text(name), 0x93] : ascii(`c${module}\n${name}\n`)
    return this.#stored(named, key)
  }

  /** With the instruction that stores it, if this style does. */
  #stored(value: Bytes, key = `value ${this.#memo.size}`): number[] {
    if (this.style.memo === false) return [...value]
    const index = this.#memo.size
    this.#memo.set(key, index)
    return [...value, ...(this.style.protocol > 3 ? [0x94] : [0x71, index])]
  }
}

/** Elements as they lie in memory. */
function dataOf({ values, shape, type = '<f8', fortran = false }: ArrayToPickle): Uint8Array {
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

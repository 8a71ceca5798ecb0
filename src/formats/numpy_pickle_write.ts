// Writes dictionaries of NumPy arrays as Python pickles them, each in the ways that programs have done so:
//
//   array      _reconstruct(ndarray, (0,), b'b'), then BUILD with (1, shape, dtype, fortran, bytes)
//              at protocol 5 _frombuffer(bytearray, dtype, shape, 'C' or 'F')
//   dtype      dtype('f8', align, copy), then BUILD with (3, '<', None, None, None, -1, -1, 0)
//   bytes      STRING of Python 2; _codecs.encode(text, 'latin1') of Python 3 at protocol 2; BINBYTES; BYTEARRAY8
//   module     numpy.core until NumPy 1, numpy._core from NumPy 2
//   memo       every name and array is stored; a name that comes again is recalled; pickletools.optimize leaves none

/** How a pickle is written. */
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
export const PICKLE_STYLES: Readonly<Record<string, PickleStyle>> = {
  'STRING of Python 2': { protocol: 2, python2: true, flags: 'numbers' },
  'text of Python 3': { protocol: 2 },
  'BINBYTES of protocol 3': { protocol: 3 },
  'BINBYTES of protocol 4': { protocol: 4 },
  'BYTEARRAY8 of protocol 5': { protocol: 5, module: 'numpy._core' },
}

/** An array as it lies in memory. */
export interface PicklableArray {
  bytes: Uint8Array
  shape: readonly number[]
  /** An order of bytes and a name, such as `<f8`. */
  type: string
  /** The first axis counts fastest. */
  fortran?: boolean
}

/** Bytes from this number on are handed on as they are, not copied; protocol 4 leaves them out of its frames. */
const LARGE = 0x10000

type Bytes = readonly number[]
/** Instructions, and large bytes among them. */
type Part = number[] | Uint8Array

const encoder = new TextEncoder()
const ascii = (text: string): number[] => [...encoder.encode(text)]
const le = (value: number, bytes: number): number[] =>
  Array.from({ length: bytes }, (_, i) => Math.floor(value / 256 ** i) % 256)
const int = (value: number): number[] => {
  if (value >= 0 && value < 256) return [0x4b, value]
  return value >= 0 && value < 65536 ? [0x4d, ...le(value, 2)] : [0x4a, ...le(value >>> 0, 4)]
}
const [MARK, STOP, REDUCE, BUILD, NONE, TUPLE, SETITEM, EMPTY_DICT] = [0x28, 0x2e, 0x52, 0x62, 0x4e, 0x74, 0x73, 0x7d]
const FRAME = 0x95
const bool = (value: boolean): number => (value ? 0x88 : 0x89)

/** A dictionary of arrays and of short ASCII texts, in pieces; large arrays are pieces themselves. */
export function pickleArrays(
  items: Readonly<Record<string, PicklableArray | string>>,
  style: PickleStyle,
): Uint8Array[] {
  return new Writer(style).dictionary(items)
}

class Writer {
  readonly #memo = new Map<string, number>()
  readonly #parts: Part[] = [[]]

  constructor(private readonly style: PickleStyle) {}

  dictionary(items: Readonly<Record<string, PicklableArray | string>>): Uint8Array[] {
    this.#put([EMPTY_DICT])
    for (const [name, item] of Object.entries(items)) {
      this.#text(name)
      if (typeof item === 'string') this.#text(item)
      else this.#array(item)
      this.#put([SETITEM])
    }
    this.#put([STOP])
    const { protocol } = this.style
    const framed = (part: number[]): number[] => (protocol > 3 ? [FRAME, ...le(part.length, 8), ...part] : part)
    const parts = this.#parts.map((part) => (part instanceof Uint8Array ? part : Uint8Array.from(framed(part))))
    return [Uint8Array.of(0x80, protocol), ...parts]
  }

  #put(instructions: Bytes): void {
    const last = this.#parts.at(-1)
    if (Array.isArray(last)) for (const byte of instructions) last.push(byte)
    else this.#parts.push([...instructions])
  }

  #tuple(...items: (() => void)[]): void {
    this.#put([MARK])
    for (const item of items) item()
    this.#put([TUPLE])
  }

  #array({ bytes, shape, type, fortran = false }: PicklableArray): void {
    const { protocol, module = 'numpy.core' } = this.style
    const extents = (): void => this.#tuple(...shape.map((extent) => () => this.#put(int(extent))))
    if (protocol === 5) {
      this.#global(`${module}.numeric`, '_frombuffer')
      this.#tuple(
        () => this.#bytes(bytes),
        () => this.#type(type),
        extents,
        () => this.#text(fortran ? 'F' : 'C'),
      )
      this.#put([REDUCE])
      return this.#store()
    }
    this.#global(`${module}.multiarray`, '_reconstruct')
    this.#tuple(
      () => this.#global('numpy', 'ndarray'),
      () => this.#tuple(() => this.#put(int(0))),
      () => this.#bytes(Uint8Array.of(0x62)),
    )
    this.#put([REDUCE])
    this.#store()
    this.#tuple(
      () => this.#put(int(1)),
      extents,
      () => this.#type(type),
      () => this.#put([bool(fortran)]),
      () => this.#bytes(bytes),
    )
    this.#put([BUILD])
  }

  #type(type: string): void {
    const flags = this.style.flags === 'numbers' ? [int(0), int(1)] : [[bool(false)], [bool(true)]]
    const none = Array.from({ length: 3 }, () => () => this.#put([NONE]))
    const ints = (...values: number[]): (() => void)[] => values.map((value) => () => this.#put(int(value)))
    this.#global('numpy', 'dtype')
    this.#tuple(() => this.#text(type.slice(1)), ...flags.map((flag) => () => this.#put(flag)))
    this.#put([REDUCE])
    this.#store()
    this.#tuple(...ints(3), () => this.#text(type.slice(0, 1)), ...none, ...ints(-1, -1, 0))
    this.#put([BUILD])
  }

  #bytes(data: Uint8Array): void {
    const { protocol, python2 } = this.style
    const { length } = data
    if (python2) return this.#counted(length < 256 ? [0x55, length] : [0x54, ...le(length, 4)], data)
    if (protocol === 2) {
      const text = latin1AsUtf8(data)
      this.#global('_codecs', 'encode')
      this.#tuple(
        () => this.#counted([0x58, ...le(text.length, 4)], text),
        () => this.#unicode('latin1'),
      )
      return this.#put([REDUCE])
    }
    if (protocol === 5) return this.#counted([0x96, ...le(length, 8)], data)
    return this.#counted(length < 256 ? [0x43, length] : [0x42, ...le(length, 4)], data)
  }

  /** An instruction with its bytes. */
  #counted(instruction: Bytes, data: Uint8Array): void {
    if (data.length < LARGE) return this.#put([...instruction, ...data])
    if (this.style.protocol > 3) this.#parts.push(Uint8Array.from(instruction), data)
    else {
      this.#put(instruction)
      this.#parts.push(data)
    }
  }

  #text(text: string): void {
    const { protocol, python2 } = this.style
    if (python2) return this.#put([0x55, text.length, ...ascii(text)])
    if (protocol > 3) return this.#put([0x8c, text.length, ...ascii(text)])
    this.#unicode(text)
  }

  #unicode(text: string): void {
    this.#put([0x58, ...le(text.length, 4), ...ascii(text)])
  }

  #global(module: string, name: string): void {
    const key = `${module}.${name}`
    const index = this.#memo.get(key)
    if (index !== undefined) return this.#put([0x68, index])
    if (this.style.protocol > 3) {
      this.#text(module)
      this.#text(name)
      this.#put([0x93])
    } else this.#put(ascii(`c${module}\n${name}\n`))
    this.#store(key)
  }

  /** Keeps the value on the stack for a later recall, if this style does. */
  #store(key = `value ${this.#memo.size}`): void {
    if (this.style.memo === false) return
    const index = this.#memo.size
    this.#memo.set(key, index)
    this.#put(this.style.protocol > 3 ? [0x94] : [0x71, index])
  }
}

/** A character for each byte, in UTF-8. */
function latin1AsUtf8(bytes: Uint8Array): Uint8Array {
  // By index: these are tens of megabytes, over which callbacks and iterators take seconds.
  let high = 0
  for (let i = 0; i < bytes.length; i++) high += bytes[i]! >> 7
  const text = new Uint8Array(bytes.length + high)
  let at = 0
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!
    if (byte < 0x80) text[at++] = byte
    else {
      text[at++] = 0xc0 | (byte >> 6)
      text[at++] = 0x80 | (byte & 0x3f)
    }
  }
  return text
}

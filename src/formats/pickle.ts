// A pickle reader that only builds data. A general pickle parser was tried first and set aside: for a hostile file
// a negative byte-string length made it loop for ever, 400 kB of LONG4 took it 40 s, and it calls and assigns to
// whatever lies on the stack. Here only the instructions that PyTorch and NumPy write exist (protocols 2 to 5), every
// name goes through the caller's list, and only a `Callable` from that list is ever called.

import { FormatError } from '../runtime/errors.ts'

/** What an allowed global name stands for when the pickle calls it. */
export class Callable {
  constructor(readonly call: (args: readonly unknown[]) => unknown) {}
}

/** What an allowed call may give for the pickle to fill in afterwards. */
export class Stateful {
  /** @param state the pickle's own value, unchecked; a later state replaces an earlier one */
  constructor(public state?: unknown) {}
}

/** A text too long for a name, which is not decoded: engines do so slowly, and not at all beyond half a gigabyte. */
export class LongText {
  /** @param utf8 a view of the file */
  constructor(readonly utf8: Uint8Array) {}
}

export interface PickleNames {
  /** Value of a global `module.name`; throws for one that is not allowed. */
  global(name: string): unknown
  /** Value of a persistent id. */
  persistent(id: unknown): unknown
  /** Value of a `str` of Python 2, which is text or bytes: the pickle does not say. `bytes` is a view of the file. */
  string(bytes: Uint8Array): unknown
}

/**
 * Reads one pickle that begins at byte `start`. Dictionaries become Maps, lists and tuples arrays, bytes views of
 * the file, texts above 64 KiB `LongText`; integers beyond float64 become bigint.
 * @returns the value and the byte after the pickle.
 * @throws FormatError naming the byte, or what `names` throws.
 */
export function unpickle(
  bytes: Uint8Array,
  source: string,
  names: PickleNames,
  start = 0,
): { value: unknown; end: number } {
  const machine = new Machine(bytes, source, names, start)
  for (;;) {
    const at = machine.position
    const opcode = machine.byte()
    if (opcode === STOP) return { value: machine.pop(), end: machine.position }
    const run = instructions.get(opcode)
    if (!run) {
      throw machine.error(
        `byte ${at} is 0x${opcode.toString(16)}, which is no pickle instruction that PyTorch or NumPy writes`,
      )
    }
    run(machine)
  }
}

const STOP = 0x2e
const MARK = Symbol('mark')
/** Bytes. */
const LONGEST_NAME = 2 ** 16

class Machine {
  readonly memo = new Map<number, unknown>()
  private readonly stack: unknown[] = []
  private readonly view: DataView

  constructor(
    private readonly bytes: Uint8Array,
    private readonly source: string,
    readonly names: PickleNames,
    public position: number,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  error(what: string): FormatError {
    return new FormatError(`${this.source}: ${what}`)
  }

  /** Position of the next `length` bytes, which are then consumed. */
  private advance(length: number): number {
    const at = this.position
    const left = this.bytes.length - at
    if (length > left) {
      throw this.error(
        `the pickle needs ${length} bytes at byte ${at}, but only ${left} are left; the file was cut off`,
      )
    }
    this.position = at + length
    return at
  }

  byte = (): number => this.view.getUint8(this.advance(1))
  uint16 = (): number => this.view.getUint16(this.advance(2), true)
  int32 = (): number => this.view.getInt32(this.advance(4), true)
  uint32 = (): number => this.view.getUint32(this.advance(4), true)
  /** Inexact above 2^53, which no file has bytes for. */
  uint64 = (): number => Number(this.view.getBigUint64(this.advance(8), true))
  float64 = (): number => this.view.getFloat64(this.advance(8), false)

  /** A view of the file. */
  raw(length: number): Uint8Array {
    const at = this.advance(length)
    return this.bytes.subarray(at, at + length)
  }

  text(length: number): string | LongText {
    const bytes = this.raw(length)
    return length > LONGEST_NAME ? new LongText(bytes) : new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)
  }

  line(): string {
    const end = this.bytes.indexOf(0x0a, this.position)
    if (end < 0) throw this.error(`the line at byte ${this.position} has no end`)
    const text = this.text(end - this.position)
    if (text instanceof LongText) throw this.error(`the line that ends at byte ${end} is too long for a name`)
    this.position = end + 1
    return text
  }

  /** Two's complement integer of `length` bytes. */
  long(length: number): number | bigint {
    const at = this.advance(length)
    let value = 0n
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(this.bytes[at + i] ?? 0)
    const signed = BigInt.asIntN(8 * length, value)
    return Number.isSafeInteger(Number(signed)) ? Number(signed) : signed
  }

  push(value: unknown): void {
    this.stack.push(value)
  }

  pop(): unknown {
    const value = this.top()
    this.stack.pop()
    return value
  }

  top(): unknown {
    const value = this.stack.at(-1)
    if (this.stack.length === 0 || value === MARK) {
      throw this.error(`the pickle takes a value that it never gave at byte ${this.position}`)
    }
    return value
  }

  mark(): void {
    this.stack.push(MARK)
  }

  popToMark(): unknown[] {
    const at = this.stack.lastIndexOf(MARK)
    if (at < 0) throw this.error(`the pickle has no mark at byte ${this.position}`)
    const items = this.stack.splice(at)
    return items.slice(1)
  }

  popTuple(length: number): void {
    const items = Array.from({ length }, () => this.pop())
    this.push(items.reverse())
  }

  recall(index: number): void {
    if (!this.memo.has(index)) throw this.error(`the pickle recalls memo ${index}, which it never stored`)
    this.push(this.memo.get(index))
  }

  setItems(items: readonly unknown[]): void {
    const dictionary = this.top()
    if (!(dictionary instanceof Map) || items.length % 2 > 0) {
      throw this.error(`the pickle sets items of something that is no dictionary at byte ${this.position}`)
    }
    for (let i = 0; i < items.length; i += 2) dictionary.set(items[i], items[i + 1])
  }

  append(items: readonly unknown[]): void {
    const list = this.top()
    if (!Array.isArray(list)) throw this.error(`the pickle appends to what is no list at byte ${this.position}`)
    for (const item of items) list.push(item)
  }

  stackGlobal(): void {
    const name = this.pop()
    const module = this.pop()
    if (typeof module !== 'string' || typeof name !== 'string') {
      throw this.error(`the pickle asks for a global whose name is no text at byte ${this.position}`)
    }
    this.push(this.names.global(`${module}.${name}`))
  }

  reduce(): void {
    const args = this.pop()
    const callable = this.pop()
    if (!(callable instanceof Callable) || !Array.isArray(args)) {
      throw this.error(`the pickle calls something that is no function at byte ${this.position}`)
    }
    this.push(callable.call(args))
  }

  /** The state of an object, or attributes of a dictionary (`_metadata`), which are not data. */
  build(): void {
    const state = this.pop()
    const object = this.top()
    if (object instanceof Stateful) object.state = state
    else if (!(object instanceof Map)) throw this.error(`the pickle sets attributes at byte ${this.position}`)
  }
}

/** Names as in Python's pickletools. */
const instructions = new Map<number, (m: Machine) => void>([
  [0x80, (m) => void m.byte()], // PROTO
  [0x95, (m) => void m.raw(8)], // FRAME: its length says nothing that the instructions do not
  [0x28, (m) => m.mark()], // MARK
  [0x30, (m) => void m.pop()], // POP
  [0x4e, (m) => m.push(null)], // NONE
  [0x88, (m) => m.push(true)], // NEWTRUE
  [0x89, (m) => m.push(false)], // NEWFALSE
  [0x4b, (m) => m.push(m.byte())], // BININT1
  [0x4d, (m) => m.push(m.uint16())], // BININT2
  [0x4a, (m) => m.push(m.int32())], // BININT
  [0x8a, (m) => m.push(m.long(m.byte()))], // LONG1
  [0x47, (m) => m.push(m.float64())], // BINFLOAT
  [0x55, (m) => m.push(m.names.string(m.raw(m.byte())))], // SHORT_BINSTRING
  [0x54, (m) => m.push(m.names.string(m.raw(m.uint32())))], // BINSTRING
  [0x43, (m) => m.push(m.raw(m.byte()))], // SHORT_BINBYTES
  [0x42, (m) => m.push(m.raw(m.uint32()))], // BINBYTES
  [0x8e, (m) => m.push(m.raw(m.uint64()))], // BINBYTES8
  [0x96, (m) => m.push(m.raw(m.uint64()))], // BYTEARRAY8
  [0x8c, (m) => m.push(m.text(m.byte()))], // SHORT_BINUNICODE
  [0x58, (m) => m.push(m.text(m.uint32()))], // BINUNICODE
  [0x8d, (m) => m.push(m.text(m.uint64()))], // BINUNICODE8
  [0x29, (m) => m.push([])], // EMPTY_TUPLE
  [0x85, (m) => m.popTuple(1)], // TUPLE1
  [0x86, (m) => m.popTuple(2)], // TUPLE2
  [0x87, (m) => m.popTuple(3)], // TUPLE3
  [0x74, (m) => m.push(m.popToMark())], // TUPLE
  [0x5d, (m) => m.push([])], // EMPTY_LIST
  [0x61, (m) => m.append([m.pop()])], // APPEND
  [0x65, (m) => m.append(m.popToMark())], // APPENDS
  [0x7d, (m) => m.push(new Map())], // EMPTY_DICT
  [0x73, (m) => m.setItems([m.pop(), m.pop()].reverse())], // SETITEM
  [0x75, (m) => m.setItems(m.popToMark())], // SETITEMS
  [0x71, (m) => void m.memo.set(m.byte(), m.top())], // BINPUT
  [0x72, (m) => void m.memo.set(m.uint32(), m.top())], // LONG_BINPUT
  [0x94, (m) => void m.memo.set(m.memo.size, m.top())], // MEMOIZE
  [0x68, (m) => m.recall(m.byte())], // BINGET
  [0x6a, (m) => m.recall(m.uint32())], // LONG_BINGET
  [0x63, (m) => m.push(m.names.global(`${m.line()}.${m.line()}`))], // GLOBAL
  [0x93, (m) => m.stackGlobal()], // STACK_GLOBAL
  [0x51, (m) => m.push(m.names.persistent(m.pop()))], // BINPERSID
  [0x52, (m) => m.reduce()], // REDUCE
  [0x62, (m) => m.build()], // BUILD
])

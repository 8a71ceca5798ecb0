// Avro's object container files: a schema in JSON, then blocks of values, each stored or deflated.
// https://avro.apache.org/docs/1.11.1/specification/
// The package avsc was set aside: it builds on Node's streams, Buffer and zlib, which a page does not have, to read what a page of code does.
import { FormatError } from '../runtime/errors.ts'
import { isCount } from './elements.ts'
import { inflateUpTo } from './inflate.ts'

export interface AvroFile {
  metadata: ReadonlyMap<string, Uint8Array>
  /** Records are objects, arrays arrays, maps Maps, bytes Uint8Array, whole numbers float64 (exact to 2^53). */
  values: unknown[]
}

const MAGIC = 'Obj\x01'
const SYNC_BYTES = 16
/** A block of another size than some MB is no recording. */
const LARGEST_BLOCK = 2 ** 28
/** Records within records. */
const DEEPEST = 64

type Read = (from: Reader, depth: number) => unknown

/** All values of a file. @throws FormatError that says where it is damaged, or how it is packed */
export function parseAvro(bytes: Uint8Array, source: string): AvroFile {
  const file = new Reader(bytes, source)
  if (new TextDecoder('latin1').decode(file.bytes(MAGIC.length)) !== MAGIC)
    throw new FormatError(`${source}: no Avro file; one begins with 'Obj' and a byte of 1`)
  const metadata = readMap((from) => from.bytes(from.long()))(file, 0) as Map<string, Uint8Array>
  const sync = file.bytes(SYNC_BYTES)
  const text = (key: string): string => new TextDecoder().decode(metadata.get(key))
  const read = readerOf(parseSchema(text('avro.schema'), source), new Names(source), '')
  const codec = text('avro.codec')
  if (!['', 'null', 'deflate'].includes(codec))
    throw new FormatError(
      `${source}: an Avro file packed by '${codec}'; repack it with avro-tools (recodec --codec deflate) first`,
    )
  const values: unknown[] = []
  while (!file.atEnd()) {
    const count = file.long()
    const packed = file.bytes(file.long())
    const block = codec === 'deflate' ? inflateUpTo(packed, LARGEST_BLOCK, `${source}: a block`) : packed
    const from = new Reader(block, source)
    for (let i = 0; i < count; i++) {
      from.countItem()
      values.push(read(from, 0))
    }
    const after = file.bytes(SYNC_BYTES)
    if (count < 0 || !from.atEnd() || !after.every((byte, i) => byte === sync[i]))
      throw new FormatError(`${source}: a block of the Avro file does not end where it should; the file is damaged`)
  }
  return { metadata, values }
}

class Reader {
  private at = 0
  private items = 0
  private readonly view: DataView

  constructor(
    private readonly raw: Uint8Array,
    readonly source: string,
  ) {
    this.view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength)
  }

  atEnd = (): boolean => this.at === this.raw.length

  bytes(length: number): Uint8Array {
    const left = this.raw.length - this.at
    if (!(length >= 0 && length <= left))
      throw new FormatError(`${this.source}: ${length} bytes are wanted where ${left} are left; the file is damaged`)
    this.at += length
    return this.raw.subarray(this.at - length, this.at)
  }

  private advance(length: number): number {
    this.bytes(length)
    return this.at - length
  }

  float = (): number => this.view.getFloat32(this.advance(4), true)
  double = (): number => this.view.getFloat64(this.advance(8), true)
  boolean = (): boolean => this.bytes(1)[0] === 1

  /** Seven bits a byte, the lowest first; even for what is not negative. */
  long(): number {
    let [value, place] = [0, 1]
    for (let i = 0; i < 10; i++) {
      const byte = this.bytes(1)[0]!
      value += (byte & 127) * place
      if (byte < 128) return value % 2 === 0 ? value / 2 : -(value + 1) / 2
      place *= 128
    }
    throw new FormatError(`${this.source}: a whole number of more than ten bytes; the file is damaged`)
  }

  text = (): string => new TextDecoder().decode(this.bytes(this.long()))

  /** Items of no bytes let a tiny file describe values without end. */
  countItem(): void {
    if (++this.items > this.raw.length)
      throw new FormatError(
        `${this.source}: a block of ${this.raw.length} bytes claims more items; the file is damaged`,
      )
  }
}

class Names {
  readonly readers = new Map<string, Read>()
  constructor(readonly source: string) {}

  fail(what: string): FormatError {
    return new FormatError(`${this.source}: the schema of the Avro file ${what}`)
  }
}

function parseSchema(text: string, source: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new FormatError(`${source}: the schema of the Avro file is no JSON (${(error as Error).message})`)
  }
}

const primitives: Readonly<Record<string, Read>> = {
  null: () => null,
  boolean: (from) => from.boolean(),
  int: (from) => from.long(),
  long: (from) => from.long(),
  float: (from) => from.float(),
  double: (from) => from.double(),
  bytes: (from) => from.bytes(from.long()),
  string: (from) => from.text(),
}

/** How values of this schema are read; names without a dot are of `space`. */
function readerOf(schema: unknown, names: Names, space: string, depth = 0): Read {
  if (depth > DEEPEST) throw names.fail('is nested too deeply')
  const inner = (type: unknown, within = space): Read => readerOf(type, names, within, depth + 1)
  if (typeof schema === 'string') {
    if (Object.hasOwn(primitives, schema)) return primitives[schema]!
    const named = names.readers.get(fullName(schema, space)) ?? names.readers.get(schema)
    if (named === undefined) throw names.fail(`has no type '${schema}'`)
    return named
  }
  if (Array.isArray(schema)) return readUnion(schema.map((branch) => inner(branch)))
  if (typeof schema !== 'object' || schema === null) throw names.fail(`has ${JSON.stringify(schema)} for a type`)
  const { type, name, namespace, fields, symbols, items, values, size } = schema as Record<string, unknown>
  if (type === 'array') return readArray(inner(items))
  if (type === 'map') return readMap(inner(values))
  if (type !== 'record' && type !== 'enum' && type !== 'fixed') return inner(type)
  if (typeof name !== 'string') throw names.fail(`has a ${type} without a name`)
  const own = fullName(name, typeof namespace === 'string' ? namespace : space)
  const within = own.slice(0, Math.max(0, own.lastIndexOf('.')))
  if (type === 'record') {
    const members: [string, Read][] = []
    // It is known before its members are: a record may hold its own kind.
    names.readers.set(own, readRecord(members))
    for (const field of listOf(fields, names, 'fields')) {
      const member = field as { name?: unknown; type?: unknown } | null
      if (typeof member?.name !== 'string') throw names.fail(`has a field of ${own} without a name`)
      members.push([member.name, inner(member.type, within)])
    }
  } else if (type === 'enum') {
    names.readers.set(own, readEnum(listOf(symbols, names, 'symbols')))
  } else {
    if (!isCount(size)) throw names.fail(`has a type ${own} of ${JSON.stringify(size)} bytes`)
    names.readers.set(own, (from) => from.bytes(size))
  }
  return names.readers.get(own)!
}

const fullName = (name: string, space: string): string =>
  name.includes('.') || space === '' ? name : `${space}.${name}`

function listOf(value: unknown, names: Names, what: string): unknown[] {
  if (!Array.isArray(value)) throw names.fail(`has a type without its ${what}`)
  return value as unknown[]
}

const readRecord =
  (members: readonly [string, Read][]): Read =>
  (from, depth) => {
    if (depth > DEEPEST) throw new FormatError(`${from.source}: its Avro records are nested without end`)
    return Object.fromEntries(members.map(([name, read]) => [name, read(from, depth + 1)]))
  }

const readUnion =
  (branches: readonly Read[]): Read =>
  (from, depth) =>
    chosen(branches, from)(from, depth)

const readEnum =
  (symbols: readonly unknown[]): Read =>
  (from) =>
    chosen(symbols, from)

function chosen<T>(choices: readonly T[], from: Reader): T {
  const index = from.long()
  if (!(index >= 0 && index < choices.length))
    throw new FormatError(`${from.source}: choice ${index} of ${choices.length}; the file is damaged`)
  return choices[index]!
}

/** Blocks of items until an empty one; a negative count is followed by the bytes of the block. */
function readBlocks(from: Reader, readItem: () => void): void {
  for (;;) {
    const count = from.long()
    if (count === 0) return
    if (count < 0) from.long()
    for (let i = 0; i < Math.abs(count); i++) {
      from.countItem()
      readItem()
    }
  }
}

const readArray =
  (read: Read): Read =>
  (from, depth) => {
    const items: unknown[] = []
    readBlocks(from, () => items.push(read(from, depth + 1)))
    return items
  }

const readMap =
  (read: Read): Read =>
  (from, depth) => {
    const items = new Map<string, unknown>()
    readBlocks(from, () => items.set(from.text(), read(from, depth + 1)))
    return items
  }

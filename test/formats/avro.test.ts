import { deflateSync } from 'fflate'
import { describe, expect, it } from 'vitest'
import { parseAvro } from '../../src/formats/avro.ts'

const ascii = (text: string) => [...new TextEncoder().encode(text)]
/** A whole number as the specification writes it; its table of examples is the first test. */
function long(value: number): number[] {
  let rest = value < 0 ? -2 * value - 1 : 2 * value
  const bytes: number[] = []
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128)
  return [...bytes, rest]
}
const text = (value: string) => [...long(ascii(value).length), ...ascii(value)]
const SYNC = Array.from({ length: 16 }, (_, i) => 255 - i)

function container(schema: unknown, values: number[][], codec = 'null', count = values.length): Uint8Array {
  const data = codec === 'deflate' ? [...deflateSync(Uint8Array.from(values.flat()))] : values.flat()
  const json = typeof schema === 'string' && schema.startsWith('!') ? schema : JSON.stringify(schema)
  const meta = [...long(2), ...text('avro.codec'), ...text(codec), ...text('avro.schema'), ...text(json), 0]
  return Uint8Array.from([
    ...ascii('Obj\x01'),
    ...meta,
    ...SYNC,
    ...long(count),
    ...long(data.length),
    ...data,
    ...SYNC,
  ])
}
const valuesOf = (schema: unknown, ...values: number[][]) => parseAvro(container(schema, values), 'a.avro').values

describe('values of Avro', () => {
  it('are whole numbers as in the table of the specification', () => {
    expect(valuesOf('long', [0], [1], [2], [3], [4], [0x7f], [0x80, 1])).toEqual([0, -1, 1, -2, 2, -64, 64])
    expect(valuesOf('int', long(-2_147_483_648))).toEqual([-2_147_483_648])
    expect(valuesOf('long', long(1_700_000_000_123_456))).toEqual([1_700_000_000_123_456])
  })

  it('are of every type', () => {
    const floats = [...new Uint8Array(Float32Array.of(1.5).buffer)]
    const doubles = [...new Uint8Array(Float64Array.of(-0.1).buffer)]
    const field = (name: string, type: unknown) => ({ name, type })
    const schema = {
      type: 'record',
      name: 'All',
      namespace: 'a.b',
      fields: [
        field('nothing', 'null'),
        field('flag', 'boolean'),
        field('half', 'float'),
        field('tenth', 'double'),
        field('raw', 'bytes'),
        field('word', { type: 'string' }),
        field('pair', { type: 'fixed', name: 'Pair', size: 2 }),
        field('suit', { type: 'enum', name: 'Suit', symbols: ['spades', 'hearts'] }),
        field('maybe', ['null', 'a.b.Suit']),
        field('list', { type: 'array', items: 'int' }),
        field('map', { type: 'map', values: 'Pair' }),
        field('inner', ['null', 'All']),
        field('__proto__', 'int'),
      ],
    }
    const value = (inner: number[]): number[] => [
      ...[1, ...floats, ...doubles, ...long(2), 7, 8, ...text('µS'), 3, 4, ...long(1), ...long(1), ...long(0)],
      // Two blocks, the second of which says its bytes.
      ...[...long(2), ...long(5), ...long(6), ...long(-1), ...long(1), ...long(7), 0],
      ...[...long(1), ...text('k'), 1, 2, 0, ...inner, ...long(9)],
    ]
    const [read] = valuesOf(schema, value([...long(1), ...value(long(0))])) as [Record<string, unknown>]
    expect(read).toMatchObject({
      nothing: null,
      flag: true,
      half: 1.5,
      tenth: -0.1,
      raw: Uint8Array.of(7, 8),
      word: 'µS',
      pair: Uint8Array.of(3, 4),
      suit: 'hearts',
      maybe: 'spades',
      list: [5, 6, 7],
      map: new Map([['k', Uint8Array.of(1, 2)]]),
      inner: { inner: null, list: [5, 6, 7] },
    })
    expect(Object.entries(read).at(-1)).toEqual(['__proto__', 9])
  })

  it('come out of several blocks, deflated or not, with what the header says', () => {
    const one = container('string', [text('a'), text('b')], 'deflate')
    const { values, metadata } = parseAvro(one, 'a.avro')
    expect(values).toEqual(['a', 'b'])
    expect([...metadata.keys()]).toEqual(['avro.codec', 'avro.schema'])
    const block = [...long(1), ...long(2), ...text('c'), ...SYNC]
    const two = Uint8Array.from([...container('string', [text('a')]), ...block])
    expect(parseAvro(two, 'a.avro').values).toEqual(['a', 'c'])
  })
})

describe('a damaged Avro file', () => {
  const nested = { type: 'record', name: 'R', fields: [{ name: 'r', type: 'R' }] }
  const nulls = { type: 'array', items: 'null' }
  it.each<[string, Uint8Array, RegExp]>([
    ['of another kind', Uint8Array.from(ascii('Objects')), /no Avro file/],
    ['of a codec', container('int', [[2]], 'snappy'), /packed by 'snappy'; repack it with avro-tools/],
    ['without JSON', container('!{', []), /schema of the Avro file is no JSON/],
    ['of no type', container('integer', [[2]]), /has no type 'integer'/],
    ['of a number for a type', container({ type: 7 }, [[2]]), /has 7 for a type/],
    ['of a type without a name', container({ type: 'record', fields: [] }, [[2]]), /a record without a name/],
    ['of a size that is none', container({ type: 'fixed', name: 'F', size: -1 }, [[2]]), /a type F of -1 bytes/],
    ['of records without end', container(nested, [[2]]), /nested without end/],
    ['of items of no bytes', container(nulls, [[...long(1e9), 0]]), /claims more items/],
    ['of values of no bytes', container('null', [], 'null', 1e9), /a block of 0 bytes claims more items/],
    ['of a choice that is none', container(['null', 'int'], [long(2)]), /choice 2 of 2/],
    ['of too long a number', container('long', [Array.from({ length: 11 }, () => 255)]), /more than ten bytes/],
    ['with a rest in a block', container('int', [[2], [4]], 'null', 1), /does not end where it should/],
    ['with another end', container('int', [[2]]).fill(0, -1), /does not end where it should/],
    ['cut off', container('int', [[2]]).slice(0, -1), /16 bytes are wanted where 15 are left/],
  ])('%s is refused', (_, bytes, message) => {
    expect(() => parseAvro(bytes, 'a.avro')).toThrow(message)
  })
})

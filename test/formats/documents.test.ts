// Names at the edge between memory and JSON, and the numbers by which a reader tells what it can read.
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { DOCUMENT_KINDS, type Kind } from '../../src/formats/document_kinds.ts'
import {
  formatDocument,
  parseDocument,
  parseUnrenamed,
  requireSchema,
  toDocument,
} from '../../src/formats/documents.ts'
import { FormatError } from '../../src/runtime/errors.ts'

const kernels = {
  kernelSet: 'abc',
  adapter: { vendor: '', architecture: '', device: '', description: 'x', subgroups: '' },
  // What a user or a shader may call something.
  variants: { heartRate: 'a', heart_rate: 'b', 'Group A': 'c', __proto__x: 'd', 'conv1d 2x3': 'e' },
}
const asWritten = { schema: 2, kernel_set: 'abc', adapter: kernels.adapter, variants: kernels.variants }

describe('a document', () => {
  it('has snake_case names and the number of its schema, and keeps the keys that are data', () => {
    const document = toDocument('run-kernels', kernels)
    expect(document).toEqual(asWritten)
    expect(Object.keys(document)[0]).toBe('schema')
    expect(formatDocument(document)).toBe(`${JSON.stringify(asWritten, null, 1)}\n`)
  })

  it('comes back as it was', () => {
    expect(parseDocument('run-kernels', JSON.stringify(asWritten), 'a')).toEqual(kernels)
    const entries = { 'conv1d 2_x': { variant: 'reg', ms: 1, defaultMs: 2, tried: [], at: '' } }
    const cache = { engine: '0', adapter: kernels.adapter, entries }
    const document = toDocument('tuned-kernels', cache)
    expect(document['entries']).toEqual({ 'conv1d 2_x': { variant: 'reg', ms: 1, default_ms: 2, tried: [], at: '' } })
    expect(parseDocument('tuned-kernels', JSON.stringify(document), 'a')).toEqual(cache)
  })

  it('keeps even the key __proto__', () => {
    const text = '{"schema":2,"kernel_set":"","adapter":{},"variants":{"__proto__":"reg"}}'
    const { variants } = parseDocument('run-kernels', text, 'a') as { variants: object }
    expect(Object.entries(variants)).toEqual([['__proto__', 'reg']])
  })

  it('of values with an object whose keys are data, which nobody has listed, is no program that compiles', () => {
    const keyed: Record<string, number> = { 'Group A': 1 }
    // @ts-expect-error: `report` of a report is no kept object
    expect(() => toDocument('report', { report: keyed })).toThrow("'report.Group A', which is no name of a field")
    const unknown: unknown = keyed
    // @ts-expect-error: nothing is known of it
    expect(() => toDocument('report', { report: unknown })).toThrow("'report.Group A'")
  })

  it('never has two fields of one name', () => {
    expect(() => toDocument('report', { aB: 1, a_b: 2 })).toThrow('has a field of the document twice')
    expect(() => parseDocument('run-source', '{"aB":1,"a_b":2}', 'f')).toThrow('f is damaged: it has a field')
  })

  it('is read under its own names where memory has them too', () => {
    expect(parseUnrenamed('bench', '{"schema":1,"a_b":{"c_d":1}}', 'a')).toEqual({ a_b: { c_d: 1 } })
  })

  it.each(['{', 'null', '[]', '1', '{"schema":"x"}', '{"schema":1.5}', '{"schema":0}', '{"schema":null}'])(
    'that is %s is refused',
    (text) => {
      expect(() => parseDocument('run-config', text, 'f')).toThrow(FormatError)
      expect(() => parseDocument('run-config', text, 'f')).toThrow(/^f is /)
    },
  )
})

it('is described in docs/json.md, each kind with its number', () => {
  const rows = readFileSync(new URL('../../docs/json.md', import.meta.url), 'utf8').matchAll(
    /^\| `([\w-]+)` \| (\d+) \|/gm,
  )
  const numbers = Object.entries(DOCUMENT_KINDS).map(([kind, { schema }]) => [kind, schema])
  expect([...rows].map(([, kind, schema]) => [kind, Number(schema)])).toEqual(numbers)
})

describe('a schema', () => {
  const kinds = Object.keys(DOCUMENT_KINDS) as Kind[]

  it.each(kinds)('of %s that is newer is refused in one sentence', (kind) => {
    const { schema } = DOCUMENT_KINDS[kind]
    requireSchema(kind, schema, 'f')
    expect(() => requireSchema(kind, schema + 1, 'f')).toThrow(
      new RegExp(`^f was written by a newer galvani \\(schema ${schema + 1}, .*\\); update galvani$`),
    )
  })

  it('that is older is read where only names differ, and else refused with what to do', () => {
    for (const kind of ['run-config', 'run-kernels', 'run-result', 'fold-result', 'fold-checkpoint'] as const)
      requireSchema(kind, undefined, 'f')
    requireSchema('prepared', 'galvani-prepared/2', 'f')
    expect(() => requireSchema('prepared', 'galvani-prepared/1', 'f')).toThrow(
      'f was written by an older galvani (schema 1, this one reads 2 to 3); run `galvani prepare` again',
    )
    expect(() => requireSchema('tuned-kernels', 1, 'f')).toThrow('run `galvani tune` again')
  })
})

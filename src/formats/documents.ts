// The edge between values and JSON documents. In memory names are TypeScript's (`trainLoss`), in a document they are snake_case
// (`train_loss`), and a document begins with the number of its schema. Keys that are data are never touched: an object with such keys
// must be listed in `document_kinds.ts`, and TypeScript refuses a value with one that is not.
import { FormatError } from '../runtime/errors.ts'
import { kindOf, type KeptOf, type Kind } from './document_kinds.ts'

/** What JSON has besides lists and objects; undefined is left out. */
type Leaf = string | number | boolean | null | undefined

/** `trainLoss` as `train_loss`. */
type Snake<S extends string> = S extends `${infer First}${infer Rest}`
  ? `${First extends Lowercase<First> ? First : `_${Lowercase<First>}`}${Snake<Rest>}`
  : ''

/** The path of a field of the object at a path. */
type Below<At extends string, Name> = Name extends string
  ? At extends ''
    ? Snake<Name>
    : `${At}.${Snake<Name>}`
  : never

/** T at a path, or a sentence where it cannot be written. */
type Written<T, Kept, At extends string> = unknown extends T
  ? `${At}: what is unknown cannot be written`
  : T extends Leaf
    ? T
    : T extends readonly (infer E)[]
      ? readonly Written<E, Kept, At>[]
      : At extends Kept
        ? { [Key in keyof T]: Written<T[Key], Kept, `${At}.*`> }
        : string extends keyof T
          ? `${At} has keys that are data; list it in document_kinds.ts`
          : { [Key in keyof T]: Written<T[Key], Kept, Below<At, Key>> }

/** T, if every object in it has names that the program gives, or is listed as kept; else something that T is not. */
export type WritableAs<K extends Kind, T> = Written<T, KeptOf<K>, ''>

declare const made: unique symbol
/** A document under its names in JSON, beginning with `schema`; only `toDocument` makes one. */
export type JsonDocument = { readonly schema: number; readonly [made]: true } & Readonly<Record<string, unknown>>

/** The document of a value: what the command of this kind prints, or the file holds. */
export function toDocument<K extends Kind, T extends object>(kind: K, value: T & WritableAs<K, T>): JsonDocument {
  const { schema, kept = [] } = kindOf(kind)
  const wrong = (what: string): Error => new Error(`a document of kind '${kind}' ${what}`)
  return { schema, ...(renamed(value, snakeCase, kept, wrong) as object) } as JsonDocument
}

/** A document as text, with a line end. */
export const formatDocument = (document: JsonDocument): string => `${JSON.stringify(document, null, 1)}\n`

/**
 * Reads a document back into names of memory, without its `schema`. `source` is what messages call it. A document whose names are
 * those of memory already, as an older galvani wrote them, comes out the same.
 * @throws FormatError when it is no JSON object, or of a schema that this version does not read
 */
export function parseDocument(kind: Kind, text: string, source: string): Record<string, unknown> {
  const { kept = [] } = kindOf(kind)
  const damaged = (what: string): Error => new FormatError(`${source} is damaged: it ${what}`)
  return renamed(parseUnrenamed(kind, text, source), camelCase, kept, damaged) as Record<string, unknown>
}

/** The same under the document's own names, for values that have these in memory too. @throws FormatError */
export function parseUnrenamed(kind: Kind, text: string, source: string): Record<string, unknown> {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    throw new FormatError(`${source} is not JSON: ${(error as Error).message}`)
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw new FormatError(`${source} is damaged: it has no JSON object`)
  const { schema, ...rest } = json as Record<string, unknown>
  requireSchema(kind, schema, source)
  return rest
}

/** `schema` as the document has it; none at all is 1. @throws FormatError saying which galvani wrote it, and what to do */
export function requireSchema(kind: Kind, schema: unknown, source: string): void {
  const { schema: current, oldest = current, remedy = 'make it again' } = kindOf(kind)
  const found = schemaNumber(schema)
  if (found === null) {
    throw new FormatError(`${source} is damaged: its schema is ${JSON.stringify(schema)}, expected a whole number`)
  }
  const numbers = `schema ${found}, this one reads ${oldest === current ? '' : `${oldest} to `}${current}`
  if (found > current) throw new FormatError(`${source} was written by a newer galvani (${numbers}); update galvani`)
  if (found < oldest) throw new FormatError(`${source} was written by an older galvani (${numbers}); ${remedy}`)
}

function schemaNumber(schema: unknown): number | null {
  if (schema === undefined) return 1
  // Before schema 3 that of a prepared set was a text, and in the texts of safetensors it is one still.
  const value = typeof schema === 'string' ? Number(/^(?:galvani-prepared\/)?(\d+)$/.exec(schema)?.[1]) : schema
  return Number.isInteger(value) && (value as number) > 0 ? (value as number) : null
}

/** A name of ours, in camelCase or snake_case. */
const NAME = /^[a-z][a-z0-9]*(?:[A-Z][a-z0-9]*)*$|^[a-z][a-z0-9]*(?:_[a-z0-9]+)*$/

const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
const camelCase = (name: string): string => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())

/** A copy with other names, but for the keys of kept objects. `wrong` makes the error for what cannot be renamed. */
function renamed(
  value: unknown,
  rename: (name: string) => string,
  kept: readonly string[],
  wrong: (what: string) => Error,
  at = '',
): unknown {
  if (Array.isArray(value)) return value.map((item) => renamed(item, rename, kept, wrong, at))
  if (typeof value !== 'object' || value === null) return value
  const below = (name: string): string => (at === '' ? name : `${at}.${name}`)
  const isKept = kept.includes(at)
  const entries = Object.entries(value).map(([key, inner]): [string, unknown] => {
    if (!isKept && !NAME.test(key)) throw wrong(`has '${below(key)}', which is no name of a field`)
    const path = below(isKept ? '*' : snakeCase(key))
    return [isKept ? key : rename(key), renamed(inner, rename, kept, wrong, path)]
  })
  const names = new Set(entries.map(([name]) => name))
  if (names.size < entries.length) throw wrong(`has a field of ${at === '' ? 'the document' : `'${at}'`} twice`)
  return Object.fromEntries(entries)
}

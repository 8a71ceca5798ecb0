// What every JSON document is held to: a number for its schema and one convention of names. Written apart from the program's own list.
import { expect } from 'vitest'

const SNAKE_CASE = /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/

/** Paths of all keys that are not snake_case; `maps` are the paths of objects whose keys are data, or names from elsewhere. */
function otherNames(value: unknown, maps: readonly string[], at = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => otherNames(item, maps, at))
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => {
    const data = maps.includes(at)
    const path = `${at === '' ? '' : `${at}.`}${data ? '*' : key}`
    return [...(data || SNAKE_CASE.test(key) ? [] : [path]), ...otherNames(inner, maps, path)]
  })
}

/** A document as it was written or printed, but for its text. */
export function expectDocument(document: unknown, maps: readonly string[] = [], name?: string): void {
  const { schema } = document as { schema?: unknown }
  expect(Number.isInteger(schema) && Number(schema) > 0, `schema of ${name ?? 'the document'}: ${String(schema)}`).toBe(
    true,
  )
  expect(otherNames(document, maps), name).toEqual([])
}

// Documents in a store: the files that galvani writes as JSON, and reads again.
import type { Kind } from '../formats/document_kinds.ts'
import { formatDocument, parseDocument, type JsonDocument } from '../formats/documents.ts'
import { FormatError } from '../runtime/errors.ts'
import type { Store } from './store.ts'

export const writeJson = (store: Store, path: string, document: JsonDocument): Promise<void> =>
  store.write(path, formatDocument(document))

/**
 * Reads a file that `writeJson` wrote, now or in an earlier version; `groups` are fields whose absence means that it is another file.
 * `name` is what messages call it.
 * @throws FormatError when it is missing, damaged, of a schema that is not read, or lacks one of these
 */
export async function readJson<T extends object>(
  store: Store,
  path: string,
  kind: Kind,
  groups: readonly (keyof T & string)[] = [],
  name = path,
): Promise<T> {
  const value = parseDocument(kind, await store.readText(path), name) as Partial<T>
  const missing = groups.find((group) => typeof value[group] !== 'object' && typeof value[group] !== 'string')
  if (missing !== undefined) throw new FormatError(`${name} is damaged: it has no '${missing}'`)
  return value as T
}

import { FormatError } from '../runtime/errors.ts'
import type { Store } from './store.ts'

/**
 * Reads a file that galvani wrote as one JSON object; `groups` are fields whose absence means that it is another file.
 * @throws FormatError when it is missing, damaged, or lacks one of these
 */
export async function readJson<T extends object>(
  store: Store,
  path: string,
  groups: readonly (keyof T & string)[] = [],
): Promise<T> {
  const text = await store.readText(path)
  let value: Partial<T> | null
  try {
    value = JSON.parse(text) as Partial<T> | null
  } catch (error) {
    throw new FormatError(`${path} is not JSON: ${(error as Error).message}`)
  }
  const missing = groups.find((group) => typeof value?.[group] !== 'object' && typeof value?.[group] !== 'string')
  if (typeof value !== 'object' || value === null || missing !== undefined) {
    throw new FormatError(`${path} is damaged: it has no ${missing === undefined ? 'JSON object' : `'${missing}'`}`)
  }
  return value as T
}

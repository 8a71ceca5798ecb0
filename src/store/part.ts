// A store that shows some files of another and hides the rest.
import { FormatError } from '../runtime/errors.ts'
import { isThere, namesIn, normalise } from './flat.ts'
import type { Source } from './source.ts'
import type { Store } from './store.ts'

/** Files of `store` at `paths`, to be read alone. */
export function partOf(store: Store, paths: readonly string[]): Store {
  const files = paths.map(normalise)
  const shown = (path: string): string => {
    if (files.includes(normalise(path))) return path
    throw new FormatError(`${path}: no such file`)
  }
  const readOnly = (path: string): Promise<never> => Promise.reject(new FormatError(`${path}: cannot be written here`))
  return {
    read: async (path): Promise<Uint8Array> => await store.read(shown(path)),
    source: async (path): Promise<Source> => await store.source(shown(path)),
    readText: async (path): Promise<string> => await store.readText(shown(path)),
    exists: (path) => Promise.resolve(isThere(files, path)),
    list: (dir) => Promise.resolve(namesIn(files, dir)),
    write: readOnly,
    append: readOnly,
    remove: readOnly,
  }
}

import { normalise } from './flat.ts'
import type { Store } from './store.ts'

/** A folder of a store as a store of its own; messages of the store still give the whole path. */
export function within(store: Store, folder: string): Store {
  const at = (path: string): string => `${folder}/${normalise(path)}`
  return {
    read: (path) => store.read(at(path)),
    source: (path) => store.source(at(path)),
    readText: (path) => store.readText(at(path)),
    exists: (path) => store.exists(at(path)),
    write: (path, content) => store.write(at(path), content),
    append: (path, line) => store.append(at(path), line),
    remove: (path) => store.remove(at(path)),
    list: (dir) => store.list(at(dir)),
    ...(store.lock && { lock: (dir) => store.lock!(at(dir)) }),
  }
}

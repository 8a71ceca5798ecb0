// What is where in a dataset that is a tree of folders.
import { FormatError } from '../runtime/errors.ts'
import { normalise } from '../store/flat.ts'
import type { Source } from '../store/source.ts'
import type { Store } from '../store/store.ts'

/** Files that systems leave in every folder, among them the `._1.csv` of archives that were packed on a Mac. */
const HIDDEN = /^(\.|__MACOSX$|Thumbs\.db$|desktop\.ini$)/i

/** Names directly inside `folder`, sorted, without what systems leave there. */
export const namesIn = async (store: Store, folder: string): Promise<string[]> =>
  (await store.list(folder)).filter((name) => !HIDDEN.test(name))

export const joined = (folder: string, name: string): string => (folder === '' ? name : `${folder}/${name}`)

/** Path of the one entry of `folder` whose name matches, if there is one. @throws FormatError where several do */
export async function entryOf(store: Store, folder: string, name: RegExp): Promise<string | undefined> {
  const [first, ...others] = (await namesIn(store, folder)).filter((one) => name.test(one))
  if (first !== undefined && others.length > 0)
    throw new FormatError(
      `${[first, ...others].map((one) => joined(folder, one)).join(' and ')} could be the same; keep one of them`,
    )
  return first === undefined ? undefined : joined(folder, first)
}

/** The file at `path` as a source that messages call `label`; the files beside it are those of the store. */
export async function sourceAt(store: Store, path: string, label: string): Promise<Source> {
  const { size, read } = await bound(store, path)
  const beside = async (other: string): Promise<Source | undefined> => {
    const found = resolved(path, other)
    if (found === undefined || !(await store.exists(found)) || (await store.list(found)).length > 0) return undefined
    return await sourceAt(store, found, resolved(label, other) ?? found)
  }
  return { name: label, size, read, beside }
}

async function bound(store: Store, path: string): Promise<Pick<Source, 'size' | 'read'>> {
  const source = await store.source(path)
  return { size: source.size, read: (start, end) => source.read(start, end) }
}

/** `../name` beside `a/b/c` as `a/name`; undefined where that leads out of the store, or is no name. */
function resolved(path: string, other: string): string | undefined {
  if (!/^(\.\.\/){0,3}[^/\\]+$/.test(other)) return undefined
  const up = other.split('/').length
  const folders = normalise(path).split('/')
  return folders.length < up ? undefined : [...folders.slice(0, -up), other.split('/').at(-1)!].join('/')
}

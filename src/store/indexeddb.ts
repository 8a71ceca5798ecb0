import { FormatError, GalvaniError } from '../runtime/errors.ts'
import { isThere, namesIn, normalise, toBytes, withLine } from './flat.ts'
import { memorySource, type Source } from './source.ts'
import type { Content, Store } from './store.ts'

/** The one object store of the database: contents by path. */
const FILES = 'files'

/** A database of the browser, kept between visits. Each operation is one transaction: it happens as a whole or not at all. */
export class IndexedDbStore implements Store {
  private constructor(private readonly database: IDBDatabase) {}

  /** @throws GalvaniError where pages may not keep anything, as in some private windows */
  static async open(name: string): Promise<IndexedDbStore> {
    try {
      const opening = indexedDB.open(name, 1)
      opening.onupgradeneeded = () => void opening.result.createObjectStore(FILES)
      return new IndexedDbStore(await resultOf(opening))
    } catch (error) {
      throw new GalvaniError(`the browser does not open database '${name}' (${reason(error)}); use a MemoryStore here`)
    }
  }

  async read(path: string): Promise<Uint8Array> {
    const bytes = await this.#with<Uint8Array | undefined>('readonly', (files) => files.get(normalise(path)))
    if (!bytes) throw new FormatError(`${path}: no such file`)
    return bytes
  }

  async source(path: string): Promise<Source> {
    return memorySource(path, await this.read(path))
  }

  async readText(path: string): Promise<string> {
    return new TextDecoder().decode(await this.read(path))
  }

  async exists(path: string): Promise<boolean> {
    return isThere(await this.#paths(), path)
  }

  async write(path: string, content: Content): Promise<void> {
    await this.#with('readwrite', (files) => files.put(toBytes(content), normalise(path)))
  }

  async append(path: string, line: string): Promise<void> {
    const transaction = this.database.transaction(FILES, 'readwrite')
    const files = transaction.objectStore(FILES)
    const before = files.get(normalise(path)) as IDBRequest<Uint8Array | undefined>
    before.onsuccess = () => void files.put(withLine(before.result ?? new Uint8Array(), line), normalise(path))
    await ended(transaction)
  }

  async remove(path: string): Promise<void> {
    await this.#with('readwrite', (files) => files.delete(normalise(path)))
  }

  async list(dir: string): Promise<string[]> {
    return namesIn(await this.#paths(), dir)
  }

  close(): void {
    this.database.close()
  }

  async #paths(): Promise<string[]> {
    return this.#with<string[]>('readonly', (files) => files.getAllKeys())
  }

  /** One request in a transaction of its own, awaited until it is committed. */
  async #with<T>(mode: IDBTransactionMode, act: (files: IDBObjectStore) => IDBRequest): Promise<T> {
    const transaction = this.database.transaction(FILES, mode)
    const request = act(transaction.objectStore(FILES))
    await ended(transaction)
    return request.result as T
  }
}

const resultOf = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error ?? new Error('no reason given'))
  })

const ended = (transaction: IDBTransaction): Promise<void> =>
  new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve()
    const failed = (): void =>
      reject(new GalvaniError(`the browser did not keep a file (${reason(transaction.error)})`))
    transaction.onerror = failed
    transaction.onabort = failed // the quota
  })

const reason = (error: unknown): string => (error instanceof Error ? error.message || error.name : String(error))

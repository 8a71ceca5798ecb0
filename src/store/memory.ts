import { FormatError } from '../runtime/errors.ts'
import { isThere, namesIn, normalise, toBytes, withLine } from './flat.ts'
import { memorySource, type Source } from './source.ts'
import type { Content, Store } from './store.ts'

/** A store that lives in memory: for tests, and for pages that were handed files. */
export class MemoryStore implements Store {
  readonly #files = new Map<string, Uint8Array>()

  constructor(files: Record<string, Uint8Array | string> = {}) {
    for (const [path, content] of Object.entries(files)) this.#files.set(normalise(path), toBytes(content))
  }

  async read(path: string): Promise<Uint8Array> {
    return this.#bytesOf(path).slice()
  }

  /** Every read of it is a copy; a file that is written again meanwhile stays what it was. */
  async source(path: string): Promise<Source> {
    return memorySource(path, this.#bytesOf(path))
  }

  async readText(path: string): Promise<string> {
    return new TextDecoder().decode(this.#bytesOf(path))
  }

  #bytesOf(path: string): Uint8Array {
    const bytes = this.#files.get(normalise(path))
    if (!bytes) throw new FormatError(`${path}: no such file`)
    return bytes
  }

  async exists(path: string): Promise<boolean> {
    return isThere([...this.#files.keys()], path)
  }

  async write(path: string, content: Content): Promise<void> {
    this.#files.set(normalise(path), toBytes(content))
  }

  async append(path: string, line: string): Promise<void> {
    const name = normalise(path)
    this.#files.set(name, withLine(this.#files.get(name) ?? new Uint8Array(), line))
  }

  async remove(path: string): Promise<void> {
    this.#files.delete(normalise(path))
  }

  async list(dir: string): Promise<string[]> {
    return namesIn([...this.#files.keys()], dir)
  }
}

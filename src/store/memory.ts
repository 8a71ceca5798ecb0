import { FormatError } from '../runtime/errors.ts'
import type { Store } from './store.ts'

/** A store that lives in memory: for tests, and for pages that were handed files. */
export class MemoryStore implements Store {
  readonly #files = new Map<string, Uint8Array>()

  constructor(files: Record<string, Uint8Array | string> = {}) {
    for (const [path, content] of Object.entries(files)) this.#files.set(normalise(path), toBytes(content))
  }

  async read(path: string): Promise<Uint8Array> {
    const bytes = this.#files.get(normalise(path))
    if (!bytes) throw new FormatError(`${path}: no such file`)
    return bytes.slice()
  }

  async readText(path: string): Promise<string> {
    return new TextDecoder().decode(await this.read(path))
  }

  async exists(path: string): Promise<boolean> {
    const name = normalise(path)
    return name === '' || this.#files.has(name) || [...this.#files.keys()].some((file) => file.startsWith(`${name}/`))
  }

  async write(path: string, content: Uint8Array | string): Promise<void> {
    this.#files.set(normalise(path), toBytes(content))
  }

  async append(path: string, line: string): Promise<void> {
    const before = this.#files.get(normalise(path)) ?? new Uint8Array()
    const added = new TextEncoder().encode(`${line}\n`)
    const joined = new Uint8Array(before.length + added.length)
    joined.set(before)
    joined.set(added, before.length)
    this.#files.set(normalise(path), joined)
  }

  async remove(path: string): Promise<void> {
    this.#files.delete(normalise(path))
  }

  async list(dir: string): Promise<string[]> {
    const prefix = normalise(dir) === '' ? '' : `${normalise(dir)}/`
    const names = new Set<string>()
    for (const file of this.#files.keys()) {
      const name = file.startsWith(prefix) ? file.slice(prefix.length).split('/')[0] : undefined
      if (name) names.add(name)
    }
    return [...names].sort()
  }
}

const toBytes = (content: Uint8Array | string): Uint8Array =>
  typeof content === 'string' ? new TextEncoder().encode(content) : content.slice()

const normalise = (path: string): string =>
  path.split('/').filter((part) => part !== '' && part !== '.').join('/')

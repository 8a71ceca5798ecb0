import { appendFile, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname, isAbsolute, join, relative, resolve } from 'node:path'
import { nameOf } from '../runtime/arguments.ts'
import { FormatError, StorageError, UsageError } from '../runtime/errors.ts'
import { piecesOf } from './flat.ts'
import type { Holder, Lock } from './lock.ts'
import { lockFolder } from './node_lock.ts'
import { fileSource } from './node_source.ts'
import type { Source } from './source.ts'
import type { Content, Store } from './store.ts'

/** Of this process, whichever of its stores: two that write one file at a time have names of their own for it. */
let written = 0

/** A folder of the file system. Paths that lead out of it are refused. */
export class NodeStore implements Store {
  readonly root: string

  /** @throws UsageError for what is no path */
  constructor(root: string) {
    if (typeof root !== 'string') throw new UsageError(`NodeStore: the folder is ${nameOf(root)}, expected a path`)
    this.root = resolve(root)
  }

  async read(path: string): Promise<Uint8Array> {
    return await readFile(this.#locate(path)).catch((error: NodeJS.ErrnoException) => {
      throw new FormatError(readFailure(join(this.root, path), error))
    })
  }

  async source(path: string): Promise<Source> {
    return await fileSource(this.#locate(path))
  }

  async readText(path: string): Promise<string> {
    return new TextDecoder().decode(await this.read(path))
  }

  async exists(path: string): Promise<boolean> {
    return await stat(this.#locate(path)).then(
      () => true,
      () => false,
    )
  }

  async write(path: string, content: Content): Promise<void> {
    const target = this.#locate(path)
    const aside = `${target}.${process.pid}-${written++}.tmp`
    await wrapped(target, 'written', async () => {
      await mkdir(dirname(target), { recursive: true })
      try {
        const file = await open(aside, 'w')
        try {
          // Each goes on where the one before ended.
          for (const piece of piecesOf(content)) await file.writeFile(piece)
          await file.sync()
        } finally {
          await file.close()
        }
        await rename(aside, target)
        await syncFolder(dirname(target))
      } catch (error) {
        await rm(aside, { force: true })
        throw error
      }
    })
  }

  async append(path: string, line: string): Promise<void> {
    const target = this.#locate(path)
    await wrapped(target, 'written', async () => {
      await mkdir(dirname(target), { recursive: true })
      await appendFile(target, `${line}\n`)
    })
  }

  async remove(path: string): Promise<void> {
    const target = this.#locate(path)
    await wrapped(target, 'deleted', () => rm(target, { force: true }))
  }

  async list(dir: string): Promise<string[]> {
    const names = await readdir(this.#locate(dir)).catch((error: NodeJS.ErrnoException) => {
      if (NO_FOLDER.includes(error.code ?? '')) return []
      throw new FormatError(readFailure(join(this.root, dir), error))
    })
    return names.sort()
  }

  async lock(dir: string): Promise<Lock | Holder> {
    const target = this.#locate(dir)
    return await wrapped(target, 'locked', () => lockFolder(target))
  }

  #locate(path: string): string {
    const full = resolve(this.root, path)
    const inside = relative(this.root, full)
    if (inside.startsWith('..') || isAbsolute(inside)) {
      throw new UsageError(`${path}: leads out of ${this.root}; use a path inside it`)
    }
    return full
  }
}

/** Nothing, a file, or a link that leads in a circle; any other failure would pass for an empty folder. */
const NO_FOLDER: readonly string[] = ['ENOENT', 'ENOTDIR', 'ELOOP']

/** Makes the rename itself survive a power cut. Some systems cannot open folders; there the rename alone must do. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r').catch(() => undefined)
  try {
    await folder?.sync().catch(() => undefined)
  } finally {
    await folder?.close()
  }
}

async function wrapped<T>(path: string, done: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (error) {
    throw new StorageError(`${path}: cannot be ${done} (${(error as NodeJS.ErrnoException).code ?? String(error)})`)
  }
}

function readFailure(path: string, error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return `${path}: no such file`
  if (error.code === 'EISDIR') return `${path}: is a folder, expected a file`
  return `${path}: cannot be read (${error.code ?? error.message})`
}

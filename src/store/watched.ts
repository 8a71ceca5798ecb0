// What a reader saw of a store, and whether all of that is as it was.
import { digest, sha256 } from '../formats/digest.ts'
import { chunksOf, type Source } from './source.ts'
import type { Content, Store } from './store.ts'

/** A file that was read. */
export interface SeenFile {
  file: string
  bytes: number
  /** SHA-256; of a file above 256 MiB the SHA-256 of those of its pieces of that size, as texts, joined by commas. */
  digest: string
}

/** What a reader saw: files, and which others there are beside them. */
export interface Seen {
  files: SeenFile[]
  /** Folders whose names it looked through. */
  folders: string[]
  /** Digest of the names in these. */
  listings: string
}

const PIECE = 1 << 28

/** Passes everything on to another store, and remembers what was asked for. */
export class WatchedStore implements Store {
  readonly #files = new Set<string>()
  readonly #folders = new Set<string>()

  constructor(private readonly store: Store) {}

  read(path: string): Promise<Uint8Array> {
    this.#files.add(path)
    return this.store.read(path)
  }

  source(path: string): Promise<Source> {
    this.#files.add(path)
    return this.store.source(path)
  }

  readText(path: string): Promise<string> {
    this.#files.add(path)
    return this.store.readText(path)
  }

  exists(path: string): Promise<boolean> {
    this.#folders.add(path.split('/').slice(0, -1).join('/'))
    return this.store.exists(path)
  }

  list(dir: string): Promise<string[]> {
    this.#folders.add(dir)
    return this.store.list(dir)
  }

  write(path: string, content: Content): Promise<void> {
    return this.store.write(path, content)
  }

  append(path: string, line: string): Promise<void> {
    return this.store.append(path, line)
  }

  remove(path: string): Promise<void> {
    return this.store.remove(path)
  }

  /** All of it so far, in order of the paths. @throws FormatError for a file that is gone */
  async seen(): Promise<Seen> {
    const files: SeenFile[] = []
    for (const file of [...this.#files].sort()) files.push(await seenFile(this.store, file))
    const folders = [...this.#folders].sort()
    return { files, folders, listings: await listingsOf(this.store, folders) }
  }
}

/** Whether a store still has every file as it was seen, and no other names beside them. Sizes are looked at first. */
export async function isAsSeen(store: Store, { files, folders, listings }: Seen): Promise<boolean> {
  if ((await listingsOf(store, folders)) !== listings) return false
  for (const { file, bytes } of files) if ((await sizeOf(store, file)) !== bytes) return false
  for (const { file, digest } of files) if ((await seenFile(store, file)).digest !== digest) return false
  return true
}

const sizeOf = (store: Store, file: string): Promise<number | undefined> =>
  store.source(file).then(
    ({ size }) => size,
    () => undefined,
  )

async function seenFile(store: Store, file: string): Promise<SeenFile> {
  const source = await store.source(file)
  const pieces: string[] = []
  for await (const piece of chunksOf(source, PIECE)) pieces.push(await sha256(piece))
  return { file, bytes: source.size, digest: pieces.length === 1 ? pieces[0]! : await sha256(pieces.join()) }
}

const listingsOf = async (store: Store, folders: readonly string[]): Promise<string> =>
  digest(await Promise.all(folders.map(async (folder) => (await store.list(folder)).join('\n'))))

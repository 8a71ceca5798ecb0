// Decompositions kept by what they are of, so that none is made twice: by a preparation that was stopped, or one of another length.
import type { Decomposition } from '../cvxeda/decomposition.ts'
import { DOCUMENT_KINDS } from '../formats/document_kinds.ts'
import { digest } from '../formats/digest.ts'
import { parseSafetensors, readMetadata, serializeSafetensors } from '../formats/safetensors.ts'
import { GalvaniError } from '../runtime/errors.ts'
import type { Store } from '../store/store.ts'

/** What preparing reads of a decomposition: a network the parts, features the driver too. */
export type Parts = Pick<Decomposition, (typeof PARTS)[number] | 'status'>

const PARTS = ['phasic', 'tonic', 'driver'] as const

/** A row of a file's table: what the recording's key is, where its samples begin, and what came of it. */
interface Row {
  key: string
  start: number
  samples: number
  status: Parts['status']
}

interface Loaded {
  file: string
  /** As the file itself says, which another process may have replaced since. */
  rows: ReadonlyMap<string, Row>
  parts: Record<(typeof PARTS)[number], Float32Array>
}

const SCHEMA = String(DOCUMENT_KINDS['decomposition-cache'].schema)
const NAME = /^decompositions-(\d+)\.safetensors$/

/** Files `decompositions-N.safetensors`, each with the parts of some recordings one after the other. */
export class DecompositionCache {
  /** The file that has each key. */
  readonly #files = new Map<string, string>()
  #next = 1
  /** The file that was read last: what is asked for next is most often beside it. */
  #loaded: Loaded | undefined

  private constructor(private readonly store: Store) {}

  /** What a store holds already. Files that are damaged, or of another schema, count as not there. */
  static async open(store: Store): Promise<DecompositionCache> {
    const cache = new DecompositionCache(store)
    for (const file of await store.list('')) {
      const [, number] = NAME.exec(file) ?? []
      if (number === undefined) continue
      cache.#next = Math.max(cache.#next, Number(number) + 1)
      for (const { key } of await rowsOf(store, file)) cache.#files.set(key, file)
    }
    return cache
  }

  /** Parts of a recording, if they are there and whole. */
  async find(key: string): Promise<Parts | undefined> {
    const file = this.#files.get(key)
    const loaded = file === undefined ? undefined : await this.#load(file)
    const row = loaded?.rows.get(key)
    if (!loaded || !row) return undefined
    const { start, samples, status } = row
    const { phasic, tonic, driver } = loaded.parts
    const part = (of: Float32Array): Float32Array => of.slice(start, start + samples)
    return { phasic: part(phasic), tonic: part(tonic), driver: part(driver), status }
  }

  /** Keeps the parts of some recordings, by their keys, in one file. */
  async add(keys: readonly string[], parts: readonly Parts[]): Promise<void> {
    let start = 0
    const rows = parts.map(({ phasic, status }, i): Row => {
      const row = { key: keys[i]!, start, samples: phasic.length, status }
      start += phasic.length
      return row
    })
    const data = PARTS.map((name) => joined(parts.map((part) => part[name])))
    const file = `decompositions-${this.#next++}.safetensors`
    const tensors = new Map(PARTS.map((name, i) => [name, { shape: [start], data: data[i]! }]))
    const metadata = { schema: SCHEMA, rows: JSON.stringify(rows), digest: await digest(data) }
    await this.store.write(file, serializeSafetensors(tensors, metadata))
    for (const { key } of rows) this.#files.set(key, file)
    if (this.#loaded?.file === file) this.#loaded = undefined
  }

  /** Deletes every file of it. */
  async clear(): Promise<void> {
    for (const file of await this.store.list('')) if (NAME.test(file)) await this.store.remove(file)
    this.#files.clear()
  }

  async #load(file: string): Promise<Loaded | undefined> {
    if (this.#loaded?.file !== file) this.#loaded = await loaded(this.store, file)
    if (!this.#loaded) for (const [key, of] of this.#files) if (of === file) this.#files.delete(key)
    return this.#loaded
  }
}

/** The key of a recording's decomposition: its samples, and all that decides what comes of them. */
export const keyOf = (samples: Float64Array, settings: string): Promise<string> => digest([settings, samples])

async function rowsOf(store: Store, file: string): Promise<Row[]> {
  try {
    const { schema, rows } = await readMetadata(await store.source(file))
    return schema === SCHEMA && rows !== undefined ? (JSON.parse(rows) as Row[]) : []
  } catch (error) {
    if (error instanceof GalvaniError || error instanceof SyntaxError) return []
    throw error
  }
}

async function loaded(store: Store, file: string): Promise<Loaded | undefined> {
  try {
    const { tensors, metadata } = parseSafetensors(await store.read(file), file)
    const data = PARTS.flatMap((name) => tensors.get(name)?.data ?? []).filter((of) => of instanceof Float32Array)
    const [phasic, tonic, driver] = data
    if (!phasic || !tonic || !driver || metadata.schema !== SCHEMA) return undefined
    if ((await digest(data)) !== metadata.digest) return undefined
    const rows = JSON.parse(metadata.rows ?? '[]') as Row[]
    return { file, rows: new Map(rows.map((row) => [row.key, row])), parts: { phasic, tonic, driver } }
  } catch (error) {
    if (error instanceof GalvaniError || error instanceof SyntaxError) return undefined
    throw error
  }
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

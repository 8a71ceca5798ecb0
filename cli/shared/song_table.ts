// A table of music features that grows by a song at a time: rows of finished songs are kept beside it until it is whole.
import { basename, dirname, join } from 'node:path'
import { quoted } from '../../src/formats/csv.ts'
import { splitLine } from '../../src/formats/rows.ts'
import { GalvaniError, UsageError } from '../../src/runtime/errors.ts'
import { NodeStore } from '../../src/store/node.ts'

/** The first columns; `digest` is of the sound and of all that made features of it. */
const BEGIN = 'stimulus,feature_set,digest,'
const ROW = /^(?:"(?:[^"]|"")*"|[^",]*),(?:"(?:[^"]|"")*"|[^",]*),([0-9a-f]{64}),(.*)$/

/** The numbers of a row, and the header that they are under. */
interface Row {
  header: string
  numbers: string
}

/** What is written of a song. */
export interface SongFeatures {
  names: readonly string[]
  values: Float32Array
}

export class SongTable {
  readonly #store: NodeStore
  readonly #out: string
  /** By digest. */
  readonly #rows: Map<string, Row>
  readonly #set: string
  /** The header of the rows beside the table, once there are any of this call. */
  #header: string | undefined
  #written = Promise.resolve()

  private constructor(store: NodeStore, out: string, set: string, rows: Map<string, Row>) {
    this.#store = store
    this.#out = out
    this.#set = set
    this.#rows = rows
  }

  /**
   * With the rows of an earlier call that did not come to its end, and with `resume` those of a table that is there.
   * @throws UsageError when the table is there already, or a file in its place is of another making
   */
  static async open(path: string, set: string, resume: boolean): Promise<SongTable> {
    const store = new NodeStore(dirname(path))
    const out = basename(path)
    const isThere = await store.exists(out)
    if (isThere && !resume)
      throw new UsageError(`${path} is there already; name another file, or go on with it by --resume`)
    const rows = new Map<string, Row>()
    for (const name of [...(isThere ? [out] : []), besideOf(out)])
      if (await store.exists(name)) readRows(await store.readText(name), join(store.root, name), rows)
    return new SongTable(store, out, set, rows)
  }

  has(digest: string): boolean {
    return this.#rows.has(digest)
  }

  /** Keeps a song's features on disk. */
  async add(digest: string, { names, values }: SongFeatures): Promise<void> {
    const header = `${BEGIN}${names.map(quoted).join(',')}`
    const numbers = Array.from(values, shortest).join(',')
    this.#written = this.#written.then(() => this.#append(digest, { header, numbers }))
    await this.#written
  }

  /** Writes the table of these songs, in their order, and lets go of what was kept beside it. Returns the number of features. */
  async finish(songs: readonly { stimulus: string; digest: string }[]): Promise<number> {
    const { header } = this.#rows.get(songs[0]!.digest)!
    if (songs.some(({ digest }) => this.#rows.get(digest)!.header !== header))
      throw new GalvaniError(`${this.#out}: its songs have features of different names; delete ${besideOf(this.#out)}`)
    const encoder = new TextEncoder()
    const lines = function* (this: SongTable): Generator<Uint8Array> {
      yield encoder.encode(`${header}\n`)
      for (const { stimulus, digest } of songs) yield encoder.encode(`${this.#line(stimulus, digest)}\n`)
    }
    await this.#store.write(this.#out, lines.call(this))
    await this.#store.remove(besideOf(this.#out))
    return featuresIn(header)
  }

  #line(stimulus: string, digest: string): string {
    return `${quoted(stimulus)},${quoted(this.#set)},${digest},${this.#rows.get(digest)!.numbers}`
  }

  async #append(digest: string, row: Row): Promise<void> {
    const beside = besideOf(this.#out)
    if (this.#header !== row.header) {
      // Begun anew with what may still be of use: a line that was cut off in the middle must not get another behind it.
      const kept = [...this.#rows].filter(([, { header }]) => header === row.header)
      const lines = [row.header, ...kept.map(([each]) => this.#line('', each))]
      await this.#store.write(beside, `${lines.join('\n')}\n`)
      this.#header = row.header
    }
    this.#rows.set(digest, row)
    await this.#store.append(beside, this.#line('', digest))
  }
}

const besideOf = (out: string): string => `${out}.partial`

const featuresIn = (header: string): number => splitLine(header, ',').length - splitLine(BEGIN, ',').length + 1

/** A line that does not end was being written when the program was stopped. */
function readRows(text: string, path: string, rows: Map<string, Row>): void {
  const [header = '', ...lines] = text.split('\n')
  lines.pop()
  if (text !== '' && !header.startsWith(BEGIN))
    throw new UsageError(`${path} was not written by galvani music; move it, or name another --out`)
  const features = featuresIn(header)
  for (const line of lines) {
    const [, digest, numbers] = ROW.exec(line) ?? []
    if (digest !== undefined && numbers!.split(',').length === features) rows.set(digest, { header, numbers: numbers! })
  }
}

/** The shortest text that is this float32 number. */
function shortest(value: number): string {
  for (const digits of [7, 8]) {
    const rounded = Number(value.toPrecision(digits))
    if (Math.fround(rounded) === value) return String(rounded)
  }
  return String(Number(value.toPrecision(9)))
}

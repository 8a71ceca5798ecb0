// Features of the songs that people heard, out of openSMILE's tables or any others, and which trial heard which song.
import { openFeatureTable, type FeatureRow, type FeatureTable } from '../formats/feature_table.ts'
import { checkNames, nameOf, requireArray, type Known } from '../runtime/arguments.ts'
import { FormatError, UsageError } from '../runtime/errors.ts'
import { chunksOf, type Source } from '../store/source.ts'
import type { OpenedDataset } from './layout.ts'
import type { Trial } from './trial.ts'

/** The feature set of tables that do not say it. */
export const UNKNOWN_SET = 'unknown'

/** openSMILE's sets of this size share all names and their order, but not the values. */
const OPENSMILE = { IS13_ComParE: /(^|[^a-z0-9])is_?13(?![0-9])/i, ComParE_2016: /compare_?2016(?![0-9])/i } as const
const OPENSMILE_COUNT = 6373
/** What openSMILE calls a song that it was given no name for. */
const NAMELESS = 'unknown'
/** Rows of one song that repeated calls explain; more are frames of it. */
const MOST_REPEATS = 20
/** Endings of sounds and films, which are no part of a song's name. */
const ENDING = /\.(wav|wave|mp3|flac|ogg|oga|opus|m4a|aac|aiff?|wma|mp4|avi|mkv|mov|webm)$/i
/** Names that a note lists, at most. */
const SHOWN = 5

/** Music features by song. */
export interface MusicFeatures {
  /** Which features they are, such as `IS13_ComParE`; `unknown` where no table says. */
  set: string
  /** Names of the columns, as in the first table. */
  names: string[]
  /** Number of features. */
  dim: number
  /** Each song's vector, [dim], by `songKey` of its name. */
  byStem: Map<string, Float32Array>
  /** What was assumed, a sentence each. */
  notes: string[]
}

/** How tables of music features are read. */
export interface MusicTableOptions {
  /** Tables of any number of columns; default those of openSMILE's 6,373, and such as name a set of their own. */
  any?: boolean
  /** Which set they are of, where they do not say it themselves. */
  set?: string
}

const OPTIONS: Known<MusicTableOptions> = { any: true, set: true }

/**
 * Reads tables of music features, a row a song: openSMILE's CSV and ARFF, PMEmo's `static_features.csv`, an open `music.csv`, and what
 * `galvani music` writes. Columns are taken by their position. Of a song's repeated rows the last one counts.
 * @throws FormatError naming file, line and column; also when tables are of different feature sets, or two songs have one name
 * @throws UsageError for what is no list of sources, and an option that is not known
 */
export async function readMusicTables(
  sources: readonly Source[],
  options: MusicTableOptions = {},
): Promise<MusicFeatures> {
  checkNames('readMusicTables', options, OPTIONS)
  requireArray('readMusicTables', 'sources', sources)
  const wrong = sources.find((source) => typeof (source as Partial<Source> | undefined)?.read !== 'function')
  if (wrong !== undefined)
    throw new UsageError(
      `readMusicTables: a source is ${nameOf(wrong)}, expected a Source, such as of fileSource or memorySource`,
    )
  const [head] = sources
  if (!head) throw new UsageError('readMusicTables: no table of music features was given')
  const tables: ReadTable[] = []
  const songs = new Songs()
  for (const source of sources) {
    const table = await readTable(source, options, songs)
    requireSameFeatures(tables, table)
    tables.push(table)
  }
  const { names } = tables[0]!
  const set = tables.find((table) => table.set !== undefined)?.set ?? UNKNOWN_SET
  const notes = [...setNotes(tables, set), ...nameNotes(tables), ...songs.notes()]
  return { set, names, dim: names.length, byStem: songs.vectors(), notes }
}

/**
 * By what a song and the stimulus of a trial are one: the name without folders and the ending of a sound, whatever its case; of a number
 * without leading zeros or `.0`. `music/12.mp3`, `012.wav`, `12.0` and `12` are one song.
 */
export function songKey(name: string): string {
  const stem = name
    .trim()
    .replace(/^.*[/\\]/, '')
    .replace(ENDING, '')
    .normalize('NFC')
    .toLowerCase()
  const number = /^0*(\d+)(?:\.0+)?$/.exec(stem)?.[1]
  return number ?? stem
}

/** Which trials heard which of the songs, as the trials come by. */
export class HeardSongs {
  readonly #features: MusicFeatures
  /** How stimuli are written, by their key. */
  readonly #heard = new Map<string, string>()

  constructor(features: MusicFeatures) {
    this.#features = features
  }

  /** The vector of what a trial heard, [dim], if there is one. @throws FormatError when two stimuli are one song by their names */
  of({ stimulus, source }: Pick<Trial, 'stimulus' | 'source'>): Float32Array | undefined {
    const key = songKey(stimulus)
    const other = this.#heard.get(key)
    if (other !== undefined && other !== stimulus)
      throw new FormatError(
        `${source}: the stimuli '${other}' and '${stimulus}' are one song by their names; rename one`,
      )
    this.#heard.set(key, stimulus)
    return this.#features.byStem.get(key)
  }

  /** @throws FormatError when trials have passed, and none of them heard one of the songs */
  requireSome(dataset: string): void {
    const [unmatched, unheard] = [this.#unmatched(), this.#unheard()]
    if (unmatched.length > 0 && unmatched.length === this.#heard.size)
      throw new FormatError(
        `${dataset}: no stimulus has music features: the trials heard ${listed(unmatched)}, the tables have ${listed(unheard)}`,
      )
  }

  /** Says which stimuli have no features, if some have none. */
  unmatchedNotes(): string[] {
    const unmatched = this.#unmatched()
    if (unmatched.length === 0) return []
    return [`${unmatched.length} of ${this.#heard.size} stimuli have no music features: ${listed(unmatched)}.`]
  }

  /** Says which songs no trial heard, if there are any. */
  unheardNotes(): string[] {
    const [unheard, songs] = [this.#unheard(), this.#features.byStem.size]
    if (unheard.length === 0) return []
    return [`${unheard.length} of ${songs} songs with music features were heard in no trial: ${listed(unheard)}.`]
  }

  #unmatched(): string[] {
    return [...this.#heard].filter(([key]) => !this.#features.byStem.has(key)).map(([, stimulus]) => stimulus)
  }

  #unheard(): string[] {
    return [...this.#features.byStem.keys()].filter((key) => !this.#heard.has(key))
  }
}

/**
 * The dataset with these features in the place of its own. Once all trials were read, its notes say what did not match.
 * @throws FormatError while they are read, when two stimuli are one song by their names, or at the end, when none has features
 */
export function withMusic(opened: OpenedDataset, features: MusicFeatures): OpenedDataset {
  const { set, dim, notes } = features
  const note = (text: string): void => void (opened.notes.includes(text) || opened.notes.push(text))
  if (opened.musicDim) note('The music features of the dataset itself were left out for those of the given tables.')
  notes.forEach(note)
  async function* trials(): AsyncGenerator<Trial> {
    const heard = new HeardSongs(features)
    for await (const { music: _, ...trial } of opened.trials()) {
      const music = heard.of(trial)
      yield { ...trial, ...(music && { music }) }
    }
    heard.requireSome(opened.name)
    for (const text of [...heard.unmatchedNotes(), ...heard.unheardNotes()]) note(text)
  }
  return { ...opened, trials, musicDim: dim, musicSet: set }
}

interface ReadTable {
  source: string
  names: string[]
  /** The feature set, where anything says it. */
  set: string | undefined
}

async function readTable(source: Source, options: MusicTableOptions, songs: Songs): Promise<ReadTable> {
  const table = await openFeatureTable(chunksOf(source), source.name)
  const first = await table.rows.next()
  if (first.done) throw new FormatError(`${source.name}: a header without rows; expected a row for each song`)
  const set = setOf(source.name, table, first.value, options.set)
  requireCount(source.name, table.names.length, set, options.any === true)
  songs.add(first.value, source.name)
  for await (const row of table.rows) {
    if (row.set !== first.value.set)
      throw new FormatError(
        `${source.name}:${row.line}: the feature set is '${row.set}', of the rows before '${first.value.set}'; one table has one set`,
      )
    songs.add(row, source.name)
  }
  return { source: source.name, names: table.names, set }
}

/** The set that the caller, the rows, the relation and the file's name say; undefined where nothing does. */
function setOf(
  source: string,
  { relation = '' }: FeatureTable,
  { set: inRows }: FeatureRow,
  asked: string | undefined,
): string | undefined {
  const known = (text: string): string | undefined =>
    Object.entries(OPENSMILE).find(([, pattern]) => pattern.test(text))?.[0]
  const named = (text: string | undefined): string | undefined =>
    text ? (Object.keys(OPENSMILE).find((name) => name.toLowerCase() === text.toLowerCase()) ?? text) : undefined
  const own = [named(inRows), known(relation), known(source.replace(/^.*[/\\]/, ''))].filter(
    (said) => said !== undefined,
  )
  const all = [...new Set([...own, named(asked)].filter((said) => said !== undefined))]
  const [set, other] = all
  if (other !== undefined)
    throw new FormatError(
      named(asked) === other && own.length > 0
        ? `${source}: says that its features are ${set}, not ${other}`
        : `${source}: its features are ${set} by one name and ${other} by another; rename the file`,
    )
  return set
}

const isOpenSmile = (set: string | undefined): boolean => set === undefined || Object.hasOwn(OPENSMILE, set)

function requireCount(source: string, count: number, set: string | undefined, any: boolean): void {
  if (any || count === OPENSMILE_COUNT || !isOpenSmile(set)) return
  throw new FormatError(
    `${source}: ${count} feature columns, expected ${OPENSMILE_COUNT} (openSMILE IS13_ComParE or ComParE_2016). ` +
      'Other features are taken when asked for (--music-features any).',
  )
}

/** @throws FormatError unless the columns and, where both say it, the set are those of the tables before */
function requireSameFeatures(before: readonly ReadTable[], table: ReadTable): void {
  const [first] = before
  if (!first) return
  const other = before.find(({ set }) => set !== undefined)
  if (other && table.set !== undefined && table.set !== other.set)
    throw new FormatError(
      `${table.source} has features of ${table.set}, ${other.source} of ${other.set}; these are not mixed, use tables of one set`,
    )
  if (table.names.length !== first.names.length)
    throw new FormatError(
      `${table.source} has ${table.names.length} feature columns, ${first.source} ${first.names.length}; use tables of one set`,
    )
  const places = new Map(first.names.map((name, at) => [name, at]))
  const isOneSet = first.names.length === OPENSMILE_COUNT
  const moved = table.names.find((name, at) => (places.get(name) ?? (isOneSet ? at : -1)) !== at)
  if (moved !== undefined)
    throw new FormatError(
      `${table.source}: column '${moved}' is not where it is in ${first.source}; use tables with the same columns in one order`,
    )
}

function setNotes(tables: readonly ReadTable[], set: string): string[] {
  const silent = tables.filter((table) => table.set === undefined).map(({ source }) => source)
  if (silent.length === 0) return []
  const speaks = tables.find((table) => table.set !== undefined)
  if (speaks) return [`${listed(silent)} does not say its feature set; it is taken for ${set} like ${speaks.source}.`]
  if (tables[0]!.names.length !== OPENSMILE_COUNT) return []
  return [
    `${listed(silent)} does not say whether its features are IS13_ComParE or ComParE_2016, which differ in their values; the set is recorded as ${set}.`,
  ]
}

function nameNotes([first, ...others]: readonly ReadTable[]): string[] {
  return others.flatMap(({ source, names }) => {
    const different = names.filter((name, at) => name !== first!.names[at]).length
    return different === 0
      ? []
      : [
          `${source} names ${different} columns otherwise than ${first!.source}; columns were matched by their position.`,
        ]
  })
}

interface Song {
  name: string
  source: string
  time: string | undefined
  /** Rows of it in `source`. */
  rows: number
  values: Float32Array
}

/** Songs as the rows of all tables come by. */
class Songs {
  readonly #songs = new Map<string, Song>()
  readonly #repeated = new Set<string>()

  /** @throws FormatError for a row without a name, another song of the same name, and rows that are frames of a song */
  add({ name, line, time, values }: FeatureRow, source: string): void {
    const where = `${source}:${line}`
    const key = songKey(name)
    if (key === '') throw new FormatError(`${where}: the song has no name`)
    if (key === NAMELESS)
      throw new FormatError(
        `${where}: the song is called '${name}', which openSMILE writes where it was given no name; use its -instname`,
      )
    const before = this.#songs.get(key)
    const isSameTable = before?.source === source
    const rows = isSameTable ? before.rows + 1 : 1
    if (before && spelling(before.name) !== spelling(name))
      throw new FormatError(
        `${where}: '${name}' and '${before.name}' (${before.source}) are both song '${key}' by their names; rename one, or leave one out`,
      )
    if ((isSameTable && before.time !== time) || rows > MOST_REPEATS)
      throw new FormatError(
        `${where}: several rows of '${name}' are of different times in it or too many; frames or segments are not read, use openSMILE's functionals of whole songs`,
      )
    if (before) this.#repeated.add(key)
    this.#songs.set(key, { name, source, time, rows, values })
  }

  notes(): string[] {
    const count = this.#repeated.size
    return count === 0
      ? []
      : [
          `${count} ${count === 1 ? 'song has' : 'songs have'} several rows (${listed([...this.#repeated])}); the last one of each counts.`,
        ]
  }

  vectors(): Map<string, Float32Array> {
    return new Map([...this.#songs].map(([key, { values }]) => [key, values]))
  }
}

/** A name whose case and kind of slash do not matter. */
const spelling = (name: string): string => name.trim().replaceAll('\\', '/').normalize('NFC').toLowerCase()

/** Names, and how many more. */
function listed(names: readonly string[]): string {
  const more = names.length - SHOWN
  return names.slice(0, SHOWN).join(', ') + (more > 0 ? ` and ${more} more` : '')
}

// PMEmo, the release of 2019: a table of traces a song, a column for each of its listeners, and each song's average ratings.
import { encodingOf } from '../formats/encoding.ts'
import { delimiterOf } from '../formats/csv.ts'
import { splitLine } from '../formats/rows.ts'
import { FormatError } from '../runtime/errors.ts'
import { largestOf } from '../signal/extremes.ts'
import type { Store } from '../store/store.ts'
import { evenTraces, resampledNotes } from './even_traces.ts'
import { withFindings, type Findings, type Known } from './findings.ts'
import type { Layout, NamedOptions, OpenedDataset } from './layout.ts'
import * as pmemo from './pmemo.ts'
import { PositionTable, type PositionRow } from './position_table.ts'
import { entryOf, joined, namesIn, sourceAt } from './tree.ts'
import type { Ratings } from './trial.ts'

const FILE = /^(\d+)_EDA\.csv$/i
/** Bytes that hold the first line of a table. */
const HEAD = 1 << 14

export const pmemo2019: Layout = {
  kind: 'pmemo2019',
  looksFor: 'EDA/<song>_EDA.csv with a column for each listener (PMEmo 2019)',
  refuses: {
    gsr: 'the skin signal of PMEmo is a conductance',
    pass: 'PMEmo 2019 does not say of which listening its traces are',
  },
  recognises: async (store) => {
    for (const { path } of await tables(store)) if ((await listenersOf(store, path)) > 0) return true
    return (await staticTable(store)) !== undefined
  },
  open,
}

interface Table {
  song: string
  path: string
}

/** Of each song, in order of their numbers. @throws FormatError for a song that has two */
async function tables(store: Store): Promise<Table[]> {
  const folder = await entryOf(store, '', /^EDA$/i)
  if (folder === undefined) return []
  const found = (await namesIn(store, folder)).flatMap((name): Table[] => {
    const digits = FILE.exec(name)?.[1]
    return digits === undefined ? [] : [{ song: String(Number(digits)), path: joined(folder, name) }]
  })
  found.sort(pmemo.bySong)
  const twice = found.findIndex(({ song }, i) => song === found[i - 1]?.song)
  if (twice > 0)
    throw new FormatError(
      `${found[twice - 1]!.path} and ${found[twice]!.path} are both of song ${found[twice]!.song}; keep one of them`,
    )
  return found
}

async function staticTable(store: Store): Promise<string | undefined> {
  const folder = await entryOf(store, '', /^annotations$/i)
  return folder === undefined ? undefined : await entryOf(store, folder, /^static_annotations\.csv$/i)
}

/** How many listeners the header of a table names; 0 if it is none. */
async function listenersOf(store: Store, path: string): Promise<number> {
  const head = await (await store.source(path)).read(0, HEAD)
  const line = /[^\r\n]*\S[^\r\n]*/.exec(new TextDecoder(encodingOf(head) ?? 'utf-8').decode(head))?.[0] ?? ''
  const [time = '', ...others] = splitLine(line, delimiterOf(line) ?? '')
  return isTime(time) ? others.filter((name) => pmemo.listenerOf(name) !== undefined).length : 0
}

const isTime = (name: string): boolean => /^\s*"?time/i.test(name)

async function open(store: Store, { name, sampleRate, resample }: NamedOptions): Promise<OpenedDataset> {
  const songs = await tables(store)
  if (songs.length === 0)
    throw new FormatError(
      `${name}: this is PMEmo 2019 without its EDA; add the folder EDA with its files <song>_EDA.csv`,
    )
  const { metadata, notes } = await pmemo.readMetadata(store, name)
  const { ratings, missing } = await songRatings(store, name)
  const facts: pmemo.Songs = { metadata, ratings }
  let expected = 0
  for (const { path } of songs) expected += await listenersOf(store, path)
  const known = [
    'PMEmo2019 has no per-listener ratings, which labels "two-means" need: use the 2018/01 release, or --labels song.',
    'Which of the two listenings PMEmo2019 kept is not documented; its traces are taken for either dimension.',
    ...pmemo.givenRateNotes(sampleRate),
    ...notes,
    ...missing,
    ...pmemo.songNotes(
      songs.map(({ song }) => song),
      facts,
    ),
  ]
  const opened = withFindings(
    { kind: 'pmemo2019', name, synthetic: false, expected },
    { skipped: await strangers(store, name), notes: known },
    async function* (found) {
      const noConductance: string[] = []
      const resampled: string[] = []
      for (const { song, path } of songs) {
        const table = await PositionTable.read(await sourceAt(store, path, `${name}/${path}`))
        const { sampleRate: rate, traces, isEven } = tracesOf(table, { sampleRate, resample }, found)
        if (!isEven) resampled.push(path)
        for (const { listener, eda, source } of traces) {
          const trial = pmemo.pmemoTrial({ dataset: 'pmemo2019', song, listener, sampleRate: rate, eda, source }, facts)
          if (trial.unit !== 'uS') noConductance.push(trial.id)
          yield trial
        }
      }
      for (const note of [...resampledNotes(resampled), ...pmemo.noConductanceNotes(noConductance)]) found.note(note)
    },
  )
  return await pmemo.withOwnMusic(store, opened)
}

/** Files beside the tables that look like one of them but are called otherwise. */
async function strangers(store: Store, name: string): Promise<Known['skipped']> {
  const folder = (await entryOf(store, '', /^EDA$/i))!
  const others = (await namesIn(store, folder)).filter((file) => /\.csv$/i.test(file) && !FILE.test(file))
  return others.map((file) => ({
    source: `${name}/${joined(folder, file)}`,
    reason: 'its name is not <song>_EDA.csv',
  }))
}

/** Average ratings by song. @throws FormatError for a table that is damaged */
async function songRatings(store: Store, name: string): Promise<{ ratings: Map<string, Ratings>; missing: string[] }> {
  const ratings = new Map<string, Ratings>()
  const path = await staticTable(store)
  if (path === undefined)
    return { ratings, missing: ['There is no annotations/static_annotations.csv, so that no song is rated.'] }
  const table = await PositionTable.read(await sourceAt(store, path, `${name}/${path}`))
  const rows = pmemo.songRows(table)
  const [arousalAt, valenceAt] = ratingColumns(rows.length < table.rows.length ? table.rows[0]!.cells : [])
  for (const row of rows) {
    const [arousal, valence] = [pmemo.ratingOf(table, row, arousalAt), pmemo.ratingOf(table, row, valenceAt)]
    if (ratings.has(row.song)) throw new FormatError(`${table.where(row)}: song ${row.song} occurs twice; keep one row`)
    if (!Number.isNaN(arousal) && !Number.isNaN(valence)) ratings.set(row.song, { valence, arousal })
  }
  return { ratings, missing: [] }
}

/** Arousal before valence, unless the header names them the other way round. */
function ratingColumns(header: readonly string[]): [arousal: number, valence: number] {
  return /valence/i.test(header[1] ?? '') && /arousal/i.test(header[2] ?? '') ? [2, 1] : [1, 2]
}

interface Traces {
  /** Hz. */
  sampleRate: number
  isEven: boolean
  traces: { listener: string; eda: Float64Array; source: string }[]
}

/** Of a table each column is a trace of a listener. */
function tracesOf(table: PositionTable, { sampleRate, resample }: pmemo.Timing, found: Findings): Traces {
  const nothing: Traces = { sampleRate: NaN, isEven: true, traces: [] }
  const [header, ...rows] = table.rows
  if (header === undefined || rows.length === 0) {
    found.skip(table.source, 'it has no rows of samples')
    return nothing
  }
  const columns = listeners(table, header, rows)
  const raw = columns.map(({ at }) => Float64Array.from(rows, (row) => table.number(row, at)))
  const even =
    sampleRate === undefined
      ? evenTraces(pmemo.stampsOf(table, rows), raw, table.source, { resample })
      : { sampleRate, traces: raw, resampled: false }
  const traces = columns.flatMap(({ listener }, i) => {
    const source = `${table.source} (listener ${listener})`
    const eda = pmemo.untilLast(even.traces[i]!)
    if (eda.length > 0) return [{ listener, eda, source }]
    found.skip(source, 'its column is empty')
    return []
  })
  return { sampleRate: even.sampleRate, isEven: !even.resampled, traces }
}

/** The columns after the times. @throws FormatError for one without a listener, unless it is empty, and for a listener with two */
function listeners(
  table: PositionTable,
  header: PositionRow,
  rows: readonly PositionRow[],
): { at: number; listener: string }[] {
  if (!isTime(header.cells[0]!))
    throw new FormatError(
      `${table.where(header)}: column 1 is '${header.cells[0]!.trim()}', expected time(s) and a column for each listener`,
    )
  const width = largestOf(rows.map(({ cells }) => cells.length))
  const columns: { at: number; listener: string }[] = []
  for (let at = 1; at < Math.max(width, header.cells.length); at++) {
    const cell = header.cells[at] ?? ''
    const listener = pmemo.listenerOf(cell)
    if (listener === undefined) {
      const filled = rows.find(({ cells }) => (cells[at] ?? '').trim() !== '')
      if (cell.trim() === '' && filled === undefined) continue
      throw new FormatError(
        `${table.where(filled ?? header)}: column ${at + 1} is called '${cell.trim()}', expected the six digits of a listener`,
      )
    }
    const twin = columns.find((other) => other.listener === listener)
    if (twin)
      throw new FormatError(
        `${table.where(header)}: columns ${twin.at + 1} and ${at + 1} are both of listener ${listener}; keep one of them`,
      )
    columns.push({ at, listener })
  }
  return columns
}

// HKU956 as it is distributed: what an Empatica E4 recorded of 30 people who chose music and rated each song, a file a signal and song.
// Hu, Li, Liu, "Detecting Music-Induced Emotion Based on Acoustic Analysis and Physiological Sensing", Applied Sciences 12(18), 2022.
import { type CsvTable, parseCsv } from '../formats/csv.ts'
import { wholeText } from '../reading/text.ts'
import { FormatError } from '../runtime/errors.ts'
import type { Store } from '../store/store.ts'
import { shownNames, withFindings, type Known } from './findings.ts'
import type { Layout, NamedOptions, OpenedDataset } from './layout.ts'
import { PositionTable } from './position_table.ts'
import { entryOf, joined, namesIn, sourceAt } from './tree.ts'
import type { Ratings, Trial } from './trial.ts'

const SIGNALS = /^(\d+\.\s*)?physiological[ _]signals$/i
const RATINGS = /^(\d+\.\s*)?AV[ _]ratings\.csv$/i
const FILE = /^(\d+)_(.+)\.csv$/i
/** Hz at which an E4 samples skin conductance; the files do not say it. */
const SAMPLE_RATE = 4
const SCALE = [-10, 10] as const
/** Seconds since 1970 in the year 2001: the first line of what an E4 writes is a later time. */
const EARLIEST_TIME = 1e9
/** A file whose length differs from the song's playing time by this share has another rate, or is not of that song. */
const MOST_OFF = 0.1

export const hku956: Layout = {
  kind: 'hku956',
  looksFor: '"1. physiological_signals"/<listener>/EDA/<order>_<song>.csv and "3. AV_ratings.csv" (HKU956)',
  refuses: {
    gsr: 'the skin signal of HKU956 is a conductance',
    resample: 'the files of HKU956 have no time steps',
  },
  recognises: async (store) => {
    const path = await entryOf(store, '', RATINGS)
    if (path !== undefined && (await ratingTable(store, path, path)).find('participant_id') !== undefined) return true
    return (await traceFiles(store)).files.length > 0
  },
  open,
}

interface TraceFile {
  listener: string
  order: number
  song: string
  path: string
}

/** In order of listeners and of what they heard, with the tables beside them that are called otherwise. @throws FormatError */
async function traceFiles(store: Store): Promise<{ files: TraceFile[]; others: string[] }> {
  const [files, others]: [TraceFile[], string[]] = [[], []]
  const signals = await entryOf(store, '', SIGNALS)
  if (signals === undefined) return { files, others }
  const people = await namesIn(store, signals)
  for (const listener of people) {
    if (people.some((other) => other !== listener && other.trim() === listener.trim()))
      throw new FormatError(`${signals}: two folders are called '${listener.trim()}'; keep one of them`)
    const folder = await entryOf(store, joined(signals, listener), /^EDA$/i)
    if (folder === undefined) continue
    const own: TraceFile[] = []
    for (const name of (await namesIn(store, folder)).filter((one) => /\.csv$/i.test(one))) {
      const [, order, song] = FILE.exec(name) ?? []
      const path = joined(folder, name)
      if (song === undefined) others.push(path)
      else own.push({ listener: listener.trim(), order: Number(order), song, path })
    }
    own.sort((a, b) => a.order - b.order)
    for (const [i, { order, path }] of own.entries())
      if (own[i - 1]?.order === order)
        throw new FormatError(`${own[i - 1]!.path} and ${path} have one place in the order; keep one of them`)
    for (const file of own) files.push(file)
  }
  return { files, others }
}

async function ratingTable(store: Store, path: string, label: string): Promise<CsvTable> {
  return parseCsv(await wholeText(await sourceAt(store, path, label)), label)
}

async function open(store: Store, { name, sampleRate = SAMPLE_RATE }: NamedOptions): Promise<OpenedDataset> {
  const { files, others } = await traceFiles(store)
  if (files.length === 0)
    throw new FormatError(
      `${name}: this is HKU956 without its EDA; add "1. physiological_signals"/<listener>/EDA/<order>_<song>.csv`,
    )
  const path = await entryOf(store, '', RATINGS)
  const said =
    path === undefined ? new Map<string, Said>() : readRatings(await ratingTable(store, path, `${name}/${path}`))
  const keys = new Set(files.map(keyOf))
  const silent = [...said.keys()].filter((key) => !keys.has(key))
  const unrated = files.filter((file) => said.get(keyOf(file))?.ratings === undefined).map(keyOf)
  const known: Known = {
    skipped: others.map((other) => ({ source: `${name}/${other}`, reason: 'its name is not <order>_<song>.csv' })),
    notes: [
      `The files of HKU956 do not say their rate, which is taken as ${sampleRate} Hz.`,
      ...(path === undefined ? ['There is no "3. AV_ratings.csv", so that no trial is rated.'] : []),
      ...(silent.length > 0 ? [`Ratings without EDA: ${silent.length} (${shownNames(silent)}).`] : []),
      ...(path !== undefined && unrated.length > 0
        ? [`Recordings without a rating: ${unrated.length} (${shownNames(unrated)}).`]
        : []),
    ],
  }
  return withFindings(
    { kind: 'hku956', name, synthetic: false, expected: files.length },
    known,
    async function* (found) {
      const odd: string[] = []
      for (const file of files) {
        const source = `${name}/${file.path}`
        const eda = await samplesOf(store, file.path, source)
        if (eda.every(Number.isNaN)) {
          found.skip(source, 'it has no samples')
          continue
        }
        const { ratings, seconds = '' } = said.get(keyOf(file)) ?? {}
        if (Number(seconds) > 0 && Math.abs(eda.length / sampleRate / Number(seconds) - 1) > MOST_OFF)
          odd.push(keyOf(file))
        yield trialOf(file, { eda, sampleRate, source, ratings, seconds })
      }
      if (odd.length > 0)
        found.note(
          `Recordings whose length at ${sampleRate} Hz differs from their play_duration by over ${100 * MOST_OFF} %: ` +
            `${odd.length} (${shownNames(odd)}).`,
        )
    },
  )
}

interface Said {
  ratings?: Ratings | undefined
  /** play_duration, as it stands there. */
  seconds: string
}

const keyOf = ({ listener, order, song }: Pick<TraceFile, 'listener' | 'order' | 'song'>): string =>
  `${listener}/${order}_${song}`

/** By listener, place in the order and song. @throws FormatError for a rating that is no number or off the scale, or given twice */
function readRatings(table: CsvTable): Map<string, Said> {
  const [listeners, orders, songs] = ['participant_id', 'song_no', 'song_id'].map((column) => table.text(column)) as [
    string[],
    string[],
    string[],
  ]
  const [valences, arousals] = ['valence_rating', 'arousal_rating'].map((column) => ratingsIn(table, column)) as [
    Float64Array,
    Float64Array,
  ]
  const seconds = table.has('play_duration') ? table.text('play_duration') : []
  const said = new Map<string, Said>()
  for (const [row, listener] of listeners.entries()) {
    const key = keyOf({ listener: listener.trim(), order: Number(orders[row]), song: songs[row]!.trim() })
    if (said.has(key)) throw new FormatError(`${table.where(row)}: ${key} is rated twice; keep one row`)
    const [valence, arousal] = [valences[row]!, arousals[row]!]
    const isRated = !Number.isNaN(valence) && !Number.isNaN(arousal)
    said.set(key, { ...(isRated && { ratings: { valence, arousal } }), seconds: seconds[row]?.trim() ?? '' })
  }
  return said
}

function ratingsIn(table: CsvTable, column: string): Float64Array {
  const values = table.numbers(column, 'nan')
  const off = values.findIndex((value) => value < SCALE[0] || value > SCALE[1])
  if (off < 0) return values
  throw new FormatError(
    `${table.where(off)}: column '${column}' is ${values[off]}, expected a rating from ${SCALE[0]} to ${SCALE[1]}`,
  )
}

/** A value a line; a blank line is a missing one. @throws FormatError for several columns, and for what is no number */
async function samplesOf(store: Store, path: string, label: string): Promise<Float64Array> {
  const table = await PositionTable.read(await sourceAt(store, path, label))
  const wide = table.rows.find(({ cells }) => cells.length > 1)
  if (wide) throw new FormatError(`${table.where(wide)}: ${wide.cells.length} cells, expected one value a line`)
  const rows = table.hasHeader ? table.rows.slice(1) : table.rows
  const [first, last] = [rows[0], rows.at(-1)]
  if (!first || !last) return new Float64Array(0)
  const eda = new Float64Array(last.line - first.line + 1).fill(NaN)
  for (const row of rows) eda[row.line - first.line] = table.number(row, 0)
  if (eda[0]! > EARLIEST_TIME)
    throw new FormatError(
      `${table.where(first)}: ${eda[0]} is a time and no conductance, as in a file of the wristband itself; delete that line and the rate below it`,
    )
  return eda
}

function trialOf(
  { listener, order, song }: TraceFile,
  { eda, sampleRate, source, ratings, seconds }: { eda: Float64Array; sampleRate: number; source: string } & Said,
): Trial {
  return {
    id: `${listener}_${String(order).padStart(2, '0')}`,
    subject: listener,
    stimulus: song,
    sampleRate,
    eda,
    unit: 'uS',
    ...(ratings && { ratings }),
    ratingScale: SCALE,
    dataset: 'hku956',
    baselineSeconds: 0,
    columns: { order: String(order), play_duration: seconds },
    source,
  }
}

// PMEmo, the release of 2018/01: a trace for each song, listener and listening, and each listener's own ratings. People heard a song once
// to rate its arousal and once to rate its valence.
import { unitInName } from '../reading/unit.ts'
import { FormatError } from '../runtime/errors.ts'
import type { Store } from '../store/store.ts'
import { evenTraces, resampledNotes } from './even_traces.ts'
import { withFindings, type Findings, type Known } from './findings.ts'
import type { Layout, NamedOptions, OpenedDataset } from './layout.ts'
import * as pmemo from './pmemo.ts'
import { annotationFiles, averageRatings, folderOf, LETTER, listenersRatings, type Said } from './pmemo2018_ratings.ts'
import { PositionTable } from './position_table.ts'
import { joined, namesIn, sourceAt } from './tree.ts'
import { DIMENSIONS, type Dimension, type Ratings } from './trial.ts'

export const pmemo2018: Layout = {
  kind: 'pmemo2018',
  looksFor: 'EDA/Arousal and EDA/Valence with files <song>_<listener>_A.csv and _V.csv (PMEmo 2018/01)',
  refuses: { gsr: 'the skin signal of PMEmo is a conductance' },
  recognises: async (store) => {
    for (const pass of DIMENSIONS) {
      const [{ traces }, annotations] = [await filesOf(store, pass), await annotationFiles(store, pass)]
      if (traces.length > 0 || annotations.size > 0) return true
    }
    return false
  },
  open,
}

interface TraceFile {
  song: string
  listener: string
  path: string
}

interface PassFiles {
  /** In order of songs and listeners. */
  traces: TraceFile[]
  /** Paths of tables beside them that are called otherwise. */
  others: string[]
}

/** @throws FormatError where a listener has two traces of a song */
async function filesOf(store: Store, pass: Dimension): Promise<PassFiles> {
  const found: PassFiles = { traces: [], others: [] }
  const folder = await folderOf(store, /^EDA$/i, pass)
  if (folder === undefined) return found
  const name = new RegExp(`^(\\d+)_(.*)_${LETTER[pass]}\\.csv$`, 'i')
  for (const file of (await namesIn(store, folder)).filter((one) => /\.csv$/i.test(one))) {
    const [, song = '', id = ''] = name.exec(file) ?? []
    const [path, listener] = [joined(folder, file), pmemo.listenerOf(id)]
    if (listener === undefined) found.others.push(path)
    else found.traces.push({ song: String(Number(song)), listener, path })
  }
  found.traces.sort((a, b) => pmemo.bySong(a, b) || Number(a.listener) - Number(b.listener))
  for (const [i, { song, listener, path }] of found.traces.entries()) {
    const before = found.traces[i - 1]
    if (before?.song === song && before.listener === listener)
      throw new FormatError(`${before.path} and ${path} are of one song and listener; keep one of them`)
  }
  return found
}

async function open(store: Store, { name, pass: only, sampleRate, resample }: NamedOptions): Promise<OpenedDataset> {
  const passes = await Promise.all(
    DIMENSIONS.filter((pass) => only === undefined || pass === only).map(async (pass) => ({
      pass,
      ...(await filesOf(store, pass)),
    })),
  )
  const expected = passes.reduce((sum, { traces }) => sum + traces.length, 0)
  if (expected === 0) {
    const wanted = passes.map(({ pass }) => `<song>_<listener>_${LETTER[pass]}.csv for ${pass}`).join(' and ')
    throw new FormatError(`${name}: this is PMEmo 2018/01, but its folder EDA has no files ${wanted}; add them`)
  }
  const { metadata, notes } = await pmemo.readMetadata(store, name)
  const songs: pmemo.Songs = { metadata, ratings: await averageRatings(store, name) }
  const recorded = new Set(passes.flatMap(({ traces }) => traces.map(({ song }) => song)))
  const known: Known = {
    skipped: passes.flatMap(({ pass, others }) =>
      others.map((path) => ({
        source: `${name}/${path}`,
        reason: `its name is not <song>_<listener>_${LETTER[pass]}.csv`,
      })),
    ),
    notes: [
      ...passes
        .filter(({ traces }) => traces.length === 0)
        .map(({ pass }) => `There is no EDA of the listening for ${pass}.`),
      ...pmemo.givenRateNotes(sampleRate),
      ...notes,
      ...(songs.ratings.size > 0 ? [] : ['There are no A_static.csv and V_static.csv with average ratings of songs.']),
      ...pmemo.songNotes([...recorded], songs),
    ],
  }
  const opened = withFindings({ kind: 'pmemo2018', name, synthetic: false, expected }, known, async function* (found) {
    const arousal = await listenersRatings(store, name, 'arousal', found)
    const valence = await listenersRatings(store, name, 'valence', found)
    const [noConductance, resampled]: [string[], string[]] = [[], []]
    let unrated = 0
    for (const { pass, traces } of passes) {
      for (const { song, listener, path } of traces) {
        const table = await PositionTable.read(await sourceAt(store, path, `${name}/${path}`))
        const trace = traceOf(table, { sampleRate, resample }, found)
        if (trace === undefined) continue
        const { isEven, ...read } = trace
        if (!isEven) resampled.push(path)
        const ratings = pairOf(`${song}_${listener}`, arousal, valence)
        if (ratings === undefined) unrated++
        const trial = pmemo.pmemoTrial(
          { dataset: 'pmemo2018', song, listener, pass, ratings, source: table.source, ...read },
          songs,
        )
        if (trial.unit !== 'uS') noConductance.push(trial.id)
        yield trial
      }
    }
    if (unrated > 0) found.note(`${unrated} recordings have no rating of both dimensions by their listener.`)
    for (const note of [...resampledNotes(resampled), ...pmemo.noConductanceNotes(noConductance)]) found.note(note)
  })
  return await pmemo.withOwnMusic(store, opened)
}

function pairOf(key: string, arousals: Said, valences: Said): Ratings | undefined {
  const [arousal, valence] = [arousals.get(key), valences.get(key)]
  return arousal === undefined || valence === undefined ? undefined : { valence, arousal }
}

interface Trace {
  /** Hz. */
  sampleRate: number
  eda: Float64Array
  isEven: boolean
}

/** The trace of a file: times, then values. Nothing where it has none. @throws FormatError for another table */
function traceOf(table: PositionTable, { sampleRate, resample }: pmemo.Timing, found: Findings): Trace | undefined {
  const rows = table.hasHeader ? table.rows.slice(1) : table.rows
  const wide = table.rows.find(({ cells }) => cells.slice(2).some((cell) => cell.trim() !== ''))
  if (wide)
    throw new FormatError(
      `${table.where(wide)}: ${wide.cells.length} cells, expected two: time(s) and EDA(microsiemens)`,
    )
  const unit = table.hasHeader ? unitInName(table.rows[0]!.cells[1] ?? '')?.name : undefined
  if (unit !== undefined && unit !== 'µS')
    throw new FormatError(
      `${table.where(table.rows[0]!)}: the EDA is in ${unit}, expected microsiemens as PMEmo has them`,
    )
  const raw = Float64Array.from(rows, (row) => table.number(row, 1))
  if (raw.every(Number.isNaN)) {
    found.skip(table.source, 'it has no samples')
    return undefined
  }
  const even =
    sampleRate === undefined
      ? evenTraces(pmemo.stampsOf(table, rows), [raw], table.source, { resample })
      : { sampleRate, traces: [raw], resampled: false }
  return { sampleRate: even.sampleRate, eda: pmemo.untilLast(even.traces[0]!), isEven: !even.resampled }
}

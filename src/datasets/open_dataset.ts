// One door to all datasets: a folder is known by the files that it has and by what is in them.

import { digest } from '../formats/digest.ts'
import { checkNames, nameOf, shown, type Known } from '../runtime/arguments.ts'
import { FormatError, UsageError } from '../runtime/errors.ts'
import type { Store } from '../store/store.ts'
import { within } from '../store/within.ts'
import { shownNames } from './findings.ts'
import { GSR, type Layout, type OpenedDataset, type OpenOptions } from './layout.ts'
import { joined, namesIn } from './tree.ts'
import { DIMENSIONS, type Trial, type TrialSet } from './trial.ts'
import { amigos } from './amigos.ts'
import { deap } from './deap.ts'
import { hku956 } from './hku956.ts'
import { pmemo2018 } from './pmemo2018.ts'
import { pmemo2019 } from './pmemo2019.ts'
import { recordings } from './recordings.ts'
import { trialTable } from './trial_table.ts'

/** Recordings are what a folder is that is none of these. */
const LAYOUTS: readonly Layout[] = [trialTable, pmemo2018, pmemo2019, deap, amigos, hku956]
/** Archives unpack to a folder, which may hold one more of the same name. */
const DEEPEST = 2
/** Folders that are looked into: a dataset has its files near the top. */
const MOST_FOLDERS = 200
/** What datasets are downloaded as. */
const ARCHIVE = /\.(zip|rar|7z|tar|tgz|tar\.(gz|bz2|xz))$/i
/** A file of this name at the top, whose first word says so, marks a dataset of any layout as made up. */
const MARK = 'SYNTHETIC.md'

const OPTIONS: Known<OpenOptions> = { name: true, sampleRate: true, pass: true, resample: true, gsr: true }

/** A layout and the folder that is of it, `''` for the root. */
interface Place {
  layout: Layout
  folder: string
}

/**
 * Opens a dataset as it is distributed, or the one in a folder inside. Trials are read as they are asked for; `skipped` and `notes`
 * grow as they are.
 * @throws FormatError for a folder that is of no known layout or of two, naming what was looked for and what was found
 * @throws UsageError for what is no store, an option that is not known, and one that does not fit the dataset
 */
export async function openDataset(store: Store, options: OpenOptions = {}): Promise<OpenedDataset> {
  if (typeof (store as Partial<Store> | undefined)?.list !== 'function')
    throw new UsageError(
      `openDataset: the store is ${nameOf(store)}, expected a Store, such as a NodeStore of a folder or a MemoryStore`,
    )
  checkOptions(options)
  const called = options.name ?? 'the folder'
  if (!(await store.exists(''))) throw new FormatError(`${called}: no such folder`)
  const { layout, folder } = await placeOf(store, called)
  const name = options.name ?? layout.kind
  for (const [option, reason] of Object.entries(layout.refuses)) {
    const value = options[option as keyof OpenOptions] ?? false
    if (value !== false) throw new UsageError(`${name}: ${option} is ${value}, but ${reason}; leave it out`)
  }
  const inside = folder === '' ? store : within(store, folder)
  const naming = { ...options, name: folder === '' ? name : joined(name, folder) }
  const opened = await layout.open(inside, naming).catch(async (error: unknown) => {
    throw error instanceof FormatError && error.facts['noRecording'] === true ? await unknown(store, called) : error
  })
  const synthetic = opened.synthetic || (await isMarked(inside)) || (await isMarked(store))
  return { ...opened, name, synthetic, trials: () => comparing(opened) }
}

/** Its trials, and a note of those that have each other's samples: a copy on both sides of a split makes any result too good. */
async function* comparing({ trials, notes }: OpenedDataset): AsyncGenerator<Trial> {
  const firsts = new Map<string, string>()
  const copies: string[] = []
  for await (const trial of trials()) {
    const { id, eda } = trial
    if (eda.some((value) => value !== eda[0])) {
      const samples = await digest([eda])
      const first = firsts.get(samples)
      if (first === undefined) firsts.set(samples, id)
      else copies.push(`${id} as ${first}`)
    }
    yield trial
  }
  const note = `Trials with the same samples as another one: ${copies.length} (${shownNames(copies)}).`
  if (copies.length > 0 && !notes.includes(note)) notes.push(note)
}

function checkOptions(options: OpenOptions): void {
  checkNames('openDataset', options, OPTIONS)
  const { name, sampleRate, pass, resample, gsr } = options
  const refused = (option: string, value: unknown, expected: string): UsageError =>
    new UsageError(
      `openDataset: ${option} is ${typeof value === 'number' ? value : shown(value)}, expected ${expected}`,
    )
  if (name !== undefined && typeof name !== 'string') throw refused('name', name, 'a text')
  if (sampleRate !== undefined && !(sampleRate > 0 && sampleRate < Infinity))
    throw refused('sampleRate', sampleRate, 'a positive number of Hz')
  if (pass !== undefined && !DIMENSIONS.includes(pass)) throw refused('pass', pass, DIMENSIONS.join(' or '))
  if (resample !== undefined && typeof resample !== 'boolean') throw refused('resample', resample, 'true or false')
  if (gsr !== undefined && !GSR.includes(gsr)) throw refused('gsr', gsr, GSR.join(', '))
}

/** The one dataset at the lowest depth that has any. @throws FormatError where that is none or several */
async function placeOf(store: Store, called: string): Promise<Place> {
  let folders = ['']
  for (let depth = 0; depth <= DEEPEST; depth++) {
    const [place, other, ...more] = (await Promise.all(folders.map((folder) => placesIn(store, folder)))).flat()
    if (place && !other) return place
    if (place && other) throw ambiguous(called, [place, other, ...more])
    folders = (await Promise.all(folders.map((folder) => foldersIn(store, folder)))).flat().slice(0, MOST_FOLDERS)
  }
  if (await recordings.recognises(store)) return { layout: recordings, folder: '' }
  throw await unknown(store, called)
}

async function unknown(store: Store, called: string): Promise<FormatError> {
  const names = await store.list('')
  const packed = names.find((name) => ARCHIVE.test(name))
  const wanted = [...LAYOUTS, recordings].map(({ looksFor }) => looksFor).join(', or ')
  return new FormatError(
    `${called} is no dataset that is known: looked for ${wanted}, in it and in folders at most ${DEEPEST} deep; found ${shownNames(names)}` +
      (packed === undefined ? '' : `; ${packed} may hold one: unpack it first`),
  )
}

async function placesIn(store: Store, folder: string): Promise<Place[]> {
  const inside = folder === '' ? store : within(store, folder)
  const known = await Promise.all(LAYOUTS.map((layout) => layout.recognises(inside)))
  return LAYOUTS.filter((_, i) => known[i]).map((layout) => ({ layout, folder }))
}

/** What has an ending is a file. */
async function foldersIn(store: Store, folder: string): Promise<string[]> {
  const names = (await namesIn(store, folder)).filter((name) => !/\.[a-z]\w{0,4}$/i.test(name))
  const paths = names.slice(0, MOST_FOLDERS).map((name) => joined(folder, name))
  const filled = await Promise.all(paths.map(async (path) => (await store.list(path)).length > 0))
  return paths.filter((_, i) => filled[i])
}

function ambiguous(called: string, places: readonly Place[]): FormatError {
  const [first, second] = places as [Place, Place]
  return new FormatError(
    places.every(({ folder }) => folder === first.folder)
      ? `${called} could be two datasets, by ${first.layout.looksFor} and by ${second.layout.looksFor}; give a folder with one of them`
      : `${called} holds ${places.length} datasets: ${shownNames(places.map(({ layout, folder }) => `${folder} (${layout.kind})`))}; ` +
          'give the folder of one of them',
  )
}

async function isMarked(store: Store): Promise<boolean> {
  return (await store.exists(MARK)) && /^\W*synthetic\b/i.test(await store.readText(MARK))
}

/** All trials of a dataset in memory. */
export async function collect({
  name,
  synthetic,
  trials,
  musicDim = 0,
  musicSet,
  skipped,
  notes,
}: OpenedDataset): Promise<TrialSet> {
  const all: Trial[] = []
  for await (const trial of trials()) all.push(trial)
  return { name, synthetic, trials: all, musicDim, ...(musicSet !== undefined && { musicSet }), skipped, notes }
}

// AMIGOS as it is distributed: a MATLAB file a participant, preprocessed to 128 Hz.
// http://www.eecs.qmul.ac.uk/mmv/datasets/amigos/readme.html
import { openMat, type MatFile } from '../formats/mat.ts'
import type { MatArray } from '../formats/mat_array.ts'
import { FormatError, UsageError } from '../runtime/errors.ts'
import type { Source } from '../store/source.ts'
import type { Store } from '../store/store.ts'
import { withFindings, type Findings } from './findings.ts'
import type { Gsr, Layout, OpenedDataset, NamedOptions } from './layout.ts'
import { joined, namesIn } from './tree.ts'
import type { Trial } from './trial.ts'

const PARTICIPANTS = Array.from({ length: 40 }, (_, i) => `P${String(i + 1).padStart(2, '0')}`)
/** A file, or without the ending the folder in which it may lie. */
const NAME = /^Data_Preprocessed_(P\d\d)(\.mat)?$/i
/** Hz of the preprocessed files, which do not say it. */
const RATE = 128
const BASELINE_SECONDS = 5
/** Of each participant: 16 short ones and four long. */
const VIDEOS = 20
/** 14 of EEG, two of ECG, then GSR. */
const CHANNELS = 17
const SCALE = [1, 9] as const
/** What a row of `labels_selfassessment` holds: arousal before valence, other than in DEAP. */
const ASSESSMENTS =
  'arousal valence dominance liking familiarity neutral disgust happiness surprise anger fear sadness'.split(' ')
/** Bytes of the text that a MATLAB file begins with. */
const HEADER_TEXT = 116

/**
 * Files `Data_Preprocessed_P01.mat` to `P40.mat`, flat or each in a folder of its name. Of each video the GSR column and the
 * self-assessments are read, of which all are columns; annotations by others, EEG and ECG are left. A file whose header says "synthetic"
 * makes the set synthetic.
 */
export const amigos: Layout = {
  kind: 'amigos',
  looksFor: 'Data_Preprocessed_P01.mat to P40.mat, flat or each in a folder of that name (AMIGOS)',
  refuses: {
    resample: 'the files of AMIGOS have no time steps',
  },
  // No other dataset has files of such names; one that is something else is better refused by its name.
  recognises: async (store) => (await participantFiles(store)).size > 0,
  open,
}

async function open(store: Store, { name, sampleRate = RATE, gsr = 'as-is' }: NamedOptions): Promise<OpenedDataset> {
  if (gsr === 'negate')
    throw new UsageError(
      `${name}: the GSR of AMIGOS is a conductance or a resistance, neither of which is negative; use 'as-is' or 'invert' (1/x)`,
    )
  if (!(sampleRate > 0 && sampleRate < Infinity))
    throw new UsageError(`${name}: a sample rate of ${sampleRate} Hz; expected a positive number`)
  const files = await participantFiles(store)
  if (files.size === 0) throw new FormatError(`${name}: no files of AMIGOS; expected ${amigos.looksFor}`)
  const synthetic = await saysSynthetic(store, files.values())
  return withFindings(
    { kind: 'amigos', name, synthetic, expected: files.size * VIDEOS },
    { skipped: [], notes: assumptions(files, sampleRate, gsr) },
    async function* (found) {
      for (const [subject, path] of files)
        yield* trialsOf(await namedSource(store, path), { subject, sampleRate, gsr }, found)
    },
  )
}

/** What a name says: of whom, and whether it is the file or the folder of one. */
function called(name: string): { subject: string | undefined; isFile: boolean } {
  const [, subject, ending] = NAME.exec(name) ?? []
  return { subject: subject?.toUpperCase(), isFile: ending !== undefined }
}

/** Paths by participant, in order. @throws FormatError where one has two files */
async function participantFiles(store: Store): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  const add = (subject: string, path: string): void => {
    const before = found.get(subject)
    if (before !== undefined) throw new FormatError(`${before} and ${path} are of one participant; keep one of them`)
    found.set(subject, path)
  }
  for (const name of await namesIn(store, '')) {
    const { subject, isFile } = called(name)
    if (subject === undefined) continue
    if (isFile) add(subject, name)
    else
      for (const inner of await namesIn(store, name)) {
        const file = called(inner)
        if (file.isFile && file.subject === subject) add(subject, joined(name, inner))
      }
  }
  return new Map(PARTICIPANTS.flatMap((subject) => (found.has(subject) ? [[subject, found.get(subject)!]] : [])))
}

function assumptions(files: ReadonlyMap<string, string>, sampleRate: number, gsr: Gsr): string[] {
  const missing = PARTICIPANTS.filter((subject) => !files.has(subject))
  return [
    `the files of AMIGOS do not say their rate, which is taken as ${sampleRate} Hz; the first ${BASELINE_SECONDS} s of each trial are baseline`,
    gsr === 'invert'
      ? 'the unit of the GSR is not documented; it is taken as a resistance, of which 1/x is a conductance of unknown unit'
      : 'the unit of the GSR is not documented; it is taken as a conductance, as it is',
    ...(missing.length ? [`${missing.length} of 40 participants are not there: ${missing.join(', ')}`] : []),
  ]
}

/** A source that messages call by its path in the dataset. */
async function namedSource(store: Store, path: string): Promise<Source> {
  const source = await store.source(path)
  return { name: path.split('/').at(-1)!, size: source.size, read: (start, end) => source.read(start, end) }
}

async function saysSynthetic(store: Store, paths: Iterable<string>): Promise<boolean> {
  for (const path of paths) {
    const head = await (await store.source(path)).read(0, HEADER_TEXT)
    if (/synthetic/i.test(new TextDecoder('latin1').decode(head))) return true
  }
  return false
}

interface Participant {
  subject: string
  sampleRate: number
  gsr: Gsr
}

/** The videos of one participant, whose file is in memory until the last of them is asked for. */
async function* trialsOf(
  source: Source,
  { subject, sampleRate, gsr }: Participant,
  found: Findings,
): AsyncGenerator<Trial> {
  const file = await openMat(source)
  const videos = idsOf(await read(file, source, 'VideoIDs'), source)
  const assessments = cellsOf(await read(file, source, 'labels_selfassessment'), videos, source)
  const recordings = cellsOf(await read(file, source, 'joined_data'), videos, source)
  let lost = 0
  const unrated: string[] = []
  for (const [i, video] of videos.entries()) {
    const where = `${source.name} (video ${video || `number ${i + 1}`})`
    const recording = recordings[i]!
    const skip = (reason: string): void => found.skip(where, reason)
    if (isEmpty(recording)) {
      skip('no recording: its cell of joined_data is empty')
      continue
    }
    if (video === '') {
      skip('its cell of VideoIDs is empty, so that nobody knows what was seen')
      continue
    }
    const { eda, missing } = withGsr(gsrColumn(recording, where), gsr)
    const values = assessmentsOf(assessments[i]!, where)
    if (eda.length <= BASELINE_SECONDS * sampleRate) {
      skip(`its ${eda.length} samples end within the ${BASELINE_SECONDS} s of baseline`)
      continue
    }
    if (eda.every(Number.isNaN)) {
      skip('its GSR is NaN from end to end')
      continue
    }
    lost += missing
    const [arousal, valence] = values ?? [NaN, NaN]
    const isRated = !Number.isNaN(arousal) && !Number.isNaN(valence)
    if (!isRated) unrated.push(video)
    yield {
      id: `${subject}_${video}`,
      subject,
      stimulus: video,
      sampleRate,
      eda,
      unit: 'unknown',
      ...(isRated && { ratings: { valence: valence!, arousal: arousal! } }),
      ratingScale: SCALE,
      dataset: 'amigos',
      baselineSeconds: BASELINE_SECONDS,
      columns: Object.fromEntries(ASSESSMENTS.map((name, column) => [name, textOf(values?.[column])])),
      source: `${source.name}, joined_data{${i + 1}} (video ${video}), column ${CHANNELS}`,
    }
  }
  if (unrated.length) found.note(`${source.name}: no self-assessment of arousal and valence for ${unrated.join(', ')}`)
  if (lost > 0) found.note(`${source.name}: ${lost} samples of GSR are 0, which has no 1/x, and count as missing`)
}

async function read(file: MatFile, source: Source, name: string): Promise<MatArray> {
  const variable = file.variables.get(name)
  if (variable === undefined)
    throw new FormatError(
      `${source.name}: no variable '${name}'; it has ${[...file.variables.keys()].join(', ') || 'none'}`,
    )
  return await variable.read()
}

/** Cells, numbers or rows of text; empty where a cell is. @throws FormatError for a video that occurs twice */
function idsOf(array: MatArray, source: Source): string[] {
  const ids =
    array.kind === 'cells'
      ? array.cells.map((cell) => idOf(cell, source))
      : plainIds(array, source).map((id) => id.trim())
  const twice = ids.find((id, i) => id !== '' && ids.indexOf(id) < i)
  if (twice !== undefined) throw new FormatError(`${source.name}: video ${twice} occurs twice in VideoIDs`)
  return ids
}

function idOf(cell: MatArray, source: Source): string {
  const ids = plainIds(unwrapped(cell), source)
  if (ids.length > 1) throw new FormatError(`${source.name}: a cell of VideoIDs holds ${ids.length} ids, expected one`)
  return (ids[0] ?? '').trim()
}

function plainIds(array: MatArray, source: Source): string[] {
  if (isEmpty(array)) return []
  if (array.kind === 'texts') return array.texts
  if (array.kind === 'numbers') return Array.from(array.values(), String)
  throw new FormatError(`${source.name}: VideoIDs are of the class ${array.className}, expected texts or numbers`)
}

/** A cell in a cell of one is what it holds. */
function unwrapped(array: MatArray): MatArray {
  return array.kind === 'cells' && array.cells.length === 1 ? unwrapped(array.cells[0]!) : array
}

function cellsOf(array: MatArray, videos: readonly string[], source: Source): MatArray[] {
  if (array.kind !== 'cells')
    throw new FormatError(`${source.name}: '${array.name}' is of the class ${array.className}, expected cells`)
  if (array.cells.length !== videos.length)
    throw new FormatError(
      `${source.name}: '${array.name}' has ${array.cells.length} cells for ${videos.length} VideoIDs; expected one each`,
    )
  return array.cells.map(unwrapped)
}

const isEmpty = ({ shape }: MatArray): boolean => shape.includes(0)

/** The last column of [samples, 17]. */
function gsrColumn(array: MatArray, where: string): Float64Array {
  const [samples, channels] = array.shape
  if (array.kind !== 'numbers' || array.shape.length !== 2 || channels !== CHANNELS)
    throw new FormatError(
      `${where}: joined_data holds ${array.className} [${array.shape.join(', ')}], expected numbers [samples, ${CHANNELS}] of which ` +
        'the last column is GSR',
    )
  return array.values((CHANNELS - 1) * samples!)
}

/** Samples as asked for, and how many of them only became missing by that. */
function withGsr(raw: Float64Array, gsr: Gsr): { eda: Float64Array; missing: number } {
  if (gsr !== 'invert') return { eda: raw, missing: 0 }
  const eda = raw.map((value) => (Number.isFinite(1 / value) ? 1 / value : NaN))
  const missing = eda.filter((value, i) => Number.isNaN(value) && !Number.isNaN(raw[i]!)).length
  return { eda, missing }
}

/** The twelve of a video; nothing where none were given. @throws FormatError for a rating off the scale */
function assessmentsOf(array: MatArray, where: string): Float64Array | undefined {
  if (isEmpty(array)) return undefined
  if (array.kind !== 'numbers' || array.shape.length !== 2 || !sameShape(array.shape, [1, ASSESSMENTS.length]))
    throw new FormatError(
      `${where}: labels_selfassessment holds ${array.className} [${array.shape.join(', ')}], expected numbers [1, ${ASSESSMENTS.length}]`,
    )
  const values = array.values()
  for (const [column, name] of ['arousal', 'valence'].entries()) {
    const value = values[column]!
    if (value < SCALE[0] || value > SCALE[1])
      throw new FormatError(`${where}: its ${name} is ${value}, expected ${SCALE[0]} to ${SCALE[1]}`)
  }
  return values
}

const textOf = (value = NaN): string => (Number.isNaN(value) ? '' : String(value))

const sameShape = (a: readonly number[], b: readonly number[]): boolean => a.join() === b.join()

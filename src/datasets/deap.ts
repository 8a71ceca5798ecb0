// DEAP as it is distributed: preprocessed recordings of 32 people who watched 40 music videos, a pickle of
// { data [trials, channels, samples], labels [trials, ratings] } a person.
// Koelstra et al., "DEAP: a database for emotion analysis using physiological signals", IEEE TAC 2012.
import { type PickledArray, parsePickledArrays } from '../formats/numpy_pickle.ts'
import { FormatError, UsageError } from '../runtime/errors.ts'
import { allBytes } from '../store/source.ts'
import type { Store } from '../store/store.ts'
import type { Gsr, Layout, OpenedDataset, NamedOptions } from './layout.ts'
import type { Trial } from './trial.ts'

const FILE = /^(s(?:0[1-9]|[12]\d|3[0-2]))\.dat$/i
const SUBJECTS = 32
/** Videos that each of them saw. */
const TRIALS = 40
const SAMPLE_RATE = 128
const CHANNELS = 40
/** The channels after 32 of EEG: 4 of muscles and eyes, then the skin. */
const GSR_CHANNEL = 36
const EEG_CHANNELS = 32
/** Columns of `labels`, in order. */
const RATINGS = ['valence', 'arousal', 'dominance', 'liking'] as const
const SCALE = [1, 9] as const
/** The 3 s before the video begins are left in the files. */
const BASELINE_SECONDS = 3
/** Bytes in which the first key of a dictionary lies. */
const HEAD = 64

/** DEAP's `data_preprocessed_python`: `s01.dat` … `s32.dat`. */
export const deap: Layout = {
  kind: 'deap',
  looksFor: 's01.dat … s32.dat, pickles of DEAP',
  refuses: {
    resample: 'the files of DEAP have no time steps',
  },
  recognises: async (store) => {
    for (const file of await filesOf(store)) if (await beginsAsPickle(store, file)) return true
    return false
  },
  open,
}

/** In order of people. @throws FormatError for a person with two, whose names differ in capitals */
async function filesOf(store: Store): Promise<string[]> {
  const files = (await store.list('')).filter((name) => FILE.test(name))
  files.sort((a, b) => (subjectOf(a) < subjectOf(b) ? -1 : 1))
  const twice = files.findIndex((file, i) => i > 0 && subjectOf(file) === subjectOf(files[i - 1]!))
  if (twice > 0) throw new FormatError(`${files[twice - 1]!} and ${files[twice]!} could be the same; keep one of them`)
  return files
}

/** A pickle of protocol 2 to 5. */
async function beginsAsPickle(store: Store, path: string): Promise<boolean> {
  const [first, protocol] = await (await store.source(path)).read(0, 2)
  return first === 0x80 && protocol !== undefined && protocol >= 2 && protocol <= 5
}

/** Of `negate` -1, of `as-is` 1. */
function signOf(gsr: Gsr, name: string): number {
  if (gsr === 'as-is') return 1
  if (gsr === 'negate') return -1
  throw new UsageError(
    `${name}: ${gsr} is not for the GSR of DEAP, whose values have both signs, so that 1/x means nothing; use as-is or negate`,
  )
}

async function open(store: Store, { name, sampleRate, gsr = 'as-is' }: NamedOptions): Promise<OpenedDataset> {
  const sign = signOf(gsr, name)
  if (sampleRate !== undefined && sampleRate !== SAMPLE_RATE)
    throw new UsageError(`${name}: DEAP is recorded at ${SAMPLE_RATE} Hz, not ${sampleRate}; leave the rate away`)
  const files = await filesOf(store)
  if (files.length === 0) throw new FormatError(`${name}: no s01.dat … s32.dat`)
  const notes = [
    `The unit of DEAP's GSR is not documented: it is read ${sign < 0 ? 'with its sign changed' : 'as it is'}, in the unit 'unknown'.`,
    'Trial k of each file is taken for video k, as in the preprocessed files of DEAP.',
    ...missingSubjects(files),
  ]
  const note = (text: string): void => void (notes.includes(text) || notes.push(text))
  async function* trials(): AsyncGenerator<Trial> {
    for (const path of files) yield* await readSubject(store, path, { label: `${name}/${path}`, sign, note })
  }
  const expected = files.length * TRIALS
  const synthetic = await saysSynthetic(store, files)
  return { kind: 'deap', name, synthetic, trials, expected, skipped: [], notes }
}

/** Whether a file begins with the key that look-alikes have and DEAP has not. */
async function saysSynthetic(store: Store, files: readonly string[]): Promise<boolean> {
  for (const path of files) {
    const head = await (await store.source(path)).read(0, HEAD)
    if (new TextDecoder('latin1').decode(head).includes('synthetic')) return true
  }
  return false
}

const subjectOf = (path: string): string => FILE.exec(path)![1]!.toLowerCase()

function missingSubjects(files: readonly string[]): string[] {
  const present = new Set(files.map(subjectOf))
  const all = Array.from({ length: SUBJECTS }, (_, i) => `s${String(i + 1).padStart(2, '0')}`)
  const missing = all.filter((subject) => !present.has(subject))
  return missing.length > 0
    ? [`${missing.length} of DEAP's ${SUBJECTS} subjects are not there: ${missing.join(', ')}.`]
    : []
}

interface Reading {
  /** What messages call the file. */
  label: string
  /** What the skin signal is multiplied by. */
  sign: number
  note: (text: string) => void
}

/** The trials of one file; of its bytes nothing is kept. */
async function readSubject(store: Store, path: string, { label, sign, note }: Reading): Promise<Trial[]> {
  const bytes = await allBytes(await store.source(path))
  const { data, labels } = parsePickledArrays(bytes, ['data', 'labels'], label)
  checkShapes(data, labels, label)
  const subject = subjectOf(path)
  const unusable: number[] = []
  const trials = Array.from({ length: data.shape[0]! }, (_, index): Trial => {
    const number = index + 1
    const source = `${label} (trial ${number})`
    const eda = skinSignal(data, index, sign, source)
    if (eda.some(Number.isNaN) || eda.every((value) => value === eda[0])) unusable.push(number)
    const { valence, arousal, dominance, liking } = ratingsOf(labels, index, source)
    return {
      id: `${subject}_t${String(number).padStart(2, '0')}`,
      subject,
      // The preprocessed files order trials by the number of the video, not by when each was shown.
      stimulus: String(number),
      sampleRate: SAMPLE_RATE,
      eda,
      unit: 'unknown',
      ratings: { valence, arousal },
      ratingScale: SCALE,
      dataset: 'deap',
      baselineSeconds: BASELINE_SECONDS,
      columns: { dominance: String(dominance), liking: String(liking) },
      source,
    }
  })
  if (unusable.length > 0) note(`${label}: the GSR is constant or has missing samples in trial ${unusable.join(', ')}.`)
  return trials
}

function checkShapes(data: PickledArray, labels: PickledArray, label: string): void {
  const [trials, channels, samples] = data.shape
  const shown = (shape: readonly number[]): string => `[${shape.join(', ')}]`
  if (data.shape.length !== 3 || channels !== CHANNELS) {
    const copy =
      data.shape.length === 3 && channels === EEG_CHANNELS
        ? ` This looks like DEAP's EEG-only copy; GSR is channel ${GSR_CHANNEL + 1} of the full file.`
        : ''
    throw new FormatError(`${label}: 'data' is ${shown(data.shape)}, expected ${CHANNELS} channels.${copy}`)
  }
  if (trials === 0 || samples === 0) throw new FormatError(`${label}: 'data' is ${shown(data.shape)}, which is empty`)
  if (labels.shape.length !== 2 || labels.shape[0] !== trials || labels.shape[1] !== RATINGS.length)
    throw new FormatError(
      `${label}: 'labels' is ${shown(labels.shape)}, expected [${trials}, ${RATINGS.length}]: ${RATINGS.join(', ')} of each trial`,
    )
}

function skinSignal(data: PickledArray, trial: number, sign: number, source: string): Float64Array {
  return Float64Array.from({ length: data.shape[2]! }, (_, sample) => {
    const value = data.at(trial, GSR_CHANNEL, sample)
    if (Math.abs(value) === Infinity) throw new FormatError(`${source}: sample ${sample} of the GSR is infinite`)
    return sign * value
  })
}

function ratingsOf(labels: PickledArray, trial: number, source: string): Record<(typeof RATINGS)[number], number> {
  const [least, most] = SCALE
  const ratings = RATINGS.map((name, column) => {
    const value = labels.at(trial, column)
    if (!(value >= least && value <= most))
      throw new FormatError(`${source}: ${name} is ${value}, expected a rating from ${least} to ${most}`)
    return [name, value] as const
  })
  return Object.fromEntries(ratings) as Record<(typeof RATINGS)[number], number>
}

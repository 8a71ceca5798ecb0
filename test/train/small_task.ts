// A study small enough to train on in a second, made of plain numbers, and a store that remembers every checkpoint of a run on it.
import { createHash } from 'node:crypto'
import { presets } from '../../src/model/config.ts'
import type { Gpu } from '../../src/runtime/gpu.ts'
import { Random } from '../../src/runtime/random.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import type { RunConfig } from '../../src/train/config.ts'
import { makeTask } from '../../src/train/task.ts'
import type { PreparedSet, PreparedTrial } from '../../src/train/prepare.ts'
import { trainRun } from '../../src/train/run.ts'
import type { FoldResult } from '../../src/train/run_summary.ts'
import { readSafetensors } from '../study_reference/files.ts'

const LENGTH = 320
const FEATURES = 4
const TRIALS = 4
/** Trials of high arousal of each person. The first two people are tested; of the others, nine trials are high and seven low. */
const HIGH = [3, 3, 2, 3, 2, 2]

const model: RunConfig['model'] = {
  ...presets.paper,
  channels: 8,
  stage_channels: [8, 8, 8, 8],
  length: LENGTH,
  final_pool: 2,
  hidden: [16, 8],
  music_dim: FEATURES,
}

/** One person of the four that are not tested is held out; batches are 5, 5 and 2. */
export const smallConfig: RunConfig = {
  dimension: 'arousal',
  labels: 'two-means',
  folds: 'column:group',
  validation: 0.25,
  seed: 3,
  signals: ['origin', 'phasic', 'tonic'],
  drop: 3,
  model,
  init: 'he',
  optimizer: { name: 'adam', weightDecay: 0 },
  learningRate: 0.01,
  decay: 0.5,
  decayEpochs: 2,
  epochs: 5,
  batch: 5,
  patience: 10,
}

export const TESTED = ['s0', 's1']

/** Six people in groups of two, four trials each; arousal shows in the signals, and a little in the music. */
export function smallStudy(change: (trial: PreparedTrial, index: number) => void = () => undefined): PreparedSet {
  const random = new Random(8)
  const normals = (count: number, of: (i: number) => number = () => 0) =>
    Float32Array.from({ length: count }, (_, i) => of(i) + random.normal())
  const songs = Array.from({ length: 6 }, () => normals(FEATURES))
  const trials = Array.from({ length: HIGH.length * TRIALS }, (_, i): PreparedTrial => {
    const [person, own] = [Math.floor(i / TRIALS), i % TRIALS]
    const high = own < HIGH[person]! ? 1 : -1
    const song = (person + own + (high > 0 ? 0 : 1)) % songs.length
    return {
      id: `t${i}`,
      subject: `s${person}`,
      stimulus: `song${song}`,
      sampleRate: 4,
      unit: 'uS',
      source: `trials.csv:${i + 2}`,
      columns: { group: String(Math.floor(person / 2)) },
      ratings: { valence: 5 + random.uniform(), arousal: 5 + 2 * high + random.uniform() },
      music: songs[song]!.slice(),
      signals: normals(3 * LENGTH, (t) => 0.5 * high * Math.sin(t / 20)),
      status: 'solved',
      filled: 0,
      constant: [],
    }
  })
  trials.forEach(change)
  return { name: 'lab', synthetic: false, trials, musicDim: FEATURES, skipped: [], length: LENGTH, dropSeconds: 3 }
}

/** Keeps every version of every file. */
export class RememberingStore extends MemoryStore {
  readonly written: { path: string; bytes: Uint8Array }[] = []

  override async write(path: string, content: Uint8Array | string): Promise<void> {
    await super.write(path, content)
    this.written.push({ path, bytes: await this.read(path) })
  }
}

const CHECKPOINT = 'folds/fold-0/checkpoint.safetensors'

export interface Trained {
  store: RememberingStore
  result: FoldResult
  /** model.safetensors. */
  model: Uint8Array
  /** What was stored after each epoch. */
  checkpoints: Uint8Array[]
}

/** Trains fold 0, on from a checkpoint if one is given. */
export async function trainSmall(
  gpu: Gpu,
  set: PreparedSet,
  change: Partial<RunConfig> = {},
  from?: Uint8Array,
): Promise<Trained> {
  const store = new RememberingStore()
  if (from) await store.write(CHECKPOINT, from)
  const identity = { name: 'run', adapter: 'any', versions: {} }
  const { results } = await trainRun(gpu, store, makeTask(set, { ...smallConfig, ...change }), identity, {
    onlyFold: '0',
  })
  const checkpoints = store.written
    .filter(({ path }) => path === CHECKPOINT)
    .slice(from ? 1 : 0)
    .map(({ bytes }) => bytes)
  return { store, result: results[0]!, model: await store.read('folds/fold-0/model.safetensors'), checkpoints }
}

/** Of a whole file, or of one tensor's bytes. */
export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** A digest of each tensor, by name: what is equal has the same bits. */
export const bitsOf = (tensors: ReadonlyMap<string, { data: ArrayLike<number> }>): Map<string, string> =>
  new Map([...tensors].map(([name, { data }]) => [name, sha256(new Uint8Array(Float32Array.from(data).buffer))]))

/** Those of the tensors of a file whose names start so, without that start. */
export function fileBits(bytes: Uint8Array, prefix = ''): Map<string, string> {
  const tensors = bitsOf(readSafetensors(bytes).tensors)
  return new Map(
    [...tensors].filter(([name]) => name.startsWith(prefix)).map(([name, bits]) => [name.slice(prefix.length), bits]),
  )
}

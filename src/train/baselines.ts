// What a fold's result stands beside: classes by frequency, by song, and by what learns at once, from the same training trials.
import { stimulusMajority, majorityClass } from '../evaluation/baselines.ts'
import type { Fold } from '../evaluation/folds.ts'
import type { BaselineName } from '../evaluation/judgement.ts'
import { LEARNERS } from '../evaluation/learners.ts'
import { digest } from '../formats/digest.ts'
import { formatDocument, parseDocument, toDocument } from '../formats/documents.ts'
import { FormatError } from '../runtime/errors.ts'
import type { Store } from '../store/store.ts'
import { VERSION } from '../version.ts'
import type { RunConfig } from './config.ts'
import { inputsOf, type ModelInputs } from './inputs.ts'
import type { PreparedSet } from './prepare.ts'
import type { Prediction } from './run_summary.ts'

/** What each says of one test trial: a score in [0, 1], above a half for high. */
export type BaselineScores = Prediction['baselines']

/** How baselines are made. */
export interface BaselineOptions {
  /** Where their scores are kept, under `baselines/`, by a digest of all that decides them; default nowhere. */
  kept?: Store
  /** Told which share of the work is done. */
  onProgress?: (share: number) => void
  signal?: AbortSignal
}

/** Another number for another list of baselines, or another way to learn one. */
const BASELINE_SET = 'baselines/1'
/** A run's seed decides nothing here, so that repeats with other seeds stand beside the same baselines. */
const SEED = 0
/** From what each learns: nothing but labels, the model's input as one vector, or the trial's EDA features. */
const LEARNS_FROM = {
  guesser: 'nothing',
  svm: 'input',
  logistic: 'features',
  lda: 'features',
  'rbf-svm': 'features',
  forest: 'features',
} as const satisfies Record<keyof typeof LEARNERS, string>
type LearnerName = keyof typeof LEARNERS

/**
 * The scores of all baselines for each trial of `test`, in its order; they learn from all other trials of the fold. Four of them see EDA features only,
 * and no music; they are left out where the set has none. All that learn know two classes only. Music is scaled by the trials that are learned from.
 */
export async function foldBaselines(
  set: PreparedSet,
  config: RunConfig,
  labels: ArrayLike<number>,
  fold: Pick<Fold, 'train' | 'validation' | 'test'>,
  options: BaselineOptions = {},
): Promise<BaselineScores[]> {
  options.signal?.throwIfAborted()
  const known = [...fold.train, ...fold.validation].sort((a, b) => a - b)
  const learning: Learning = {
    set,
    labels,
    known,
    test: fold.test,
    inputs: inputsOf(set, config, known),
    model: config.model,
  }
  const file = options.kept && `baselines/${await keyOf(learning)}.json`
  const found = file === undefined ? undefined : await read(options.kept!, file, learning)
  if (found) return found
  const scores = await learnAll(learning, options)
  if (file !== undefined) await write(options.kept!, file, learning, scores)
  return scores
}

interface Learning {
  set: PreparedSet
  labels: ArrayLike<number>
  /** What is learned from, in the order of the set whatever the fold's validation part. */
  known: number[]
  test: readonly number[]
  inputs: ModelInputs
  model: Pick<RunConfig['model'], 'classes' | 'network'>
}

async function learnAll(learning: Learning, { onProgress, signal }: BaselineOptions): Promise<BaselineScores[]> {
  const { set, labels, known, test, model } = learning
  const songs = stimulusMajority(set.trials, labels, known, test)
  const majority = majorityClass(labels, known)
  const scores = test.map((_, i): BaselineScores => ({ majority, ...(songs[i] !== undefined && { song: songs[i] }) }))
  const own = known.map((i) => labels[i]!)
  const names = (Object.keys(LEARNS_FROM) as LearnerName[]).filter(
    (name) => model.classes === 2 && (LEARNS_FROM[name] !== 'features' || set.features),
  )
  // How long one takes is guessed by how much it reads.
  const sizes = names.map((name) => rowOf(learning, name, known[0]!).length)
  const all = sizes.reduce((sum, size) => sum + size, 0)
  let done = 0
  for (const [k, name] of names.entries()) {
    const before = done
    const learned = await LEARNERS[name](
      known.map((i) => rowOf(learning, name, i)),
      own,
      {
        seed: SEED,
        onProgress: (share) => onProgress?.((before + share * sizes[k]!) / all),
        ...(signal && { signal }),
      },
    )
    test.forEach((trial, i) => (scores[i]![name] = learned.score(rowOf(learning, name, trial))))
    done += sizes[k]!
    onProgress?.(done / all)
  }
  return scores
}

function rowOf(learning: Learning, name: LearnerName, trial: number): Float32Array {
  const from = LEARNS_FROM[name]
  if (from === 'input') return inputOf(learning, trial)
  return from === 'nothing' ? new Float32Array(1) : learning.set.trials[trial]!.features!
}

/** What the model reads of a trial, as one vector. */
const inputOf = ({ inputs, model }: Learning, trial: number): Float32Array =>
  model.network === 'music' ? inputs.music([trial])! : inputs.vector(trial)

/** Of all that decides the scores. Whose trials are in the test part is said by their order. */
function keyOf(learning: Learning): Promise<string> {
  const { set, labels, known, test } = learning
  const about = (i: number, label?: number) => {
    const { id, subject, stimulus, features } = set.trials[i]!
    return [JSON.stringify([id, subject, stimulus, label]), inputOf(learning, i), ...(features ? [features] : [])]
  }
  return digest([
    JSON.stringify([BASELINE_SET, VERSION, set.features?.set, known.length, test.length]),
    ...known.flatMap((i) => about(i, labels[i])),
    ...test.flatMap((i) => about(i)),
  ])
}

/** A file of them: null where a baseline says nothing of a trial. */
interface Kept {
  trials: string[]
  scores: Partial<Record<BaselineName, (number | null)[]>>
}

async function write(store: Store, file: string, learning: Learning, scores: readonly BaselineScores[]): Promise<void> {
  const names = [...new Set(scores.flatMap((of) => Object.keys(of) as BaselineName[]))]
  const kept = {
    trials: idsOf(learning),
    scores: Object.fromEntries(names.map((name) => [name, scores.map((of) => of[name] ?? null)])),
  }
  await store.write(file, formatDocument(toDocument('fold-baselines', kept)))
}

/** What a file has for these trials; nothing where there is none, or a damaged one: they are then made anew. */
async function read(store: Store, file: string, learning: Learning): Promise<BaselineScores[] | undefined> {
  if (!(await store.exists(file))) return undefined
  try {
    const { trials, scores } = parseDocument('fold-baselines', await store.readText(file), file) as unknown as Kept
    if (JSON.stringify(trials) !== JSON.stringify(idsOf(learning))) return undefined
    const entries = Object.entries(scores)
    if (entries.some(([, of]) => of.length !== trials.length || !of.every(isScore))) return undefined
    return trials.map((_, i) =>
      Object.fromEntries(entries.flatMap(([name, of]) => (of[i] === null ? [] : [[name, of[i]]]))),
    )
  } catch (error) {
    if (error instanceof FormatError || error instanceof TypeError) return undefined
    throw error
  }
}

const isScore = (value: unknown): boolean => value === null || (typeof value === 'number' && value >= 0 && value <= 1)

const idsOf = ({ set, test }: Learning): string[] => test.map((i) => set.trials[i]!.id)

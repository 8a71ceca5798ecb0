// What a fold's result stands beside: classes by frequency, by song, and by what learns at once, from the same training trials.
import { stimulusMajority, majorityClass } from '../evaluation/baselines.ts'
import type { Fold } from '../evaluation/folds.ts'
import { LEARNERS } from '../evaluation/learners.ts'
import { breather } from '../runtime/breather.ts'
import type { Store } from '../store/store.ts'
import type { RunConfig } from './config.ts'
import { inputsOf } from './inputs.ts'
import { keepScores, readScores, scoresFile, type Scored } from './kept_scores.ts'
import type { PreparedSet } from './prepare.ts'
import type { Prediction } from './run_summary.ts'

/** What each says of one test trial: a score in [0, 1], above a half for high. */
export type BaselineScores = Prediction['baselines']

/** How baselines are made. */
export interface BaselineOptions {
  /** Where the scores of each are kept as it ends, under `baselines/`, by a digest of all that decides them; default nowhere. */
  kept?: Store
  /** Told which share of the work is done. */
  onProgress?: (share: number) => void
  signal?: AbortSignal
}

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
  const { test } = fold
  // In the order of the set, whatever the fold's validation part.
  const known = [...fold.train, ...fold.validation].sort((a, b) => a - b)
  const songs = stimulusMajority(set.trials, labels, known, test)
  const majority = majorityClass(labels, known)
  const scores = test.map((_, i): BaselineScores => ({ majority, ...(songs[i] !== undefined && { song: songs[i] }) }))
  const rows = rowsOf(set, config, known)
  const wanted = namesFor(set, config).map((baseline): Scored & { baseline: LearnerName } => ({
    baseline,
    features: LEARNS_FROM[baseline] === 'features' ? set.features?.set : undefined,
    rows: known.map(rows(baseline)),
    labels: known.map((i) => labels[i]!),
    testRows: test.map(rows(baseline)),
    trials: test.map((i) => set.trials[i]!.id),
  }))
  for (const [baseline, own] of await scoresOf(wanted, options))
    own.forEach((score, i) => (scores[i]![baseline] = score))
  return scores
}

const namesFor = (set: PreparedSet, { model }: RunConfig): LearnerName[] =>
  (Object.keys(LEARNS_FROM) as LearnerName[]).filter(
    (name) => model.classes === 2 && (LEARNS_FROM[name] !== 'features' || set.features),
  )

/** What a baseline reads of a trial. */
function rowsOf(
  set: PreparedSet,
  config: RunConfig,
  known: readonly number[],
): (name: LearnerName) => (trial: number) => Float32Array {
  const inputs = inputsOf(set, config, known)
  const inputOf = (trial: number): Float32Array =>
    config.model.network === 'music' ? inputs.music([trial])! : inputs.vector(trial)
  const nothing = new Float32Array(1)
  return (name) => {
    const from = LEARNS_FROM[name]
    if (from === 'input') return inputOf
    return from === 'nothing' ? () => nothing : (trial) => set.trials[trial]!.features!
  }
}

/** What each says of the test rows: what is kept of it, else what it learns now, which is then kept before the next one learns. */
async function scoresOf(
  wanted: readonly (Scored & { baseline: LearnerName })[],
  { kept, onProgress, signal }: BaselineOptions,
): Promise<Map<LearnerName, number[]>> {
  const found = new Map<LearnerName, number[]>()
  const missing: { scored: (typeof wanted)[number]; file: string }[] = []
  for (const scored of wanted) {
    const file = kept ? await scoresFile(scored) : ''
    const own = kept && (await readScores(kept, file, scored))
    if (own) found.set(scored.baseline, own)
    else missing.push({ scored, file })
  }
  // How long one takes is guessed by how much it reads.
  const all = missing.reduce((sum, { scored }) => sum + sizeOf(scored), 0)
  const breathe = breather(signal)
  let done = 0
  for (const { scored, file } of missing) {
    const size = sizeOf(scored)
    const learned = await LEARNERS[scored.baseline](scored.rows, scored.labels, {
      seed: SEED,
      onProgress: (share) => onProgress?.((done + share * size) / all),
      ...(signal && { signal }),
    })
    const own: number[] = []
    for (const row of scored.testRows) {
      own.push(learned.score(row))
      await breathe()
    }
    if (kept) await keepScores(kept, file, scored, own)
    found.set(scored.baseline, own)
    done += size
    onProgress?.(done / all)
  }
  return found
}

const sizeOf = ({ rows }: Scored): number => rows[0]!.length

// A dataset as experiments use it: prepared, recognised by its layout, and identified by what it was made of.
import { DECOMPOSITION_SET } from '../cvxeda/decomposition_set.ts'
import { canonical } from '../formats/canonical.ts'
import { digest } from '../formats/digest.ts'
import { UsageError } from '../runtime/errors.ts'
import type { Store } from '../store/store.ts'
import type { DataFacts } from '../train/defaults.ts'
import type { TrialSet } from '../datasets/trial.ts'
import { CHANNELS } from '../signal/channels.ts'
import type { PreparedSet, PreparedTrial } from '../train/prepare.ts'
import { loadPrepared, readPreparation } from '../train/prepared_files.ts'
import type { CollectedDataset } from './collected.ts'
import type { GridDataset } from './grid.ts'

/** A prepared dataset, and what tells it from others. */
export interface Study {
  /** `any` for what is none of the paper's. */
  kind: GridDataset
  /** Digest of the source files and of how they were prepared; of the recordings where a program made the set. */
  key: string
  set: PreparedSet
}

const KINDS: Readonly<Record<string, GridDataset>> = {
  pmemo2018: 'pmemo',
  pmemo2019: 'pmemo',
  deap: 'deap',
  amigos: 'amigos',
}

/** Reads a prepared folder. @throws FormatError when it is damaged */
export async function loadStudy(store: Store, name: string): Promise<Study> {
  const set = await loadPrepared(store, name)
  const preparation = await readPreparation(store)
  if (!preparation) return studyOf(set)
  const { sources, features, settings } = preparation
  const { name: _, ...how } = settings // a folder that was renamed holds the same data
  const made = canonical({ sources, features, how, decomposition: set.decomposition ?? DECOMPOSITION_SET })
  return { kind: kindOf(set), key: await digest([made]), set }
}

/** The same of a set in memory: its recordings, ratings and music tell it from others. */
export async function studyOf(set: PreparedSet): Promise<Study> {
  const { trials, length, dropSeconds, interpolation = 'linear', decomposition = 'unknown' } = set
  const parts = trials.flatMap(({ id, subject, stimulus, ratings, columns, music, signals }) => [
    canonical({ id, subject, stimulus, ratings, columns }),
    signals.subarray(0, length),
    ...(music ? [music] : []),
  ])
  const how = canonical({ length, dropSeconds, interpolation, decomposition })
  return { kind: kindOf(set), key: await digest([how, ...parts]), set }
}

/**
 * A stand-in for trials that are not prepared yet: enough to plan with. Nothing can be learnt from its signals, which are all the same.
 * Its key is no other set's, so that jobs of several are not taken for one.
 */
export function unpreparedStudy(
  { trials, notes = [], ...set }: TrialSet,
  how: Pick<PreparedSet, 'length' | 'dropSeconds' | 'interpolation'>,
): Study {
  const { length } = how
  const signals = Float32Array.from({ length: CHANNELS.length * length }, (_, i) => Math.sin(i / 9))
  const stand = trials.map(({ eda: _, ...trial }): PreparedTrial => ({
    ...{ ...trial, signals, status: 'solved', filled: 0, constant: [] },
  }))
  const made = { ...set, notes, trials: stand, ...how }
  return { kind: kindOf(made), key: `not prepared yet: ${set.name}`, set: made }
}

/** By the layout that its trials are of. */
function kindOf({ trials }: Pick<PreparedSet, 'trials'>): GridDataset {
  const [layout, ...others] = new Set(trials.map(({ dataset }) => dataset))
  return others.length === 0 && layout !== undefined ? (KINDS[layout] ?? 'any') : 'any'
}

/** What settings of a run are resolved with. */
export const factsOf = ({
  set: { musicDim, length, dropSeconds, interpolation },
}: Study): Required<Pick<DataFacts, 'musicDim' | 'length' | 'dropSeconds'>> & DataFacts => ({
  musicDim,
  length,
  dropSeconds,
  ...(interpolation && { interpolation }),
})

/** What a caption says of it. */
export function described({ kind, set }: Study): CollectedDataset {
  const { name, synthetic, trials, musicDim } = set
  const unique = (of: (trial: PreparedSet['trials'][number]) => string): number => new Set(trials.map(of)).size
  return {
    ...{ kind, name, synthetic, musicDim, trials: trials.length },
    subjects: unique(({ subject }) => subject),
    stimuli: unique(({ stimulus }) => stimulus),
  }
}

/** The study that a row is about, or why there is none. @throws UsageError where a row of any dataset could be of several */
export function studyFor(studies: readonly Study[], wanted: GridDataset = 'any'): Study | string {
  const fitting = wanted === 'any' ? studies : studies.filter(({ kind }) => kind === wanted)
  if (fitting.length > 1)
    throw new UsageError(
      `--data: ${fitting.map(({ set }) => set.name).join(' and ')} could both be ${wanted === 'any' ? 'the dataset of a row that asks for any' : NAMES[wanted]}; give one of them`,
    )
  return fitting[0] ?? `no ${wanted === 'any' ? 'dataset' : NAMES[wanted]} was given`
}

/** As the paper writes them. */
export const NAMES = { pmemo: 'PMEmo', deap: 'DEAP', amigos: 'AMIGOS' } as const

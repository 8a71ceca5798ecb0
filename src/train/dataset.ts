// A study as it lies in a store, as recorded or prepared, and its way to the model's input.
import { DECOMPOSITION_SET } from '../cvxeda/decomposition_set.ts'
import { GSR, type Gsr } from '../datasets/layout.ts'
import type { OpenedDataset } from '../datasets/layout.ts'
import { readMusicTables, withMusic } from '../datasets/music_features.ts'
import { collect, openDataset } from '../datasets/open_dataset.ts'
import { ofPass, type Dimension, type TrialSet } from '../datasets/trial.ts'
import { FormatError, UsageError } from '../runtime/errors.ts'
import { checkNames, type Known } from '../runtime/arguments.ts'
import type { Gpu } from '../runtime/gpu.ts'
import { requireGpu } from '../runtime/gpu_base.ts'
import type { Source } from '../store/source.ts'
import type { Store } from '../store/store.ts'
import type { RunConfig } from './config.ts'
import { prepareTrials, type PreparedSet, type PrepareOptions } from './prepare.ts'
import { isPrepared, loadPrepared } from './prepared_files.ts'

/** A prepared set as it is, or trials that are still to be prepared. */
export type Dataset = { kind: 'prepared'; set: PreparedSet } | { kind: 'table'; set: TrialSet }

/** How a dataset is read. */
export interface DatasetOptions {
  /** What messages and reports call it. */
  name: string
  /** Hz, if the files do not say. */
  sampleRate?: number
  /** What is done to a skin signal of unknown unit, where the dataset has one: `as-is`, `negate` or `invert`. */
  gsr?: Gsr
  /** Of a dataset with a listening for each dimension only this one, of any other all; default both. */
  pass?: Dimension
  /** Uneven time steps are made even by interpolation, not refused. */
  resample?: boolean
  /** Tables of music features, a row a stimulus, in the place of the dataset's own. */
  features?: readonly Source[]
  /** Whether these may be of any number of columns, not openSMILE's 6,373 alone. */
  anyFeatures?: boolean
}

const DATASET_OPTIONS: Known<DatasetOptions> = {
  name: true,
  sampleRate: true,
  gsr: true,
  pass: true,
  resample: true,
  features: true,
  anyFeatures: true,
}

/** Reads a dataset as it is distributed (`openDataset`), or what `savePrepared` wrote; no device is needed yet. @throws FormatError */
export async function loadDataset(store: Store, options: DatasetOptions): Promise<Dataset> {
  checkNames('loadDataset', options, DATASET_OPTIONS)
  const { pass, ...read } = options
  const dataset = (await isPrepared(store))
    ? { kind: 'prepared' as const, set: await loadPrepared(store, notRead(read)) }
    : { kind: 'table' as const, set: await collect(await openData(store, read)) }
  return pass === undefined ? dataset : ofOnePass(dataset, pass)
}

/** The name that is given to what was prepared. @throws UsageError for options of how a dataset is read */
function notRead({ name, ...read }: DatasetOptions): string {
  const [option] = Object.keys(read)
  if (option === undefined) return name
  throw new UsageError(`${name} is prepared already, so ${option} comes too late; give it where it is prepared`)
}

/** Without the trials of the other pass, where there are two. */
function ofOnePass(dataset: Dataset, pass: Dimension): Dataset {
  const { kind, set } = dataset
  return kind === 'prepared'
    ? { kind, set: { ...set, trials: ofPass(set.trials, pass) } }
    : { kind, set: { ...set, trials: ofPass(set.trials, pass) } }
}

/** Opens a dataset as it is distributed, with the music features that were given. @throws FormatError, UsageError */
export async function openData(store: Store, options: DatasetOptions): Promise<OpenedDataset> {
  const { features, anyFeatures = false, ...read } = options
  if (read.gsr !== undefined && !GSR.includes(read.gsr))
    throw new UsageError(`${read.name}: gsr is '${String(read.gsr)}', expected ${GSR.join(', ')}`)
  const opened = await openDataset(store, read)
  return features ? withMusic(opened, await readMusicTables(features, { any: anyFeatures })) : opened
}

/** What happens while a dataset is prepared. */
export interface PrepareHooks extends Pick<PrepareOptions, 'onProgress' | 'signal'> {
  /** Told that signals were decomposed by other solvers than these. */
  onWarning?: (message: string) => void
}

const PREPARE_HOOKS: Known<PrepareHooks> = { onProgress: true, signal: true, onWarning: true }

/** Trials ready for a run's model. @throws FormatError when they were prepared for another one */
export async function prepareDataset(
  gpu: Gpu,
  { kind, set }: Dataset,
  config: RunConfig,
  options: PrepareHooks = {},
): Promise<PreparedSet> {
  requireGpu('prepareDataset', gpu)
  checkNames('prepareDataset', options, PREPARE_HOOKS)
  const { onWarning, ...hooks } = options
  const {
    drop: dropSeconds,
    interpolation = 'linear',
    model: { length },
  } = config
  if (kind === 'table') return prepareTrials(gpu, set, { length, dropSeconds, interpolation, ...hooks })
  if (set.length !== length || set.dropSeconds !== dropSeconds) {
    throw new FormatError(
      `${set.name} was prepared with --length ${set.length} --drop ${set.dropSeconds}, but ${length} points after ` +
        `${dropSeconds} s are needed; prepare it again`,
    )
  }
  const { interpolation: made = 'linear' } = set
  if (made !== interpolation) {
    throw new FormatError(
      `${set.name} was prepared with the interpolation '${made}', but '${interpolation}' is needed; prepare it again`,
    )
  }
  if (set.decomposition !== undefined && set.decomposition !== DECOMPOSITION_SET) {
    onWarning?.(
      `${set.name} was decomposed by another version of the solvers; its signals may differ from what these make of it, ` +
        'prepare it again to have theirs',
    )
  }
  return set
}
